use policy::source::Source;
use toml::value::Date;

use super::{Answer, ProfileFile, Report, Run, page, text};
use crate::probe::by_id;
use crate::probe::expect::Word;
use crate::probe::judge::Verdict;
use crate::render::Colour;
use crate::report::{Format, written};
use crate::verify::{Skips, baseline};

/// An answer of each word, with everything that formats trip over.
fn report(words: &[Verdict]) -> Report {
    let probe = by_id("FW-03").expect("a probe");
    let answer = |result: &Verdict| Answer {
        id: probe.id,
        class: probe.class,
        asks: probe.asks,
        result: *result,
        expected: "must be refused".to_owned(),
        errnos: Vec::new(),
        because: "`files.write` does not cover it".to_owned(),
        line: Some("files.write"),
        layer: "mount",
        happened: "it worked: 100% <b>&\"]]> #1\\\u{1b}[31m\nnot ok".to_owned(),
        seen_outside: Some(true),
        without_sandbox: "it worked".to_owned(),
        accepted: None,
        attribution: None,
        cell: Word::MustRefuse,
        worked: false,
        worked_without: Some(true),
    };
    Report::new("native", 0, vec![Run::new("own, a: b", None, words.iter().map(answer).collect())])
}

fn junit(report: &Report) -> String {
    written(&page(report), Format::Junit)
}

fn tap(report: &Report) -> String {
    written(&page(report), Format::Tap)
}

fn github(report: &Report) -> String {
    written(&page(report), Format::Github)
}

const GOOD: &[Verdict] = &[Verdict::Pass, Verdict::Noted, Verdict::NotApplicable, Verdict::Unproven];

