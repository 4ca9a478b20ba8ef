use super::*;
use crate::decision::Decision;
use crate::rule::{Length, Reviewer};

fn file(name: &str, text: &str) -> File {
    File { name: name.to_owned(), text: Ok(text.to_owned()) }
}

fn loaded(texts: &[&str]) -> Loaded {
    let files = texts.iter().enumerate().map(|(at, text)| file(&format!("{at}.rules"), text)).collect();
    load(files, Options::in_directory("/work"))
}

fn codes(texts: &[&str]) -> Vec<String> {
    loaded(texts).diagnostics.into_iter().map(|found| found.code).collect()
}

#[test]
fn every_mistake_of_every_file_is_found_in_one_go() {
    let first = "prefix_rule(pattern=[])\nprefix_rule(pattern=[\"a\"], decision=\"Deny\", justification=\" \")\n\
                 prefix_rule(pattern=[\"a\"], match=[\"b\"], not_match=[\"a\"])\nhost_executable(name=\"x\", paths=[\"x\", 1])\n";
    let found = codes(&[first, "x = (", "prefix_rule(pattern=3)\nundefined()", "prefix_rule(pattern=[\"ok\"])"]);
    let wanted = [
        "invalid-pattern",
        "invalid-decision",
        "invalid-rule",
        "invalid-rule",
        "invalid-rule",
        "example-matched",
        "example-unmatched",
        "syntax",
        "unknown-name",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn a_rule_made_by_a_function_knows_its_call_and_what_led_there() {
    let text = "def allow(name):\n    prefix_rule(pattern=[name])\n\nfor name in [\"a\", \"b\"]:\n    allow(name)\n";
    let loaded = loaded(&[text]);
    assert_eq!(loaded.diagnostics, []);
    let rule = loaded.ruleset.rules().next().expect("a rule");
    let place = |span| loaded.sources.place(span).to_string();
    assert_eq!(rule.at().map(place).as_deref(), Some("0.rules:2:5"));
    assert_eq!(rule.via().iter().map(|span| place(*span)).collect::<Vec<_>>(), ["0.rules:5:5"]);
    let span = rule.at().expect("a place");
    assert_eq!(&text[span.start as usize..span.end as usize], "prefix_rule(pattern=[name])");
}

#[test]
fn a_wrong_decision_is_answered_with_the_nearest_word() {
    let loaded = loaded(&["prefix_rule(pattern=[\"a\"], decision=\"forbiden\")"]);
    assert_eq!(
        loaded.diagnostics[0].help.as_deref().map(|help| help.starts_with("did you mean `forbidden`?")),
        Some(true)
    );
    assert_eq!(loaded.diagnostics[0].labels.len(), 1);
}

#[test]
fn reviewer_is_of_later_versions_and_of_prompt_rules_only() {
    let text = "prefix_rule(pattern=[\"a\"], decision=\"prompt\", reviewer=\"auto_review\")";
    let rules = loaded(&[text]).ruleset;
    assert_eq!(rules.rules().next().and_then(|rule| rule.reviewer()), Some(Reviewer::AutoReview));
    assert_eq!(codes(&["prefix_rule(pattern=[\"a\"], reviewer=\"user\")"]), ["invalid-rule"]);
    assert_eq!(codes(&["prefix_rule(pattern=[\"a\"], decision=\"prompt\", reviewer=\"me\")"]), ["invalid-rule"]);
    let old = Options { language: Language::Codex169, ..Options::in_directory("/") };
    assert_eq!(load(vec![file("a", text)], old).diagnostics[0].code, "arg-unknown");
}

#[test]
fn exact_is_ours_and_its_examples_are_exact_too() {
    let text = "prefix_rule(pattern=[\"rm\", \"x\"], exact=True, match=[\"rm x\", \"/bin/rm x\"], not_match=[\"rm x /\", \"/bin/rm x /\"])";
    let rules = loaded(&[text]).ruleset;
    assert_eq!(rules.rules().next().map(|rule| rule.matches_lengths()), Some(Length::Exactly));
    assert_eq!(codes(&["prefix_rule(pattern=[\"rm\"], exact=True, match=[\"rm x\"])"]), ["example-unmatched"]);
    assert_eq!(codes(&["prefix_rule(pattern=[\"rm\"], exact=1)"]), ["arg-type"]);
    let old = Options { language: Language::Codex169, ..Options::in_directory("/") };
    assert_eq!(load(vec![file("a", text)], old).diagnostics[0].code, "arg-unknown");
}

#[test]
fn what_could_not_be_read_stands_beside_what_is_wrong_in_the_others() {
    let unread = File { name: "gone".into(), text: Err(Diagnostic::error("read-missing", "it is gone")) };
    let loaded = load(vec![unread, file("b", "x = (")], Options::in_directory("/"));
    let found: Vec<&str> = loaded.diagnostics.iter().map(|found| found.code.as_str()).collect();
    assert_eq!(found, ["read-missing", "syntax"]);
    assert_eq!(loaded.sources.place(loaded.diagnostics[0].labels[0].span).file, "gone");
}

#[test]
fn limits_end_in_a_diagnostic_with_a_place() {
    let deep = format!("x = {}1{}", "(".repeat(20_000), ")".repeat(20_000));
    let cases = [
        ("for i in range(1000000000):\n    pass", "too-many-steps"),
        ("x = []\nfor i in range(100000):\n    x.append(str(i) * 4000)\n", "too-much-memory"),
        ("def f(n):\n    f(n)\nf(1)", "recursion-limit"),
        (deep.as_str(), "nesting-too-deep"),
    ];
    for (text, code) in cases {
        let loaded = loaded(&[text]);
        assert_eq!(loaded.diagnostics[0].code, code);
        assert!(!loaded.diagnostics[0].labels.is_empty(), "{code}");
        assert!(loaded.has_errors());
    }
    let few = Limits { rules: 10, ..Limits::default() };
    let many = "for i in range(100):\n    prefix_rule(pattern=[\"a\"])";
    let options = Options { limits: few, ..Options::in_directory("/") };
    assert_eq!(load(vec![file("a", many)], options).diagnostics[0].code, "too-many-rules");
}

#[test]
fn nesting_below_the_limit_is_read() {
    let levels = 11_000;
    let shapes = [
        format!("x = {}1{}", "(".repeat(levels), ")".repeat(levels)),
        format!("x = 1{}", "+1".repeat(levels)),
        format!("x = {}1", "not ".repeat(levels)),
        format!("x = {}1", "- ".repeat(levels)),
        format!("x = {}1", "lambda: ".repeat(1_000)),
        format!("if 0:\n  pass\n{}", "elif 0:\n  pass\n".repeat(levels)),
        (0..3_000).map(|n| format!("{}if 1:\n", " ".repeat(n))).collect::<String>() + &" ".repeat(3_000) + "pass\n",
    ];
    for shape in &shapes {
        assert!(codes(&[shape]).is_empty(), "{}", &shape[..20]);
    }
}

#[test]
fn examples_use_the_definitions_of_this_and_earlier_files_only() {
    let rule = "prefix_rule(pattern=[\"zz\"], match=[\"/opt/zz\"])\n";
    let gate = "host_executable(name=\"zz\", paths=[\"/usr/bin/zz\"])\n";
    assert!(codes(&[rule, gate]).is_empty());
    assert_eq!(codes(&[gate, rule]), ["example-unmatched"]);
    assert_eq!(codes(&[&format!("{rule}{gate}")]), ["example-unmatched"]);
}

#[test]
fn a_load_whose_examples_depend_on_the_directory_says_so() {
    assert!(loaded(&["prefix_rule(pattern=[\"a\"], match=[\"a x\", \"/b/a\"])"]).placeless);
    assert!(!loaded(&["prefix_rule(pattern=[\"a\"], match=[\"./a\"])"]).placeless);
    assert!(!loaded(&["prefix_rule(pattern=[\"work\"], match=[[\"\"]])"]).placeless);
}

#[test]
fn a_rule_set_shows_what_was_written() {
    let loaded = loaded(&[
        "prefix_rule(pattern=[[\"a\", \"b\"], \"c\", [\"d\", \"e\"]], decision=\"prompt\", justification=\"why\")",
    ]);
    let rules: Vec<_> = loaded.ruleset.rules().collect();
    assert_eq!(rules.iter().map(|rule| rule.head()).collect::<Vec<_>>(), ["a", "b"]);
    let rest = [
        crate::pattern::PatternElement::Word("c".into()),
        crate::pattern::PatternElement::AnyOf(vec!["d".into(), "e".into()]),
    ];
    assert_eq!(rules[1].rest(), rest);
    assert_eq!((rules[0].length(), rules[0].decision(), rules[0].justification()), (3, Decision::Prompt, Some("why")));
    assert_eq!((rules[0].call(), rules[1].call()), (0, 0));
}

#[test]
fn a_rule_that_allows_anything_is_refused_unless_the_file_accepts_it_by_name() {
    let rule = "prefix_rule(pattern=[[\"python3\", \"ls\"]])\nprefix_rule(pattern=[\"bash\", [\"-c\", \"x.sh\"]])\n";
    let refused = loaded(&[rule]);
    assert!(refused.has_errors());
    let found: Vec<(&str, u32)> =
        refused.diagnostics.iter().map(|found| (found.code.as_str(), found.labels[0].span.start)).collect();
    assert_eq!(found, [("banned-rule", 0), ("banned-rule", 41)]);
    let help = refused.diagnostics[0].help.as_deref().expect("help");
    assert!(help.contains("# palisade: accept-banned \"python3\""), "{help}");

    assert!(codes(&[&format!("# palisade: accept-banned \"python3\" \"bash -c\"\n{rule}")]).is_empty());
    assert_eq!(codes(&[&format!("# palisade: accept-banned \"python3\"\n{rule}")]), ["banned-rule"]);
    assert_eq!(codes(&["# palisade: accept-banned \"python3\" \"bash -c\"\n", rule]).len(), 2);
    assert!(codes(&["prefix_rule(pattern=[\"python3\"], decision=\"prompt\")"]).is_empty());

    let with = |language, banned| {
        let options = Options { language, banned, ..Options::in_directory("/") };
        load(vec![file("a", rule)], options)
    };
    let warned = with(Language::Extended, Banned::Warn);
    assert!(!warned.has_errors() && warned.diagnostics.len() == 2 && warned.ruleset.len() == 3);
    assert_eq!(with(Language::Extended, Banned::Ignore).diagnostics, []);
    assert_eq!(with(Language::Codex169, Banned::Refuse).diagnostics, []);
}
