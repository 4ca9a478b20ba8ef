//! `palisade lint`: what is wrong with a policy.

use std::path::PathBuf;

use policy::codes;
use policy::diagnostic::{Diagnostic, Severity};
use policy::diff::{Settings, Way, World, diff};
use policy::lint::{Finding, LINTS, Level, Lint, Subject, lint};
use policy::load::{Banned, File, Language, Loaded};
use policy::source::{Place, Sources};
use serde::Serialize;

use super::sandbox::{complain, print, say};
use crate::cli::{Compat, LintArgs, ReportFormat};
use crate::render::{self, Colour};
use crate::report::{self, Item, Kind, Outcome, Page};
use crate::{exit, files, identity, packs, wall};

/// One thing to report, from the loader or from a lint.
struct Told {
    diagnostic: Diagnostic,
    witness: Option<Vec<String>>,
    removable: bool,
}

/// Lints the files named and prints what was found.
pub(super) fn main(args: &LintArgs) -> u8 {
    if let Some(code) = &args.explain {
        return explain(code);
    }
    if let Some(unknown) = args.deny.iter().chain(&args.allow).find(|code| !is_code(code)) {
        return complain_of_code(unknown);
    }
    let Some(texts) = texts(args) else { return exit::USAGE };
    let mut loaded = load(&texts);
    let mut told = look(&loaded, args);
    if args.fix {
        match fix(&texts, &loaded, &told) {
            Ok(0) => {}
            Ok(count) => {
                say(format_args!("took out {count} rules that never decide"));
                let Some(texts) = self::texts(args) else { return exit::USAGE };
                loaded = load(&texts);
                told = look(&loaded, args);
            }
            Err(why) => {
                complain(&[why], &Sources::default());
                return exit::USAGE;
            }
        }
    }
    match args.format {
        ReportFormat::Text => {
            let diagnostics: Vec<Diagnostic> = told.iter().map(|one| one.diagnostic.clone()).collect();
            let mut text = render::diagnostics(&diagnostics, &loaded.sources, Colour::of(&std::io::stdout()));
            let about = format!("in {} files ({} rules)", loaded.sources.len(), loaded.ruleset.len());
            let count = match told.len() {
                0 => "no findings".to_owned(),
                1 => "\n1 finding".to_owned(),
                many => format!("\n{many} findings"),
            };
            text.push_str(&format!("{count} {about}\n"));
            print(&text);
        }
        ReportFormat::Json => print(&json(&told, &loaded)),
        ReportFormat::Ci(format) => print(&report::written(&page(&told, &loaded), format)),
    }
    if told.is_empty() { exit::OK } else { exit::FINDINGS }
}

/// The files to lint; `None` after saying what cannot be read.
fn texts(args: &LintArgs) -> Option<Vec<File>> {
    let packs = args.packs.iter().map(|name| packs::find(name).map(|file| vec![file]));
    let paths = args.paths.iter().map(|path| files::texts(path));
    let (mut texts, mut wrong) = (Vec::new(), Vec::new());
    for found in packs.chain(paths) {
        match found {
            Ok(found) => texts.extend(found),
            Err(why) => wrong.push(why),
        }
    }
    for file in &texts {
        if let Err(why) = &file.text {
            wrong.push(why.clone());
        }
    }
    if wrong.is_empty() && texts.is_empty() {
        wrong.push(
            Diagnostic::error("no-rules", "there is nothing to lint")
                .help("name rule files or directories, or a shipped pack with `--pack`"),
        );
    }
    if wrong.is_empty() {
        return Some(texts);
    }
    complain(&wrong, &Sources::default());
    None
}

fn load(texts: &[File]) -> Loaded {
    let cwd = std::env::current_dir().ok().and_then(|cwd| cwd.to_str().map(str::to_owned));
    let home = std::env::var("HOME").ok();
    wall::load(texts.to_vec(), Language::Extended, Banned::Warn, cwd.as_deref().unwrap_or("/"), home.as_deref())
}

