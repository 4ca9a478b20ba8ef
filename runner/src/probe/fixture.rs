//! The fixture: a tree of bait, the services that wait outside, and a process with a secret.
//!
//! Everything is made for the subject's user below one directory, which must lie outside `/tmp` (workspace-write makes
//! that writable). Names elsewhere carry the run's token, and are removed with the rest when the fixture is dropped;
//! nothing that was there before is touched.

use std::collections::HashMap;
use std::io::{Error, Result};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::sys::probe_calls::files::setxattr;
use crate::sys::probe_calls::process::{held_signals, own_namespace};

use super::effect::Secret;
use super::leftovers::{Keeper, Leftovers};
use super::pty::Pty;
use super::scene::{Scene, place};
use super::services::{Heard, Services};
use super::shared::{Laid, NUMBERS, Shared, free_keys};
use super::stage;
use super::subject::{Identity, Subject};

/// How long a process has to begin that cannot be asked whether it has.
const MOMENT: Duration = Duration::from_millis(200);
/// A user nobody is: owner of the file that belongs to somebody else.
const OTHER_USER: u32 = 65_532;
/// What probes of protected names in `/tmp` leave there.
pub(super) const IN_TMP: &[&str] = &[
    "/tmp/.git/palisade-{token}",
    "/tmp/.codex/palisade-{token}",
    "/tmp/.agents/palisade-{token}",
    "/tmp/.aws/palisade-{token}",
];
/// What attempts may leave outside the fixture.
pub(super) const STRAYS: &[&str] = &[
    "/etc/palisade-{token}",
    "/usr/local/bin/palisade-{token}",
    "/var/tmp/palisade-{token}-FW-39",
    "/tmp/palisade-{token}-FW-22",
    "/tmp/palisade-{token}-FW-40",
    "/dev/shm/palisade-{token}",
    "/dev/shm/palisade-{token}-XP-71",
    "/dev/palisade-{token}",
    "/tmp/palisade-{token}-DV-11",
    SHARED_OBJECT,
    "/dev/shm/palisade-{token}-IP-08",
    GROUPS[0],
    GROUPS[1],
    GROUPS[2],
    GROUPS[3],
    GROUPS[4],
    GROUPS[5],
];
/// A tree in `/tmp` that a scenario makes and removes.
pub(super) const TREE: &str = "/tmp/palisade-{token}-tree";
/// An object of shared memory of the host's.
pub(super) const SHARED_OBJECT: &str = "/dev/shm/palisade-{token}-bait";
/// Control groups that attempts may make, those of older hierarchies first.
pub(super) const GROUPS: [&str; 6] = [
    "/sys/fs/cgroup/pids/palisade-{token}",
    "/sys/fs/cgroup/memory/palisade-{token}",
    "/sys/fs/cgroup/cpu/palisade-{token}",
    "/sys/fs/cgroup/systemd/palisade-{token}",
    "/sys/fs/cgroup/unified/palisade-{token}",
    "/sys/fs/cgroup/palisade-{token}",
];
/// How many of them are of older hierarchies.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "control groups are Linux's"))]
pub(super) const OLDER: usize = 4;
/// What a terminal of the user's is called among what could not be laid out.
pub(super) const TERMINAL: &str = "terminal";
/// A program that waits, set-user-id to root.
pub(super) const OWNED_BY_ROOT: &str = "fix/waits-as-root";
/// A program that waits, with one capability.
pub(super) const CAPABLE: &str = "fix/waits-with-a-capability";

/// A fixture, standing until it is dropped.
pub struct Fixture {
    /// What the stages inside are told.
    pub scene: Scene,
    /// What they are not told.
    pub secrets: HashMap<Secret, String>,
    identity: Identity,
    services: Option<Services>,
    victim: Option<Child>,
    shared: Laid,
    pty: Option<Pty>,
    leftovers: Leftovers,
    keeper: Keeper,
}

