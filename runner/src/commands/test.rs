//! `palisade test`: rule files and case files as unit tests, with coverage of rules.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use policy::cases::{self, Case, CaseFile, Coverage, Wanted, What};
use policy::decision::Decision;
use policy::diagnostic::Diagnostic;
use policy::load::{Banned, File, Language, Loaded};
use policy::source::{Place, Source, Sources};
use policy::tree::Tree;
use policy::verdict::Reason;
use serde::Serialize;

use super::sandbox::{complain, print};
use super::watch::watch;
use crate::cli::{ReportFormat, TestArgs};
use crate::report::{self, Item, Outcome, Page};
use crate::verdict_text::shell_words;
use crate::{exit, files, wall};

/// How the names of case files end.
const CASES: &str = ".cases.toml";

/// Rules, and the cases that are about them.
struct Suite {
    rules: Vec<PathBuf>,
    cases: Option<(Source, CaseFile)>,
}

/// One case that was judged.
#[derive(Debug, Serialize)]
struct Judged {
    /// What was judged, as it would be typed.
    name: String,
    passed: bool,
    /// Where the case is.
    #[serde(flatten)]
    place: Place,
    expected: Decision,
    /// The rule the case names.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_rule: Option<String>,
    got: Decision,
    /// The rules that decided.
    rules: Vec<Place>,
    /// What else decided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    because: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Everything that was tested.
#[derive(Default)]
struct Tested {
    cases: Vec<Judged>,
    /// How many examples in rules held.
    examples: usize,
    /// Examples that did not, with the texts they are in.
    broken: Vec<(Diagnostic, Place)>,
    coverage: Coverage,
}

/// Tests what is named, once or after each change, and prints how it went.
pub(super) fn main(args: &TestArgs) -> u8 {
    if args.watch {
        return watch(|| watched(&args.paths), || _ = once(args));
    }
    once(args)
}

/// The files that the answer hangs on.
fn watched(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for path in paths {
        // What is not there yet may come, beside a file too.
        let folder = if path.is_dir() { Some(path.as_path()) } else { path.parent() };
        let folder = folder.map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
        let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten();
        let found = entries.filter_map(Result::ok).map(|entry| entry.path());
        all.extend(found.filter(|found| is_case_file(found) || is_rule_file(found)));
        all.push(path.clone());
    }
    for suite in suites(paths).unwrap_or_default() {
        all.extend(suite.rules);
    }
    all.retain(|path| !path.is_dir());
    all.sort();
    all.dedup();
    all
}

fn once(args: &TestArgs) -> u8 {
    let mut tested = Tested::default();
    let suites = match suites(&args.paths) {
        Ok(suites) => suites,
        Err(Wrong(found, sources)) => {
            complain(&found, &sources);
            return exit::USAGE;
        }
    };
    let banned = super::banned(args.accept_banned);
    let mut seen = BTreeSet::new();
    for suite in &suites {
        if let Err(Wrong(found, sources)) = test(suite, banned, &mut seen, &mut tested) {
            complain(&found, &sources);
            return exit::USAGE;
        }
    }
    if tested.coverage.rules() == 0 && tested.broken.is_empty() {
        let wrong =
            Diagnostic::error("no-rules", "there is no rule to test").help("name rule files, or directories of them");
        complain(&[wrong], &Sources::default());
        return exit::USAGE;
    }
    let too_little = args.coverage_min.filter(|wanted| tested.coverage.percent() < usize::from(*wanted));
    print(&match args.format {
        ReportFormat::Text => text(&tested, args, too_little),
        ReportFormat::Json => json(&tested, too_little),
        ReportFormat::Ci(format) => report::written(&page(&tested, too_little), format),
    });
    let failed = tested.cases.iter().any(|case| !case.passed) || !tested.broken.is_empty() || too_little.is_some();
    if failed { exit::FINDINGS } else { exit::OK }
}

/// What keeps the tests from being run.
struct Wrong(Vec<Diagnostic>, Sources);

fn is_case_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(CASES))
}

