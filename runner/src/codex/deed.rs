//! What really ran: the accounts of all traces become one list of deeds, each a command or a patch with who saw it.
//!
//! A call has an id in the log of the model, in the session files and in what hooks were told; the event stream has none,
//! so its items are found again by what they execute and by their order. Pure.

use std::collections::{BTreeSet, HashMap, VecDeque};

use serde::Serialize;

use super::account::{Account, Call, Ended, Shown};
use super::asked::{self, Asked};
use super::event::{Change, Trace};
use super::guarded::Programs;
use super::outcome::{Outcome, Spoken};

/// A command, a patch or another call.
#[derive(Clone, Debug, Serialize)]
pub struct Deed {
    /// The id of the call, where a trace with ids tells of it.
    pub id: Option<String>,
    /// The thread.
    pub thread: Option<String>,
    /// The tool, as the model named it.
    pub tool: Option<String>,
    /// What was asked for, or, where only events tell of it, what was done.
    #[serde(flatten)]
    pub what: What,
    /// Where it ran, if said.
    pub cwd: Option<String>,
    /// What became of it, as the model was told; by the events where the model was not told.
    pub outcome: Outcome,
    /// How long it ran, in milliseconds, if said.
    pub milliseconds: Option<u64>,
    /// Who tells of it.
    pub seen: BTreeSet<Trace>,
    /// Its item in the events.
    pub shown: Option<Shown>,
    /// Whether the events leave it out; null where they never show such a call, or no events were given.
    pub missing_from_events: Option<bool>,
    /// What the guard saw it start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub programs: Option<Programs>,
    /// What changed in the workspace while it alone ran, where that was watched.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<String>,
    /// In what the traces contradict each other.
    pub contradictions: Vec<String>,
}

/// What a deed is.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum What {
    /// A call asked for it.
    Asked(Asked),
    /// Only the events tell of it: words.
    Command {
        /// The words.
        argv: Vec<String>,
    },
    /// Only the events tell of it: files.
    Changed {
        /// The files.
        changes: Vec<Change>,
    },
}

impl What {
    /// The shell text, where it is shell text that was handed to a shell.
    #[must_use]
    pub fn script(&self) -> Option<&str> {
        match self {
            Self::Asked(Asked::Script { script }) => Some(script),
            Self::Asked(Asked::Words { argv }) | Self::Command { argv } => match argv.as_slice() {
                [_, option, script] if option == "-lc" || option == "-c" => Some(script),
                _ => None,
            },
            _ => None,
        }
    }
}

/// All deeds that the accounts tell of, in the order of the best trace that was given.
#[must_use]
pub fn deeds(accounts: &[Account]) -> Vec<Deed> {
    let mut deeds: Vec<Deed> = Vec::new();
    let mut known: Known = HashMap::new();
    let of = |wanted: Trace| accounts.iter().filter(move |account| account.trace() == Some(wanted));
    for trace in [Trace::Model, Trace::Session, Trace::Hook, Trace::Events] {
        for account in of(trace) {
            join(&mut deeds, &mut known, &account.calls, trace);
        }
    }
    for account in of(Trace::Session) {
        for shown in &account.items {
            executed(&mut deeds, &known, shown);
        }
    }
    let with_events = of(Trace::Events).next().is_some() && !deeds.is_empty();
    for account in of(Trace::Events) {
        deeds = link(deeds, &account.items);
    }
    for deed in &mut deeds {
        let has_item = match &deed.what {
            What::Asked(asked) => asked.has_item(),
            What::Command { .. } | What::Changed { .. } => true,
        };
        deed.missing_from_events = (with_events && has_item).then_some(!deed.seen.contains(&Trace::Events));
        contradict(deed);
    }
    deeds
}

/// The deeds of each id.
type Known = HashMap<String, Vec<usize>>;

