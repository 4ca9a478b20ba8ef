//! What stands around the real Codex: a version by its number, an earlier conversation, the guard, an outer sandbox; and model servers
//! that misbehave in every way.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::codex_run::{for_each, palisade, run};
use crate::peers;
use crate::sandboxed::tmp_shared;
use crate::scripted_model::{Home, Turn};

/// The folder of packages that a peer is in.
fn packages(version: &str) -> PathBuf {
    let program = peers::codex(version);
    let all: Vec<_> = program.ancestors().filter(|folder| folder.ends_with("node_modules")).collect();
    all.last().expect("node_modules").to_path_buf()
}

#[test]
fn a_version_is_taken_from_its_package_and_one_that_is_missing_is_named_with_the_way_to_it() {
    let home = Home::new(vec![Turn::Says("hello")]);
    let folder = packages("0.125.0");
    let named = |version: &'static str| {
        let folder = folder.to_str().expect("UTF-8").to_owned().leak();
        ["--codex-version", version, "--codex-packages", folder]
    };
    let found = palisade(&home, &named("0.125.0"), &["exec", "hello"]);
    assert_eq!((found.status(), &found.report["version"]), (Some(0), &"0.125.0".into()), "{}", found.what());
    let missing = palisade(&home, &named("0.99.0"), &["exec", "hello"]);
    assert_eq!(missing.status(), Some(127), "{}", missing.what());
    assert!(missing.what().contains("npm install --prefix ") && missing.what().contains("@openai/codex@0.99.0"));
    let wrong = palisade(&home, &["--codex-version", "newest"], &["exec", "hello"]);
    assert_eq!(wrong.status(), Some(2), "{}", wrong.what());
}

#[test]
fn an_earlier_conversation_comes_before_the_prompt_of_a_new_thread() {
    let home = Home::new(vec![
        Turn::Calls(vec![("first", "echo a > first.txt")]),
        Turn::Says("I made a file."),
        Turn::Says("I know."),
        Turn::Says("I still know."),
    ]);
    let first = run(&home, "0.169.0", &["exec", "--mode", "full-auto", "make a file"]);
    assert_eq!(first.status(), Some(0), "{}", first.what());
    let thread = first.report["thread"].as_str().expect("a thread").to_owned();
    let second = run(&home, "0.125.0", &["exec", "--continue", &thread, "--via", "context", "what did you do?"]);
    assert_eq!(second.status(), Some(0), "{}", second.what());
    assert_ne!(second.report["thread"], thread.as_str(), "a new thread, of another version");
    assert_eq!(second.report["context"]["thread"], thread.as_str(), "{}", second.what());
    let again = second.report["thread"].as_str().expect("a thread");
    let files: Vec<_> = walk(home.path().join("sessions"))
        .into_iter()
        .filter(|file| file.ends_with(&format!("{again}.jsonl")))
        .collect();
    let told = std::fs::read_to_string(files.first().expect("a session file")).expect("text");
    for part in ["make a file", "$ echo a > first.txt", "I made a file.", "what did you do?"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let third = run(&home, "0.169.0", &["exec", "--continue", &thread, "and now?"]);
    assert_eq!((third.status(), &third.report["thread"]), (Some(0), &thread.as_str().into()), "{}", third.what());
    let unknown =
        run(&home, "0.169.0", &["exec", "--continue", "01a1f89b-45e2-7040-b544-515c06110566", "--via", "context", "x"]);
    assert_eq!(unknown.status(), Some(2), "{}", unknown.what());
}

fn walk(folder: PathBuf) -> Vec<String> {
    let (mut folders, mut files) = (vec![folder], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path())
            } else {
                files.push(entry.path().display().to_string())
            }
        }
    }
    files
}

#[test]
fn the_guard_sees_into_the_sandbox_of_codex_and_kills_what_is_forbidden() {
    for_each(|user, version| {
        for mode in ["full-auto", "bypass"] {
            let home = Home::of(
                user,
                vec![
                    Turn::Calls(vec![("permitted", "true; /bin/echo a > inside.txt")]),
                    Turn::Calls(vec![("disguised", "sh -c 'env git push origin main'; echo $?")]),
                    Turn::Says("finished"),
                ],
            );
            let rules = home.folder().join("team.rules");
            std::fs::write(&rules, "prefix_rule(pattern = [\"git\", \"push\"], decision = \"forbidden\")\n")
                .expect("rules");
            let rules = rules.to_str().expect("UTF-8");
            let run = run(&home, version, &["exec", "--mode", mode, "--guard", "--rules", rules, "run the script"]);
            let what = format!("{user:?} {version} {mode}: {}", run.what());
            assert_eq!(run.status(), Some(0), "nothing that is forbidden ran: {what}");
            assert!(home.workspace().join("inside.txt").exists(), "{what}");
            let disguised = run.deed("disguised");
            assert_eq!(
                (&disguised["programs"]["killed"], &disguised["judgement"]["decision"]),
                (&1.into(), &"forbidden".into()),
                "{what}"
            );
            let programs = disguised["programs"]["first"].as_array().expect("programs");
            let killed = programs.iter().find(|program| program["ran"] == false).expect("a killed one");
            assert!(killed["rule"].as_str().expect("a rule").ends_with("team.rules:1:1"), "{what}");
            assert!(disguised["seen"].as_array().expect("traces").contains(&"guard".into()), "{what}");
            assert_eq!(run.deed("permitted")["programs"]["killed"], 0, "{what}");
            assert!(run.deed("permitted")["programs"]["count"].as_u64().expect("a number") >= 2, "{what}");
            assert!(run.report["guard"]["own"]["codex"].as_u64().expect("a number") >= 1, "{what}");
            assert_eq!(run.deed("permitted")["contradictions"], Value::Array(Vec::new()), "{what}");
        }
    });
}

