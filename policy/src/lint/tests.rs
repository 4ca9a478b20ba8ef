use super::*;
use crate::load::{Banned, File, Options, load};
use crate::source::SourceId;

fn linted(text: &str, wanted: impl Fn(&Lint) -> bool) -> Vec<(Finding, usize)> {
    let options = Options { banned: Banned::Ignore, ..Options::in_directory("/") };
    let loaded = load(vec![File { name: "a.rules".to_owned(), text: Ok(text.to_owned()) }], options);
    assert_eq!(loaded.diagnostics, [], "{text}");
    let is_program = |name: &str| name != "gti";
    let subject = Subject {
        rules: &loaded.ruleset,
        examples: &loaded.examples,
        sources: &loaded.sources,
        is_program: &is_program,
    };
    let found = lint(&subject, wanted);
    found.into_iter().map(|finding| (loaded.sources.place(finding.at).line, finding)).map(|(a, b)| (b, a)).collect()
}

#[test]
fn every_lint_says_what_it_is_about() {
    for lint in LINTS {
        assert!(!lint.meaning.is_empty() && !lint.meaning.ends_with('.'), "{}", lint.code);
        assert!(lint.explain.len() > 100 && lint.explain.ends_with('.'), "{}", lint.code);
    }
    assert!(LINTS.windows(2).all(|pair| pair[0].code < pair[1].code));
}

#[test]
fn a_finding_names_the_other_place_and_a_witness() {
    let found =
        linted("prefix_rule(['git'], 'prompt')\nprefix_rule(['git', 'status'])", |lint| lint.code == "shadowed-rule");
    let (finding, _) = &found[0];
    assert_eq!(finding.witness.as_deref(), Some(&["git".to_owned(), "status".to_owned()][..]));
    let (at, text) = finding.other.as_ref().expect("the rule that decides");
    assert_eq!((at.source, at.start, text.as_str()), (SourceId(0), 0, "this one decides about `git status`"));
    assert!(finding.removable);
    let found = linted("prefix_rule(['find', '.'])", |lint| lint.code == "allows-execution");
    let witness = found[0].0.witness.clone().expect("a witness");
    assert!(
        witness.starts_with(&["find".to_owned(), ".".to_owned()])
            && witness.iter().any(|word| word.starts_with("-exec"))
    );
}

#[test]
fn a_banned_rule_is_shown_by_what_it_executes() {
    for (pattern, wanted) in [
        ("['bash']", "bash -c id"),
        ("['python3', '-c']", "python3 -c id"),
        ("['perl']", "perl -e id"),
        ("['env', '-i']", "env -i sh -c id"),
        ("['sudo', '-u', 'root']", "sudo -u root sh -c id"),
        ("['timeout', '5', 'env', 'python3']", "timeout 5 env python3 -c id"),
        ("[['cal', 'xargs']]", "xargs sh -c id"),
    ] {
        let options = Options { banned: Banned::Warn, ..Options::in_directory("/") };
        let text = format!("prefix_rule({pattern})");
        let loaded = load(vec![File { name: "a.rules".to_owned(), text: Ok(text) }], options);
        assert_eq!(loaded.diagnostics[0].code, "banned-rule");
        let witness = banned_witness(&loaded.ruleset, loaded.diagnostics[0].labels[0].span).expect("a witness");
        assert_eq!(witness.join(" "), wanted);
    }
}
