//! Which namespaces can be had, and why not: every answer is a live trial, every reason is read off the host afterwards.
//!
//! The trials are in `sys::trial`. [`explain`] is pure: a refusal and its surroundings in, a reason and an advice out.

use serde::Serialize;

use super::Availability;
use crate::sys::trial::{self, Refused, Trial};

/// The namespaces a run may ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Namespaces {
    /// User: everything else stands on it.
    pub user: Availability,
    /// Mount, with a mount made in it.
    pub mount: Availability,
    /// Pid, with a process in it.
    pub pid: Availability,
    /// A fresh `/proc` for the pid namespace.
    pub proc: Availability,
    /// System V and POSIX ipc.
    pub ipc: Availability,
    /// Network.
    pub net: Availability,
    /// Host name.
    pub uts: Availability,
    /// Control group view.
    pub cgroup: Availability,
}

/// What may explain a refusal. Absent settings are `None`: most kernels have only some of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// `kernel.unprivileged_userns_clone`, a Debian setting.
    pub unprivileged_userns_clone: Option<u64>,
    /// `user.max_user_namespaces`.
    pub max_user_namespaces: Option<u64>,
    /// `user.max_mnt_namespaces`, `…_pid_…`, `…_ipc_…`, `…_net_…`: the first that is zero, by name.
    pub exhausted: Option<String>,
    /// `kernel.apparmor_restrict_unprivileged_userns`, an Ubuntu setting.
    pub apparmor_restricts: Option<u64>,
    /// The kind of container we are in.
    pub container: Option<String>,
    /// How many seccomp filters we run under.
    pub outer_filters: u32,
    /// Whether something is mounted over parts of `/proc`: the kernel then refuses a fresh one.
    pub proc_masked: bool,
    /// Whether our root is not the root of our mount namespace.
    pub chrooted: bool,
}

impl Surroundings {
    /// Reads them off this host.
    #[must_use]
    pub fn of_this_host() -> Self {
        let setting = |name: &str| {
            let text = std::fs::read_to_string(format!("/proc/sys/{}", name.replace('.', "/"))).ok()?;
            text.trim().parse::<u64>().ok()
        };
        let limits = ["mnt", "pid", "ipc", "net"].map(|kind| format!("user.max_{kind}_namespaces"));
        Self {
            unprivileged_userns_clone: setting("kernel.unprivileged_userns_clone"),
            max_user_namespaces: setting("user.max_user_namespaces"),
            exhausted: limits.into_iter().find(|name| setting(name) == Some(0)),
            apparmor_restricts: setting("kernel.apparmor_restrict_unprivileged_userns"),
            container: super::kernel::container(),
            outer_filters: outer_filters(),
            proc_masked: mount_points().any(|point| point.starts_with("/proc/")),
            chrooted: !mount_points().any(|point| point == "/"),
        }
    }
}

/// The filters this process runs under, as `/proc` counts them.
fn outer_filters() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)).and_then(|value| value.trim().parse::<u32>().ok())
    };
    field("Seccomp_filters:").unwrap_or_else(|| u32::from(field("Seccomp:") == Some(2)))
}

/// Where something is mounted, as this process sees it. In a chroot there is no `/` among them, and the kernel then
/// refuses new user namespaces.
fn mount_points() -> impl Iterator<Item = String> {
    let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_else(|_| "0 0 0:0 / /".to_owned());
    let points: Vec<String> = table.lines().filter_map(|line| line.split(' ').nth(4)).map(str::to_owned).collect();
    points.into_iter()
}

/// Tries a user namespace alone, for callers that plan.
#[must_use]
pub fn user_namespaces() -> Availability {
    judge(trial::attempt(Trial::User), &Surroundings::of_this_host())
}

/// Tries every namespace.
#[must_use]
pub fn all(surroundings: &Surroundings) -> Namespaces {
    let user = judge(trial::attempt(Trial::User), surroundings);
    let attempt = |trial| match &user {
        Availability::Allowed => judge(trial::attempt(trial), surroundings),
        Availability::Forbidden { advice, .. } => {
            Availability::Forbidden { why: "needs a user namespace".to_owned(), advice: advice.clone() }
        }
    };
    Namespaces {
        mount: attempt(Trial::Mount),
        pid: attempt(Trial::Pid),
        proc: attempt(Trial::Proc),
        ipc: attempt(Trial::Ipc),
        net: attempt(Trial::Net),
        uts: attempt(Trial::Uts),
        cgroup: attempt(Trial::Cgroup),
        user,
    }
}

/// Tries an overlay.
#[must_use]
pub fn overlay(surroundings: &Surroundings) -> Availability {
    judge(trial::attempt(Trial::Overlay), surroundings)
}

/// What came of a trial, with the reason when it was refused.
#[must_use]
pub fn judge(result: Result<(), Refused>, surroundings: &Surroundings) -> Availability {
    match result {
        Ok(()) => Availability::Allowed,
        Err(refused) => {
            let (why, advice) = explain(refused, surroundings);
            Availability::Forbidden { why, advice }
        }
    }
}

/// An error number as people know it.
#[must_use]
pub fn errno(number: i32) -> String {
    let known = nix::errno::Errno::from_raw(number);
    format!("{known:?}, {}", known.desc().to_lowercase())
}

