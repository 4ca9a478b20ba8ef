//! A budget of tokens or of money for a run, watched while it runs.
//!
//! The stream says what was used only when a turn has ended; the session files say it after each answer of the model. So they are read
//! on as they grow: those of the run's own thread and of the sub-agents it has started.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::SystemTime;

use super::account::Account;
use super::event::Usage;
use super::lines::Lines;
use super::price::{Cost, Prices};
use super::sessions;

/// How much is read at once, in bytes.
const CHUNK: usize = 1 << 16;

/// What a run may use.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Tokens in and out, cached ones included.
    pub tokens: Option<u64>,
    /// US dollars, by these prices.
    pub dollars: Option<(f64, Prices)>,
    /// The model, where it was named; else the sessions say it.
    pub model: Option<String>,
    /// Where Codex keeps its sessions.
    pub home: PathBuf,
    /// When the run began.
    pub began: SystemTime,
    /// What the thread that is gone on with had used before.
    pub before: Usage,
}

/// A budget that is being watched.
#[derive(Debug)]
pub(super) struct Watch {
    budget: Budget,
    files: BTreeMap<PathBuf, Growing>,
}

/// A session file, read up to here.
#[derive(Debug, Default)]
struct Growing {
    at: u64,
    lines: Lines,
    account: Account,
}

impl Watch {
    pub(super) fn new(budget: Budget) -> Self {
        Self { budget, files: BTreeMap::new() }
    }

    /// Why the run is over its budget, if it is. `stream` is what its own stream says.
    pub(super) fn over(&mut self, stream: &Account) -> Option<String> {
        for path in sessions::written_since(&self.budget.home, self.budget.began) {
            self.files.entry(path.clone()).or_default().read_on(&path);
        }
        let mut ours: Vec<&String> = stream.threads.iter().map(|(id, _)| id).collect();
        let main = ours.first().map(|id| (*id).clone()).unwrap_or_default();
        // Files are in the order of their beginnings, so whoever started one stands before it.
        let mut used: BTreeMap<&str, (Usage, Option<&str>)> = BTreeMap::new();
        for account in self.files.values().map(|file| &file.account) {
            let known = |id: &String| ours.contains(&id);
            if account.threads.iter().any(|(id, parent)| known(id) || parent.as_ref().is_some_and(known)) {
                ours.extend(account.threads.iter().map(|(id, _)| id));
                for (id, usage) in &account.usage {
                    let one = used.entry(id).or_default();
                    *one = (one.0.max(*usage), account.settings.model.as_deref().or(one.1));
                }
            }
        }
        for (id, usage) in &stream.usage {
            let one = used.entry(if id.is_empty() { &main } else { id }).or_default();
            one.0 = one.0.max(*usage);
        }
        if let Some(one) = used.get_mut(main.as_str()) {
            one.0 = one.0.since(self.budget.before);
        }
        self.budget.exceeded(used.into_values())
    }
}

impl Budget {
    /// Why these tokens, each with the model that used them, are more than may be used.
    fn exceeded<'a>(&self, used: impl Iterator<Item = (Usage, Option<&'a str>)>) -> Option<String> {
        let (mut tokens, mut dollars) = (0_u64, 0.0);
        for (usage, model) in used {
            tokens = tokens.saturating_add(usage.input).saturating_add(usage.output);
            let Some((_, prices)) = &self.dollars else { continue };
            if usage == Usage::default() {
                continue;
            }
            match prices.cost(self.model.as_deref().or(model), usage) {
                Cost::ListPrice { dollars: more, .. } => dollars += more,
                // What cannot be known is not allowed.
                Cost::Unknown { why } => return Some(format!("its cost cannot be known: {why}")),
            }
        }
        if let Some(most) = self.tokens.filter(|most| tokens > *most) {
            return Some(format!("{tokens} tokens were used, and {most} are allowed"));
        }
        let (most, _) = self.dollars.as_ref()?;
        (dollars > *most).then(|| format!("{dollars:.4} dollars were used, and {most} are allowed"))
    }
}

impl Growing {
    /// Reads what has come. A file that cannot be read says nothing; the next look tries again.
    fn read_on(&mut self, path: &std::path::Path) {
        let Ok(mut file) = File::open(path) else { return };
        if file.seek(SeekFrom::Start(self.at)).is_err() {
            return;
        }
        let mut chunk = vec![0; CHUNK];
        while let Ok(count @ 1..) = file.read(&mut chunk) {
            self.at += count as u64;
            let (lines, account) = (&mut self.lines, &mut self.account);
            lines.push(chunk.get(..count).unwrap_or_default(), |line| account.take(line, |_| {}));
        }
    }
}
