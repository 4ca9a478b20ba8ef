//! `palisade hook status`: is the hook there, does it answer, and does the agent call it? Only the agent can show the last.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::json;

use super::{place, unusable};
use crate::cli::Format;
use crate::cli::hook::HookStatusArgs;
use crate::codex::account::Said;
use crate::codex::follow::{Followed, Limits, Listener, Start, follow};
use crate::codex::invocation::Release;
use crate::commands::codex::program;
use crate::commands::sandbox::{print, say};
use crate::exit;
use crate::hook::knock::Knock;
use crate::hook::place::{Agent, Place};
use crate::hook::{self, Entry};

/// How long an agent may take to ask and be denied.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was found of one hook.
#[derive(Debug, Serialize)]
struct Found {
    agent: Agent,
    file: PathBuf,
    project: Option<PathBuf>,
    command: String,
    /// What it answered when it was called directly; null when as it must.
    answers_wrongly: Option<String>,
    /// The agent that was asked, with its version.
    asked: Option<String>,
    live: bool,
    /// Why it is not.
    why: Option<String>,
}

/// Looks, asks, says; gives the status.
pub(super) fn main(args: &HookStatusArgs) -> Result<u8, u8> {
    let agents = args.agent.map_or_else(|| vec![Agent::Codex, Agent::Claude], |agent| vec![agent]);
    let mut found = Vec::new();
    for agent in agents {
        let place = place(&args.place, agent)?;
        for entry in hook::installed(&place).map_err(|refused| unusable(&refused))? {
            found.push(examine(args, &place, &entry));
        }
    }
    match args.format {
        Format::Json => print(&format!("{:#}\n", json!({ "hooks": found }))),
        Format::Text => print(&text(&found)),
    }
    if found.is_empty() {
        say("no hook is installed here; `palisade hook install` does that");
    }
    let live = !found.is_empty() && found.iter().all(|hook| hook.live);
    Ok(if live { exit::OK } else { exit::FINDINGS })
}

fn text(found: &[Found]) -> String {
    let mut out = String::new();
    for hook in found {
        let whose = if hook.project.is_some() { "a project" } else { "the user" };
        out.push_str(&format!("{}, hook of {whose}: {}\n", hook.agent.name(), hook.file.display()));
        out.push_str(&format!("    {}\n", hook.command));
        match &hook.answers_wrongly {
            None => out.push_str("    called directly, it denies\n"),
            Some(why) => out.push_str(&format!("    called directly, it does not deny: {}\n", why.trim_end())),
        }
        match (&hook.asked, &hook.why) {
            (Some(asked), None) => out.push_str(&format!("    live: {asked} was denied the command by it\n")),
            (_, why) => out.push_str(&format!("    not live: {}\n", why.as_deref().unwrap_or("nobody was asked"))),
        }
    }
    out
}

fn examine(args: &HookStatusArgs, place: &Place, entry: &Entry) -> Found {
    let mut found = Found {
        agent: place.agent,
        file: place.hooks.clone(),
        project: place.project.clone(),
        command: entry.command.clone(),
        answers_wrongly: None,
        asked: None,
        live: false,
        why: None,
    };
    let knock = match Knock::open(&number()) {
        Ok(knock) => knock,
        Err(error) => {
            found.why = Some(format!("nothing can listen on loopback: {error}"));
            return found;
        }
    };
    found.answers_wrongly = directly(place, entry, &knock).err();
    let asked = match place.agent {
        Agent::Codex => ask_codex(args, place, &knock),
        Agent::Claude => ask_claude(args, place, &knock),
    };
    let (name, followed) = match asked {
        Ok(asked) => asked,
        Err(why) => {
            found.why = Some(why);
            return found;
        }
    };
    found.why = match knock.told() {
        Some(told) if told.contains(&knock.denial()) => None,
        Some(told) if place.agent == Agent::Codex && !told.contains("hook") => Some(unheard(place, &name)),
        Some(told) if told.contains("hook") => Some(format!("another hook was faster, or it failed: {}", first(&told))),
        Some(_) => Some(format!("{name} ran the command without asking the hook")),
        None => Some(format!("{name} did not get as far as to ask: {}", last(&followed.errors))),
    };
    found.live = found.why.is_none();
    found.asked = Some(name);
    found
}

/// Why Codex did not ask: what it is known to want.
fn unheard(place: &Place, name: &str) -> String {
    let way = if hook::trusted(place) {
        "install it again with this version (`--codex` or `--codex-version`): up to 0.124 it needs a switch, and later a record of trust"
    } else {
        "the project is not trusted: `palisade hook install --project --trust-project`"
    };
    format!("{name} ran the command without asking the hook; {way}")
}

