//! What a fixture leaves behind, and who removes it: the fixture itself, or its keeper when the driver was killed.
//!
//! The keeper is palisade again, in a session of its own, waiting for the end of its standard input: that comes when
//! the driver ends, however it ends. Everything is named before it is made.

use std::io::{Read, Result, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::stage;

/// What the driver says last when it has cleared up itself.
const DONE: &str = "done";
/// How long the keeper waits between two looks, and how often it looks: the subject's processes may still be dying.
const PAUSE: Duration = Duration::from_millis(50);
const LOOKS: usize = 40;

/// Everything that a fixture and its attempts may make.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Leftovers {
    /// The fixture's directory.
    pub(super) root: PathBuf,
    /// Things elsewhere that were not there before.
    pub(super) strays: Vec<PathBuf>,
    /// What probes of protected names in `/tmp` leave there, and whether the name was missing before.
    pub(super) in_tmp: Vec<(PathBuf, bool)>,
    /// A tree elsewhere.
    pub(super) tree: PathBuf,
    /// Keys of shared memory and queues that nobody had before.
    pub(super) keys: Vec<i32>,
    /// Names of queues.
    pub(super) queues: Vec<String>,
}

impl Leftovers {
    /// Removes what is there.
    pub(super) fn sweep(&self) {
        for path in &self.strays {
            // Never more than one level: an empty directory or a single file.
            let _ = std::fs::remove_file(path).or_else(|_| std::fs::remove_dir(path));
        }
        // Somebody else's mask over the missing name may be there by now; only what a probe of ours made is removed.
        for (path, was_missing) in &self.in_tmp {
            if let Some(name) = path.parent()
                && std::fs::remove_file(path).is_ok()
                && *was_missing
            {
                let _ = std::fs::remove_dir(name);
            }
        }
        super::shared::sweep(&self.keys, &self.queues);
        let _ = std::fs::remove_dir_all(&self.tree);
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

/// The process that clears up after a killed driver.
pub(super) struct Keeper(Child);

impl Keeper {
    /// Starts it, before anything is made.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn start(palisade: &Path, leftovers: &Leftovers) -> Result<Self> {
        let mut command = Command::new(palisade);
        command.arg(stage::KEEPER).env_clear().current_dir("/").stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut line = serde_json::to_string(leftovers)?;
        line.push('\n');
        if let Some(stdin) = &mut child.stdin {
            stdin.write_all(line.as_bytes())?;
        }
        Ok(Self(child))
    }

    /// Lets it go: everything is removed.
    pub(super) fn release(&mut self) {
        if let Some(mut stdin) = self.0.stdin.take() {
            let _ = stdin.write_all(DONE.as_bytes());
        }
        let _ = self.0.wait();
    }
}

/// The keeper's part.
pub(super) fn keep() -> Result<()> {
    // A signal to the driver's group, as from a terminal, must not end the keeper too.
    let _ = nix::unistd::setsid();
    let mut said = String::new();
    std::io::stdin().read_to_string(&mut said)?;
    let (line, last) = said.split_once('\n').unwrap_or((&said, ""));
    if last == DONE {
        return Ok(());
    }
    let leftovers: Leftovers = serde_json::from_str(line)?;
    for _ in 0..LOOKS {
        leftovers.sweep();
        std::thread::sleep(PAUSE);
        if leftovers.root.symlink_metadata().is_err() {
            break;
        }
    }
    // Once more for what a dying process made elsewhere in the meantime.
    leftovers.sweep();
    Ok(())
}