/// The rule file of the same name beside a case file, and the other way round.
fn beside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let other = match name.strip_suffix(CASES) {
        Some(stem) => format!("{stem}.rules"),
        None => format!("{}{CASES}", name.strip_suffix(".rules")?),
    };
    Some(path.with_file_name(other)).filter(|other| other.is_file())
}

/// What there is to test below the paths named.
fn suites(paths: &[PathBuf]) -> Result<Vec<Suite>, Wrong> {
    let mut suites = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|error| unread(path, &error))?;
            let mut files: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
            files.retain(|path| path.is_file() && (is_case_file(path) || is_rule_file(path)));
            files.sort();
            if files.is_empty() {
                let wrong = Diagnostic::error("no-rules", format!("directory `{}` has no rule files", path.display()));
                return Err(Wrong(
                    vec![wrong.help("rule files end in `.rules`, case files in `.cases.toml`")],
                    Sources::default(),
                ));
            }
            for file in files {
                // Rules with cases beside them are tested with those.
                if is_case_file(&file) || beside(&file).is_none() {
                    suites.push(suite(&file)?);
                }
            }
        } else {
            suites.push(suite(path)?);
        }
    }
    // Named by its rules and by its cases, a suite is still one.
    let mut seen = BTreeSet::new();
    suites.retain(|suite: &Suite| {
        let cases = suite.cases.as_ref().map(|(source, _)| source.name.clone());
        cases.is_none() || seen.insert((suite.rules.clone(), cases))
    });
    Ok(suites)
}

fn is_rule_file(path: &Path) -> bool {
    path.extension().is_some_and(|kind| kind == "rules")
}

fn suite(path: &Path) -> Result<Suite, Wrong> {
    let case_file = if is_case_file(path) { Some(path.to_owned()) } else { beside(path) };
    let Some(case_file) = case_file else { return Ok(Suite { rules: vec![path.to_owned()], cases: None }) };
    let text = files::read(&case_file).text.map_err(|wrong| Wrong(vec![wrong], Sources::default()))?;
    let source = Source { name: case_file.display().to_string(), text };
    let mut sources = Sources::default();
    let id = sources.add(source.clone());
    let cases = cases::parse(&sources, id).map_err(|found| Wrong(found, sources))?;
    let folder = case_file.parent().unwrap_or_else(|| Path::new(""));
    let rules = match (&cases.rules, is_case_file(path)) {
        (_, false) => vec![path.to_owned()],
        (Some(names), true) => names.iter().map(|(name, _)| folder.join(name)).collect(),
        (None, true) => {
            let all = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            vec![beside(&case_file).unwrap_or_else(|| all.to_owned())]
        }
    };
    Ok(Suite { rules, cases: Some((source, cases)) })
}

fn unread(path: &Path, error: &std::io::Error) -> Wrong {
    let wrong = Diagnostic::error("read-other", format!("cannot list `{}`: {error}", path.display()));
    Wrong(vec![wrong], Sources::default())
}

/// Loads the rules of a suite, which tries their examples, and judges its cases.
fn test(suite: &Suite, banned: Banned, seen: &mut BTreeSet<PathBuf>, tested: &mut Tested) -> Result<(), Wrong> {
    let mut texts: Vec<File> = Vec::new();
    for path in &suite.rules {
        texts.extend(files::texts(path).map_err(|wrong| Wrong(vec![wrong], Sources::default()))?);
    }
    let new = suite.rules.iter().filter(|path| seen.insert((*path).clone())).count() > 0;
    let cwd = std::env::current_dir().ok().and_then(|cwd| cwd.to_str().map(str::to_owned));
    let home = std::env::var("HOME").ok();
    let loaded = wall::load(texts, Language::Extended, banned, cwd.as_deref().unwrap_or("/"), home.as_deref());
    if loaded.has_errors() {
        let of_example = |found: &Diagnostic| matches!(found.code.as_str(), "example-matched" | "example-unmatched");
        if !loaded.diagnostics.iter().all(of_example) {
            return Err(Wrong(loaded.diagnostics, loaded.sources));
        }
        if new {
            let place = |found: &Diagnostic| {
                let at = found.labels.first().map(|label| loaded.sources.place(label.span));
                at.unwrap_or(Place { file: "?".into(), line: 1, column: 1 })
            };
            tested.broken.extend(loaded.diagnostics.iter().map(|found| (found.clone(), place(found))));
        }
        // Rules that do not load decide nothing, here as elsewhere.
        return Ok(());
    }
    if new {
        let count = |examples: &policy::example::Examples| examples.matching.len() + examples.not_matching.len();
        tested.examples += loaded.examples.iter().map(count).sum::<usize>();
    }
    tested.coverage.add(&loaded.ruleset, &loaded.sources);
    let Some((source, file)) = &suite.cases else { return Ok(()) };
    let mut case_sources = Sources::default();
    case_sources.add(source.clone());
    for case in &file.cases {
        let outcome = cases::run(&loaded.ruleset, &loaded.sources, case, file.default);
        tested.coverage.mark(&loaded.ruleset, &loaded.sources, &outcome.tree);
        tested.cases.push(judged(case, &outcome, &loaded, case_sources.place(case.at)));
    }
    Ok(())
}

