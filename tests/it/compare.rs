//! `palisade compare`, the whole program: what it shows, and that nothing of it reaches the host.
//!
//! Run by root, each test is done as root and as an ordinary user without an account; run by an ordinary user, as that.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A user to be, and a palisade it can reach.
struct User {
    name: &'static str,
    is_root: bool,
    program: PathBuf,
    place: tempfile::TempDir,
}

const NOBODY: &str = "65533";

/// Everybody we can be.
fn users() -> Vec<User> {
    let is_root = nix::unistd::geteuid().is_root();
    let names: &[_] = if is_root { &["root", "an ordinary user"] } else { &["an ordinary user"] };
    names.iter().map(|name| User::new(name, *name == "root")).collect()
}

impl User {
    fn new(name: &'static str, is_root: bool) -> Self {
        let place = tempfile::Builder::new().prefix("palisade-test-").tempdir_in("/var/tmp").expect("a directory");
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).expect("mode");
        let program = place.path().join("palisade");
        fs::copy(env!("CARGO_BIN_EXE_palisade"), &program).expect("a copy of palisade");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("mode");
        Self { name, is_root, program, place }
    }

    /// A directory of this user's.
    fn directory(&self, name: &str) -> PathBuf {
        let path = self.place.path().join(name);
        fs::create_dir(&path).expect("a directory");
        self.own(&path);
        path
    }

    fn own(&self, path: &Path) {
        if nix::unistd::geteuid().is_root() && !self.is_root {
            let id = NOBODY.parse().expect("a number");
            std::os::unix::fs::chown(path, Some(id), Some(id)).expect("chown");
        }
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = if nix::unistd::geteuid().is_root() && !self.is_root {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/").stdin(Stdio::null()).env("HOME", self.place.path());
        command
    }

    fn compare(&self, args: &[&str]) -> Output {
        // What other tests' sandboxes do in the real /tmp is no effect of these commands.
        let _tmp = crate::sandboxed::tmp_alone();
        self.command(&self.program).arg("compare").args(args).output().expect("palisade runs")
    }

    fn json(&self, args: &[&str]) -> Value {
        let output = self.compare(&[&["--format", "json"], args].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("as {}: {error}: {}", self.name, String::from_utf8_lossy(&output.stderr));
        })
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The status of the first command under bypass.
fn bypass_status(report: &Value) -> i64 {
    report["commands"][0]["bypass"]["outcome"]["status"].as_i64().unwrap_or(-1)
}

/// The effects of the first command on one side, as words and paths.
fn effects(report: &Value, side: &str) -> Vec<String> {
    let effects = report["commands"][0][side]["effects"].as_array().expect("effects");
    effects
        .iter()
        .map(|effect| format!("{} {}", effect["effect"].as_str().unwrap_or(""), effect["path"].as_str().unwrap_or("")))
        .collect()
}

#[test]
fn the_demonstration_shows_at_least_twenty_differences_each_with_its_act() {
    for user in users() {
        let output = user.compare(&[]);
        let said = text(&output.stdout);
        let last = said.lines().next_back().unwrap_or_default();
        let numbers: Vec<usize> = last.split(' ').filter_map(|word| word.trim_end_matches(',').parse().ok()).collect();
        assert_eq!(output.status.code(), Some(0), "as {}: {said}{}", user.name, text(&output.stderr));
        assert!(matches!(numbers[..], [(25..), (20..), 0]), "as {}: {last}", user.name);
        assert!(said.lines().filter(|line| line.contains("full-auto denied: ")).count() >= 20, "{said}");
    }
}

#[test]
fn what_bypass_does_is_seen_and_does_not_reach_the_host() {
    for user in users() {
        let workspace = user.directory("work");
        for name in ["kept", "changed", "removed"] {
            fs::write(workspace.join(name), name).expect("a canary");
            user.own(&workspace.join(name));
        }
        let path = workspace.to_str().expect("UTF-8");
        let act = "echo other > changed; rm removed; echo new > created; chmod 600 kept; mkdir -p d/e; echo x > d/e/f; \
                   echo x > /var/tmp/palisade-canary; echo x > /tmp/palisade-canary; touch changed kept; true";
        let report = user.json(&["--workspace", path, "--", act]);
        let mut expected: Vec<String> = [
            "changed changed",
            "changed kept",
            "created created",
            "created d",
            "created d/e",
            "created d/e/f",
            "removed removed",
        ]
        .iter()
        .map(|row| row.split_once(' ').map(|(word, name)| format!("{word} {path}/{name}")).expect("two words"))
        .collect();
        expected.push("created /tmp/palisade-canary".into());
        let mut full_auto = effects(&report, "full_auto");
        full_auto.sort();
        expected.sort();
        assert_eq!(full_auto, expected, "as {}", user.name);
        expected.push("created /var/tmp/palisade-canary".into());
        expected.sort();
        let mut bypass = effects(&report, "bypass");
        bypass.sort();
        assert_eq!(bypass, expected, "as {}", user.name);
        for name in ["kept", "changed", "removed"] {
            assert_eq!(fs::read_to_string(workspace.join(name)).expect("a canary"), name);
        }
        let left: BTreeSet<_> =
            fs::read_dir(&workspace).expect("a directory").flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(left.len(), 3, "as {}: {left:?}", user.name);
        for path in ["/var/tmp/palisade-canary", "/tmp/palisade-canary"] {
            assert!(!Path::new(path).exists(), "{path} is on the host");
        }
    }
}

#[test]
fn what_is_sent_anywhere_arrives_in_the_containment() {
    for user in users() {
        let act = "bash -c 'exec 3<>/dev/tcp/some.name.example/80; echo GET / HTTP/1.0 >&3; cat <&3'";
        let report = user.json(&["--", act]);
        let side = &report["commands"][0]["bypass"];
        assert_eq!(side["stdout"], "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n", "as {}: {report:#}", user.name);
        let effects = side["effects"].as_array().expect("effects");
        let arrived = effects.iter().find(|effect| effect["effect"] == "arrived").expect("something arrived");
        assert_eq!((&arrived["service"], &arrived["bytes"]), (&"192.0.2.80:80".into(), &15.into()));
        assert!(effects.iter().any(|effect| effect["name"] == "some.name.example"), "{report:#}");
        assert_eq!(report["commands"][0]["full_auto"]["effects"], serde_json::json!([]));
    }
}

#[test]
fn a_file_written_with_what_it_held_is_no_effect() {
    for user in users() {
        let report = user.json(&["--", "cat ~/.bashrc > b && cat b > ~/.bashrc && rm b && chmod 644 ~/.bashrc"]);
        assert_eq!((bypass_status(&report), effects(&report, "bypass")), (0, Vec::new()), "as {}", user.name);
    }
}

#[test]
fn contained_bypass_cannot_set_the_kernel() {
    let setting = "/proc/sys/vm/swappiness";
    let before = fs::read_to_string(setting).expect("a setting");
    let same_back = format!("v=$(cat {setting}); echo $v > {setting}");
    let tries = [
        same_back.clone(),
        format!("mount -o remount,rw /proc; mount -o remount,bind,rw /proc; {same_back}"),
        format!("umount -l /proc; {same_back}"),
        "unshare -pfm sh -c 'mount -t proc proc /mnt && echo $(cat /mnt/sys/vm/swappiness) > /mnt/sys/vm/swappiness'"
            .into(),
        "unshare -Urpfm sh -c 'mount -t proc proc /mnt && echo $(cat /mnt/sys/vm/swappiness) > /mnt/sys/vm/swappiness'"
            .into(),
        "mkdir /sys/fs/cgroup/palisade-test".into(),
        "echo 4 > /proc/sysrq-trigger".into(),
    ];
    for user in users() {
        // What the host lets this user do: the tries can succeed there.
        let control = user.command(Path::new("sh")).args(["-c", &same_back]).stderr(Stdio::null()).status();
        assert_eq!(control.expect("sh runs").success(), user.is_root, "as {}", user.name);
        for act in &tries {
            let report = user.json(&["--", act]);
            assert!(bypass_status(&report) > 0, "as {}: {act}: {report:#}", user.name);
        }
        assert_eq!(fs::read_to_string(setting).expect("a setting"), before);
    }
}

#[test]
fn contained_bypass_has_no_way_to_the_hosts_view() {
    for user in users() {
        for (act, works) in [
            ("ls /proc/self/root/etc", true),
            ("ls /proc/1/root/", false),
            ("ls -l /proc/1/cwd/", false),
            ("nsenter -t 1 -m true", false),
            ("nsenter -t 1 -U true", false),
            ("kill -9 1; kill -TERM 1; exec sleep 0.1", true),
            ("bash -c 'echo > /dev/tcp/192.0.2.1/81'", false),
            ("perl -MSocket -e 'socket my $s, 40, SOCK_STREAM, 0 or exit 97'", false),
        ] {
            let report = user.json(&["--", act]);
            assert_eq!(bypass_status(&report) == 0, works, "as {}: {act}: {report:#}", user.name);
        }
    }
}

#[test]
fn a_broken_expectation_fails_and_a_kept_one_does_not() {
    for user in users() {
        let list = user.place.path().join("list.toml");
        let row = "[[command]]\nname = \"x\"\nrun = \"echo x > /demo/outside/x\"\n";
        fs::write(&list, format!("{row}expect = {{ full_auto = \"permitted\" }}\n")).expect("a list");
        let path = list.to_str().expect("UTF-8");
        let output = user.compare(&["--file", path]);
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("full-auto: expected permitted, got denied"), "{said}");
        assert!(said.trim_end().ends_with("1 command, 1 difference, 1 expectation failed"), "{said}");
        let junit = text(&user.compare(&["--file", path, "--format", "junit"]).stdout);
        assert!(junit.contains("failures=\"1\"") && junit.contains("expected permitted"), "{junit}");
        fs::write(&list, format!("{row}expect = {{ full_auto = \"denied\" }}\n")).expect("a list");
        assert_eq!(user.compare(&["--file", path]).status.code(), Some(0));
    }
}

