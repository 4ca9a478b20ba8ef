use super::*;

fn page() -> Page {
    let place = Place { file: "a b,c.rules".into(), line: 3, column: 7 };
    Page {
        verb: "lint",
        items: vec![
            Item::passed("good".into()),
            Item {
                code: Some("some-code".into()),
                details: vec!["witness: `x`".into()],
                place: Some(place),
                ..Item::told("bad #1".into(), Outcome::Warning, "50% <wrong>".into())
            },
        ],
        kinds: vec![Kind { code: "some-code".into(), meaning: "m".into(), explain: "e".into() }],
        summary: String::new(),
    }
}

#[test]
fn github_gets_an_annotation_with_its_text_escaped() {
    let wanted =
        "::warning file=a b%2Cc.rules,line=3,col=7,title=palisade lint%3A some-code::50%25 <wrong>%0Awitness: `x`\n";
    assert_eq!(written(&page(), Format::Github), wanted);
}

#[test]
fn tap_counts_and_says_what_is_wrong_below_the_line() {
    let text = written(&page(), Format::Tap);
    assert!(text.starts_with("TAP version 14\n1..2\nok 1 - good\nnot ok 2 - bad \\#1\n  ---\n"), "{text}");
    assert!(text.contains("  code: \"some-code\"\n  at: \"a b,c.rules:3:7\"\n") && text.ends_with("  ...\n"), "{text}");
}

#[test]
fn junit_has_a_case_for_each_check() {
    let text = written(&page(), Format::Junit);
    assert!(text.contains("tests=\"2\"") && text.contains("failures=\"1\""), "{text}");
    assert!(text.contains("message=\"50% &lt;wrong&gt;\"") && text.contains("type=\"some-code\""), "{text}");
}

#[test]
fn sarif_names_the_rule_and_the_place() {
    let value: serde_json::Value = serde_json::from_str(&written(&page(), Format::Sarif)).expect("json");
    let run = &value["runs"][0];
    assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "some-code");
    assert_eq!(run["results"].as_array().map(Vec::len), Some(1));
    let place = &run["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b%2Cc.rules");
    assert_eq!((&place["region"]["startLine"], &place["region"]["startColumn"]), (&3.into(), &7.into()));
}
