//! What can be wrong with a host: laid on the process that becomes the subject, and on nothing else.
//!
//! A limit or a covered file is set in a user namespace of its own, so that an ordinary user can and the host keeps its
//! own; a refused call is a filter.

use std::ffi::OsString;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::Signal;

use nix::errno::Errno;

use crate::sys::seccomp::{Refused, refuse_calls};

/// `CLONE_NEWUSER`.
const NEW_USER: u32 = 0x1000_0000;
/// `landlock_create_ruleset`, `landlock_add_rule`, `landlock_restrict_self`.
const LANDLOCK: [Refused; 3] = [lacking(444), lacking(445), lacking(446)];

const fn lacking(number: libc::c_long) -> Refused {
    Refused { number, errno: Errno::ENOSYS, bits: 0 }
}

/// One hardship.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hardship {
    None,
    /// No further user namespace can be made.
    UserNamespaces,
    /// No net namespace can be made.
    NetNamespaces,
    /// A filter refuses user namespaces.
    FilteredNamespaces,
    /// A filter knows nothing of Landlock.
    FilteredLandlock,
    /// Parts of `/proc` are covered, as in containers.
    CoveredProc,
    /// Another user was first at every fixed name in `/tmp`; only uid 0 can make that true.
    Squatted,
}

impl Hardship {
    const ALL: [Self; 7] = [
        Self::None,
        Self::UserNamespaces,
        Self::NetNamespaces,
        Self::FilteredNamespaces,
        Self::FilteredLandlock,
        Self::CoveredProc,
        Self::Squatted,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::UserNamespaces => "user-namespaces",
            Self::NetNamespaces => "net-namespaces",
            Self::FilteredNamespaces => "filtered-namespaces",
            Self::FilteredLandlock => "filtered-landlock",
            Self::CoveredProc => "covered-proc",
            Self::Squatted => "squatted",
        }
    }

    fn bear(self) -> Result<()> {
        match self {
            Self::None => Ok(()),
            Self::UserNamespaces => limited("/proc/sys/user/max_user_namespaces"),
            Self::NetNamespaces => limited("/proc/sys/user/max_net_namespaces"),
            Self::FilteredNamespaces => Ok(refuse_calls(&[
                Refused { number: libc::SYS_unshare, errno: Errno::EPERM, bits: NEW_USER },
                Refused { number: libc::SYS_clone, errno: Errno::EPERM, bits: NEW_USER },
                Refused { number: libc::SYS_clone3, errno: Errno::ENOSYS, bits: 0 },
            ])?),
            Self::FilteredLandlock => Ok(refuse_calls(&LANDLOCK)?),
            Self::CoveredProc => {
                apart(CloneFlags::CLONE_NEWNS)?;
                private()?;
                Ok(mount(Some("/dev/null"), "/proc/version", None::<&str>, MsFlags::MS_BIND, None::<&str>)?)
            }
            Self::Squatted => {
                unshare(CloneFlags::CLONE_NEWNS)?;
                private()?;
                mount(Some("tmpfs"), "/tmp", Some("tmpfs"), MsFlags::empty(), Some("mode=1777"))?;
                squat()
            }
        }
    }
}

/// The stage: bears a hardship, then becomes the subject. `DRIVER HARDSHIP COMMAND…`
pub(in crate::probe) fn start(driver: &str, hardship: &str, command: &[OsString]) -> Result<ExitCode> {
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
    if std::os::unix::process::parent_id().to_string() != driver {
        return Err(Error::other("the driver has ended"));
    }
    let hardship = Hardship::ALL.into_iter().find(|known| known.name() == hardship);
    hardship.ok_or_else(|| Error::other("no such hardship"))?.bear()?;
    let (program, arguments) = command.split_first().ok_or_else(|| Error::other("no command"))?;
    // As a shell tells it, for subjects that have no launcher.
    let error = Command::new(program).args(arguments).exec();
    Ok(ExitCode::from(if error.kind() == ErrorKind::NotFound { 127 } else { 126 }))
}

/// In a user namespace of its own, with the same user in it.
fn apart(more: CloneFlags) -> Result<()> {
    let (user, group) = (nix::unistd::geteuid(), nix::unistd::getegid());
    unshare(CloneFlags::CLONE_NEWUSER | more)?;
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    std::fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
}

fn limited(switch: &str) -> Result<()> {
    apart(CloneFlags::empty())?;
    std::fs::write(switch, "0")
}

fn private() -> Result<()> {
    Ok(mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)?)
}

/// Takes the names that launchers are known to use, as another user: directories that nobody else can use.
fn squat() -> Result<()> {
    use std::os::unix::fs::{PermissionsExt, chown};
    const STRANGER: u32 = 65_531;
    let user = nix::unistd::geteuid();
    for name in ["codex-bwrap-synthetic-mount-targets", "codex-daemon", "palisade", "palisade-run", "palisade-masks"] {
        for name in [format!("/tmp/{name}"), format!("/tmp/{name}-{user}")] {
            std::fs::create_dir(&name)?;
            std::fs::set_permissions(&name, std::fs::Permissions::from_mode(0o700))?;
            chown(&name, Some(STRANGER), Some(STRANGER))?;
        }
    }
    Ok(())
}
