//! A plan: the steps that will enforce a profile on this host, as plain data that can be printed before it is done.
//!
//! [`plan`] makes no system call. The steps stand in the order they are applied; the backends only carry them out.

mod danger;
mod landlock;
mod words;

use std::path::PathBuf;

use policy::diagnostic::Diagnostic;
use policy::profile::{CallGroup, LINES, Limits, Network, Profile};
use serde::{Deserialize, Serialize};

use crate::host::Host;
use crate::site::{Object, Site, State};

/// Bytes of the private `/dev/shm`.
const SHM_BYTES: u64 = 256 << 20;

/// What will be done, in order, and what cannot be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The profile it enforces.
    pub profile: String,
    /// The steps, in the order they are applied.
    pub steps: Vec<Step>,
    /// What the profile asked for and this host cannot give.
    pub gaps: Vec<Gap>,
    /// Anything worth telling.
    pub notes: Vec<String>,
}

/// What a profile asked for and the host cannot give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The line of the profile.
    pub line: String,
    /// What is lost.
    pub claim: String,
    /// Why.
    pub why: String,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// Start in new namespaces; always with a user namespace.
    Namespaces {
        /// A mount table of its own.
        mount: bool,
        /// A process table of its own.
        process: bool,
        /// System V and POSIX queues of its own.
        ipc: bool,
        /// A network of its own, with nothing in it.
        network: bool,
    },
    /// A session of its own: no controlling terminal of the caller's.
    NewSession,
    /// An empty session keyring.
    FreshKeyring,
    /// Every mount read-only, without set-user-ID and devices.
    ReadOnlyTree,
    /// A new root that holds only these trees, read-only.
    FreshRoot {
        /// What is in it.
        readable: Vec<PathBuf>,
    },
    /// A `/dev` of its own.
    PrivateDev {
        /// Size limit of `/dev/shm` in bytes.
        shm_bytes: u64,
        /// Whether the message queues of its own are shown, so that Landlock can be told to let them be made.
        queues: bool,
    },
    /// An empty `/tmp` of its own.
    PrivateTmp,
    /// A tree that may be written.
    Writable {
        /// The tree.
        root: Object,
        /// Mounts below it that may be written too.
        mounts_below: Vec<PathBuf>,
    },
    /// A directory that cannot be renamed, because something protected lies below it.
    Pin {
        /// The directory.
        path: PathBuf,
    },
    /// A path that stays as it is.
    Protect {
        /// The path.
        path: PathBuf,
        /// Whether it is there already; if not, an empty directory stands in its place for the time of the run.
        exists: bool,
    },
    /// A path whose content cannot be read.
    Deny {
        /// The path.
        path: PathBuf,
        /// What is there.
        state: State,
    },
    /// A `/proc` of its own, read-only as a whole: also `/proc/sys`, also for uid 0.
    FreshProc,
    /// A kernel interface that is covered.
    Cover {
        /// The path.
        path: PathBuf,
        /// Whether it is a directory.
        directory: bool,
    },
    /// Every descriptor but standard input, output and error closed.
    CloseDescriptors,
    /// Resource limits.
    Limits(Limits),
    /// Every capability set emptied.
    DropCapabilities,
    /// No program gains privileges when executed.
    NoNewPrivileges,
    /// The second wall.
    Landlock {
        /// The ABI its rights are written against, at most what the host has.
        abi: u32,
        /// Trees that may be written; everything may be read and executed.
        writable: Vec<PathBuf>,
        /// Whether TCP is refused too.
        no_tcp: bool,
        /// Rights and rules that are left out, to see who notices; `plan` leaves out none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        without: Vec<String>,
    },
    /// The system-call filter.
    FilterCalls {
        /// Groups that are refused.
        refuse: Vec<CallGroup>,
        /// What sockets may do.
        network: Network,
        /// Rules that are left out, to see who notices; `plan` leaves out none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        without: Vec<String>,
    },
}

/// How much a plan may give up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerance {
    /// A required line that cannot be enforced stops the run.
    Strict,
    /// The user said `--degrade`: what the host cannot give becomes a gap.
    Degrade,
}

/// Writable trees that would open far more than they seem, whoever applies the profile.
#[must_use]
pub fn dangerous(profile: &Profile, site: &Site) -> Vec<Diagnostic> {
    danger::dangerous(profile, site)
}

