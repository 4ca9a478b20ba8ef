//! `palisade execpolicy check` beside the real `codex execpolicy check` of 0.169.0.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::execpolicy_generator::{Question, question};
use crate::execpolicy_peer::{Outcome, ours, palisade, real, run};
use crate::peers;

const QUESTIONS: u64 = 2_400;

#[test]
fn made_up_rule_sets_get_the_answers_of_the_real_one() {
    let codex = peers::codex("0.169.0");
    let next = AtomicU64::new(0);
    let wrong = Mutex::new(Vec::new());
    let statuses = Mutex::new(std::collections::BTreeMap::<String, u32>::new());
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let root = tempfile::Builder::new().prefix("execpolicy-").tempdir().expect("a directory");
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= QUESTIONS {
                        return;
                    }
                    let asked = question(seed);
                    let (here, there) = ask(&asked, &codex, root.path());
                    *statuses.lock().expect("no panic").entry(there.class.clone()).or_default() += 1;
                    // Hits under other spellings come in no fixed order, and only canonical rules give them.
                    let loose = asked.files.iter().any(|text| text.contains("canonical_matching"));
                    if here != there && !(loose && here.unordered() == there.unordered()) {
                        wrong.lock().expect("no panic").push(format!(
                            "{} for {}, seed {seed}: {asked:#?}\n real {there:?}\n ours {here:?}",
                            here.class, there.class
                        ));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no panic");
    let statuses = statuses.into_inner().expect("no panic");
    assert!(wrong.is_empty(), "{} of {QUESTIONS} differ\n{}", wrong.len(), wrong[..wrong.len().min(5)].join("\n"));
    assert!(statuses.len() > 15, "too few classes were met to mean much: {statuses:?}");
}

#[test]
fn arguments_are_read_as_the_real_one_reads_them() {
    let codex = peers::codex("0.169.0");
    let root = tempfile::Builder::new().prefix("execpolicy-").tempdir().expect("a directory");
    let (home, work) = (root.path().join("home"), root.path().join("work"));
    fs::create_dir(&home).expect("made");
    fs::create_dir(&work).expect("made");
    fs::write(work.join("a.rules"), "prefix_rule(pattern=[\"git\"])\nprefix_rule(pattern=[\"-x\"])\n")
        .expect("written");
    let lines: &[&[&str]] = &[
        &["-r", "a.rules", "git"],
        &["--rules=a.rules", "git"],
        &["-ra.rules", "git"],
        &["-r=a.rules", "git"],
        &["-rr", "git"],
        &["-r", "a.rules", "-rr", "git"],
        &["-r", "a.rules", "-r", "-x", "git"],
        &["-r", "a.rules", "-r", "", "git"],
        &["-r", "--", "a.rules", "git"],
        &["-r", "a.rules", "--pretty", "--pretty", "git"],
        &["-r", "a.rules", "--pretty=1", "git"],
        &["-r", "a.rules", "--resolve-host-executables", "--resolve-host-executables", "git"],
        &["-r", "a.rules", "--resolve", "git"],
        &["-r", "a.rules", "--bogus", "git"],
        &["--bogus", "-r", "a.rules", "git"],
        &["-r", "a.rules", "-x"],
        &["-r", "a.rules", "-x", "--pretty"],
        &["-r", "a.rules", "git", "--pretty", "-r", "b"],
        &["-r", "a.rules", "--", "git", "--", "x"],
        &["-r", "a.rules", "--", "--", "git"],
        &["-r", "a.rules", "--"],
        &["-r", "a.rules"],
        &["git"],
        &[],
        &["-r", "a.rules", "-", "git"],
        &["-r", "-", "git"],
        &["-r", "a.rules", "--version"],
        &["-r", "a.rules", "-V"],
        &["-r", "a.rules", ""],
        &["-c", "a=b", "-r", "a.rules", "git"],
        &["-c", "nonsense", "-r", "a.rules", "git"],
        &["-ca=b", "-r", "a.rules", "git"],
        &["--config=a=b", "-r", "a.rules", "git"],
        &["--config", "a=b", "-c", "d=e", "-r", "a.rules", "git"],
        &["-c", "-r", "a.rules", "git"],
        &["--enable", "hooks", "-r", "a.rules", "git"],
        &["--enable", "nothing", "-r", "a.rules", "git"],
        &["--disable=nothing", "-r", "missing.rules", "git"],
        &["--disable", "hooks", "--enable", "goals", "-r", "a.rules", "git"],
        &["-r", "a.rules", "--enable", "git"],
        &["-r", "missing.rules", "git"],
        &["-r", ".", "git"],
        &["-r", "a.rules", "-r", "missing.rules", "git"],
        &["-cr", "a.rules", "git"],
        &["-rc", "a.rules", "git"],
    ];
    for line in lines {
        let args: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
        let here = run(palisade(), &args, &work, &home);
        let there = run(&codex, &args, &work, &home);
        assert_eq!(here.status.code(), there.status.code(), "{line:?}\n{here:?}\n{there:?}");
        assert_eq!(here.stdout, there.stdout, "{line:?}");
    }
}

fn ask(asked: &Question, codex: &Path, root: &Path) -> (Outcome, Outcome) {
    let (home, work) = (root.join("home"), root.join("work"));
    fs::create_dir_all(&home).expect("made");
    fs::create_dir_all(&work).expect("made");
    let mut args = Vec::new();
    for (at, text) in asked.files.iter().enumerate() {
        let name = format!("p{at}.rules");
        fs::write(work.join(&name), text).expect("written");
        args.extend(["--rules".to_owned(), name]);
    }
    args.extend(asked.flags.iter().chain(&asked.argv).cloned());
    let here = run(palisade(), &args, &work, &home);
    let there = run(codex, &args, &work, &home);
    (ours(&here), real(&there))
}
