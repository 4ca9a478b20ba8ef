//! A case: layers, an invocation, releases, and what is expected of them. Files we read reject unknown keys.

use std::collections::BTreeMap;
use std::path::Path;

use policy::diagnostic::Diagnostic;
use policy::requirements::flags::CommandLine;
use policy::requirements::outcome::{Resolution, Said};
use policy::requirements::release::{RELEASES, Release, find};
use policy::requirements::scene::{Document, HOME, Kind, Machine, PROJECT, Scene};
use policy::source::{Place, Source, Sources, Span};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::codex_layers::{client, invocation, read};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Page {
    /// The cases.
    case: Vec<Case>,
}

/// One case.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    /// What it claims.
    #[schemars(with = "String")]
    pub(super) name: Spanned<String>,
    /// The releases it is about; none stands for every one.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    releases: Vec<Spanned<String>>,
    /// `codex exec --sandbox read-only`, word by word.
    #[serde(default)]
    invocation: Vec<String>,
    /// The host name.
    #[serde(default)]
    host: String,
    /// Layers as paths, from the folder of this file.
    #[serde(default)]
    files: Layers,
    /// Layers as texts.
    #[serde(default)]
    texts: Layers,
    /// Keys and the values in force; `starts = "no"` and `failure = CLASS` for one that does not start.
    #[serde(default)]
    expect: BTreeMap<String, String>,
    /// Keys and who declared them: `user_config:2`, layer and line.
    #[serde(default)]
    declared: BTreeMap<String, String>,
    /// Keys and who constrained them.
    #[serde(default)]
    constrained: BTreeMap<String, String>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Layers {
    requirements: Option<String>,
    managed_config: Option<String>,
    system_config: Option<String>,
    user_config: Option<String>,
    project_config: Option<String>,
    cloud_requirements: Option<String>,
    mdm_requirements: Option<String>,
    mdm_config: Option<String>,
}

/// The JSON Schema of a page of cases, from the types that read it.
pub(in crate::commands) fn schema() -> schemars::Schema {
    schemars::schema_for!(Page)
}

impl Layers {
    /// Each layer with its name, its kind, its folder and what was said of it.
    fn rows(&self) -> [(&'static str, Kind, String, Option<&String>); 8] {
        let etc = || "/etc/codex".to_owned();
        [
            ("requirements", Kind::Requirements, etc(), self.requirements.as_ref()),
            ("managed_config", Kind::Managed, etc(), self.managed_config.as_ref()),
            ("system_config", Kind::System, etc(), self.system_config.as_ref()),
            ("user_config", Kind::User, format!("{HOME}/.codex"), self.user_config.as_ref()),
            (
                "project_config",
                Kind::Project(PROJECT.into()),
                format!("{PROJECT}/.codex"),
                self.project_config.as_ref(),
            ),
            ("cloud_requirements", Kind::CloudRequirements, etc(), self.cloud_requirements.as_ref()),
            ("mdm_requirements", Kind::MdmRequirements, etc(), self.mdm_requirements.as_ref()),
            ("mdm_config", Kind::MdmManaged, etc(), self.mdm_config.as_ref()),
        ]
    }
}

/// Whether a file of a directory is one of cases; one that cannot be read is, so that it is told of.
pub(super) fn holds_cases(path: &Path) -> bool {
    let holds = |text: String| text.lines().any(|line| line.trim_start().starts_with("[[case]]"));
    read(path).map_or(true, |text| text.is_some_and(holds))
}

/// Reads a page of cases, each with its place.
///
/// # Errors
/// The first thing that is wrong with it.
pub(super) fn parse(
    name: &str,
    text: String,
    sources: &mut Sources,
    empty: Empty,
) -> Result<Vec<(Case, Place)>, Diagnostic> {
    let source = sources.add(Source { name: name.to_owned(), text: text.clone() });
    let span = |range: std::ops::Range<usize>| Span {
        source,
        start: u32::try_from(range.start).unwrap_or(u32::MAX),
        end: u32::try_from(range.end).unwrap_or(u32::MAX),
    };
    let page: Page = toml::from_str(&text).map_err(|error| {
        Diagnostic::error("case", error.message().trim().to_owned())
            .at(span(error.span().unwrap_or(0..1)), "")
            .help("a page of cases is `[[case]]` with name, releases, invocation, files, texts, expect, declared, constrained")
    })?;
    for case in &page.case {
        for release in &case.releases {
            if find(release.get_ref()).is_none() {
                let known: Vec<&str> = RELEASES.iter().map(|release| release.name).collect();
                return Err(Diagnostic::error("case", format!("`{}` is no known release", release.get_ref()))
                    .at(span(release.span()), "")
                    .help(format!("the releases are {}", known.join(", "))));
            }
        }
        if empty == Empty::Refused && case.expects_nothing() {
            return Err(Diagnostic::error("case", format!("the case `{}` expects nothing", case.name.get_ref()))
                .at(span(case.name.span()), "")
                .help("add `[case.expect]`; a case that cannot fail proves nothing"));
        }
    }
    let place = |case: &Case| sources.place(span(case.name.span()));
    let places: Vec<Place> = page.case.iter().map(place).collect();
    Ok(page.case.into_iter().zip(places).collect())
}

/// What becomes of a case that expects nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Empty {
    /// It proves nothing, and is an error.
    Refused,
    /// It is to be written.
    Awaited,
}

