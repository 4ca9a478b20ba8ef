//! Deciding about programs in place: the verdict on each, what a person says to it, what becomes of it, and what is kept of it.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use policy::decision::Decision;
use policy::verdict::{Consent, Verdict};
use serde_json::{Value, json};

use super::facts::Facts;
use super::image::{FileId, Image};
use super::judge::{Judgement, judge_exec};
use super::known::Known;
use super::origin::Origin;
use super::record::{Action, Entry, Record};
use super::voice::Voice;
use super::{Kill, Settings};
use crate::{identity, verdict_text};

/// How many killed programs are kept for the report; all are counted.
const MOST_KEPT: usize = 1000;

/// How many verdicts are remembered.
const MOST_REMEMBERED: usize = 4096;

/// A program as verdicts are remembered: its file, its words, the path it was called by.
type Key = (FileId, Vec<u8>, Vec<u8>);

/// What becomes of a program in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It may run.
    Runs,
    /// It has been killed, and does not run even where that failed.
    Killed,
    /// As `Killed`, and so is everything with it.
    KilledWithAll,
}

/// Who decides.
#[derive(Debug)]
pub(super) struct Desk {
    settings: Settings,
    known: Known,
    record: Option<Record>,
    verdicts: HashMap<Key, Arc<(Facts, Judgement)>>,
    answers: HashMap<(Option<FileId>, Vec<u8>), Consent>,
    /// Whether the person said yes to the command before it started.
    agreed: Consent,
    /// Until when a person may think.
    pub(super) until: Option<Instant>,
    pub(super) execs: u64,
    pub(super) asked: u64,
    pub(super) killed: u64,
    /// Those that were killed.
    pub(super) kept: Vec<Value>,
    record_failed: bool,
}

impl Desk {
    /// Made before the run; looks up the programs that the rules restrict.
    pub(super) fn new(settings: Settings, record: Option<File>, agreed: Consent) -> Self {
        let known = Known::new(&settings.rules, identity::search_path(), settings.cwd.clone());
        Self {
            settings,
            known,
            record: record.map(Record::new),
            verdicts: HashMap::new(),
            answers: HashMap::new(),
            agreed,
            until: None,
            execs: 0,
            asked: 0,
            killed: 0,
            kept: Vec::new(),
            record_failed: false,
        }
    }

    /// Decides about a program that is in place and has run nothing.
    pub(super) fn decide(&mut self, image: &Image, origin: &Origin, voice: &mut Voice<'_>) -> Fate {
        let judged = self.judge(image);
        let (facts, judgement) = &*judged;
        let first = self.execs == 0;
        self.execs += 1;
        let action = match judgement.verdict.decision() {
            Decision::Allow => Action::Ran,
            Decision::Forbidden => Action::Killed,
            Decision::Prompt => {
                let agreed = first && self.agreed == Consent::Yes;
                Action::Asked { yes: agreed || self.ask(image, judgement, origin, voice) == Consent::Yes }
            }
        };
        let refused = matches!(action, Action::Killed | Action::Asked { yes: false });
        if refused {
            // Before anything is written: whoever waits for the record to grow must find it dead.
            let _ = kill(image.pid, Signal::SIGKILL);
        }
        self.write(image, facts, judgement, origin, action, voice);
        if !refused {
            return Fate::Runs;
        }
        self.tell_refused(image, facts, judgement, origin, action, voice);
        match self.settings.kill {
            Kill::Process => Fate::Killed,
            Kill::Tree => Fate::KilledWithAll,
        }
    }

    fn judge(&mut self, image: &Image) -> Arc<(Facts, Judgement)> {
        let key = image.file.map(|file| (file, image.line.clone(), image.called.clone()));
        if let Some(judged) = key.as_ref().and_then(|key| self.verdicts.get(key)) {
            return judged.clone();
        }
        let facts = Facts::of(image, &mut self.known);
        let judgement = judge_exec(&self.settings.rules, &facts, self.settings.default);
        // What depends on a second file is looked at again each time.
        let lasting = facts.script.is_none() && facts.within.is_none();
        let judged = Arc::new((facts, judgement));
        if let Some(key) = key.filter(|_| lasting) {
            if self.verdicts.len() >= MOST_REMEMBERED {
                self.verdicts.clear();
            }
            self.verdicts.insert(key, judged.clone());
        }
        judged
    }

    /// Asks the person while the process is held; the answer holds for the same program with the same words.
    fn ask(&mut self, image: &Image, judgement: &Judgement, origin: &Origin, voice: &mut Voice<'_>) -> Consent {
        let key = (image.file, image.line.clone());
        if let Some(answer) = self.answers.get(&key) {
            return *answer;
        }
        self.asked += 1;
        let text =
            format!("\npalisade: guard: process {} is held\n{}{}", image.pid, self.text(judgement), chain(origin));
        let answer = voice.ask(text, self.until);
        self.answers.insert(key, answer);
        answer
    }

    /// The reasons that count, for people.
    fn text(&self, judgement: &Judgement) -> String {
        let strictest = judgement.verdict.decision();
        let telling = judgement.parts.iter().filter_map(|(argv, because)| {
            let because: Vec<_> = because.iter().filter(|reason| reason.decision() == strictest).cloned().collect();
            (!because.is_empty()).then(|| {
                verdict_text::report(&Verdict::new(because), argv, &self.settings.rules, &self.settings.sources)
            })
        });
        telling.collect()
    }

    fn write(
        &mut self,
        image: &Image,
        facts: &Facts,
        judged: &Judgement,
        origin: &Origin,
        action: Action,
        voice: &mut Voice<'_>,
    ) {
        let Some(record) = &mut self.record else { return };
        let Settings { rules, sources, .. } = &self.settings;
        let entry = Entry { image, facts, judged, action, origin, rules, sources };
        if let Err(error) = record.line(&entry)
            && !std::mem::replace(&mut self.record_failed, true)
        {
            voice.tell(format!("palisade: guard: the record is not complete: {error}\n"));
        }
    }

    fn tell_refused(
        &mut self,
        image: &Image,
        facts: &Facts,
        judged: &Judgement,
        origin: &Origin,
        action: Action,
        voice: &mut Voice<'_>,
    ) {
        self.killed += 1;
        if self.kept.len() >= MOST_KEPT {
            return;
        }
        let Settings { rules, sources, .. } = &self.settings;
        let mut value = Entry { image, facts, judged, action, origin, rules, sources }.value();
        if let Value::Object(fields) = &mut value {
            fields.insert("started_by".into(), json!(origin.ancestry()));
        }
        self.kept.push(value);
        let program = image.program.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
        let why = if judged.verdict.decision() == Decision::Prompt { ", and nobody agreed" } else { "" };
        voice.tell(format!(
            "palisade: guard: killed process {} before it ran `{program}`{why}\n{}{}",
            image.pid,
            self.text(judged),
            chain(origin)
        ));
    }
}

/// Who started it, for people.
fn chain(origin: &Origin) -> String {
    let mut text = String::new();
    for ancestor in origin.ancestry().iter().take(8) {
        let words = verdict_text::shell_words(&ancestor.argv);
        text.push_str(&format!("  started by {}: {words} ({})\n", ancestor.pid, ancestor.program));
    }
    text
}
