//! `palisade requirements explain`: gather the layers, resolve them, show each value with its provenance.

use std::borrow::Cow;

use policy::diagnostic::Diagnostic;
use policy::requirements::failure::Failure;
use policy::requirements::flags::Surface;
use policy::requirements::outcome::{How, Resolution, Said, Setting};
use policy::requirements::permissions::CIRCLE;
use policy::requirements::release::RELEASES;
use policy::requirements::resolve::resolve;
use policy::requirements::scene::{Kind, Scene};
use policy::source::Place;
use serde::Serialize;

use super::super::sandbox::{complain, print, say};
use crate::cli::{AnswerFormat, ExplainArgs};
use crate::codex_layers;
use crate::exit;

#[derive(Serialize)]
struct Answer<'a> {
    codex_version: &'static str,
    starts: bool,
    failure: Option<Refused<'a>>,
    settings: &'a [Setting],
    warnings: &'a [policy::requirements::warning::Warning],
    disabled_layers: Vec<Disabled<'a>>,
}

#[derive(Serialize)]
struct Refused<'a> {
    class: &'static str,
    message: &'a str,
    place: Option<Place>,
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct Disabled<'a> {
    folder: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct Report<'a> {
    files: Vec<&'a str>,
    unknown: Vec<String>,
    answers: Vec<Answer<'a>>,
}

/// Prints the answer; 0 when Codex starts, 1 when it does not, 2 for what cannot be read.
pub(super) fn run(args: &ExplainArgs) -> u8 {
    let scene = match codex_layers::gather(&args.machine, &args.files, &args.invocation) {
        Ok(scene) => scene,
        Err(wrong) => {
            complain(&wrong.found, &wrong.sources);
            return exit::USAGE;
        }
    };
    let resolutions: Vec<Resolution> = RELEASES
        .iter()
        .filter(|release| args.all_versions || release.ordinal == args.codex_version.ordinal)
        .map(|release| resolve(&scene, release))
        .collect();
    let report = report(&scene, &resolutions);
    match args.format {
        AnswerFormat::Json => {
            let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
            text.push('\n');
            print(&text);
        }
        AnswerFormat::Text => {
            let mut text = if let [one] = resolutions.as_slice() { table(one) } else { side_by_side(&resolutions) };
            for unknown in &report.unknown {
                text.push_str(&format!("unknown: {unknown}\n"));
            }
            print(&text);
        }
    }
    for resolution in &resolutions {
        if let Err(failure) = &resolution.effective {
            complain(&[of_failure(failure, resolution.release)], &scene.sources);
        }
    }
    if resolutions.iter().any(|one| one.effective.is_err()) && scene.line.surface == Surface::AppServer {
        say("an app server may stay up with a warning and defaults all the same; it starts no thread");
    }
    status(&resolutions)
}

fn status(resolutions: &[Resolution]) -> u8 {
    let failures: Vec<&Failure> = resolutions.iter().filter_map(|one| one.effective.as_ref().err()).collect();
    if failures.is_empty() {
        exit::OK
    } else if failures.len() == resolutions.len() && failures.iter().all(|failure| unreadable(failure)) {
        exit::USAGE
    } else {
        exit::FINDINGS
    }
}

/// Whether a failure is one of the input itself: syntax, types, flags, profiles without an end.
fn unreadable(failure: &Failure) -> bool {
    let class = failure.class;
    let kind = ["_syntax", "_schema", "_invalid"].iter().any(|end| class.ends_with(end));
    kind || class.starts_with("cli_") || failure.message.starts_with(CIRCLE)
}

fn of_failure(failure: &Failure, release: &str) -> Diagnostic {
    let diagnostic = failure.diagnostic();
    Diagnostic { message: format!("Codex {release} does not start: {}", diagnostic.message), ..diagnostic }
}

fn report<'a>(scene: &'a Scene, resolutions: &'a [Resolution]) -> Report<'a> {
    let name = |document: &policy::requirements::scene::Document| {
        scene.sources.get(document.source).map_or("", |source| source.name.as_str())
    };
    let has = |kind: &Kind| scene.documents.iter().any(|document| document.kind == *kind);
    let mut unknown = Vec::new();
    if !has(&Kind::CloudRequirements) {
        unknown.push("requirements from the cloud, for a company's login (`--cloud-requirements FILE`)".into());
    }
    if !has(&Kind::MdmRequirements) && !has(&Kind::MdmManaged) {
        unknown.push("managed preferences, on macOS (`--mdm-requirements FILE`, `--mdm-config FILE`)".into());
    }
    let answer = |resolution: &'a Resolution| Answer {
        codex_version: resolution.release,
        starts: resolution.effective.is_ok(),
        failure: resolution.effective.as_ref().err().map(|failure| Refused {
            class: failure.class,
            message: &failure.message,
            place: failure.span.map(|span| scene.sources.place(span)),
            help: failure.help.as_deref(),
        }),
        settings: &resolution.settings,
        warnings: &resolution.warnings,
        disabled_layers: disabled(resolution),
    };
    Report {
        files: scene.documents.iter().map(name).collect(),
        unknown,
        answers: resolutions.iter().map(answer).collect(),
    }
}

