use super::*;
use crate::doctor::kernel::{Landlock, Seccomp, System};
use crate::doctor::namespaces::Namespaces;

const YES: Availability = Availability::Allowed;

fn no() -> Availability {
    Availability::Forbidden { why: "refused here".into(), advice: "ask for it".into() }
}

/// A host that gives everything, without bubblewrap and Codex.
fn good() -> Facts {
    Facts {
        system: System {
            os: "Linux".into(),
            kernel: "6.12.0".into(),
            machine: "x86_64".into(),
            uid: 1000,
            container: None,
        },
        landlock: Landlock { abi: Some(7), errata: vec![1, 2, 3], why: None },
        seccomp: Seccomp { filter: YES, actions: vec!["errno".into()], outer_filters: 0 },
        namespaces: Namespaces {
            user: YES,
            mount: YES,
            pid: YES,
            proc: YES,
            ipc: YES,
            net: YES,
            uts: YES,
            cgroup: YES,
        },
        overlay: YES,
        bubblewrap: None,
        codex: Vec::new(),
    }
}

/// A container as most runtimes make it: no user namespaces, nothing that stands on them.
fn container() -> Facts {
    let namespaces =
        Namespaces { user: no(), mount: no(), pid: no(), proc: no(), ipc: no(), net: no(), uts: no(), cgroup: no() };
    Facts { namespaces, overlay: no(), ..good() }
}

fn standing(facts: &Facts, mode: &str) -> Standing {
    assess(facts).modes.into_iter().find(|row| row.mode == mode).unwrap().standing
}

#[test]
fn a_good_host_enforces_every_mode_without_bubblewrap() {
    let assessment = assess(&good());
    assert!(assessment.all_enforced());
    assert_eq!(assessment.contained_bypass, Standing::Enforced);
    assert_eq!(assessment.gaps.iter().map(|gap| gap.what).collect::<Vec<_>>(), ["bubblewrap"]);
}

#[test]
fn a_container_degrades_and_says_what_is_lost() {
    let assessment = assess(&container());
    let mode = &assessment.modes[1];
    assert_eq!((mode.mode, mode.standing), ("workspace-write", Standing::Degraded));
    assert_eq!(mode.lost.len(), LAYERS.len() - 1);
    assert_eq!(assessment.contained_bypass, Standing::Refused);
    assert!(!assessment.all_enforced());
}

#[test]
fn a_container_with_an_old_landlock_refuses() {
    let facts = Facts { landlock: Landlock { abi: Some(2), errata: vec![], why: None }, ..container() };
    assert_eq!(standing(&facts, "read-only"), Standing::Refused);
}

#[test]
fn mounts_confine_writes_where_landlock_is_missing() {
    let mut facts = Facts { landlock: Landlock { abi: None, errata: vec![], why: None }, ..good() };
    facts.namespaces.proc = no();
    let mode = &assess(&facts).modes[0];
    assert_eq!((mode.standing, mode.lost.len()), (Standing::Degraded, 1));
}

#[test]
fn bypass_needs_nothing() {
    assert_eq!(standing(&container(), "danger-full-access"), Standing::Enforced);
}

#[test]
fn every_single_missing_layer_is_a_gap_that_stops_the_native_backend() {
    let broken: [fn(&mut Facts); 7] = [
        |facts| facts.namespaces.user = no(),
        |facts| facts.namespaces.mount = no(),
        |facts| facts.namespaces.pid = no(),
        |facts| facts.namespaces.proc = no(),
        |facts| facts.namespaces.ipc = no(),
        |facts| facts.namespaces.net = no(),
        |facts| facts.seccomp.filter = no(),
    ];
    for (layer, breaks) in LAYERS.iter().zip(broken) {
        let mut facts = good();
        breaks(&mut facts);
        let assessment = assess(&facts);
        assert!(!assessment.all_enforced(), "{}", layer.name);
        assert!(assessment.gaps.iter().any(|gap| gap.what == layer.name && gap.required), "{}", layer.name);
    }
}

#[test]
fn every_layer_says_what_it_is_for() {
    assert!(LAYERS.iter().all(|layer| !layer.name.is_empty() && !layer.claim.is_empty()));
}