#[test]
fn bad_input_is_answered_with_its_place_and_nothing_runs() {
    let user = &users()[0];
    let list = user.place.path().join("list.toml");
    fs::write(&list, "[[command]]\nrun = \"true\"\nexpect.fullauto = \"denied\"\n").expect("a list");
    let output = user.compare(&["--file", list.to_str().expect("UTF-8")]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("unknown key `fullauto`") && said.contains("list.toml:3:8"), "{said}");
    for args in [&["--file", "/nowhere"][..], &["--workspace", "/nowhere"], &["--only", "nothing"], &["--jobs", "0"]] {
        let output = user.compare(args);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), String::new()), "{args:?}");
    }
}

#[test]
fn where_no_containment_can_be_built_nothing_runs() {
    let _tmp = crate::sandboxed::tmp_shared();
    for user in users() {
        let workspace = user.directory("work");
        let output = user
            .command(&user.program)
            .args(["run", "--mode", "workspace-write", "--cwd"])
            .arg(&workspace)
            .arg("--")
            .arg(&user.program)
            .args(["compare", "--", "echo x > left"])
            .output()
            .expect("palisade runs");
        let said = text(&output.stderr);
        assert_eq!(
            (output.status.code(), text(&output.stdout)),
            (Some(125), String::new()),
            "as {}: {said}",
            user.name
        );
        assert!(said.contains("the containment cannot be built, nothing ran: new namespaces"), "{said}");
        assert!(said.contains("palisade doctor"), "{said}");
    }
}

