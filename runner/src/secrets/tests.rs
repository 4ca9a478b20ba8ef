//! Each row finds its example, and leaves what only looks like one.

use super::{PATTERNS, mask, mask_value};

/// Put together here, so that no scanner takes this file for a leak.
fn planted() -> Vec<(&'static str, String, String)> {
    let letters = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let of = |begin: &str, count: usize| format!("{begin}{}", &letters[..count]);
    let plain = |name, secret: String| (name, format!("a {secret} b"), secret);
    vec![
        (
            "private-key",
            format!("x\n-----BEGIN RSA {} KEY-----\nMIIabc\n-----END RSA {} KEY-----\ny", "PRIVATE", "PRIVATE"),
            "MIIabc".to_owned(),
        ),
        plain("jwt", format!("eyJ{0}.{0}.{0}", &letters[..12])),
        plain("openai-key", of("sk-proj-", 30)),
        plain("github-token", of("ghp_", 36)),
        plain("gitlab-token", of("glpat-", 20)),
        plain("slack-token", of("xoxb-", 20)),
        plain("aws-key-id", format!("AKIA{}", "ABCD1234ABCD1234")),
        plain("google-key", of("AIza", 35)),
        plain("npm-token", of("npm_", 36)),
        plain("stripe-key", of("sk_live_", 24)),
        plain("pypi-token", of("pypi-", 60)),
        ("authorization", "curl -H 'Authorization: Basic dXNlcjpwYXNz' x".into(), "dXNlcjpwYXNz".into()),
        ("bearer", "Bearer abcdefghij1234567890".into(), "abcdefghij1234567890".into()),
        ("url-password", "git clone https://me:hunter2@host/x".into(), "hunter2".into()),
        ("assignment", "export DB_PASSWORD=correct-horse; ls".into(), "correct-horse".into()),
    ]
}

#[test]
fn every_row_compiles_and_finds_its_example() {
    for pattern in PATTERNS {
        assert!(regex::Regex::new(pattern.expression).is_ok() && !pattern.looks.is_empty(), "{}", pattern.name);
        assert!(pattern.hints.iter().all(|hint| *hint == hint.to_ascii_lowercase()), "{}", pattern.name);
    }
    let planted = planted();
    assert_eq!(
        planted.iter().map(|(name, ..)| *name).collect::<Vec<_>>(),
        PATTERNS.iter().map(|p| p.name).collect::<Vec<_>>()
    );
    for (name, text, secret) in planted {
        let got = mask(&text, &[]);
        assert!(!got.contains(&secret), "{name}: {got}");
        assert!(got.contains(&format!("[masked: {name}]")), "{name}: {got}");
    }
}

#[test]
fn what_is_around_a_secret_stays() {
    let got = mask("export DB_PASSWORD=correct-horse; ls", &[]).into_owned();
    assert_eq!(got, "export DB_PASSWORD=[masked: assignment]; ls");
    assert_eq!(mask("https://me:hunter2@host/x", &[]), "https://me:[masked: url-password]@host/x");
}

#[test]
fn ordinary_text_is_left_as_it_is() {
    for text in ["git commit -m 'sk-ip this'", "tokens: 12", "user@host:/path", "echo bearer of news", "a:b@c", ""] {
        assert_eq!(mask(text, &[]), text);
    }
}

#[test]
fn masking_twice_changes_nothing_more() {
    for (_, text, _) in planted() {
        let once = mask(&text, &[]).into_owned();
        assert_eq!(mask(&once, &[]), once);
    }
}

#[test]
fn what_is_known_to_be_secret_is_replaced_wherever_it_stands() {
    assert_eq!(mask("x=plainword-of-mine y", &["plainword-of-mine".into()]), "x=[masked: known] y");
    assert_eq!(mask("an a", &["a".into()]), "an a");
}

#[test]
fn a_value_behind_a_telling_key_is_masked_in_objects() {
    let value = serde_json::json!({ "api_key": "short-one", "list": ["Bearer abcdefghij1234567890"], "cmd": "ls" });
    let got = mask_value(&value, &[]).to_string();
    assert!(!got.contains("short-one") && !got.contains("abcdefghij1234567890") && got.contains("\"ls\""), "{got}");
}