impl Fixture {
    /// Lays out everything below `parent` for one run of a subject; `palisade` is the binary that plays the stages.
    ///
    /// # Errors
    /// What could not be made; whatever was made by then is removed again.
    pub fn build(parent: &Path, palisade: &Path, subject: &Subject, identity: Identity) -> Result<Self> {
        let token = uuid()?.chars().take(8).collect::<String>();
        let secrets = Secret::ALL.into_iter().map(|secret| Ok((secret, format!("bait-{}", uuid()?))));
        let scene = Scene {
            root: parent.canonicalize()?.join(format!("palisade-{token}")),
            token,
            uid: identity.uid,
            tcp: 0,
            udp: 0,
            driver: std::process::id(),
            victim: 0,
            pid_namespace: own_namespace("pid")?,
            mount_namespace: own_namespace("mnt")?,
            bookkeeping: subject.bookkeeping.clone(),
            pty: PathBuf::new(),
            terminal: None,
            missing: Vec::new(),
            only: Vec::new(),
        };
        let secrets = secrets.collect::<Result<_>>()?;
        let leftovers = leftovers(&scene);
        let keeper = Keeper::start(palisade, &leftovers)?;
        let shared = Laid::default();
        let mut fixture =
            Self { scene, secrets, identity, services: None, victim: None, shared, pty: None, leftovers, keeper };
        fixture.plant_tree()?;
        fixture.plant_tools(palisade, subject)?;
        fixture.plant_abroad()?;
        fixture.start_services()?;
        fixture.start_victim()?;
        Ok(fixture)
    }

    /// Where a place is.
    #[must_use]
    pub fn at(&self, template: &str) -> PathBuf {
        place(&self.scene.root, &self.scene.token, self.scene.uid, template)
    }

