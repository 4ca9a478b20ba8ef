//! `run --denials`: what a sandbox refused while a script ran is reported whole, and nothing else is.

use std::os::unix::net::UnixListener;
use std::process::Command;

use serde_json::Value;

use crate::sandboxed::{BACKENDS, Place, User, users};

/// Forty refusals of ten kinds, each with its call and its layer, then failures that are nobody's refusal.
const SCRIPT: &str = r#"
import ctypes, os, socket, sys
out, outside = sys.argv[1], int(sys.argv[2])
libc = ctypes.CDLL(None, use_errno=True)
def raw(number, *arguments):
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), 'refused')
def refused(act, *arguments):
    try:
        act(*arguments)
    except OSError:
        return
    sys.exit(f'{act} {arguments} worked')
def write(path): open(path, 'w').close()
def append(path): open(path, 'a').close()
def make(family, kind): socket.socket(family, kind)
def connect(path): socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).connect(path)
for number in range(5): refused(write, f'{out}/new{number}')
refused(append, f'{out}/file'); refused(append, '../outside/file'); refused(os.truncate, f'{out}/file', 0)
for number in range(3): refused(os.mkdir, f'{out}/directory{number}')
refused(os.rmdir, f'{out}/empty'); refused(os.unlink, f'{out}/file')
refused(os.rename, f'{out}/file', 'stolen'); refused(os.rename, 'work', f'{out}/work')
refused(os.link, f'{out}/file', 'second'); refused(os.symlink, 'x', f'{out}/symlink'); refused(os.mkfifo, f'{out}/pipe')
refused(os.chmod, f'{out}/file', 0o600); refused(os.utime, f'{out}/file'); refused(os.setxattr, f'{out}/file', 'user.x', b'y')
refused(write, '.git/config'); refused(os.rename, '.git', 'git'); refused(os.mkdir, '.git/hooks'); refused(write, '.codex/config.toml')
refused(make, socket.AF_INET, socket.SOCK_STREAM); refused(make, socket.AF_INET6, socket.SOCK_DGRAM)
refused(make, socket.AF_UNIX, socket.SOCK_DGRAM); refused(make, socket.AF_NETLINK, socket.SOCK_RAW)
refused(connect, f'{out}/service')
refused(os.kill, outside, 0); refused(raw, 200, outside, 0); refused(raw, 434, outside, 0)
refused(raw, 272, 0x10000000); refused(raw, 101, 16, 1, 0, 0)
refused(raw, 425, 8, 0); refused(raw, 250, 0, -4, 0, 0, 0); refused(raw, 298, 0, 0, 0, 0, 0)
refused(raw, 323, 1); refused(raw, 312, 0, 0, 0, 0, 0)
# Nobody's refusal.
refused(open, '/nowhere'); refused(write, '/nowhere/file'); refused(connect, '/nowhere'); refused(os.kill, 999999, 0)
refused(os.mkdir, 'taken'); refused(os.rmdir, 'taken')
if os.getuid() != 0: refused(write, 'closed/file')
for number in range(3):
    write(f'own{number}'); os.rename(f'own{number}', f'moved{number}'); os.unlink(f'moved{number}')
"#;

