use std::path::Path;

use policy::profile::{CallGroup, Network, Profile, Tree};

use super::super::expect::{Mode, Word};
use super::super::{all, by_id};
use super::{Facts, Need};
use crate::modes::{self, shipped};

const ROOT: &str = "/var/tmp/palisade-x";

fn profile(mode: Mode) -> Profile {
    let shipped_as = match mode {
        Mode::ReadOnly => modes::Mode::ReadOnly,
        Mode::WorkspaceWrite | Mode::Network => modes::Mode::WorkspaceWrite,
        Mode::Bypass => modes::Mode::DangerFullAccess,
    };
    let mut profile = shipped(shipped_as).expect("a shipped profile");
    if mode == Mode::Network {
        profile.network = Network::Host;
    }
    profile
}

#[track_caller]
fn owes(profile: &Profile, id: &str) -> Word {
    let probe = by_id(id).expect("a probe");
    Facts::new(profile, Path::new(ROOT)).owes(probe.need, &probe.expect, false).wanted.word
}

#[test]
fn a_shipped_profile_owes_what_the_table_says_of_its_mode() {
    for mode in Mode::ALL {
        let profile = profile(mode);
        let facts = Facts::new(&profile, Path::new(ROOT));
        assert_eq!(facts.mode(), mode);
        // What a profile takes out of the environment, and what it limits, is no part of a mode.
        for probe in all().filter(|probe| !matches!(probe.need, Need::Variable(_) | Need::Limit(_))) {
            for root in [false, true] {
                let owed = facts.owes(probe.need, &probe.expect, root);
                assert_eq!(owed.wanted, probe.expect.of(mode, root), "{} in {mode}: {}", probe.id, owed.because);
            }
        }
    }
}

#[test]
fn what_a_profile_grants_must_work_and_what_it_withholds_must_be_refused() {
    let mut changed = profile(Mode::WorkspaceWrite);
    changed.files.write = vec![Tree::Path(format!("{ROOT}/out"))];
    assert_eq!(owes(&changed, "FW-03"), Word::MustWork);
    assert_eq!(owes(&changed, "FW-01"), Word::MustRefuse);
    assert_eq!(owes(&changed, "FW-40"), Word::MustRefuse);

    let mut changed = profile(Mode::WorkspaceWrite);
    changed.files.protect.clear();
    assert_eq!(owes(&changed, "PM-01"), Word::MustWork);

    let mut changed = profile(Mode::WorkspaceWrite);
    changed.files.deny_read = vec![Tree::Home(".ssh".to_owned())];
    assert_eq!(owes(&changed, "FR-03"), Word::MustRefuse);
    assert_eq!(owes(&changed, "FR-04"), Word::Informative);

    let mut changed = profile(Mode::ReadOnly);
    changed.network = Network::Host;
    assert_eq!(owes(&changed, "NW-22"), Word::MustWork);
    assert_eq!(owes(&changed, "FW-01"), Word::MustRefuse);

    let mut changed = profile(Mode::ReadOnly);
    changed.private.processes = false;
    assert_eq!(owes(&changed, "FR-07"), Word::MustWork);

    let mut changed = profile(Mode::ReadOnly);
    changed.refuse.remove(&CallGroup::IoUring);
    assert_eq!(owes(&changed, "NW-43"), Word::Informative);
}
