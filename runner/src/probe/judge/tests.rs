use nix::errno::Errno;

use super::super::by_id;
use super::super::drive::Observation;
use super::super::expect::Mode;
use super::super::report::{Line, Result};
use super::{Held, Verdict, judge};

fn seen(result: Result, number: i32, effect: Option<bool>) -> Observation {
    Observation { line: Line { id: String::new(), result, number, detail: String::new() }, effect }
}

#[track_caller]
fn check(id: &str, mode: Mode, seen: &Observation, control: Option<&Observation>, expected: Verdict) {
    let held = if mode == Mode::Bypass { Held::Bare } else { Held::Sandboxed };
    let judged = judge(by_id(id).expect("a probe").expect.of(mode, false), held, seen, control);
    assert_eq!(judged.verdict, expected, "{id} in {mode}: {}", judged.why);
}

#[test]
fn a_refusal_counts_only_when_its_control_worked() {
    let refused = seen(Result::Denied, Errno::EROFS as i32, Some(false));
    let worked = seen(Result::Allowed, 0, Some(true));
    check("FW-03", Mode::ReadOnly, &refused, Some(&worked), Verdict::Pass);
    check("FW-03", Mode::ReadOnly, &refused, Some(&refused), Verdict::NotApplicable);
    let otherwise = seen(Result::Denied, Errno::EPERM as i32, Some(false));
    check("FW-03", Mode::ReadOnly, &refused, Some(&otherwise), Verdict::Unproven);
    check("FW-03", Mode::ReadOnly, &otherwise, Some(&refused), Verdict::Fail);
    check("FW-03", Mode::ReadOnly, &worked, Some(&worked), Verdict::Fail);
}

#[test]
fn an_effect_belies_a_refusal() {
    let leaked = seen(Result::Denied, Errno::EROFS as i32, Some(true));
    check("FW-03", Mode::ReadOnly, &leaked, None, Verdict::Fail);
    check("FW-03", Mode::Bypass, &leaked, None, Verdict::Fail);
}

#[test]
fn a_success_without_effect_is_a_refusal_but_no_success() {
    let hollow = seen(Result::Allowed, 0, Some(false));
    check("NW-24", Mode::ReadOnly, &hollow, None, Verdict::Pass);
    check("NW-24", Mode::Network, &hollow, None, Verdict::Fail);
    check("NW-24", Mode::Bypass, &hollow, None, Verdict::Fail);
}

#[test]
fn a_refusal_by_another_errno_is_no_pass() {
    let refused = seen(Result::Denied, Errno::ENOENT as i32, Some(false));
    check("FW-03", Mode::ReadOnly, &refused, None, Verdict::Fail);
}

#[test]
fn what_should_be_refused_is_weak_and_not_failed() {
    let worked = seen(Result::Allowed, 0, None);
    check("FW-43", Mode::ReadOnly, &worked, Some(&worked), Verdict::Weak);
}

#[test]
fn death_by_the_filter_is_a_refusal_and_by_the_clock_is_none() {
    let worked = seen(Result::Allowed, 0, None);
    check("NW-42", Mode::ReadOnly, &seen(Result::Signal, 31, None), Some(&worked), Verdict::Pass);
    check("NW-42", Mode::ReadOnly, &seen(Result::Signal, 14, None), Some(&worked), Verdict::Error);
}

#[test]
fn a_question_not_put_is_never_a_pass() {
    let skipped = seen(Result::Skip, 0, Some(false));
    for mode in Mode::ALL {
        check("FW-03", mode, &skipped, None, Verdict::Skip);
    }
}
