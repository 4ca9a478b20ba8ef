//! What a call asks of which file, address or process: a table of calls, and reading their arguments from the process.

use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use nix::unistd::Pid;

use crate::sys::trace::text_at;
use crate::sys::watch::{Asked, bytes_at};

/// What a call does to what it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Act {
    /// Reads a file.
    Read,
    /// Opens for writing or creates.
    Write,
    /// Makes a new name.
    Create,
    /// Takes a name away.
    Remove,
    /// Gives one file another name, or takes it elsewhere.
    Move,
    /// Gives one file a second name.
    Link,
    /// Changes mode, owner, times or attributes.
    Metadata,
    /// Makes a device, a pipe or a socket.
    Node,
    /// Reaches a service.
    Reach,
    /// Makes a socket.
    Socket,
    /// Touches another process.
    Process,
    /// Asks for a right.
    Right,
}

/// Where a call's arguments are.
#[derive(Clone, Copy)]
enum Shape {
    /// A path: the argument of the directory, if there is one, then that of the path.
    Path(Option<usize>, usize),
    /// An open with its flags: as a path, then the argument of the flags.
    Open(Option<usize>, usize, usize),
    /// An open with its flags in memory.
    How,
    /// Two paths.
    Two(Option<usize>, usize, Option<usize>, usize),
    /// A descriptor.
    Descriptor(usize),
    /// An address: the arguments of where it is, and how long.
    Address(usize, usize),
    /// A process.
    Process(usize),
    /// Family and type.
    Family,
    /// Nothing that has a name.
    Nothing,
}

use Act::{Create, Link, Metadata, Move, Node, Process, Reach, Read, Remove, Right, Socket, Write};
use Shape::{Address, Descriptor, Family, How, Nothing, Open, Path as At, Two};

type Row = (libc::c_long, &'static str, Act, Shape);

const CALLS: &[Row] = &[
    (libc::SYS_openat, "openat", Write, Open(Some(0), 1, 2)),
    (libc::SYS_openat2, "openat2", Write, How),
    (libc::SYS_mkdirat, "mkdirat", Create, At(Some(0), 1)),
    (libc::SYS_unlinkat, "unlinkat", Remove, At(Some(0), 1)),
    (libc::SYS_renameat2, "renameat2", Move, Two(Some(0), 1, Some(2), 3)),
    (libc::SYS_linkat, "linkat", Link, Two(Some(0), 1, Some(2), 3)),
    (libc::SYS_symlinkat, "symlinkat", Create, At(Some(1), 2)),
    (libc::SYS_mknodat, "mknodat", Node, At(Some(0), 1)),
    (libc::SYS_truncate, "truncate", Write, At(None, 0)),
    (libc::SYS_fchmod, "fchmod", Metadata, Descriptor(0)),
    (libc::SYS_fchmodat, "fchmodat", Metadata, At(Some(0), 1)),
    (452, "fchmodat2", Metadata, At(Some(0), 1)),
    (libc::SYS_fchown, "fchown", Metadata, Descriptor(0)),
    (libc::SYS_fchownat, "fchownat", Metadata, At(Some(0), 1)),
    (libc::SYS_utimensat, "utimensat", Metadata, At(Some(0), 1)),
    (libc::SYS_setxattr, "setxattr", Metadata, At(None, 0)),
    (libc::SYS_lsetxattr, "lsetxattr", Metadata, At(None, 0)),
    (libc::SYS_removexattr, "removexattr", Metadata, At(None, 0)),
    (libc::SYS_connect, "connect", Reach, Address(1, 2)),
    (libc::SYS_bind, "bind", Reach, Address(1, 2)),
    (libc::SYS_sendto, "sendto", Reach, Address(4, 5)),
    (libc::SYS_listen, "listen", Reach, Nothing),
    (libc::SYS_accept, "accept", Reach, Nothing),
    (libc::SYS_accept4, "accept4", Reach, Nothing),
    (libc::SYS_sendmmsg, "sendmmsg", Reach, Nothing),
    (libc::SYS_socket, "socket", Socket, Family),
    (libc::SYS_socketpair, "socketpair", Socket, Family),
    (libc::SYS_kill, "kill", Process, Shape::Process(0)),
    (libc::SYS_tgkill, "tgkill", Process, Shape::Process(0)),
    (libc::SYS_tkill, "tkill", Process, Shape::Process(0)),
    (libc::SYS_rt_sigqueueinfo, "rt_sigqueueinfo", Process, Shape::Process(0)),
    (libc::SYS_pidfd_open, "pidfd_open", Process, Shape::Process(0)),
    (libc::SYS_prlimit64, "prlimit64", Process, Shape::Process(0)),
    (libc::SYS_process_vm_readv, "process_vm_readv", Process, Shape::Process(0)),
    (libc::SYS_process_vm_writev, "process_vm_writev", Process, Shape::Process(0)),
    (libc::SYS_ptrace, "ptrace", Process, Shape::Process(1)),
    (libc::SYS_mount, "mount", Right, At(None, 1)),
    (libc::SYS_umount2, "umount2", Right, At(None, 0)),
    (libc::SYS_chroot, "chroot", Right, At(None, 0)),
    (libc::SYS_sethostname, "sethostname", Right, Nothing),
    (libc::SYS_setdomainname, "setdomainname", Right, Nothing),
    (libc::SYS_setuid, "setuid", Right, Nothing),
    (libc::SYS_setgid, "setgid", Right, Nothing),
    (libc::SYS_setresuid, "setresuid", Right, Nothing),
    (libc::SYS_setgroups, "setgroups", Right, Nothing),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_open, "open", Write, Open(None, 0, 1)),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_creat, "creat", Write, At(None, 0)),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_mkdir, "mkdir", Create, At(None, 0)),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_rmdir, "rmdir", Remove, At(None, 0)),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_unlink, "unlink", Remove, At(None, 0)),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_rename, "rename", Move, Two(None, 0, None, 1)),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_renameat, "renameat", Move, Two(Some(0), 1, Some(2), 3)),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_link, "link", Link, Two(None, 0, None, 1)),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_symlink, "symlink", Create, At(None, 1)),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_mknod, "mknod", Node, At(None, 0)),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_chmod, "chmod", Metadata, At(None, 0)),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_chown, "chown", Metadata, At(None, 0)),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_lchown, "lchown", Metadata, At(None, 0)),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_utime, "utime", Metadata, At(None, 0)),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_utimes, "utimes", Metadata, At(None, 0)),
];

