//! A plan with something taken away: which parts it has, by name and layer, and the plan without some of them. Pure.
//!
//! This is how the tester asks whether anybody would notice that a part is missing, and which layer refuses what. Only
//! the hidden verb of the tester takes names; no option of `run` leads here.

mod layer;

use crate::backend::linux::{calls, landlock};
use crate::plan::{Plan, Step};

pub use layer::Layer;

/// Something that can be taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name, the same for every plan of a profile but for paths.
    pub name: String,
    /// The layer it belongs to.
    pub layer: Layer,
}

/// The namespaces of a step, each with its layer.
const NAMESPACES: [(&str, Layer); 4] = [
    ("namespace mount", Layer::Mounts),
    ("namespace process", Layer::Processes),
    ("namespace ipc", Layer::Ipc),
    ("namespace network", Layer::Network),
];

/// The limits of a step, by the names of their keys.
const LIMITS: [&str; 5] =
    ["limit core_bytes", "limit open_files", "limit processes", "limit memory_bytes", "limit file_bytes"];

/// What steps that are taken away whole are called, and where they belong.
fn whole(step: &Step) -> Option<Part> {
    let (layer, name) = match step {
        Step::NewSession => (Layer::Session, "session".to_owned()),
        Step::FreshKeyring => (Layer::Keyring, "keyring".to_owned()),
        Step::ReadOnlyTree => (Layer::Mounts, "mount read-only /".to_owned()),
        Step::FreshRoot { .. } => (Layer::Mounts, "mount root".to_owned()),
        Step::PrivateDev { .. } => (Layer::Mounts, "mount private /dev".to_owned()),
        Step::PrivateTmp => (Layer::Mounts, "mount private /tmp".to_owned()),
        Step::Writable { root, .. } => (Layer::Mounts, format!("mount writable {}", root.path.display())),
        Step::Pin { path } => (Layer::Mounts, format!("mount pin {}", path.display())),
        Step::Protect { path, .. } => (Layer::Mounts, format!("mount protect {}", path.display())),
        Step::Deny { path, .. } => (Layer::Mounts, format!("mount deny {}", path.display())),
        Step::FreshProc => (Layer::Processes, "mount own /proc".to_owned()),
        Step::Cover { path, .. } => (Layer::Processes, format!("mount cover {}", path.display())),
        Step::CloseDescriptors => (Layer::Descriptors, "descriptors".to_owned()),
        Step::DropCapabilities => (Layer::Capabilities, "capabilities".to_owned()),
        Step::NoNewPrivileges => (Layer::NoNewPrivileges, "no_new_privs".to_owned()),
        Step::Namespaces { .. } | Step::Limits(_) | Step::Landlock { .. } | Step::FilterCalls { .. } => return None,
    };
    Some(Part { name, layer })
}

/// Every part of a plan, in its order. The user namespace is none: without it there is no other.
#[must_use]
pub fn parts(plan: &Plan) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut add = |layer, name: String| parts.push(Part { name, layer });
    for step in &plan.steps {
        match step {
            Step::Namespaces { mount, process, ipc, network } => {
                let own = NAMESPACES.iter().zip([mount, process, ipc, network]).filter(|(_, own)| **own);
                own.for_each(|((name, layer), _)| add(*layer, (*name).to_owned()));
            }
            Step::Limits(limits) => {
                let set =
                    [limits.core_bytes, limits.open_files, limits.processes, limits.memory_bytes, limits.file_bytes];
                let set = LIMITS.iter().zip(set).filter(|(_, value)| value.is_some());
                set.for_each(|(name, _)| add(Layer::Limits, (*name).to_owned()));
            }
            Step::Landlock { abi, writable, no_tcp, .. } => {
                add(Layer::Landlock, Layer::Landlock.whole());
                let names = landlock::parts(*abi, writable, *no_tcp);
                names.into_iter().for_each(|name| add(Layer::Landlock, format!("landlock {name}")));
            }
            Step::FilterCalls { refuse, network, .. } => {
                add(Layer::Seccomp, Layer::Seccomp.whole());
                let names = calls::parts(refuse, *network);
                names.into_iter().for_each(|name| add(Layer::Seccomp, format!("seccomp {name}")));
            }
            step => {
                if let Some(part) = whole(step) {
                    add(part.layer, part.name);
                }
            }
        }
    }
    parts
}

/// The plan without the parts and layers of these names; `only LAYER` takes away all others.
#[must_use]
pub fn without(plan: &Plan, names: &[String]) -> Plan {
    let only = Layer::ALL.into_iter().find(|layer| names.contains(&format!("only {layer}")));
    let named = |name: &str| names.iter().any(|one| one == name);
    let gone = |layer: Layer| match only {
        Some(kept) => layer != kept && !(layer == Layer::Namespaces && kept.needs_namespaces()),
        None => named(&layer.whole()),
    };
    // What is mounted needs the table it is mounted in, and that the user namespace.
    let no_user = gone(Layer::Namespaces);
    let no_mounts = no_user || named("namespace mount");
    let no_process = no_user || gone(Layer::Processes) || named("namespace process");
    let no_ipc = no_user || gone(Layer::Ipc) || named("namespace ipc");
    let mut left = plan.clone();
    let kept = plan.steps.iter().filter_map(|step| {
        if let Some(part) = whole(step) {
            let in_table = matches!(part.layer, Layer::Mounts | Layer::Processes);
            let needs_processes = matches!(step, Step::FreshProc);
            let taken = named(&part.name) || gone(part.layer) || in_table && no_mounts || needs_processes && no_process;
            // Queues can only be mounted by whoever owns the namespace they are in.
            let left = match step {
                Step::PrivateDev { shm_bytes, queues } => {
                    Step::PrivateDev { shm_bytes: *shm_bytes, queues: *queues && !no_ipc }
                }
                step => step.clone(),
            };
            return (!taken).then_some(left);
        }
        match step {
            Step::Namespaces { mount, process, ipc, network } if !no_user => Some(Step::Namespaces {
                mount: *mount && !no_mounts && !(gone(Layer::Mounts) && gone(Layer::Processes)),
                process: *process && !no_process,
                ipc: *ipc && !no_ipc,
                network: *network && !gone(Layer::Network) && !named("namespace network"),
            }),
            Step::Limits(limits) if !gone(Layer::Limits) => {
                let mut limits = *limits;
                let set = [
                    &mut limits.core_bytes,
                    &mut limits.open_files,
                    &mut limits.processes,
                    &mut limits.memory_bytes,
                    &mut limits.file_bytes,
                ];
                set.into_iter().zip(LIMITS).filter(|(_, name)| named(name)).for_each(|(value, _)| *value = None);
                Some(Step::Limits(limits))
            }
            Step::Landlock { abi, writable, no_tcp, .. } if !gone(Layer::Landlock) => Some(Step::Landlock {
                abi: *abi,
                writable: writable.clone(),
                no_tcp: *no_tcp,
                without: below(names, "landlock "),
            }),
            Step::FilterCalls { refuse, network, .. } if !gone(Layer::Seccomp) => {
                Some(Step::FilterCalls { refuse: refuse.clone(), network: *network, without: below(names, "seccomp ") })
            }
            _ => None,
        }
    });
    left.steps = kept.collect();
    left
}

/// The names within one step.
fn below(names: &[String], layer: &str) -> Vec<String> {
    names.iter().filter_map(|name| name.strip_prefix(layer)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
