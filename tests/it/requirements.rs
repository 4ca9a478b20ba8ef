//! `palisade requirements`: the built program over files of a machine that the test makes.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const REQUIREMENTS: &str = "allowed_approval_policies = [\"on-request\", \"never\"]
allowed_sandbox_modes = [\"read-only\", \"workspace-write\"]
";

/// Profiles that extend each other.
const CIRCLE: &str = "default_permissions = \"a\"
allowed_permission_profiles = { a = true }
[permissions.a]
extends = \"b\"
[permissions.b]
extends = \"a\"
";

struct Machine(tempfile::TempDir);

impl Machine {
    fn new(files: &[(&str, &str)]) -> Self {
        let root = tempfile::Builder::new().prefix("requirements-").tempdir().expect("a directory");
        fs::create_dir_all(root.path().join("home/dev/proj/.git")).expect("made");
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, text).expect("written");
        }
        Self(root)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn explain(&self, more: &[&str]) -> Output {
        let place = ["--root", self.path().to_str().expect("text"), "--home", "/home/dev", "--cwd", "/home/dev/proj"];
        palisade(&[&["explain"], &place[..], more].concat())
    }

    fn answers(&self, more: &[&str]) -> Value {
        let output = self.explain(&[&["--format", "json"], more].concat());
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}

fn palisade(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_palisade")).arg("requirements").args(arguments).output().expect("it runs")
}

fn setting<'a>(answers: &'a Value, at: usize, key: &str) -> &'a Value {
    let settings = answers["answers"][at]["settings"].as_array().expect("settings");
    settings.iter().find(|setting| setting["key"] == key).unwrap_or_else(|| panic!("no {key}"))
}

