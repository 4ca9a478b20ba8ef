//! One side: a script, or a prompt, under one mode of one version, each on fresh ground, through `palisade codex exec`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ground::Ground;
use crate::codex::effects::{Seen, effects};
use crate::codex::finish::Finish;
use crate::codex::invocation::Mode;
use crate::codex::read::spoken;
use crate::model::expect::class;
use crate::model::home;
use crate::model::play::{Play, Told, Watcher};
use crate::model::script::{Act, Given, Script, Step, TOKENS, Tokens};
use crate::model::serve::{Behind, Server};
use crate::secrets::mask;

/// What is done.
#[derive(Clone, Copy, Debug)]
pub(super) enum Work<'a> {
    /// A script is played.
    Script(&'a Script),
    /// The model that the user has is asked, with the configuration in this CODEX_HOME.
    Prompt(&'a str, &'a Path),
}

/// A side to run.
#[derive(Clone, Debug)]
pub(super) struct Job<'a> {
    pub(super) program: &'a Path,
    pub(super) version: &'a str,
    pub(super) mode: Mode,
    pub(super) work: Work<'a>,
    /// Rule files beside those of the script.
    pub(super) rules: &'a [PathBuf],
    pub(super) model: Option<&'a str>,
    /// How many seconds Codex may take, if not as many as `codex exec` lets it.
    pub(super) timeout: Option<f64>,
    /// Where its ground is laid.
    pub(super) top: &'a Path,
    pub(super) run: String,
    /// Whether all is to end, and what is to be told so.
    pub(super) stop: &'a Stop,
}

/// The end of everything, on a signal.
#[derive(Debug, Default)]
pub(super) struct Stop {
    signal: AtomicI32,
    running: Mutex<Vec<Pid>>,
}

impl Stop {
    /// The signal, if one has come.
    pub(super) fn signal(&self) -> Option<i32> {
        Some(self.signal.load(Ordering::Acquire)).filter(|signal| *signal != 0)
    }

    /// Tells every side; each ends all below it and gives its ground back.
    pub(super) fn all(&self, signal: i32) {
        self.signal.store(signal, Ordering::Release);
        for pid in self.running.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = nix::sys::signal::kill(*pid, Signal::SIGTERM);
        }
    }

    /// Waits for a side, which is told when the end comes.
    fn wait(&self, mut command: Command) -> std::io::Result<Output> {
        let child = {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            if self.signal().is_some() {
                return Err(std::io::ErrorKind::Interrupted.into());
            }
            let child = command.spawn()?;
            running.push(Pid::from_raw(child.id().cast_signed()));
            child
        };
        let pid = Pid::from_raw(child.id().cast_signed());
        let output = child.wait_with_output();
        self.running.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| *known != pid);
        output
    }
}

/// A side that was run.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Side {
    pub(super) version: String,
    pub(super) mode: Mode,
    pub(super) program: PathBuf,
    /// How the run ended.
    pub(super) finish: Value,
    pub(super) milliseconds: Option<u64>,
    /// Tokens of the run.
    pub(super) tokens: Value,
    pub(super) calls: Vec<Call>,
    /// What changed, and belongs to no single call.
    pub(super) effects: Vec<String>,
    /// What went wrong with the run itself.
    pub(super) problem: Option<String>,
}

/// A call on one side.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) about: Option<String>,
    pub(super) command: String,
    /// The decision of the policy.
    pub(super) policy: Option<String>,
    /// That of Codex's own reading of the same rules.
    pub(super) codex: Option<String>,
    pub(super) rules: Vec<String>,
    /// The class of its outcome.
    pub(super) class: String,
    /// Its outcome in words.
    pub(super) did: String,
    pub(super) exit: Option<i64>,
    pub(super) refused: bool,
    /// The policy forbids it, and it ran.
    pub(super) finding: bool,
    pub(super) output: String,
    pub(super) effects: Vec<String>,
    /// How often the probe was reached.
    pub(super) network: u64,
    pub(super) tokens: Option<Tokens>,
    pub(super) missing_from_events: Option<bool>,
    pub(super) failures: Vec<String>,
}