impl Case {
    /// Whether it says nothing that could be otherwise.
    fn expects_nothing(&self) -> bool {
        self.expect.is_empty() && self.declared.is_empty() && self.constrained.is_empty()
    }

    /// The releases it is about.
    pub(super) fn releases(&self) -> Vec<&'static Release> {
        let named = |release: &&Release| self.releases.iter().any(|name| name.get_ref() == release.name);
        RELEASES.iter().filter(|release| self.releases.is_empty() || named(release)).collect()
    }

    /// Its scene: the layers under their names, a user `dev`, a project with a `.git`.
    ///
    /// # Errors
    /// Files that cannot be read; `told` holds what their places point to.
    pub(super) fn scene(&self, folder: &Path, told: &mut Sources) -> Result<Scene, Vec<Diagnostic>> {
        let mut sources = Sources::default();
        let mut documents = Vec::new();
        let mut wrong = Vec::new();
        for (text, layers) in [(false, &self.files), (true, &self.texts)] {
            for (name, kind, at, said) in layers.rows() {
                let Some(said) = said else { continue };
                let text = if text { Ok(Some(said.clone())) } else { read(&folder.join(said)) };
                match text {
                    Ok(Some(_)) if documents.iter().any(|other: &Document| other.kind == kind) => {
                        wrong.push(Diagnostic::error("case", format!("`{name}` is given as a file and as a text")));
                    }
                    Ok(Some(text)) => documents.push(Document::new(&mut sources, kind, name, &at, text)),
                    Ok(None) => wrong.push(
                        Diagnostic::error("read-missing", format!("`{said}` does not exist"))
                            .help("a path counts from the folder of its page"),
                    ),
                    Err(why) => wrong.push(why.placed(told)),
                }
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let (surface, words) = invocation(&self.invocation);
        let line = CommandLine::new(&mut sources, surface, &words);
        let machine = Machine::made_up(&self.host);
        Ok(Scene { sources, documents, machine, line, client: client(surface) })
    }
}

/// One thing that is otherwise than the case expects.
#[derive(Clone, Debug)]
pub(super) struct Difference {
    /// The table of the case: `expect`, `declared` or `constrained`.
    pub(super) table: &'static str,
    /// The key in it.
    pub(super) key: String,
    /// What was found.
    pub(super) found: String,
    /// The whole, in words.
    pub(super) text: String,
}

/// What is otherwise than the case expects.
pub(super) fn differences(case: &Case, resolution: &Resolution, scene: &Scene) -> Vec<Difference> {
    let mut wrong = Vec::new();
    let failure = resolution.effective.as_ref().err();
    let setting = |key: &str| resolution.settings.iter().find(|setting| setting.key == key);
    for (key, expected) in &case.expect {
        let found = observed(resolution, key);
        if found != *expected {
            let why = match failure {
                Some(failure) => {
                    let place =
                        failure.span.map(|span| format!(", at {}", scene.sources.place(span))).unwrap_or_default();
                    format!("Codex does not start: {}{place}", failure.message)
                }
                None => setting(key).map_or_else(String::new, |setting| setting.why.clone()),
            };
            let text = format!("{key}: expected `{expected}`, found `{found}`; {why}");
            wrong.push(Difference { table: "expect", key: key.clone(), found, text });
        }
    }
    let place = |said: Option<&Said>| {
        said.map_or_else(|| "nobody".to_owned(), |said| format!("{}:{}", said.place.file, said.place.line))
    };
    for (table, keys) in [("declared", &case.declared), ("constrained", &case.constrained)] {
        for (key, expected) in keys {
            let said = setting(key).and_then(|one| match table {
                "declared" => one.declared.as_ref(),
                _ => one.constrained.as_ref(),
            });
            let found = place(said);
            if found != *expected {
                let text = format!("{key}: expected to be {table} by `{expected}`, found `{found}`");
                wrong.push(Difference { table, key: key.clone(), found, text });
            }
        }
    }
    if case.expects_nothing() {
        let keys: &[&str] =
            if failure.is_some() { &["starts", "failure"] } else { &["approval_policy", "sandbox_mode", "web_search"] };
        for key in keys {
            let found = observed(resolution, key);
            let text = format!("{key}: nothing is expected, found `{found}`");
            wrong.push(Difference { table: "expect", key: (*key).to_owned(), found, text });
        }
    }
    wrong
}

/// The value in force of a key, as a case writes it.
fn observed(resolution: &Resolution, key: &str) -> String {
    let failure = resolution.effective.as_ref().err();
    match key {
        "starts" => if failure.is_none() { "yes" } else { "no" }.to_owned(),
        "failure" => failure.map_or("none", |failure| failure.class).to_owned(),
        key => {
            let setting = resolution.settings.iter().find(|setting| setting.key == key);
            setting.map_or_else(|| "nothing".to_owned(), |setting| setting.value.clone())
        }
    }
}