fn status(output: &Output) -> Option<i32> {
    output.status.code()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_value_comes_with_the_place_that_declared_it_and_the_place_that_constrained_it() {
    let machine = Machine::new(&[
        ("etc/codex/requirements.toml", REQUIREMENTS),
        ("home/dev/.codex/config.toml", "model = \"m\"\nsandbox_mode = \"danger-full-access\"\n"),
    ]);
    let answers = machine.answers(&[]);
    let mode = setting(&answers, 0, "sandbox_mode");
    assert_eq!((mode["value"].as_str(), mode["how"].as_str()), (Some("read-only"), Some("constrained")));
    let at = |said: &Value| (said["place"]["line"].as_u64(), said["place"]["column"].as_u64());
    assert_eq!(at(&mode["declared"]), (Some(2), Some(16)));
    assert_eq!(at(&mode["constrained"]), (Some(2), Some(25)));
    assert!(answers["unknown"].as_array().expect("a list").len() == 2, "clouds and preferences are said to be unknown");
    assert_eq!(status(&machine.explain(&[])), Some(0));
}

#[test]
fn the_invocation_is_read_as_each_release_reads_it() {
    let machine = Machine::new(&[("etc/codex/requirements.toml", REQUIREMENTS)]);
    let answers = machine.answers(&["--all-versions", "--", "codex", "exec", "--yolo"]);
    assert_eq!(setting(&answers, 0, "sandbox_mode")["value"], "read-only");
    assert_eq!(answers["answers"][2]["failure"]["class"], "never_needs_full_access");
    assert_eq!(status(&machine.explain(&["--all-versions", "--", "codex", "exec", "--yolo"])), Some(1));
    let ask = machine.explain(&["--", "codex", "-a", "never", "exec"]);
    assert_eq!(status(&ask), Some(0), "{}", errors(&ask));
    let unknown = machine.explain(&["--", "codex", "exec", "--full-auto"]);
    assert_eq!(status(&unknown), Some(2));
    assert!(errors(&unknown).contains("command line:1:12"), "{}", errors(&unknown));
}

#[test]
fn the_managed_file_wins_in_0_169_0_and_loses_before() {
    let machine = Machine::new(&[
        ("etc/codex/requirements.toml", "allowed_approval_policies = [\"on-request\"]\n"),
        ("etc/codex/managed_config.toml", "approval_policy = \"never\"\n"),
    ]);
    let answers = machine.answers(&["--all-versions"]);
    let values: Vec<&Value> = (0..3).map(|at| &setting(&answers, at, "approval_policy")["value"]).collect();
    assert_eq!(values, ["on-request", "on-request", "never"]);
    let text = String::from_utf8(machine.explain(&["--all-versions"]).stdout).expect("text");
    assert!(text.lines().any(|line| line.starts_with("approval_policy") && line.ends_with("<- differs")), "{text}");
}

#[test]
fn a_project_file_counts_only_when_its_own_folder_is_trusted() {
    let project = ("home/dev/proj/.codex/config.toml", "approval_policy = \"never\"\n");
    let trust = |folder: &str| format!("[projects.\"{folder}\"]\ntrust_level = \"trusted\"\n");
    for (folder, expected) in [("/home/dev/proj", "never"), ("/home/dev", "on-request")] {
        let user = trust(folder);
        let machine = Machine::new(&[project, ("home/dev/.codex/config.toml", &user)]);
        assert_eq!(setting(&machine.answers(&[]), 0, "approval_policy")["value"], expected, "{folder}");
    }
}

#[test]
fn a_linked_worktree_inherits_the_trust_of_its_main_checkout() {
    let user = "[projects.\"/home/dev/main\"]\ntrust_level = \"trusted\"\n";
    let machine = Machine::new(&[
        ("home/dev/.codex/config.toml", user),
        ("home/dev/linked/.git", "gitdir: /home/dev/main/.git/worktrees/linked\n"),
    ]);
    let root = machine.path().to_str().expect("text");
    let place = ["explain", "--root", root, "--home", "/home/dev", "--cwd", "/home/dev/linked", "--format", "json"];
    let answers: Value = serde_json::from_slice(&palisade(&place).stdout).expect("JSON");
    assert_eq!(setting(&answers, 0, "sandbox_mode")["value"], "workspace-write");
}

#[test]
fn what_cannot_be_read_is_told_with_its_place_and_status_two() {
    let folder = tempfile::tempdir().expect("a directory");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("written");
        path.to_str().expect("text").to_owned()
    };
    let broken = [
        (file("syntax.toml", b"a = [1\n"), "syntax.toml:"),
        (file("twice.toml", b"a = 1\na = 2\n"), "twice.toml:2:1"),
        (file("type.toml", b"allowed_sandbox_modes = \"read-only\"\n"), "type.toml:1:25"),
        (file("bytes.toml", b"# fine\nx = \"\xff\"\n"), "2:6"),
        (file("circle.toml", CIRCLE.as_bytes()), "circle.toml:"),
        (folder.path().to_str().expect("text").to_owned(), "is a directory"),
        (folder.path().join("none.toml").to_str().expect("text").to_owned(), "does not exist"),
    ];
    for (path, place) in &broken {
        for arguments in [vec!["check", path], vec!["explain", "--only-named", "--requirements", path]] {
            let output = palisade(&arguments);
            let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), errors(&output));
            assert_eq!(status(&output), Some(2), "{arguments:?}: {text}");
            assert!(text.contains(place), "{arguments:?}: {text}");
        }
    }
    // The caret stands below the byte.
    let drawn = palisade(&["check", &broken[3].0]);
    let text = errors(&drawn);
    let column = |sign: char| text.lines().find_map(|line| line.chars().position(|one| one == sign));
    assert!(column('\u{fffd}').is_some() && column('\u{fffd}') == column('^'), "{text}");
    let version = palisade(&["explain", "--codex-version", "1.0"]);
    assert_eq!(status(&version), Some(2));
    assert!(errors(&version).contains("0.117.0, 0.125.0, 0.169.0"));
}

#[test]
fn a_root_that_is_no_folder_is_no_machine_without_files() {
    let machine = Machine::new(&[("file", "")]);
    for root in ["file", "nowhere"] {
        let root = machine.path().join(root);
        let output = palisade(&["explain", "--root", root.to_str().expect("text")]);
        assert_eq!(status(&output), Some(2));
        assert!(errors(&output).contains(root.to_str().expect("text")), "{}", errors(&output));
    }
}