impl Side {
    /// Its tokens on one line.
    pub(super) fn spent(&self) -> String {
        let number = |key: &str| self.tokens.get(key).and_then(Value::as_u64).unwrap_or_default();
        format!("{} in ({} cached), {} out", number("input"), number("cached"), number("output"))
    }

    /// The same call on this side.
    pub(super) fn call(&self, like: &Call) -> Option<&Call> {
        self.calls.iter().find(|call| call.id == like.id)
    }
}

/// What was seen between two answers of the model.
struct Moment {
    ids: Vec<String>,
    effects: Vec<String>,
    hits: u64,
}

/// Tells a side's process who has started it.
pub(super) const PARENT: &str = "PALISADE_COMPARED_BY";

/// How much of an output is kept, in characters.
const KEPT: usize = 600;

/// Runs a side.
pub(super) fn run(job: &Job<'_>) -> Result<Side, String> {
    let failed = |error: std::io::Error| format!("the ground cannot be laid in `{}`: {error}", job.top.display());
    let script = match job.work {
        Work::Script(script) => Some(script),
        Work::Prompt(..) => None,
    };
    let ground = Arc::new(Ground::lay(job.top, job.run.clone(), script).map_err(failed)?);
    let home = ground.path("codex-home");
    let moments = Arc::new(Mutex::new(Vec::new()));
    let begin = ground.look();
    let last = Arc::new(Mutex::new((begin.clone(), 0)));
    let (play, server) = match job.work {
        Work::Script(script) => {
            let filled = filled(script, &ground);
            let watcher = watcher(&ground, &moments, &last);
            let play = Arc::new(Mutex::new(Play::new(filled.clone(), Some(job.mode), None, Some(watcher))));
            let server = Server::start(0, Behind::Script(Arc::clone(&play))).map_err(failed)?;
            home::write(&home, &server.url(), filled.kind, filled.rules.as_deref()).map_err(failed)?;
            if let Some(trust) = &script.trust {
                let workspace = ground.path("workspace").canonicalize().map_err(failed)?;
                let key = toml::Value::String(workspace.to_string_lossy().into_owned());
                let mut text = std::fs::read_to_string(home.join("config.toml")).map_err(failed)?;
                text.push_str(&format!("[projects.{key}]\ntrust_level = \"{trust}\"\n"));
                std::fs::write(home.join("config.toml"), text).map_err(failed)?;
            }
            (Some((play, filled)), Some(server))
        }
        Work::Prompt(_, from) => {
            for file in ["config.toml", "auth.json"] {
                if from.join(file).exists() {
                    std::fs::copy(from.join(file), home.join(file)).map_err(failed)?;
                }
            }
            (None, None)
        }
    };
    let rules = rules(job, &home).map_err(failed)?;
    let report = codex(job, &ground, &home, &rules)?;
    drop(server);
    let mut side = Side {
        version: job.version.to_owned(),
        mode: job.mode,
        program: job.program.to_owned(),
        finish: report.get("finish").cloned().unwrap_or_default(),
        milliseconds: report.get("milliseconds").and_then(Value::as_u64),
        tokens: report.get("used").cloned().unwrap_or_default(),
        calls: Vec::new(),
        effects: Vec::new(),
        problem: None,
    };
    let mut problems = Vec::new();
    match Finish::deserialize(&side.finish) {
        Ok(Finish::Completed) => {}
        Ok(finish) => problems.push(format!("the run did not complete: {finish}")),
        Err(_) => problems.push("how the run ended is unknown".to_owned()),
    }
    let deeds = report.get("deeds").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    match play {
        Some((play, script)) => {
            let played = play.lock().unwrap_or_else(PoisonError::into_inner).finish();
            let moments = moments.lock().unwrap_or_else(PoisonError::into_inner);
            for told in &played.calls {
                let step = script.steps.iter().find(|step| step.id == told.id);
                let deed = deeds.iter().find(|deed| deed.get("id").is_some_and(|id| *id == told.id.as_str()));
                let moment = moments.iter().find(|moment: &&Moment| moment.ids.first() == Some(&told.id));
                side.calls.push(scripted(told, step, deed, moment, &ground));
            }
            if !played.unplayed.is_empty() {
                problems.push(format!("never made or never answered: {}", played.unplayed.join(", ")));
            }
            let (before, _) = &*last.lock().unwrap_or_else(PoisonError::into_inner);
            side.effects = effects(before, &ground.look());
        }
        None => {
            for deed in deeds {
                let call = unscripted(deed, &side.calls, &ground);
                side.calls.push(call);
            }
            side.effects = effects(&begin, &ground.look());
            if ground.hits() > 0 {
                side.effects.push("reaching the probe on loopback".into());
            }
        }
    }
    side.problem = Some(problems.join("; ")).filter(|problem| !problem.is_empty());
    Ok(side)
}