#[test]
fn bypass_in_an_outer_sandbox_writes_the_workspace_and_reaches_the_model_alone() {
    let _tmp = tmp_shared();
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = listener.local_addr().expect("an address").port();
    let ask = |name: &str| format!("(exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && touch {name}; true");
    for_each(|user, version| {
        for outer in [false, true] {
            let home = Home::of(
                user,
                vec![
                    Turn::Calls(vec![("inside", "echo a > inside.txt")]),
                    Turn::Calls(vec![("outside", "echo a > ../outside.txt")]),
                    Turn::Calls(vec![("network", ask("reached.txt").leak())]),
                    Turn::Calls(vec![("proxy", "curl -sS --max-time 5 https://example.com > /dev/null; true")]),
                    Turn::Says("finished"),
                ],
            );
            let mut arguments = vec!["exec", "--mode", "bypass", "run the script"];
            if outer {
                arguments.insert(1, "--outer");
                arguments.insert(1, "--guard");
            }
            let run = run(&home, version, &arguments);
            let what = format!("{user:?} {version} outer {outer}: {}", run.what());
            assert_eq!((run.status(), &run.report["finish"]["class"]), (Some(0), &"completed".into()), "{what}");
            assert!(home.workspace().join("inside.txt").exists(), "{what}");
            assert_eq!(home.folder().join("outside.txt").exists(), !outer, "{what}");
            assert_eq!(home.workspace().join("reached.txt").exists(), !outer, "{what}");
            if outer {
                assert!(run.report["outer"]["passed"].as_u64().expect("a number") >= 5, "{what}");
                assert!(run.report["guard"]["programs"].as_u64().expect("a number") >= 5, "{what}");
            }
        }
    });
    let home = Home::new(Vec::new());
    let refused = run(&home, "0.169.0", &["exec", "--outer", "--mode", "full-auto", "hello"]);
    assert_eq!(refused.status(), Some(2), "{}", refused.what());
    assert!(refused.what().contains("--mode bypass"), "{}", refused.what());
}

/// A model server that does this with each connection, once it has the request.
fn server(home: &Home, does: fn(&mut TcpStream)) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut some = [0; 4096];
                let _ = stream.read(&mut some);
                does(&mut stream);
            });
        }
    });
    let file = home.path().join("config.toml");
    let config = std::fs::read_to_string(&file).expect("config.toml");
    let old = config.split("base_url = \"").nth(1).and_then(|rest| rest.split('"').next()).expect("a url").to_owned();
    std::fs::write(&file, config.replace(&old, &format!("http://127.0.0.1:{port}/v1"))).expect("config.toml");
}

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

#[test]
fn a_server_that_misbehaves_is_classified_and_never_waited_for_beyond_the_limit() {
    type Answer = fn(&mut TcpStream);
    let cases: [(&str, Answer, &str, i32); 6] = [
        ("drops the connection", |_| {}, "failed", 1),
        ("answers nonsense", |stream| drop(stream.write_all(b"\x00\xff so what\r\n\r\n")), "failed", 1),
        (
            "answers nonsense in the right place",
            |stream| drop(stream.write_all(&[HEAD, b"event: x\ndata: {{{{\n\nnonsense\n\n"].concat())),
            "failed",
            1,
        ),
        (
            "stops half way",
            |stream| {
                let item = b"event: response.output_item.done\ndata: {\"type\":\"response.output_item.done\",\"item\":{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"half\"}]}}\n\n";
                drop(stream.write_all(&[HEAD, item].concat()));
            },
            "failed",
            1,
        ),
        (
            "is slow for ever",
            |stream| {
                let _ = stream.write_all(HEAD);
                while stream.write_all(b": wait\n\n").is_ok() {
                    std::thread::sleep(Duration::from_millis(200));
                }
            },
            "timed-out",
            124,
        ),
        ("never answers", |_| std::thread::sleep(Duration::from_secs(60)), "timed-out", 124),
    ];
    for (name, does, class, status) in cases {
        let home = Home::new(Vec::new());
        server(&home, does);
        let run = run(&home, "0.169.0", &["exec", "--timeout", "60", "--idle-timeout", "8", "hello"]);
        let what = format!("{name}: {}", run.what());
        assert_eq!((run.status(), &run.report["finish"]["class"]), (Some(status), &class.into()), "{what}");
        assert!(run.report["milliseconds"].as_u64().is_some_and(|took| took < 60_000), "{what}");
        if class == "failed" {
            assert!(!run.report["finish"]["message"].as_str().expect("a message").is_empty(), "{what}");
        }
    }
}