#[test]
fn findings_have_codes_that_explain_themselves() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("requirements.toml");
    fs::write(&path, "allowed_approval_policies = [\"never\", \"on-request\"]\nallowed_sandbox_mode = []\n")
        .expect("written");
    let path = path.to_str().expect("text");
    let output = palisade(&["check", "--format", "json", path]);
    assert_eq!(status(&output), Some(1));
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let codes: Vec<&str> = found.as_array().expect("a list").iter().filter_map(|one| one["code"].as_str()).collect();
    assert_eq!(codes, ["order-is-fallback", "unknown-key"]);
    assert_eq!(found[1]["help"], "did you mean `allowed_sandbox_modes`?");
    for code in codes.iter().chain(&["requirements-schema"]) {
        assert_eq!(status(&palisade(&["check", "--explain", code])), Some(0), "{code}");
    }
    assert_eq!(status(&palisade(&["check", "--explain", "order-is-falback"])), Some(2));
    let allowed = palisade(&["check", "--allow", "order-is-fallback", "--allow", "unknown-key", path]);
    assert_eq!(status(&allowed), Some(0), "{}", String::from_utf8_lossy(&allowed.stdout));
}

/// The processor's seconds that a verb takes, which other work on the machine does not change; within so much memory.
fn seconds(kibibytes: u32, args: &[&str]) -> f64 {
    let script = format!("ulimit -v {kibibytes}; TIMEFORMAT='%U %S'; time \"$0\" \"$@\" >&2");
    let mut command = Command::new("bash");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_palisade"), "requirements"]).args(args);
    let output = command.output().expect("bash runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{told}");
    let last = told.trim_end().lines().last().unwrap_or_default();
    last.split(' ').map(|part| part.parse::<f64>().unwrap_or_else(|_| panic!("{told}"))).sum()
}

#[test]
fn a_file_of_five_megabytes_is_answered_in_bounded_time_and_memory() {
    let mut text = String::from("allowed_sandbox_modes = [\"read-only\"]\n");
    while text.len() < 5 << 20 {
        text.push_str(&format!("[mcp_servers.server{}.identity]\ncommand = \"docs-mcp\"\n", text.len()));
    }
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("requirements.toml");
    fs::write(&file, &text).expect("written");
    let file = file.to_str().expect("text");
    // A second where it is optimised; here it is not. A third of this is the program, and a sixth what is read: the tree of the
    // `toml` crate alone would be more than all of it.
    let taken = seconds(160 << 10, &["explain", "--only-named", "--requirements", file]);
    assert!(taken < 8.0, "{taken} s");
}

#[test]
fn a_machine_with_every_layer_is_explained_at_once() {
    let machine = Machine::new(&[
        ("etc/codex/requirements.toml", REQUIREMENTS),
        ("etc/codex/managed_config.toml", "approval_policy = \"on-request\"\n"),
        ("etc/codex/config.toml", "web_search = \"cached\"\n"),
        ("cloud.toml", REQUIREMENTS),
        ("mdm.toml", REQUIREMENTS),
        ("mdm_config.toml", "approval_policy = \"on-request\"\n"),
    ]);
    let root = machine.path();
    let path = |name: &str| root.join(name).to_str().expect("text").to_owned();
    let (root, cloud, mdm, config) = (path(""), path("cloud.toml"), path("mdm.toml"), path("mdm_config.toml"));
    let mut args = vec!["explain", "--root", &root, "--cloud-requirements", &cloud, "--mdm-requirements", &mdm];
    args.extend(["--mdm-config", &config, "--all-versions", "--", "codex", "exec", "-c", "model=x", "-s", "read-only"]);
    // Twenty milliseconds where it is optimised.
    let least = (0..5).map(|_| seconds(160 << 10, &args)).fold(f64::MAX, f64::min);
    assert!(least < 0.25, "{least} s");
}

/// The blocks of the README's chapter, in order: the language and the text.
fn blocks() -> Vec<(String, String)> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let text = fs::read_to_string(readme).expect("the README");
    let (_, chapter) = text.split_once("## What Codex really runs as").expect("the chapter");
    let chapter = chapter.split("\n## ").next().expect("its text");
    let mut parts = chapter.split("\n```").skip(1);
    let mut blocks = Vec::new();
    while let (Some(block), _) = (parts.next(), parts.next()) {
        let (language, body) = block.split_once('\n').expect("a language");
        blocks.push((language.to_owned(), body.to_owned()));
    }
    blocks
}

