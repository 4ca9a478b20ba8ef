//! Scripts, plays and recordings without a Codex.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::ask::Ask;
use super::play::{Log, Play, Reply};
use super::record::{Heard, Recorder};
use super::script::{Act, Script, write};
use crate::codex::invocation::Mode;

fn parse(text: &str) -> Script {
    Script::parse("s.toml", text).unwrap_or_else(|refused| panic!("{:?}", refused.found))
}

fn mistakes(text: &str) -> Vec<String> {
    let refused = Script::parse("s.toml", text).expect_err("a mistake");
    let place = |found: &policy::diagnostic::Diagnostic| {
        let place = refused.sources.place(found.labels[0].span);
        format!("{}:{}: {}", place.line, place.column, found.message)
    };
    refused.found.iter().map(place).collect()
}

/// A request of a thread with these items of the conversation.
fn ask(thread: &str, agent: bool, input: &Value) -> Ask {
    let kind: &[u8] = if agent { b"collab_spawn" } else { b"none" };
    let headers = [("thread-id", thread.as_bytes()), ("x-openai-subagent", kind), ("authorization", b"Bearer planted")];
    Ask::new(headers.into_iter(), json!({ "model": "m", "input": input }).to_string().as_bytes())
}

fn output(id: &str, text: &str) -> Value {
    json!({ "type": "function_call_output", "call_id": id, "output": text })
}

fn items(reply: &Reply) -> Vec<Value> {
    let Reply::Events(events) = reply else { panic!("{reply:?}") };
    events.iter().filter_map(|event| event.get("item").cloned()).collect()
}

const SCRIPT: &str = r#"
prompt = "go"
last = "done"
pause-ms = 0

[[call]]
id = "shell"
run = "bash -i"
tty = true
yield-ms = 500
expect = { outcome = "running" }

[[call]]
id = "typed"
type = "ls\n"
into = "shell"

[[call]]
id = "helper"
agent = "do the sub task"
wait = false

[[call]]
id = "inner"
thread = "helper"
run = "echo inner"

[[call]]
id = "both-1"
run = "true"
expect = { exit = 0, bypass = { exit = 3 }, read-only = { outcome = "refused" } }

[[call]]
id = "both-2"
beside = true
run = "false"

[[call]]
wait-for = "helper"
"#;

#[test]
fn each_mistake_is_told_with_its_place() {
    for (text, expected) in [
        ("[[call]]\nrum = \"x\"\n", "2:1: unknown key `rum`; what it asks for would not happen"),
        ("[[call]]\nid = \"a\"\n", "1:1: a call says not what it does"),
        ("[[call]]\nrun = \"a\"\npatch = \"b\"\n", "1:1: a call does one thing and not run and patch"),
        ("[[call]]\nid = \"a b\"\nrun = \"x\"\n", "2:6: `a b` cannot be the id of a call"),
        ("[[call]]\nid = \"a\"\nrun = \"x\"\n[[call]]\nid = \"a\"\nrun = \"y\"\n", "5:6: the id `a` is given twice"),
        ("[[call]]\nthread = \"who\"\nrun = \"x\"\n", "2:10: there is no sub-agent `who`"),
        ("[[call]]\nrun = \"x\"\nexpect = { outcome = \"rann\" }\n", "3:10: `rann` is no class of outcomes"),
        ("[[call]]\npatch = \"x\"\ntty = true\n", "1:1: `tty` means nothing beside `patch`"),
        ("[[call]]\ntype = \"x\"\ninto = \"no\"\n", "3:8: there is no command `no` to type into"),
        ("[[call]]\nbeside = true\nrun = \"x\"\n", "1:1: `beside` stands where no call is before"),
        ("[[call]]\nstatus = 200\n", "2:10: 200 is no HTTP status of a failure"),
        ("pause-ms = 99999999\n", "1:12: a pause of 99999999 ms is too long"),
        ("x = \n", "1:5: string values must be quoted, expected literal string"),
    ] {
        let got = mistakes(text);
        assert!(got[0].starts_with(expected.split(", expected").next().unwrap()), "{text}: {got:?}");
    }
}

