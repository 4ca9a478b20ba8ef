//! The Landlock step: what of it this host has, and what that leaves open.

use policy::profile::Network;

use super::{Planner, Step};

/// The newest ABI the step is written against.
const NEWEST: u32 = 7;

impl Planner<'_> {
    pub(super) fn landlock(&mut self) {
        let abi = self.host.landlock_abi.min(NEWEST);
        if abi == 0 {
            self.missing("layers.landlock", "this kernel has no Landlock, or it is switched off");
            return;
        }
        let lacking = match abi {
            1 => Some("renaming between directories (ABI 2), truncating (3), TCP (4), devices (5) and scopes (6)"),
            2 => Some("truncating (ABI 3), TCP (4), devices (5) and scopes (6)"),
            3 => Some("TCP (ABI 4), devices (5) and scopes (6)"),
            4 => Some("devices (ABI 5) and scopes (6)"),
            5 => Some("scopes (ABI 6)"),
            _ => None,
        };
        if let Some(lacking) = lacking {
            self.plan.notes.push(format!("Landlock ABI {abi}: without rights for {lacking}"));
        }
        let mut writable: Vec<std::path::PathBuf> = if self.profile.writes_everything() {
            vec!["/".into()]
        } else {
            self.site.writable.iter().map(|root| root.object.path.clone()).collect()
        };
        if self.profile.private.tmp {
            writable.push("/tmp".into());
        }
        let no_tcp = self.profile.network == Network::Off;
        self.plan.steps.push(Step::Landlock { abi, writable, no_tcp, without: Vec::new() });
    }
}