#[test]
fn the_traps_of_the_readme_are_as_it_shows_them() {
    let folder = tempfile::tempdir().expect("a directory");
    let mut shown = 0;
    for (language, body) in blocks() {
        if language == "toml" {
            let name = body.lines().next().and_then(|line| line.strip_prefix("# ")).expect("a name");
            fs::write(folder.path().join(name), &body).expect("written");
            continue;
        }
        let mut lines = body.lines();
        let command = lines.next().expect("a command");
        let expected: Vec<&str> = lines.filter(|line| !line.starts_with('$')).collect();
        if expected.is_empty() {
            continue;
        }
        let words: Vec<&str> = command.split(' ').skip(3).collect();
        let program = env!("CARGO_BIN_EXE_palisade");
        let output =
            Command::new(program).arg("requirements").args(words).current_dir(folder.path()).output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        for line in expected {
            assert!(text.lines().any(|found| found.trim_end() == line), "{command}\n{line}\nis not in\n{text}");
            shown += 1;
        }
    }
    assert_eq!(shown, 3);
}

#[test]
fn the_starter_cases_hold_and_a_changed_one_is_told_in_every_format() {
    let starter = palisade(&["test", "--starter"]);
    let text = String::from_utf8(starter.stdout).expect("text");
    let folder = tempfile::tempdir().expect("a directory");
    let page = folder.path().join("cases.toml");
    fs::write(&page, &text).expect("written");
    // Requirements beside the cases are no page of them.
    fs::write(folder.path().join("requirements.toml"), REQUIREMENTS).expect("written");
    let path = folder.path().to_str().expect("text");
    let held = palisade(&["test", path]);
    assert_eq!(status(&held), Some(0), "{}{}", String::from_utf8_lossy(&held.stdout), errors(&held));
    assert!(String::from_utf8_lossy(&held.stdout).contains("cases hold, 0 do not"));

    let broken = text
        .replace("sandbox_mode = \"user_config:1\"", "sandbox_mode = \"user_config:7\"")
        .replace("failure = \"never_needs_full_access\"", "failure = \"cli_usage\"");
    fs::write(&page, broken).expect("written");
    for (format, shown) in [
        ("text", "expected to be declared by `user_config:7`, found `user_config:1`"),
        ("json", "\"failed\": 4"),
        ("junit", "failures=\"4\""),
        ("tap", "not ok "),
        ("github", "::error file="),
    ] {
        let output = palisade(&["test", path, "--format", format]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(status(&output), Some(1), "{format}");
        assert!(text.contains(shown), "{format}: {text}");
    }
}

#[test]
fn a_page_of_cases_that_cannot_be_used_is_told_with_its_place() {
    let folder = tempfile::tempdir().expect("a directory");
    let page = folder.path().join("cases.toml");
    for (text, told) in [
        ("[[case]]\nname = \"x\"\nexpects = 1\n", "cases.toml:3:1"),
        ("[[case]]\nname = \"x\"\nreleases = [\"9.9\"]\n", "cases.toml:3:13"),
        ("[[case]]\nname = \"x\"\n", "expects nothing"),
        (
            "[[case]]\nname = \"x\"\n[case.files]\nrequirements = \"none.toml\"\n[case.expect]\nstarts = \"no\"\n",
            "does not exist",
        ),
    ] {
        fs::write(&page, text).expect("written");
        let output = palisade(&["test", page.to_str().expect("text")]);
        assert_eq!(status(&output), Some(2), "{text}");
        assert!(errors(&output).contains(told), "{told}: {}", errors(&output));
    }
    fs::remove_file(&page).expect("removed");
    assert_eq!(status(&palisade(&["test", folder.path().to_str().expect("text")])), Some(2), "no case is no success");
}

#[test]
fn a_thread_that_may_write_trusts_a_project_nobody_has_decided_about() {
    let machine = Machine::new(&[
        ("home/dev/.codex/config.toml", "sandbox_mode = \"danger-full-access\"\n"),
        ("home/dev/proj/.codex/config.toml", "approval_policy = \"never\"\n"),
    ]);
    assert_eq!(setting(&machine.answers(&[]), 0, "approval_policy")["value"], "on-request");
    let server = machine.answers(&["--", "codex", "app-server"]);
    assert_eq!(setting(&server, 0, "approval_policy")["value"], "never");
}

#[test]
fn what_changes_between_two_sets_is_told_with_an_invocation_and_fails_as_asked() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    fs::write(path("old.toml"), REQUIREMENTS).expect("written");
    fs::write(path("new.toml"), REQUIREMENTS.replace(", \"workspace-write\"", "")).expect("written");
    let (old, new) = (path("old.toml"), path("new.toml"));
    let stricter = palisade(&["diff", &old, &new, "--fail-on", "looser"]);
    let text = String::from_utf8_lossy(&stricter.stdout).into_owned();
    assert_eq!(status(&stricter), Some(0), "{text}");
    assert!(text.contains("stricter: sandbox_mode: workspace-write -> read-only\n    codex "), "{text}");
    assert_eq!(status(&palisade(&["diff", &new, &old, "--fail-on", "looser"])), Some(1));
    assert_eq!(status(&palisade(&["diff", &old, &new])), Some(1));
    let equal = palisade(&["diff", &old, &old]);
    assert_eq!(status(&equal), Some(0));
    assert!(String::from_utf8_lossy(&equal.stdout).contains("equal, over "));
    // The witness is true: what it says is what `explain` says.
    let page: Value =
        serde_json::from_slice(&palisade(&["diff", "--format", "json", &old, &new]).stdout).expect("JSON");
    let changes = page["changes"].as_array().expect("changes");
    let mode = changes.iter().find(|change| change["key"] == "sandbox_mode").expect("a change");
    let words: Vec<&str> = mode["witness"].as_str().expect("text").split(' ').collect();
    for (file, side) in [(&old, "old"), (&new, "new")] {
        let first = ["explain", "--only-named", "--requirements", file, "--format", "json", "--"];
        let answers: Value = serde_json::from_slice(&palisade(&[&first, &words[..]].concat()).stdout).expect("JSON");
        assert_eq!(setting(&answers, 0, "sandbox_mode")["value"], mode[side], "{words:?}");
    }
    for (format, shown) in
        [("junit", "<testsuite"), ("sarif", "\"ruleId\": \"stricter\""), ("tap", "not ok "), ("github", "::")]
    {
        let output = palisade(&["diff", "--format", format, &old, &new]);
        assert!(String::from_utf8_lossy(&output.stdout).contains(shown), "{format}");
    }
    assert_eq!(status(&palisade(&["diff", &old, &path("none.toml")])), Some(2));
    fs::write(path("broken.toml"), "a = [\n").expect("written");
    assert_eq!(status(&palisade(&["diff", &old, &path("broken.toml")])), Some(2));
}

