use super::*;
use crate::load::{File, Options, load};
use crate::source::Source;

const RULES: &str = "prefix_rule(['git', 'status'])
prefix_rule(['git', 'push'], 'prompt')
prefix_rule(['git', 'push', ['-f', '--force']], 'forbidden')
prefix_rule([['cal', 'ncal']])
";

fn cases(text: &str) -> Result<CaseFile, Vec<String>> {
    let mut sources = Sources::default();
    let id = sources.add(Source { name: "a.cases.toml".into(), text: text.into() });
    parse(&sources, id).map_err(|found| {
        let shown = |wrong: &crate::diagnostic::Diagnostic| {
            format!("{} {}", sources.place(wrong.labels[0].span), wrong.message)
        };
        found.iter().map(shown).collect()
    })
}

fn outcomes(text: &str) -> (Vec<(bool, Decision)>, Coverage) {
    let loaded = load(vec![File { name: "x/git.rules".into(), text: Ok(RULES.into()) }], Options::in_directory("/"));
    assert_eq!(loaded.diagnostics, []);
    let (rules, sources) = (&loaded.ruleset, &loaded.sources);
    let mut coverage = Coverage::default();
    coverage.add(rules, sources);
    let file = cases(text).expect("good cases");
    let run = |case: &Case| {
        let outcome = run(rules, sources, case, file.default);
        coverage.mark(rules, sources, &outcome.tree);
        (outcome.passed, outcome.decision)
    };
    (file.cases.iter().map(run).collect(), coverage)
}

#[test]
fn a_case_expects_a_decision_and_a_rule() {
    use Decision::{Allow, Forbidden, Prompt};
    for (case, wanted) in [
        ("command = 'git push -f'\ndecision = 'forbidden'", (true, Forbidden)),
        ("command = 'git push -f'\ndecision = 'prompt'", (false, Forbidden)),
        ("command = 'git push -f'\ndecision = 'forbidden'\nrule = 'git push --force'", (true, Forbidden)),
        ("command = 'git push -f'\ndecision = 'forbidden'\nrule = 'git push'", (false, Forbidden)),
        ("command = 'git -C x push -f'\ndecision = 'forbidden'\nrule = 'git.rules:3'", (true, Forbidden)),
        ("command = 'git push -f'\ndecision = 'forbidden'\nrule = 'it.rules:3'", (false, Forbidden)),
        ("command = 'git push -f'\ndecision = 'forbidden'\nrule = 'git.rules:2'", (false, Forbidden)),
        ("argv = ['git', 'log']\ndecision = 'prompt'\nrule = 'default'", (true, Prompt)),
        ("argv = ['git', 'push']\ndecision = 'prompt'\nrule = 'default'", (false, Prompt)),
        ("script = 'git status; env ncal'\ndecision = 'allow'", (true, Allow)),
        ("script = 'git status; git push'\ndecision = 'prompt'\nrule = 'git push'", (true, Prompt)),
    ] {
        assert_eq!(outcomes(&format!("[[case]]\n{case}")).0, [wanted], "{case}");
    }
    let text = "default = 'forbidden'\n[[case]]\ncommand = 'ls'\ndecision = 'forbidden'";
    assert_eq!(outcomes(text).0, [(true, Forbidden)]);
}

#[test]
fn coverage_counts_rules_and_alternatives_that_decided() {
    let (_, none) = outcomes("[[case]]\ncommand = 'ls'\ndecision = 'prompt'");
    assert_eq!((none.rules(), none.decided(), none.percent(), none.alternatives()), (4, 0, 0, (4, 0)));
    let (_, some) = outcomes(
        "[[case]]\nscript = 'git push -f; cal; git status'\ndecision = 'forbidden'\n[[case]]\ncommand = 'git push x --force'\ndecision = 'forbidden'",
    );
    // Behind a forbidden one the rule that prompts did not decide.
    assert_eq!((some.decided(), some.percent(), some.alternatives()), (3, 75, (4, 3)));
    let open: Vec<_> = some.rows().filter(|row| !row.decided || !row.missing.is_empty()).collect();
    assert_eq!((open[0].place.to_string().as_str(), open[0].decided), ("x/git.rules:2:1", false));
    assert_eq!(open[1].missing.iter().map(String::as_str).collect::<Vec<_>>(), ["\"ncal\" at position 1"]);
    assert_eq!(open[1].pattern, "[[\"cal\", \"ncal\"]]");
}

#[test]
fn what_is_wrong_with_a_case_file_is_said_in_its_place() {
    for (text, wanted) in [
        ("", "a.cases.toml:1:1 the file has no case"),
        ("[[case]]\ncommand = 'x'", "a.cases.toml:1:1 missing field `decision`"),
        ("[[case]]\ncommand = 'x'\ndecision = 'alow'", "a.cases.toml:3:12 unknown word `alow`"),
        ("[[case]]\ncomand = 'x'\ndecision = 'allow'", "a.cases.toml:2:1 unknown key `comand`"),
        ("[[case]]\ndecision = 'allow'", "a.cases.toml:1:1 a case says nothing to judge"),
        ("[[case]]\ncommand = 'x'\nscript = 'y'\ndecision = 'allow'", "a.cases.toml:1:1 a case says more than one"),
        ("[[case]]\ncommand = \"it's\"\ndecision = 'allow'", "a.cases.toml:2:11 the example has an open quote"),
        ("[[case]]\nargv = []\ndecision = 'allow'", "a.cases.toml:2:8 `argv` has no words"),
        ("[[case]]\ncommand = 'x'\ndecision = 'allow'\nrule = ''", "a.cases.toml:4:8 the rule is named by no words"),
        ("[[case]", "a.cases.toml:1:"),
    ] {
        let found = cases(text).expect_err(text);
        assert!(found[0].starts_with(wanted), "{text}: {found:?}");
    }
}
