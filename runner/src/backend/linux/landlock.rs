//! The Landlock step: everything may be read and executed, the writable trees may be changed.
//!
//! It also covers what mounts do not: files reached through `/proc/self/fd`, pipes on read-only trees, signals and
//! abstract sockets. Sources: `landlock(7)`, kernel 6.18.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, Ruleset, RulesetAttr,
    RulesetCreatedAttr, Scope,
};
use nix::fcntl::{FcntlArg, OFlag, fcntl};

use super::StepError;

/// Files of `/dev` that are written by honest programs; those that do not exist are left out.
const DEVICES: &[&str] =
    &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx"];

/// Trees of `/dev` in which honest programs create.
const DEVICE_TREES: &[&str] = &["/dev/shm", "/dev/pts", "/dev/mqueue"];

/// Confines this process and its descendants.
///
/// # Errors
/// What could not be done, in words.
pub fn confine(abi: u32, writable: &[PathBuf], no_tcp: bool) -> Result<(), StepError> {
    let at = |error: &dyn std::fmt::Display| StepError::new("Landlock", error);
    let abi = ABI::from(i32::try_from(abi).unwrap_or(0));
    let all = AccessFs::from_all(abi);
    let files = AccessFs::from_file(abi);
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(all)
        .map_err(|error| at(&error))?;
    if no_tcp && !AccessNet::from_all(abi).is_empty() {
        ruleset = ruleset.handle_access(AccessNet::from_all(abi)).map_err(|error| at(&error))?;
    }
    if !Scope::from_all(abi).is_empty() {
        ruleset = ruleset.scope(Scope::from_all(abi)).map_err(|error| at(&error))?;
    }
    let mut rules: Vec<(File, BitFlags<AccessFs>)> = Vec::new();
    let mut rule = |path: &Path, access| {
        if let Ok(file) = open_path(path) {
            rules.push((file, access));
        }
    };
    rule(Path::new("/"), AccessFs::from_read(abi));
    writable.iter().for_each(|path| rule(path, all));
    DEVICE_TREES.iter().for_each(|path| rule(Path::new(path), all));
    DEVICES.iter().for_each(|path| rule(Path::new(path), files));
    let mut created = ruleset.create().map_err(|error| at(&error))?;
    for (file, access) in rules {
        let access = match file.metadata() {
            Ok(data) if data.is_dir() => access,
            _ => access & files,
        };
        created = created.add_rule(PathBeneath::new(file, access)).map_err(|error| at(&error))?;
    }
    for stream in [std::io::stdout().as_fd(), std::io::stderr().as_fd()] {
        if let Some(file) = written_file(stream) {
            created = created.add_rule(PathBeneath::new(file, files)).map_err(|error| at(&error))?;
        }
    }
    created.restrict_self().map_err(|error| at(&error))?;
    Ok(())
}

fn open_path(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().read(true).custom_flags(libc::O_PATH | libc::O_CLOEXEC).open(path)
}

/// A standard stream that is a file opened for writing: reopening it through `/dev/stdout` must work as without a sandbox.
fn written_file(stream: BorrowedFd<'_>) -> Option<BorrowedFd<'_>> {
    let flags = OFlag::from_bits_truncate(fcntl(stream, FcntlArg::F_GETFL).ok()?);
    let data = nix::sys::stat::fstat(stream).ok()?;
    let regular = data.st_mode & libc::S_IFMT == libc::S_IFREG;
    (regular && flags.intersects(OFlag::O_WRONLY | OFlag::O_RDWR)).then_some(stream)
}