fn judged(case: &Case, outcome: &cases::Outcome, loaded: &Loaded, place: Place) -> Judged {
    let places = outcome.deciding.iter().filter_map(|id| loaded.ruleset.rule(*id)?.at());
    Judged {
        name: match &case.what {
            What::Command(words) => shell_words(words),
            What::Script(text) => text.trim().replace('\n', "; "),
        },
        passed: outcome.passed,
        place,
        expected: case.decision,
        expected_rule: case.rule.as_ref().map(|wanted| match wanted {
            Wanted::Default => "default".to_owned(),
            Wanted::Place { file, line } => format!("{file}:{line}"),
            Wanted::Words(words) => shell_words(words),
        }),
        got: outcome.decision,
        rules: places.map(|at| loaded.sources.place(at)).collect(),
        because: doubts(&outcome.tree, outcome.decision),
        note: case.note.clone(),
    }
}

/// What decided besides rules, in words.
fn doubts(tree: &Tree, decision: Decision) -> Vec<String> {
    let reasons = tree.deciding().flat_map(|node| node.verdict.because());
    let mut all: Vec<String> = reasons
        .filter(|reason| reason.decision() == decision)
        .filter_map(|reason| match reason {
            Reason::NoRule { .. } => Some("no rule; the default".to_owned()),
            Reason::Opaque { what, .. } | Reason::Executes { what } => Some(what.clone()),
            _ => None,
        })
        .collect();
    all.dedup();
    all
}

impl Judged {
    fn expectation(&self) -> String {
        let rule = self.expected_rule.as_ref().map(|rule| format!(" by `{rule}`")).unwrap_or_default();
        format!("expected {}{rule}", self.expected)
    }

    fn answer(&self) -> String {
        let why: Vec<String> = self.rules.iter().map(ToString::to_string).chain(self.because.iter().cloned()).collect();
        let why = if why.is_empty() { String::new() } else { format!(" by {}", why.join(", ")) };
        format!("got {}{why}", self.got)
    }
}

fn too_little_text(tested: &Tested, wanted: u8) -> String {
    format!("{} % of the rules decided about a case, and {wanted} % are asked for", tested.coverage.percent())
}

// -------------------------------------------------------------------------------------------------------- for people

fn text(tested: &Tested, args: &TestArgs, too_little: Option<u8>) -> String {
    let mut out = String::new();
    for (found, place) in &tested.broken {
        out.push_str(&format!("fail  {place}\n  {}\n\n", found.message));
    }
    for case in tested.cases.iter().filter(|case| !case.passed) {
        out.push_str(&format!("fail  {}  {}\n  {}\n  {}\n", case.place, case.name, case.expectation(), case.answer()));
        if let Some(note) = &case.note {
            out.push_str(&format!("  note: {note}\n"));
        }
        out.push('\n');
    }
    if args.coverage || too_little.is_some() {
        let (alternatives, had) = tested.coverage.alternatives();
        for row in tested.coverage.rows() {
            if !row.decided {
                out.push_str(&format!("never decided: {}  {}\n", row.place, row.pattern));
            } else if args.coverage && !row.missing.is_empty() {
                let missing: Vec<&str> = row.missing.iter().map(String::as_str).collect();
                out.push_str(&format!("never had: {}  {}\n", row.place, missing.join(", ")));
            }
        }
        out.push_str(&format!(
            "coverage: {} of {} rules ({} %), {had} of {alternatives} alternatives\n",
            tested.coverage.decided(),
            tested.coverage.rules(),
            tested.coverage.percent()
        ));
    }
    if let Some(wanted) = too_little {
        out.push_str(&format!("fail  {}\n", too_little_text(tested, wanted)));
    }
    let failed = tested.cases.iter().filter(|case| !case.passed).count();
    out.push_str(&format!(
        "{} cases passed, {failed} failed; {} examples held, {} rules have one that did not\n",
        tested.cases.len() - failed,
        tested.examples,
        tested.broken.len()
    ));
    out
}

