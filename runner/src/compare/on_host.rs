//! A side without a containment: on this host, bare or behind the host's own sandbox, in a throw-away copy of the workspace.
//!
//! It can harm the host. Effects are found by comparing the copied tree before and after, so what happened elsewhere is
//! not seen, and neither are connections and processes.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use policy::verdict::Permit;

use super::contain::{lay_bait, snapshot};
use super::effect::Effect;
use super::list::Entry;
use super::told::Side;
use crate::outcome::Outcome;

/// Where a copied workspace may not grow beyond.
const LARGEST: u64 = 1 << 30;
/// How much output is kept.
const OUTPUT: usize = 16 << 10;

/// A directory that goes away.
struct ThrowAway(PathBuf);

impl ThrowAway {
    fn new(below: PathBuf) -> std::io::Result<Self> {
        let mut path = below.into_os_string();
        path.push("/palisade-compare-XXXXXX");
        nix::unistd::mkdtemp(Path::new(&path)).map(Self).map_err(std::io::Error::from)
    }
}

impl Drop for ThrowAway {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What stands between a command and the host.
pub struct Wall<'a> {
    /// Where the copy is made: no sandbox of it may cover the directory as a whole.
    pub below: &'a Path,
    /// The words in front of the command and the variables it gets besides, for a copy at this place.
    pub front: &'a dyn Fn(&Path) -> Result<Front, String>,
}

/// The words in front of a command, and variables that it gets.
pub struct Front {
    /// A program and its arguments.
    pub words: Vec<OsString>,
    /// Names and values.
    pub marks: Vec<(String, String)>,
    /// Claims that the wall does not carry.
    pub gaps: Vec<String>,
}

/// Runs one command bare, or behind a wall of the host's. `workspace` is copied; without one the demonstration's bait is laid out.
///
/// # Errors
/// Why the copy could not be made; nothing ran.
pub fn run(
    _permit: Permit,
    entry: &Entry,
    workspace: Option<&Path>,
    environment: &[(String, String)],
    timeout: f64,
    wall: Option<&Wall<'_>>,
) -> Result<Side, String> {
    let at = |error: std::io::Error| format!("a throw-away copy of the workspace: {error}");
    let place = ThrowAway::new(wall.map_or_else(std::env::temp_dir, |wall| wall.below.to_path_buf())).map_err(at)?;
    lay_bait(&place.0).map_err(at)?;
    // The bait leads to where it is shown in a containment; here it lies elsewhere.
    let shared = place.0.join("project/shared");
    fs::remove_file(&shared).and_then(|()| symlink(place.0.join("outside"), &shared)).map_err(at)?;
    let project = place.0.join("project");
    if let Some(workspace) = workspace {
        fs::remove_dir_all(&project).map_err(at)?;
        let mut room = LARGEST;
        copy(workspace, &project, &mut room).map_err(at)?;
    }
    let front = wall.map(|wall| (wall.front)(&place.0)).transpose()?;
    let gaps = front.as_ref().map_or_else(Vec::new, |front| front.gaps.clone());
    let before = snapshot(&place.0).map_err(at)?;
    let started = Instant::now();
    let shown = place.0.to_string_lossy().into_owned();
    let bare = bare(entry, front, &place.0, environment, &shown, started + Duration::from_secs_f64(timeout))?;
    let (effects, unlisted) = before.effects();
    let effects = effects.into_iter().map(|effect| as_in_a_containment(effect, &shown)).collect();
    let milliseconds = started.elapsed().as_millis() as u64;
    let (outcome, stdout, stderr) = bare;
    Ok(Side { outcome, effects, unlisted, stdout, stderr, gaps, milliseconds })
}

/// Paths as the other side has them, so that both can be compared.
fn as_in_a_containment(effect: Effect, top: &str) -> Effect {
    let path = |path: String| path.strip_prefix(top).map_or(path.clone(), |rest| format!("/demo{rest}"));
    match effect {
        Effect::Created { path: at, kind } => Effect::Created { path: path(at), kind },
        Effect::Changed { path: at, what } => Effect::Changed { path: path(at), what },
        Effect::Removed { path: at, kind } => Effect::Removed { path: path(at), kind },
        other => other,
    }
}

fn bare(
    entry: &Entry,
    front: Option<Front>,
    place: &Path,
    environment: &[(String, String)],
    shown: &str,
    deadline: Instant,
) -> Result<(Outcome, String, String), String> {
    // What the demonstration's commands call by its place in a containment lies elsewhere here.
    let front = front.unwrap_or(Front { words: Vec::new(), marks: Vec::new(), gaps: Vec::new() });
    let own = entry.argv.iter().map(|word| word.replace("/demo/", &format!("{shown}/")).into());
    let argv: Vec<OsString> = front.words.into_iter().chain(own).collect();
    let Some((program, words)) = argv.split_first() else { return Err("no command".into()) };
    let output = |name: &str| {
        let path = place.with_extension(name);
        fs::File::options().read(true).write(true).create_new(true).open(&path).map(|file| (path, file))
    };
    let at = |error: std::io::Error| format!("output of the command: {error}");
    let ((out_path, out), (err_path, err)) = (output("out").map_err(at)?, output("err").map_err(at)?);
    let started = Command::new(program)
        .args(words)
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .env("HOME", place.join("home"))
        .envs(front.marks)
        .current_dir(place.join("project"))
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .spawn();
    let outcome = match started {
        Err(error) => Outcome::NotExecuted { errno: error.raw_os_error().unwrap_or(libc::ENOENT) },
        Ok(mut child) => loop {
            use std::os::unix::process::ExitStatusExt;
            match child.try_wait() {
                Ok(Some(status)) => {
                    break match (status.code(), status.signal()) {
                        (Some(code), _) => Outcome::Exited { status: code as u8 },
                        (None, signal) => Outcome::Signalled { signal: signal.unwrap_or(libc::SIGKILL) },
                    };
                }
                Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(5)),
                Ok(None) | Err(_) => {
                    let _ = child.kill();
                    let _ = child.wait();
                    break Outcome::TimedOut;
                }
            }
        },
    };
    let text = |path: &Path| {
        let bytes = fs::read(path).unwrap_or_default();
        let _ = fs::remove_file(path);
        String::from_utf8_lossy(bytes.get(..bytes.len().min(OUTPUT)).unwrap_or_default()).into_owned()
    };
    Ok((outcome, text(&out_path), text(&err_path)))
}

/// Copies a tree: directories, files with their modes, and links as links; nothing else.
fn copy(from: &Path, to: &Path, room: &mut u64) -> std::io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let data = entry.metadata()?;
        let target = to.join(entry.file_name());
        if data.is_dir() {
            copy(&entry.path(), &target, room)?;
        } else if data.is_symlink() {
            symlink(fs::read_link(entry.path())?, target)?;
        } else if data.is_file() {
            *room = room.checked_sub(data.len()).ok_or_else(|| {
                std::io::Error::other(format!("it is larger than {} MiB; name a smaller one", LARGEST >> 20))
            })?;
            fs::copy(entry.path(), target)?;
        }
    }
    fs::set_permissions(to, fs::metadata(from)?.permissions())
}
