//! `palisade requirements test`: cases in TOML beside a team's requirements, answered by the resolver.

mod bless;
mod case;
mod report;

pub(super) use case::schema;

use std::path::{Path, PathBuf};

use policy::diagnostic::Diagnostic;
use policy::requirements::resolve::resolve;
use policy::source::{Place, Sources};

use self::case::{Case, Difference, Empty, differences};
use super::super::sandbox::{complain, print};
use crate::cli::RequirementsTestArgs;
use crate::codex_layers::read;
use crate::exit;

/// The cases that are shipped, to begin with.
const STARTER: &str = include_str!("../../../../rules/requirements/starter.toml");

/// One case for one release.
pub(super) struct Tried {
    file: String,
    name: String,
    place: Place,
    /// Which case of its page, from 0.
    index: usize,
    release: &'static str,
    /// What is otherwise than expected; empty when the case holds.
    wrong: Vec<Difference>,
}

/// Runs every case; 0 when all hold, 1 when one does not, 2 for a case that cannot be read or when there is none.
pub(super) fn run(args: &RequirementsTestArgs) -> u8 {
    if args.starter {
        print(STARTER);
        return exit::OK;
    }
    let empty = if args.bless { Empty::Awaited } else { Empty::Refused };
    let mut tried = Vec::new();
    let mut wrong = Vec::new();
    let mut sources = Sources::default();
    for path in &args.paths {
        match files(path) {
            Ok(files) => {
                for file in files {
                    match one(&file, &mut sources, empty) {
                        Ok(cases) => tried.extend(cases),
                        Err(why) => wrong.extend(why),
                    }
                }
            }
            Err(why) => wrong.push(why),
        }
    }
    if wrong.is_empty() && tried.is_empty() {
        wrong.push(
            Diagnostic::error("no-cases", "there is no case to run")
                .help("`palisade requirements test --starter > cases.toml` writes some to begin with"),
        );
    }
    if !wrong.is_empty() {
        complain(&wrong, &sources);
        return exit::USAGE;
    }
    print(&report::write(&tried, args.format));
    if args.bless && tried.iter().any(|one| !one.wrong.is_empty()) {
        return bless::bless(&tried, args.yes);
    }
    if tried.iter().all(|one| one.wrong.is_empty()) { exit::OK } else { exit::FINDINGS }
}

/// A file, or the `*.toml` of a directory that hold cases, sorted.
fn files(path: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|error| {
        Diagnostic::error("read-other", format!("`{}` could not be listed: {error}", path.display()))
    })?;
    let toml = |path: &PathBuf| path.extension().is_some_and(|end| end == "toml") && !path.is_dir();
    let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(toml).collect();
    // The constrained files themselves lie in the same directory.
    found.retain(|path| case::holds_cases(path));
    found.sort();
    Ok(found)
}

fn one(path: &Path, sources: &mut Sources, empty: Empty) -> Result<Vec<Tried>, Vec<Diagnostic>> {
    let text = read(path).map_err(|why| vec![why.placed(sources)])?.ok_or_else(|| {
        vec![
            Diagnostic::error("read-missing", format!("`{}` does not exist", path.display()))
                .help("name a file that does"),
        ]
    })?;
    let cases = case::parse(&path.to_string_lossy(), text, sources, empty).map_err(|why| vec![why])?;
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let mut tried = Vec::new();
    let mut wrong = Vec::new();
    for (index, (case, place)) in cases.iter().enumerate() {
        match case.scene(folder, sources) {
            Ok(scene) => {
                for release in case.releases() {
                    let resolution = resolve(&scene, release);
                    tried.push(Tried {
                        file: path.to_string_lossy().into_owned(),
                        name: case.name.get_ref().clone(),
                        place: place.clone(),
                        index,
                        release: release.name,
                        wrong: differences(case, &resolution, &scene),
                    });
                }
            }
            Err(why) => wrong.extend(why.into_iter().map(|one| said_in(one, case, path))),
        }
    }
    if wrong.is_empty() { Ok(tried) } else { Err(wrong) }
}

fn said_in(why: Diagnostic, case: &Case, path: &Path) -> Diagnostic {
    Diagnostic { message: format!("{}, case `{}`: {}", path.display(), case.name.get_ref(), why.message), ..why }
}
