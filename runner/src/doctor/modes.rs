//! Facts in, verdicts out: what each mode can have enforced here, and each gap with what it costs and what to do.
//!
//! Pure. A mode is `enforced` when a backend can give everything, `degraded` when mounts, or Landlock
//! in their place, still confine writes and `--degrade` is said, and `refused` otherwise: never weaker in silence.

use serde::Serialize;

use super::{Availability, Facts};

/// How far a mode can be enforced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Everything the mode promises.
    Enforced,
    /// A part, and only when `--degrade` is said.
    Degraded,
    /// Nothing; a run is refused.
    Refused,
}

impl Standing {
    /// The word shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforced => "enforced",
            Self::Degraded => "degraded",
            Self::Refused => "refused",
        }
    }
}

/// The verdict on one mode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mode {
    /// Its name.
    pub mode: &'static str,
    /// How far it can be enforced.
    pub standing: Standing,
    /// The backends that can do all of it.
    pub backends: Vec<&'static str>,
    /// The promises that no backend can keep here.
    pub lost: Vec<&'static str>,
}

/// Something that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// What.
    pub what: &'static str,
    /// Why it is missing.
    pub why: String,
    /// What cannot be had without it.
    pub costs: &'static str,
    /// What to do.
    pub advice: String,
    /// Whether a mode depends on it.
    pub required: bool,
}

/// The verdicts and the gaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Assessment {
    /// One per mode, and contained bypass, which `compare` uses.
    pub modes: Vec<Mode>,
    /// Whether `compare` can contain bypass.
    pub contained_bypass: Standing,
    /// What is missing.
    pub gaps: Vec<Gap>,
}

impl Assessment {
    /// Whether every mode can be enforced.
    #[must_use]
    pub fn all_enforced(&self) -> bool {
        self.modes.iter().all(|mode| mode.standing == Standing::Enforced)
    }
}

/// One layer the native backend needs for the sandboxed modes.
pub struct Layer {
    /// Its name.
    pub name: &'static str,
    /// What a mode loses without it.
    pub claim: &'static str,
    /// Where the fact is.
    pub fact: fn(&Facts) -> &Availability,
}

/// Every layer that read-only and workspace-write need, in the order they are set up.
pub const LAYERS: &[Layer] = &[
    Layer {
        name: "user namespace",
        claim: "the namespaces that the other walls stand in",
        fact: |facts| &facts.namespaces.user,
    },
    Layer {
        name: "mount namespace",
        claim: "protected names, hidden paths, and unchanged metadata outside the writable roots",
        fact: |facts| &facts.namespaces.mount,
    },
    Layer {
        name: "pid namespace",
        claim: "no signals to the host's processes, and no process left behind",
        fact: |facts| &facts.namespaces.pid,
    },
    Layer { name: "fresh /proc", claim: "no sight of the host's processes", fact: |facts| &facts.namespaces.proc },
    Layer {
        name: "ipc namespace",
        claim: "no shared memory or queues with the host",
        fact: |facts| &facts.namespaces.ipc,
    },
    Layer {
        name: "net namespace",
        claim: "no route to any network, whatever the system call",
        fact: |facts| &facts.namespaces.net,
    },
    Layer {
        name: "seccomp filter",
        claim: "no dangerous system calls and no sockets to the host",
        fact: |facts| &facts.seccomp.filter,
    },
];

/// The Landlock ABI from which a run without mounts can still confine writes: it is the first that sees truncation.
pub const LANDLOCK_ALONE: u32 = 3;
/// The Landlock ABI from which signals and abstract sockets are confined as well.
pub const LANDLOCK_SCOPES: u32 = 6;

/// Judges the facts.
#[must_use]
pub fn assess(facts: &Facts) -> Assessment {
    let missing: Vec<&Layer> = LAYERS.iter().filter(|layer| !(layer.fact)(facts).is_allowed()).collect();
    let filter = facts.seccomp.filter.is_allowed();
    let mut backends = Vec::new();
    if missing.is_empty() {
        backends.push("native");
    }
    if filter && facts.bubblewrap.as_ref().is_some_and(|bubblewrap| bubblewrap.works.is_allowed()) {
        backends.push("bwrap");
    }
    let standing = if !backends.is_empty() {
        Standing::Enforced
    } else if filter && confines_writes(facts) {
        Standing::Degraded
    } else {
        Standing::Refused
    };
    let lost = if backends.is_empty() { missing.iter().map(|layer| layer.claim).collect() } else { Vec::new() };
    let sandboxed = |mode| Mode { mode, standing, backends: backends.clone(), lost: lost.clone() };
    let bypass =
        Mode { mode: "danger-full-access", standing: Standing::Enforced, backends: vec!["none"], lost: Vec::new() };
    let contains = [&facts.namespaces.user, &facts.namespaces.mount, &facts.namespaces.net, &facts.overlay];
    let contained = contains.iter().all(|fact| fact.is_allowed());
    Assessment {
        modes: vec![sandboxed("read-only"), sandboxed("workspace-write"), bypass],
        contained_bypass: if contained { Standing::Enforced } else { Standing::Refused },
        gaps: gaps(facts, &missing),
    }
}

fn confines_writes(facts: &Facts) -> bool {
    facts.namespaces.mount.is_allowed() || facts.landlock.abi.is_some_and(|abi| abi >= LANDLOCK_ALONE)
}

fn gaps(facts: &Facts, missing: &[&Layer]) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = Vec::new();
    for layer in missing {
        if let Availability::Forbidden { why, advice } = (layer.fact)(facts) {
            let (why, advice) = (why.clone(), advice.clone());
            gaps.push(Gap { what: layer.name, why, costs: layer.claim, advice, required: true });
        }
    }
    let newer = "use a newer kernel, or one with Landlock switched on".to_owned();
    match facts.landlock.abi {
        None => gaps.push(Gap {
            what: "Landlock",
            why: facts.landlock.why.clone().unwrap_or_default(),
            costs: "the second wall behind the mounts, and any run without namespaces",
            advice: newer,
            required: false,
        }),
        Some(abi) if abi < LANDLOCK_SCOPES => gaps.push(Gap {
            what: "Landlock",
            why: format!("ABI {abi}, and {LANDLOCK_SCOPES} is the first with scopes"),
            costs: "the second wall for signals and abstract sockets",
            advice: newer,
            required: false,
        }),
        Some(_) => {}
    }
    if let Availability::Forbidden { why, advice } = &facts.overlay {
        let (why, advice) = (why.clone(), advice.clone());
        let costs = "`compare` cannot contain bypass";
        gaps.push(Gap { what: "overlay", why, costs, advice, required: false });
    }
    let costs = "the `bwrap` backend";
    match facts.bubblewrap.as_ref().map(|bubblewrap| &bubblewrap.works) {
        None => gaps.push(Gap {
            what: "bubblewrap",
            why: "no `bwrap` on the search path".to_owned(),
            costs,
            advice: "install the distribution's package `bubblewrap`".to_owned(),
            required: false,
        }),
        Some(Availability::Forbidden { why, advice }) => {
            let (why, advice) = (why.clone(), advice.clone());
            gaps.push(Gap { what: "bubblewrap", why, costs, advice, required: false });
        }
        Some(Availability::Allowed) => {}
    }
    gaps
}

#[cfg(test)]
mod tests;
