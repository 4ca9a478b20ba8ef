//! What a guarded run writes down, and the rules learned from it.

use serde_json::Value;

use super::WAYS;
use super::programs::palisade;
use crate::sandboxed::{Place, User, errors, status, text, users};
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