#[test]
fn bypass_on_the_host_needs_a_person_who_agrees() {
    let user = &users()[0];
    let output = user.compare(&["--on-host", "--", "echo x > new"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("nobody on a terminal agreed"));
    let said = text(&user.compare(&["--on-host", "--yes", "--", "echo x > new"]).stdout);
    assert!(said.contains("both: creating /demo/project/new") && said.contains("not all there were"), "{said}");
}

#[test]
fn a_command_that_does_not_end_is_ended() {
    let user = &users()[0];
    let start = Instant::now();
    let report = user.json(&["--timeout", "0.3", "--", "trap '' TERM; sleep 600"]);
    assert!(start.elapsed() < Duration::from_secs(20));
    for side in ["full_auto", "bypass"] {
        assert_eq!(report["commands"][0][side]["outcome"]["kind"], "timed_out", "{report:#}");
    }
}

/// Processes whose command line holds this.
fn processes_with(mark: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    entries
        .filter_map(|entry| fs::read(entry.path().join("cmdline")).ok())
        .map(|line| text(&line).replace('\0', " "))
        .filter(|line| line.contains(mark))
        .collect()
}

#[test]
fn a_containment_is_built_for_its_parent_alone() {
    let answer_to = |parent: u32| {
        let request = serde_json::json!({
            "parent": parent, "ground": { "places": [], "gaps": [], "uid": 0, "gid": 0 }, "manner": "bypass",
            "argv": ["true"], "workspace": "/", "environment": [], "timeout": 1.0,
        });
        let mut child = Command::new(crate::sandboxed::program())
            .arg("__contain")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("palisade runs");
        let mut input = child.stdin.take().expect("a pipe");
        writeln!(input, "{request}").expect("it reads");
        // Held as a sibling may hold it: the end of the pipe says nothing.
        let output = child.wait_with_output().expect("it ends");
        drop(input);
        (output.status.code(), output.stdout.is_empty())
    };
    assert!(!answer_to(std::process::id()).1, "a child answers");
    assert_eq!(answer_to(1), (Some(125), true), "nobody else's child does anything");
}

#[test]
fn killed_at_any_moment_it_leaves_nothing() {
    let _tmp = crate::sandboxed::tmp_alone();
    for user in users() {
        let workspace = user.directory("work");
        let mark = format!("7{}.25", std::process::id());
        let program = user.program.to_str().expect("UTF-8").to_owned();
        let listing = |path: &Path| -> BTreeSet<_> {
            fs::read_dir(path).expect("a directory").flatten().map(|entry| entry.file_name()).collect()
        };
        let before = (listing(&workspace), listing(user.place.path()), crate::sandboxed::mounts());
        let act = format!("echo x > left; setsid sleep {mark} & sleep {mark}");
        let mut seen_running = 0;
        for round in 0..20_u64 {
            let mut child = user
                .command(&user.program)
                .args(["compare", "--jobs", "2", "--workspace"])
                .arg(&workspace)
                .args(["--", &act, &act])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("palisade runs");
            // Moments spread over the start, in no order.
            std::thread::sleep(Duration::from_millis((round * 37 + 11) % 190));
            seen_running += usize::from(!processes_with(&mark).is_empty());
            child.kill().expect("kill");
            child.wait().expect("wait");
            let deadline = Instant::now() + Duration::from_secs(10);
            loop {
                let left = [processes_with(&mark), processes_with(&program)].concat();
                if left.is_empty() {
                    break;
                }
                assert!(Instant::now() < deadline, "as {}: left: {left:?}", user.name);
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        assert!(seen_running > 0, "no round killed it while its commands ran");
        assert_eq!(
            (listing(&workspace), listing(user.place.path()), crate::sandboxed::mounts()),
            before,
            "as {}",
            user.name
        );
    }
}
