//! `palisade hook run`: a verdict on the call that an agent is about to make.
//!
//! An agent lets a call run when its hook fails in any way but one. So every path through here that is not a clear `allow` ends
//! in that one: status 2 with the reason on standard error, and nothing on standard output.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use policy::decision::Decision;
use serde_json::{Value, json};

use crate::cli::hook::HookPolicyArgs;
use crate::codex::asked::Asked;
use crate::commands::banned;
use crate::commands::book::{Book, Habit, hashes, palisade, requirements};
use crate::commands::sandbox::say;
use crate::exit;
use crate::files::{Rules, load_rules};
use crate::hook::knock;
use crate::judging::{What, judge_here};
use crate::ledger::{Durability, Kind};
use crate::render::Colour;
use crate::verdict_text;

/// The status that denies.
const DENY: u8 = 2;

/// No call is larger, in bytes.
const LARGEST: u64 = 64 << 20;

/// Tools that read, plan or look, and execute and change nothing.
const HARMLESS: &[&str] = &[
    "Glob",
    "Grep",
    "LS",
    "NotebookRead",
    "Read",
    "TodoWrite",
    "list_mcp_resources",
    "read_mcp_resource",
    "update_plan",
    "view_image",
];

/// Tools that write the file they name.
const WRITERS: &[&str] = &["Edit", "MultiEdit", "NotebookEdit", "Write"];

/// Judges and answers; gives the status.
pub(super) fn main(args: &HookPolicyArgs) -> u8 {
    super::overdue::deny(DENY);
    let mut book = Book::begin(&args.book, Habit::Keeps, Durability::Kill);
    // Opening the ledger takes as long as judging does.
    if let Ok(Some(book)) = &mut book {
        book.open_beside();
    }
    // Where the hash of palisade itself is not at hand it takes as long as loading the rules does.
    let beside = || std::thread::Builder::new().name("own hash".into()).spawn(palisade).ok();
    let own = matches!(book, Ok(Some(_))).then(beside).flatten();
    let mut text = Vec::new();
    let read = std::io::stdin().take(LARGEST + 1).read_to_end(&mut text);
    let call = match read {
        Ok(_) if text.len() as u64 > LARGEST => Err("the call is larger than 64 MiB".to_owned()),
        Ok(_) => serde_json::from_slice::<Value>(&text).map_err(|error| format!("the call is no JSON: {error}")),
        Err(error) => Err(format!("the call cannot be read: {error}")),
    };
    let denied = call.as_ref().map_err(Clone::clone).and_then(|call| judge(args, call)).err();
    let call = call.unwrap_or(Value::Null);
    let book = book.map_err(|_| "denied: there is no place for the ledger".to_owned());
    let kept = book.and_then(|book| book.map_or(Ok(()), |book| keep(args, book, &call, denied.as_deref(), own)));
    let logged = args.log.as_deref().map_or(Ok(()), |path| log(path, call, denied.as_deref())).and(kept);
    match (denied, logged) {
        (None, Ok(())) => exit::OK,
        (Some(why), logged) => {
            say(why.trim_end());
            if let Err(why) = logged {
                say(why);
            }
            DENY
        }
        (None, Err(why)) => {
            say(why);
            DENY
        }
    }
}

