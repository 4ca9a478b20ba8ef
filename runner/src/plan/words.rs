//! A plan in words: one line a step, for `palisade profile`, dry runs and error messages.

use policy::profile::{Limits, Network};

use super::{Plan, Step};

impl std::fmt::Display for Step {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Namespaces { mount, process, ipc, network } => {
                out.write_str("namespaces    user")?;
                for (own, name) in [(mount, "mount"), (process, "process"), (ipc, "ipc"), (network, "network")] {
                    if *own {
                        write!(out, ", {name}")?;
                    }
                }
                Ok(())
            }
            Self::NewSession => out.write_str("session       new, without a controlling terminal"),
            Self::FreshKeyring => out.write_str("keyring       new and empty"),
            Self::ReadOnlyTree => {
                out.write_str("read-only     / and every mount below it, without set-user-ID and devices")
            }
            Self::FreshRoot { readable } => {
                out.write_str("root          new, read-only, with")?;
                readable.iter().try_for_each(|path| write!(out, " {}", path.display()))
            }
            Self::PrivateDev { shm_bytes, queues } => write!(
                out,
                "/dev          private and read-only: null zero full random urandom tty pts{}, shm of {} MiB",
                if *queues { " mqueue" } else { "" },
                shm_bytes >> 20
            ),
            Self::PrivateTmp => out.write_str("/tmp          private and empty"),
            Self::Writable { root, mounts_below } => {
                write!(out, "writable      {}", root.path.display())?;
                mounts_below.iter().try_for_each(|path| write!(out, ", {}", path.display()))
            }
            Self::Pin { path } => write!(out, "pinned        {}", path.display()),
            Self::Protect { path, exists: true } => write!(out, "protected     {}", path.display()),
            Self::Protect { path, exists: false } => {
                write!(out, "protected     {} (missing; masked for the run)", path.display())
            }
            Self::Deny { path, .. } => write!(out, "hidden        {}", path.display()),
            Self::FreshProc => out.write_str("/proc         its own, read-only as a whole"),
            Self::Cover { path, .. } => write!(out, "covered       {}", path.display()),
            Self::CloseDescriptors => out.write_str("descriptors   all closed but 0, 1, 2"),
            Self::Limits(limits) => limits_in_words(limits, out),
            Self::DropCapabilities => out.write_str("capabilities  all sets emptied"),
            Self::NoNewPrivileges => out.write_str("privileges    none gained by executing (no_new_privs)"),
            Self::Landlock { abi, writable, no_tcp, without } => {
                write!(out, "landlock      ABI {abi}: read and execute /; write")?;
                writable.iter().try_for_each(|path| write!(out, " {}", path.display()))?;
                out.write_str(if *no_tcp { "; no TCP" } else { "" })?;
                left_out(without, out)
            }
            Self::FilterCalls { refuse, network, without } => {
                let sockets = match network {
                    Network::Off => "sockets but local streams",
                    Network::Host => "sockets but local, IP and route ones",
                };
                write!(out, "system calls  refused: {sockets}")?;
                refuse.iter().try_for_each(|group| write!(out, ", {}", group.name()))?;
                left_out(without, out)
            }
        }
    }
}

fn left_out(names: &[String], out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    names.iter().try_for_each(|name| write!(out, "; left out: {name}"))
}

fn limits_in_words(limits: &Limits, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    out.write_str("limits       ")?;
    let rows = [
        ("core", limits.core_bytes),
        ("open files", limits.open_files),
        ("processes", limits.processes),
        ("memory", limits.memory_bytes),
        ("file size", limits.file_bytes),
    ];
    rows.iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .try_for_each(|(name, value)| write!(out, " {name} {value}"))
}

impl std::fmt::Display for Plan {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_bare() {
            writeln!(out, "  nothing       the command has whatever its user has")?;
        }
        for step in &self.steps {
            writeln!(out, "  {step}")?;
        }
        for gap in &self.gaps {
            writeln!(out, "gap: {}: not sure that {}: {}", gap.line, gap.claim, gap.why)?;
        }
        for note in &self.notes {
            writeln!(out, "note: {note}")?;
        }
        Ok(())
    }
}
