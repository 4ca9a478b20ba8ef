//! Keeping the ledger from a verb: whether, where, and in which words.
//!
//! A ledger that somebody named and that cannot be written stops the verb before anything has run; one that nobody named is done
//! without, and that is said.

mod own;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

use super::sandbox::say;
use crate::cli::ledger::BookArgs;
use crate::exit;
use crate::ledger::{Durability, Entry, Fault, Kind, Ledger, run_id};
use crate::state;

pub(super) use own::palisade;

/// The variable that names a ledger for all verbs, or turns it off.
const VARIABLE: &str = "PALISADE_LEDGER";
/// How long a ledger that is locked is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Whether a verb keeps the ledger when nobody says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    /// It does.
    Keeps,
    /// It does not.
    Asked,
}

/// The ledger of one run.
#[derive(Debug)]
pub(super) struct Book {
    path: PathBuf,
    durability: Durability,
    patience: Duration,
    run: String,
    named: bool,
    waiting: Vec<Entry>,
    /// The file, while another thread opens it.
    opening: Option<JoinHandle<Result<Ledger, Fault>>>,
}

/// Where the ledger is when nobody names it.
pub(super) fn default_path() -> Option<PathBuf> {
    state::directory().map(|state| state.join("ledger.sqlite"))
}

/// The file that the environment names; `Err` where it turns the ledger off.
pub(super) fn of_environment() -> Result<Option<PathBuf>, ()> {
    match std::env::var_os(VARIABLE) {
        None => Ok(None),
        Some(value) if value.is_empty() => Ok(None),
        Some(value) if value == "off" => Err(()),
        Some(value) => Ok(Some(value.into())),
    }
}

/// Says what is wrong, and what to do.
pub(super) fn complain(fault: &Fault) {
    say(fault);
    say(format_args!("help: {}", fault.help));
}

impl Book {
    /// Opens the book of a run, if one is to be kept; `Err` is the status when it must be kept and cannot.
    pub(super) fn begin(args: &BookArgs, habit: Habit, durability: Durability) -> Result<Option<Self>, u8> {
        if args.no_ledger {
            return Ok(None);
        }
        let given = args.ledger.as_deref().filter(|path| !path.is_empty()).map(Path::new);
        let asked = args.ledger.is_some();
        let environment = of_environment();
        if environment.is_err() && !asked {
            return Ok(None);
        }
        let from_environment = environment.ok().flatten();
        let named = asked || from_environment.is_some();
        if !named && habit == Habit::Asked {
            return Ok(None);
        }
        let Some(path) = given.map(Path::to_owned).or(from_environment).or_else(default_path) else {
            say("the ledger has no place: neither XDG_STATE_HOME nor HOME is set; name a file with `--ledger=FILE`");
            return if named { Err(exit::SETUP) } else { Ok(None) };
        };
        let patience = if durability == Durability::Kill { Duration::from_secs(2) } else { PATIENCE };
        let book = Self { path, durability, patience, run: run_id(), named, waiting: Vec::new(), opening: None };
        Ok(Some(book))
    }

    /// Makes the file where there is none, so that no record has to wait for that.
    pub(super) fn prepare(&self) -> Result<(), Fault> {
        Ledger::open(&self.path, self.durability, self.patience).map(drop)
    }

    /// Opens the file on another thread, for the next [`Self::write`], which is to come soon and before anything forks.
    pub(super) fn open_beside(&mut self) {
        let (path, durability, patience) = (self.path.clone(), self.durability, self.patience);
        let thread = std::thread::Builder::new().name("ledger".into());
        // Without a thread it is opened when it is wanted.
        self.opening = thread.spawn(move || Ledger::open(&path, durability, patience)).ok();
    }

    /// Whether somebody named it.
    pub(super) fn named(&self) -> bool {
        self.named
    }

    /// Puts the records under a run that has a name already.
    pub(super) fn of(&mut self, run: &str) {
        run.clone_into(&mut self.run);
    }

    /// Adds a record; it is kept with the next [`Self::keep`].
    pub(super) fn add(&mut self, kind: Kind, body: Value) {
        self.waiting.push(Entry { run: self.run.clone(), kind, body });
    }

    /// Writes what was added. The file is closed again: nothing of it passes a fork.
    pub(super) fn write(&mut self) -> Result<(), Fault> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let opened = self.opening.take().and_then(|opening| opening.join().ok());
        let mut ledger = opened.unwrap_or_else(|| Ledger::open(&self.path, self.durability, self.patience))?;
        ledger.append(&self.waiting)?;
        self.waiting.clear();
        Ok(())
    }

    /// As [`Self::write`], before anything runs: a named ledger that cannot be written is the status to end with; another is given up.
    pub(super) fn keep(mut self) -> Result<Option<Self>, u8> {
        let Err(fault) = self.write() else { return Ok(Some(self)) };
        complain(&fault);
        if self.named {
            say("nothing ran");
            return Err(exit::SETUP);
        }
        say("nothing is kept of this run");
        Ok(None)
    }

    /// As [`Self::write`], when all is over: what cannot be kept is said. Gives whether it was kept.
    pub(super) fn end(&mut self, status: u8) -> bool {
        self.add(Kind::End, json!({ "status": status }));
        match self.write() {
            Ok(()) => true,
            Err(fault) => {
                complain(&fault);
                say("what was kept before is kept; the end of this run is not");
                false
            }
        }
    }
}

/// What every run begins with.
pub(super) fn facts(verb: &str, cwd: &Path, more: Value) -> Value {
    let mut facts = json!({
        "verb": verb,
        "user": nix::unistd::geteuid().as_raw(),
        "pid": std::process::id(),
        "cwd": cwd.to_string_lossy(),
        "palisade": env!("CARGO_PKG_VERSION"),
    });
    if let (Some(facts), Value::Object(more)) = (facts.as_object_mut(), more) {
        facts.extend(more);
    }
    facts
}

/// A file with its hash; a folder is each file in it, sorted. What cannot be read is told as that.
pub(super) fn hashes<'a>(kind: &str, paths: impl IntoIterator<Item = &'a Path>) -> Vec<Value> {
    let mut all = Vec::new();
    for path in paths {
        let real = crate::launch::absolute(path);
        let mut files = vec![real.clone()];
        if real.is_dir() {
            files = std::fs::read_dir(&real)
                .map(|found| found.flatten().map(|one| one.path()).collect())
                .unwrap_or_default();
            files.retain(|file| file.is_file());
            files.sort();
        }
        for file in files {
            all.push(json!({ "kind": kind, "path": file.to_string_lossy(), "blake3": hash(&file) }));
        }
    }
    all
}

/// The requirements that a company has put on a machine for Codex. One that is not there is told too, as a file without a hash: that it
/// comes is a change as well.
pub(super) fn requirements() -> Vec<Value> {
    hashes("requirements", ["/etc/codex/requirements.toml", "/etc/codex/managed_config.toml"].map(Path::new))
}

/// How much of a file is hashed at once: enough for all lanes of the processor.
const PIECE: usize = 256 << 10;

/// The hash of a file; nothing where it cannot be read. A large one is read piece by piece.
pub(super) fn hash(path: &Path) -> Option<String> {
    let mut file = std::fs::File::open(path).ok()?;
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Some(hasher.finalize().to_hex().to_string()),
            Ok(length) => drop(hasher.update(piece.get(..length).unwrap_or_default())),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}
