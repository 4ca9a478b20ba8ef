//! Sandbox profiles and what they import, read from disk.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use policy::diagnostic::Diagnostic;
use policy::seatbelt::{Loaded, Settings, load, reader};
use policy::source::Source;

/// Where macOS keeps the profiles that others import; `--import-dir` stands for it.
const SYSTEM: &[&str] = &["/System/Library/Sandbox/Profiles", "/usr/share/sandbox"];

/// A text from a file, or from standard input for `-`.
///
/// # Errors
/// Why it cannot be had, and the way out.
pub fn text(path: &Path) -> Result<Source, Diagnostic> {
    let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    let failed = |why: String| Diagnostic::error("seatbelt-read", format!("`{name}` cannot be read: {why}"));
    let mut bytes = Vec::new();
    // One byte more than a profile may have tells a larger one.
    let most = reader::LARGEST as u64 + 1;
    let read = if path == Path::new("-") {
        std::io::stdin().take(most).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    read.map_err(|error| match error.kind() {
        std::io::ErrorKind::IsADirectory => failed(error.to_string()).help("name a file in it"),
        _ => failed(error.to_string()),
    })?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source { name, text }),
        // What was cut off may end within a letter; that it is too large is said by the reader.
        Err(error) if error.as_bytes().len() as u64 == most => {
            Ok(Source { name, text: String::from_utf8_lossy(error.as_bytes()).into_owned() })
        }
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let before = error.as_bytes().get(..at).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            Err(failed(format!("it is not UTF-8: line {line}, byte {at}"))
                .help("save the file as UTF-8; a compiled profile is no text"))
        }
    }
}

/// Reads and evaluates a profile, with imports from these directories.
#[must_use]
pub fn profile(source: Source, parameters: &BTreeMap<String, String>, imports: &[PathBuf]) -> Loaded {
    let import = |name: &str| imported(name, imports);
    load(source, &Settings { parameters, import: &import })
}

/// An import by its name; only from the directories given, never by a path out of them.
fn imported(name: &str, directories: &[PathBuf]) -> Option<Source> {
    let inside = SYSTEM.iter().find_map(|system| Path::new(name).strip_prefix(system).ok()).unwrap_or(Path::new(name));
    if !inside.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return None;
    }
    directories.iter().find_map(|directory| text(&directory.join(inside)).ok())
}