/// Tells what changed while calls were executed.
fn watcher(ground: &Arc<Ground>, moments: &Arc<Mutex<Vec<Moment>>>, last: &Arc<Mutex<(Seen, u64)>>) -> Watcher {
    let (ground, moments, last) = (Arc::clone(ground), Arc::clone(moments), Arc::clone(last));
    Box::new(move |told: &[Told]| {
        let (now, hits) = (ground.look(), ground.hits());
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if !told.is_empty() {
            let ids = told.iter().map(|told| told.id.clone()).collect();
            let moment = Moment { ids, effects: effects(&last.0, &now), hits: hits - last.1 };
            moments.lock().unwrap_or_else(PoisonError::into_inner).push(moment);
        }
        *last = (now, hits);
    })
}

/// The script with what is this side's own.
fn filled(script: &Script, ground: &Ground) -> Script {
    let step = |step: &Step| {
        let act = match &step.act {
            Act::Run(text, more) => Act::Run(ground.fill(text), more.clone()),
            Act::Patch(text) => Act::Patch(ground.fill(text)),
            Act::Type(text, into, more) => Act::Type(ground.fill(text), into.clone(), more.clone()),
            Act::Code(text) => Act::Code(ground.fill(text)),
            Act::Tool(name, space, Given::Input(text)) => {
                Act::Tool(name.clone(), space.clone(), Given::Input(ground.fill(text)))
            }
            other => other.clone(),
        };
        Step { act, ..step.clone() }
    };
    Script {
        rules: script.rules.as_deref().map(|rules| ground.fill(rules)),
        steps: script.steps.iter().map(step).collect(),
        ..script.clone()
    }
}

/// Puts the rules that were named beside those of the script, and gives where they are.
fn rules(job: &Job<'_>, home: &Path) -> std::io::Result<Option<PathBuf>> {
    let folder = home.join("rules");
    for (number, file) in job.rules.iter().enumerate() {
        std::fs::create_dir_all(&folder)?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        std::fs::copy(file, folder.join(format!("{number}-{name}.rules")))?;
    }
    Ok(folder.is_dir().then_some(folder))
}

/// Runs the side through the verb that follows Codex, and gives its report.
fn codex(job: &Job<'_>, ground: &Ground, home: &Path, rules: &Option<PathBuf>) -> Result<Value, String> {
    let own = std::env::current_exe().map_err(|error| format!("palisade itself is not found: {error}"))?;
    let file = ground.path("report.json");
    let mut command = Command::new(own);
    command.args(["codex", "exec", "--no-ledger", "--accept-banned", "--mode", job.mode.name()]);
    command.arg("--codex").arg(job.program).arg("--codex-home").arg(home);
    command.arg("--cwd").arg(ground.path("workspace")).arg("--report").arg(&file);
    if let Some(rules) = rules {
        command.arg("--rules").arg(rules);
    }
    if let Some(model) = job.model {
        command.args(["--model", model]);
    }
    if let Some(seconds) = job.timeout {
        command.args(["--timeout", &seconds.to_string()]);
    }
    let prompt = match job.work {
        Work::Script(script) => script.prompt.as_deref().unwrap_or("run the script"),
        Work::Prompt(prompt, _) => prompt,
    };
    command.arg("--").arg(prompt);
    command.env("HOME", ground.path("home")).env_remove("CODEX_HOME").env_remove("TMPDIR");
    // What is typed into a shell, or a tool in it, asks for nothing.
    command.env(PARENT, std::process::id().to_string());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = job.stop.wait(command).map_err(|error| format!("palisade cannot be started: {error}"))?;
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    serde_json::from_str(&text).map_err(|_| {
        let said = String::from_utf8_lossy(&output.stderr);
        format!("{} {}: {}", job.version, job.mode.name(), said.trim())
    })
}

