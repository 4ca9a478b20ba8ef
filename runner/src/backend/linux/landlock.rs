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

/// What is handled, less what is left out.
struct Handled {
    files: BitFlags<AccessFs>,
    network: BitFlags<AccessNet>,
    scopes: BitFlags<Scope>,
}

impl Handled {
    fn new(abi: u32, no_tcp: bool, without: &[String]) -> Self {
        let abi = self::abi(abi);
        let network = if no_tcp { AccessNet::from_all(abi) } else { BitFlags::empty() };
        Self {
            files: AccessFs::from_all(abi).iter().filter(|right| !leaves_out(without, &right_name(right))).collect(),
            network: network.iter().filter(|right| !leaves_out(without, &right_name(right))).collect(),
            scopes: Scope::from_all(abi).iter().filter(|scope| !leaves_out(without, &right_name(scope))).collect(),
        }
    }
}

fn abi(abi: u32) -> ABI {
    ABI::from(i32::try_from(abi).unwrap_or(0))
}

fn right_name(right: &dyn std::fmt::Debug) -> String {
    format!("right {right:?}")
}

fn rule_name(path: &Path) -> String {
    format!("rule {}", path.display())
}

fn leaves_out(without: &[String], name: &str) -> bool {
    without.iter().any(|one| one == name)
}

/// Everything that can be left out of the step by name: each right that is handled, each rule that grants. Rights that
/// the rule for `/` grants refuse nothing, and are no parts.
#[must_use]
pub fn parts(abi: u32, writable: &[PathBuf], no_tcp: bool) -> Vec<String> {
    let Handled { files, network, scopes } = Handled::new(abi, no_tcp, &[]);
    let rights = (files & !AccessFs::from_read(self::abi(abi))).iter().map(|right| right_name(&right));
    let rights = rights.chain(network.iter().map(|right| right_name(&right)));
    let rights = rights.chain(scopes.iter().map(|scope| right_name(&scope)));
    rights.chain(granted(self::abi(abi), writable).iter().map(|(path, _)| rule_name(path))).collect()
}

/// Every rule, whether or not its path is there.
fn granted(abi: ABI, writable: &[PathBuf]) -> Vec<(&Path, BitFlags<AccessFs>)> {
    let (all, files) = (AccessFs::from_all(abi), AccessFs::from_file(abi));
    let mut rules = vec![(Path::new("/"), AccessFs::from_read(abi))];
    rules.extend(writable.iter().map(|path| (path.as_path(), all)));
    rules.extend(DEVICE_TREES.iter().map(|path| (Path::new(*path), all)));
    rules.extend(DEVICES.iter().map(|path| (Path::new(*path), files)));
    rules
}

/// Confines this process and its descendants, with everything but the parts left out by name.
///
/// # Errors
/// What could not be done, in words.
pub fn confine(abi: u32, writable: &[PathBuf], no_tcp: bool, without: &[String]) -> Result<(), StepError> {
    let at = |error: &dyn std::fmt::Display| StepError::new("Landlock", error);
    let handled = Handled::new(abi, no_tcp, without);
    let abi = self::abi(abi);
    let files = AccessFs::from_file(abi) & handled.files;
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(handled.files)
        .map_err(|error| at(&error))?;
    if !handled.network.is_empty() {
        ruleset = ruleset.handle_access(handled.network).map_err(|error| at(&error))?;
    }
    if !handled.scopes.is_empty() {
        ruleset = ruleset.scope(handled.scopes).map_err(|error| at(&error))?;
    }
    let mut rules: Vec<(File, BitFlags<AccessFs>)> = Vec::new();
    for (path, access) in granted(abi, writable) {
        if let Ok(file) = open_path(path)
            && !leaves_out(without, &rule_name(path))
        {
            rules.push((file, access & handled.files));
        }
    }
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
