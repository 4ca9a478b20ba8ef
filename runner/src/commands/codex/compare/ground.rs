//! Fresh ground for one side: a workspace with git, a folder beside it, a home with a secret, and a probe on loopback; and what
//! of it has changed since one looked last.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::sweeper::Sweeper;
use crate::codex::effects::{Seen, note, walk};
use crate::model::script::Script;
use crate::state;

/// What a secret of the bait holds.
const TOKEN: &str = "not-a-real-token\n";

/// The ground of a side; it goes when this does.
#[derive(Debug)]
pub(super) struct Ground {
    top: PathBuf,
    _held: state::Held,
    /// It goes last, so that it finds nothing to do.
    _sweeper: Sweeper,
    /// The name of the run, in the names of files in /tmp.
    run: String,
    port: u16,
    hits: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Ground {
    /// Lays it out below this folder, which must not be below /tmp.
    pub(super) fn lay(below: &Path, run: String, script: Option<&Script>) -> io::Result<Self> {
        let held = state::Held::new(below, "compare")?;
        let top = held.path().to_owned();
        let sweeper = Sweeper::start(&top, Path::new(&in_tmp(&run)))?;
        for folder in ["workspace", "outside", "home/.secrets", "codex-home"] {
            state::make(&top.join(folder))?;
        }
        std::fs::write(top.join("home/.secrets/token"), TOKEN)?;
        let workspace = top.join("workspace");
        std::fs::write(workspace.join("README"), "a workspace\n")?;
        let git = |words: &[&str]| {
            let output = Command::new("git")
                .args([
                    "-c",
                    "user.name=palisade",
                    "-c",
                    "user.email=palisade@localhost",
                    "-c",
                    "init.defaultBranch=main",
                ])
                .args(words)
                .current_dir(&workspace)
                .env("HOME", top.join("home"))
                .env("GIT_CONFIG_NOSYSTEM", "1")
                .stdin(Stdio::null())
                .output()?;
            if output.status.success() {
                return Ok(());
            }
            let (words, said) = (words.join(" "), String::from_utf8_lossy(&output.stderr));
            Err(io::Error::other(format!("`git {words}` failed, {}: {}", output.status, said.trim())))
        };
        git(&["init", "-q"])?;
        git(&["add", "README"])?;
        git(&["commit", "-q", "-m", "begin"])?;
        // The same text, but later: `git status` writes down that it has looked.
        std::thread::sleep(std::time::Duration::from_millis(10));
        std::fs::write(workspace.join("README"), "a workspace\n")?;
        for (name, text) in script.iter().flat_map(|script| &script.files) {
            let path = workspace.join(name);
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(path, text)?;
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let (hits, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, stopped) = (Arc::clone(&hits), Arc::clone(&stop));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Acquire) {
                    break;
                }
                if stream.is_ok() {
                    counted.fetch_add(1, Ordering::AcqRel);
                }
            }
        });
        Ok(Self { top, _held: held, _sweeper: sweeper, run, port, hits, stop })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.top.join(name)
    }

    /// A text of a script with what is this side's own.
    pub(super) fn fill(&self, text: &str) -> String {
        text.replace("@RUN@", &self.run)
            .replace("@PORT@", &self.port.to_string())
            .replace("@OUTSIDE@", &self.path("outside").to_string_lossy())
    }

    /// A text as it reads on every side.
    pub(super) fn plain(&self, text: &str) -> String {
        text.replace(&*self.path("outside").to_string_lossy(), "@OUTSIDE@")
            .replace(&*self.top.to_string_lossy(), "@TOP@")
            .replace(&self.run, "@RUN@")
            .replace(&format!("127.0.0.1/{}", self.port), "127.0.0.1/@PORT@")
    }

    pub(super) fn hits(&self) -> u64 {
        self.hits.load(Ordering::Acquire)
    }

    /// What there is now.
    pub(super) fn look(&self) -> Seen {
        let mut seen = Seen::new();
        for folder in ["workspace", "outside", "home"] {
            walk(&self.path(folder), folder, &mut seen);
        }
        note(Path::new(&in_tmp(&self.run)), "/tmp/palisade-compare-@RUN@.txt", &mut seen);
        seen
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        let _ = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        let _ = std::fs::remove_file(in_tmp(&self.run));
    }
}

/// The file of a run that a call of the shipped script writes in /tmp.
fn in_tmp(run: &str) -> String {
    format!("/tmp/palisade-compare-{run}.txt")
}
