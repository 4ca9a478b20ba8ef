//! What the guard says: why a program was refused and who started it, the record's lines, the summary, the denials.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use policy::decision::Decision;
use policy::verdict::Verdict;
use serde_json::{Value, json};

use nix::unistd::Pid;

use super::facts::Facts;
use super::image::Image;
use super::judge::Judgement;
use super::record::{Action, Entry};
use super::{Guard, MOST_KEPT, Settings, tell};
use crate::denials::Denials;
use crate::terminal::Relay;
use crate::verdict_text;

impl Guard {
    /// The reasons that count, for people.
    pub(super) fn text(&self, judgement: &Judgement) -> String {
        let strictest = judgement.verdict.decision();
        let telling = judgement.parts.iter().filter_map(|(argv, because)| {
            let because: Vec<_> = because.iter().filter(|reason| reason.decision() == strictest).cloned().collect();
            (!because.is_empty()).then(|| {
                verdict_text::report(&Verdict::new(because), argv, &self.settings.rules, &self.settings.sources)
            })
        });
        telling.collect()
    }

    pub(super) fn chain(&self, image: &Image) -> String {
        let mut text = String::new();
        for ancestor in self.tree.ancestry(image.pid).iter().take(8) {
            let words = verdict_text::shell_words(&ancestor.argv);
            text.push_str(&format!("  started by {}: {words} ({})\n", ancestor.pid, ancestor.program));
        }
        text
    }

    pub(super) fn write(&mut self, image: &Image, facts: &Facts, judged: &Judgement, action: Action) {
        let Some(record) = &mut self.record else { return };
        let Settings { rules, sources, .. } = &self.settings;
        let entry = Entry { image, facts, judged, action, tree: &self.tree, rules, sources };
        if let Err(error) = record.line(&entry)
            && !std::mem::replace(&mut self.record_failed, true)
        {
            tell(&format!("palisade: guard: the record is not complete: {error}\n"), &mut None);
        }
    }

    pub(super) fn tell_refused(
        &mut self,
        image: &Image,
        facts: &Facts,
        judged: &Judgement,
        action: Action,
        relay: &mut Option<Relay>,
    ) {
        self.killed += 1;
        let Settings { rules, sources, .. } = &self.settings;
        let entry = Entry { image, facts, judged, action, tree: &self.tree, rules, sources };
        if self.kept.len() < MOST_KEPT {
            let mut value = entry.value();
            if let Value::Object(fields) = &mut value {
                fields.insert("started_by".into(), json!(self.tree.ancestry(image.pid)));
            }
            self.kept.push(value);
            let program = image.program.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
            let why = if judged.verdict.decision() == Decision::Prompt { ", and nobody agreed" } else { "" };
            let text = format!(
                "palisade: guard: killed process {} before it ran `{program}`{why}\n{}{}",
                image.pid,
                self.text(judged),
                self.chain(image)
            );
            tell(&text, relay);
        }
    }

    /// Whether a SIGSYS only says that the sandbox's filter refused a call.
    pub(super) fn denies(&mut self, pid: Pid) -> bool {
        let program = self.tree.program_of(pid);
        self.settings.denials.as_mut().is_some_and(|denials| denials.refused(pid, program))
    }

    /// Whether denials are looked for.
    #[must_use]
    pub fn wants_denials(&self) -> bool {
        self.settings.denials.is_some()
    }

    /// Hands over what a listener hears of to who looks for denials.
    ///
    /// # Errors
    /// Why nobody can listen.
    pub fn listen(&mut self, listener: Arc<OwnedFd>) -> Result<(), String> {
        let (Some(denials), Some(listener)) = (&mut self.settings.denials, Arc::into_inner(listener)) else {
            return Err("denials: nobody asked for a listener".to_owned());
        };
        denials.listen(listener).map_err(|error| format!("denials: listening: {error}"))
    }

    /// What was denied, where that was looked for.
    #[must_use]
    pub fn denials(&self) -> Option<&Denials> {
        self.settings.denials.as_ref()
    }

    /// What was done, in one line; nothing where nothing was stopped.
    #[must_use]
    pub fn summary(&self) -> Option<String> {
        let mut parts = Vec::new();
        if self.killed > 0 {
            parts.push(format!("killed {} of {} programs before they ran", self.killed, self.execs));
        }
        if self.left_behind > 0 {
            parts.push(format!("ended {} processes that outlived the command", self.left_behind));
        }
        (!parts.is_empty()).then(|| format!("guard: {}", parts.join("; ")))
    }

    /// What was done, for the report.
    #[must_use]
    pub fn report(&self) -> Value {
        json!({
            "execs": self.execs,
            "asked": self.asked,
            "killed": self.killed,
            "left_behind": self.left_behind,
            "stopped": self.kept,
        })
    }
}
