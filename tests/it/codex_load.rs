//! `palisade codex exec` under load and in trouble, with a stand-in that replays a recording: many at once, long streams, full disks, and
//! palisade itself killed.

use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::sandboxed::tmp_shared;
use crate::stand_in::{DONE, StandIn, THREAD, assert_gone, started};

#[test]
fn many_at_once_lose_no_event_and_stay_small() {
    let recording = crate::codex_recordings::folder().join("0.169.0/full-auto/rule-evasion.jsonl");
    let lines = std::fs::read_to_string(&recording).expect("a recording").lines().count();
    let does = format!(
        "cat {}; sed -n s/^VmHWM://p /proc/$(cut -d' ' -f4 /proc/$PPID/stat)/status > $here/peak.$$",
        recording.display()
    );
    let stand_in = StandIn::today(&does);
    let children: Vec<Child> = (0..12)
        .map(|_| stand_in.command(&["--format", "json", "hello"]).stdout(Stdio::piped()).spawn().expect("palisade"))
        .collect();
    for child in children {
        let output = child.wait_with_output().expect("palisade");
        let text = String::from_utf8_lossy(&output.stdout);
        let report: Value = serde_json::from_str(text.lines().last().unwrap_or_default()).expect("a report");
        assert_eq!(report["traces"][0]["lines"], lines, "{report}");
        // One line says that it began, one is the report; each event of the recording has its own.
        assert_eq!(text.lines().count(), lines + 2);
    }
    let peaks: Vec<u64> = std::fs::read_dir(stand_in.folder())
        .expect("a folder")
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("peak."))
        .map(|entry| std::fs::read_to_string(entry.path()).expect("a peak"))
        .map(|text| text.trim().trim_end_matches(" kB").trim().parse().unwrap_or_else(|_| panic!("{text}")))
        .collect();
    assert_eq!(peaks.len(), 12);
    // A build for tests is larger than the one whose figure counts.
    assert!(peaks.iter().all(|peak| *peak < 40 << 10), "{peaks:?}");
}

#[test]
fn a_long_stream_takes_no_more_memory_than_a_short_one() {
    let item = r#"{"type":"item.completed","item":{"id":"item_NUMBER","type":"command_execution","command":"/bin/bash -lc 'make NUMBER'","aggregated_output":"done\n","exit_code":0,"status":"completed"}}"#;
    let does = "echo '{\"type\":\"thread.started\",\"thread_id\":\"01a1f89b-45e2-7040-b544-515c06110566\"}'\n\
        awk -v count=$(cat $here/count) -v item=\"$(cat $here/item)\" \
        'BEGIN { for (n = 0; n < count; n++) { line = item; gsub(\"NUMBER\", n, line); print line } }'\n\
        echo '{\"type\":\"turn.completed\",\"usage\":{}}'\n\
        sed -n s/^VmHWM://p /proc/$(cut -d' ' -f4 /proc/$PPID/stat)/status > $here/peak";
    let stand_in = StandIn::today(does);
    // awk reads escapes in what it is given.
    std::fs::write(stand_in.path("item"), item.replace('\\', "\\\\")).expect("a file");
    let run = |count: u64| {
        std::fs::write(stand_in.path("count"), count.to_string()).expect("a file");
        let report = stand_in.path("report.json");
        let output =
            stand_in.command(&["--report", report.to_str().expect("UTF-8"), "hello"]).stdout(Stdio::null()).output();
        let output = output.expect("palisade");
        let text = std::fs::read_to_string(&report).expect("a report");
        let report: Value = serde_json::from_str(&text).expect("JSON");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let peak = std::fs::read_to_string(stand_in.path("peak")).expect("a peak");
        let peak: u64 = peak.trim().trim_end_matches(" kB").trim().parse().expect("a number");
        (peak, report["traces"][0]["lines"].as_u64(), report["traces"][0]["leftovers"]["not_kept"].as_u64())
    };
    let (short, lines, not_kept) = run(20_100);
    assert_eq!((lines, not_kept), (Some(20_102), Some(100)));
    let (long, lines, not_kept) = run(45_000);
    assert_eq!((lines, not_kept), (Some(45_002), Some(25_000)), "no event is lost");
    assert!(long < short + (4 << 10), "{short} KiB, then {long} KiB");
}

#[test]
fn palisade_killed_leaves_nothing_behind() {
    let _tmp = tmp_shared();
    // One in a session of its own, one that takes no signal, and the orphan of a launcher.
    let family = |mark: u32| {
        let words: Vec<String> = (1..=4).map(|last| format!("{mark}{last}")).collect();
        let does = format!(
            "setsid sleep {0} & (trap '' INT TERM HUP; exec sleep {1}) & (setsid sh -c 'sleep {2} & wait' &)\ntouch ready; sleep {3}",
            words[0], words[1], words[2], words[3]
        );
        (words, does)
    };
    for (mark, options) in
        [(987_881, &[][..]), (987_882, &["--guard"]), (987_883, &["--outer", "--model-host", "127.0.0.1:9"])]
    {
        let (words, does) = family(mark);
        let stand_in = StandIn::today(&does);
        let arguments = [&["--mode", "bypass"], options, &["hello"]].concat();
        let mut child = started(stand_in.command(&arguments), &stand_in.path("workspace/ready"));
        kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL).expect("a signal");
        child.wait().expect("an end");
        words.iter().for_each(|word| assert_gone(word));
    }
}

#[test]
fn a_full_disk_is_told_and_loses_nothing_in_silence() {
    let stand_in =
        StandIn::today(&format!("echo '{THREAD}'; head -c 300000 /dev/zero | tr '\\0' x; echo; echo '{DONE}'"));
    let small = stand_in.path("small");
    std::fs::create_dir(&small).expect("a folder");
    let line = format!(
        "mount -t tmpfs -o size=64k none {0} && exec {1} codex exec --codex {2} --codex-home {3} --cwd {4} --trace {0}/trace --report {0}/report hello",
        small.display(),
        env!("CARGO_BIN_EXE_palisade"),
        stand_in.path("codex").display(),
        stand_in.path("home").display(),
        stand_in.folder().display()
    );
    let own: &[&str] = if nix::unistd::geteuid().is_root() { &["-m"] } else { &["-Urm"] };
    let output =
        Command::new("unshare").args(own).args(["sh", "-c", &line]).stdin(Stdio::null()).output().expect("unshare");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("the trace is not whole: No space left on device"), "{errors}");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let output = stand_in.command(&["hello"]).stdout(full).stderr(Stdio::piped()).output().expect("palisade");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && errors.contains("standard output cannot be written: No space left"),
        "{errors}"
    );
}
