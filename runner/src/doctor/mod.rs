//! What this host can enforce: facts gathered by looking and by trying, then judged without another look.
//!
//! [`gather`] has the effects and gives [`Facts`], plain data. [`modes::assess`] is pure, so an old kernel or a container
//! is a value in a test. [`text`] draws both. A refusal always says why, as far as it can be known, and what to do.

pub mod kernel;
pub mod modes;
pub mod namespaces;
pub mod programs;
pub mod text;

use serde::Serialize;

/// Whether the host lets us have something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Availability {
    /// It was tried, and it worked.
    Allowed,
    /// It was tried and refused, or it is not there.
    Forbidden {
        /// What stands in the way.
        why: String,
        /// What to do about it.
        advice: String,
    },
}

impl Availability {
    /// Whether it can be had.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed)
    }

    /// Why it cannot be had, when it cannot.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Allowed => None,
            Self::Forbidden { why, .. } => Some(why),
        }
    }
}

/// Everything `doctor` found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Kernel, machine, user, container.
    pub system: kernel::System,
    /// The Landlock the kernel offers.
    pub landlock: kernel::Landlock,
    /// System call filters.
    pub seccomp: kernel::Seccomp,
    /// Namespaces, each tried inside a fresh user namespace.
    pub namespaces: namespaces::Namespaces,
    /// An overlay mounted inside a user namespace, which contained bypass stands on.
    pub overlay: Availability,
    /// The `bwrap` that would be used.
    pub bubblewrap: Option<programs::Bubblewrap>,
    /// Every `codex` on the search path, first found first.
    pub codex: Vec<programs::Program>,
}

/// Looks at this host and tries what has to be tried; nothing is changed outside children that end at once.
#[must_use]
pub fn gather() -> Facts {
    let surroundings = namespaces::Surroundings::of_this_host();
    Facts {
        system: kernel::System::of_this_host(),
        landlock: kernel::landlock(),
        seccomp: kernel::seccomp(&surroundings),
        namespaces: namespaces::all(&surroundings),
        overlay: namespaces::overlay(&surroundings),
        bubblewrap: programs::bubblewrap(),
        codex: programs::codex(),
    }
}