/// What the loader and the lints say that is not allowed by name.
fn look(loaded: &Loaded, args: &LintArgs) -> Vec<Told> {
    let severe = |code: &str, severity: Severity| {
        if args.deny.iter().any(|denied| denied == code) { Severity::Error } else { severity }
    };
    let mut told: Vec<Told> = loaded
        .diagnostics
        .iter()
        // What does not load cannot be allowed.
        .filter(|found| found.severity == Severity::Error || !args.allow.contains(&found.code))
        .map(|found| {
            let mut diagnostic = Diagnostic { severity: severe(&found.code, found.severity), ..found.clone() };
            let first = diagnostic.labels.first_mut().filter(|_| found.code == "banned-rule");
            let witness = first.and_then(|label| {
                let witness = policy::lint::banned_witness(&loaded.ruleset, label.span)?;
                label.text = format!("for example `{}`", crate::verdict_text::shell_words(&witness));
                Some(witness)
            });
            Told { diagnostic, witness, removable: false }
        })
        .collect();
    if !loaded.has_errors() {
        let path = identity::search_path();
        let cwd = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        let is_program = |name: &str| {
            identity::of(name, &cwd, &path).is_some_and(|known| known.resolved.is_some() && known.real.is_some())
        };
        let subject = Subject {
            rules: &loaded.ruleset,
            examples: &loaded.examples,
            sources: &loaded.sources,
            is_program: &is_program,
        };
        let wanted = |lint: &Lint| {
            let named = |codes: &[String]| codes.iter().any(|code| code == lint.code);
            let on = match lint.level {
                Level::On => true,
                Level::UnderCodex => args.compat == Compat::Codex,
                Level::Off => false,
            };
            named(&args.deny) || (on && !named(&args.allow))
        };
        told.extend(lint(&subject, wanted).into_iter().map(|finding| {
            let severity = severe(finding.code, Severity::Warning);
            Told { diagnostic: diagnostic(&finding, severity), witness: finding.witness, removable: finding.removable }
        }));
    }
    told.sort_by_key(|one| one.diagnostic.labels.first().map(|label| (label.span.source, label.span.start)));
    told
}

fn diagnostic(finding: &Finding, severity: Severity) -> Diagnostic {
    let witness =
        finding.witness.as_ref().map(|words| format!("for example `{}`", crate::verdict_text::shell_words(words)));
    let mut diagnostic = Diagnostic { severity, ..Diagnostic::error(finding.code, finding.message.clone()) }
        .at(finding.at, witness.unwrap_or_default());
    for place in &finding.via {
        diagnostic = diagnostic.at(*place, "called from here");
    }
    if let Some((at, text)) = &finding.other {
        diagnostic = diagnostic.at(*at, text.clone());
    }
    diagnostic.help(finding.help.clone())
}

fn is_code(code: &str) -> bool {
    policy::lint::find(code).is_some() || codes::find(code).is_some()
}

fn complain_of_code(code: &str) -> u8 {
    let names: Vec<&str> = LINTS.iter().map(|lint| lint.code).collect();
    let wrong = Diagnostic::error("usage", format!("there is no finding called `{code}`"))
        .help(format!("the lints are {}", names.join(", ")));
    complain(&[wrong], &Sources::default());
    exit::USAGE
}

fn explain(code: &str) -> u8 {
    let text = match (policy::lint::find(code), codes::find(code)) {
        (Some(lint), _) => {
            let level = match lint.level {
                Level::On => "on",
                Level::UnderCodex => "on under `--compat codex`",
                Level::Off => "off; `--deny` asks for it",
            };
            format!("{}: {}\n\n{}\n\nBy default it is {level}.\n", lint.code, lint.meaning, lint.explain)
        }
        (None, Some(known)) => {
            format!("{}: {}\n\nThe loader says so; the file cannot be used as it is.\n", known.id, known.meaning)
        }
        (None, None) => return complain_of_code(code),
    };
    print(&text);
    exit::OK
}

// ------------------------------------------------------------------------------------------------------------ mending

