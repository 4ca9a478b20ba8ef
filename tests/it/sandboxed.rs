//! What tests of `run` share: the program, users, workspaces, and looking for leftovers from outside.

use std::cell::RefCell;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::rc::{Rc, Weak};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use nix::fcntl::{Flock, FlockArg};

/// A user without an account.
pub(crate) const SOMEBODY: u32 = 65_532;

/// Who runs palisade in a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// Whoever runs the tests.
    Own,
    /// An ordinary user, when the tests are run by root.
    Ordinary,
}

/// The users a claim is tested for.
pub(crate) fn users() -> Vec<User> {
    if nix::unistd::geteuid().is_root() { vec![User::Own, User::Ordinary] } else { vec![User::Own] }
}

/// Both backends.
pub(crate) const BACKENDS: [&str; 2] = ["native", "bwrap"];

/// A copy of palisade that an ordinary user can reach; the checkout may lie where only root can go.
pub(crate) fn program() -> &'static Path {
    static COPY: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    COPY.get_or_init(|| {
        remove_old_copies();
        let place = PathBuf::from(format!("/var/tmp/palisade-copy-{}", std::process::id()));
        std::fs::create_dir_all(&place).unwrap();
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o755)).unwrap();
        let copy = place.join("palisade");
        std::fs::copy(env!("CARGO_BIN_EXE_palisade"), &copy).unwrap();
        copy
    })
}

/// Nothing ends after the last test, so a copy is removed by a later run: those whose process has ended.
fn remove_old_copies() {
    for entry in std::fs::read_dir("/var/tmp").unwrap().flatten() {
        let name = entry.file_name();
        let maker = name.to_str().and_then(|name| name.strip_prefix("palisade-copy-")?.parse::<u32>().ok());
        if maker.is_some_and(|maker| !Path::new(&format!("/proc/{maker}")).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// palisade, as a user.
pub(crate) fn as_user(user: User) -> Command {
    match user {
        User::Own => Command::new(program()),
        User::Ordinary => {
            let id = SOMEBODY.to_string();
            let mut command = Command::new("setpriv");
            command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]).arg(program());
            command
        }
    }
}

/// Sandboxes put masks into the real `/tmp` for the time of a run; tests that need it for themselves wait for the others.
static TMP: RwLock<()> = RwLock::new(());

/// The real `/tmp` beside other sandboxes, for a test that has no [`Place`]. Not to be asked for by a thread that holds it already.
pub(crate) fn tmp_shared() -> RwLockReadGuard<'static, ()> {
    TMP.read().unwrap_or_else(PoisonError::into_inner)
}

/// The real `/tmp` for this test alone.
pub(crate) fn tmp_alone() -> RwLockWriteGuard<'static, ()> {
    TMP.write().unwrap_or_else(PoisonError::into_inner)
}

/// A workspace of its own outside every temporary directory, with a home beside it; gone with the value.
pub(crate) struct Place {
    whole: tempfile::TempDir,
    _tmp: Rc<Tmp>,
}

/// How a place holds the real `/tmp`; released with the place.
#[expect(dead_code, reason = "what is held counts, nobody reads it")]
enum Tmp {
    Shared(RwLockReadGuard<'static, ()>),
    Alone(RwLockWriteGuard<'static, ()>),
}

thread_local! {
    /// What this thread holds already: a second place must not wait behind somebody who waits for the first.
    static HELD: RefCell<Weak<Tmp>> = const { RefCell::new(Weak::new()) };
}

impl Place {
    pub(crate) fn new() -> Self {
        Self::with(|| Tmp::Shared(tmp_shared()))
    }

    /// A place while no other run uses `/tmp`: whoever looks for processes left behind must not find the keeper of a
    /// mask that another test's run still shares.
    pub(crate) fn alone() -> Self {
        assert!(HELD.with_borrow(Weak::upgrade).is_none(), "this thread has a place that it shares /tmp with");
        Self::with(|| Tmp::Alone(tmp_alone()))
    }

    fn with(tmp: impl FnOnce() -> Tmp) -> Self {
        let held = HELD.with_borrow(Weak::upgrade);
        let tmp = held.unwrap_or_else(|| Rc::new(tmp()));
        HELD.set(Rc::downgrade(&tmp));
        let whole = tempfile::Builder::new().prefix("palisade-run-").tempdir_in("/var/tmp").unwrap();
        let place = Self { whole, _tmp: tmp };
        for path in [place.whole.path().to_owned(), place.workspace(), place.home(), place.outside()] {
            std::fs::create_dir_all(&path).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
        }
        place
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.whole.path().join("workspace")
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.whole.path().join("home")
    }

    pub(crate) fn outside(&self) -> PathBuf {
        self.whole.path().join("outside")
    }

    /// Writes a file beside the workspace that everybody can read.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.whole.path().join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        path
    }

    /// palisade with these arguments, in the workspace, as a user.
    pub(crate) fn palisade(&self, user: User, args: &[&str]) -> Command {
        let mut command = as_user(user);
        command.args(args).current_dir(self.workspace()).env("HOME", self.home()).env_remove("TMPDIR");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs palisade to its end.
    pub(crate) fn run(&self, user: User, args: &[&str]) -> Output {
        self.palisade(user, args).output().unwrap_or_else(|error| panic!("cannot start palisade {args:?}: {error}"))
    }

    /// What palisade left in the workspace: any of the protected names.
    pub(crate) fn left_in_workspace(&self) -> Vec<PathBuf> {
        protected(&self.workspace()).into_iter().filter(|path| std::fs::symlink_metadata(path).is_ok()).collect()
    }
}

fn protected(root: &Path) -> Vec<PathBuf> {
    [".git", ".codex", ".agents", ".aws"].iter().map(|name| root.join(name)).collect()
}

/// Masks in `/tmp` that nobody uses. Other tests may be using some at this moment; those are locked.
pub(crate) fn abandoned_masks_in_tmp() -> Vec<PathBuf> {
    let abandoned = |path: &PathBuf| {
        let Ok(data) = std::fs::symlink_metadata(path) else { return false };
        if !palisade::mask::is_leftover(&data, path) {
            return false;
        }
        let Ok(file) = std::fs::File::open(path) else { return false };
        Flock::lock(file, FlockArg::LockExclusiveNonblock).is_ok() && std::fs::symlink_metadata(path).is_ok()
    };
    protected(Path::new("/tmp")).into_iter().filter(abandoned).collect()
}

/// Processes whose command line holds this text.
pub(crate) fn processes_with(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(line) = std::fs::read(entry.path().join("cmdline")) else { continue };
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains(text) && entry.file_name() != *std::process::id().to_string() {
            found.push(line);
        }
    }
    found
}

/// The mounts of the host's table where a run of palisade would leave one; other programs may mount what they like.
pub(crate) fn mounts() -> Vec<String> {
    let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let at = |line: &str| line.split(' ').nth(4).is_some_and(|at| at.starts_with("/tmp/") || at.contains("palisade"));
    table.lines().filter(|line| at(line)).map(str::to_owned).collect()
}

pub(crate) fn status(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

pub(crate) fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