#[test]
fn a_case_is_blessed_after_asking_and_keeps_its_comments() {
    let folder = tempfile::tempdir().expect("a directory");
    let page = folder.path().join("cases.toml");
    let text = "# a page\n[[case]]\nname = \"x\" # its claim\n[case.texts]\nuser_config = \"sandbox_mode = \\\"read-only\\\"\"\n\
                [case.expect]\nsandbox_mode = \"workspace-write\" # as we wish\n\n[[case]]\nname = \"not yet\"\n";
    fs::write(&page, text).expect("written");
    let path = page.to_str().expect("text");
    // Nobody is there to ask.
    let asked = Command::new("setsid")
        .args(["-w", env!("CARGO_BIN_EXE_palisade"), "requirements", "test", "--bless", path])
        .output()
        .expect("it runs");
    assert_eq!(status(&asked), Some(1), "{}", errors(&asked));
    assert_eq!(fs::read_to_string(&page).expect("text"), text);
    let blessed = palisade(&["test", "--bless", "--yes", path]);
    assert_eq!(status(&blessed), Some(0), "{}", errors(&blessed));
    let written = fs::read_to_string(&page).expect("text");
    assert!(written.starts_with("# a page\n[[case]]\nname = \"x\" # its claim\n"), "{written}");
    assert!(written.contains("sandbox_mode = \"read-only\" # as we wish\n"), "{written}");
    assert!(written.contains("[case.expect]\napproval_policy = \"on-request\"\n"), "{written}");
    assert_eq!(status(&palisade(&["test", path])), Some(0), "{written}");
    // What differs between releases has no one value.
    let differs = "[[case]]\nname = \"x\"\n[case.texts]\nmanaged_config = \"approval_policy = \\\"never\\\"\"\n\
                   requirements = \"allowed_approval_policies = [\\\"on-request\\\"]\"\n[case.expect]\napproval_policy = \"x\"\n";
    fs::write(&page, differs).expect("written");
    let left = palisade(&["test", "--bless", "--yes", path]);
    assert_eq!(status(&left), Some(1));
    assert!(errors(&left).contains("differs between releases"), "{}", errors(&left));
}