/// Plans a profile for a host and a site.
///
/// # Errors
/// Everything that stops the run: dangerous writable trees, protected names that are symbolic links, required lines the
/// host cannot enforce.
pub fn plan(profile: &Profile, host: &Host, site: &Site, tolerance: Tolerance) -> Result<Plan, Vec<Diagnostic>> {
    let mut found = danger::dangerous(profile, site);
    let site = &if profile.private.tmp { without_tmp(site, &mut found) } else { site.clone() };
    let mut planner = Planner {
        profile,
        host,
        site,
        tolerance,
        plan: Plan { profile: profile.name.clone(), notes: site.notes.clone(), ..Plan::default() },
        found,
    };
    planner.steps();
    if planner.found.is_empty() { Ok(planner.plan) } else { Err(planner.found) }
}

/// The site as a command with a `/tmp` of its own sees it: nothing of the host's is in there.
fn without_tmp(site: &Site, found: &mut Vec<Diagnostic>) -> Site {
    let tmp = std::path::Path::new("/tmp");
    if site.workspace.starts_with(tmp) {
        found.push(
            Diagnostic::error("private-tmp", "the workspace lies in /tmp, which the profile makes private and empty")
                .help("use a workspace elsewhere, or set `private.tmp = false`"),
        );
    }
    let mut site = site.clone();
    site.writable.retain(|root| !root.object.path.starts_with(tmp));
    site.readable.retain(|path| !path.starts_with(tmp));
    site.denied.retain(|denied| !denied.path.starts_with(tmp));
    site
}

struct Planner<'a> {
    profile: &'a Profile,
    host: &'a Host,
    site: &'a Site,
    tolerance: Tolerance,
    plan: Plan,
    found: Vec<Diagnostic>,
}

