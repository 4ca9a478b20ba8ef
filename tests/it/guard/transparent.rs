//! What is not refused runs as without a guard: statuses, signals, stops, ends.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::WAYS;
use super::programs::{Programs, palisade};
use crate::sandboxed::{Place, User, errors, processes_with, program, status, text, users};
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
fn a_process_whose_starter_is_killed_before_it_tells_of_it_goes_on() {
    // A pipe stays open as long as one of the children is held.
    let storm = r#"
import os, time
for round in range(60):
    r, w = os.pipe()
    starter = os.fork()
    if starter == 0:
        os.close(r)
        while True:
            if os.fork() == 0:
                os.write(w, b"x")
                os._exit(0)
    os.close(w)
    os.read(r, 1)
    time.sleep(round % 12 * 0.0003)
    os.kill(starter, 9)
    os.waitpid(starter, 0)
    while os.read(r, 65536): pass
    os.close(r)
print("done")
"#;
    let place = Place::new();
    let storm = place.file("storm.py", storm);
    for way in WAYS {
        let words =
            ["--guard", "--default", "allow", "--timeout", "60", "--", "/usr/bin/python3", storm.to_str().unwrap()];
        let output = palisade(&place, User::Own, &[&["run", way[0], way[1]], &words[..]].concat()).output().unwrap();
        assert_eq!((status(&output), text(&output).as_str()), (0, "done\n"), "{way:?}: {}", errors(&output));
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
            let place = Place::alone();
            let nap = format!("9{}.{}", way[1].len(), 1000 + user as u32);
            let script = format!("setsid -f sleep {nap}; sleep {nap} & exec sleep {nap}");
            for moment in 0..30_u64 {
                let args = ["run", way[0], way[1], "--guard", "--", "sh", "-c", &script];
                let mut palisade = place.palisade(user, &args).spawn().unwrap();
                std::thread::sleep(Duration::from_millis(moment * 2));
                palisade.kill().unwrap();
                palisade.wait().unwrap();
                let patience = Instant::now() + Duration::from_secs(5);
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
fn an_exec_that_takes_long_holds_up_no_other() {
    const TRACER: &str = include_str!("../../cases/guard/traced_thread.py");
    let script = "/usr/bin/python3 -c \"$0\" & until [ -e executing ]; do :; done; sleep 0.2; \
        /bin/echo a | /bin/cat > a; /bin/touch enough; wait";
    for backend in ["native", "bwrap"] {
        let place = Place::new();
        let profile = include_str!("../../../sandbox-profiles/workspace-write.toml").replace(", \"tracing\"]", "]");
        let profile = place.file("traces.toml", profile);
        let profile = profile.to_str().unwrap();
        let args =
            ["run", "--backend", backend, "--profile", profile, "--guard", "--default", "allow", "--timeout", "20"];
        let args = [&args[..], &["--", "sh", "-c", script, TRACER]].concat();
        let output = place.run(User::Own, &args);
        assert_eq!((status(&output), text(&output)), (0, "0\n".to_owned()), "{backend}: {}", errors(&output));
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
fn where_somebody_listens_already_every_process_is_traced_instead() {
    let place = Place::new();
    let rules = place.file("p.rules", "prefix_rule(pattern=[\"mark\"], decision=\"forbidden\")\n");
    let report = place.outside().join("report.json");
    let launch = Programs::get().at("launch");
    for backend in ["native", "bwrap"] {
        let script = "$B/launch clone3 $B/mark one; $B/launch untraced $B/mark two; exit 7";
        let args = ["run", "--backend", backend, "--guard", "--default", "allow", "--rules", rules.to_str().unwrap()];
        let args = [&args[..], &["--report", report.to_str().unwrap(), "--", "sh", "-c", script]].concat();
        let own = palisade(&place, User::Own, &args);
        let mut command = std::process::Command::new(&launch);
        command.arg("listened").arg(own.get_program()).args(own.get_args());
        command.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = command.current_dir(place.workspace()).output().unwrap();
        assert_eq!(status(&output), 7, "{backend}: {}", errors(&output));
        // What nobody could trace is refused then, and not killed.
        let report: Value = serde_json::from_str(&std::fs::read_to_string(&report).unwrap()).unwrap();
        assert_eq!(report["guard"]["killed"], 1, "{backend}: {}", errors(&output));
        assert!(!place.workspace().join("one").exists() && !place.workspace().join("two").exists(), "{backend}");
    }
}
