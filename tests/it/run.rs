//! `palisade run`, as people and scripts meet it: statuses, streams, bad input, and what is left afterwards.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use crate::sandboxed::{
    BACKENDS, Place, SOMEBODY, User, abandoned_masks_in_tmp, errors, processes_with, program, status, text, users,
};

/// Runs a check for every backend and user.
fn everywhere(check: impl Fn(&Place, User, &str)) {
    for user in users() {
        for backend in BACKENDS {
            check(&Place::new(), user, backend);
        }
    }
}

#[test]
fn the_status_is_the_commands_own() {
    everywhere(|place, user, backend| {
        for (script, expected) in [
            ("exit 0", 0),
            ("exit 7", 7),
            ("exit 255", 255),
            ("kill -TERM $$", 143),
            ("kill -KILL $$", 137),
            ("kill -SEGV $$", 139),
            ("kill -PIPE $$", 141),
        ] {
            let output = place.run(user, &["run", "--backend", backend, "--", "sh", "-c", script]);
            assert_eq!(status(&output), expected, "{backend} {user:?} {script}: {}", errors(&output));
        }
    });
}

#[test]
fn a_command_that_is_not_there_gives_127_and_one_that_cannot_be_executed_126() {
    everywhere(|place, user, backend| {
        let plain = place.file("plain", "no program");
        for (command, expected) in
            [("no-such-command", 127), (plain.to_str().unwrap(), 126), ("/no/such/file", 127), ("", 127)]
        {
            let output = place.run(user, &["run", "--backend", backend, "--", command]);
            assert_eq!(status(&output), expected, "{backend} {user:?}");
            assert!(errors(&output).contains(command), "{}", errors(&output));
        }
    });
}

#[test]
fn time_that_runs_out_gives_124_and_ends_the_whole_tree() {
    everywhere(|place, user, backend| {
        let started = Instant::now();
        let script = format!("(sleep 987.1; echo late > {}/late) & sleep 987.2", place.workspace().display());
        let output = place.run(user, &["run", "--backend", backend, "--timeout", "0.3", "--", "sh", "-c", &script]);
        assert_eq!(status(&output), 124, "{}", errors(&output));
        assert!(started.elapsed() < Duration::from_secs(4));
        // A keeper stays as long as another test's run uses a mask in /tmp that it made.
        let patience = Instant::now() + Duration::from_secs(5);
        let left = || processes_with("sleep 987.");
        while !left().is_empty() && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(left(), Vec::<String>::new(), "{backend} {user:?}");
    });
}

#[test]
fn a_signal_to_the_whole_group_reaches_the_command_and_ends_nothing_else() {
    use std::io::{BufRead, BufReader, Read};
    use std::os::unix::process::CommandExt;
    // `timeout -s USR1` sends like this. The first word says that the trap is set.
    let script = "trap 'echo got; exit 7' USR1; echo ready; n=0; while [ $n -lt 100 ]; do n=$((n+1)); sleep 0.1; done";
    everywhere(|place, user, backend| {
        let mut command = place.palisade(user, &["run", "--backend", backend, "--", "sh", "-c", script]);
        let mut palisade = command.process_group(0).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(palisade.stdout.take().unwrap());
        let mut ready = String::new();
        said.read_line(&mut ready).unwrap();
        assert_eq!(ready, "ready\n", "{backend} {user:?}");
        let group = nix::unistd::Pid::from_raw(palisade.id().cast_signed());
        nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGUSR1).unwrap();
        let mut rest = String::new();
        said.read_to_string(&mut rest).unwrap();
        assert_eq!((palisade.wait().unwrap().code(), &*rest), (Some(7), "got\n"), "{backend} {user:?}");
    });
}

#[test]
fn the_workspace_is_written_and_nothing_else_is() {
    everywhere(|place, user, backend| {
        let outside = place.outside().join("file");
        let script = format!("echo in > inside; echo out > {}; echo home > $HOME/x; true", outside.display());
        let output = place.run(user, &["run", "--backend", backend, "--", "sh", "-c", &script]);
        assert_eq!(status(&output), 0, "{}", errors(&output));
        assert_eq!(std::fs::read_to_string(place.workspace().join("inside")).unwrap(), "in\n");
        assert!(!outside.exists() && !place.home().join("x").exists());
        assert_eq!(place.left_in_workspace(), Vec::<std::path::PathBuf>::new());
    });
}

