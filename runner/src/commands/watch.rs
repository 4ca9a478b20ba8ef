//! Work that is done again whenever a file changes: `test --watch`.
//!
//! Files are looked at a few times a second, by their times, sizes and numbers: that works on every file system, and the same
//! look a moment later tells a file that is still being written. Ctrl-C ends it with 130.

use std::collections::BTreeMap;
use std::io::{IsTerminal, stdout};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::sandbox::{print, say};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(200);
/// What a shell says of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// What tells that a file is another one.
type Seen = BTreeMap<PathBuf, (i64, i64, u64, u64)>;

/// Does the work, and again after each change of the files that it is about, until Ctrl-C.
pub(super) fn watch(files: impl Fn() -> Vec<PathBuf>, mut work: impl FnMut()) -> u8 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else {
        work();
        return crate::exit::USAGE;
    };
    runtime.block_on(async {
        let interrupted = tokio::signal::ctrl_c();
        tokio::pin!(interrupted);
        // From its first question on it is listening.
        tokio::select! {
            biased;
            _ = &mut interrupted => return INTERRUPTED,
            () = std::future::ready(()) => {}
        }
        let mut done = Seen::new();
        let mut last = Seen::new();
        loop {
            let now = look(&files());
            // A change counts when it is over.
            if now != done && now == last {
                if stdout().is_terminal() {
                    print("\x1b[2J\x1b[3J\x1b[H");
                }
                done.clone_from(&now);
                work();
                say(format_args!("watching {} files; Ctrl-C ends", now.len()));
            }
            last = now;
            tokio::select! {
                biased;
                _ = &mut interrupted => return INTERRUPTED,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    })
}

fn look(files: &[PathBuf]) -> Seen {
    let about = |path: &Path| {
        let about = std::fs::metadata(path).ok()?;
        Some((about.mtime(), about.mtime_nsec(), about.len(), about.ino()))
    };
    // A file that is not there is known to be not there.
    files.iter().map(|path| (path.clone(), about(path).unwrap_or_default())).collect()
}