fn judged(deed: Option<&Value>, ground: &Ground) -> (Option<String>, Option<String>, Vec<String>, bool) {
    let judgement = deed.and_then(|deed| deed.get("judgement"));
    let word = |key: &str| judgement?.get(key)?.as_str().map(str::to_owned);
    let rules = judgement.and_then(|judgement| judgement.get("rules")).and_then(Value::as_array);
    let place = |rule: &Value| {
        let whole = ground.plain(rule.as_str().unwrap_or_default());
        whole.rsplit('/').next().unwrap_or_default().to_owned()
    };
    let rules = rules.map(|rules| rules.iter().map(place).collect()).unwrap_or_default();
    (word("decision"), word("codex"), rules, judgement.is_some_and(|judgement| judgement["finding"] == true))
}

fn short(text: &str, ground: &Ground) -> String {
    let text = mask(text, &[]);
    let text = ground.plain(text.trim_end());
    if text.chars().count() <= KEPT { text } else { text.chars().take(KEPT).chain("...".chars()).collect() }
}

fn scripted(told: &Told, step: Option<&Step>, deed: Option<&Value>, moment: Option<&Moment>, ground: &Ground) -> Call {
    let text = told.output.as_ref().map(spoken).unwrap_or_default();
    // What Codex says about it ends in front of what it printed.
    let printed = text.split_once("\nOutput:\n").map_or(text.as_str(), |(_, printed)| printed);
    let (policy, codex, rules, finding) = judged(deed, ground);
    Call {
        id: told.id.clone(),
        about: step.and_then(|step| step.about.clone()),
        command: ground.plain(&step.map(|step| step.act.line()).unwrap_or_default()),
        policy,
        codex,
        rules,
        class: class(&told.outcome),
        did: ground.plain(&told.outcome.to_string()),
        exit: told.outcome.exit(),
        refused: told.outcome.refused(),
        finding,
        output: short(printed, ground),
        effects: moment.map(|moment| moment.effects.clone()).unwrap_or_default(),
        network: moment.map_or(0, |moment| moment.hits),
        tokens: step.filter(|step| !step.beside).map(|step| step.usage.unwrap_or(TOKENS)),
        missing_from_events: deed.and_then(|deed| deed.get("missing_from_events")).and_then(Value::as_bool),
        failures: told.failures.iter().map(|failure| ground.plain(failure)).collect(),
    }
}

/// A call of a real model is known again by what it executes, and by how often that was executed before.
fn unscripted(deed: &Value, before: &[Call], ground: &Ground) -> Call {
    let text = |key: &str| deed.get(key).and_then(Value::as_str).map(str::to_owned);
    let words = deed.get("argv").map(Value::to_string);
    let command = text("script").or_else(|| text("text")).or(words).or_else(|| text("tool")).unwrap_or_default();
    let command = ground.plain(&command);
    let times = before.iter().filter(|call| call.command == command).count() + 1;
    let (policy, codex, rules, finding) = judged(Some(deed), ground);
    let outcome = deed.get("outcome").cloned().unwrap_or_default();
    let class = outcome.get("class").and_then(Value::as_str).unwrap_or_default().to_owned();
    let exit = outcome.get("exit").and_then(Value::as_i64);
    let ran = ["ran", "running", "sandbox-denied"].contains(&class.as_str());
    Call {
        id: if times == 1 { command.clone() } else { format!("{command} ({times})") },
        about: None,
        command,
        policy,
        codex,
        rules,
        did: exit.map_or_else(|| class.clone(), |exit| format!("{class}, exit {exit}")),
        refused: !ran && class != "answered" && class != "unknown",
        class,
        exit,
        finding,
        output: String::new(),
        effects: Vec::new(),
        network: 0,
        tokens: None,
        missing_from_events: deed.get("missing_from_events").and_then(Value::as_bool),
        failures: Vec::new(),
    }
}

/// A side as a record of the ledger has it.
pub(super) fn facts(side: &Side, call: &Call) -> Value {
    json!({
        "id": call.id, "command": call.command, "version": side.version, "mode": side.mode, "outcome": call.class, "exit": call.exit,
        "output": call.output, "missing_from_events": call.missing_from_events, "network": call.network,
    })
}