/// `Ok` lets the call run; else why not.
fn judge(args: &HookPolicyArgs, call: &Value) -> Result<(), String> {
    let word = |key: &str| call.get(key).and_then(Value::as_str);
    match word("hook_event_name") {
        Some("PreToolUse") => {}
        Some(other) => return Err(format!("denied: this hook judges PreToolUse and not `{other}`")),
        None => return Err("denied: the call names no event".into()),
    }
    let Some(tool) = word("tool_name") else { return Err("denied: the call names no tool".into()) };
    let cwd = match word("cwd").map(PathBuf::from) {
        Some(cwd) if cwd.is_absolute() => cwd,
        _ => return Err("denied: the call does not say where it would run".into()),
    };
    if HARMLESS.contains(&tool) || args.allow_tool.iter().any(|allowed| allowed == tool) {
        return Ok(());
    }
    let input = call.get("tool_input").unwrap_or(&Value::Null);
    let asked = Asked::read(tool, input);
    let rules = load_rules(&args.rules.rules, &args.rules.packs, banned(args.rules.accept_banned))
        .map_err(|refusal| format!("denied: the rules cannot be used\n{}", refusal.text(Colour::Off)))?;
    // Denied whatever the rules say: `hook status` asks in this way whether the hook is called, and its rules load.
    if let Asked::Script { script } = &asked
        && let Some(number) = knock::number(script)
    {
        return Err(knock::denial(number));
    }
    match &asked {
        Asked::Script { script } => decided(args, &rules, What::Script(script), &cwd),
        Asked::Words { argv } => decided(args, &rules, What::Command(argv), &cwd),
        Asked::Patch { .. } => files(args, &rules, asked.patched(), &cwd),
        _ if WRITERS.contains(&tool) => {
            let named = ["file_path", "notebook_path"].iter().find_map(|key| input.get(key).and_then(Value::as_str));
            files(args, &rules, named.map(str::to_owned).into_iter().collect(), &cwd)
        }
        Asked::Unclear { .. } => Err(format!("denied: what `{tool}` is given is not understood")),
        _ => Err(format!("denied: nothing is known of the tool `{tool}`; `--allow-tool {tool}` would allow it")),
    }
}

/// Files that are written, as the command that writes them.
fn files(args: &HookPolicyArgs, rules: &Rules, files: Vec<String>, cwd: &Path) -> Result<(), String> {
    if files.is_empty() {
        return Err("denied: the patch names no file".into());
    }
    let argv: Vec<String> = std::iter::once("apply_patch".to_owned()).chain(files).collect();
    decided(args, rules, What::Command(&argv), cwd)
}

fn decided(args: &HookPolicyArgs, rules: &Rules, what: What<'_>, cwd: &Path) -> Result<(), String> {
    let tree = judge_here(&rules.set, what, cwd, args.default);
    let why = || verdict_text::tree(&tree, &rules.set, &rules.sources);
    match tree.decision() {
        Decision::Allow => Ok(()),
        Decision::Prompt => Err(format!("denied: it would have to be asked for, and nobody can be asked\n{}", why())),
        Decision::Forbidden => Err(format!("denied by policy\n{}", why())),
    }
}

/// Keeps the decision in the ledger, under the session of the agent. One that was named and cannot be written denies.
fn keep(
    args: &HookPolicyArgs,
    mut book: Book,
    call: &Value,
    denied: Option<&str>,
    own: Option<JoinHandle<Value>>,
) -> Result<(), String> {
    let word = |key: &str| call.get(key).and_then(Value::as_str);
    if let Some(session) = word("session_id").filter(|session| !session.is_empty() && session.len() <= 200) {
        book.of(session);
    }
    let input = call.get("tool_input").unwrap_or(&Value::Null);
    let command = input.get("command").and_then(Value::as_str).map_or_else(|| input.to_string(), str::to_owned);
    let decision = if denied.is_some() { "deny" } else { "allow" };
    let mut used = hashes("rules", args.rules.rules.iter().map(PathBuf::as_path));
    used.extend(requirements());
    used.push(own.and_then(|own| own.join().ok()).unwrap_or_else(palisade));
    book.add(
        Kind::Verdict,
        json!({
            "verb": "hook run", "id": word("tool_use_id"), "tool": word("tool_name"), "command": command, "cwd": word("cwd"),
            "decision": decision, "why": denied, "hashes": used,
        }),
    );
    if let Some(why) = denied {
        book.add(
            Kind::Denial,
            json!({ "id": word("tool_use_id"), "command": command, "by": "palisade hook", "why": why }),
        );
    }
    match book.write() {
        Err(fault) if book.named() => Err(format!("denied: {fault}")),
        Err(fault) => {
            say(fault);
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// Appends the call with its verdict, in one write, so that several hooks at once do not mix.
fn log(path: &Path, mut call: Value, denied: Option<&str>) -> Result<(), String> {
    let verdict = json!({ "denied": denied.is_some(), "why": denied });
    match call.as_object_mut() {
        Some(members) => drop(members.insert("palisade".into(), verdict)),
        None => call = json!({ "hook_event_name": "unreadable", "palisade": verdict }),
    }
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .and_then(|mut file| file.write_all(format!("{call}\n").as_bytes()))
        .map_err(|error| format!("denied: `{}` cannot be written: {error}", path.display()))
}
