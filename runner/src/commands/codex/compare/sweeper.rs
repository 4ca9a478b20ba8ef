//! The process that takes the ground of a side away when palisade is killed.
//!
//! It waits on a pipe that ends with palisade, whichever way that ends, then until nobody works on the ground any more, and removes it.
//! When palisade ends as it should there is nothing left to do.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::exit;

/// The hidden verb.
pub(in crate::commands) const VERB: &str = "__sweep";

/// How long the ground may be worked on after palisade's end; every process of a side is ended well before.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often in a row it must be found gone.
const LOOKS: u32 = 10;

/// A running one, seen from palisade. Dropping it tells it that all is over.
#[derive(Debug)]
pub(super) struct Sweeper(Child);

impl Sweeper {
    /// Starts one for a folder and a file.
    pub(super) fn start(folder: &Path, file: &Path) -> io::Result<Self> {
        Command::new(std::env::current_exe()?)
            .arg(VERB)
            .args([folder, file])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What is typed at the terminal is not meant for it.
            .process_group(0)
            .spawn()
            .map(Self)
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Waits for palisade's end and sweeps.
pub(in crate::commands) fn inside(arguments: &[OsString]) -> u8 {
    let [folder, file] = arguments else { return exit::USAGE };
    let (folder, file) = (PathBuf::from(folder), PathBuf::from(file));
    // Whoever else says the verb must not have a way to remove things.
    if !is_ground(&folder, &file) {
        return exit::USAGE;
    }
    let _ = io::stdin().read_to_end(&mut Vec::new());
    if !folder.exists() && !file.exists() {
        // palisade took it away itself.
        return exit::OK;
    }
    let patience = Instant::now() + PATIENCE;
    let mut gone = 0;
    // Whoever still ends may write once more: it is gone when it stays gone.
    while gone < LOOKS && Instant::now() < patience {
        if folder.exists() && !worked_on(&folder) {
            let _ = std::fs::remove_dir_all(&folder);
        }
        gone = if folder.exists() { 0 } else { gone + 1 };
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = std::fs::remove_dir_all(&folder);
    let _ = std::fs::remove_file(&file);
    exit::OK
}

/// Whether these are a side's: a folder that was locked and left by a comparison, and the file that its script writes.
fn is_ground(folder: &Path, file: &Path) -> bool {
    let named = |path: &Path, begin: &str| {
        path.is_absolute() && path.file_name().is_some_and(|name| name.as_bytes().starts_with(begin.as_bytes()))
    };
    named(folder, "compare-") && named(file, "palisade-compare-") && file.parent() == Some(Path::new("/tmp"))
}

/// Whether a process has its working directory there, or a variable that points there, as Codex and its commands have.
fn worked_on(folder: &Path) -> bool {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.map(|entry| entry.path()).any(|process| {
        std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder))
            || std::fs::read(process.join("environ"))
                .is_ok_and(|text| memchr::memmem::find(&text, folder.as_os_str().as_bytes()).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_ground_is_swept() {
        let ours = "/tmp/palisade-compare-x.txt";
        for (folder, file, swept) in [
            ("/s/palisade/compare-7-0", ours, true),
            ("/home/me", ours, false),
            ("compare-7-0", ours, false),
            ("/s/compare-7-0", "/etc/palisade-compare-x.txt", false),
            ("/s/compare-7-0", "/tmp/other.txt", false),
            ("/s/compare-7-0/..", ours, false),
            ("/", "/", false),
        ] {
            assert_eq!(is_ground(Path::new(folder), Path::new(file)), swept, "{folder} {file}");
        }
    }
}