/// What each of them is: call, end of the target, layer.
const EXPECTED: &[(&str, &str, &str, u64)] = &[
    ("openat", "outside/new0", "mounts", 1),
    ("openat", "outside/new4", "mounts", 1),
    ("openat", "outside/file", "mounts", 2),
    ("truncate", "outside/file", "mounts", 1),
    ("mkdir", "outside/directory2", "mounts", 1),
    ("rmdir", "outside/empty", "mounts", 1),
    ("unlink", "outside/file", "mounts", 1),
    ("rename", "outside/file -> WORKSPACE/stolen", "mounts", 1),
    ("rename", "WORKSPACE/work -> OUTSIDE/work", "mounts", 1),
    ("link", "outside/file -> WORKSPACE/second", "mounts", 1),
    ("symlink", "outside/symlink", "mounts", 1),
    ("mknodat", "outside/pipe", "mounts", 1),
    ("chmod", "outside/file", "mounts", 1),
    ("utimensat", "outside/file", "mounts", 1),
    ("setxattr", "outside/file", "mounts", 1),
    ("openat", "WORKSPACE/.git/config", "mounts", 1),
    ("rename", "WORKSPACE/.git -> WORKSPACE/git", "mounts", 1),
    ("mkdir", "WORKSPACE/.git/hooks", "mounts", 1),
    ("openat", "WORKSPACE/.codex/config.toml", "mounts", 1),
    ("socket", "AF_INET stream", "seccomp", 1),
    ("socket", "AF_INET6 datagram", "seccomp", 1),
    ("socket", "AF_UNIX datagram", "seccomp", 1),
    ("socket", "AF_NETLINK raw", "seccomp", 1),
    ("connect", "OUTSIDE/service", "seccomp", 1),
    ("kill", "process PID", "processes", 1),
    ("tkill", "process PID", "processes", 1),
    ("pidfd_open", "process PID", "processes", 1),
    ("unshare", "", "seccomp", 1),
    ("ptrace", "process 1", "seccomp", 1),
    ("io_uring_setup", "", "seccomp", 1),
    ("keyctl", "", "seccomp", 1),
    ("perf_event_open", "", "seccomp", 1),
    ("userfaultfd", "", "seccomp", 1),
    ("kcmp", "", "seccomp", 1),
];

/// A place with everything the script asks for, owned by the user.
fn laid_out(user: User) -> (Place, UnixListener) {
    use std::os::unix::fs::{PermissionsExt, chown};
    let place = Place::new();
    let (workspace, outside) = (place.workspace(), place.outside());
    for directory in
        [workspace.join(".git"), workspace.join("taken"), workspace.join("taken/full"), workspace.join("closed")]
    {
        std::fs::create_dir(directory).unwrap();
    }
    std::fs::create_dir(outside.join("empty")).unwrap();
    for file in [workspace.join("work"), outside.join("file"), workspace.join(".git/HEAD")] {
        std::fs::write(file, "x\n").unwrap();
    }
    std::fs::write(workspace.join("script.py"), SCRIPT).unwrap();
    let service = UnixListener::bind(outside.join("service")).unwrap();
    let id = if user == User::Ordinary { Some(crate::sandboxed::SOMEBODY) } else { None };
    for path in ["work", ".git", ".git/HEAD", "taken", "taken/full"].map(|name| workspace.join(name)) {
        chown(path, id, id).unwrap();
    }
    for path in ["empty", "file", "service"].map(|name| outside.join(name)) {
        chown(path, id, id).unwrap();
    }
    std::fs::set_permissions(workspace.join("closed"), std::fs::Permissions::from_mode(0o000)).unwrap();
    (place, service)
}

/// Runs the script and gives what was reported.
fn run(place: &Place, user: User, options: &[&str]) -> (Value, String) {
    // Somebody outside, of the same user.
    let mut sleeper = match user {
        User::Own => Command::new("sleep"),
        User::Ordinary => {
            let mut command = Command::new("setpriv");
            let id = crate::sandboxed::SOMEBODY.to_string();
            command.args(["--reuid", &id, "--regid", &id, "--clear-groups", "sleep"]);
            command
        }
    };
    let mut sleeper = sleeper.arg("30").spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(50));
    let report = place.workspace().join("report.json");
    let _ = std::fs::remove_file(&report);
    let (outside, pid) = (place.outside().display().to_string(), sleeper.id().to_string());
    let before = ["run", "--denials", "--report", report.to_str().unwrap()];
    let command = ["--", "/usr/bin/python3", "script.py", &outside, &pid];
    let output = place.palisade(user, &[&before[..], options, &command[..]].concat()).output().unwrap();
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let text = std::fs::read_to_string(&report).unwrap_or_else(|error| panic!("{error}: {said}"));
    let mut report: Value = serde_json::from_str(&text).unwrap();
    report["status"] = output.status.code().into();
    report["outside"] = pid.into();
    (report, said)
}

