//! What differs between the sides, in words. Pure.

use serde::Serialize;

use super::side::{Call, Side};
use crate::codex::invocation::Mode;

/// What kind of difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// Full-auto, or read-only, stopped what bypass did.
    BlockedBySandbox,
    /// Bypass refuses it too.
    BypassRefuses,
    /// The policy forbids it, and it ran.
    PolicyHole,
    /// It had an effect outside of what full-auto may write, or in read-only any.
    Escape,
    /// The events leave it out.
    Unseen,
    /// Versions do otherwise in the same mode.
    VersionsDiffer,
    /// Something did not come as the script expects.
    Unexpected,
}

impl Kind {
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::BlockedBySandbox => "Stopped by the mode, and done under bypass",
            Self::BypassRefuses => "Still refused under bypass",
            Self::PolicyHole => "Forbidden by the policy, and ran",
            Self::Escape => "Had effects outside of what the mode may write",
            Self::Unseen => "Left out by the events of codex exec --json",
            Self::VersionsDiffer => "Other in another version",
            Self::Unexpected => "Not as the script expects",
        }
    }
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    pub(super) kind: Kind,
    /// The call.
    pub(super) call: String,
    /// The versions of which it is true.
    pub(super) versions: Vec<String>,
    pub(super) text: String,
}

/// All differences between the sides of one script; what is true of several versions is told once.
pub(super) fn differences(sides: &[Side]) -> Vec<Difference> {
    let mut all: Vec<Difference> = Vec::new();
    let mut push = |kind: Kind, call: &Call, versions: Vec<String>, text: String| match all
        .iter_mut()
        .find(|known| known.kind == kind && known.call == call.id && known.text == text)
    {
        Some(known) => known.versions.extend(versions),
        None => all.push(Difference { kind, call: call.id.clone(), versions, text }),
    };
    let mut versions: Vec<&String> = sides.iter().map(|side| &side.version).collect();
    versions.dedup();
    for version in versions {
        let own: Vec<&Side> = sides.iter().filter(|side| side.version == *version).collect();
        for (call, on) in calls(&own) {
            let mut tell = |kind: Kind, about: &dyn Fn(Mode, &Call) -> Option<String>| {
                let parts: Vec<String> = on
                    .iter()
                    .filter_map(|(side, call)| Some(format!("{}: {}", side.mode.name(), about(side.mode, call)?)))
                    .collect();
                if !parts.is_empty() {
                    push(kind, call, vec![version.clone()], parts.join("; "));
                }
            };
            let bypass = on.iter().find(|(side, _)| side.mode == Mode::Bypass).map(|(_, call)| *call);
            if let Some(bypass) = bypass {
                let stops = |mode: Mode, call: &Call| mode != Mode::Bypass && stopped(call, bypass);
                if on.iter().any(|(side, call)| stops(side.mode, call)) {
                    tell(Kind::BlockedBySandbox, &|mode, call| {
                        (mode == Mode::Bypass || stops(mode, call)).then(|| told(call))
                    });
                }
                if bypass.refused {
                    tell(Kind::BypassRefuses, &|mode, call| (mode == Mode::Bypass).then(|| call.did.clone()));
                }
            }
            tell(Kind::PolicyHole, &|_, call| call.finding.then(|| told(call)));
            tell(Kind::Escape, &|mode, call| {
                let beyond: Vec<&str> =
                    call.effects.iter().filter(|effect| escapes(mode, effect)).map(String::as_str).collect();
                (!beyond.is_empty()).then(|| beyond.join(", "))
            });
            tell(Kind::Unseen, &|_, call| (call.missing_from_events == Some(true)).then(|| call.did.clone()));
            tell(Kind::Unexpected, &|_, call| (!call.failures.is_empty()).then(|| call.failures.join(", ")));
        }
    }
    let mut modes: Vec<Mode> = sides.iter().map(|side| side.mode).collect();
    modes.sort_by_key(|mode| mode.name());
    modes.dedup();
    for mode in modes {
        let same: Vec<&Side> = sides.iter().filter(|side| side.mode == mode).collect();
        for (call, on) in calls(&same) {
            if on.iter().any(|(_, other)| (fate(other), effect_kinds(other)) != (fate(call), effect_kinds(call))) {
                let each: Vec<String> =
                    on.iter().map(|(side, call)| format!("{} {}", side.version, told(call))).collect();
                let versions = on.iter().map(|(side, _)| side.version.clone()).collect();
                push(Kind::VersionsDiffer, call, versions, format!("{}: {}", mode.name(), each.join("; ")));
            }
        }
    }
    all.sort_by_key(|difference| difference.kind);
    all
}

/// The calls of some sides, each with where it is.
fn calls<'a>(sides: &[&'a Side]) -> Vec<(&'a Call, Vec<(&'a Side, &'a Call)>)> {
    let mut found: Vec<(&Call, Vec<(&Side, &Call)>)> = Vec::new();
    for call in sides.iter().flat_map(|side| &side.calls) {
        if !found.iter().any(|(known, _)| known.id == call.id) {
            found.push((call, sides.iter().filter_map(|side| Some((*side, side.call(call)?))).collect()));
        }
    }
    found
}

