//! What the guard saw, for machines: one object a line (`--record`), and the killed ones in the report.
//!
//! The README documents the fields; `palisade learn` reads them back.

use std::fs::File;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::time::{Instant, SystemTime};

use policy::ruleset::RuleSet;
use policy::source::Sources;
use policy::verdict::Reason;
use serde_json::{Value, json};

use super::facts::Facts;
use super::image::Image;
use super::judge::Judgement;
use super::origin::Origin;
use crate::moment::rfc3339;

/// What became of an exec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// It ran.
    Ran,
    /// It was killed.
    Killed,
    /// A person was asked, now or earlier, and said yes; or there was nobody, or the answer was no.
    Asked { yes: bool },
}

/// Where the lines go.
#[derive(Debug)]
pub(super) struct Record {
    file: File,
    start: Instant,
}

impl Record {
    pub(super) fn new(file: File) -> Self {
        Self { file, start: Instant::now() }
    }

    /// Writes one line.
    ///
    /// # Errors
    /// The record cannot be written.
    pub(super) fn line(&mut self, entry: &Entry<'_>) -> std::io::Result<()> {
        let mut object = entry.value();
        if let Value::Object(fields) = &mut object {
            let ms = (self.start.elapsed().as_micros() as f64) / 1e3;
            fields.shift_insert(0, "ms".into(), json!(ms));
            fields.shift_insert(1, "time".into(), json!(rfc3339(SystemTime::now())));
        }
        let mut line = object.to_string();
        line.push('\n');
        self.file.write_all(line.as_bytes())
    }
}

/// One exec with everything that is known about it.
pub(super) struct Entry<'a> {
    pub(super) image: &'a Image,
    pub(super) facts: &'a Facts,
    pub(super) judged: &'a Judgement,
    pub(super) action: Action,
    pub(super) origin: &'a Origin,
    pub(super) rules: &'a RuleSet,
    pub(super) sources: &'a Sources,
}

impl Entry<'_> {
    pub(super) fn value(&self) -> Value {
        let Self { image, facts, judged, origin, .. } = self;
        let starter = origin.started_by.as_deref();
        let words = image.words();
        let lossy = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
        let mut value = json!({
            "pid": image.pid.as_raw(),
            "ppid": origin.parent,
            "parent": starter.map(|program| json!({ "pid": program.pid, "program": program.path, "argv": program.argv })),
            "program": image.program.as_ref().map(|path| lossy(path.as_os_str().as_bytes())),
            "argv": words.iter().map(|word| lossy(word)).collect::<Vec<_>>(),
            "cwd": image.cwd().map(|path| lossy(path.as_os_str().as_bytes())),
            "via": if image.is_memory() { "memfd" } else if image.by_descriptor() { "fd" } else { "path" },
            "script": facts.script.as_ref().and_then(|script| script.argv.first()),
            "certain": facts.proven(),
            "decision": judged.verdict.decision(),
            "reasons": self.reasons(),
            "action": match self.action { Action::Ran => "ran", Action::Killed => "killed", Action::Asked { .. } => "asked" },
        });
        if let Value::Object(fields) = &mut value {
            if words.iter().any(|word| std::str::from_utf8(word).is_err()) {
                let hex = |word: &[u8]| word.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
                fields.insert("argv_hex".into(), words.iter().map(|word| hex(word)).collect());
            }
            if let Action::Asked { yes } = self.action {
                fields.insert("answer".into(), json!(if yes { "yes" } else { "no" }));
            }
        }
        value
    }

    fn reasons(&self) -> Vec<Value> {
        let counted =
            self.judged.parts.iter().flat_map(|(argv, because)| because.iter().map(move |one| (Some(argv), one)));
        let mut reasons: Vec<Value> = counted.map(|(argv, reason)| self.reason(reason, argv)).collect();
        for reason in &self.judged.aside {
            let mut value = self.reason(reason, None);
            if let Value::Object(fields) = &mut value {
                fields.insert("aside".into(), json!(true));
            }
            reasons.push(value);
        }
        reasons
    }

    fn reason(&self, reason: &Reason, argv: Option<&Vec<String>>) -> Value {
        let decision = reason.decision();
        match reason {
            Reason::Rule { id, matched, program, .. } => {
                let rule = self.rules.rule(*id);
                let place = rule.and_then(|rule| rule.at()).map(|at| self.sources.place(at));
                json!({
                    "kind": "rule",
                    "decision": decision,
                    "file": place.as_ref().map(|place| place.file.clone()),
                    "line": place.as_ref().map(|place| place.line),
                    "column": place.as_ref().map(|place| place.column),
                    "matched": argv.and_then(|argv| argv.get(..*matched as usize)),
                    "name": program,
                    "justification": rule.and_then(|rule| rule.justification()),
                })
            }
            Reason::NoRule { .. } => json!({ "kind": "no_rule", "decision": decision }),
            Reason::Opaque { what, .. } => json!({ "kind": "opaque", "decision": decision, "what": what }),
            _ => json!({ "kind": "empty", "decision": decision }),
        }
    }
}
