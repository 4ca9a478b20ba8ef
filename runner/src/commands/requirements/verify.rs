//! `palisade requirements verify`: the truth test. The machine's own layers and made-up ones, put to a real Codex and to the
//! resolver.

use std::num::NonZero;
use std::path::{Path, PathBuf};

use policy::diagnostic::Diagnostic;
use policy::requirements::combinations::combination;
use policy::requirements::flags::Surface;
use policy::requirements::release::{self, RELEASES, find};
use policy::requirements::scene::{Kind, Scene};
use policy::requirements::shown::Way;
use policy::source::Sources;
use serde_json::json;

use super::super::sandbox::{complain, print};
use crate::backend::linux::bwrap;
use crate::cli::{ReportFormat, RequirementsVerifyArgs};
use crate::codex::binary;
use crate::codex::invocation::Release;
use crate::codex_layers;
use crate::exit;
use crate::refused::Refused;
use crate::report::{Item, Outcome, Page, written};
use crate::truth::{self, Answer, Codex, Question};

/// Asks and compares; 0 without a difference, 1 with one, 2 where Codex cannot be asked.
pub(super) fn run(args: &RequirementsVerifyArgs) -> u8 {
    match verify(args) {
        Ok(status) => status,
        Err(wrong) => {
            complain(&wrong.found, &wrong.sources);
            exit::USAGE
        }
    }
}

fn verify(args: &RequirementsVerifyArgs) -> Result<u8, Refused> {
    // What cannot be read is told before anybody is asked.
    let gather = || codex_layers::gather(&args.machine, &args.files, &args.invocation);
    let scene = if args.only_generated { None } else { Some(gather()?) };
    let bwrap = bwrap::trusted().map_err(|error| {
        Diagnostic::error("no-bubblewrap", format!("Codex is asked in a room of bubblewrap's: {error}"))
            .help("install the package `bubblewrap`")
    })?;
    let (codex, release) = subject(args, &bwrap)?;
    let mut questions = Vec::new();
    let mut unasked = Vec::new();
    if let Some(scene) = &scene {
        for document in &scene.documents {
            if matches!(document.kind, Kind::CloudRequirements | Kind::MdmRequirements | Kind::MdmManaged) {
                let name = scene.sources.get(document.source).map_or("", |source| source.name.as_str());
                unasked.push(format!("`{name}`: clouds and managed preferences cannot be put to a Codex on Linux"));
            }
        }
        questions.extend(of_machine(scene, !args.invocation.is_empty(), release));
    }
    for seed in args.seed..args.seed.saturating_add(args.generate) {
        let made = combination(seed, release);
        let name = format!("combination {seed} ({})", word(&made.way));
        questions.push(Question { name, scene: made.scene(), way: made.way });
    }
    if questions.is_empty() {
        return Err(Diagnostic::error("usage", "there is nothing to ask").help("give `--generate N`").into());
    }
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let answers = truth::verify(&codex, &bwrap, release, &questions, args.at_once.unwrap_or(processors));
    print(&match args.format {
        ReportFormat::Text => text(&questions, &answers, release, &unasked),
        ReportFormat::Json => json(&questions, &answers, release, &unasked),
        ReportFormat::Ci(format) => written(&page(&questions, &answers), format),
    });
    Ok(if answers.iter().any(|answer| answer.unasked.is_some()) {
        exit::USAGE
    } else if answers.iter().any(|answer| !answer.differences.is_empty()) {
        exit::FINDINGS
    } else {
        exit::OK
    })
}

/// The Codex that is asked, and the release that it is.
fn subject(args: &RequirementsVerifyArgs, bwrap: &Path) -> Result<(Codex, &'static release::Release), Diagnostic> {
    let bad = |why: String| {
        Diagnostic::error("codex", why).help("name a Codex that is installed: `--codex PATH`, the program itself")
    };
    let path: PathBuf = match &args.codex {
        Some(path) => path.clone(),
        None => binary::on(&std::env::var_os("PATH").unwrap_or_default())
            .ok_or_else(|| bad("there is no `codex` on PATH".into()))?,
    };
    let codex = truth::find(&path).map_err(bad)?;
    let said = truth::version(&codex, bwrap).map_err(bad)?;
    let number = Release::read(&said).map(|number| number.to_string()).ok_or_else(|| {
        let first = said.lines().next().unwrap_or_default();
        bad(format!("`{} --version` says `{first}`, which is no version of Codex", path.display()))
    })?;
    let release = find(&number).ok_or_else(|| {
        let known: Vec<&str> = RELEASES.iter().map(|known| known.name).collect();
        Diagnostic::error("codex", format!("`{}` is Codex {number}, which is not modelled", path.display()))
            .help(format!("the releases are {}", known.join(", ")))
    })?;
    Ok((codex, release))
}

const fn word(way: &Way) -> &'static str {
    match way {
        Way::Session => "session",
        Way::Exec => "exec",
        Way::Screen => "screen",
        Way::Servers => "MCP servers",
        Way::Features(_) => "features",
        Way::Turn(_) => "turn",
    }
}