#[test]
fn forty_refusals_of_ten_kinds_are_reported_whole_and_nothing_else() {
    for user in users() {
        for backend in BACKENDS {
            let (place, _service) = laid_out(user);
            let (report, said) = run(&place, user, &["--backend", backend]);
            assert_eq!(report["status"], 0, "{backend} {user:?}: {said}");
            let found = report["denials"].as_array().unwrap();
            let total: u64 = found.iter().map(|denial| denial["count"].as_u64().unwrap()).sum();
            assert_eq!(total, 40, "{backend} {user:?}: {said}");
            let (workspace, outside) = (place.workspace().display().to_string(), place.outside().display().to_string());
            for (call, target, layer, count) in EXPECTED {
                let target = target.replace("WORKSPACE", &workspace).replace("OUTSIDE", &outside);
                let target = target.replace("PID", report["outside"].as_str().unwrap());
                let there = found.iter().any(|denial| {
                    denial["call"] == *call
                        && denial["target"].as_str().unwrap().ends_with(&target)
                        && denial["layer"] == *layer
                        && denial["count"] == *count
                });
                assert!(there, "{backend} {user:?} {call} {target} by {layer}: {said}");
            }
            let protected =
                found.iter().find(|denial| denial["target"].as_str().unwrap().ends_with(".git/config")).unwrap();
            assert_eq!(protected["permitted_by"], "files.protect without \".git\"");
            assert!(protected["danger"].as_str().unwrap().contains("later commands"), "{protected}");
            assert!(said.contains("denials: 40\n"), "{said}");
        }
    }
}