#[test]
fn a_script_that_is_written_is_read_back_as_it_was() {
    let script = parse(SCRIPT);
    let mut again = parse(&write(&script));
    // Ids that were made up are told.
    again.steps.iter_mut().zip(&script.steps).for_each(|(step, was)| step.expect = was.expect.clone());
    assert_eq!(again, script);
    let odd = parse("[[call]]\ntool = \"t\"\narguments = { a = [1, \"x'''\\u0007\"], \"k.y\" = { b = true } }\n");
    assert_eq!(parse(&write(&odd)).steps, odd.steps);
    let lines = parse("[[call]]\nrun = \"a\\nb'''c\\n\\\\d\"\n[[call]]\npatch = \"x\\ny\\n\"\n");
    assert_eq!(parse(&write(&lines)).steps, lines.steps);
}

#[test]
fn a_play_hands_out_calls_in_order_and_threads_their_own() {
    let mut play = Play::new(parse(SCRIPT), Some(Mode::Bypass), None, None);
    let mut input = vec![json!({ "role": "user", "content": [{ "text": "go" }] })];
    let first = play.ask(&ask("root", false, &json!(input))).0;
    let arguments: Value = serde_json::from_str(items(&first)[0]["arguments"].as_str().unwrap()).unwrap();
    assert_eq!(arguments, json!({ "cmd": "bash -i", "tty": true, "yield_time_ms": 500 }));
    input.push(output("shell", "Chunk ID: 1\nProcess running with session ID 4711\nOutput:\n"));
    let typed = items(&play.ask(&ask("root", false, &json!(input))).0);
    assert!(typed[0]["arguments"].as_str().unwrap().contains("\"session_id\":4711"), "{typed:?}");
    input.push(output("typed", "Chunk ID: 1\nWall time: 0.0 seconds\nProcess exited with code 0\nOutput:\n"));
    let spawn = items(&play.ask(&ask("root", false, &json!(input))).0);
    assert_eq!((&spawn[0]["name"], &spawn[0]["namespace"]), (&json!("spawn_agent"), &json!("multi_agent_v1")));
    input.push(output("helper", "{\"agent_id\":\"agent-7\"}"));
    let told = json!([{ "role": "user", "content": [{ "text": "do the sub task" }] }]);
    let inner = items(&play.ask(&ask("sub", true, &told)).0);
    assert_eq!(inner[0]["call_id"], "inner");
    let both = items(&play.ask(&ask("root", false, &json!(input))).0);
    assert_eq!(both.iter().map(|item| item["call_id"].as_str().unwrap()).collect::<Vec<_>>(), ["both-1", "both-2"]);
    input.push(output("both-1", "Chunk ID: 1\nWall time: 0.0 seconds\nProcess exited with code 0\nOutput:\n"));
    input.push(output("both-2", "Chunk ID: 1\nWall time: 0.0 seconds\nProcess exited with code 1\nOutput:\n"));
    let wait = items(&play.ask(&ask("root", false, &json!(input))).0);
    assert!(wait[0]["arguments"].as_str().unwrap().contains("agent-7"), "{wait:?}");
    let last = items(&play.ask(&ask("root", false, &json!(input))).0);
    assert_eq!(last[0]["content"][0]["text"], "done");
    let played = play.finish();
    let failures: Vec<_> = played.calls.iter().flat_map(|told| &told.failures).collect();
    assert_eq!(failures, ["expected exit 3, got ran, exit 0"], "bypass expects otherwise");
    assert_eq!(played.unplayed, ["inner", "call-7"]);
}