#[test]
fn read_only_writes_nothing_and_bypass_everything() {
    for user in users() {
        let place = Place::new();
        let file = place.outside().join("file");
        let script = format!("echo x > here; echo x > {}", file.display());
        let output = place.run(user, &["run", "--mode", "read-only", "--", "sh", "-c", &script]);
        assert_ne!(status(&output), 0);
        assert!(!file.exists() && !place.workspace().join("here").exists());
        let output = place.run(user, &["run", "--mode", "bypass", "--", "sh", "-c", &script]);
        assert_eq!(status(&output), 0, "{}", errors(&output));
        assert!(file.exists() && place.workspace().join("here").exists());
    }
}

#[test]
fn options_change_the_profile() {
    everywhere(|place, user, backend| {
        let secret = place.file("secret", "s3cret");
        let extra = place.outside();
        let script = format!("cat {}; echo x > {}/x", secret.display(), extra.display());
        let args = ["run", "--backend", backend, "--deny-read", secret.to_str().unwrap(), "--writable"];
        let output = place.run(user, &[&args[..], &[extra.to_str().unwrap(), "--", "sh", "-c", &script]].concat());
        assert_eq!(status(&output), 0, "{}", errors(&output));
        assert!(!text(&output).contains("s3cret"));
        assert!(extra.join("x").exists());
    });
}

#[test]
fn a_profile_of_ones_own_can_show_little_and_have_its_own_tmp() {
    everywhere(|place, user, backend| {
        let whole = include_str!("../../sandbox-profiles/workspace-write.toml");
        let own = whole
            .replace("read = [\":root\"]", "read = [\":minimal\", \":workspace\"]")
            .replace("tmp = false", "tmp = true");
        let profile = place.file("own.toml", own);
        std::fs::write(place.outside().join("file"), "outside").unwrap();
        let script = "ls -A /tmp; echo t > /tmp/t && cat /tmp/t; echo w > w; cat ../outside/file; touch /etc/x; true";
        let output = place.run(
            user,
            &["run", "--backend", backend, "--profile", profile.to_str().unwrap(), "--", "sh", "-c", script],
        );
        assert_eq!(status(&output), 0, "{backend} {user:?}: {}", errors(&output));
        assert_eq!(text(&output), "t\n", "{backend} {user:?}: {}", errors(&output));
        assert!(place.workspace().join("w").exists() && !std::path::Path::new("/tmp/t").exists());
    });
}

#[test]
fn secrets_are_taken_from_the_environment_unless_kept() {
    let place = Place::new();
    let run = |args: &[&str]| {
        let args =
            [args, &["--", "sh", "-c", "echo [$DEMO_API_KEY] [$PLAIN]; tr '\\0' '\\n' < /proc/1/environ || true"]]
                .concat();
        let output = place.palisade(User::Own, &args).env("DEMO_API_KEY", "sk-1").env("PLAIN", "p").output().unwrap();
        text(&output)
    };
    assert_eq!(run(&["run"]), "[] [p]\n");
    assert_eq!(run(&["run", "--keep-env", "DEMO_API_KEY"]), "[sk-1] [p]\n");
}

#[test]
fn a_forbidden_command_is_refused_by_every_spelling_and_does_not_run() {
    let place = Place::new();
    let rules =
        place.file("p.rules", "prefix_rule(pattern=[\"touch\"], decision=\"forbidden\", justification=\"no\")\n");
    let rules = rules.to_str().unwrap();
    for spelling in ["touch", "/usr/bin/touch", "/bin/../bin/touch"] {
        let output = place.run(User::Own, &["run", "--rules", rules, "--", spelling, "made"]);
        assert_eq!(status(&output), 126, "{spelling}");
        assert!(errors(&output).contains("p.rules:1:1"), "{}", errors(&output));
    }
    let output = place.run(User::Own, &["run", "--rules", rules, "--", "cp", "/etc/passwd", "made"]);
    assert_eq!(status(&output), 126, "no rule matches, and there is no terminal to ask on");
    assert!(!place.workspace().join("made").exists());
}