#[test]
fn what_nobody_confines_is_refused_nothing() {
    let (place, _service) = laid_out(User::Own);
    let report = place.workspace().join("report.json");
    let script = "touch ../outside/new; mkdir /nowhere/x; rm /nowhere; kill -0 999999; true";
    let options = ["run", "--denials", "--mode", "danger-full-access", "--report", report.to_str().unwrap(), "--"];
    let output = place.palisade(User::Own, &[&options[..], &["sh", "-c", script]].concat()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    assert_eq!(report["denials"], serde_json::json!([]));
}

#[test]
fn the_guard_and_the_denials_share_one_tracer() {
    let place = Place::new();
    let rules = place.file("team.rules", "prefix_rule(pattern=[\"rm\"], decision=\"forbidden\")\n");
    let report = place.workspace().join("report.json");
    let options = ["run", "--denials", "--guard", "--default", "allow", "--rules", rules.to_str().unwrap()];
    let options = [&options[..], &["--report", report.to_str().unwrap(), "--", "sh", "-c"]].concat();
    let script = "touch ../outside/new; rm -f nothing; touch ../outside/new; echo end";
    let output = place.palisade(User::Own, &[&options[..], &[script]].concat()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "end\n");
    let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    assert_eq!((&report["guard"]["killed"], &report["denials"][0]["count"]), (&1.into(), &2.into()), "{report:#}");
}

/// Reads what is hidden in eight ways, then what only looks like it.
const READERS: &str = r#"
import os, sys
home = sys.argv[1]
def refused(path, flags=os.O_RDONLY, errno=13, **more):
    try:
        os.close(os.open(path, flags, **more))
    except OSError as error:
        if error.errno == errno: return
        sys.exit(f'{path}: {error}')
    sys.exit(f'{path} could be read')
os.symlink(home + '/keys/id', 'link')
refused(home + '/keys'); refused(home + '/keys/id'); refused(home + '/token'); refused('../outside/keys/id')
refused('link'); refused('id', dir_fd=os.open(home + '/keys', os.O_PATH)); refused(home + '/keys/id', os.O_PATH)
refused(home + '/keys', os.O_RDONLY | os.O_DIRECTORY)
# Nobody's refusal: it is not there, is no directory, is the link itself, is not read, was made by the command.
refused(home + '/keys/nothing'); refused(home + '/token', os.O_DIRECTORY, 20); refused('link', os.O_NOFOLLOW, 40)
os.close(os.open(home + '/keys', os.O_PATH)); open('own', 'w').close(); os.chmod('own', 0)
for number in range(200): os.close(os.open(home + '/free', os.O_RDONLY))
"#;

#[test]
fn what_is_hidden_is_reported_wherever_it_is_read_from() {
    for user in users() {
        for backend in BACKENDS {
            let place = Place::new();
            let outside = place.outside();
            std::fs::create_dir(outside.join("keys")).unwrap();
            for name in ["keys/id", "token", "free"] {
                std::fs::write(outside.join(name), "x").unwrap();
            }
            let id = if user == User::Ordinary { Some(crate::sandboxed::SOMEBODY) } else { None };
            for name in ["keys", "keys/id", "token", "free"] {
                std::os::unix::fs::chown(outside.join(name), id, id).unwrap();
            }
            let shown = outside.display().to_string();
            let profile = include_str!("../../sandbox-profiles/workspace-write.toml");
            let hidden = format!("deny_read = [\"{shown}/keys\", \"{shown}/token\"]");
            let profile = place.file("hiding.toml", profile.replace("deny_read = []", &hidden));
            let report = place.workspace().join("report.json");
            let options =
                ["run", "--denials", "--backend", backend, "--profile", profile.to_str().unwrap(), "--report"];
            let command = [report.to_str().unwrap(), "--", "/usr/bin/python3", "-c", READERS, &shown];
            let output = place.palisade(user, &[&options[..], &command[..]].concat()).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{backend} {user:?}: {said}");
            let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
            let found = report["denials"].as_array().unwrap();
            let counted = |target: &str| {
                let all = found.iter().filter(|denial| {
                    denial["target"].as_str().unwrap().ends_with(target)
                        && denial["errno"] == "EACCES"
                        && denial["layer"] == "mounts"
                        && denial["program"].as_str().unwrap().contains("python3")
                });
                all.map(|denial| denial["count"].as_u64().unwrap()).sum::<u64>()
            };
            let counts = ["outside/keys", "keys/id", "outside/token", "workspace/link"].map(counted);
            assert_eq!((counts, found.len()), ([2, 4, 1, 1], 4), "{backend} {user:?}: {said}");
            assert!(said.contains("files.deny_read without"), "{said}");
        }
    }
}

#[test]
fn what_the_agent_leaves_in_tmp_is_said_to_be_unwatched_and_slows_nothing_down() {
    let place = Place::alone();
    let control = std::path::PathBuf::from(format!("/tmp/codex-daemon-{}", nix::unistd::geteuid()));
    let made = std::fs::create_dir(&control).is_ok();
    std::fs::write(place.outside().join("token"), "x").unwrap();
    let profile = include_str!("../../sandbox-profiles/workspace-write.toml");
    let hidden = format!("deny_read = [\"{}/token\"]", place.outside().display());
    let plain = place.file("plain.toml", profile);
    let hiding = place.file("hiding.toml", profile.replace("deny_read = []", &hidden));
    let script = format!("ls {}; ls {}/token", control.display(), place.outside().display());
    // Where the profile hides something else, each open is told of anyway.
    for (profile, unwatched, denied) in [(plain, 1, 0), (hiding, 0, 1)] {
        let report = place.workspace().join("report.json");
        let options = ["run", "--denials", "--profile", profile.to_str().unwrap(), "--report"];
        let command = [report.to_str().unwrap(), "--", "sh", "-c", &script];
        let output = place.palisade(User::Own, &[&options[..], &command[..]].concat()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
        let named = |of: &str| {
            let all = report[of].as_array().unwrap().iter();
            all.filter(|one| one.to_string().contains("codex-daemon-")).count()
        };
        assert_eq!((named("denials_unwatched"), named("denials")), (unwatched, denied), "{said}{report:#}");
        assert_eq!(said.contains("not watched"), unwatched == 1, "{said}");
    }
    if made {
        std::fs::remove_dir(&control).unwrap();
    }
}