#[test]
fn junit_tells_failures_errors_and_undecided_apart() {
    let (bad, good) = (junit(&report(&Verdict::ALL)), junit(&report(GOOD)));
    assert!(bad.contains(r#"tests="8" skipped="5" errors="1" failures="1""#), "{bad}");
    assert!(good.contains(r#"tests="4" skipped="3" errors="0" failures="0""#), "{good}");
    for word in ["weak", "unproven", "skip", "not-applicable", "noted"] {
        assert!(bad.contains(&format!("<skipped>{word}: ")), "{word} in {bad}");
    }
    assert!(!bad.contains('\u{1b}') && !bad.contains("<b>"), "{bad}");
}

#[test]
fn tap_is_read_as_it_was_meant() {
    let (bad, good) = (tap(&report(&Verdict::ALL)), tap(&report(GOOD)));
    assert_eq!(consumed(&bad), (8, vec![1, 2]));
    assert_eq!(consumed(&good), (4, Vec::new()));
}

/// A consumer of TAP: how many tests there were, and which failed; panics where the text is none.
#[track_caller]
fn consumed(text: &str) -> (usize, Vec<usize>) {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("TAP version 14"));
    let planned: usize = lines.next().and_then(|plan| plan.strip_prefix("1..")).expect("a plan").parse().unwrap();
    let (mut seen, mut failed, mut in_block) = (0, Vec::new(), false);
    for line in lines {
        match line {
            "  ---" => in_block = true,
            "  ..." => in_block = false,
            line if in_block => {
                assert!(line.starts_with("    - ") || line.starts_with("  ") && line.contains(':'), "{line}");
            }
            line if line.starts_with('#') => {}
            line => {
                seen += 1;
                let passed = line.starts_with(&format!("ok {seen} - "));
                assert!(passed || line.starts_with(&format!("not ok {seen} - ")), "{line}");
                let directive =
                    line.replace("\\\\", "").replace("\\#", "").split_once(" # ").map(|(_, text)| text.to_owned());
                if !passed && !directive.is_some_and(|text| text.starts_with("todo ")) {
                    failed.push(seen);
                }
            }
        }
    }
    assert_eq!(seen, planned);
    (seen, failed)
}

#[test]
fn annotations_stand_at_the_line_of_the_profile() {
    let mut report = report(&[Verdict::Fail, Verdict::Weak, Verdict::Pass]);
    let text =
        "name = \"own\"\n\n[network]\naccess = \"off\"\n\n[files]\nread = []\nwrite = [\":tmpdir\"]\n".to_owned();
    report.file = Some(ProfileFile { name: "a,b.toml".to_owned(), text });
    let out = github(&report);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 3, "{out}");
    let place = "file=a%2Cb.toml,line=8,col=1,title=palisade verify%3A FW-03 under own%2C a%3A b";
    assert!(lines[0].starts_with(&format!("::error {place}::fail: can it create")), "{out}");
    assert!(lines[1].starts_with(&format!("::warning {place}::weak: ")), "{out}");
    assert!(lines[0].contains("100%25") && lines[0].contains("%0Aexpected  must be refused"), "{out}");
    assert!(lines[2].starts_with("::notice title=palisade verify::native, uid 0: 1 pass"), "{out}");
    assert_eq!(github(&self::report(GOOD)).lines().count(), 1);
}

#[test]
fn sarif_places_a_finding_at_the_line_of_the_profile_and_leaves_out_what_passed() {
    let mut report = report(&Verdict::ALL);
    report.file = Some(ProfileFile { name: "own.toml".to_owned(), text: "[files]\nwrite = []\n".to_owned() });
    let whole: serde_json::Value = serde_json::from_str(&written(&page(&report), Format::Sarif)).expect("JSON");
    let results = whole["runs"][0]["results"].as_array().expect("results");
    let levels: Vec<&str> = results.iter().filter_map(|one| one["level"].as_str()).collect();
    assert_eq!(levels, ["error", "error", "note"], "{whole:#}");
    assert_eq!(results[0]["locations"][0]["physicalLocation"]["region"]["startLine"], 2, "{whole:#}");
    assert_eq!(results[0]["ruleId"], "FW-03");
}

#[test]
fn a_key_that_a_profile_leaves_out_stands_for_its_first_line() {
    let file = ProfileFile { name: String::new(), text: "name = \"x\"\nprivate.dev = true\n".to_owned() };
    assert_eq!((file.line("private.dev"), file.line("files.write"), file.line("limits")), (2, 1, 1));
}

#[test]
fn what_a_baseline_accepts_fails_nowhere_until_its_day_has_passed() {
    let baseline = "[[accept]]\nid = \"FW-03\"\nprofile = \"own, a: b\"\nreason = \"known\"\nuntil = 2027-01-31\n\
                    [[accept]]\nid = \"FW-04\"\nreason = \"gone\"\nuntil = 2027-01-31\n";
    let source = Source { name: "b.toml".to_owned(), text: baseline.to_owned() };
    let known = baseline::parse(source).expect("a baseline");
    for (day, good) in [(31, true), (1, true)] {
        let mut report = report(&[Verdict::Fail, Verdict::Weak, Verdict::Pass]);
        let gone = baseline::apply(&mut report, &known, Date { year: 2027, month: 1, day });
        assert_eq!((gone, report.is_good(Skips::Refused)), (vec!["FW-04".to_owned()], good));
        assert_eq!(consumed(&tap(&report)).1, Vec::<usize>::new());
        assert!(junit(&report).contains(r#"skipped="2" errors="0" failures="0""#));
        assert_eq!(github(&report).lines().count(), 1);
        assert!(text(&report, Colour::Off).ends_with("1 fail (2 accepted)\n"));
    }
    let mut expired = report(&[Verdict::Fail, Verdict::Weak, Verdict::Pass]);
    baseline::apply(&mut expired, &known, Date { year: 2027, month: 2, day: 1 });
    assert!(!expired.is_good(Skips::Accepted));
    assert_eq!(consumed(&tap(&expired)).1, [1, 2]);
    assert!(junit(&expired).contains(r#"errors="0" failures="2""#));
    assert_eq!(github(&expired).lines().filter(|line| line.starts_with("::error ")).count(), 2);
    assert!(text(&expired, Colour::Off).contains("expired   until 2027-01-31: known"));
    // What did not run cannot be accepted, and what is new fails.
    let mut broken = report(&[Verdict::Error]);
    baseline::apply(&mut broken, &known, Date { year: 2027, month: 1, day: 1 });
    assert!(!broken.is_good(Skips::Accepted));
    assert!(!report(&[Verdict::Fail]).is_good(Skips::Accepted));
}