/// What a call names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Target {
    /// Files, absolute, as the process sees them.
    pub(super) paths: Vec<PathBuf>,
    /// A process.
    pub(super) process: Option<i32>,
    /// Anything else, in words: an address, a family.
    pub(super) words: String,
}

impl std::fmt::Display for Target {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(pid) = self.process {
            return write!(out, "process {pid}");
        }
        let paths: Vec<String> = self.paths.iter().map(|path| path.display().to_string()).collect();
        if paths.is_empty() { out.write_str(&self.words) } else { out.write_str(&paths.join(" -> ")) }
    }
}

/// A call as it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// Its name; its number where it has no row.
    pub(super) name: String,
    /// What it does.
    pub(super) act: Act,
    /// To what.
    pub(super) target: Target,
}

impl Call {
    /// What a process asks with this call; `names` knows calls that have no row here.
    #[must_use]
    pub(super) fn read(pid: Pid, asked: &Asked, names: impl Fn(i64) -> Option<&'static str>) -> Self {
        let Some((_, name, act, shape)) = CALLS.iter().find(|(number, ..)| *number == asked.number) else {
            let name = names(asked.number).map_or_else(|| format!("call {}", asked.number), str::to_owned);
            return Self { name, act: Right, target: Target::default() };
        };
        let mut act = *act;
        let mut target = Target::default();
        let word = |index: usize| asked.arguments.get(index).copied().unwrap_or(0);
        match *shape {
            At(directory, path) => target.paths.extend(path_at(pid, directory.map(word), word(path))),
            Open(directory, path, flags) => {
                act = opening(word(flags));
                target.paths.extend(path_at(pid, directory.map(word), word(path)));
            }
            How => {
                let how = bytes_at(pid, word(2), 8).unwrap_or_default();
                act = opening(how.try_into().map_or(0, u64::from_ne_bytes));
                target.paths.extend(path_at(pid, Some(word(0)), word(1)));
            }
            Two(first, from, second, to) => {
                target.paths.extend(path_at(pid, first.map(word), word(from)));
                target.paths.extend(path_at(pid, second.map(word), word(to)));
            }
            Descriptor(index) => {
                target.paths.extend(std::fs::read_link(format!("/proc/{pid}/fd/{}", word(index) as i32)));
            }
            Address(at, length) => {
                let bytes = bytes_at(pid, word(at), (word(length) as usize).min(128)).unwrap_or_default();
                (target.words, target.paths) = address(&bytes);
            }
            Shape::Process(index) => target.process = Some(word(index) as i32),
            Family => target.words = format!("{} {}", family(word(0) as u16), kind(word(1))),
            Nothing => {}
        }
        Self { name: (*name).to_owned(), act, target }
    }
}

