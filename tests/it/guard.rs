//! The guard: a forbidden program is stopped whoever starts it and however, and everything else is as without a guard.
//!
//! Each route starts a program that leaves a mark. Under the guard there is no mark, and the control shows that the same
//! route leaves one without it, so that a route which never worked is no proof.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::sandboxed::{Place, User, errors, processes_with, program, status, text, users};

/// The ways a run can be built.
const WAYS: [[&str; 2]; 3] = [["--backend", "native"], ["--backend", "bwrap"], ["--mode", "bypass"]];

/// How often each route is taken in each kind of run. With every kind of user and run it makes well over 1,000 in all.
const ROUNDS: usize = 6;

/// Compiled programs that tests start; everybody can reach them, and nobody in a sandbox can change them.
struct Programs(PathBuf);

impl Programs {
    fn get() -> &'static Self {
        static PROGRAMS: OnceLock<Programs> = OnceLock::new();
        PROGRAMS.get_or_init(|| {
            let place = program().parent().unwrap().join("guard");
            std::fs::create_dir_all(&place).unwrap();
            let programs = Self(place);
            programs.compile("launch", "launch.c", &["-pthread"]);
            programs.compile("static-launch", "launch.c", &["-pthread", "-static"]);
            programs.compile("mark", "mark.c", &[]);
            programs.compile("static-mark", "mark.c", &["-static"]);
            let small = ["-m32", "-static", "-nostdlib", "-fno-pie", "-no-pie"];
            if cfg!(target_arch = "x86_64") {
                programs.compile("small-launch", "small.c", &small);
                programs.compile("small-mark", "small.c", &[&small[..], &["-DMARK"]].concat());
            }
            std::fs::hard_link(programs.at("mark"), programs.at("hard")).unwrap();
            std::os::unix::fs::symlink("mark", programs.at("soft")).unwrap();
            programs.script("deploy.sh", "#!/bin/sh\n: > \"$1\"\n");
            programs.script("argument.sh", "#!/bin/sh\ncat m.mk >/dev/null\n");
            programs.script("innocent.sh", "#!/bin/sh -e\nmark \"$1\"\n");
            programs.script(
                "argument.py",
                "#!/usr/bin/env python3\nimport os, sys\nos.execvp('mark', ['mark', sys.argv[1]])\n",
            );
            programs
        })
    }

    fn compile(&self, name: &str, source: &str, options: &[&str]) {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/guard").join(source);
        let output = Command::new("cc").args(["-O1", "-o"]).arg(self.at(name)).arg(source).args(options).output();
        let output = output.expect("cc, which tests/run installs");
        assert!(output.status.success(), "`{name}` cannot be built with {options:?}: {}", errors(&output));
    }

    fn script(&self, name: &str, content: &str) {
        std::fs::write(self.at(name), content).unwrap();
        std::fs::set_permissions(self.at(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The search path of tests: ours first. Python comes from the system, where an ordinary user can reach it.
    fn path(&self) -> String {
        format!("{}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", self.0.display())
    }
}

/// What a route may look like to the guard.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// One forbidden exec each time.
    Killed,
    /// The system call that would get away is refused.
    Refused,
    /// As `Killed`, but a sandbox does not let it begin.
    KilledInBypass,
}

use Seen::{Killed, KilledInBypass, Refused};

/// A name, what is expected, and shell text that leaves the mark `$F`; `$B` holds the compiled programs.
const ROUTES: &[(&str, Seen, &str)] = &[
    ("sh", Killed, "mark $F"),
    ("absolute path", Killed, "$B/mark $F"),
    ("sh -c in sh -c", Killed, "sh -c 'sh -c \"mark $F\"'"),
    ("sh from standard input", Killed, "echo mark $F | sh"),
    ("exec in a shell", Killed, "(exec mark $F)"),
    ("background", Killed, "mark $F & wait"),
    ("bash exec -a", Killed, "bash -c 'exec -a innocent mark $F'"),
    ("eval of pieces", Killed, "eval \"ma\"r'k' $F"),
    ("make", Killed, "printf 'all:\\n\\t@mark %s\\n' $F > m.mk; make -s -f m.mk || true"),
    ("find -exec", Killed, "find . -maxdepth 0 -exec mark $F ';'"),
    ("xargs", Killed, "echo $F | xargs mark"),
    ("env", Killed, "env -i $B/mark $F"),
    ("env -S", Killed, "env -S \"mark $F\""),
    ("nohup", Killed, "nohup mark $F"),
    ("nice", Killed, "nice -n 1 mark $F"),
    ("timeout", Killed, "timeout 9 mark $F"),
    ("setsid daemon", Killed, "setsid -f mark $F; sleep 0.1"),
    ("python3 subprocess", Killed, "/usr/bin/python3 -c \"import subprocess; subprocess.run(['mark', '$F'])\""),
    (
        "python3 double fork",
        Killed,
        "/usr/bin/python3 -c \"import os
r, w = os.pipe()
os.set_inheritable(w, True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.close(r)
        os.execvp('mark', ['mark', '$F'])
    os._exit(0)
os.close(w)
os.read(r, 1)\"",
    ),
    (
        "os.posix_spawn",
        Killed,
        "/usr/bin/python3 -c \"import os; os.waitpid(os.posix_spawnp('mark', ['mark', '$F'], os.environ), 0)\"",
    ),
    ("script with #!", Killed, "$B/innocent.sh $F"),
    ("script with #! and env", Killed, "$B/argument.py $F"),
    ("script under its own name", Killed, "$B/deploy.sh $F"),
    ("copied script", Killed, "cp $B/deploy.sh innocent; ./innocent $F"),
    ("link to a script", Killed, "ln -sf $B/deploy.sh innocent; ./innocent $F"),
    ("perl exec", Killed, "perl -e 'exec \"mark\", @ARGV' $F"),
    ("perl system", Killed, "perl -e 'system \"mark\", @ARGV' $F"),
    ("awk system()", Killed, "awk \"BEGIN { system(\\\"mark $F\\\") }\""),
    ("fork", Killed, "$B/launch fork $B/mark $F"),
    ("vfork", Killed, "$B/launch vfork $B/mark $F"),
    ("clone", Killed, "$B/launch clone $B/mark $F"),
    ("clone without a signal", Killed, "$B/launch silent-clone $B/mark $F"),
    ("clone3", Killed, "$B/launch clone3 $B/mark $F"),
    ("CLONE_UNTRACED", Refused, "$B/launch untraced $B/mark $F"),
    ("clone3 with CLONE_UNTRACED", Refused, "$B/launch untraced3 $B/mark $F"),
    ("posix_spawn", Killed, "$B/launch spawn $B/mark $F"),
    ("exec in a thread", Killed, "$B/launch thread $B/mark $F"),
    ("exec in a thread of a parent", Killed, "$B/launch thread-fork $B/mark $F"),
    ("exec after the first thread ended", Killed, "$B/launch leader-gone $B/mark $F"),
    ("daemon", Killed, "$B/launch daemon $B/mark $F"),
    ("fexecve", Killed, "$B/launch fexecve $B/mark $F"),
    ("execveat", Killed, "$B/launch execveat $B/mark $F"),
    ("memfd_create", Killed, "$B/launch memfd $B/mark $F"),
    ("unlinked copy", Killed, "$B/launch unlinked $B/mark $F"),
    ("another first word", Killed, "$B/launch renamed $B/mark $F"),
    ("an empty first word", Killed, "$B/launch nameless $B/mark $F"),
    ("static launcher", Killed, "$B/static-launch vfork $B/mark $F"),
    ("static program", Killed, "static-mark $F"),
    ("copied binary", Killed, "cp $B/mark innocent; ./innocent $F"),
    ("copied static binary", Killed, "cp $B/static-mark innocent; ./innocent $F"),
    ("symbolic link", Killed, "$B/soft $F"),
    ("link made on the way", Killed, "ln -sf $B/mark innocent; ./innocent $F"),
    ("hard link", Killed, "$B/hard $F"),
    ("dynamic loader", Killed, "$LOADER $B/mark $F"),
    ("dynamic loader with options", Killed, "$LOADER --argv0 innocent --library-path /lib $B/mark $F"),
    ("dynamic loader of a copy", Killed, "cp $B/mark innocent; $LOADER ./innocent $F"),
    ("copied dynamic loader", Killed, "cp $LOADER innocent; ./innocent $B/mark $F"),
    ("busybox applet", Killed, "busybox touch $F"),
    ("copied busybox", Killed, "cp $BUSYBOX busybox-copy; ./busybox-copy touch $F"),
    ("busybox under the applet's name", Killed, "ln -sf $BUSYBOX touch; ./touch $F"),
    #[cfg(target_arch = "x86_64")]
    ("32-bit launcher", KilledInBypass, "$B/small-launch $B/mark $F"),
    #[cfg(target_arch = "x86_64")]
    ("32-bit program", Killed, "$B/small-mark $F"),
];

const RULES: &str = r#"
prefix_rule(pattern=[["mark", "static-mark", "small-mark"]], decision="forbidden", justification="leaves a mark")
prefix_rule(pattern=["deploy.sh"], decision="forbidden", justification="deploys")
prefix_rule(pattern=["touch"], decision="forbidden", justification="leaves a mark too")
"#;

/// Whoever runs palisade, with what routes need.
fn palisade(place: &Place, user: User, args: &[&str]) -> Command {
    let programs = Programs::get();
    let busybox = ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|path| Path::new(path).exists());
    let loader =
        ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"].into_iter().find(|path| Path::new(path).exists());
    let mut command = place.palisade(user, args);
    command
        .env("PATH", programs.path())
        .env("B", &programs.0)
        .env("BUSYBOX", busybox.expect("busybox, which tests/run installs"))
        .env("LOADER", loader.expect("the dynamic loader"));
    command
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn marks(place: &Place) -> Vec<String> {
    let names = std::fs::read_dir(place.workspace().join("marks")).unwrap();
    names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

fn make_marks(place: &Place) {
    let marks = place.workspace().join("marks");
    std::fs::create_dir_all(&marks).unwrap();
    std::fs::set_permissions(&marks, std::fs::Permissions::from_mode(0o777)).unwrap();
}

fn rounds(route: &str, count: usize) -> String {
    format!("i=0; while [ $i -lt {count} ]; do i=$((i+1)); export F=marks/$i; {route}\ndone >/dev/null 2>&1; true")
}

#[test]
fn a_forbidden_program_is_stopped_on_every_route_and_each_route_works_without_a_guard() {
    assert!(ROUTES.len() >= 20);
    let (mut stopped, mut tried, mut wrong) = (0, 0, Vec::new());
    for (name, seen, route) in ROUTES {
        let place = Place::new();
        make_marks(&place);
        let args = ["run", "--mode", "bypass", "--", "sh", "-c", &rounds(route, 2)];
        let output = palisade(&place, User::Own, &args).output().unwrap();
        assert_eq!((status(&output), marks(&place).len()), (0, 2), "control of `{name}`: {}", errors(&output));
        for user in users() {
            for way in WAYS {
                let place = Place::new();
                make_marks(&place);
                let rules = place.file("guard.rules", RULES);
                let report = place.outside().join("report.json");
                let [rules, report_file] = [&rules, &report].map(|path| path.to_str().unwrap());
                let script = rounds(route, ROUNDS);
                let args =
                    ["run", way[0], way[1], "--guard", "--default", "allow", "--rules", rules, "--report", report_file];
                let args = [&args[..], &["--timeout", "60", "--", "sh", "-c", &script]].concat();
                let output = palisade(&place, user, &args).output().unwrap();
                let killed = json(&report)["guard"]["killed"].as_u64().unwrap_or_default() as usize;
                let expected = match seen {
                    Killed => ROUNDS,
                    KilledInBypass if way[1] == "bypass" => ROUNDS,
                    Refused | KilledInBypass => 0,
                };
                tried += ROUNDS;
                stopped += killed;
                if marks(&place).len() + usize::from(killed != expected || status(&output) != 0) > 0 {
                    wrong.push(format!(
                        "{name}, {user:?}, {way:?}: {killed} killed of {expected}, marks {:?}, status {}: {}",
                        marks(&place),
                        status(&output),
                        errors(&output).lines().take(12).collect::<Vec<_>>().join("\n  ")
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(stopped >= if users().len() > 1 { 1000 } else { 500 }, "only {stopped} were stopped");
}

/// Runs `script` under sh with and without a guard and gives status and output of both.
fn both(place: &Place, user: User, way: [&str; 2], script: &str) -> [(i32, String); 2] {
    [&[][..], &["--guard", "--default", "allow"]].map(|guard| {
        let args = [&["run", way[0], way[1]], guard, &["--timeout", "30", "--", "sh", "-c", script]].concat();
        let output = palisade(place, user, &args).output().unwrap();
        (status(&output), text(&output))
    })
}

#[test]
fn statuses_and_signals_are_those_of_a_run_without_a_guard() {
    let table = [
        "exit 0",
        "exit 7",
        "kill -TERM $$",
        "kill -KILL $$",
        "kill -SEGV $$",
        "kill -TRAP $$",
        "sleep 5 & kill -STOP $!; sleep 0.1; kill -TERM $!; kill -CONT $!; wait $!; echo $?",
        "kill -64 $$",
        "exec no-such-program",
        "trap 'echo caught; exit 9' USR1; kill -USR1 $$; echo not here",
        "trap '' TRAP; kill -TRAP $$; echo ignored",
        "sh -c 'kill -ABRT $$'; echo $?",
        "sh -c 'kill -35 $$'; echo $?",
        "(sleep 0.1; kill -USR1 $$; sleep 0.2) & trap 'echo usr1' USR1; wait; echo $?; wait; echo $?",
        "echo 1 | cat | cat; false | true; echo $?",
        "timeout 0.1 sleep 5; echo $?",
        "timeout -s KILL 0.1 sleep 5; echo $?",
        "ulimit -t 1; sh -c 'while :; do :; done'; echo $?",
        "python3 -c 'import os; os.kill(os.getpid(), 11)'; echo $?",
        "python3 -c 'import os; os.abort()'; echo $?",
        "umask; ulimit -c; pwd; id -u; echo $PPID | wc -w; cat /proc/self/status | grep -c Sig",
    ];
    for user in users() {
        for way in WAYS {
            for script in table {
                let place = Place::new();
                let [without, with] = both(&place, user, way, script);
                assert_eq!(with, without, "{way:?} {user:?} {script}");
            }
        }
    }
}

#[test]
fn a_command_that_is_missing_or_no_program_gives_127_and_126() {
    let place = Place::new();
    let plain = place.file("plain", "no program");
    for way in WAYS {
        for (command, expected) in
            [("no-such-command", 127), ("/no/such/file", 127), (plain.to_str().unwrap(), 126), ("", 127)]
        {
            let output = place.run(User::Own, &["run", way[0], way[1], "--guard", "--", command]);
            assert_eq!(status(&output), expected, "{way:?} `{command}`: {}", errors(&output));
        }
        let output = place.run(User::Own, &["run", way[0], way[1], "--guard", "--timeout", "0.3", "--", "sleep", "60"]);
        assert_eq!(status(&output), 124, "{way:?}: {}", errors(&output));
    }
}

#[test]
fn stopping_and_continuing_works_and_a_parent_sees_it() {
    let script = r#"/usr/bin/python3 -c '
import os, signal, threading, time
def see(flags):
    pid, status = os.waitpid(child, flags)
    if os.WIFSTOPPED(status): print("stopped by", os.WSTOPSIG(status))
    elif os.WIFCONTINUED(status): print("continued")
    elif os.WIFSIGNALED(status): print("killed by", os.WTERMSIG(status))
    else: print("exit", os.WEXITSTATUS(status))
for threads in (0, 3):
    r, w = os.pipe()
    child = os.fork()
    if child == 0:
        for _ in range(threads):
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        os.write(w, b"r")
        time.sleep(60); os._exit(0)
    os.read(r, 1)
    for stop in (signal.SIGSTOP, signal.SIGSTOP, signal.SIGSTOP):
        os.kill(child, stop)
        see(os.WUNTRACED)
        time.sleep(0.02)
        before = open(f"/proc/{child}/stat").read().split()[13:15]
        time.sleep(0.02)
        assert before == open(f"/proc/{child}/stat").read().split()[13:15]
        os.kill(child, signal.SIGCONT)
        see(os.WCONTINUED)
    os.kill(child, signal.SIGSTOP)
    see(os.WUNTRACED)
    os.kill(child, signal.SIGTERM)
    os.kill(child, signal.SIGCONT)
    see(0)
    child = os.fork()
    if child == 0:
        time.sleep(60); os._exit(0)
    os.kill(child, signal.SIGSTOP)
    see(os.WUNTRACED)
    os.kill(child, signal.SIGKILL)
    see(0)
'"#;
    for user in users() {
        for way in WAYS {
            let [without, with] = both(&Place::new(), user, way, script);
            assert_eq!(with, without, "{way:?} {user:?}");
            assert_eq!(with.1.lines().filter(|line| *line == "continued").count(), 6, "{}", with.1);
        }
    }
}

#[test]
fn many_short_lived_processes_at_once_end_and_are_all_seen() {
    for way in WAYS {
        let place = Place::new();
        let record = place.outside().join("record.ndjson");
        let args = ["run", way[0], way[1], "--record", record.to_str().unwrap(), "--timeout", "120", "--"];
        let script =
            "seq 1500 | xargs -P8 -n1 true; seq 300 | xargs -P8 -I{} sh -c 'true & /bin/true & wait'; echo done";
        let output = palisade(&place, User::Own, &[&args[..], &["sh", "-c", script]].concat()).output().unwrap();
        assert_eq!((status(&output), text(&output).as_str()), (0, "done\n"), "{way:?}: {}", errors(&output));
        let lines = std::fs::read_to_string(&record).unwrap();
        let programs: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let count = |word: &str| programs.iter().filter(|exec| exec["argv"][0] == word).count();
        assert_eq!((count("true"), count("/bin/true"), count("sh")), (1500, 300, 301), "{way:?}");
        assert!(programs.iter().all(|exec| exec["action"] == "ran"));
        assert_eq!(errors(&output), "", "{way:?}: nothing was left, and nothing is taken for left");
    }
}

#[test]
fn what_is_to_be_asked_for_is_refused_without_a_terminal() {
    let place = Place::new();
    let rules = place.file(
        "p.rules",
        "prefix_rule(pattern=[\"sh\"], decision=\"allow\")\nprefix_rule(pattern=[\"touch\"], decision=\"prompt\")\n",
    );
    let args =
        ["run", "--guard", "--rules", rules.to_str().unwrap(), "--", "sh", "-c", "touch a; echo $?; ls; echo $?"];
    let output = Command::new("setsid")
        .arg("-w")
        .arg(program())
        .args(args)
        .current_dir(place.workspace())
        .env("HOME", place.home())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(text(&output), "137\n137\n", "{}", errors(&output));
    assert!(
        errors(&output).contains("nobody agreed") && errors(&output).contains("p.rules:2:1"),
        "{}",
        errors(&output)
    );
    assert!(errors(&output).contains("killed 2 of 3 programs"), "{}", errors(&output));
    assert!(!place.workspace().join("a").exists());
}

/// Runs palisade on a terminal and types.
fn on_a_terminal(place: &Place, args: &str, typed: &str) -> Output {
    use std::io::Write;
    let line = format!("{} {args}", program().display());
    let mut script = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .current_dir(place.workspace())
        .env("HOME", place.home())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("script(1) from util-linux or bsdutils");
    let mut input = script.stdin.take().unwrap();
    for answer in typed.lines() {
        std::thread::sleep(Duration::from_millis(700));
        input.write_all(format!("{answer}\n").as_bytes()).unwrap();
    }
    let output = script.wait_with_output().unwrap();
    drop(input);
    output
}

#[test]
fn a_person_is_asked_once_for_the_same_words_and_the_answer_counts() {
    for way in ["--backend native", "--mode bypass"] {
        let place = Place::new();
        let rules = place.file("p.rules", "prefix_rule(pattern=[\"sh\"], decision=\"allow\")\nprefix_rule(pattern=[\"touch\"], decision=\"prompt\")\n");
        let inner = "touch a; rm a 2>/dev/null; touch a; touch b; true";
        let args = format!("run {way} --guard --default allow --rules {} -- sh -c '{inner}'", rules.display());
        let output = on_a_terminal(&place, &args, "y\nn");
        let shown = text(&output);
        assert_eq!(status(&output), 0, "{way}: {shown}");
        assert_eq!(shown.matches("run it? [y/N]").count(), 2, "{way}: {shown}");
        assert!(place.workspace().join("a").exists() && !place.workspace().join("b").exists(), "{way}: {shown}");
    }
}

#[test]
fn the_report_names_the_rule_and_who_started_the_program() {
    let place = Place::new();
    let rules = place
        .file("p.rules", "\nprefix_rule(pattern=[\"touch\"], decision=\"forbidden\", justification=\"no touching\")\n");
    let report = place.outside().join("report.json");
    let args = [
        "run",
        "--guard",
        "--default",
        "allow",
        "--rules",
        rules.to_str().unwrap(),
        "--report",
        report.to_str().unwrap(),
    ];
    let command = ["--", "sh", "-c", "env sh -c 'touch x; exit 5'"];
    let output = place.run(User::Own, &[&args[..], &command].concat());
    assert_eq!(status(&output), 5);
    for said in ["before it ran `/usr/bin/touch`", "p.rules:2:1", "no touching", "started by", "killed 1 of 4 programs"]
    {
        assert!(errors(&output).contains(said), "{said}: {}", errors(&output));
    }
    let report = json(&report);
    let killed = &report["guard"]["stopped"][0];
    assert_eq!((&killed["program"], &killed["decision"]), (&"/usr/bin/touch".into(), &"forbidden".into()));
    assert_eq!((&killed["reasons"][0]["line"], &killed["reasons"][0]["column"]), (&2.into(), &1.into()));
    assert_eq!(killed["parent"]["argv"], serde_json::json!(["sh", "-c", "touch x; exit 5"]));
    assert_eq!(killed["started_by"].as_array().unwrap().len(), 2);
    assert_eq!(killed["ppid"], killed["started_by"][0]["pid"]);
}

#[test]
fn the_command_itself_is_refused_before_it_starts_and_a_tree_can_be_killed() {
    let place = Place::new();
    let rules = place.file("p.rules", "prefix_rule(pattern=[\"touch\"], decision=\"forbidden\")\n");
    let rules = rules.to_str().unwrap();
    let output = place.run(User::Own, &["run", "--guard", "--rules", rules, "--", "touch", "a"]);
    assert_eq!(status(&output), 126);
    for way in WAYS {
        let script = "sleep 77.125 & sh -c 'touch a; :'; sleep 77.125; echo not here";
        let args =
            ["run", way[0], way[1], "--guard", "--guard-kill", "tree", "--default", "allow", "--rules", rules, "--"];
        let output = place.run(User::Own, &[&args[..], &["sh", "-c", script]].concat());
        assert_eq!((status(&output), text(&output).as_str()), (137, ""), "{way:?}: {}", errors(&output));
    }
    // Keepers of masks that another run uses stay; they carry palisade's own words.
    let left = || processes_with("sleep 77.125").into_iter().filter(|line| line.starts_with('s')).collect::<Vec<_>>();
    let patience = Instant::now() + Duration::from_secs(5);
    while !left().is_empty() && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(left(), Vec::<String>::new());
}

#[test]
fn an_allowing_rule_needs_the_very_file() {
    let place = Place::new();
    let rules = place
        .file("p.rules", "prefix_rule(pattern=[[\"sh\", \"cat\", \"cp\", \"/usr/bin/head\"]], decision=\"allow\")\n");
    let args = ["run", "--guard", "--rules", rules.to_str().unwrap(), "--", "sh", "-c"];
    for (script, expected) in [
        ("cat /dev/null; echo $?", "0\n"),
        ("/bin/cat /dev/null; echo $?", "0\n"),
        ("head /dev/null; echo $?", "0\n"),
        ("cp /bin/cat cat; ./cat /dev/null; echo $?", "137\n"),
        ("$B/launch memfd /bin/cat /dev/null; echo $?", "137\n"),
        ("cp /bin/true sh; ./sh; echo $?", "137\n"),
        ("tail /dev/null; echo $?", "137\n"),
        ("$LOADER /bin/cat /dev/null; echo $?", "137\n"),
    ] {
        let output = palisade(&place, User::Own, &[&args[..], &[script]].concat()).output().unwrap();
        assert_eq!(text(&output), expected, "{script}: {}", errors(&output));
    }
}

#[test]
fn a_record_loses_nothing() {
    for way in WAYS {
        let place = Place::new();
        let record = place.outside().join("record.ndjson");
        let args = ["run", way[0], way[1], "--record", record.to_str().unwrap(), "--"];
        let script = "$B/launch memfd /bin/echo a; $B/launch fexecve /bin/echo b; $B/innocent.sh x; \
                      cd /; echo \"$(printf 'x\\377y')\" | xargs /bin/echo; /bin/echo ''";
        let output = palisade(&place, User::Own, &[&args[..], &["sh", "-c", script]].concat()).output().unwrap();
        assert_eq!(status(&output), 0, "{}", errors(&output));
        let lines = std::fs::read_to_string(&record).unwrap();
        let execs: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let find = |what: &dyn Fn(&Value) -> bool| execs.iter().find(|exec| what(exec)).cloned().unwrap_or_default();
        assert_eq!(find(&|exec| exec["via"] == "memfd")["argv"][1], "a", "{way:?}");
        assert_eq!(find(&|exec| exec["via"] == "fd")["argv"][1], "b", "{way:?}");
        let script = find(&|exec| !exec["script"].is_null());
        assert!(script["script"].as_str().unwrap().ends_with("/innocent.sh"), "{script}");
        let other = find(&|exec| !exec["argv_hex"].is_null());
        assert_eq!((&other["argv_hex"][1], &other["cwd"]), (&"78ff79".into(), &"/".into()), "{way:?}");
        assert_eq!(execs.last().unwrap()["argv"], serde_json::json!(["/bin/echo", ""]), "{way:?}");
        for exec in &execs {
            for field in
                ["ms", "time", "pid", "ppid", "program", "argv", "cwd", "decision", "reasons", "action", "certain"]
            {
                assert!(!exec[field].is_null(), "{field}: {exec}");
            }
        }
        let pids: Vec<_> = execs.iter().map(|exec| exec["pid"].clone()).collect();
        assert!(execs.iter().skip(1).all(|exec| pids.contains(&exec["parent"]["pid"])), "{way:?}: {lines}");
    }
}

#[test]
fn what_outlives_the_command_is_ended_with_it() {
    let place = Place::new();
    let script = "setsid -f sleep 87.25; sleep 0.1";
    let output = place.run(User::Own, &["run", "--mode", "bypass", "--guard", "--", "sh", "-c", script]);
    assert_eq!(status(&output), 0);
    assert!(errors(&output).contains("ended 1 processes that outlived the command"), "{}", errors(&output));
    assert_eq!(processes_with("sleep 87.25"), Vec::<String>::new());
}

#[test]
fn a_palisade_that_is_killed_takes_the_guarded_tree_with_it() {
    for user in users() {
        for way in WAYS {
            let place = Place::new();
            let nap = format!("9{}.{}", way[1].len(), 1000 + user as u32);
            let script = format!("setsid -f sleep {nap}; sleep {nap} & exec sleep {nap}");
            for moment in 0..30_u64 {
                let args = ["run", way[0], way[1], "--guard", "--", "sh", "-c", &script];
                let mut palisade = place.palisade(user, &args).spawn().unwrap();
                std::thread::sleep(Duration::from_millis(moment * 2));
                palisade.kill().unwrap();
                palisade.wait().unwrap();
                let patience = Instant::now() + Duration::from_secs(30);
                let left = || (processes_with(&nap), place.left_in_workspace());
                while left() != (Vec::new(), Vec::new()) && Instant::now() < patience {
                    std::thread::sleep(Duration::from_millis(2));
                }
                assert_eq!(left(), (Vec::new(), Vec::new()), "{way:?} {user:?} after {} ms", moment * 2);
            }
        }
    }
}

#[test]
fn where_tracing_is_impossible_nothing_runs() {
    // Whoever is traced already cannot be traced by palisade: the command of a guarded run, seen from a guarded run inside.
    let place = Place::new();
    let inner = format!("{} run --mode bypass --guard -- touch made", program().display());
    let output = place.run(User::Own, &["run", "--mode", "bypass", "--guard", "--", "sh", "-c", &inner]);
    assert_eq!(status(&output), 125, "{}", errors(&output));
    assert!(errors(&output).contains("guard: tracing the command: "), "{}", errors(&output));
    assert!(!place.workspace().join("made").exists());
}

#[test]
fn what_is_learned_from_a_record_is_enough_for_the_same_run_and_for_no_other() {
    for user in users() {
        let place = Place::new();
        let make = "all:\n\tmkdir -p out\n\tcp m.mk out/a\n\tcp m.mk out/b\n\twc -l out/a\n\t$(B)/argument.sh x\n";
        std::fs::write(place.workspace().join("m.mk"), make).unwrap();
        let record = place.outside().join("record.ndjson");
        let command = ["--", "make", "-f", "m.mk"];
        let args = [&["run", "--record", record.to_str().unwrap()], &command[..]].concat();
        let output = palisade(&place, user, &args).output().unwrap();
        assert_eq!(status(&output), 0, "{}", errors(&output));
        let output = palisade(&place, User::Own, &["learn", record.to_str().unwrap()]).output().unwrap();
        let rules = text(&output);
        assert!(
            status(&output) == 0 && rules.contains("palisade run --guard --rules learned.rules -- make -f m.mk"),
            "{rules}"
        );
        let rules = place.file("learned.rules", &rules);
        let run = |command: &[&str]| {
            let args = [&["run", "--guard", "--rules", rules.to_str().unwrap()], command].concat();
            palisade(&place, user, &args).output().unwrap()
        };
        let output = run(&command);
        assert_eq!(status(&output), 0, "{user:?}: {}\n{}", errors(&output), std::fs::read_to_string(&rules).unwrap());
        assert_eq!(status(&run(&["--", "make", "-f", "other.mk"])), 126);
        std::fs::write(place.workspace().join("m.mk"), "all:\n\tcp /etc/passwd here\n").unwrap();
        assert_ne!(status(&run(&command)), 0, "another file is copied");
        assert!(!place.workspace().join("here").exists());
    }
}

#[test]
fn a_record_that_is_none_is_named_with_its_line() {
    let place = Place::new();
    let record = place.file("record.ndjson", "{\"argv\": [\"ls\"]}\nls\n");
    let output = place.run(User::Own, &["learn", record.to_str().unwrap()]);
    assert_eq!(status(&output), 2);
    assert!(errors(&output).contains("record.ndjson:2"), "{}", errors(&output));
}