    /// Writes the scene where the stages find it.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn publish(&self) -> Result<PathBuf> {
        self.file("ws/.scene.json", &serde_json::to_string(&self.scene)?)?;
        Ok(self.at("ws/.scene.json"))
    }

    /// Ends the services and tells what they heard.
    #[must_use]
    pub fn heard(&mut self) -> Heard {
        self.services.take().map(Services::stop).unwrap_or_default()
    }

    fn secret(&self, secret: Secret) -> &str {
        self.secrets.get(&secret).map_or("", String::as_str)
    }

    fn plant_tree(&self) -> Result<()> {
        std::fs::create_dir(&self.scene.root)?;
        self.own(&self.scene.root)?;
        for name in [
            "ws",
            "out",
            "fix",
            "home",
            "tmp",
            "bin",
            "out/directory",
            "out/full",
            "out/empty",
            "ws/nested",
            "ws/from",
            "ws/to",
        ] {
            self.directory(name)?;
        }
        for repository in ["ws/.git", "ws/nested/.git"] {
            self.repository(repository)?;
        }
        for probe in super::all().filter(|probe| matches!(&probe.id[..2], "FW" | "FD")) {
            self.file(&format!("out/{}", probe.id), &format!("canary of {}\n", probe.id))?;
        }
        self.file("out/canary2", "canary\n")?;
        self.file("out/full/file", "in the way\n")?;
        self.file("out/secret", self.secret(Secret::Outside))?;
        for (place, content) in
            [("ws/file", "work\n"), ("ws/FW-09", "work\n"), ("ws/FW-10", "work\n"), ("ws/from/XP-65", "work\n")]
        {
            self.file(place, content)?;
        }
        self.directory("ws/.codex")?;
        self.file("ws/.codex/config.toml", "# project configuration\n")?;
        std::fs::hard_link(self.at("out/canary2"), self.at("ws/hardlink"))?;
        symlink("../out/FW-25", self.at("ws/link-to-file"))?;
        symlink("../out/directory", self.at("ws/link-to-directory"))?;
        for name in ["home/.ssh", "home/.codex"] {
            self.directory(name)?;
        }
        self.private("home/.ssh/id_ed25519", self.secret(Secret::SshKey))?;
        let credentials = format!("{{\"OPENAI_API_KEY\": \"{}\"}}\n", self.secret(Secret::Credentials));
        self.private("home/.codex/auth.json", &credentials)
    }

    fn repository(&self, at: &str) -> Result<()> {
        for part in ["", "/objects", "/refs", "/refs/heads", "/hooks"] {
            self.directory(&format!("{at}{part}"))?;
        }
        self.file(&format!("{at}/HEAD"), "ref: refs/heads/main\n")?;
        self.file(&format!("{at}/config"), "[core]\n\trepositoryformatversion = 0\n\tbare = false\n")
    }

    fn plant_tools(&self, palisade: &Path, subject: &Subject) -> Result<()> {
        let own = ("palisade".to_owned(), palisade.to_owned());
        for (name, from) in std::iter::once(&own).chain(&subject.tools) {
            let to = self.at("bin").join(name);
            // A link is free; across file systems it takes a copy. Neither is ever given to the subject's user.
            if std::fs::hard_link(from, &to).is_err() {
                std::fs::copy(from, &to)?;
                std::fs::set_permissions(&to, std::fs::Permissions::from_mode(0o755))?;
            }
        }
        if !subject.bookkeeping.starts_with('/') {
            std::fs::create_dir_all(self.at(&subject.bookkeeping))?;
            std::fs::set_permissions(self.at(&subject.bookkeeping), std::fs::Permissions::from_mode(0o700))?;
            self.own(&self.at(&subject.bookkeeping))?;
        }
        Ok(())
    }

    /// Bait that has its fixed place on the host, or that only uid 0 can lay out.
    fn plant_abroad(&mut self) -> Result<()> {
        let sockets = self.at("/tmp/codex-daemon-{uid}");
        match sockets.symlink_metadata() {
            Err(_) => {
                std::fs::create_dir(&sockets)?;
                std::fs::set_permissions(&sockets, std::fs::Permissions::from_mode(0o700))?;
                self.own(&sockets)?;
            }
            Ok(found) if found.is_dir() && found.uid() == self.identity.uid => {}
            Ok(_) => self.miss("/tmp/codex-daemon-{uid}", "the directory belongs to somebody else"),
        }
        for place in IN_TMP {
            let name = self.at(place).parent().map(Path::to_owned).unwrap_or_default();
            match name.symlink_metadata() {
                Err(_) => {}
                Ok(found) if self.identity.is_root() || found.uid() == self.identity.uid => {}
                Ok(_) => self.miss(place, &format!("{} belongs to somebody else", name.display())),
            }
        }
        if let Err(why) = self.plant_of_another() {
            self.miss("fix/other-user", &why);
        }
        if let Err(why) = self.plant_privileged() {
            self.miss(OWNED_BY_ROOT, &why);
            self.miss(CAPABLE, &why);
        }
        if let Err(error) = self.file(SHARED_OBJECT, "shared\n") {
            self.miss(SHARED_OBJECT, &format!("no object of shared memory can be laid out: {error}"));
        }
        let (shared, missing) = Laid::out(&self.scene, self.identity);
        self.shared = shared;
        missing.iter().for_each(|(what, why)| self.miss(what.name(), why));
        match Pty::open(self.identity) {
            Ok(pty) => {
                self.scene.pty.clone_from(&pty.path);
                self.pty = Some(pty);
            }
            Err(error) => self.miss(TERMINAL, &format!("no terminal can be laid out: {error}")),
        }
        Ok(())
    }

    /// Programs that would run with more than their user's rights, and only wait; nobody else may execute them.
    fn plant_privileged(&self) -> std::result::Result<(), String> {
        /// `struct vfs_cap_data`, revision 2 and effective: `CAP_NET_RAW` is permitted.
        const NET_RAW: [u8; 20] = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        if !Identity::own().is_root() {
            return Err("only uid 0 can give a program rights".to_owned());
        }
        let lay = |place: &str, mode: u32| -> Result<PathBuf> {
            let at = self.at(place);
            std::fs::copy("/bin/sleep", &at)?;
            chown(&at, Some(0), Some(self.identity.gid))?;
            std::fs::set_permissions(&at, std::fs::Permissions::from_mode(mode))?;
            Ok(at)
        };
        let told = |error: Error| format!("no program can be given rights: {error}");
        lay(OWNED_BY_ROOT, 0o4750).map_err(told)?;
        let capable = lay(CAPABLE, 0o750).map_err(told)?;
        let capable = super::attempt::terminated(&capable).map_err(|_| "a path with a zero byte".to_owned())?;
        setxattr(&capable, c"security.capability", &NET_RAW).map_err(|errno| told(errno.into()))
    }

    /// What was written to the segment or the queue.
    #[must_use]
    pub(super) fn told(&self, which: Shared) -> Vec<u8> {
        self.shared.told(which)
    }

    fn plant_of_another(&self) -> std::result::Result<(), String> {
        if !Identity::own().is_root() {
            return Err("only uid 0 can lay out a file of another user".to_owned());
        }
        let given = self.private("fix/other-user", self.secret(Secret::OtherUser));
        // In a user namespace of one user there is no other.
        let given = given.and_then(|()| chown(self.at("fix/other-user"), Some(OTHER_USER), Some(OTHER_USER)));
        given.map_err(|error| format!("no file of another user can be laid out: {error}"))
    }

    fn miss(&mut self, place: &str, reason: &str) {
        self.scene.missing.push((place.to_owned(), reason.to_owned()));
    }

    fn start_services(&mut self) -> Result<()> {
        let sockets = ["fix/stream.sock", "ws/host.sock", "fix/datagram.sock"].map(|place| self.at(place));
        let [stream, inside, datagram] = &sockets;
        let names = [self.scene.abstract_name("stream"), self.scene.abstract_name("datagram")];
        let terminal = self.pty.as_ref().and_then(|pty| pty.master.try_clone().ok());
        let services = Services::start(stream, inside, datagram, [&names[0], &names[1]], terminal)?;
        (self.scene.tcp, self.scene.udp) = (services.tcp, services.udp);
        self.services = Some(services);
        sockets.iter().try_for_each(|socket| self.own(socket))
    }

    fn start_victim(&mut self) -> Result<()> {
        let mut command = Command::new(self.at("bin/palisade"));
        command.arg(stage::VICTIM).env_clear().env("PALISADE_BAIT", self.secret(Secret::Victim)).stdin(Stdio::piped());
        self.become_subject(&mut command);
        let victim = command.spawn()?;
        self.scene.victim = victim.id();
        self.victim = Some(victim);
        let began = Instant::now();
        let deadline = began + Duration::from_secs(2);
        // Where nobody tells, it has had its moment.
        while held_signals(self.scene.victim).map_or(began.elapsed() < MOMENT, |(held, _)| held == 0) {
            if Instant::now() > deadline {
                return Err(Error::other("the victim did not start"));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Whether a signal was sent to the victim; none where nobody tells.
    #[must_use]
    pub fn victim_holds(&self, signal: i32) -> Option<bool> {
        held_signals(self.scene.victim).map(|(_, pending)| pending & (1_u64 << (signal - 1)) != 0)
    }

    /// Makes a command run as the subject's user; only uid 0 can run one as somebody else.
    pub(super) fn become_subject(&self, command: &mut Command) {
        if Identity::own() != self.identity {
            command.uid(self.identity.uid).gid(self.identity.gid);
        }
    }

    /// Whether the subject's user is the driver's.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "scenarios are played on Linux"))]
    pub(super) fn runs_as_driver(&self) -> bool {
        Identity::own() == self.identity
    }

    fn directory(&self, name: &str) -> Result<()> {
        std::fs::create_dir(self.at(name))?;
        self.own(&self.at(name))
    }

    fn file(&self, name: &str, content: &str) -> Result<()> {
        std::fs::write(self.at(name), content)?;
        self.own(&self.at(name))
    }

    fn private(&self, name: &str, content: &str) -> Result<()> {
        self.file(name, content)?;
        std::fs::set_permissions(self.at(name), std::fs::Permissions::from_mode(0o600))
    }

    /// Gives something to the subject's user.
    pub(super) fn own(&self, path: &Path) -> Result<()> {
        chown(path, Some(self.identity.uid), Some(self.identity.gid))
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        drop(self.services.take());
        if let Some(mut victim) = self.victim.take() {
            let _ = victim.kill();
            let _ = victim.wait();
        }
        self.leftovers.sweep();
        self.keeper.release();
    }
}

/// What a fixture of this scene may make, seen before it makes anything: what is there already is not ours.
fn leftovers(scene: &Scene) -> Leftovers {
    let mut strays: Vec<PathBuf> = STRAYS.iter().map(|stray| scene.at(stray)).collect();
    strays.extend(Some(scene.at("/tmp/codex-daemon-{uid}")).filter(|path| path.symlink_metadata().is_err()));
    let in_tmp = IN_TMP.iter().map(|place| scene.at(place));
    let in_tmp = in_tmp.map(|path| (path.clone(), path.parent().is_none_or(|name| name.symlink_metadata().is_err())));
    Leftovers {
        root: scene.root.clone(),
        strays,
        in_tmp: in_tmp.collect(),
        tree: scene.at(TREE),
        keys: free_keys(scene),
        queues: NUMBERS.map(|number| scene.queue_name(number)).collect(),
    }
}

/// A word nobody can guess.
fn uuid() -> Result<String> {
    let mut bytes = [0; 16];
    std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
