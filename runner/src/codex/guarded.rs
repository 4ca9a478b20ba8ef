//! The guard's record of a run of Codex, beside what the other traces tell: which programs each command really started. Pure.
//!
//! A command is found by its shell: the guard sees `SHELL -c SCRIPT` start, within Codex's own sandbox too, and everything below it
//! belongs to that command. What belongs to none is Codex's own work.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::Value;

use super::asked::{self, Asked};
use super::deed::{Deed, What};
use super::event::Trace;
use super::field::{maybe, strings, text};

/// How many programs of one command are kept; all are counted.
const KEPT: usize = 100;

/// A program that was about to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Program {
    /// The file.
    pub program: Option<String>,
    /// Its words.
    pub argv: Vec<String>,
    /// What the guard's rules say.
    pub decision: String,
    /// Whether it ran.
    pub ran: bool,
    /// Where the rule stands that decided, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// The programs of one command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Programs {
    /// How many there were, the shell of the command included.
    pub count: u64,
    /// How many of them were killed before they ran.
    pub killed: u64,
    /// The first of them.
    pub first: Vec<Program>,
}

/// One line of the record.
#[derive(Clone, Debug)]
struct Exec {
    pid: i64,
    parent: Option<i64>,
    program: Program,
}

/// What the guard saw.
#[derive(Clone, Debug, Default)]
pub struct Record {
    execs: Vec<Exec>,
    /// How many lines could not be read.
    pub unreadable: u64,
}

/// What was left when each program had been given to its command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rest {
    /// How many programs the guard saw.
    pub programs: u64,
    /// How many it killed.
    pub killed: u64,
    /// How many were Codex's own, by name.
    pub own: BTreeMap<String, u64>,
    /// How many lines of the record could not be read.
    pub unreadable: u64,
}

impl Record {
    /// Takes a line in.
    pub fn take(&mut self, line: &[u8]) {
        let parsed = serde_json::from_slice::<Value>(line).ok();
        match parsed.and_then(|value| exec(&value)) {
            Some(exec) => self.execs.push(exec),
            None if line.trim_ascii().is_empty() => {}
            None => self.unreadable += 1,
        }
    }

    /// Gives each deed its programs, and says where they contradict what the deed was told to be.
    pub fn join(self, deeds: &mut [Deed]) -> Rest {
        // Those that start a shell, by their script, in order; one that is known to have run is looked for first.
        let mut waiting: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, deed) in deeds.iter().enumerate() {
            if let Some(key) = key_of(deed) {
                waiting.entry(key).or_default().push(at);
            }
        }
        for places in waiting.values_mut() {
            places.sort_by_key(|at| deeds.get(*at).is_some_and(|deed| deed.outcome.refused()));
            places.reverse();
        }
        let mut rest = Rest { unreadable: self.unreadable, ..Rest::default() };
        let mut owners: HashMap<i64, usize> = HashMap::new();
        for exec in self.execs {
            rest.programs += 1;
            rest.killed += u64::from(!exec.program.ran);
            let inherited =
                exec.parent.and_then(|parent| owners.get(&parent)).or_else(|| owners.get(&exec.pid)).copied();
            let found = inherited.or_else(|| waiting.get_mut(&asked::key(&exec.program.argv))?.pop());
            let Some((at, deed)) = found.and_then(|at| Some((at, deeds.get_mut(at)?))) else {
                owners.remove(&exec.pid);
                let name = exec.program.argv.first().or(exec.program.program.as_ref()).cloned().unwrap_or_default();
                let name = name.rsplit('/').next().unwrap_or_default().to_owned();
                *rest.own.entry(name).or_default() += 1;
                continue;
            };
            owners.insert(exec.pid, at);
            deed.seen.insert(Trace::Guard);
            let programs = deed.programs.get_or_insert_with(Programs::default);
            programs.count += 1;
            programs.killed += u64::from(!exec.program.ran);
            // A killed one is what is asked about, so it is kept in any case.
            if programs.first.len() < KEPT || !exec.program.ran {
                programs.first.push(exec.program);
            }
        }
        for deed in deeds.iter_mut().filter(|deed| key_of(deed).is_some()) {
            let started = deed.programs.is_some();
            if started && deed.outcome.refused() {
                deed.contradictions.push(format!("guard: it was started; elsewhere: {}", deed.outcome));
            }
            if !started && deed.outcome.ran() {
                deed.contradictions.push(format!("guard: nothing of it was started; elsewhere: {}", deed.outcome));
            }
        }
        rest
    }
}

/// Under what the shell of a deed is found.
fn key_of(deed: &Deed) -> Option<String> {
    match &deed.what {
        // Codex takes a patch out of a script and applies it itself.
        What::Asked(asked @ Asked::Script { .. }) if asked.patched().is_empty() => asked.key(),
        What::Asked(asked @ Asked::Words { .. }) if asked.patched().is_empty() => asked.key(),
        What::Command { argv } => Some(asked::key(argv)),
        _ => None,
    }
}

