//! Rule files: found, read, and loaded, from the cache of compiled rules where it holds them.
//!
//! A directory stands for its `*.rules`, sorted by name, not recursively; a link to a file is used. What cannot be read
//! is a diagnostic beside those of the rules, so that one run shows everything that is wrong.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use policy::diagnostic::{Diagnostic, Severity};
use policy::load::{Banned, File, Language};
use policy::ruleset::RuleSet;
use policy::source::{Source, Sources};

use crate::render::{self, Colour};
use crate::{packs, rule_cache, wall};

/// No rule file is larger; what is larger is a mistake, or a device.
const LARGEST: u64 = 64 << 20;

/// Rules that are ready to judge by.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The rules.
    pub set: RuleSet,
    /// Their texts, for places.
    pub sources: Sources,
    /// What is worth knowing about them though they can be used.
    pub warnings: Vec<Diagnostic>,
}

/// Rules that cannot be used, with everything that is wrong with them.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// What is wrong; never empty.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts, for places.
    pub sources: Sources,
}

impl Refusal {
    fn one(why: Diagnostic) -> Self {
        Self { diagnostics: vec![why], sources: Sources::default() }
    }

    /// As people see it.
    #[must_use]
    pub fn text(&self, colour: Colour) -> String {
        render::diagnostics(&self.diagnostics, &self.sources, colour)
    }
}

/// Loads rule files and directories in the order given, after the shipped packs named.
///
/// # Errors
/// Everything that is wrong with any of them; then no rule of them is used.
pub fn load_rules(paths: &[PathBuf], packs: &[String], banned: Banned) -> Result<Rules, Refusal> {
    load_with(Vec::new(), paths, packs, banned)
}

/// As [`load_rules`], after texts that come from elsewhere.
///
/// # Errors
/// As [`load_rules`].
pub fn load_with(mut files: Vec<File>, paths: &[PathBuf], packs: &[String], banned: Banned) -> Result<Rules, Refusal> {
    let mut wrong = Vec::new();
    for name in packs {
        match packs::find(name) {
            Ok(pack) => files.push(pack),
            Err(unknown) => wrong.push(unknown),
        }
    }
    for path in paths {
        match texts(path) {
            Ok(found) => files.extend(found),
            Err(why) => wrong.push(why),
        }
    }
    let warnings: Vec<Diagnostic> = paths.iter().filter_map(|path| writable_by_all(path)).collect();
    match (load_files(files, Language::Extended, banned), wrong.is_empty()) {
        (Ok(mut rules), true) => {
            rules.warnings.extend(warnings);
            Ok(rules)
        }
        (Ok(rules), false) => Err(Refusal { diagnostics: wrong, sources: rules.sources }),
        (Err(refusal), _) => {
            wrong.extend(refusal.diagnostics);
            Err(Refusal { diagnostics: wrong, sources: refusal.sources })
        }
    }
}

/// Loads texts that were read already.
///
/// # Errors
/// Everything that is wrong with any of them.
pub fn load_files(files: Vec<File>, language: Language, banned: Banned) -> Result<Rules, Refusal> {
    let Some(cwd) = std::env::current_dir().ok().and_then(|cwd| cwd.to_str().map(str::to_owned)) else {
        let message = "the working directory is gone, or its name is not UTF-8";
        return Err(Refusal::one(Diagnostic::error("read-other", message)));
    };
    let home = std::env::var("HOME").ok();
    let entry = rule_cache::entry(&files, language, banned);
    if let Some(set) = entry.as_ref().and_then(rule_cache::Entry::read) {
        let mut sources = Sources::default();
        for file in files {
            sources.add(Source { name: file.name, text: file.text.unwrap_or_default() });
        }
        return Ok(Rules { set, sources, warnings: Vec::new() });
    }
    let loaded = wall::load(files, language, banned, &cwd, home.as_deref());
    if loaded.has_errors() {
        return Err(Refusal { diagnostics: loaded.diagnostics, sources: loaded.sources });
    }
    if let Some(entry) = entry.filter(|_| loaded.placeless && loaded.diagnostics.is_empty()) {
        entry.write(&loaded.ruleset);
    }
    Ok(Rules { set: loaded.ruleset, sources: loaded.sources, warnings: loaded.diagnostics })
}

/// Reads a rule file, or the rule files of a directory; what goes wrong with one is said in its place.
///
/// # Errors
/// A directory that cannot be listed, or has no rule files.
pub fn texts(path: &Path) -> Result<Vec<File>, Diagnostic> {
    if !path.is_dir() {
        return Ok(vec![read(path)]);
    }
    Ok(in_directory(path)?.iter().map(|path| read(path)).collect())
}

/// Reads one rule file; what goes wrong is said in its place.
#[must_use]
pub fn read(path: &Path) -> File {
    File { name: path.display().to_string(), text: text_of(path) }
}

fn text_of(path: &Path) -> Result<String, Diagnostic> {
    let unread = |error: &std::io::Error| {
        let (code, help) = match error.kind() {
            std::io::ErrorKind::NotFound => ("read-missing", None),
            std::io::ErrorKind::IsADirectory => ("read-directory", Some("name a file in it")),
            std::io::ErrorKind::PermissionDenied => ("read-permission", None),
            _ => ("read-other", None),
        };
        let found = Diagnostic::error(code, format!("cannot read rule file `{}`: {error}", path.display()));
        match help {
            Some(help) => found.help(help),
            None => found,
        }
    };
    let file = fs::File::open(path).map_err(|error| unread(&error))?;
    // One more than there is, for the end to be seen; what is no regular file has no size.
    let size = file.metadata().map_or(0, |about| about.len().min(LARGEST) + 1);
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| unread(&error))?;
    if bytes.len() as u64 > LARGEST {
        let message = format!("rule file `{}` is larger than {} MiB", path.display(), LARGEST >> 20);
        return Err(Diagnostic::error("read-other", message));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
        let byte = error.as_bytes().get(at).copied().unwrap_or_default();
        let message = format!(
            "rule file `{}` is not UTF-8: line {line} holds the byte 0x{byte:02x} at offset {at}",
            path.display()
        );
        Diagnostic::error("read-not-utf8", message).help("save the file as UTF-8")
    })
}

/// The rule files of a directory, sorted by the bytes of their names.
fn in_directory(directory: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    let unread = |error: &std::io::Error| {
        let code = match error.kind() {
            std::io::ErrorKind::PermissionDenied => "read-permission",
            _ => "read-other",
        };
        Diagnostic::error(code, format!("cannot list rule directory `{}`: {error}", directory.display()))
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(|error| unread(&error))? {
        let path = entry.map_err(|error| unread(&error))?.path();
        if path.extension() == Some(OsStr::new("rules")) && !path.is_dir() {
            found.push(path);
        }
    }
    if found.is_empty() {
        let message = format!("directory `{}` has no rule files", directory.display());
        return Err(
            Diagnostic::error("no-rules", message).help("rule files end in `.rules`; sub-directories are not searched")
        );
    }
    found.sort();
    Ok(found)
}

/// A warning when anybody on the machine can change a rule file or directory.
fn writable_by_all(path: &Path) -> Option<Diagnostic> {
    use std::os::unix::fs::PermissionsExt;
    let about = fs::metadata(path).ok()?;
    let open = (about.is_file() || about.is_dir()) && about.permissions().mode() & 0o002 != 0;
    open.then(|| Diagnostic {
        severity: Severity::Warning,
        ..Diagnostic::error("writable-by-all", format!("anybody on this machine can change `{}`", path.display()))
            .help(format!("`chmod o-w {}`", path.display()))
    })
}
