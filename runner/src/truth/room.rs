//! The room in which Codex is asked: bubblewrap, an empty root, the programs of the host, and the layers of a scene as files.
//!
//! Nothing is written on the host: each file is handed over as an open descriptor and lies in a file system in memory that
//! ends with the room. There is no network, no login and no other folder of the user.

use std::ffi::OsString;
use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::sys::memfd::{MFdFlags, memfd_create};
use policy::requirements::scene::{Kind, Scene};

/// Where Codex' package is seen in the room.
pub(super) const PACKAGE: &str = "/opt/codex";

/// What of the host a program needs.
const SYSTEM: &[&str] =
    &["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/passwd", "/etc/group", "/etc/ssl", "/etc/localtime"];

/// A real Codex.
#[derive(Clone, Debug)]
pub struct Codex {
    /// The native program.
    pub program: PathBuf,
    /// The folder in which it finds its helpers.
    pub package: PathBuf,
}

/// The native program that a path names, itself or through the launcher that npm installs.
///
/// # Errors
/// What is wrong with the path, in words.
pub fn find(path: &Path) -> Result<Codex, String> {
    let real = path.canonicalize().map_err(|error| format!("`{}`: {error}", path.display()))?;
    let of = |program: PathBuf| {
        let package = program.parent().and_then(Path::parent).map_or_else(|| PathBuf::from("/"), Path::to_owned);
        Codex { program, package }
    };
    if native(&real) {
        return Ok(of(real));
    }
    let modules = real.ancestors().find(|folder| folder.file_name().is_some_and(|name| name == "node_modules"));
    let mut at: Vec<PathBuf> = modules.map(Path::to_owned).into_iter().collect();
    // PACKAGE/vendor/TRIPLE/bin/codex, of a package beside the launcher or below it.
    for _ in 0..10 {
        let below: Vec<PathBuf> = at
            .iter()
            .filter_map(|folder| fs::read_dir(folder).ok())
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        let fits = |file: &&PathBuf| {
            let folder = file.parent().and_then(Path::file_name);
            file.file_name().is_some_and(|name| name == "codex")
                && folder.is_some_and(|name| name == "bin" || name == "codex")
                && native(file)
        };
        if let Some(program) = below.iter().find(fits) {
            return Ok(of(program.clone()));
        }
        at = below.into_iter().filter(|path| path.is_dir()).collect();
    }
    Err(format!("`{}` is no native program, and no launcher of one", path.display()))
}

fn native(path: &Path) -> bool {
    let mut head = [0; 4];
    fs::File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == *b"\x7fELF"
}

/// Arguments for bubblewrap, and the descriptors they name.
pub(super) struct Room {
    pub(super) arguments: Vec<OsString>,
    /// Open as long as bubblewrap has not read them.
    pub(super) _files: Vec<OwnedFd>,
}

/// The room of a scene.
///
/// # Errors
/// A file that cannot be handed over.
pub(super) fn room(codex: &Codex, scene: &Scene) -> Result<Room, String> {
    let mut arguments: Vec<OsString> = Vec::new();
    let mut files = Vec::new();
    let mut add = |words: &[&str]| arguments.extend(words.iter().map(OsString::from));
    for path in SYSTEM {
        add(&["--ro-bind-try", path, path]);
    }
    add(&["--dev", "/dev", "--dev-bind", "/proc", "/proc", "--dir", "/tmp"]);
    let machine = &scene.machine;
    for folder in [&machine.home, &machine.codex_home, &machine.cwd] {
        add(&["--dir", folder]);
    }
    let package = codex.package.to_str().ok_or_else(|| "the path of Codex is not UTF-8".to_owned())?;
    add(&["--ro-bind", package, PACKAGE]);
    let mut hand = |path: &str, text: &str, add: &mut dyn FnMut(&[&str])| -> Result<(), String> {
        let file = in_memory(text).map_err(|error| format!("`{path}` cannot be handed over: {error}"))?;
        add(&["--file", &file.as_raw_fd().to_string(), path]);
        files.push(file);
        Ok(())
    };
    for document in &scene.documents {
        if matches!(document.kind, Kind::CloudRequirements | Kind::MdmRequirements | Kind::MdmManaged) {
            continue;
        }
        let Some(source) = scene.sources.get(document.source) else { continue };
        hand(&source.name, &source.text, &mut add)?;
    }
    for folder in &machine.folders {
        for marker in &folder.markers {
            let path = format!("{}/{marker}", folder.path.trim_end_matches('/'));
            let linked = machine.checkout.as_ref().filter(|checkout| marker == ".git" && **checkout != folder.path);
            match linked {
                Some(checkout) => hand(&path, &format!("gitdir: {checkout}/.git/worktrees/linked\n"), &mut add)?,
                None if marker == ".git" => hand(&format!("{path}/HEAD"), "ref: refs/heads/main\n", &mut add)?,
                None => add(&["--dir", &path]),
            }
        }
    }
    let host = if machine.host.is_empty() { "localhost" } else { machine.host.as_str() };
    add(&[
        "--unshare-user-try",
        "--unshare-uts",
        "--hostname",
        host,
        "--unshare-net",
        "--die-with-parent",
        "--new-session",
    ]);
    add(&["--chdir", &machine.cwd, "--clearenv"]);
    for (name, value) in [
        ("HOME", machine.home.as_str()),
        ("CODEX_HOME", machine.codex_home.as_str()),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("TERM", "xterm"),
        ("RUST_LOG", "error"),
    ] {
        add(&["--setenv", name, value]);
    }
    Ok(Room { arguments, _files: files })
}

fn in_memory(text: &str) -> std::io::Result<OwnedFd> {
    // Without the flag that closes it on exec: bubblewrap reads it.
    let mut file = fs::File::from(memfd_create(c"layer", MFdFlags::empty())?);
    file.write_all(text.as_bytes())?;
    file.seek(SeekFrom::Start(0))?;
    Ok(OwnedFd::from(file))
}