/// Takes the calls of a trace in: each belongs to the deed of its id, and the second of an id to the second.
fn join(deeds: &mut Vec<Deed>, known: &mut Known, calls: &[Call], trace: Trace) {
    for call in calls {
        let same = known.get(&call.id).map_or(&[][..], Vec::as_slice);
        let open = same.iter().copied().find(|at| deeds.get(*at).is_some_and(|deed| !deed.seen.contains(&trace)));
        let Some(deed) = open.and_then(|at| deeds.get_mut(at)) else {
            if !call.id.is_empty() {
                known.entry(call.id.clone()).or_default().push(deeds.len());
            }
            deeds.push(Deed {
                id: Some(call.id.clone()).filter(|id| !id.is_empty()),
                thread: call.thread.clone(),
                tool: Some(call.tool.clone()),
                what: What::Asked(call.asked.clone()),
                cwd: call.cwd.clone(),
                outcome: call.outcome.clone().unwrap_or(Outcome::Unknown),
                milliseconds: None,
                seen: BTreeSet::from([trace]),
                shown: None,
                missing_from_events: None,
                programs: None,
                effects: Vec::new(),
                contradictions: Vec::new(),
            });
            continue;
        };
        deed.seen.insert(trace);
        deed.thread = deed.thread.take().or_else(|| call.thread.clone());
        deed.cwd = deed.cwd.take().or_else(|| call.cwd.clone());
        match &call.outcome {
            Some(outcome) if deed.outcome == Outcome::Unknown => deed.outcome = outcome.clone(),
            // Codex quotes the reason in its own words.
            Some(Outcome::HookDenied { .. }) if matches!(deed.outcome, Outcome::HookDenied { .. }) => {}
            Some(outcome) if *outcome != deed.outcome => {
                deed.contradictions.push(format!("{}: {outcome}; elsewhere: {}", name(trace), deed.outcome));
            }
            _ => {}
        }
    }
}

/// An execution that a session file tells of: of a call by its id, or of a call within the code mode.
fn executed(deeds: &mut Vec<Deed>, known: &Known, shown: &Shown) {
    let outcome = ended(shown);
    let same = known.get(&shown.item).and_then(|same| same.first());
    if let Some(deed) = same.and_then(|at| deeds.get_mut(*at)) {
        deed.seen.insert(Trace::Session);
        deed.milliseconds = shown.milliseconds;
        deed.cwd = shown.cwd.clone().or_else(|| deed.cwd.take());
        if deed.outcome == Outcome::Unknown {
            deed.outcome = outcome;
        }
        return;
    }
    deeds.push(Deed { seen: BTreeSet::from([Trace::Session]), shown: None, ..alone(shown, outcome) });
}

/// Finds the call of each item: by what is executed, in order, first where the ends agree and then where they may.
fn link(mut deeds: Vec<Deed>, items: &[Shown]) -> Vec<Deed> {
    // Those that may have an item and have none yet, by what they execute.
    let mut open: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (at, deed) in deeds.iter().enumerate().filter(|(_, deed)| deed.shown.is_none()) {
        for key in keys(deed) {
            open.entry(key).or_default().push_back(at);
        }
    }
    // What only the events tell of, each behind the deed of the item before.
    let mut alones: Vec<(Option<usize>, Deed)> = Vec::new();
    let mut before = None;
    for shown in items {
        // Of several alike, one that is known not to have run has no item, and a later item cannot take its place.
        let agrees = |deed: &Deed| match (&deed.outcome, shown.status.as_deref()) {
            (outcome, Some("declined")) => outcome.refused(),
            (outcome, _) if outcome.refused() => false,
            (outcome, _) => shown.exit.is_none() || outcome.exit().is_none() || outcome.exit() == shown.exit,
        };
        let places = || shown_keys(shown).into_iter().filter_map(|key| open.get(&key)).flatten().copied();
        let first = |fits: &dyn Fn(&Deed) -> bool| {
            let fits =
                |at: &usize| deeds.get(*at).is_some_and(|deed| deed.shown.is_none() && same(deed, shown) && fits(deed));
            places().find(fits)
        };
        let found = first(&agrees).or_else(|| first(&|deed| !deed.outcome.refused()));
        match found.and_then(|at| deeds.get_mut(at)) {
            Some(deed) => {
                deed.seen.insert(Trace::Events);
                deed.milliseconds = deed.milliseconds.or(shown.milliseconds);
                deed.cwd = deed.cwd.take().or_else(|| shown.cwd.clone());
                if deed.outcome == Outcome::Unknown {
                    deed.outcome = ended(shown);
                }
                deed.shown = Some(shown.clone());
                before = found;
                for key in shown_keys(shown) {
                    let places = open.entry(key).or_default();
                    if let Some(at) = places.iter().position(|at| Some(*at) == found) {
                        places.remove(at);
                    }
                }
            }
            None => alones.push((before, Deed { shown: Some(shown.clone()), ..alone(shown, ended(shown)) })),
        }
    }
    // A stable sort keeps those behind the same deed in their order.
    alones.sort_by_key(|(behind, _)| *behind);
    let mut alones = alones.into_iter().peekable();
    let mut all = Vec::new();
    for (at, deed) in deeds.into_iter().enumerate() {
        while let Some((_, alone)) = alones.next_if(|(behind, _)| *behind < Some(at)) {
            all.push(alone);
        }
        all.push(deed);
    }
    all.extend(alones.map(|(_, alone)| alone));
    all
}

