use super::*;
use crate::modes;
use crate::probe::expect::Mode;
use crate::probe::subject::{OWN_BOOKS, Subject};

fn trial(mode: Mode) -> Trial {
    let mut profile = modes::shipped(match mode {
        Mode::ReadOnly => modes::Mode::ReadOnly,
        Mode::Bypass => modes::Mode::DangerFullAccess,
        _ => modes::Mode::WorkspaceWrite,
    })
    .unwrap_or_else(|_| panic!("{mode}"));
    if mode == Mode::Network {
        profile.network = policy::profile::Network::Host;
    }
    let held = if mode == Mode::Bypass { Held::Bare } else { Held::Sandboxed };
    Trial { name: mode.to_string(), profile, subject: Subject::palisade("seatbelt", mode, OWN_BOOKS), held }
}

fn report(trials: &[Trial], uid: u32) -> Report {
    simulate("seatbelt", trials, Path::new("/var/tmp"), &[], uid).unwrap()
}

#[test]
fn every_probe_that_translates_comes_out_as_owed() {
    for uid in [0, 501] {
        let report = report(&Mode::SANDBOXED.map(trial), uid);
        for run in &report.runs {
            let mut passed = 0;
            for answer in &run.answers {
                let good = matches!(answer.result, Verdict::Pass | Verdict::Noted | Verdict::NotApplicable);
                assert!(good, "{} {}: {}\n{}", run.profile, answer.id, answer.asks, answer.at_length());
                let translates = asks::of(answer.id).is_some() || scenarios::of(answer.id).is_some();
                let untold = answer.result == Verdict::NotApplicable && !answer.happened.contains("denied");
                assert_eq!(translates, !untold, "{}: {}", answer.id, answer.happened);
                passed += usize::from(answer.result == Verdict::Pass);
            }
            assert!(passed > 105, "{}: {passed}", run.profile);
        }
    }
}

/// Without rules, or with too many, probes are not as owed: the comparison can fail.
#[test]
fn a_profile_that_owes_more_or_grants_more_is_found_out() {
    let mut open = trial(Mode::ReadOnly);
    open.profile.files.write.push(Tree::Workspace);
    open.profile.network = policy::profile::Network::Host;
    let bait = Bait::below(Path::new("/var/tmp"), 501, Ground::Usual);
    let generated = made(&open.profile, &bait).unwrap().unwrap();
    let wide = read("wide", generated.text, &generated.parameters).unwrap();
    let shut = read("shut", "(version 1)(deny default)".into(), &[]).unwrap();
    let nothing = read("open", OPEN.into(), &[]).unwrap();
    let failed = |subject: &Read| -> Vec<&str> {
        let strict = trial(Mode::ReadOnly);
        let answers = crate::probe::all().map(|probe| answer(&strict, &bait, subject, &nothing, probe).unwrap());
        answers.filter(|answer| answer.result == Verdict::Fail).map(|answer| answer.id).collect()
    };
    let found = failed(&wide);
    assert!(["FW-01", "FW-02", "NW-22", "NW-24"].iter().all(|id| found.contains(id)), "{found:?}");
    let found = failed(&shut);
    assert!(["FR-01", "FR-02", "DV-13", "DV-15"].iter().all(|id| found.contains(id)), "{found:?}");
}

#[test]
fn what_cannot_be_told_is_an_error() {
    let bait = Bait::below(Path::new("/var/tmp"), 501, Ground::Usual);
    let doubtful = "(version 1)(deny default)(allow file-read*)(allow file-write* (require-all (subpath \"/\") (process-attribute x)))";
    let subject = read("doubtful", doubtful.into(), &[]).unwrap();
    let nothing = read("open", OPEN.into(), &[]).unwrap();
    let probe = crate::probe::by_id("FW-03").unwrap();
    let answer = answer(&trial(Mode::ReadOnly), &bait, &subject, &nothing, probe).unwrap();
    assert_eq!(answer.result, Verdict::Error);
    assert!(answer.happened.contains("cannot be told"), "{}", answer.happened);
}

#[test]
fn every_line_and_record_is_marked() {
    let report = report(&[trial(Mode::ReadOnly), trial(Mode::Bypass)], 501);
    let text = marked::text(&super::super::report::text(&report, crate::render::Colour::Off));
    assert!(text.lines().count() > 10 && text.lines().all(|line| line.starts_with("simulated")), "{text}");
    let json: serde_json::Value = serde_json::from_str(&marked::json(&report)).unwrap();
    assert_eq!(json["simulated"], true);
    for run in json["runs"].as_array().unwrap() {
        assert_eq!(run["simulated"], true);
        assert!(run["answers"].as_array().unwrap().iter().all(|answer| answer["simulated"] == true));
    }
    let page = marked::page(super::super::report::page(&report));
    assert!(page.items.iter().all(|item| item.name.starts_with("simulated: ")));
    assert!(page.summary.starts_with("simulated: "));
}