// ------------------------------------------------------------------------------------------------------ for machines

/// `--format json`.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    passed: bool,
    cases: &'a [Judged],
    /// Examples in rules that held.
    examples: usize,
    /// Rules with an example that did not.
    broken: Vec<BrokenAnswer<'a>>,
    coverage: CoverageAnswer<'a>,
}

#[derive(Debug, Serialize)]
struct BrokenAnswer<'a> {
    #[serde(flatten)]
    place: &'a Place,
    code: &'a str,
    message: &'a str,
}

#[derive(Debug, Serialize)]
struct CoverageAnswer<'a> {
    rules: usize,
    decided: usize,
    /// Rounded down.
    percent: usize,
    alternatives: usize,
    alternatives_had: usize,
    /// Rules that decided about no case, or have an alternative that no case has.
    open: Vec<RowAnswer<'a>>,
}

#[derive(Debug, Serialize)]
struct RowAnswer<'a> {
    #[serde(flatten)]
    place: &'a Place,
    pattern: &'a str,
    decided: bool,
    missing: &'a BTreeSet<String>,
}

fn json(tested: &Tested, too_little: Option<u8>) -> String {
    let (alternatives, alternatives_had) = tested.coverage.alternatives();
    let rows = tested.coverage.rows().filter(|row| !row.decided || !row.missing.is_empty());
    let answer = Answer {
        passed: tested.cases.iter().all(|case| case.passed) && tested.broken.is_empty() && too_little.is_none(),
        cases: &tested.cases,
        examples: tested.examples,
        broken: tested
            .broken
            .iter()
            .map(|(found, place)| BrokenAnswer { place, code: &found.code, message: &found.message })
            .collect(),
        coverage: CoverageAnswer {
            rules: tested.coverage.rules(),
            decided: tested.coverage.decided(),
            percent: tested.coverage.percent(),
            alternatives,
            alternatives_had,
            open: rows
                .map(|row| RowAnswer {
                    place: &row.place,
                    pattern: &row.pattern,
                    decided: row.decided,
                    missing: &row.missing,
                })
                .collect(),
        },
    };
    let mut text = serde_json::to_string_pretty(&answer).unwrap_or_default();
    text.push('\n');
    text
}

fn page(tested: &Tested, too_little: Option<u8>) -> Page {
    let mut items: Vec<Item> = tested
        .cases
        .iter()
        .map(|case| {
            let name = format!("{}: {}", case.place.file, case.name);
            let item = if case.passed {
                Item::passed(name)
            } else {
                Item::told(name, Outcome::Fail, format!("{}, {}", case.expectation(), case.answer()))
            };
            Item { details: case.note.iter().cloned().collect(), place: Some(case.place.clone()), ..item }
        })
        .collect();
    items.extend(tested.broken.iter().map(|(found, place)| Item {
        code: Some(found.code.clone()),
        details: found.help.iter().cloned().collect(),
        place: Some(place.clone()),
        ..Item::told(format!("{place}: examples"), Outcome::Fail, found.message.clone())
    }));
    if let Some(wanted) = too_little {
        items.push(Item::told("coverage".into(), Outcome::Fail, too_little_text(tested, wanted)));
    }
    Page { verb: "test", items, kinds: Vec::new(), summary: String::new() }
}
