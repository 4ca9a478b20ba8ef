use policy::load::{Banned, File, Options, load_on_this_thread};
use policy::request::Identity;

use super::*;

fn rules(text: &str) -> RuleSet {
    let file = File { name: "test.rules".into(), text: Ok(text.to_owned()) };
    let loaded = load_on_this_thread(vec![file], Options { banned: Banned::Warn, ..Options::in_directory("/") });
    assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
    loaded.ruleset
}

fn subject(words: &str, also: &[&str], proven: &[&str]) -> Subject {
    let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let argv = words.split(' ').map(str::to_owned).collect();
    Subject { argv, identity: Identity { also: own(also), proven: own(proven), ..Identity::default() } }
}

fn facts(program: Subject) -> Facts {
    Facts { program, script: None, within: None, loader: false, many_in_one: false }
}

fn decide(rules: &RuleSet, facts: &Facts) -> Decision {
    judge_exec(rules, facts, Decision::Prompt).verdict.decision()
}

const RULES: &str = r#"
prefix_rule(pattern=["git"], decision="allow")
prefix_rule(pattern=["/opt/tool"], decision="allow")
prefix_rule(pattern=["deploy.sh"], decision="forbidden")
prefix_rule(pattern=["rm"], decision="forbidden")
prefix_rule(pattern=["sh"], decision="allow")
prefix_rule(pattern=["busybox"], decision="allow")
"#;

#[test]
fn what_a_program_calls_itself_counts_against_it_and_not_for_it() {
    let rules = rules(RULES);
    let git = subject("/usr/bin/git log", &["git"], &["/usr/bin/git", "git"]);
    assert_eq!(decide(&rules, &facts(git)), Decision::Allow);
    let pretender = subject("/usr/bin/python3 log", &["git"], &["/usr/bin/python3", "python3"]);
    assert_eq!(decide(&rules, &facts(pretender)), Decision::Prompt);
    for word in ["git", "/opt/tool"] {
        let in_memory = subject(word, &[word, "memfd:x"], &[]);
        assert_eq!(decide(&rules, &facts(in_memory)), Decision::Prompt, "{word}");
    }
    let self_named = subject("/usr/bin/python3 x", &["rm"], &["/usr/bin/python3"]);
    assert_eq!(decide(&rules, &facts(self_named)), Decision::Forbidden);
    let copy = subject("/tmp/y x", &["y", "rm"], &["/tmp/y"]);
    assert_eq!(decide(&rules, &facts(copy)), Decision::Forbidden);
}

#[test]
fn a_script_is_judged_under_its_own_name_and_allowed_under_either() {
    let rules = rules(RULES);
    let mut exec = facts(subject("/usr/bin/python3 ./deploy.sh", &["python3"], &["/usr/bin/python3", "python3"]));
    exec.script = Some(subject("/w/deploy.sh", &["deploy.sh"], &["/w/deploy.sh"]));
    assert_eq!(decide(&rules, &exec), Decision::Forbidden);
    exec.script = Some(subject("/usr/bin/git x", &["git"], &["/usr/bin/git", "git"]));
    assert_eq!(decide(&rules, &exec), Decision::Allow);
    exec.script = Some(subject("/w/git x", &["git"], &["/w/git"]));
    assert_eq!(decide(&rules, &exec), Decision::Prompt);
}

#[test]
fn program_text_is_left_aside_and_said_to_be() {
    let rules = rules(RULES);
    let mut exec = facts(subject("/usr/bin/dash -c true", &["sh"], &["/usr/bin/dash", "dash", "sh"]));
    let judged = judge_exec(&rules, &exec, Decision::Prompt);
    assert_eq!((judged.verdict.decision(), judged.aside.len()), (Decision::Allow, 1));
    exec.many_in_one = true;
    assert_eq!(decide(&rules, &exec), Decision::Prompt);
    let unnamed = facts(subject("/usr/bin/bash -c true", &["bash"], &["/usr/bin/bash", "bash"]));
    assert_eq!(decide(&rules, &unnamed), Decision::Prompt);
    assert_eq!(judge_exec(&rules, &unnamed, Decision::Allow).verdict.decision(), Decision::Allow);
}

#[test]
fn what_is_started_within_a_program_restricts_and_never_allows() {
    let rules = rules(RULES);
    let mut exec = facts(subject("/usr/bin/busybox rm x", &["busybox"], &["/usr/bin/busybox", "busybox"]));
    exec.many_in_one = true;
    exec.within = Some(subject("rm x", &[], &[]));
    assert_eq!(decide(&rules, &exec), Decision::Forbidden);
    let mut exec = facts(subject("/lib64/ld.so /usr/bin/git", &[], &["/lib64/ld.so"]));
    exec.loader = true;
    exec.within = Some(subject("/usr/bin/git", &["git"], &["/usr/bin/git", "git"]));
    assert_eq!(decide(&rules, &exec), Decision::Prompt);
    assert_eq!(judge_exec(&rules, &exec, Decision::Allow).verdict.decision(), Decision::Prompt);
}
