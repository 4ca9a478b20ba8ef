//! What is done with an input: one function a target. None may panic, overflow the stack or take long, whatever the input.

use policy::decision::Decision;
use policy::inner::Input;
use policy::load::{File, Options, STACK, load};
use policy::ruleset::RuleSet;
use policy::shell::{Dialect, Settings, decompose};
use policy::tree::{self, Kind, Subject, Surroundings};
use policy::unfold;
use policy::verdict::{Reason, Verdict};
use policy::word::{Fields, Opaque, Word};

/// The shells whose texts are decomposed.
const DIALECTS: [Dialect; 3] = [Dialect::Bash, Dialect::Sh, Dialect::Zsh];

/// A target: its name, and what is done with an input.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] =
    &[("rules", rules), ("decomposer", decomposer), ("tables", tables), ("judge", judge), ("seatbelt", seatbelt)];

/// Loads the first 128 KiB as a rule file; what larger ones cost is bounded by the runner. It needs a stack of its own.
pub fn rules(data: &[u8]) {
    let text = String::from_utf8_lossy(&data[..data.len().min(1 << 17)]).into_owned();
    let loading = std::thread::Builder::new().stack_size(STACK).spawn(|| {
        let _ = load(vec![File { name: "fuzz.rules".into(), text: Ok(text) }], Options::in_directory("/work"));
    });
    assert!(loading.expect("a thread can be started").join().is_ok(), "loading panicked");
}

/// Decomposes a script, as every shell. Places must lie within it.
pub fn decomposer(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for dialect in DIALECTS {
        for part in decompose(&text, dialect, &Settings { arguments: None, home: Some("/home/u") }) {
            if let policy::shell::Part::Command(command) = part {
                assert!(
                    command.at.start <= command.at.end && command.at.end as usize <= text.len(),
                    "{:?}",
                    command.at
                );
            }
        }
    }
}

/// Asks the tables what a command executes: its words are the lines, one that begins with `?` is not known.
pub fn tables(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let words: Vec<Word> = text.split('\n').map(word).collect();
    let Some(first) = words.first() else { return };
    let name = first.written().rsplit('/').next().unwrap_or("");
    for input in [Input::Inherited, Input::Unknown, Input::Text(&words[words.len() - 1])] {
        let _ = unfold::inner(name, &words, input);
    }
}

fn word(line: &str) -> Word {
    match line.strip_prefix('?') {
        None => Word::known(line),
        Some(prefix) => {
            let fields = if prefix.ends_with('?') { Fields::Many } else { Fields::One };
            Word::Opaque(Opaque { written: line.into(), prefix: prefix.into(), fields, why: "a test".into() })
        }
    }
}

/// Judges a script with everything it executes, without rules.
pub fn judge(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let around = Surroundings { identify: &|_| None, home: Some("/home/u"), default: Decision::Prompt };
    for dialect in DIALECTS {
        let judged = tree::judge(&RuleSet::default(), Subject::Script { text: &text, dialect }, &around);
        // No rule allows anything, and the default is to ask: what is allowed executes nothing.
        let silent = |node: &tree::Node| match &node.kind {
            Kind::Command { words, .. } => words.is_empty() || carries(&node.verdict),
            Kind::Script { .. } => true,
            Kind::Opaque => false,
        };
        let allowed = judged.decision() == Decision::Allow;
        assert!(!allowed || judged.nodes.iter().all(silent), "{text:.200}: {judged:.200?}");
    }
}

/// Loads a sandbox profile, asks it about a path and a connection, and lints it. A verdict that is no refusal has a reason.
pub fn seatbelt(data: &[u8]) {
    use policy::seatbelt::{Outcome, Query, Settings, decide, explain, lint, load};
    let text = String::from_utf8_lossy(data).into_owned();
    let parameters = std::collections::BTreeMap::from([("HOME".to_owned(), "/Users/u".to_owned())]);
    let source = policy::source::Source { name: "fuzz.sb".into(), text };
    let loaded = load(source, &Settings { parameters: &parameters, import: &|_| None });
    let profile = match &loaded.profile {
        Ok(profile) => profile,
        Err(why) => return assert!(!why.found.message.is_empty()),
    };
    for (operation, fact, value) in [
        ("file-write-data", "path", "/Users/u/a"),
        ("network-outbound", "remote", "tcp:127.0.0.1:80"),
        ("mach-lookup", "global-name", "com.example"),
        ("process-exec*", "path", "/bin/ls"),
    ] {
        let mut query = Query::new(operation).expect("an operation");
        query.tell(fact, value).expect("a fact");
        let verdict = decide(profile, &query, Some(&parameters));
        assert_eq!(verdict.outcome == Outcome::Unknown, verdict.decided.is_none());
        assert!(verdict.outcome != Outcome::Unknown || !verdict.missing.is_empty());
        // What is looked up decides as what is tried rule by rule.
        assert_eq!(explain(profile, &query).0, decide(profile, &query, None));
    }
    if profile.rules.len() < 200 {
        let _ = lint::lint(profile, &parameters);
    }
}

/// Whether a command is allowed for doing nothing but executing what stands below it.
fn carries(verdict: &Verdict) -> bool {
    verdict.because().iter().all(|reason| matches!(reason, Reason::Carries))
}
