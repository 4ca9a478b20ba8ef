//! `palisade hook install` and `uninstall`: what would change is worked out and checked first, then written.

use std::path::{Path, PathBuf};

use policy::diagnostic::Diagnostic;
use policy::source::Sources;

use super::{place, unusable};
use crate::cli::hook::{HookInstallArgs, HookUninstallArgs};
use crate::codex::binary;
use crate::codex::invocation::Release;
use crate::commands::banned;
use crate::commands::book::{self, Book, Habit};
use crate::commands::codex::program;
use crate::commands::sandbox::{complain, print, say};
use crate::exit;
use crate::files::load_rules;
use crate::hook::change::{Change, real};
use crate::hook::place::{Agent, Place};
use crate::hook::{self, Entry, FIRST_WITH_TRUST, Made, Trust, Wanted, Words};
use crate::ledger::Durability;

/// Installs; gives the status.
pub(super) fn install(args: &HookInstallArgs) -> Result<u8, u8> {
    let place = place(&args.place, args.agent)?;
    let rules = load_rules(&args.policy.rules.rules, &args.policy.rules.packs, banned(args.policy.rules.accept_banned))
        .map_err(|refusal| {
            complain(&refusal.diagnostics, &refusal.sources);
            exit::USAGE
        })?;
    complain(&rules.warnings, &rules.sources);
    let release = release(args)?;
    let words = words(args)?;
    let trust = if args.trust_project { Trust::Project } else { Trust::Hook };
    let wanted = Wanted { place: &place, words: &words, release, trust };
    let done = hook::install(&wanted).map_err(|refused| unusable(&refused))?;
    let mut told = tell(&place, &done.changes, args.dry_run);
    told.push_str(&format!("    {}\n", done.entry.command));
    if !args.dry_run {
        ledger(args)?;
        write(&done.changes)?;
    }
    print(&told);
    within(&place, args);
    if rules.set.is_empty() && args.policy.default != policy::decision::Decision::Allow {
        say("there are no rules, so the hook denies every command");
    }
    Ok(if noted(&place, release, args.trust_project) { exit::OK } else { exit::FINDINGS })
}

/// Makes the ledger that the hook will write: one that cannot be would make it deny every call, and the first would wait for it, and
/// for the hash of palisade.
fn ledger(args: &HookInstallArgs) -> Result<(), u8> {
    let Some(book) = Book::begin(&args.policy.book, Habit::Keeps, Durability::Power)? else { return Ok(()) };
    let _ = book::palisade();
    book.prepare().or_else(|fault| {
        book::complain(&fault);
        if !book.named() {
            return Ok(());
        }
        say("nothing was written; the hook would deny every call");
        Err(exit::SETUP)
    })
}

/// Removes; gives the status.
pub(super) fn uninstall(args: &HookUninstallArgs) -> Result<u8, u8> {
    let place = place(&args.place, args.agent)?;
    let behind = match hook::installed(&place).map_err(|refused| unusable(&refused))?.first() {
        Some(entry) => hook::behind(&place, entry).map_err(|refused| unusable(&refused))?,
        None => 0,
    };
    let (mut changes, entries) = hook::uninstall(&place).map_err(|refused| unusable(&refused))?;
    // The hook goes first: without its trust it would still be there.
    changes.sort_by_key(|change| change.file != real(&place.hooks));
    write(&changes)?;
    if entries.iter().any(|entry| entry.made >= Made::FOLDER)
        && let Some(folder) = place.hooks.parent()
    {
        // One that somebody else uses is not empty, and stays.
        let _ = std::fs::remove_dir(folder);
    }
    let told = tell(&place, &changes, false);
    print(if told.is_empty() { "there is nothing to remove\n" } else { &told });
    if behind > 0 && place.agent == Agent::Codex {
        say(format_args!(
            "{behind} other hooks have moved up; Codex trusts hooks by their number and has to be told again to trust those"
        ));
    }
    Ok(exit::OK)
}