/// The profiles that admins read, as text. `PALISADE_BLESS=1 cargo test -p palisade --lib snapshots` writes them anew.
#[test]
fn snapshots_of_the_generated_text_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/seatbelt/generated");
    let custom = modes::from_file(&folder.join("custom.toml")).unwrap_or_else(|why| panic!("{:?}", why.found));
    let profiles = Mode::SANDBOXED.map(|mode| (mode.to_string(), trial(mode).profile));
    for (name, profile) in profiles.into_iter().chain([("custom".to_owned(), custom)]) {
        let made = generated(&profile, Path::new("/Users/Shared"), 501).unwrap().unwrap();
        let mut text = made.text.clone();
        text.push_str("\n; ---- parameters\n");
        for (name, value) in &made.parameters {
            text.push_str(&format!("; -D{name}={value}\n"));
        }
        let file = folder.join(format!("{name}.sbpl"));
        if std::env::var_os("PALISADE_BLESS").is_some() {
            std::fs::write(&file, &text).unwrap();
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(text, kept, "{} differs; PALISADE_BLESS=1 writes it anew", file.display());
        assert_eq!(made, generated(&profile, Path::new("/Users/Shared"), 501).unwrap().unwrap(), "it is deterministic");
    }
}

/// What the custom profile grants and withholds, decided.
#[test]
fn a_custom_profile_grants_what_it_names() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/seatbelt/generated");
    let profile = modes::from_file(&folder.join("custom.toml")).unwrap_or_else(|why| panic!("{:?}", why.found));
    let made = generated(&profile, Path::new("/Users/Shared"), 501).unwrap().unwrap();
    let subject = read("custom", made.text, &made.parameters).unwrap();
    let bait = Bait::below(Path::new("/Users/Shared"), 501, Ground::Usual);
    for (ask, expected) in [
        ("network-outbound remote=tcp:127.0.0.1:3128", Outcome::Allow),
        ("network-outbound remote=tcp:127.0.0.1:3129", Outcome::Deny),
        ("network-outbound remote=tcp:198.51.100.7:3128", Outcome::Deny),
        ("network-outbound remote=unix:home/.agent/s", Outcome::Allow),
        ("network-bind local=unix:home/.agent/s", Outcome::Allow),
        ("network-outbound remote=unix:home/.agents/s", Outcome::Deny),
        ("network-bind local=tcp:127.0.0.1:8080", Outcome::Deny),
        ("mach-lookup global-name=com.apple.FSEvents", Outcome::Allow),
        ("mach-lookup global-name=com.example.build.daemon", Outcome::Allow),
        ("mach-lookup global-name=com.example.builder", Outcome::Deny),
        ("sysctl-read sysctl-name=kern.bootargs", Outcome::Allow),
        ("sysctl-read sysctl-name=machdep.cpu.vendor", Outcome::Allow),
        ("sysctl-read sysctl-name=kern.boottime", Outcome::Deny),
        ("file-read-data path=/opt/tools/bin/x vnode-type=REGULAR-FILE", Outcome::Allow),
        ("file-read-data path=/opt/tools/secrets/x vnode-type=REGULAR-FILE", Outcome::Deny),
        ("file-read-data path=/usr/lib/dyld vnode-type=REGULAR-FILE", Outcome::Allow),
        ("file-read-data path=home/.ssh/id vnode-type=REGULAR-FILE", Outcome::Deny),
        ("file-read-data path=home/notes vnode-type=REGULAR-FILE", Outcome::Deny),
        ("file-write-create path=home/Library/Caches/build/x vnode-type=REGULAR-FILE", Outcome::Allow),
        ("file-write-create path=home/Library/Caches/build/.git/x vnode-type=REGULAR-FILE", Outcome::Deny),
        ("file-write-create path=ws/.codex vnode-type=DIRECTORY", Outcome::Deny),
        ("file-write-create path=ws/nested/.git/hooks/x vnode-type=REGULAR-FILE", Outcome::Deny),
        ("file-link path=ws/.git/config", Outcome::Deny),
        ("file-read-data path=/dev/rdisk0 vnode-type=CHARACTER-DEVICE", Outcome::Deny),
        ("file-read-data path=/dev/urandom vnode-type=CHARACTER-DEVICE", Outcome::Allow),
    ] {
        let verdict = decide(&subject.profile, &bait.question(ask).unwrap(), Some(&bait.links));
        assert_eq!(verdict.outcome, expected, "{ask}: {}", words(&subject, ask, &verdict));
    }
}