impl Planner<'_> {
    /// Notes that a line cannot be enforced: a gap where that is tolerated, an error where not.
    fn missing(&mut self, line: &str, why: &str) {
        let claim = LINES.iter().find(|row| row.name == line).map_or("", |row| row.claim);
        if self.profile.requires(line) && self.tolerance == Tolerance::Strict {
            self.found.push(
                Diagnostic::error("cannot-enforce", format!("`{line}` cannot be enforced here: {why}")).help(format!(
                    "`palisade doctor` says what to change; `--degrade` runs without the claim that {claim}"
                )),
            );
        }
        self.plan.gaps.push(Gap { line: line.into(), claim: claim.into(), why: why.into() });
    }

    /// Whether a mount table of its own is wanted at all.
    fn wants_mounts(&self) -> bool {
        let profile = self.profile;
        !profile.writes_everything()
            || !profile.reads_everything()
            || profile.private.dev
            || profile.private.tmp
            || profile.private.processes
            || !self.site.denied.is_empty()
            || self.site.writable.iter().any(|root| !root.names.is_empty())
    }

    fn steps(&mut self) {
        let private = self.profile.private;
        let network = self.profile.network == Network::Off;
        let mount = self.wants_mounts();
        let namespaces = mount || private.processes || private.ipc || network;
        match (namespaces, &self.host.no_user_namespaces) {
            (true, None) => {
                self.plan.steps.push(Step::Namespaces { mount, process: private.processes, ipc: private.ipc, network });
                self.plan.steps.extend([Step::NewSession, Step::FreshKeyring]);
                if mount {
                    self.mounts();
                }
            }
            (true, Some(why)) => {
                let why = format!("user namespaces cannot be made: {why}");
                self.plan.steps.extend([Step::NewSession, Step::FreshKeyring]);
                self.without_namespaces(&why);
            }
            (false, _) => {}
        }
        self.inner(namespaces);
    }

    /// What is lost when only Landlock and seccomp are left.
    fn without_namespaces(&mut self, why: &str) {
        let profile = self.profile;
        if !profile.writes_everything() && (self.host.landlock_abi < 3 || !profile.landlock) {
            self.missing(
                "files.write",
                &format!("{why}, and Landlock ABI 3 (Linux 6.2) is not there to take its place"),
            );
        } else if !profile.writes_everything() {
            let why =
                format!("{why}; Landlock confines writing but not the changing of modes, owners, times and attributes");
            self.missing("files.write", &why);
        }
        for (wanted, line) in [
            (self.site.writable.iter().any(|root| !root.names.is_empty()), "files.protect"),
            (!self.site.denied.is_empty(), "files.deny_read"),
            (!profile.reads_everything(), "files.read"),
            (profile.private.dev, "private.dev"),
            (profile.private.tmp, "private.tmp"),
            (profile.private.ipc, "private.ipc"),
            (profile.private.processes, "private.processes"),
        ] {
            if wanted {
                self.missing(line, why);
            }
        }
        if profile.network == Network::Off && !self.host.seccomp {
            self.missing("network.access", &format!("{why}, and there is no seccomp to refuse sockets"));
        }
    }

    fn mounts(&mut self) {
        if self.profile.reads_everything() {
            if !self.profile.writes_everything() {
                self.plan.steps.push(Step::ReadOnlyTree);
            }
        } else {
            let mut readable = self.site.readable.clone();
            readable.extend(self.site.writable.iter().map(|root| root.object.path.clone()));
            readable.sort();
            readable.dedup();
            self.plan.steps.push(Step::FreshRoot { readable });
        }
        if self.profile.private.dev {
            self.plan.steps.push(Step::PrivateDev { shm_bytes: SHM_BYTES, queues: self.profile.private.ipc });
        }
        if self.profile.private.tmp {
            self.plan.steps.push(Step::PrivateTmp);
        }
        if !self.profile.writes_everything() {
            self.writable();
        }
        self.protect();
        for denied in &self.site.denied {
            self.plan.steps.push(Step::Deny { path: denied.path.clone(), state: denied.state });
        }
        if self.profile.private.processes {
            self.plan.steps.push(Step::FreshProc);
            for revealing in &self.site.revealing {
                self.plan.steps.push(Step::Cover { path: revealing.path.clone(), directory: revealing.directory });
            }
        }
    }

    fn writable(&mut self) {
        for root in &self.site.writable {
            if root.mounted_read_only {
                let path = root.object.path.display();
                self.plan.notes.push(format!("`{path}` lies on a read-only file system and stays read-only"));
                continue;
            }
            self.plan
                .steps
                .push(Step::Writable { root: root.object.clone(), mounts_below: root.writable_mounts_below.clone() });
        }
    }

    /// Pins first, from the outside in, then the protected paths.
    fn protect(&mut self) {
        let mut pins = Vec::new();
        let mut protects = Vec::new();
        for root in &self.site.writable {
            let outer = self.site.writable.iter().filter(|other| {
                other.object.path != root.object.path && root.object.path.starts_with(&other.object.path)
            });
            for outer in outer {
                pins.extend(between(&outer.object.path, &root.object.path));
            }
            for name in &root.names {
                let exists = match name.state {
                    State::Missing => false,
                    State::Directory | State::File => true,
                    State::Link => {
                        let path = name.path.display();
                        self.found.push(
                            Diagnostic::error(
                                "protected-link",
                                format!("protected `{path}` is a symbolic link and cannot be held in place"),
                            )
                            .help("put the real directory there, or leave the name out of `files.protect`"),
                        );
                        continue;
                    }
                };
                pins.extend(between(&root.object.path, &name.path));
                protects.push(Step::Protect { path: name.path.clone(), exists });
            }
        }
        pins.sort();
        pins.dedup();
        pins.retain(|pin| !self.site.writable.iter().any(|root| root.object.path == *pin));
        self.plan.steps.extend(pins.into_iter().map(|path| Step::Pin { path }));
        self.plan.steps.extend(protects);
    }

    /// What is done inside, after the mounts; the order matters: the filter comes last.
    fn inner(&mut self, namespaces: bool) {
        let profile = self.profile;
        let confined = namespaces || profile.landlock || !profile.refuse.is_empty();
        if confined {
            self.plan.steps.push(Step::CloseDescriptors);
        }
        if profile.limits != Limits::default() {
            self.plan.steps.push(Step::Limits(profile.limits));
        }
        if confined {
            self.plan.steps.extend([Step::DropCapabilities, Step::NoNewPrivileges]);
        }
        if profile.landlock {
            self.landlock();
        }
        if !profile.refuse.is_empty() || profile.network == Network::Off {
            if self.host.seccomp {
                let refuse = profile.refuse.iter().copied().collect();
                self.plan.steps.push(Step::FilterCalls { refuse, network: profile.network, without: Vec::new() });
            } else {
                self.missing("system_calls.refuse", "this kernel has no seccomp filters");
            }
        }
    }
}

/// The directories strictly between an outer one and a path below it.
fn between(outer: &std::path::Path, inner: &std::path::Path) -> Vec<PathBuf> {
    inner.ancestors().skip(1).take_while(|path| *path != outer && path.starts_with(outer)).map(PathBuf::from).collect()
}

impl Plan {
    /// The masks that must come into being before the mounts: protected names that are missing.
    #[must_use]
    pub fn masks(&self) -> Vec<PathBuf> {
        self.steps
            .iter()
            .filter_map(|step| match step {
                Step::Protect { path, exists: false } => Some(path.clone()),
                Step::Deny { path, state: State::Missing } => Some(path.clone()),
                _ => None,
            })
            .collect()
    }

    /// Whether nothing is done at all: bypass.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.steps.is_empty()
    }
}
