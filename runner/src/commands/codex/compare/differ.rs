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
    /// The version, or several.
    pub(super) version: String,
    pub(super) text: String,
}

/// All differences between the sides of one script.
pub(super) fn differences(sides: &[Side]) -> Vec<Difference> {
    let mut all = Vec::new();
    let of = |mode: Mode| sides.iter().filter(move |side| side.mode == mode);
    for bypass in of(Mode::Bypass) {
        for call in &bypass.calls {
            let tell = |kind, text| Difference { kind, call: call.id.clone(), version: bypass.version.clone(), text };
            if call.refused {
                all.push(tell(Kind::BypassRefuses, call.did.clone()));
            }
            for mode in [Mode::FullAuto, Mode::ReadOnly] {
                let other = of(mode).find(|side| side.version == bypass.version).and_then(|side| side.call(call));
                if let Some(other) = other.filter(|other| stopped(other, call)) {
                    let text = format!("{}: {}; bypass: {}", mode.name(), told(other), told(call));
                    all.push(tell(Kind::BlockedBySandbox, text));
                }
            }
        }
    }
    for side in sides {
        for call in &side.calls {
            let version = side.version.clone();
            let mut push =
                |kind, text| all.push(Difference { kind, call: call.id.clone(), version: version.clone(), text });
            if call.finding {
                let rules = call.rules.join(", ");
                push(Kind::PolicyHole, format!("{}: {} by {rules}; {}", side.mode.name(), "forbidden", told(call)));
            }
            let escaped: Vec<&str> =
                call.effects.iter().filter(|effect| escapes(side.mode, effect)).map(String::as_str).collect();
            if !escaped.is_empty() {
                push(Kind::Escape, format!("{}: {}", side.mode.name(), escaped.join(", ")));
            }
            if call.missing_from_events == Some(true) {
                push(Kind::Unseen, format!("{}: {}", side.mode.name(), call.did));
            }
            for failure in &call.failures {
                push(Kind::Unexpected, format!("{}: {failure}", side.mode.name()));
            }
        }
    }
    versions(sides, &mut all);
    all.sort_by_key(|difference| difference.kind);
    all
}

/// The same mode in several versions: told once where they do not agree.
fn versions(sides: &[Side], all: &mut Vec<Difference>) {
    for (at, first) in sides.iter().enumerate() {
        let same: Vec<&Side> = sides.iter().filter(|side| side.mode == first.mode).collect();
        if same.len() < 2 || sides.iter().take(at).any(|side| side.mode == first.mode) {
            continue;
        }
        for call in &first.calls {
            let every: Vec<(&Side, &Call)> = same.iter().filter_map(|side| Some((*side, side.call(call)?))).collect();
            let differs = every.iter().any(|(_, other)| {
                (&other.class, other.exit, effect_kinds(other)) != (&call.class, call.exit, effect_kinds(call))
            });
            if differs {
                let each: Vec<String> =
                    every.iter().map(|(side, call)| format!("{}: {}", side.version, told(call))).collect();
                let version = every.iter().map(|(side, _)| side.version.as_str()).collect::<Vec<_>>().join(", ");
                let text = format!("{}: {}", first.mode.name(), each.join("; "));
                all.push(Difference { kind: Kind::VersionsDiffer, call: call.id.clone(), version, text });
            }
        }
    }
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