/// Takes the rules out that never decide, file by file, and only where it is proven that no verdict gets milder.
///
/// # Errors
/// A file that cannot be written, or a mend that does not hold.
fn fix(texts: &[File], loaded: &Loaded, told: &[Told]) -> Result<usize, Diagnostic> {
    let mut mended: Vec<File> = texts.to_vec();
    // From the end, so that places before stay what they are.
    let mut spans: Vec<_> = told
        .iter()
        .filter(|one| one.removable)
        .filter_map(|one| one.diagnostic.labels.first())
        .map(|label| label.span)
        .collect();
    spans.sort_by_key(|span| std::cmp::Reverse((span.source, span.start)));
    spans.dedup();
    let mut count = 0;
    for span in spans {
        let Some(file) = mended.get_mut(span.source.0 as usize) else { continue };
        let Ok(text) = &mut file.text else { continue };
        if file.name.starts_with("pack:") {
            continue;
        }
        let (start, end) = (span.start as usize, span.end as usize);
        let line_end = text.get(end..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| end + at + 1);
        let alone = text.get(..start).is_some_and(|before| before.is_empty() || before.ends_with('\n'))
            && text.get(end..line_end).is_some_and(|rest| rest.trim().is_empty() || rest.trim_start().starts_with('#'));
        if alone {
            text.replace_range(start..line_end, "");
            count += 1;
        }
    }
    if count == 0 {
        return Ok(0);
    }
    let after = load(&mended);
    let settings = Settings { world: World::Strict, default: policy::decision::Decision::Prompt };
    let holds = !after.has_errors()
        && diff(&loaded.ruleset, &after.ruleset, settings).is_ok_and(|difference| !difference.goes(Way::Looser));
    if !holds {
        return Err(Diagnostic::error(
            "fix",
            "the mended rules would not be shown to be as strict; nothing was written",
        ));
    }
    for (file, before) in mended.iter().zip(texts) {
        if let (Ok(text), true) = (&file.text, file != before) {
            crate::replace::text(std::path::Path::new(&file.name), text)
                .map_err(|error| Diagnostic::error("fix", format!("`{}` cannot be written: {error}", file.name)))?;
        }
    }
    Ok(count)
}

// ---------------------------------------------------------------------------------------------------------- machines

/// `--format json`.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    /// In the order of their places.
    findings: Vec<FindingAnswer<'a>>,
    /// How many files were looked at.
    files: usize,
    /// How many rules they make.
    rules: usize,
}

#[derive(Debug, Serialize)]
struct FindingAnswer<'a> {
    code: &'a str,
    severity: Severity,
    message: &'a str,
    /// Where; absent where the whole input is meant.
    #[serde(flatten)]
    place: Option<Place>,
    /// A command that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    witness: Option<&'a [String]>,
    /// The way out.
    help: Option<&'a str>,
    /// Other places that it is about.
    others: Vec<Place>,
    /// Whether `--fix` mends it where the rule stands alone on its lines.
    fixable: bool,
}

fn json(told: &[Told], loaded: &Loaded) -> String {
    let findings = told.iter().map(|one| {
        let places: Vec<Place> = one.diagnostic.labels.iter().map(|label| loaded.sources.place(label.span)).collect();
        FindingAnswer {
            code: &one.diagnostic.code,
            severity: one.diagnostic.severity,
            message: &one.diagnostic.message,
            place: places.first().cloned(),
            witness: one.witness.as_deref(),
            help: one.diagnostic.help.as_deref(),
            others: places.into_iter().skip(1).collect(),
            fixable: one.removable,
        }
    });
    let answer = Answer { findings: findings.collect(), files: loaded.sources.len(), rules: loaded.ruleset.len() };
    let mut text = serde_json::to_string_pretty(&answer).unwrap_or_default();
    text.push('\n');
    text
}

/// One item a finding, and one for each file that has none.
fn page(told: &[Told], loaded: &Loaded) -> Page {
    let mut items = Vec::new();
    for source in loaded.sources.iter() {
        let before = items.len();
        for one in told {
            let place = one.diagnostic.labels.first().map(|label| loaded.sources.place(label.span));
            if place.as_ref().is_none_or(|place| place.file != source.name) {
                continue;
            }
            let witness =
                one.witness.iter().map(|words| format!("witness: {}", crate::verdict_text::shell_words(words)));
            let outcome = if one.diagnostic.severity == Severity::Error { Outcome::Fail } else { Outcome::Warning };
            let name = format!("{}: {}", source.name, one.diagnostic.code);
            items.push(Item {
                code: Some(one.diagnostic.code.clone()),
                details: witness.chain(one.diagnostic.help.iter().map(|help| format!("help: {help}"))).collect(),
                place,
                ..Item::told(name, outcome, one.diagnostic.message.clone())
            });
        }
        if items.len() == before {
            items.push(Item::passed(source.name.clone()));
        }
    }
    let of_loader = codes::CODES.iter().map(|code| Kind {
        code: code.id.to_owned(),
        meaning: code.meaning.to_owned(),
        explain: code.meaning.to_owned(),
    });
    let of_lints = LINTS.iter().map(|lint| Kind {
        code: lint.code.to_owned(),
        meaning: lint.meaning.to_owned(),
        explain: lint.explain.to_owned(),
    });
    Page { verb: "lint", items, kinds: of_loader.chain(of_lints).collect(), summary: String::new() }
}
