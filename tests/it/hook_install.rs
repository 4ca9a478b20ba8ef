//! `palisade hook install`, `status` and `uninstall`: files of others stay as they were, and the agent shows whether it is live.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::peers;
use crate::scripted_model::Home;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir_in("/var/tmp").expect("a folder");
        let rules = "prefix_rule(pattern = [\"git\", \"push\"], decision = \"forbidden\")\n";
        std::fs::write(folder.path().join("team.rules"), rules).expect("rules");
        std::fs::create_dir(folder.path().join("codex")).expect("a home");
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn hook(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_palisade"))
            .arg("hook")
            .args(arguments)
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env("CODEX_HOME", self.path("codex"))
            .env_remove("CLAUDE_CONFIG_DIR")
            .output()
            .expect("palisade")
    }

    fn install(&self, agent: &str, more: &[&str]) -> Output {
        let options = ["install", "--for", agent, "--rules", "team.rules", "--default", "allow"];
        self.hook(&[&options, more].concat())
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn files_of_others_come_back_byte_for_byte() {
    let place = Place::new();
    let config = "# mine\nmodel = \"x\"   # why\n\n[features]\nplugins = false\n";
    let hooks = "{\n\t\"hooks\": {\n\t\t\"PreToolUse\": [\n\t\t\t{\"hooks\": [{\"command\": \"mine\", \"type\": \"command\"}], \"matcher\": \"Bash\"}\n\t\t],\n\t\t\"Stop\": []\n\t}\n}";
    std::fs::write(place.path("codex/config.toml"), config).expect("a file");
    std::fs::set_permissions(place.path("codex/config.toml"), PermissionsExt::from_mode(0o600)).expect("rights");
    std::fs::write(place.path("codex/hooks.json"), hooks).expect("a file");
    let old = peers::codex("0.125.0");
    let options = ["--codex", old.to_str().expect("UTF-8")];
    let dry = place.install("codex", &[&options[..], &["--dry-run"]].concat());
    assert!(dry.status.success() && said(&dry).contains("would be changed"), "{}", said(&dry));
    assert_eq!((place.text("codex/config.toml"), place.text("codex/hooks.json")), (config.into(), hooks.into()));
    let first = place.install("codex", &options);
    assert!(first.status.success(), "{}", said(&first));
    let installed = (place.text("codex/config.toml"), place.text("codex/hooks.json"));
    assert!(installed.0.starts_with(config) && installed.0.contains("hooks.json:pre_tool_use:1:0"), "{}", installed.0);
    assert!(
        installed.1.contains("--default allow") && installed.1.contains("\"command\": \"mine\""),
        "{}",
        installed.1
    );
    assert!(installed.1.contains(place.path("team.rules").to_str().expect("UTF-8")), "in full: {}", installed.1);
    let again = place.install("codex", &options);
    assert!(again.status.success() && said(&again).contains("as it was"), "{}", said(&again));
    assert_eq!((place.text("codex/config.toml"), place.text("codex/hooks.json")), installed);
    let mode = std::fs::metadata(place.path("codex/config.toml")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let gone = place.hook(&["uninstall", "--for", "codex"]);
    assert!(gone.status.success(), "{}", said(&gone));
    assert_eq!((place.text("codex/config.toml"), place.text("codex/hooks.json")), (config.into(), hooks.into()));
    let nothing = place.hook(&["uninstall", "--for", "codex"]);
    assert!(nothing.status.success() && said(&nothing).contains("nothing to remove"), "{}", said(&nothing));
    // Codex makes `tmp` there when it is asked for its version.
    let entries = std::fs::read_dir(place.path("codex")).expect("a home").flatten();
    let left: Vec<_> = entries.filter(|entry| entry.file_name() != "tmp").collect();
    assert_eq!(left.len(), 2, "nothing is left beside them: {left:?}");
}

#[test]
fn the_ledger_is_made_before_the_first_call_and_one_that_cannot_be_installs_nothing() {
    let place = Place::new();
    let option = |name: &str| format!("--ledger={}", place.path(name).display());
    let installed = place.install("claude", &[&option("kept.sqlite")]);
    assert!(installed.status.success(), "{}", said(&installed));
    assert!(place.path("kept.sqlite").exists() && place.text(".claude/settings.json").contains("kept.sqlite"));
    assert!(place.hook(&["uninstall", "--for", "claude"]).status.success());
    let refused = place.install("claude", &[&option("team.rules/kept.sqlite")]);
    assert_eq!(refused.status.code(), Some(125), "{}", said(&refused));
    assert!(said(&refused).contains("nothing was written") && !place.path(".claude").exists(), "{}", said(&refused));
}

#[test]
fn what_was_made_goes_again_and_for_claude_too() {
    let place = Place::new();
    std::fs::create_dir_all(place.path("project/.git")).expect("a project");
    let project = format!("--project={}", place.path("project").display());
    for (agent, options, file) in [
        ("claude", vec![], ".claude/settings.json"),
        ("claude", vec![project.as_str()], "project/.claude/settings.json"),
        ("codex", vec![project.as_str(), "--trust-project"], "project/.codex/hooks.json"),
    ] {
        let output = place.install(agent, &[options.as_slice(), &["--allow-tool", "Task"]].concat());
        assert!(output.status.success(), "{}", said(&output));
        let written: Value = serde_json::from_str(&place.text(file)).expect("JSON");
        let command = written["hooks"]["PreToolUse"][0]["hooks"][0]["command"].as_str().expect("a command");
        assert!(
            command.contains("--allow-tool Task") && written["hooks"]["PreToolUse"][0]["matcher"] == "*",
            "{command}"
        );
        let more = options.iter().copied().filter(|option| *option != "--trust-project");
        let arguments: Vec<&str> = ["uninstall", "--for", agent].into_iter().chain(more).collect();
        let output = place.hook(&arguments);
        assert!(output.status.success(), "{}", said(&output));
        assert!(!place.path(file).exists() && !place.path(file).parent().expect("a folder").exists(), "{agent}");
    }
    assert!(!place.path("codex/config.toml").exists());
}

#[test]
fn a_file_that_is_not_what_the_agent_reads_is_refused_and_stays() {
    let place = Place::new();
    let write = |name: &str, text: &str| std::fs::write(place.path(name), text).expect("a file");
    for (file, text, at) in [
        ("codex/hooks.json", "{\"hooks\": [", "hooks.json:1:"),
        ("codex/hooks.json", "{\n  \"hooks\": {\"PreToolUse\": 3}\n}\n", "hooks.json:2:27"),
        ("codex/config.toml", "model = \n", "config.toml:1:"),
        ("codex/config.toml", "[features]\nhooks = false\n", "config.toml:2:9"),
        ("codex/config.toml", "hooks = 1\n", "config.toml:1:"),
    ] {
        write("codex/hooks.json", "{}");
        write("codex/config.toml", "");
        write(file, text);
        let output = place.install("codex", &[]);
        assert_eq!(output.status.code(), Some(2), "{text}: {}", said(&output));
        assert!(
            said(&output).contains(at) && said(&output).contains("nothing was written"),
            "{text}: {}",
            said(&output)
        );
        assert_eq!(place.text(file), text);
        let other = if file.ends_with("json") { ("codex/config.toml", "") } else { ("codex/hooks.json", "{}") };
        assert_eq!(place.text(other.0), other.1, "no half of it is written");
    }
    std::fs::write(place.path("team.rules"), "prefix_rule(").expect("rules");
    write("codex/config.toml", "");
    let output = place.install("codex", &[]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert_eq!(place.text("codex/hooks.json"), "{}", "rules that do not load are not installed");
}

/// Asks for the status with this Codex.
fn status(home: &Home, program: &Path, more: &[&str]) -> (Option<i32>, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_palisade"))
        .args(["hook", "status", "--for", "codex", "--format", "json", "--codex"])
        .arg(program)
        .arg("--codex-home")
        .arg(home.path())
        .args(more)
        .env("HOME", home.folder())
        .output()
        .expect("palisade");
    let answer = serde_json::from_slice(&output.stdout);
    (output.status.code(), answer.unwrap_or_else(|error| panic!("{error}: {}", said(&output))))
}

#[test]
fn the_real_codex_shows_whether_the_hook_is_live() {
    let place = Place::new();
    for (version, project) in [("0.125.0", false), ("0.169.0", false), ("0.169.0", true)] {
        let home = Home::new(Vec::new());
        let program = peers::codex(version);
        let workspace = format!("--project={}", home.workspace().display());
        let more = if project { vec![workspace.as_str()] } else { Vec::new() };
        let install = |trust: &[&str]| {
            let mut arguments = vec!["--codex-home", home.path().to_str().expect("UTF-8").to_owned().leak()];
            arguments.extend(["--codex", program.to_str().expect("UTF-8")]);
            place.install("codex", &[&arguments, more.as_slice(), trust].concat())
        };
        assert_eq!(status(&home, &program, &more).0, Some(1), "none is installed");
        if project {
            let without = install(&[]);
            assert_eq!(without.status.code(), Some(1), "the project is not trusted: {}", said(&without));
            let (code, answer) = status(&home, &program, &more);
            assert_eq!((code, &answer["hooks"][0]["live"]), (Some(1), &false.into()), "{answer}");
            assert!(answer["hooks"][0]["why"].as_str().expect("why").contains("not trusted"), "{answer}");
        }
        let trust: &[&str] = if project { &["--trust-project"] } else { &[] };
        let installed = install(trust);
        assert!(installed.status.success(), "{version}: {}", said(&installed));
        let (code, answer) = status(&home, &program, &more);
        assert_eq!((code, &answer["hooks"][0]["live"]), (Some(0), &true.into()), "{version}: {answer}");
        assert!(!home.path().join("sessions").exists(), "{version}: asking leaves no session");
        // Nobody knows the hook any more: 0.169 skips it, and says nothing.
        if version == "0.169.0" && !project {
            let config = std::fs::read_to_string(home.path().join("config.toml")).expect("a file");
            std::fs::write(home.path().join("config.toml"), config.replace("sha256:", "sha256:0")).expect("a file");
            let (code, answer) = status(&home, &program, &more);
            assert_eq!((code, &answer["hooks"][0]["live"]), (Some(1), &false.into()), "{answer}");
        }
    }
}

#[test]
fn claude_code_is_asked_the_same_way() {
    let place = Place::new();
    // As much of Claude Code as the question takes; the real one was seen to do the same.
    let agent = "#!/usr/bin/python3\nimport json, os, subprocess, urllib.request\n\
        url = os.environ['ANTHROPIC_BASE_URL'] + '/v1/messages?beta=true'\n\
        def ask(messages):\n    \
            body = json.dumps({'stream': True, 'tools': [{'name': 'Bash'}], 'messages': messages}).encode()\n    \
            answer = urllib.request.urlopen(urllib.request.Request(url, body)).read().decode()\n    \
            return [json.loads(line[6:]) for line in answer.splitlines() if line.startswith('data: ')]\n\
        events = ask([{'role': 'user', 'content': 'run'}])\n\
        call = next(e['content_block'] for e in events if e['type'] == 'content_block_start')\n\
        given = json.loads(''.join(e['delta']['partial_json'] for e in events if e['type'] == 'content_block_delta'))\n\
        settings = json.load(open(os.environ['HOME'] + '/.claude/settings.json'))\n\
        command = settings['hooks']['PreToolUse'][0]['hooks'][0]['command']\n\
        said = {'hook_event_name': 'PreToolUse', 'tool_name': 'Bash', 'tool_input': given, 'cwd': '/'}\n\
        done = subprocess.run(['sh', '-c', command], input=json.dumps(said), capture_output=True, text=True)\n\
        text = 'PreToolUse:Bash hook error: ' + done.stderr if done.returncode == 2 and not os.environ.get('DEAF') else 'ran'\n\
        ask([{'role': 'user', 'content': [{'type': 'tool_result', 'tool_use_id': call['id'], 'content': text}]}])\n\
        print('done')\n";
    let program = place.path("claude");
    std::fs::write(&program, agent).expect("a program");
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("a program");
    let ask = || place.hook(&["status", "--for", "claude", "--claude", program.to_str().expect("UTF-8")]);
    assert!(place.install("claude", &[]).status.success());
    let live = ask();
    assert_eq!(live.status.code(), Some(0), "{}", said(&live));
    std::fs::write(place.path("team.rules"), "prefix_rule(").expect("rules");
    let broken = ask();
    assert_eq!(broken.status.code(), Some(1), "rules that do not load: {}", said(&broken));
    let absent = place.hook(&["status", "--for", "claude", "--claude", "/no/such/claude"]);
    assert_eq!(absent.status.code(), Some(1), "{}", said(&absent));
}
