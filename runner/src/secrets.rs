//! Masking secrets in what is stored: outputs of commands, calls, recorded scripts. Pure.
//!
//! Each pattern is a row: a name, an expression, and an example in the tests. A mask can only be as good as its rows, so what is
//! known to be secret (the credentials of a request) is given and replaced wherever it stands.

use std::borrow::Cow;
use std::sync::OnceLock;

use regex::{Captures, Regex};

/// One kind of secret.
#[derive(Clone, Copy, Debug)]
pub struct Pattern {
    /// Its name, which takes the secret's place.
    pub name: &'static str,
    /// What stands in every text that has one, in small letters: where none does, the expression is not even compiled.
    hints: &'static [&'static str],
    /// What it looks like, in words.
    pub looks: &'static str,
    /// The expression; what is in a group named `secret` is masked, or all of it.
    expression: &'static str,
}

/// All kinds, in the order in which they are looked for.
pub const PATTERNS: &[Pattern] = &[
    Pattern {
        name: "private-key",
        hints: &["private key"],
        looks: "a PEM block of a private key, whole or cut off",
        expression: r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\z)",
    },
    Pattern {
        name: "jwt",
        hints: &["eyj"],
        looks: "a JSON web token: three parts in base64, the first of them an object",
        expression: r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{5,}",
    },
    Pattern {
        name: "openai-key",
        hints: &["sk-"],
        looks: "`sk-` and at least 16 letters, also `sk-proj-`, `sk-ant-` and the like",
        expression: r"\bsk-[A-Za-z0-9_-]{16,}",
    },
    Pattern {
        name: "github-token",
        hints: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        looks: "`ghp_`, `gho_`, `ghu_`, `ghs_`, `ghr_` or `github_pat_` and what follows",
        expression: r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})",
    },
    Pattern {
        name: "gitlab-token",
        hints: &["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glimt-", "gloas-"],
        looks: "`glpat-`, `gldt-`, `glrt-` and the like, and what follows",
        expression: r"\bgl(?:pat|dt|rt|cbt|ptt|ft|imt|oas)-[A-Za-z0-9_-]{20,}",
    },
    Pattern {
        name: "slack-token",
        hints: &["xox", "xapp-"],
        looks: "`xoxb-`, `xoxp-`, `xapp-` and the like",
        expression: r"\b(?:xox[a-z]|xapp)-[A-Za-z0-9-]{10,}",
    },
    Pattern {
        name: "aws-key-id",
        hints: &["akia", "asia"],
        looks: "`AKIA` or `ASIA` and 16 capitals or digits",
        expression: r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    },
    Pattern {
        name: "google-key",
        hints: &["aiza", "ya29."],
        looks: "`AIza` and 35 letters, or `ya29.` and what follows",
        expression: r"\b(?:AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,})",
    },
    Pattern {
        name: "npm-token",
        hints: &["npm_"],
        looks: "`npm_` and 36 letters",
        expression: r"\bnpm_[A-Za-z0-9]{36}\b",
    },
    Pattern {
        name: "stripe-key",
        hints: &["k_live_", "k_test_"],
        looks: "`sk_live_`, `rk_live_`, `sk_test_` and what follows",
        expression: r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
    },
    Pattern {
        name: "pypi-token",
        hints: &["pypi-"],
        looks: "`pypi-` and at least 50 letters",
        expression: r"\bpypi-[A-Za-z0-9_-]{50,}",
    },
    Pattern {
        name: "authorization",
        hints: &["authorization"],
        looks: "what follows `Authorization: Bearer`, `Basic` or `token`, also in quotes and in JSON",
        expression: r#"(?i)\bauthorization["']?\s*[:=]\s*["']?(?:bearer|basic|token)\s+(?<secret>[^\s"'\\,;]{6,})"#,
    },
    Pattern {
        name: "bearer",
        hints: &["bearer"],
        looks: "what follows the word `Bearer`, when it is long",
        expression: r"\b[Bb]earer\s+(?<secret>[A-Za-z0-9._~+/=-]{16,})",
    },
    Pattern {
        name: "url-password",
        hints: &["://"],
        looks: "the password in `scheme://user:password@host`",
        expression: r#"\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@"']*:(?<secret>[^\s/@"']+)@"#,
    },
    Pattern {
        name: "assignment",
        hints: &["password", "passwd", "secret", "token", "key", "credential"],
        looks: "the value behind `=` or `:` of a name that ends in password, passwd, secret, token, api_key, apikey, access_key, private_key or credentials",
        expression: r#"(?i)[a-z0-9_.-]*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)\\?["']?\s*(?:=|:)\s*\\?["']?(?<secret>[^\s"'\\,;)}\]&|]{6,})"#,
    },
];

