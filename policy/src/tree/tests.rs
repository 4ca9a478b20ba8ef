use super::*;
use crate::load::{Banned, File, Options, load_on_this_thread};

fn rules(text: &str) -> RuleSet {
    let file = File { name: "a.rules".into(), text: Ok(text.to_owned()) };
    let loaded = load_on_this_thread(vec![file], Options { banned: Banned::Ignore, ..Options::in_directory("/") });
    assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
    loaded.ruleset
}

const RULES: &str = r#"
prefix_rule(pattern=["rm"], decision="forbidden")
prefix_rule(pattern=["git", "status"], decision="allow")
prefix_rule(pattern=["sort"], decision="allow")
prefix_rule(pattern=["python3"], decision="allow")
prefix_rule(pattern=["make", "test"], decision="allow")
"#;

fn of(script: &str) -> Tree {
    let identify = |word: &str| {
        let lookup = format!("/usr/bin/{}", last_component(word).unwrap_or(word));
        let resolved = if word.contains('/') { word.to_owned() } else { lookup.clone() };
        Some(Identity { resolved: Some(resolved), lookup: Some(lookup), ..Identity::default() })
    };
    let around = Surroundings { identify: &identify, home: None, default: Decision::Prompt };
    judge(&rules(RULES), Subject::Script { text: script, dialect: Dialect::Bash }, &around)
}

/// Depth, words and decision of each node.
fn lines(tree: &Tree) -> Vec<String> {
    let line = |node: &Node| {
        let what = match &node.kind {
            Kind::Command { words, .. } => words.iter().map(Word::written).collect::<Vec<_>>().join(" "),
            Kind::Script { shell, .. } => format!("({shell})"),
            Kind::Opaque => "(opaque)".to_owned(),
        };
        format!("{} {what}: {}", node.depth, node.verdict.decision())
    };
    tree.nodes.iter().map(line).collect()
}

#[test]
fn wrappers_and_shells_are_opened_to_any_depth() {
    let tree = of("git status; sudo env A=1 bash -lc 'nice rm x'");
    assert_eq!(tree.decision(), Decision::Forbidden);
    assert_eq!(
        lines(&tree),
        [
            "0 (bash): allow",
            "1 git status: allow",
            "1 sudo env A=1 bash -lc nice rm x: prompt",
            "2 env A=1 bash -lc nice rm x: allow",
            "3 bash -lc nice rm x: allow",
            "4 (bash): allow",
            "5 nice rm x: allow",
            "6 rm x: forbidden",
        ]
    );
}

#[test]
fn what_an_option_does_is_not_what_the_rule_allowed() {
    assert_eq!(of("sort f").decision(), Decision::Allow);
    assert_eq!(of("sort -o g f").decision(), Decision::Prompt);
    assert_eq!(of("sort f > g").decision(), Decision::Prompt);
    assert_eq!(of("sort f 2>/dev/null").decision(), Decision::Allow);
    assert_eq!(of("python3 -c 'x'").decision(), Decision::Prompt);
    assert_eq!(of("make test").decision(), Decision::Allow);
    assert_eq!(of("git $X").decision(), Decision::Prompt);
}

#[test]
fn a_verdict_holds_the_reasons_of_the_whole_tree() {
    let tree = of("git status; rm x; rm y");
    assert_eq!(tree.verdict().decision(), Decision::Forbidden);
    assert_eq!(tree.deciding().count(), 2);
    assert!(tree.verdict().permit(crate::verdict::Consent::Yes).is_none());
    assert!(of("git status").verdict().permit(crate::verdict::Consent::No).is_some());
}

/// Wrappers that may carry several commands do not make the tree explode.
#[test]
fn a_tree_has_a_bound() {
    for wrapper in ["parallel ", "ssh h ", "find . -exec ", "command ", "eval ", "xargs ", "watch ", "runcon a "] {
        let tree = of(&format!("{}$X rm", wrapper.repeat(400)));
        assert!(tree.nodes.len() <= MOST + 1, "{wrapper}");
        assert!(tree.decision() >= Decision::Prompt, "{wrapper}");
    }
}
