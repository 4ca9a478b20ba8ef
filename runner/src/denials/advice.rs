//! Which line of a profile would permit what was denied, and when that would be dangerous.

use std::path::Path;

use policy::profile::CallGroup;

use super::asks::{Act, Call};
use super::walls::{Layer, Walls, quoted};

/// What could be done about a denial.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Advice {
    /// The line that would permit it; none where no line does.
    pub(super) line: Option<String>,
    /// Why that would be dangerous, where it would be.
    pub(super) danger: Option<&'static str>,
}

/// Directories that belong to everybody.
const SYSTEM: &[&str] = &["/bin", "/boot", "/etc", "/lib", "/lib64", "/opt", "/root", "/sbin", "/sys", "/usr", "/var"];
/// Names in a home that others read when they start.
const START_FILES: &[&str] = &[
    ".bashrc",
    ".bash_profile",
    ".profile",
    ".zshrc",
    ".zprofile",
    ".ssh",
    ".gnupg",
    ".config",
    ".gitconfig",
    ".local",
];

/// What could be done about this denial.
#[must_use]
pub(super) fn advise(walls: &Walls, call: &Call, layer: Layer, group: Option<CallGroup>) -> Advice {
    let line = |line: String, danger| Advice { line: Some(line), danger };
    // Of two files it is the one that may not be written that stands in the way.
    let path = call.target.paths.iter().find(|path| walls.protecting(path).is_some() || walls.hides(path));
    let path = path.or_else(|| call.target.paths.iter().find(|path| !walls.writes(path)));
    let path = path.or(call.target.paths.first());
    match (layer, path) {
        ("seccomp", _) if matches!(call.act, Act::Reach | Act::Socket) => line(
            "network.access = \"host\"".to_owned(),
            Some("what the command reads can then be sent away, and local services do work for it"),
        ),
        ("seccomp", _) => match group {
            Some(group) => line(format!("system_calls.refuse without \"{}\"", group.name()), Some(of_group(group))),
            None => Advice::default(),
        },
        ("network", _) => line(
            "network.access = \"host\"".to_owned(),
            Some("what the command reads can then be sent away, and local services do work for it"),
        ),
        ("processes", _) => line(
            "private.processes = false".to_owned(),
            Some("it could then signal, trace and read every process of the user"),
        ),
        (_, Some(path)) if walls.hides(path) => line(
            format!("files.deny_read without {}", quoted(path)),
            Some("what is hidden was hidden for a reason: keys and passwords can be sent away"),
        ),
        (_, Some(path)) if walls.protecting(path).is_some() => {
            let name = walls.protecting(path).and_then(Path::file_name).unwrap_or_default();
            let danger = "whoever writes there makes later commands, outside of any sandbox, run what they like";
            line(format!("files.protect without {}", quoted(Path::new(name))), Some(danger))
        }
        ("mounts" | "landlock", Some(path)) if call.act != Act::Read => {
            let directory = path.parent().unwrap_or(path);
            line(format!("files.write with {}", quoted(directory)), of_writing(path, directory))
        }
        ("landlock", None) if call.act == Act::Process => {
            line("layers.landlock = false".to_owned(), Some("the second wall behind the mounts would be gone"))
        }
        _ => Advice::default(),
    }
}

fn of_writing(path: &Path, directory: &Path) -> Option<&'static str> {
    let home = std::env::var_os("HOME").map(std::path::PathBuf::from);
    let starts = path.components().any(|part| START_FILES.iter().any(|name| part.as_os_str() == *name));
    if directory == Path::new("/")
        || !directory.starts_with("/var/tmp") && SYSTEM.iter().any(|system| directory.starts_with(system))
    {
        Some("it belongs to the system: others run and read what lies there")
    } else if starts {
        Some("what is written there outlives the command and is run or trusted by others")
    } else if home.as_deref().is_some_and(|home| home.starts_with(directory)) {
        Some("it holds the home directory, with its keys and start-up files")
    } else {
        None
    }
}

fn of_group(group: CallGroup) -> &'static str {
    match group {
        CallGroup::IoUring => "files and sockets are then reached past the filter",
        CallGroup::Kernel => "seldom used calls are where a kernel's mistakes are",
        CallGroup::Keyrings => "keys of the session and of the user could be read and changed",
        CallGroup::Mounts => "who may mount in a namespace of its own may undo what covers a name",
        CallGroup::Namespaces => {
            "in a namespace of its own it is root, and reaches parts of the kernel that break often"
        }
        CallGroup::Terminal => "it could type commands into the caller's terminal",
        CallGroup::Tracing => "it could take over any process that it can trace",
    }
}