/// The ways in which a machine is asked: that of the invocation, or every one.
fn of_machine(scene: &Scene, invoked: bool, release: &release::Release) -> Vec<Question> {
    let names = policy::requirements::features::names(release).map(str::to_owned).collect();
    let ways = match (invoked, scene.line.surface) {
        (true, Surface::Exec) => vec![Way::Exec],
        (true, Surface::Interactive) => vec![Way::Screen],
        (true, Surface::AppServer) => vec![Way::Session],
        (false, _) => vec![Way::Session, Way::Exec, Way::Screen, Way::Servers, Way::Features(names)],
    };
    let one = |way: Way| {
        let mut scene = in_room(scene);
        scene.line.surface = match way {
            Way::Exec | Way::Turn(_) => Surface::Exec,
            Way::Screen => Surface::Interactive,
            _ => Surface::AppServer,
        };
        scene.client = (way == Way::Session).then(Default::default);
        Question { name: format!("this machine ({})", word(&way)), scene, way }
    };
    ways.into_iter().map(one).collect()
}

/// The same scene with every document under the name that it has in the room, and without those that cannot be there.
fn in_room(scene: &Scene) -> Scene {
    let mut named = Scene { sources: Sources::default(), ..scene.clone() };
    // No other file of the machine is there.
    named.machine.catalogs = Some(Default::default());
    for (at, source) in scene.sources.iter().enumerate() {
        let document = scene.documents.iter().find(|document| document.source.0 as usize == at);
        let name = document.map_or_else(
            || source.name.clone(),
            |document| {
                let file = match &document.kind {
                    Kind::Requirements | Kind::CloudRequirements | Kind::MdmRequirements => {
                        "requirements.toml".to_owned()
                    }
                    Kind::Managed | Kind::MdmManaged => "managed_config.toml".to_owned(),
                    Kind::System | Kind::User | Kind::Project(_) => "config.toml".to_owned(),
                    Kind::Profile(name) => format!("{name}.config.toml"),
                };
                format!("{}/{file}", document.folder)
            },
        );
        named.sources.add(policy::source::Source { name, text: source.text.clone() });
    }
    named.documents.retain(|document| {
        !matches!(document.kind, Kind::CloudRequirements | Kind::MdmRequirements | Kind::MdmManaged)
    });
    named
}

fn text(questions: &[Question], answers: &[Answer], release: &release::Release, unasked: &[String]) -> String {
    let mut out = String::new();
    for (question, answer) in questions.iter().zip(answers) {
        if let Some(why) = &answer.unasked {
            out.push_str(&format!("{}: not asked: {why}\n", question.name));
        }
        if answer.differences.is_empty() {
            continue;
        }
        out.push_str(&format!("{}: {}\n", question.name, line(question)));
        for one in &answer.differences {
            out.push_str(&format!("  {}\n    codex     {}\n    palisade  {}\n", one.key, one.codex, one.palisade));
        }
        for document in &question.scene.documents {
            let Some(source) = question.scene.sources.get(document.source) else { continue };
            out.push_str(&format!("  {}\n", source.name));
            for line in source.text.lines() {
                out.push_str(&format!("    {line}\n"));
            }
        }
    }
    for why in unasked {
        out.push_str(&format!("left out: {why}\n"));
    }
    let keys: usize = answers.iter().map(|answer| answer.keys).sum();
    let differ = answers.iter().filter(|answer| !answer.differences.is_empty()).count();
    out.push_str(&format!(
        "Codex {}: {} questions, {keys} keys compared, {differ} differ, {} not asked\n",
        release.name,
        answers.len(),
        answers.iter().filter(|answer| answer.unasked.is_some()).count(),
    ));
    out
}

/// The invocation and what a client adds.
fn line(question: &Question) -> String {
    let of = |id| question.scene.sources.get(id).map_or("", |source| source.text.as_str());
    let mut text = of(question.scene.line.source).to_owned();
    let client = question.scene.client.iter().flat_map(|client| {
        [("approvalPolicy", &client.approval), ("sandbox", &client.sandbox), ("approvalsReviewer", &client.reviewer)]
    });
    for (name, typed) in client {
        if let Some(typed) = typed {
            text.push_str(&format!(", {name} = {}", typed.value));
        }
    }
    text
}

fn json(questions: &[Question], answers: &[Answer], release: &release::Release, unasked: &[String]) -> String {
    let one = |(question, answer): (&Question, &Answer)| {
        json!({
            "name": question.name,
            "invocation": line(question),
            "keys": answer.keys,
            "differences": answer.differences,
            "not_asked": answer.unasked,
        })
    };
    let all: Vec<_> = questions.iter().zip(answers).map(one).collect();
    let page = json!({ "codex_version": release.name, "questions": all, "left_out": unasked });
    format!("{}\n", serde_json::to_string_pretty(&page).unwrap_or_default())
}

fn page(questions: &[Question], answers: &[Answer]) -> Page {
    let item = |(question, answer): (&Question, &Answer)| {
        let name = format!("{}: {}", question.name, line(question));
        if let Some(why) = &answer.unasked {
            return Item::told(name, Outcome::Error, format!("not asked: {why}"));
        }
        let told = |one: &truth::Difference| format!("{}: codex {}, palisade {}", one.key, one.codex, one.palisade);
        match answer.differences.split_first() {
            None => Item::passed(name),
            Some((first, rest)) => {
                let mut item = Item::told(name, Outcome::Fail, told(first));
                item.details.extend(rest.iter().map(told));
                item
            }
        }
    };
    let items = questions.iter().zip(answers).map(item).collect();
    Page { verb: "requirements verify", items, kinds: Vec::new(), summary: String::new() }
}