/// The expressions, each compiled when a text first hints at it.
static COMPILED: [OnceLock<Option<Regex>>; PATTERNS.len()] = [const { OnceLock::new() }; PATTERNS.len()];

/// The expression of a pattern, where a text hints at it.
fn hinted(at: usize, small: &str) -> Option<(&'static str, &'static Regex)> {
    let (pattern, compiled) = (PATTERNS.get(at)?, COMPILED.get(at)?);
    if !pattern.hints.iter().any(|hint| small.contains(hint)) {
        return None;
    }
    Some((pattern.name, compiled.get_or_init(|| Regex::new(pattern.expression).ok()).as_ref()?))
}

/// The shortest text that is replaced because it is known: shorter ones stand in too many other words.
const SHORTEST: usize = 6;

/// The text with every secret replaced by `[masked: NAME]`; `known` are secrets themselves.
#[must_use]
pub fn mask<'a>(text: &'a str, known: &[String]) -> Cow<'a, str> {
    let mut masked = Cow::Borrowed(text);
    for secret in known.iter().filter(|secret| secret.len() >= SHORTEST) {
        if masked.contains(secret.as_str()) {
            masked = Cow::Owned(masked.replace(secret.as_str(), "[masked: known]"));
        }
    }
    let small = masked.to_ascii_lowercase();
    for (name, expression) in (0..PATTERNS.len()).filter_map(|at| hinted(at, &small)) {
        let replaced = expression.replace_all(&masked, |found: &Captures<'_>| {
            let (Some(whole), secret) = (found.get(0), found.name("secret")) else { return String::new() };
            // What another row has masked already stays as it is.
            let inner = secret.unwrap_or(whole);
            if inner.as_str().starts_with("[masked:") {
                return whole.as_str().to_owned();
            }
            let text = whole.as_str();
            let (from, to) = (inner.start() - whole.start(), inner.end() - whole.start());
            let around = |range: Option<&str>| range.unwrap_or_default().to_owned();
            format!("{}[masked: {name}]{}", around(text.get(..from)), around(text.get(to..)))
        });
        if let Cow::Owned(changed) = replaced {
            masked = Cow::Owned(changed);
        }
    }
    masked
}

/// As [`mask`], for every text in a value, keys left alone. A text that stands alone behind a key is judged together with it.
#[must_use]
pub fn mask_value(value: &serde_json::Value, known: &[String]) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(text) => Value::String(mask(text, known).into_owned()),
        Value::Array(list) => Value::Array(list.iter().map(|one| mask_value(one, known)).collect()),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(key, one)| {
                    let masked = match one {
                        Value::String(text) => {
                            let both = format!("{key}={text}");
                            let alone = mask(text, known);
                            match mask(&both, known).strip_prefix(&format!("{key}=")) {
                                // The key says what it is, and the value has no blank in it.
                                Some(told) if told.starts_with("[masked:") => Value::String(told.to_owned()),
                                _ => Value::String(alone.into_owned()),
                            }
                        }
                        other => mask_value(other, known),
                    };
                    (key.clone(), masked)
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests;