#[test]
fn a_dry_run_shows_verdict_and_plan_and_runs_nothing() {
    let place = Place::new();
    for backend in BACKENDS {
        let output = place.run(User::Own, &["run", "--dry-run", "--backend", backend, "--", "touch", "made"]);
        assert_eq!(status(&output), 0);
        assert!(text(&output).starts_with("allow\n") && text(&output).contains("writable"), "{}", text(&output));
        assert_eq!(text(&output).contains("bwrap --die-with-parent"), backend == "bwrap");
    }
    assert!(!place.workspace().join("made").exists());
}

#[test]
fn dangerous_roots_are_refused_with_a_reason() {
    let place = Place::new();
    let home = place.home();
    let parent = place.workspace().parent().unwrap().to_owned();
    for (cwd, tmpdir, reason) in [
        ("/", None, "whole file system"),
        (home.to_str().unwrap(), None, "home directory"),
        ("/usr/lib", None, "belongs to the system"),
        (".", Some("/"), "whole file system"),
        (".", Some(home.to_str().unwrap()), "home directory"),
        (".", Some(parent.to_str().unwrap()), "holds the"),
    ] {
        let mut command = place.palisade(User::Own, &["run", "--cwd", cwd, "--", "true"]);
        if let Some(tmpdir) = tmpdir {
            command.env("TMPDIR", tmpdir);
        }
        let output = command.output().unwrap();
        assert_eq!(status(&output), 125, "{cwd} {tmpdir:?}");
        assert!(errors(&output).contains(reason) && errors(&output).contains("help"), "{}", errors(&output));
    }
    for tmpdir in ["relative", "/does/not/exist"] {
        let output = place.palisade(User::Own, &["run", "--", "true"]).env("TMPDIR", tmpdir).output().unwrap();
        assert_eq!(status(&output), 0, "{}", errors(&output));
    }
}

#[test]
fn without_a_process_table_of_its_own_a_command_keeps_its_user_and_sees_the_hosts_processes() {
    everywhere(|place, user, backend| {
        let whole = include_str!("../../sandbox-profiles/workspace-write.toml");
        let profile = place.file("seeing.toml", whole.replace("processes = true", "processes = false"));
        let script = "id -u; test -e /proc/$0 && echo seen; echo x > own; stat -c %u own; ! touch /etc/x 2>/dev/null";
        let outside = std::process::id().to_string();
        let options = ["run", "--backend", backend, "--profile", profile.to_str().unwrap(), "--", "sh", "-c", script];
        let output = place.run(user, &[&options[..], &[outside.as_str()]].concat());
        assert_eq!(status(&output), 0, "{backend} {user:?}: {}", errors(&output));
        let uid = if user == User::Ordinary { SOMEBODY } else { nix::unistd::getuid().as_raw() };
        assert_eq!(text(&output), format!("{uid}\nseen\n{uid}\n"), "{backend} {user:?}: {}", errors(&output));
    });
}