const IN_CONTAINER: &str = "start the container with a seccomp profile that permits `unshare`, `clone` with namespaces \
                            and `mount`, or run palisade outside of it";
const DEGRADE: &str = "run with `--degrade` to keep what Landlock and seccomp can carry";

/// Why the host refused, and what to do: the first cause that fits, the surest first.
#[must_use]
pub fn explain(refused: Refused, around: &Surroundings) -> (String, String) {
    let Refused { doing, errno: number } = refused;
    let Some(number) = number else {
        return (format!("could not {doing}: the process was killed, by an outer filter"), IN_CONTAINER.to_owned());
    };
    let denied = matches!(number, libc::EPERM | libc::EACCES);
    let cause = if around.max_user_namespaces == Some(0) && number != libc::ENOSYS {
        Some(("`user.max_user_namespaces` is 0".to_owned(), "sysctl -w user.max_user_namespaces=10000".to_owned()))
    } else if let Some(name) = around.exhausted.as_ref().filter(|_| number == libc::ENOSPC) {
        Some((format!("`{name}` is 0"), format!("sysctl -w {name}=10000")))
    } else if number == libc::ENOSPC {
        let why = "a limit on namespaces is reached".to_owned();
        Some((why, "raise the `user.max_*_namespaces` settings, or end what holds the namespaces".to_owned()))
    } else if denied && around.unprivileged_userns_clone == Some(0) {
        let why = "`kernel.unprivileged_userns_clone` is 0".to_owned();
        Some((why, "sysctl -w kernel.unprivileged_userns_clone=1".to_owned()))
    } else if denied && around.apparmor_restricts == Some(1) {
        let why = "AppArmor restricts unprivileged user namespaces".to_owned();
        let advice = "give palisade an AppArmor profile with `userns,`, or sysctl -w \
                      kernel.apparmor_restrict_unprivileged_userns=0";
        Some((why, advice.to_owned()))
    } else if denied && around.chrooted {
        Some(("we are in a chroot".to_owned(), "run palisade outside of the chroot".to_owned()))
    } else if denied && around.proc_masked && doing == trial::MOUNT_PROC {
        let why = "parts of `/proc` are covered by other mounts".to_owned();
        let advice = "start the container with an unmasked `/proc` (docker: `--security-opt systempaths=unmasked`)";
        Some((why, advice.to_owned()))
    } else if denied && around.container.is_some() {
        let kind = around.container.as_deref().unwrap_or("a container");
        Some((format!("the container ({kind}) refuses it"), IN_CONTAINER.to_owned()))
    } else if denied && around.outer_filters > 0 {
        let why = "an outer seccomp filter or sandbox refuses it".to_owned();
        Some((why, "run palisade outside of the sandbox it is in".to_owned()))
    } else if matches!(number, libc::EINVAL | libc::ENOSYS | libc::ENODEV) {
        let why = "the kernel is built without it, or its module is not loaded".to_owned();
        Some((why, "use a kernel that has it".to_owned()))
    } else {
        None
    };
    let (why, advice) = cause.unwrap_or_else(|| ("the reason does not show".to_owned(), DEGRADE.to_owned()));
    (format!("could not {doing} ({}): {why}", errno(number)), advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(errno: i32, around: &Surroundings) -> String {
        explain(Refused { doing: "make a user namespace", errno: Some(errno) }, around).0
    }

    #[test]
    fn a_setting_that_forbids_is_named() {
        let debian = Surroundings { unprivileged_userns_clone: Some(0), ..Surroundings::default() };
        assert!(why(libc::EPERM, &debian).contains("`kernel.unprivileged_userns_clone` is 0"));
        let none_left = Surroundings { max_user_namespaces: Some(0), ..Surroundings::default() };
        assert!(why(libc::ENOSPC, &none_left).contains("`user.max_user_namespaces` is 0"));
    }

    #[test]
    fn apparmor_is_blamed_before_a_container() {
        let around =
            Surroundings { apparmor_restricts: Some(1), container: Some("docker".into()), ..Surroundings::default() };
        assert!(why(libc::EACCES, &around).contains("AppArmor"));
    }

    #[test]
    fn a_container_is_blamed_only_for_a_denial() {
        let around = Surroundings { container: Some("docker".into()), ..Surroundings::default() };
        assert!(why(libc::EPERM, &around).contains("docker"));
        assert!(!why(libc::EINVAL, &around).contains("docker"));
    }

    #[test]
    fn a_masked_proc_is_blamed_for_a_refused_proc_alone() {
        let around = Surroundings { proc_masked: true, ..Surroundings::default() };
        let proc = Refused { doing: trial::MOUNT_PROC, errno: Some(libc::EPERM) };
        assert!(explain(proc, &around).0.contains("covered by other mounts"));
        assert!(!why(libc::EPERM, &around).contains("covered"));
    }

    #[test]
    fn a_cause_that_does_not_show_is_not_invented() {
        assert!(why(libc::EPERM, &Surroundings::default()).contains("the reason does not show"));
    }

    #[test]
    fn a_killed_trial_is_laid_to_a_filter() {
        let killed = Refused { doing: "make a net namespace", errno: None };
        assert!(explain(killed, &Surroundings::default()).0.contains("killed"));
    }
}
