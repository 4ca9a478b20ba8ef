//! What rules say of a deed: palisade's own reading, and that of the Codex that did it.

use std::path::{Path, PathBuf};

use policy::codex::dangerous;
use policy::codex::decompose::{Decomposition, decompose};
use policy::codex::version::{VERSIONS, Version};
use policy::decision::Decision;
use policy::judge::judge;
use policy::request::{BasenameFallback, CodexMatching, Matching, Request};
use policy::verdict::Reason;
use serde::Serialize;

use crate::codex::asked::Asked;
use crate::codex::deed::{Deed, What};
use crate::codex::event::Settings;
use crate::codex::outcome::Outcome;
use crate::files::Rules;
use crate::judging::{self, judge_here};

/// What rules say of a deed.
#[derive(Debug, Serialize)]
pub(super) struct Judgement {
    /// By palisade.
    pub(super) decision: Decision,
    /// By Codex, as its version reads a script; null where only palisade judges such a deed.
    pub(super) codex: Option<Decision>,
    /// Where the rules stand that decided, as `file:line:column`.
    pub(super) rules: Vec<String>,
    /// It is forbidden, and it ran or may have run.
    pub(super) finding: bool,
}

/// Judges a deed; nothing where there is no command in it.
pub(super) fn of(deed: &Deed, settings: &Settings, rules: &Rules) -> Option<Judgement> {
    let (script, argv) = match &deed.what {
        What::Asked(Asked::Typed { text }) => (Some(text.as_str()), None),
        What::Asked(Asked::Words { argv }) | What::Command { argv } => (deed.what.script(), Some(argv.as_slice())),
        what => (what.script(), None),
    };
    let cwd = deed.cwd.as_deref().or(settings.cwd.as_deref()).map(PathBuf::from);
    let cwd = cwd.or_else(|| std::env::current_dir().ok()).unwrap_or_else(|| PathBuf::from("/"));
    let what = match (script, argv) {
        (Some(script), _) => judging::What::Script(script),
        (None, Some(argv)) => judging::What::Command(argv),
        (None, None) => return None,
    };
    // Codex runs in its sandbox what no rule matches; so that is no finding here.
    let tree = judge_here(&rules.set, what, &cwd, Decision::Allow);
    let decision = tree.decision();
    let mut places: Vec<String> = Vec::new();
    for reason in tree.nodes.iter().flat_map(|node| node.verdict.because()) {
        if let Reason::Rule { id, .. } = reason
            && reason.decision() == decision
            && decision > Decision::Allow
            && let Some(at) = rules.set.rule(*id).and_then(|rule| rule.at())
        {
            let place = rules.sources.place(at).to_string();
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    let typed = matches!(deed.what, What::Asked(Asked::Typed { .. }));
    let codex = (!typed).then(|| by_codex(script, argv.unwrap_or_default(), &cwd, nearest(settings), rules));
    Some(Judgement { decision, codex, rules: places, finding: decision == Decision::Forbidden && may_have_run(deed) })
}

/// Whether a process was started, or nobody can say that it was not.
fn may_have_run(deed: &Deed) -> bool {
    deed.outcome.ran() || deed.outcome == Outcome::Unknown
}

/// What Codex makes of it: the strictest of what it sees; `prompt` also where its list of dangerous commands fires.
fn by_codex(script: Option<&str>, argv: &[String], cwd: &Path, version: Version, rules: &Rules) -> Decision {
    let home = std::env::var("HOME").ok();
    let cwd = cwd.to_string_lossy();
    let commands = match script.map(|script| (script, decompose(script, version))) {
        None => vec![argv.to_vec()],
        Some((_, Decomposition::Plain(commands))) => commands,
        Some((_, Decomposition::HeredocPrefix(words))) => vec![words],
        Some((script, Decomposition::Opaque { .. })) => {
            vec![["/bin/bash", "-lc", script].iter().map(|word| (*word).to_owned()).collect()]
        }
    };
    let one = |argv: &Vec<String>| {
        let matching = CodexMatching { basename_fallback: BasenameFallback::On, cwd: &cwd, home: home.as_deref() };
        let default = if dangerous::command(argv, version).is_some() { Decision::Prompt } else { Decision::Allow };
        let request = Request { argv, identity: None, matching: Matching::Codex(matching), default };
        judge(&rules.set, &request).decision()
    };
    commands.iter().map(one).max().unwrap_or(Decision::Allow)
}

/// The newest version whose reading is known and that is not newer than the one that ran; the newest where that is unknown.
fn nearest(settings: &Settings) -> Version {
    let numbers = |name: &str| -> Vec<u64> { name.split(['.', '-']).map_while(|part| part.parse().ok()).collect() };
    let newest = VERSIONS.iter().map(|traits| traits.version).max().unwrap_or(Version::V0_169_0);
    let Some(ran) = settings.version.as_deref().map(numbers) else { return newest };
    let oldest = VERSIONS.iter().map(|traits| traits.version).min().unwrap_or(newest);
    VERSIONS.iter().filter(|traits| numbers(traits.name) <= ran).map(|traits| traits.version).max().unwrap_or(oldest)
}