/// A writer that others can look at.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_log_is_read_as_the_trace_of_a_model_and_holds_no_credential() {
    let shared = Shared::default();
    let log = Log::new(Box::new(shared.clone()));
    let mut play = Play::new(parse("pause-ms = 0\n[[call]]\nid = \"a\"\nrun = \"ls\"\n"), None, Some(log), None);
    play.ask(&ask("root", false, &json!([])));
    play.ask(&ask(
        "root",
        false,
        &json!([output("a", "Chunk ID: 1\nWall time: 0.0 seconds\nProcess exited with code 0\nOutput:\nx")]),
    ));
    play.finish();
    let text = String::from_utf8(shared.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("planted"), "{text}");
    let account = crate::codex::sessions::account_of(&mut text.as_bytes()).unwrap();
    assert_eq!(account.leftovers.unknown, 0, "{text}");
    let deeds = crate::codex::deed::deeds(&[account]);
    assert_eq!(deeds.iter().map(|deed| deed.outcome.exit()).collect::<Vec<_>>(), [Some(0)], "{text}");
}

#[test]
fn a_recording_replays_and_keeps_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recorded.toml");
    let shared = Shared::default();
    let mut recorder = Recorder::new(&path, Some(Log::new(Box::new(shared.clone()))));
    recorder.secrets(["planted-header-secret".to_owned()].into_iter());
    let key = format!("sk-{}", "abcdefghij0123456789");
    let mut input = vec![json!({ "role": "user", "content": [{ "text": format!("use {key}") }] })];
    let call = |id: &str, arguments: Value| {
        json!({ "type": "response.output_item.done", "item": {
            "type": "function_call", "call_id": id, "name": "exec_command", "arguments": arguments.to_string() } })
    };
    let done = json!({ "type": "response.completed", "response": { "id": "r", "usage": {
        "input_tokens": 9, "input_tokens_details": { "cached_tokens": 4 }, "output_tokens": 2, "output_tokens_details": {} } } });
    let number = recorder.asked(&ask("root", false, &json!(input)));
    let events = [call("c1", json!({ "cmd": format!("curl -H 'X: planted-header-secret' {key}") })), done.clone()];
    // Cut anywhere, also within a letter of an event.
    for chunk in super::answer::stream(&events).as_bytes().chunks(7) {
        recorder.heard(number, Heard::Bytes(chunk));
    }
    recorder.heard(number, Heard::End);
    input.push(output(
        "c1",
        &format!(
            "Chunk ID: 1\nWall time: 0.0 seconds\nProcess exited with code 7\nOutput:\n{key} planted-header-secret"
        ),
    ));
    let number = recorder.asked(&ask("root", false, &json!(input)));
    let say = json!({ "type": "response.output_item.done", "item": super::answer::message("done") });
    recorder.heard(number, Heard::Bytes(super::answer::stream(&[say, done]).as_bytes()));
    recorder.heard(number, Heard::End);
    let number = recorder.asked(&ask("root", false, &json!(input)));
    recorder.heard(number, Heard::Status(429));
    assert_eq!(recorder.finish(), (3, Vec::new()));
    let text = std::fs::read_to_string(&path).unwrap();
    let logged = String::from_utf8(shared.0.lock().unwrap().clone()).unwrap();
    for secret in [key.as_str(), "planted-header-secret"] {
        assert!(!text.contains(secret) && !logged.contains(secret), "{text}\n{logged}");
    }
    let script = parse(&text);
    assert!(matches!(&script.steps[0].act, Act::Run(script, _) if script.starts_with("curl -H 'X: [masked: known]'")));
    assert_eq!((script.steps[0].id.as_str(), script.steps[0].expect.exit), ("c1", Some(7)));
    assert_eq!((&script.steps[1].act, &script.steps[2].act), (&Act::Say("done".into()), &Act::Status(429)));
    assert_eq!(script.steps[0].usage.map(|usage| (usage.input, usage.cached)), Some((9, 4)));
}
