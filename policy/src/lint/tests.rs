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

/// The codes and lines that all lints find.
fn codes(text: &str) -> Vec<(&'static str, usize)> {
    let all = |lint: &Lint| lint.code != "no-counter-example";
    linted(text, all).into_iter().map(|(finding, line)| (finding.code, line)).collect()
}

const ALLOW_GIT: &str = "prefix_rule([\"git\", \"status\"])\n";

/// Faults planted one by one: the rules, the code, the line.
const PLANTED: &[(&str, &str, usize)] = &[
    // Rules that never decide.
    ("prefix_rule(['cal'])\nprefix_rule(['cal'])", "duplicate-rule", 2),
    ("prefix_rule(['cal', ['a', 'b']])\nprefix_rule(['cal', ['b', 'a']])", "duplicate-rule", 2),
    ("prefix_rule(['cal', ['a']])\n\nprefix_rule(['cal', 'a'])", "duplicate-rule", 3),
    ("prefix_rule([['cal', 'ncal']])\nprefix_rule(['ncal'])", "duplicate-rule", 2),
    ("def f():\n  prefix_rule(['cal'])\nf()\nf()", "duplicate-rule", 2),
    ("prefix_rule(['cal'])\nprefix_rule(['cal', '-y'])", "subsumed-rule", 2),
    ("prefix_rule(['cal', '-y'])\nprefix_rule(['cal'])", "subsumed-rule", 1),
    ("prefix_rule(['cal', ['a', 'b']])\nprefix_rule(['cal', 'a', 'x'])", "subsumed-rule", 2),
    ("prefix_rule(['dd'], 'prompt')\nprefix_rule(['dd', 'of=x'], 'prompt')", "subsumed-rule", 2),
    ("prefix_rule(['cal'])\nprefix_rule(['cal', 'x'], exact = True)", "subsumed-rule", 2),
    (
        "prefix_rule(['rm'], 'prompt', canonical_matching = True)\nprefix_rule(['RM', '-f'], 'prompt')",
        "subsumed-rule",
        2,
    ),
    ("prefix_rule(['git'], 'prompt')\nprefix_rule(['git', 'status'])", "shadowed-rule", 2),
    ("prefix_rule(['git', 'log'])\nprefix_rule(['git'], 'forbidden', justification = 'no')", "shadowed-rule", 1),
    (
        "prefix_rule(['git', 'push'], 'prompt')\nprefix_rule(['git'], 'forbidden', justification = 'no')",
        "shadowed-rule",
        1,
    ),
    ("prefix_rule([['cal', 'dd']])\nprefix_rule(['dd'], 'prompt')", "contradictory-rules", 1),
    ("prefix_rule(['cal'])\nprefix_rule(['cal'], 'prompt')", "contradictory-rules", 1),
    (
        "prefix_rule(['cal'], 'forbidden', justification = 'no')\nprefix_rule(['cal'], 'prompt')",
        "contradictory-rules",
        2,
    ),
    // Rules that give more than they seem to.
    ("prefix_rule(['find', '.'])", "allows-execution", 1),
    ("prefix_rule(['find', ['src', 'lib']])", "allows-execution", 1),
    ("prefix_rule([['cal', 'fd'], 'a'])", "allows-execution", 1),
    ("prefix_rule(['tar', '-tf'])", "allows-execution", 1),
    ("prefix_rule(['rg'])", "allows-execution", 1),
    ("prefix_rule(['git', 'fetch'])", "allows-execution", 1),
    ("prefix_rule(['/usr/bin/split'])", "allows-execution", 1),
    ("prefix_rule(['shuf'])", "allows-writing", 1),
    ("prefix_rule(['uniq'])", "allows-writing", 1),
    ("prefix_rule(['git', 'log'])", "allows-writing", 1),
    ("prefix_rule(['git', ['diff', 'show']])", "allows-writing", 1),
    // Rules that are walked around.
    ("prefix_rule(['git', 'push'], 'forbidden', justification = 'no')", "walked-around", 1),
    (
        "prefix_rule(['docker', 'run'], 'forbidden', justification = 'no')\nprefix_rule(['env'], 'prompt')\nprefix_rule(['sh'], 'prompt')",
        "walked-around",
        1,
    ),
    ("prefix_rule(['rm'], 'forbidden', justification = 'no')", "walked-around", 1),
    (
        "host_executable('rm', ['/bin/rm'])\nprefix_rule(['rm'], 'forbidden', justification = 'no')\nprefix_rule([['env', 'sh']], 'prompt')",
        "walked-around",
        2,
    ),
    // Justifications and examples.
    ("prefix_rule(['rm'], 'forbidden')", "missing-justification", 1),
    ("\nfor p in ['a', 'b']:\n  prefix_rule([p], 'forbidden')", "missing-justification", 3),
    ("prefix_rule(['cargo'], match = ['cargo test', 'cargo test -p x'])", "wide-prefix", 1),
    ("prefix_rule(['cal', 'a'], match = ['cal a b c', 'cal a b'])", "wide-prefix", 1),
    ("prefix_rule(['git', 'push', '-f'], 'prompt', match = ['git push -f'], not_match = ['ls'])", "idle-examples", 1),
    ("prefix_rule(['git', 'push'], 'prompt', not_match = ['/bin/cal x', 'svn up'])", "idle-examples", 1),
    // Networks, programs, dicts.
    (
        "network_rule('a.org', 'https', 'deny')\nnetwork_rule('A.org.', 'https_connect', 'allow')",
        "dead-network-rule",
        1,
    ),
    ("prefix_rule(['gti', 'status'])", "unknown-program", 1),
    ("d = {'a.org': 'allow'}\nfor h, v in d.items():\n  network_rule(h, 'https', v)", "dict-order", 2),
    (
        "d = {'a': '/a'}\nif True:\n  for n in d.keys():\n    # a comment\n    host_executable(n, [d[n]])",
        "dict-order",
        3,
    ),
];