fn exec(value: &Value) -> Option<Exec> {
    let pid = value.get("pid")?.as_i64()?;
    let reasons = value.get("reasons").and_then(Value::as_array);
    let decision = text(value, "decision");
    let rule = reasons.into_iter().flatten().find(|reason| {
        reason.get("kind").is_some_and(|kind| kind == "rule")
            && reason.get("decision").is_some_and(|said| *said == *decision)
    });
    let rule = rule.and_then(|rule| {
        let number = |key| rule.get(key).and_then(Value::as_u64);
        Some(format!("{}:{}:{}", maybe(rule, "file")?, number("line")?, number("column")?))
    });
    let killed = value.get("action").is_some_and(|action| action == "killed")
        || value.get("answer").is_some_and(|answer| answer == "no");
    Some(Exec {
        pid,
        parent: value.pointer("/parent/pid").and_then(Value::as_i64).filter(|parent| *parent != pid),
        program: Program {
            program: maybe(value, "program"),
            argv: strings(value, "argv"),
            decision,
            ran: !killed,
            rule,
        },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::codex::account::Account;
    use crate::codex::deed::deeds;
    use crate::codex::lines::Line;

    /// A deed of each script: from the log of a model, with what it was told.
    fn told(calls: &[(&str, &str)]) -> Vec<Deed> {
        let mut account = Account::default();
        for (at, (script, output)) in calls.iter().enumerate() {
            let line = json!({ "call_id": format!("c{at}"), "tool": "exec_command", "arguments": { "cmd": script }, "output": output });
            let line = line.to_string();
            account.take(Line { kept: line.as_bytes(), length: line.len() as u64 }, |_| {});
        }
        deeds(&[account])
    }

    fn record(execs: &[(i64, i64, &[&str], &str)]) -> Record {
        let mut record = Record::default();
        for (pid, parent, argv, action) in execs {
            let decision = if *action == "killed" { "forbidden" } else { "allow" };
            let value = json!({ "pid": pid, "ppid": parent, "parent": { "pid": parent }, "program": argv[0], "argv": argv,
                "decision": decision, "action": action, "reasons": [{ "kind": "rule", "decision": "forbidden", "file": "x.rules",
                "line": 1, "column": 2 }] });
            record.take(value.to_string().as_bytes());
        }
        record
    }

    const RAN: &str =
        "Chunk ID: 1\nWall time: 0.1 seconds\nProcess exited with code 0\nOriginal token count: 1\nOutput:\n";
    const REFUSED: &str = "exec_command failed: CreateProcess { message: \"Rejected(\\\"approval required by policy, but AskForApproval is set to Never\\\")\" }";

    #[test]
    fn each_program_belongs_to_the_command_that_started_it() {
        let mut deeds = told(&[("ls | wc", RAN), ("env git push", RAN), ("ls | wc", RAN)]);
        let rest = record(&[
            (10, 1, &["codex", "exec"], "ran"),
            (11, 10, &["git", "rev-parse"], "ran"),
            (20, 10, &["/bin/bash", "-c", "set up"], "ran"),
            (20, 20, &["/bin/bash", "-c", "ls | wc"], "ran"),
            (21, 20, &["ls"], "ran"),
            (30, 10, &["/bin/bash", "-lc", "env git push"], "ran"),
            (31, 30, &["env", "git", "push"], "ran"),
            (31, 30, &["git", "push"], "killed"),
            (40, 10, &["/bin/bash", "-lc", "ls | wc"], "ran"),
        ])
        .join(&mut deeds);
        let counts: Vec<_> =
            deeds.iter().map(|deed| deed.programs.as_ref().map(|all| (all.count, all.killed))).collect();
        assert_eq!(counts, [Some((2, 0)), Some((3, 1)), Some((1, 0))]);
        assert_eq!((rest.programs, rest.killed, rest.own.len()), (9, 1, 3), "{rest:?}");
        let killed = deeds[1].programs.as_ref().expect("programs").first.last().expect("the killed one");
        assert_eq!((killed.ran, killed.rule.as_deref()), (false, Some("x.rules:1:2")));
        assert!(deeds.iter().all(|deed| deed.contradictions.is_empty() && deed.seen.contains(&Trace::Guard)));
    }

    #[test]
    fn what_the_guard_saw_against_what_was_told_is_shown() {
        let mut deeds = told(&[("date", REFUSED), ("true", RAN)]);
        let mut record = record(&[(20, 10, &["/bin/bash", "-lc", "date"], "ran")]);
        record.take(b"half a l");
        let rest = record.join(&mut deeds);
        assert!(deeds[0].contradictions[0].contains("it was started"), "{:?}", deeds[0].contradictions);
        assert!(deeds[1].contradictions[0].contains("nothing of it was started"), "{:?}", deeds[1].contradictions);
        assert_eq!(rest.unreadable, 1);
    }
}
