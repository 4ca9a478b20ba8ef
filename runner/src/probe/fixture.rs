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

use super::effect::Secret;
use super::leftovers::{Keeper, Leftovers};
use super::scene::{Scene, place};
use super::services::{Heard, Services};
use super::stage;
use super::subject::{Identity, Subject};

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
];

/// A fixture, standing until it is dropped.
pub struct Fixture {
    /// What the stages inside are told.
    pub scene: Scene,
    /// What they are not told.
    pub secrets: HashMap<Secret, String>,
    identity: Identity,
    services: Option<Services>,
    victim: Option<Child>,
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
            pid_namespace: std::fs::read_link("/proc/self/ns/pid")?,
            mount_namespace: std::fs::read_link("/proc/self/ns/mnt")?,
            bookkeeping: subject.bookkeeping.clone(),
            missing: Vec::new(),
            only: Vec::new(),
        };
        let secrets = secrets.collect::<Result<_>>()?;
        let leftovers = leftovers(&scene);
        let keeper = Keeper::start(palisade, &leftovers)?;
        let mut fixture = Self { scene, secrets, identity, services: None, victim: None, leftovers, keeper };
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
        Ok(())
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
        let services = Services::start(stream, inside, datagram, [&names[0], &names[1]])?;
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
        let deadline = Instant::now() + Duration::from_secs(2);
        while self.victim_set("SigBlk:") == 0 {
            if Instant::now() > deadline {
                return Err(Error::other("the victim did not start"));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Whether a signal was sent to the victim.
    #[must_use]
    pub fn victim_holds(&self, signal: i32) -> bool {
        let pending = self.victim_set("SigPnd:") | self.victim_set("ShdPnd:");
        pending & (1_u64 << (signal - 1)) != 0
    }

    /// A set of signals of the victim's, as `/proc` tells it; empty when it cannot be told.
    fn victim_set(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.scene.victim)).unwrap_or_default();
        let set = status.lines().find_map(|line| line.strip_prefix(name));
        set.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).unwrap_or(0)
    }

    /// Makes a command run as the subject's user; only uid 0 can run one as somebody else.
    pub(super) fn become_subject(&self, command: &mut Command) {
        if Identity::own() != self.identity {
            command.uid(self.identity.uid).gid(self.identity.gid);
        }
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

    fn own(&self, path: &Path) -> Result<()> {
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
    Leftovers { root: scene.root.clone(), strays, in_tmp: in_tmp.collect() }
}

/// A word nobody can guess.
fn uuid() -> Result<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/uuid")?;
    let word = text.trim();
    if word.len() < 32 { Err(Error::other("the kernel gave no uuid")) } else { Ok(word.to_owned()) }
}