#[test]
fn each_planted_fault_is_found_with_its_code_and_line() {
    assert!(PLANTED.len() >= 40, "{}", PLANTED.len());
    let missed: Vec<String> = PLANTED
        .iter()
        .map(|(text, code, line)| (text, (*code, *line), codes(text)))
        .filter(|(_, wanted, found)| !found.contains(wanted))
        .map(|(text, wanted, found)| format!("{text}\n{wanted:?}: {found:?}"))
        .collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn every_lint_finds_a_planted_fault_and_says_what_it_is_about() {
    for lint in LINTS {
        assert!(lint.level == Level::Off || PLANTED.iter().any(|(_, code, _)| *code == lint.code), "{}", lint.code);
        assert!(!lint.meaning.is_empty() && !lint.meaning.ends_with('.'), "{}", lint.code);
        assert!(lint.explain.len() > 100 && lint.explain.ends_with('.'), "{}", lint.code);
    }
    assert!(LINTS.windows(2).all(|pair| pair[0].code < pair[1].code));
}

/// Files without a fault.
const CLEAN: &[&str] = &[
    "",
    "# nothing\n",
    ALLOW_GIT,
    "prefix_rule(['cal'])\nprefix_rule(['ncal'])",
    "prefix_rule(['cal'])\nprefix_rule(['cal', '-y'], 'prompt')",
    "prefix_rule(['git', 'status'])\nprefix_rule(['git', 'push'], 'prompt')",
    "prefix_rule(['git', 'push'], 'prompt')\nprefix_rule(['git', 'push', '-f'], 'forbidden', justification = 'it is gone')",
    "prefix_rule(['cal', ['a', 'b']])\nprefix_rule(['cal', ['b', 'c']])",
    "prefix_rule(['cal', 'a'], exact = True)\nprefix_rule(['cal', 'a', 'b'])",
    "prefix_rule(['cal', 'a'], exact = True)\nprefix_rule(['cal', 'a', 'b'], exact = True)",
    "prefix_rule(['Cal'])\nprefix_rule(['cal'], canonical_matching = True)",
    "prefix_rule(['sort'], exact = True)",
    "prefix_rule(['find', '.', '-name', 'x'], exact = True)",
    "prefix_rule(['ls'])\nprefix_rule(['cat'])\nprefix_rule(['echo'])",
    "prefix_rule(['git', 'push', '-f'], 'prompt', match = ['git push -f'], not_match = ['git push', 'ls'])",
    "prefix_rule(['cal'], match = ['cal 1', 'cal 2'])",
    "prefix_rule(['cal'], match = ['cal 1'])",
    "network_rule('a.org', 'https', 'allow')\nnetwork_rule('a.org', 'http', 'deny')",
    "d = {'a': 'cal', 'b': 'ncal'}\nfor k in d.values():\n  prefix_rule([k])",
    "d = {'a.org': 'allow'}\nfor h in sorted(d.keys()):\n  network_rule(h, 'https', d[h])",
    "host_executable('git', ['/usr/bin/git'])\nprefix_rule(['git', 'status'])",
];

#[test]
fn clean_files_give_no_finding() {
    assert!(CLEAN.len() >= 20);
    for text in CLEAN {
        let default = |lint: &Lint| lint.level == Level::On || lint.code == "unknown-program";
        assert_eq!(linted(text, default).into_iter().map(|(finding, _)| finding).collect::<Vec<_>>(), [], "{text}");
    }
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
