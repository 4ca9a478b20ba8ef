//! `palisade requirements diff`: two sets of requirements, and every outcome that changes between them.

use std::path::Path;

use policy::diagnostic::Diagnostic;
use policy::requirements::diff::{Change, Changes, Direction, Layer, diff};
use policy::requirements::failure::Failure;
use policy::requirements::flags::{CommandLine, Surface};
use policy::requirements::lints::unreadable;
use policy::requirements::permissions::CIRCLE;
use policy::requirements::release::{RELEASES, Release};
use policy::requirements::resolve::resolve;
use policy::requirements::scene::{Document, Kind, Machine, Scene};
use policy::source::Sources;
use serde_json::json;

use super::super::sandbox::{complain, print};
use crate::cli::{FailOnChange, ReportFormat, RequirementsDiffArgs};
use crate::codex_layers::read;
use crate::exit;
use crate::report::{Item, Outcome, Page, written};

/// Prints the changes; 0 without one that `--fail-on` names, 1 with one, 2 for what cannot be read.
pub(super) fn run(args: &RequirementsDiffArgs) -> u8 {
    let mut sources = Sources::default();
    let sides = [&args.old, &args.new].map(|path| side(path, args.codex_version, &mut sources));
    let (old, new) = match sides {
        [Ok(old), Ok(new)] => (old, new),
        [old, new] => {
            let wrong: Vec<Diagnostic> = old.err().into_iter().chain(new.err()).flatten().collect();
            complain(&wrong, &sources);
            return exit::USAGE;
        }
    };
    let found = diff(&old, &new, args.codex_version);
    print(&match args.format {
        ReportFormat::Text => text(&found),
        ReportFormat::Json => format!("{}\n", serde_json::to_string_pretty(&found).unwrap_or_default()),
        ReportFormat::Ci(format) => written(&page(&found, args), format),
    });
    if found.changes.iter().any(|change| fails(change, args.fail_on)) { exit::FINDINGS } else { exit::OK }
}

/// Whether a change is one that is to fail; one without a certain direction may be looser.
fn fails(change: &Change, on: FailOnChange) -> bool {
    match on {
        FailOnChange::Any => true,
        FailOnChange::Never => false,
        FailOnChange::Looser => change.direction != Direction::Stricter,
        FailOnChange::Stricter => change.direction != Direction::Looser,
    }
}

/// The names under which a directory keeps the layers of an admin.
const NAMES: &[(&str, Kind)] =
    &[("requirements.toml", Kind::Requirements), ("managed_config.toml", Kind::Managed), ("config.toml", Kind::System)];

/// The layers of a side: a file of requirements, one of managed config by its name, or a directory with either.
fn side(path: &Path, release: &'static Release, sources: &mut Sources) -> Result<Vec<Layer>, Vec<Diagnostic>> {
    let files: Vec<_> = if path.is_dir() {
        NAMES.iter().map(|(name, kind)| (path.join(name), kind.clone(), false)).collect()
    } else {
        let of = |(name, _): &&(&str, Kind)| path.file_name().is_some_and(|file| file == *name);
        let kind = NAMES.iter().find(of).map_or(Kind::Requirements, |(_, kind)| kind.clone());
        vec![(path.to_owned(), kind, true)]
    };
    let (mut layers, mut documents, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for (file, kind, must) in files {
        let name = file.to_string_lossy().into_owned();
        match read(&file) {
            Ok(Some(text)) => {
                let document = Document::new(sources, kind.clone(), &name, "/etc/codex", text.clone());
                if let Err(why) = &document.read {
                    wrong.push(Failure::no_toml("requirements_syntax", why).diagnostic());
                }
                documents.push(document);
                layers.push(Layer { kind, name, text });
            }
            Ok(None) if must => wrong.push(
                Diagnostic::error("read-missing", format!("`{name}` does not exist"))
                    .help("name a file, or a directory with `requirements.toml` or `managed_config.toml`"),
            ),
            Ok(None) => {}
            Err(why) => wrong.push(why.placed(sources)),
        }
    }
    if wrong.is_empty() && layers.is_empty() {
        let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
        wrong.push(
            Diagnostic::error("read-missing", format!("`{}` holds none of {}", path.display(), names.join(", ")))
                .help("name the file itself"),
        );
    }
    if wrong.is_empty() {
        wrong.extend(of_no_release(sources, documents, release));
    }
    if wrong.is_empty() { Ok(layers) } else { Err(wrong) }
}

/// What no release can read, and profiles without an end; what one of them can is a side of a comparison.
fn of_no_release(sources: &mut Sources, documents: Vec<Document>, release: &'static Release) -> Option<Diagnostic> {
    let line = CommandLine::new(sources, Surface::Interactive, &[]);
    let scene = Scene { sources: sources.clone(), documents, machine: Machine::made_up(""), line, client: None };
    if let Err(failure) = resolve(&scene, release).effective
        && failure.message.starts_with(CIRCLE)
    {
        return Some(failure.diagnostic());
    }
    let failures = RELEASES.iter().map(|release| resolve(&scene, release).effective.err());
    let told: Option<Vec<Diagnostic>> = failures.map(|failure| Some(failure?.diagnostic())).collect();
    told.filter(|told| told.iter().all(unreadable))?.pop()
}

const fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::Looser => "looser",
        Direction::Changed => "changed",
        Direction::Stricter => "stricter",
    }
}

fn text(found: &Changes) -> String {
    let mut out = String::new();
    for change in &found.changes {
        out.push_str(&format!("{}: {}: {} -> {}\n", word(change.direction), change.key, change.old, change.new));
        let many = match change.combinations {
            0 | 1 => String::new(),
            count => format!("  ({count} combinations)"),
        };
        out.push_str(&format!("    {}{many}\n", change.witness));
    }
    let count = |direction| found.changes.iter().filter(|change| change.direction == direction).count();
    let summary = if found.changes.is_empty() {
        "equal".to_owned()
    } else {
        format!(
            "{} looser, {} changed, {} stricter",
            count(Direction::Looser),
            count(Direction::Changed),
            count(Direction::Stricter)
        )
    };
    out.push_str(&format!("Codex {}: {summary}, over {} combinations of:\n", found.codex_version, found.combinations));
    for line in &found.enumerated {
        out.push_str(&format!("  {line}\n"));
    }
    out
}

fn page(found: &Changes, args: &RequirementsDiffArgs) -> Page {
    let item = |change: &Change| {
        let name = format!("{}: {} -> {}", change.key, change.old, change.new);
        let outcome = if fails(change, args.fail_on) { Outcome::Fail } else { Outcome::Warning };
        let mut item = Item::told(name.clone(), outcome, format!("{}: {name}", word(change.direction)));
        item.code = Some(word(change.direction).to_owned());
        item.details.push(format!("witness: {}", change.witness));
        item
    };
    let mut items: Vec<Item> = found.changes.iter().map(item).collect();
    if items.is_empty() {
        items.push(Item::passed(format!("{} and {} are equal", args.old.display(), args.new.display())));
    }
    let summary = json!({ "combinations": found.combinations, "enumerated": found.enumerated }).to_string();
    Page { verb: "requirements diff", items, kinds: Vec::new(), summary }
}