/// Under what a deed is looked for: its script or words, and the names of the files of its patch.
fn keys(deed: &Deed) -> Vec<String> {
    match &deed.what {
        What::Asked(asked) => asked.key().into_iter().chain(files_key(&asked.patched())).collect(),
        What::Command { argv } => vec![asked::key(argv)],
        What::Changed { .. } => Vec::new(),
    }
}

/// Under what the deed of an item is looked for.
fn shown_keys(shown: &Shown) -> Vec<String> {
    if !shown.changes.is_empty() {
        let files: Vec<String> = shown.changes.iter().map(|change| change.path.clone()).collect();
        return files_key(&files).into_iter().collect();
    }
    let whole = asked::key(&shown.argv);
    let third = shown.argv.get(2).filter(|third| **third != whole).cloned();
    std::iter::once(whole).chain(third).collect()
}

/// The last components of files, which are the same however the files are named.
fn files_key(files: &[String]) -> Option<String> {
    let mut names: Vec<&str> = files.iter().filter_map(|file| file.rsplit('/').next()).collect();
    names.sort_unstable();
    names.dedup();
    (!names.is_empty()).then(|| format!("\u{1e}{}", names.join("\u{1f}")))
}

/// Whether an item shows what a deed asked for.
fn same(deed: &Deed, shown: &Shown) -> bool {
    if !shown.changes.is_empty() {
        let What::Asked(asked) = &deed.what else { return false };
        let mut files: Vec<&str> = shown.changes.iter().map(|change| change.path.as_str()).collect();
        files.sort_unstable();
        files.dedup();
        let mut wanted = asked.patched();
        return wanted.len() == files.len()
            && files.iter().all(|file| {
                let found = wanted.iter().position(|wanted| is_file(file, wanted));
                found.map(|at| wanted.swap_remove(at)).is_some()
            });
    }
    let key = match &deed.what {
        What::Asked(asked) => asked.key(),
        What::Command { argv } => Some(asked::key(argv)),
        What::Changed { .. } => None,
    };
    key.is_some_and(|key| key == asked::key(&shown.argv) || Some(key) == shown.argv.get(2).cloned())
}

/// Whether an absolute path is the file that a patch names, whatever folder the patch was for.
fn is_file(absolute: &str, named: &str) -> bool {
    let mut parts: Vec<&str> = Vec::new();
    for part in named.split('/') {
        match part {
            "" | "." => {}
            // What leads out of the folder is not known, and neither is the folder.
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    let rest = absolute.strip_suffix(&path);
    if named.starts_with('/') {
        rest == Some("/")
    } else {
        rest.is_some_and(|rest| rest.ends_with('/')) || absolute == named
    }
}

/// A deed that only an item tells of.
fn alone(shown: &Shown, outcome: Outcome) -> Deed {
    let what = if shown.argv.is_empty() {
        What::Changed { changes: shown.changes.clone() }
    } else {
        What::Command { argv: shown.argv.clone() }
    };
    Deed {
        id: None,
        thread: shown.thread.clone(),
        tool: None,
        what,
        cwd: shown.cwd.clone(),
        outcome,
        milliseconds: shown.milliseconds,
        seen: BTreeSet::from([Trace::Events]),
        shown: None,
        missing_from_events: None,
        programs: None,
        effects: Vec::new(),
        contradictions: Vec::new(),
    }
}

/// What an item says of its end.
fn ended(shown: &Shown) -> Outcome {
    match (shown.ended, shown.status.as_deref(), shown.exit) {
        (Ended::No, ..) => Outcome::Unknown,
        (_, Some("declined"), _) => Outcome::Declined,
        (_, _, Some(exit)) => Outcome::Ran { exit, read_only: Spoken::No },
        // A patch has no status of its own but this.
        (_, Some("completed"), None) => Outcome::Ran { exit: 0, read_only: Spoken::No },
        (_, Some("failed"), None) => Outcome::PatchInvalid,
        (_, _, None) => Outcome::Unknown,
    }
}

/// Compares what the events say with what the model was told.
fn contradict(deed: &mut Deed) {
    let Some(shown) = &deed.shown else { return };
    if let (Some(told), Some(exit), Ended::Yes) = (deed.outcome.exit(), shown.exit, shown.ended)
        && told != exit
    {
        deed.contradictions.push(format!("events: exit {exit}; the model was told: {}", deed.outcome));
    }
}

/// A trace in words.
#[must_use]
pub const fn name(trace: Trace) -> &'static str {
    match trace {
        Trace::Events => "events",
        Trace::Session => "session file",
        Trace::Hook => "hook",
        Trace::Model => "model",
        Trace::Guard => "guard",
    }
}