#[test]
fn bad_input_ends_with_2_says_where_and_runs_nothing() {
    let place = Place::new();
    let profile = |name: &str, from: &str, to: &str| {
        let whole = include_str!("../../sandbox-profiles/workspace-write.toml");
        assert!(whole.contains(from));
        place.file(name, whole.replace(from, to)).to_str().unwrap().to_owned()
    };
    let rules = |name: &str, text: &[u8]| place.file(name, text).to_str().unwrap().to_owned();
    let directory = place.outside().to_str().unwrap().to_owned();
    let cases: Vec<(Vec<String>, &str)> = vec![
        (vec!["--rules".into(), "/no/such.rules".into()], "/no/such.rules"),
        (vec!["--rules".into(), directory.clone()], &directory),
        (vec!["--rules".into(), rules("bytes.rules", b"ok = 1\n\xff")], "UTF-8"),
        (vec!["--rules".into(), rules("syntax.rules", b"x = (\n")], "syntax.rules:"),
        (
            vec!["--rules".into(), rules("word.rules", b"prefix_rule(pattern=[\"a\"], decision=\"deny\")\n")],
            "word.rules:1:",
        ),
        (
            vec!["--rules".into(), rules("example.rules", b"prefix_rule(pattern=[\"a\"], match=[\"b\"])\n")],
            "example.rules:1:",
        ),
        (vec!["--profile".into(), profile("key.toml", "deny_read = []", "deny_raed = []")], "key.toml:"),
        (vec!["--profile".into(), profile("word.toml", "access = \"off\"", "access = \"of\"")], "word.toml:"),
        (vec!["--profile".into(), rules("empty.toml", b"")], "empty.toml"),
        (vec!["--profile".into(), "/no/such.toml".into()], "/no/such.toml"),
        (vec!["--profile".into(), directory.clone()], &directory),
        (vec!["--mode".into(), "work-write".into()], "workspace-write"),
        (vec!["--backend".into(), "docker".into()], "native"),
        (vec!["--timeout".into(), "soon".into()], "seconds"),
        (vec!["--writable".into(), "/no/such/dir".into()], "/no/such/dir"),
        (vec!["--pack".into(), "no-such-pack".into()], "no-such-pack"),
    ];
    for (options, place_named) in cases {
        let mut args = vec!["run"];
        args.extend(options.iter().map(String::as_str));
        args.extend(["--", "touch", "ran"]);
        let output = place.run(User::Own, &args);
        assert_eq!(status(&output), 2, "{args:?}: {}", errors(&output));
        assert!(errors(&output).contains(place_named), "{args:?}: {}", errors(&output));
        assert!(!errors(&output).contains("panicked"), "{}", errors(&output));
    }
    assert!(!place.workspace().join("ran").exists());
}

#[test]
fn an_unreadable_rule_file_is_named() {
    let place = Place::new();
    let rules = place.file("closed.rules", "");
    std::fs::set_permissions(&rules, std::fs::Permissions::from_mode(0o000)).unwrap();
    let user = *users().last().unwrap();
    let output = place.run(user, &["run", "--rules", rules.to_str().unwrap(), "--", "true"]);
    assert_eq!(status(&output), 2, "{}", errors(&output));
    assert!(errors(&output).contains("closed.rules") && errors(&output).to_lowercase().contains("permission denied"));
}

