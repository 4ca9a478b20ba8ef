//! Every recorded case, answered as the real Codex answered it. `cases.jsonl` and `more.jsonl` came out of the binaries.

use serde_json::Value as Json;

use super::flags::{CommandLine, Surface, Typed};
use super::release::RELEASES;
use super::scene::{Client, Document, Folder, Kind, Machine, Scene};
use super::shown::resolved;
use super::shown::{Way, shown};
use super::value::{Node, Table, Value};
use crate::source::{Source, Sources, Span};

const CASES: &str = include_str!("../../../tests/cases/requirements/cases.jsonl");
const MORE: &str = include_str!("../../../tests/cases/requirements/more.jsonl");
/// Wrong types of every key, pairs of mistakes, profiles, projects, logins, rules: asked of 0.125.0 and 0.169.0.
const TRUTH: &str = include_str!("../../../tests/cases/requirements/truth.jsonl");

const HOME: &str = "/home/dev";

fn cases(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).expect("a case")).collect()
}

fn texts(value: &Json) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().expect("text").to_owned()).collect()
}

/// The scene of a case.
fn scene(case: &Json) -> Scene {
    let mut sources = Sources::default();
    let cwd = case["cwd"].as_str().unwrap_or("/home/dev/proj").to_owned();
    let codex = format!("{HOME}/.codex");
    let mut documents = Vec::new();
    for (name, text) in case["files"].as_object().expect("files") {
        let (kind, folder, file) = match name.as_str() {
            "requirements" => (Kind::Requirements, "/etc/codex".to_owned(), "requirements.toml".to_owned()),
            "managed_config" => (Kind::Managed, "/etc/codex".into(), "managed_config.toml".into()),
            "system_config" => (Kind::System, "/etc/codex".into(), "config.toml".into()),
            "user_config" => (Kind::User, codex.clone(), "config.toml".into()),
            "project_config" => {
                (Kind::Project(format!("{HOME}/proj")), format!("{HOME}/proj/.codex"), "config.toml".into())
            }
            name => match (name.strip_prefix("profile:"), name.strip_prefix("home:")) {
                (Some(profile), _) => {
                    (Kind::Profile(profile.to_owned()), codex.clone(), format!("{profile}.config.toml"))
                }
                (_, Some(path)) => match path.strip_suffix("/.codex/config.toml") {
                    Some(folder) => {
                        let folder = format!("{HOME}/{folder}");
                        (Kind::Project(folder.clone()), format!("{folder}/.codex"), "config.toml".into())
                    }
                    None => continue,
                },
                _ => panic!("{name}"),
            },
        };
        let name = format!("{folder}/{file}");
        documents.push(Document::new(&mut sources, kind, &name, &folder, text.as_str().expect("text").to_owned()));
    }
    let mut folders = Vec::new();
    let mut at = Some(cwd.as_str());
    while let Some(path) = at.filter(|path| !path.is_empty()) {
        let markers = if path == "/home/dev/proj" { vec![".git".to_owned()] } else { Vec::new() };
        folders.push(Folder { path: path.to_owned(), markers });
        at = path.rfind('/').map(|end| &path[..end]);
    }
    let surface = match case["mode"].as_str().expect("mode") {
        "exec" | "turn" => Surface::Exec,
        "interactive" => Surface::Interactive,
        _ => Surface::AppServer,
    };
    let line = CommandLine::new(&mut sources, surface, &texts(&case["flags"]));
    let client = (case["mode"] == "session").then(|| client(&mut sources, &case["thread_start"]));
    let host = case["host"].as_str().unwrap_or("devbox-07.corp.example").to_owned();
    let checkout = Some(format!("{HOME}/proj"));
    let catalogs = Some(std::collections::BTreeSet::new());
    let machine = Machine { home: HOME.into(), codex_home: codex, cwd, host, folders, checkout, catalogs };
    Scene { sources, documents, machine, line, client }
}

fn client(sources: &mut Sources, params: &Json) -> Client {
    let source = sources.add(Source { name: "thread/start".into(), text: params.to_string() });
    let span = Span { source, start: 0, end: 1 };
    fn of(value: &Json, span: Span) -> Node {
        let value = match value {
            Json::String(text) => Value::Text(text.as_str().into()),
            Json::Bool(truth) => Value::Bool(*truth),
            Json::Array(items) => Value::List(items.iter().map(|item| of(item, span)).collect::<Vec<_>>().into()),
            Json::Object(table) => {
                Value::Table(table.iter().map(|(key, value)| (key.clone(), of(value, span))).collect())
            }
            other => panic!("{other}"),
        };
        Node { value, span, key: span }
    }
    let typed = |key: &str| params.get(key).map(|value| Typed { value: of(value, span).value, span });
    let mut config = Table::new();
    for (key, value) in params["config"].as_object().into_iter().flatten() {
        super::value::put(&mut config, &key.split('.').collect::<Vec<_>>(), of(value, span));
    }
    Client {
        approval: typed("approvalPolicy"),
        sandbox: typed("sandbox"),
        reviewer: typed("approvalsReviewer"),
        config,
    }
}

/// How the case was asked.
fn way(case: &Json) -> Way {
    match case["mode"].as_str().expect("mode") {
        "session" => Way::Session,
        "exec" => Way::Exec,
        "interactive" => Way::Screen,
        "mcp" => Way::Servers,
        "features" => Way::Features(texts(&case["ask_features"])),
        _ => Way::Turn(case["command"].as_str().map(str::to_owned)),
    }
}

/// Answers of a file that differ, and how many were compared.
fn differences(text: &str) -> (Vec<String>, usize) {
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in cases(text) {
        let scene = scene(&case);
        for (name, expected) in case["expect"].as_object().into_iter().flatten() {
            let release = RELEASES.iter().find(|release| release.name == name).expect("a known release");
            let mut expected = expected.clone();
            let mut ours = shown(&way(&case), &resolved(&way(&case), &scene, release), release);
            for answer in [&mut expected, &mut ours] {
                if let Some(warnings) = answer["warnings"].as_array_mut() {
                    warnings.sort_by_key(ToString::to_string);
                } else if let Some(answer) = answer.as_object_mut() {
                    answer.shift_remove("warnings");
                }
            }
            count += 1;
            if ours != expected {
                wrong.push(format!("{} {name}\n  codex    {expected}\n  palisade {ours}", case["id"]));
            }
        }
    }
    (wrong, count)
}

#[test]
fn every_recorded_answer_is_ours() {
    let (wrong, count) = differences(CASES);
    assert!(wrong.is_empty(), "{} of {count} differ\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(count, 559);
}

#[test]
fn every_answer_recorded_later_is_ours() {
    let (wrong, count) = differences(MORE);
    assert!(wrong.is_empty(), "{} of {count} differ\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(count, 441);
}

#[test]
fn every_answer_of_the_truth_test_is_ours() {
    let (wrong, count) = differences(TRUTH);
    assert!(wrong.is_empty(), "{} of {count} differ\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(count, 2882);
}