/// What became of a call, whatever words a version has for it.
fn fate(call: &Call) -> (bool, Option<bool>) {
    (call.refused, call.exit.map(|exit| exit == 0))
}

/// Effects without what differs from run to run.
fn effect_kinds(call: &Call) -> Vec<&str> {
    call.effects.iter().map(String::as_str).filter(|effect| !effect.contains("/.git/")).collect()
}

/// Whether a mode stopped what bypass did: it failed, or has fewer effects.
fn stopped(mode: &Call, bypass: &Call) -> bool {
    let failed = |call: &Call| call.refused || call.exit.is_some_and(|exit| exit != 0);
    let lost = bypass.effects.iter().any(|effect| !mode.effects.contains(effect)) || bypass.network > mode.network;
    (failed(mode) && !failed(bypass)) || (lost && !bypass.refused)
}

/// Whether an effect is where the mode may not write.
fn escapes(mode: Mode, effect: &str) -> bool {
    let path = effect.split_once(' ').map_or(effect, |(_, path)| path);
    match mode {
        Mode::Bypass => false,
        Mode::ReadOnly => true,
        Mode::FullAuto => {
            let protected = ["workspace/.git", "workspace/.codex"].iter().any(|place| path.starts_with(place));
            !(path.starts_with("workspace") || path.starts_with("/tmp/")) || protected
        }
    }
}

/// A call's end with what it did.
pub(super) fn told(call: &Call) -> String {
    let mut told = call.did.clone();
    if !call.effects.is_empty() {
        told.push_str(&format!(", {}", call.effects.join(", ")));
    }
    if call.network > 0 {
        told.push_str(", reached the network");
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn call(id: &str, exit: Option<i64>, effects: &[&str]) -> Call {
        Call {
            id: id.into(),
            about: None,
            command: id.into(),
            policy: None,
            codex: None,
            rules: Vec::new(),
            class: "ran".into(),
            did: exit.map_or_else(|| "refused".to_owned(), |exit| format!("ran, exit {exit}")),
            exit,
            refused: exit.is_none(),
            finding: false,
            output: String::new(),
            effects: effects.iter().map(|effect| (*effect).to_owned()).collect(),
            network: 0,
            tokens: None,
            missing_from_events: Some(false),
            failures: Vec::new(),
        }
    }

    fn side(version: &str, mode: Mode, calls: Vec<Call>) -> Side {
        Side {
            version: version.into(),
            mode,
            program: "codex".into(),
            finish: Value::Null,
            milliseconds: None,
            tokens: Value::Null,
            calls,
            effects: Vec::new(),
            problem: None,
        }
    }

    fn kinds(sides: &[Side]) -> Vec<(Kind, String)> {
        differences(sides).into_iter().map(|difference| (difference.kind, difference.text)).collect()
    }

    #[test]
    fn two_sides_that_did_the_same_do_not_differ() {
        let same = |mode| side("1", mode, vec![call("a", Some(0), &["creating workspace/a"]), call("b", Some(3), &[])]);
        assert_eq!(kinds(&[same(Mode::FullAuto), same(Mode::Bypass)]), []);
    }

    #[test]
    fn what_only_bypass_did_was_stopped_also_where_it_did_not_fail() {
        let mode = side("1", Mode::FullAuto, vec![call("a", Some(0), &[])]);
        let bypass = side("1", Mode::Bypass, vec![call("a", Some(0), &["creating outside/a"])]);
        let text = "full-auto: ran, exit 0; bypass: ran, exit 0, creating outside/a";
        assert_eq!(kinds(&[mode, bypass]), [(Kind::BlockedBySandbox, text.to_owned())]);
    }

    #[test]
    fn an_effect_beyond_the_mode_is_an_escape_and_versions_are_folded() {
        let of = |version| {
            side(version, Mode::FullAuto, vec![call("a", Some(0), &["creating outside/a", "creating workspace/b"])])
        };
        let found = differences(&[of("1"), of("2")]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].kind, found[0].versions.join(" ").as_str()), (Kind::Escape, "1 2"));
        assert_eq!(found[0].text, "full-auto: creating outside/a");
    }

    #[test]
    fn versions_differ_by_what_became_of_a_call() {
        let sides = [
            side("1", Mode::Bypass, vec![call("a", Some(0), &[])]),
            side("2", Mode::Bypass, vec![call("a", None, &[])]),
        ];
        let found = kinds(&sides);
        assert!(found.contains(&(Kind::VersionsDiffer, "bypass: 1 ran, exit 0; 2 refused".into())), "{found:?}");
        assert!(found.contains(&(Kind::BypassRefuses, "bypass: refused".into())), "{found:?}");
    }
}