#[test]
fn runs_at_the_same_time_share_their_masks_and_leave_none() {
    let place = Place::new();
    let runs: Vec<_> = (0..16)
        .map(|number| {
            let pause = format!("sleep 0.0{}; test ! -w .git && ! mkdir .git/x 2>/dev/null", number % 7);
            place.palisade(User::Own, &["run", "--", "sh", "-c", &pause]).spawn().unwrap()
        })
        .collect();
    for run in runs {
        let output = run.wait_with_output().unwrap();
        assert_eq!(status(&output), 0, "{}", errors(&output));
    }
    let patience = Instant::now() + Duration::from_secs(5);
    while !place.left_in_workspace().is_empty() && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(place.left_in_workspace(), Vec::<std::path::PathBuf>::new());
    assert_eq!(abandoned_masks_in_tmp(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_mask_whose_maker_was_killed_before_it_was_marked_is_taken_over_and_removed() {
    for user in users() {
        for backend in BACKENDS {
            let place = Place::new();
            // As the kernel makes it; the mark comes after.
            let half = place.workspace().join(".git");
            std::fs::create_dir(&half).unwrap();
            std::fs::set_permissions(&half, std::fs::Permissions::from_mode(0o1555)).unwrap();
            let uid = if user == User::Ordinary { SOMEBODY } else { nix::unistd::getuid().as_raw() };
            std::os::unix::fs::chown(&half, Some(uid), Some(uid)).unwrap();
            let write = "test ! -w .git && ! mkdir .git/x 2>/dev/null";
            let output = place.run(user, &["run", "--backend", backend, "--", "sh", "-c", write]);
            assert_eq!(status(&output), 0, "{backend} {user:?}: {}", errors(&output));
            let patience = Instant::now() + Duration::from_secs(5);
            while !place.left_in_workspace().is_empty() && Instant::now() < patience {
                std::thread::sleep(Duration::from_millis(10));
            }
            assert_eq!(place.left_in_workspace(), Vec::<std::path::PathBuf>::new(), "{backend} {user:?}");
        }
    }
}

#[test]
fn what_was_there_before_is_kept() {
    let place = Place::new();
    let git = place.workspace().join(".git");
    std::fs::create_dir(&git).unwrap();
    let output = place.run(User::Own, &["run", "--", "sh", "-c", "echo x > .git/config; mv .git other; rmdir .git"]);
    assert_ne!(status(&output), 0);
    assert!(git.is_dir() && std::fs::read_dir(&git).unwrap().next().is_none());
}

#[test]
fn a_symbolic_link_in_place_of_a_protected_name_stops_the_run() {
    let place = Place::new();
    std::os::unix::fs::symlink("/etc", place.workspace().join(".git")).unwrap();
    let output = place.run(User::Own, &["run", "--", "true"]);
    assert_eq!(status(&output), 125);
    assert!(errors(&output).contains("symbolic link"), "{}", errors(&output));
}

#[test]
fn on_a_terminal_the_command_has_a_terminal_of_its_own() {
    let place = Place::new();
    for backend in BACKENDS {
        let inner =
            "test -t 0 && test -t 1 && echo interactive; stty size; tty; exec 3<>/dev/tty && echo controlling; exit 5";
        let line = format!("stty rows 31 cols 91; {} run --backend {backend} -- sh -c '{inner}'", program().display());
        let output = std::process::Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .current_dir(place.workspace())
            .env("HOME", place.home())
            .stdin(std::process::Stdio::null())
            .output()
            .expect("script(1) from util-linux or bsdutils");
        let text = text(&output);
        assert_eq!(status(&output), 5, "{text}");
        for expected in ["interactive", "31 91", "/dev/pts/0", "controlling"] {
            assert!(text.contains(expected), "{backend}: no {expected} in {text}");
        }
    }
}

#[test]
fn a_host_without_user_namespaces_stops_the_run_or_is_reported() {
    // In a user namespace of its own the limit on further ones can be set to 0 without touching the host.
    let place = Place::new();
    let run = |options: &str| {
        let script = "echo in > in; echo out > ../outside/out; true";
        let line = format!(
            "echo 0 > /proc/sys/user/max_user_namespaces; exec {} run {options} -- sh -c '{script}'",
            program().display()
        );
        std::process::Command::new("unshare")
            .args(["--user", "--map-root-user", "sh", "-c", &line])
            .current_dir(place.workspace())
            .env("HOME", place.home())
            .output()
            .expect("unshare(1) from util-linux")
    };
    let output = run("");
    assert_eq!(status(&output), 125, "{}", errors(&output));
    assert!(errors(&output).contains("--degrade"), "{}", errors(&output));
    assert!(!place.workspace().join("in").exists());
    let output = run("--degrade");
    assert_eq!(status(&output), 0, "{}", errors(&output));
    for line in ["files.protect", "private.processes", "private.dev", "private.ipc"] {
        assert!(errors(&output).contains(&format!("gap: {line}")), "{}", errors(&output));
    }
    assert!(place.workspace().join("in").exists() && !place.outside().join("out").exists());
}

#[test]
fn a_likely_denial_is_named_in_one_line() {
    everywhere(|place, user, backend| {
        let outside = place.outside().join("file");
        let output = place.run(user, &["run", "--backend", backend, "--", "touch", outside.to_str().unwrap()]);
        let lines: Vec<_> =
            errors(&output).lines().filter(|line| line.contains("likely denied")).map(str::to_owned).collect();
        assert!(lines.len() == 1 && lines[0].contains(outside.to_str().unwrap()), "{}", errors(&output));
        let output = place.run(user, &["run", "--backend", backend, "--", "sh", "-c", "exit 1"]);
        assert_eq!(errors(&output), "");
    });
}

#[test]
fn a_report_holds_verdict_plan_and_outcome() {
    let place = Place::new();
    let report = place.outside().join("report.json");
    let output = place.run(User::Own, &["run", "--report", report.to_str().unwrap(), "--", "sh", "-c", "exit 3"]);
    assert_eq!(status(&output), 3);
    let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    assert_eq!(report["verdict"]["decision"], "allow");
    assert_eq!(report["outcome"]["status"], 3);
    assert!(
        report["plan"]["gaps"].as_array().unwrap().is_empty() && report["plan"]["steps"].as_array().unwrap().len() > 10
    );
}