fn disabled(resolution: &Resolution) -> Vec<Disabled<'_>> {
    let of = |layer: &'_ policy::requirements::layers::Layer| layer.disabled.is_some();
    resolution
        .layers
        .layers
        .iter()
        .filter(|layer| of(layer))
        .filter_map(|layer| match (&layer.document, &layer.disabled) {
            (Some(Kind::Project(folder)), Some(why)) => Some(Disabled { folder, why }),
            _ => None,
        })
        .collect()
}

const fn how(setting: &Setting) -> &'static str {
    match setting.how {
        How::Default => "default",
        How::AsDeclared => "as declared",
        How::Constrained => "constrained",
        How::Ignored => "ignored",
    }
}

/// How much of a value is shown to people; a list may be megabytes, and JSON has all of it.
const SHOWN: usize = 400;

/// A value as people see it.
fn shown(value: &str) -> Cow<'_, str> {
    if value.len() <= SHOWN {
        return value.into();
    }
    let part = value.get(..value.floor_char_boundary(SHOWN)).unwrap_or_default();
    format!("{part}… ({} bytes in all)", value.len()).into()
}

fn table(resolution: &Resolution) -> String {
    let mut out = format!("Codex {}\n\n", resolution.release);
    let width = |of: fn(&Setting) -> usize| resolution.settings.iter().map(of).max().unwrap_or(0);
    let (key, value) = (width(|one| one.key.chars().count()), width(|one| one.value.chars().count()).min(32));
    for setting in &resolution.settings {
        out.push_str(&format!("{:key$}  {:value$}  {}\n", setting.key, shown(&setting.value), how(setting)));
        let said = |word: &str, said: &Said| {
            format!("{:key$}    {word} `{}` by {}: {}\n", "", shown(&said.value), said.layer, said.place)
        };
        if let Some(declared) = &setting.declared {
            out.push_str(&said("declared", declared));
        }
        if let Some(constrained) = &setting.constrained {
            out.push_str(&said("required", constrained));
        }
        out.push_str(&format!("{:key$}    {}\n", "", setting.why));
    }
    tail(&mut out, resolution);
    out
}

/// How many warnings are shown to people one by one.
const WARNINGS: usize = 200;

fn tail(out: &mut String, resolution: &Resolution) {
    for layer in disabled(resolution) {
        out.push_str(&format!("not loaded: {}/.codex: {}\n", layer.folder, layer.why));
    }
    let (first, rest) = resolution.warnings.split_at(resolution.warnings.len().min(WARNINGS));
    for warning in first {
        out.push_str(&format!("Codex warns: {}\n", shown(&warning.to_string())));
    }
    if !rest.is_empty() {
        out.push_str(&format!("Codex warns {} times more\n", rest.len()));
    }
}

fn side_by_side(resolutions: &[Resolution]) -> String {
    let mut keys: Vec<&str> = Vec::new();
    for setting in resolutions.iter().flat_map(|one| &one.settings) {
        if !keys.contains(&setting.key.as_str()) {
            keys.push(&setting.key);
        }
    }
    let cell = |resolution: &Resolution, key: &str| match (&resolution.effective, find(resolution, key)) {
        (Err(_), _) => "does not start".to_owned(),
        (Ok(_), Some(setting)) if matches!(setting.how, How::Constrained | How::Ignored) => {
            format!("{} ({})", shown(&setting.value), how(setting))
        }
        (Ok(_), Some(setting)) => shown(&setting.value).into_owned(),
        (Ok(_), None) => "-".to_owned(),
    };
    let mut rows = vec![
        std::iter::once(String::new()).chain(resolutions.iter().map(|one| one.release.to_owned())).collect::<Vec<_>>(),
    ];
    if keys.is_empty() {
        rows.push(
            std::iter::once("start".to_owned()).chain(resolutions.iter().map(|_| "does not start".into())).collect(),
        );
    }
    for key in keys {
        rows.push(std::iter::once(key.to_owned()).chain(resolutions.iter().map(|one| cell(one, key))).collect());
    }
    let columns = resolutions.len() + 1;
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|text| text.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        let line: Vec<String> = row.iter().zip(&widths).map(|(text, width)| format!("{text:width$}")).collect();
        let differs = row.get(1..).is_some_and(|cells| cells.windows(2).any(|pair| pair.first() != pair.get(1)));
        let mark = if differs && row.first().is_some_and(|key| !key.is_empty()) { "  <- differs" } else { "" };
        out.push_str(&format!("{}{mark}\n", line.join("  ").trim_end()));
    }
    out
}

fn find<'a>(resolution: &'a Resolution, key: &str) -> Option<&'a Setting> {
    resolution.settings.iter().find(|setting| setting.key == key)
}