/// Calls the hook as an agent would.
fn directly(place: &Place, entry: &Entry, knock: &Knock) -> Result<(), String> {
    let cwd = place.project.clone().unwrap_or_else(|| PathBuf::from("/"));
    let call = json!({
        "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": { "command": knock.command() },
        "cwd": cwd, "tool_use_id": "palisade_hook_status", "session_id": "palisade-hook-status",
    });
    let child = Command::new("/bin/sh")
        .args(["-c", &super::install::line(entry)])
        .current_dir(&cwd)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.map_err(|error| error.to_string())?;
    if let Some(mut input) = child.stdin.take() {
        let _ = input.write_all(call.to_string().as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    let errors = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(2) && errors.contains(&knock.denial()) && output.stdout.is_empty() {
        return Ok(());
    }
    Err(format!("{}: {}", output.status, first(&errors)))
}

/// Starts Codex on the model of ours, in the configuration of the hook.
fn ask_codex(args: &HookStatusArgs, place: &Place, knock: &Knock) -> Result<(String, Followed), String> {
    let (program, release) = program(&args.which).map_err(|_| "there is no Codex to ask".to_owned())?;
    let mut words: Vec<String> = ["exec", "--json", "--ephemeral", "--skip-git-repo-check", "--sandbox", "read-only"]
        .map(str::to_owned)
        .to_vec();
    let provider = format!(
        "model_providers.palisade_hook_status={{name=\"palisade\",base_url=\"{}/v1\",request_max_retries=0,stream_max_retries=0}}",
        knock.url()
    );
    for setting in [
        "model=\"palisade-hook-status\"",
        "model_provider=\"palisade_hook_status\"",
        &provider,
        "check_for_update_on_startup=false",
        "analytics.enabled=false",
        "features.plugins=false",
        "features.apps=false",
    ] {
        words.extend(["-c".to_owned(), setting.to_owned()]);
    }
    words.extend(["--".to_owned(), "run the script".to_owned()]);
    let mut more = Vec::new();
    if let Some(home) = place.config.as_ref().and_then(|config| config.parent()) {
        more.push(("CODEX_HOME".into(), home.as_os_str().to_owned()));
    }
    let followed = started(&program, words, more, place)?;
    Ok((format!("codex {}", Release::to_string(&release)), followed))
}

/// Starts Claude Code on the model of ours.
fn ask_claude(args: &HookStatusArgs, place: &Place, knock: &Knock) -> Result<(String, Followed), String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("claude")).find(|file| file.is_file());
    let Some(program) = args.claude.clone().or(found) else {
        return Err("there is no `claude` on PATH to ask; name it with `--claude PATH`".into());
    };
    let words = ["-p", "run the script", "--allowedTools", "Bash", "--max-turns", "3"].map(str::to_owned).to_vec();
    let more = [
        ("ANTHROPIC_BASE_URL", knock.url()),
        ("ANTHROPIC_API_KEY", "none".into()),
        ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1".into()),
    ];
    let more = more.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    let followed = started(&program, words, more, place)?;
    Ok((format!("Claude Code ({})", program.display()), followed))
}

fn started(
    program: &Path,
    words: Vec<String>,
    more: Vec<(OsString, OsString)>,
    place: &Place,
) -> Result<Followed, String> {
    // A proxy would be asked for loopback too.
    let passes = |name: &OsString| {
        let name = name.to_string_lossy().to_ascii_lowercase();
        !name.ends_with("_proxy") && !name.starts_with("anthropic_")
    };
    let named: Vec<OsString> = more.iter().map(|(name, _)| name.clone()).collect();
    let mut environment: Vec<(OsString, OsString)> =
        std::env::vars_os().filter(|(name, _)| passes(name) && !named.contains(name)).collect();
    environment.extend(more);
    let start = Start {
        program: program.to_owned(),
        words,
        environment,
        cwd: place.project.clone().unwrap_or_else(|| PathBuf::from("/")),
        input: None,
        limits: Limits { hard: PATIENCE, idle: PATIENCE, first_output: PATIENCE },
        budget: None,
    };
    follow(start, &mut Silent).map_err(|error| format!("`{}` cannot be started: {error}", program.display()))
}

/// Nobody is told what the agent says.
struct Silent;

impl Listener for Silent {
    fn started(&mut self, _pid: u32) {}
    fn line(&mut self, _line: &[u8]) {}
    fn said(&mut self, _said: Said<'_>) {}
    fn listens(&mut self) -> bool {
        true
    }
}

/// A number that nobody can guess who does not see this process.
fn number() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let mixed = blake3::hash(format!("{now} {}", std::process::id()).as_bytes());
    mixed.to_hex().chars().take(16).collect()
}

fn first(text: &str) -> String {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or("(nothing)").chars().take(200).collect()
}

fn last(text: &str) -> String {
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("(it said nothing)").chars().take(200).collect()
}
