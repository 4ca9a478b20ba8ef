use policy::profile::{CallGroup, Limits, Network};

use super::{Layer, parts, without};
use crate::plan::{Plan, Step};
use crate::site::Object;

fn whole() -> Plan {
    let at = |path: &str| Object { path: path.into(), device: 1, inode: 2 };
    Plan {
        steps: vec![
            Step::Namespaces { mount: true, process: true, ipc: true, network: true },
            Step::NewSession,
            Step::ReadOnlyTree,
            Step::Writable { root: at("/w"), mounts_below: Vec::new() },
            Step::Protect { path: "/w/.git".into(), exists: true },
            Step::FreshProc,
            Step::CloseDescriptors,
            Step::Limits(Limits { core_bytes: Some(0), open_files: Some(9), ..Limits::default() }),
            Step::DropCapabilities,
            Step::NoNewPrivileges,
            Step::Landlock { abi: 7, writable: vec!["/w".into()], no_tcp: true, without: Vec::new() },
            Step::FilterCalls { refuse: vec![CallGroup::Tracing], network: Network::Off, without: Vec::new() },
        ],
        ..Plan::default()
    }
}

fn less(names: &[&str]) -> Plan {
    without(&whole(), &names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
}

#[test]
fn every_part_has_a_name_of_its_own_and_taking_it_away_changes_the_plan() {
    let parts = parts(&whole());
    let mut names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
    for name in
        ["namespace ipc", "mount protect /w/.git", "limit core_bytes", "landlock right MakeReg", "seccomp ptrace"]
    {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    for name in &names {
        assert_ne!(less(&[name]), whole(), "{name}");
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), parts.len());
    assert_eq!(less(&[]), whole());
    assert_eq!(less(&["no such part"]), whole());
}

#[test]
fn what_is_mounted_goes_with_the_table_it_is_mounted_in() {
    for names in [&["namespace mount"][..], &["layer namespaces"]] {
        let steps = less(names).steps;
        assert!(!steps.iter().any(|step| matches!(step, Step::ReadOnlyTree | Step::Protect { .. } | Step::FreshProc)));
    }
    // A /proc can only be mounted for a process table of one's own.
    let steps = less(&["namespace process"]).steps;
    assert!(!steps.contains(&Step::FreshProc) && steps.contains(&Step::ReadOnlyTree));
}

#[test]
fn a_layer_can_stand_alone() {
    for layer in Layer::ALL {
        let left = less(&[&format!("only {layer}")]);
        let layers: Vec<Layer> = parts(&left).into_iter().map(|part| part.layer).collect();
        // The mount table in which `/proc` is mounted comes with it.
        let may = |other: &Layer| *other == layer || (layer, *other) == (Layer::Processes, Layer::Mounts);
        assert!(layers.iter().all(may), "{layer}: {layers:?}");
        let namespaces = left.steps.iter().any(|step| matches!(step, Step::Namespaces { .. }));
        assert_eq!(namespaces, layer == Layer::Namespaces || layer.needs_namespaces(), "{layer}");
        // What is left of mounts is the table in which the own `/proc` is mounted.
        let rest = parts(&less(&[&layer.whole()])).into_iter().filter(|part| part.layer == layer);
        assert!(rest.into_iter().all(|part| part.name == "namespace mount"), "{layer}");
    }
}
