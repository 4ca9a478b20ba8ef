//! Putting palisade's hook into the configuration of an agent, finding it there, and taking it out again.
//!
//! `place` knows which files of which agent, `entry` and `codex_config` what is written into them (both pure), `change` that a file is
//! still the one that was read. What the hook itself does when it is called is `commands/hook/run.rs`; whether it is called, `knock` asks.

pub mod change;
mod codex_config;
mod entry;
mod json_text;
pub mod knock;
pub mod place;

use std::path::Path;

use policy::diagnostic::Diagnostic;
use policy::source::{Source, Sources, Span};

use crate::codex::invocation::Release;
use change::{Change, read, real};
use codex_config::Wish;
pub use entry::{Entry, Made, Words};
use json_text::Wrong;
use place::Place;

/// The last release of Codex that runs hooks only when they are switched on.
const LAST_WITH_SWITCH: Release = Release(0, 124, u64::MAX);
/// The first release of Codex that is known to run only hooks that are trusted.
pub const FIRST_WITH_TRUST: Release = Release(0, 140, 0);

/// A file that cannot be used as it is, with its text.
#[derive(Debug)]
pub struct Refused {
    /// What is wrong.
    pub found: Box<Diagnostic>,
    /// Where the place points.
    pub sources: Sources,
}

/// What an installation changes.
#[derive(Debug)]
pub struct Installation {
    /// The files; the one with the hooks is the last.
    pub changes: Vec<Change>,
    /// The entry as it will be.
    pub entry: Entry,
}

/// What to install.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// Where.
    pub place: &'a Place,
    /// The words of the hook.
    pub words: &'a Words,
    /// The version of Codex, where it is known.
    pub release: Option<Release>,
    /// Whether to trust the project.
    pub trust: Trust,
}

/// Whether a project is to be trusted, which lets Codex use all of its configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It is.
    Project,
    /// It stays as it is.
    Hook,
}

/// What has to change so that the hook is there. Nothing is written.
///
/// # Errors
/// A file that cannot be read, or that is not what its agent reads.
pub fn install(wanted: &Wanted<'_>) -> Result<Installation, Refused> {
    let Place { hooks, config, project, .. } = wanted.place;
    let file = real(hooks);
    let before = text_of(&file)?;
    let folder = file.parent().is_some_and(Path::is_dir);
    let none = if folder { Made::FILE } else { Made::FOLDER };
    let (after, entry) =
        entry::put(before.as_deref(), wanted.words, none).map_err(|wrong| refused(&file, before.as_deref(), wrong))?;
    let mut changes = Vec::new();
    if let Some(config) = config {
        let config = real(config);
        let before = text_of(&config)?;
        let hash = codex_config::hash(&entry.command);
        // Codex names the file as it was named to it, or with links followed.
        let mut names = vec![file.clone(), hooks.clone()];
        names.dedup();
        let wish = Wish {
            trusted: names
                .iter()
                .map(|name| (codex_config::key(&name.to_string_lossy(), &entry), hash.clone()))
                .collect(),
            switch: wanted.release.is_some_and(|release| release <= LAST_WITH_SWITCH),
            project: project
                .as_ref()
                .filter(|_| wanted.trust == Trust::Project)
                .map(|project| real(project).to_string_lossy().into_owned()),
        };
        let after = codex_config::put(before.as_deref().unwrap_or_default(), &wish)
            .map_err(|wrong| refused(&config, before.as_deref(), wrong))?;
        changes.push(Change { file: config, before, after: Some(after) });
    }
    changes.push(Change { file, before, after: Some(after) });
    Ok(Installation { changes, entry })
}

/// What has to change so that the hook is gone, and what was found.
///
/// # Errors
/// As [`install`].
pub fn uninstall(place: &Place) -> Result<(Vec<Change>, Vec<Entry>), Refused> {
    let file = real(&place.hooks);
    let before = text_of(&file)?;
    let (mut changes, mut entries) = (Vec::new(), Vec::new());
    if let Some(text) = &before {
        let (after, found) = entry::take_out(text).map_err(|wrong| refused(&file, Some(text), wrong))?;
        entries = found;
        changes.push(Change { file, before, after });
    }
    if let Some(config) = &place.config {
        let config = real(config);
        let before = text_of(&config)?;
        if let Some(text) = &before {
            let after = codex_config::take_out(text).map_err(|wrong| refused(&config, Some(text), wrong))?;
            let after = Some(after).filter(|after| after == text || !after.trim().is_empty());
            changes.push(Change { file: config, before, after });
        }
    }
    Ok((changes, entries))
}

/// The entries at a place.
///
/// # Errors
/// As [`install`].
pub fn installed(place: &Place) -> Result<Vec<Entry>, Refused> {
    let file = real(&place.hooks);
    let Some(text) = text_of(&file)? else { return Ok(Vec::new()) };
    entry::find(&text).map_err(|wrong| refused(&file, Some(&text), wrong))
}

/// Whether Codex's configuration trusts a project.
#[must_use]
pub fn trusted(place: &Place) -> bool {
    let Some((config, project)) = place.config.as_ref().zip(place.project.as_ref()) else { return true };
    let text = read(&real(config)).ok().flatten().unwrap_or_default();
    codex_config::trusts(&text, &real(project).to_string_lossy())
}

/// How many groups of others stand behind an entry: Codex trusts them by their number, which changes when it goes.
///
/// # Errors
/// As [`install`].
pub fn behind(place: &Place, entry: &Entry) -> Result<usize, Refused> {
    let file = real(&place.hooks);
    let text = text_of(&file)?.unwrap_or_default();
    let count = entry::groups_in(&text).map_err(|wrong| refused(&file, Some(&text), wrong))?;
    Ok(count.saturating_sub(entry.group + 1))
}

fn text_of(file: &Path) -> Result<Option<String>, Refused> {
    read(file).map_err(|error| {
        let found = Diagnostic::error("hook", format!("`{}` cannot be read: {error}", file.display()))
            .help("nothing was written");
        Refused { found: Box::new(found), sources: Sources::default() }
    })
}

fn refused(file: &Path, text: Option<&str>, wrong: Wrong) -> Refused {
    let mut sources = Sources::default();
    let text = text.unwrap_or_default().to_owned();
    let start = u32::try_from(wrong.at).unwrap_or(u32::MAX);
    let end = text.get(wrong.at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let id = sources.add(Source { name: file.display().to_string(), text });
    let span = Span { source: id, start, end: start.saturating_add(u32::try_from(end).unwrap_or_default()) };
    let found = Diagnostic::error("hook", wrong.why)
        .at(span, "")
        .help("nothing was written; mend the file, or move it away, and try again");
    Refused { found: Box::new(found), sources }
}