/// The version of the Codex that is named or found; none is no error here.
fn release(args: &HookInstallArgs) -> Result<Option<Release>, u8> {
    if args.agent != Agent::Codex {
        return Ok(None);
    }
    let named = args.which.codex.is_some() || args.which.codex_version.is_some();
    let here = std::env::var_os("PATH").and_then(|path| binary::on(&path)).is_some();
    if named || here {
        return program(&args.which).map(|(_, release)| Some(release));
    }
    say(
        "there is no `codex` on PATH, so its version is not known; up to 0.124 it needs a switch: name it with `--codex` or `--codex-version`",
    );
    Ok(None)
}

/// The words of the hook, so that they mean the same wherever an agent runs them.
fn words(args: &HookInstallArgs) -> Result<Words, u8> {
    let wrong = |path: &Path| {
        let found = Diagnostic::error("hook", format!("`{}` is not UTF-8", path.display()))
            .help("an agent reads the command of its hook from JSON, which is");
        complain(&[found], &Sources::default());
        exit::USAGE
    };
    let options = args.policy.words().map_err(|path| wrong(&path))?;
    let program = std::env::current_exe().map_err(|error| {
        say(format_args!("palisade cannot tell where it is: {error}"));
        exit::SETUP
    })?;
    let program = program.into_os_string().into_string().map_err(|path| wrong(Path::new(&path)))?;
    Ok(Words { program, options })
}

fn write(changes: &[Change]) -> Result<(), u8> {
    for change in changes {
        change.make().map_err(|error| {
            let found = Diagnostic::error("hook", format!("`{}` cannot be written: {error}", change.file.display()))
                .help("it is as it was; try again when that is mended");
            complain(&[found], &Sources::default());
            exit::SETUP
        })?;
    }
    Ok(())
}

/// What becomes of each file, in words.
fn tell(place: &Place, changes: &[Change], dry: bool) -> String {
    let changed: Vec<&Change> = changes.iter().filter(|change| change.any()).collect();
    if changed.is_empty() && changes.iter().any(|change| change.file == real(&place.hooks)) && !dry {
        let none = hook::installed(place).is_ok_and(|entries| entries.is_empty());
        return if none { String::new() } else { format!("{}: as it was\n", place.hooks.display()) };
    }
    let mut out = String::new();
    for change in changed {
        let what = match (&change.before, &change.after) {
            (None, Some(_)) => "new",
            (Some(_), None) => "removed",
            _ => "changed",
        };
        let would = if dry { "would be " } else { "" };
        out.push_str(&format!("{}: {would}{what}\n", change.file.display()));
    }
    out
}

/// Says what an agent that works in the project could change itself.
fn within(place: &Place, args: &HookInstallArgs) {
    let Some(project) = &place.project else { return };
    let own = std::env::current_exe().ok();
    let inside: Vec<PathBuf> = args
        .policy
        .rules
        .rules
        .iter()
        .map(|path| crate::launch::absolute(path))
        .chain(own)
        .filter(|path| real(path).starts_with(real(project)))
        .collect();
    for path in inside {
        say(format_args!("`{}` lies in the project, where the agent that it judges can change it", path.display()));
    }
}

/// Says what else this version wants; whether it will use the hook as it is.
fn noted(place: &Place, release: Option<Release>, trusted: bool) -> bool {
    if place.project.is_none() || place.agent != Agent::Codex || trusted || hook::trusted(place) {
        return true;
    }
    if release.is_some_and(|release| release < FIRST_WITH_TRUST) {
        return true;
    }
    say(
        "Codex 0.169 uses the hook of a project only when the project is trusted, and then all of the project's configuration: \
         `--trust-project` says so; as it is, the hook is skipped in silence",
    );
    false
}

/// The command of an entry as it is called: through a shell.
pub(super) fn line(entry: &Entry) -> String {
    entry.command.clone()
}