fn opening(flags: u64) -> Act {
    let writing = (libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC) as u64;
    if flags & writing == 0 { Read } else { Write }
}

/// A path as the process means it, made absolute by text.
pub(super) fn path_at(pid: Pid, directory: Option<u64>, address: u64) -> Option<PathBuf> {
    let base = |directory: Option<u64>| match directory.map(|fd| fd as i32) {
        None | Some(libc::AT_FDCWD) => std::fs::read_link(format!("/proc/{pid}/cwd")).ok(),
        Some(fd) => std::fs::read_link(format!("/proc/{pid}/fd/{fd}")).ok(),
    };
    // Without a path the call is about the directory's own descriptor.
    let text = if address == 0 { Vec::new() } else { text_at(pid, address as usize, 4096).ok()? };
    let path = PathBuf::from(std::ffi::OsString::from_vec(text));
    let whole = if path.is_absolute() { path } else { base(directory)?.join(path) };
    Some(plain(&whole))
}

/// Without `.` and `..`, by text alone.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// An address in words, and the path of a socket that has one.
fn address(bytes: &[u8]) -> (String, Vec<PathBuf>) {
    let port = |at: usize| bytes.get(at..at + 2).map_or(0, |port| u16::from_be_bytes([port[0], port[1]]));
    let Some(family) = bytes.get(..2).map(|family| u16::from_ne_bytes([family[0], family[1]])) else {
        return (String::new(), Vec::new());
    };
    match i32::from(family) {
        libc::AF_UNIX => match bytes.get(2..) {
            Some([0, name @ ..]) => (format!("@{}", String::from_utf8_lossy(name)), Vec::new()),
            Some(path) => {
                let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
                let path = path.get(..end).unwrap_or_default().to_vec();
                (String::new(), vec![PathBuf::from(std::ffi::OsString::from_vec(path))])
            }
            None => (self::family(family), Vec::new()),
        },
        libc::AF_INET if bytes.len() >= 8 => {
            (format!("{}.{}.{}.{}:{}", bytes[4], bytes[5], bytes[6], bytes[7], port(2)), Vec::new())
        }
        libc::AF_INET6 if bytes.len() >= 24 => {
            let mut whole = [0_u8; 16];
            whole.copy_from_slice(&bytes[8..24]);
            (format!("[{}]:{}", std::net::Ipv6Addr::from(whole), port(2)), Vec::new())
        }
        _ => (self::family(family), Vec::new()),
    }
}

fn family(number: u16) -> String {
    let known = [
        (libc::AF_UNIX, "AF_UNIX"),
        (libc::AF_INET, "AF_INET"),
        (libc::AF_INET6, "AF_INET6"),
        (libc::AF_NETLINK, "AF_NETLINK"),
        (libc::AF_PACKET, "AF_PACKET"),
        (libc::AF_VSOCK, "AF_VSOCK"),
        (libc::AF_ALG, "AF_ALG"),
    ];
    let name = known.iter().find(|(family, _)| *family == i32::from(number));
    name.map_or_else(|| format!("family {number}"), |(_, name)| (*name).to_owned())
}

fn kind(number: u64) -> &'static str {
    match (number & 0xf) as i32 {
        libc::SOCK_STREAM => "stream",
        libc::SOCK_DGRAM => "datagram",
        libc::SOCK_RAW => "raw",
        libc::SOCK_SEQPACKET => "seqpacket",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_as_people_write_them() {
        let inet = [2, 0, 0, 80, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(address(&inet), ("127.0.0.1:80".to_owned(), Vec::new()));
        let mut inet6 = vec![10, 0, 1, 187, 0, 0, 0, 0];
        inet6.extend(std::net::Ipv6Addr::LOCALHOST.octets());
        assert_eq!(address(&inet6).0, "[::1]:443");
        assert_eq!(address(b"\x01\x00/run/x\x00\x00").1, [PathBuf::from("/run/x")]);
        assert_eq!(address(b"\x01\x00\x00name").0, "@name");
        assert_eq!((address(b"\x01").0, address(b"\x28\x00xx").0), (String::new(), "AF_VSOCK".to_owned()));
    }

    #[test]
    fn each_call_has_one_row() {
        let mut numbers: Vec<_> = CALLS.iter().map(|(number, ..)| number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), CALLS.len());
        assert_eq!(plain(Path::new("/a/./b/../c")), Path::new("/a/c"));
    }
}
