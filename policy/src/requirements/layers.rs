//! The layers of ordinary config: their order, which project folders are trusted, and what they give when merged.

use super::demands;
use super::failure::Failure;
use super::flags::Flags;
use super::keys::PATHS;
use super::release::Release;
use super::scene::{Document, Kind, Scene, absolute};
use super::value::{Node, Table, Value, at, merge, put};
use super::warning::Warning;
use crate::source::Span;

/// What a client has asked of an app server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    /// Nothing: the server loads its config for itself.
    None,
    /// A thread; its parameters are layers and flags.
    Asked,
    /// A thread that may write, in a project without a trust decision: Codex writes the trust down, and loads once more.
    Trusts,
}

/// A layer of config.
#[derive(Clone, Debug)]
pub struct Layer {
    /// What it is called in Codex's own answers.
    pub kind: &'static str,
    /// Its file, or nothing for flags and clients.
    pub document: Option<Kind>,
    /// What it says, paths made absolute.
    pub table: Table,
    /// Why it does not count, if it does not.
    pub disabled: Option<String>,
}

/// The layers, and what they say together.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// Lowest first.
    pub layers: Vec<Layer>,
    /// Merged.
    pub merged: Table,
    /// The trust of the working directory, as the default sandbox sees it.
    pub trust: Option<Trust>,
}

/// A decision of trust with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Trust {
    /// Trusted, or explicitly not.
    pub trusted: bool,
    /// The entry that decided.
    pub node: Node,
}

/// The names that mark the root of a project, before any project file is read.
#[must_use]
pub fn markers(scene: &Scene) -> Vec<String> {
    let mut table = Table::new();
    for kind in [Kind::System, Kind::User] {
        if let Some(Ok(read)) = scene.documents.iter().find(|document| document.kind == kind).map(|found| &found.read) {
            merge(&mut table, read);
        }
    }
    match at(&table, &["project_root_markers"]).and_then(|node| node.value.list()) {
        Some(items) => items.iter().filter_map(|item| item.value.text().map(str::to_owned)).collect(),
        None => vec![".git".to_owned()],
    }
}

/// The root of the project: the nearest folder with a marker, else the working directory.
fn root<'a>(scene: &'a Scene, markers: &[String]) -> &'a str {
    let marked = |found: &&super::scene::Folder| found.markers.iter().any(|marker| markers.contains(marker));
    scene.machine.folders.iter().find(marked).map_or(scene.machine.cwd.as_str(), |folder| folder.path.as_str())
}

/// Gathers the layers of a scene as `release` does, under what is required. `session` says whether a client asks.
///
/// # Errors
/// A file in force that is not TOML, leftovers of legacy profiles, requirements that cannot be.
pub fn gather(
    scene: &Scene,
    flags: &Flags,
    session: Session,
    release: &Release,
    required: &Table,
    warnings: &mut Vec<Warning>,
) -> Result<Layers, Failure> {
    let mut below = Vec::new();
    below.extend(file(scene, &Kind::System, "system")?);
    if !flags.ignore_user_config {
        below.extend(file(scene, &Kind::User, "user")?);
    }
    if let (false, Some(profile)) = (release.legacy_profiles, &flags.profile) {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        if profile.value.is_empty() || !profile.value.chars().all(plain) {
            return Err(Failure::new("cli_usage", format!("`{}` is no plain name of a profile", profile.value))
                .at(profile.span));
        }
        let user = below.iter().find(|layer| layer.kind == "user");
        let legacy = user.and_then(|layer| {
            let table = at(&layer.table, &["profiles", &profile.value]);
            let chosen = layer.table.get("profile").filter(|node| node.value.text() == Some(&profile.value));
            table.or(chosen)
        });
        if let Some(node) = legacy {
            return Err(legacy_profile(&profile.value, release).at(node.key));
        }
        below.extend(file(scene, &Kind::Profile(profile.value.clone()), "user")?);
    }
    let mut above = vec![flag_layer(scene, flags)];
    if let (true, Some(client)) = (session != Session::None, &scene.client) {
        above.push(layer("sessionFlags", None, client.config.clone(), &scene.machine.cwd, scene));
    }
    let mut managed = Vec::new();
    managed.extend(file(scene, &Kind::Managed, "legacyManagedConfigTomlFromFile")?);
    managed.extend(file(scene, &Kind::MdmManaged, "legacyManagedConfigTomlFromMdm")?);

    let mut trust_table = Table::new();
    for layer in below.iter().chain(&above).chain(if release.trust_sees_managed { managed.as_slice() } else { &[] }) {
        merge(&mut trust_table, &layer.table);
    }
    if release.permission_profiles {
        // Newer releases look at requirements before they read the files of a project.
        demands::check(required)?;
    }
    let projects = projects(scene, &trust_table, session, release, warnings)?;

    let mut gathered = Layers { layers: below, ..Layers::default() };
    gathered.layers.extend(projects);
    gathered.layers.extend(above);
    gathered.layers.extend(managed);
    for layer in gathered.layers.iter().filter(|layer| layer.disabled.is_none()) {
        merge(&mut gathered.merged, &layer.table);
    }
    let by = if release.trust_sees_managed { &trust_table } else { &gathered.merged };
    let markers = markers_of(&trust_table);
    gathered.trust = trust(scene, by, &scene.machine.cwd, root(scene, &markers), session);
    Ok(gathered)
}

/// Whether the layers select a legacy profile that the release refuses.
///
/// # Errors
/// They do.
pub fn no_legacy_profile(layers: &Layers, release: &Release) -> Result<(), Failure> {
    match (release.legacy_profiles, layers.merged.get("profile")) {
        (false, Some(node)) => {
            let name = node.value.text().unwrap_or_default();
            Err(legacy_profile(name, release).at(node.key))
        }
        _ => Ok(()),
    }
}

fn legacy_profile(name: &str, release: &Release) -> Failure {
    Failure::new(
        "legacy_profile_removed",
        format!("`{name}` is a legacy profile, which Codex {} refuses", release.name),
    )
    .help(format!("move `[profiles.{name}]` to `{name}.config.toml` beside the user's config, and use `--profile`"))
}

fn markers_of(table: &Table) -> Vec<String> {
    match table.get("project_root_markers").and_then(|node| node.value.list()) {
        Some(items) => items.iter().filter_map(|item| item.value.text().map(str::to_owned)).collect(),
        None => vec![".git".to_owned()],
    }
}

fn trust(scene: &Scene, table: &Table, folder: &str, root: &str, session: Session) -> Option<Trust> {
    let entry = |path: &str| {
        let node = at(table, &["projects", path, "trust_level"])?;
        let trusted = node.value.text()? == "trusted";
        Some(Trust { trusted, node: node.clone() })
    };
    let given = || {
        let span = Span { source: scene.line.source, start: 0, end: 1 };
        Trust { trusted: true, node: Node { value: Value::Text("trusted".into()), span, key: span } }
    };
    let written = entry(folder).or_else(|| entry(root)).or_else(|| entry(scene.machine.checkout.as_deref()?));
    written.or_else(|| (session == Session::Trusts).then(given))
}

fn projects(
    scene: &Scene,
    trust_table: &Table,
    session: Session,
    release: &Release,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Layer>, Failure> {
    let root = root(scene, &markers_of(trust_table));
    let mut found = Vec::new();
    let mut disabled = Vec::new();
    let mut ignored = Vec::new();
    for folder in &scene.machine.folders {
        let codex = format!("{}/.codex", folder.path.trim_end_matches('/'));
        let document = scene.documents.iter().find(|document| document.kind == Kind::Project(folder.path.clone()));
        if let (Some(document), true) = (document, codex != scene.machine.codex_home) {
            let kind = Some(document.kind.clone());
            match trust(scene, trust_table, &folder.path, root, session) {
                Some(Trust { trusted: true, .. }) => {
                    let mut table = match &document.read {
                        Ok(table) => table.clone(),
                        Err(wrong) => {
                            return Err(Failure::no_toml("project_config_syntax", wrong));
                        }
                    };
                    let dropped: Vec<&str> =
                        release.project_may_not.iter().copied().filter(|key| table.contains_key(key)).collect();
                    for key in dropped {
                        table.remove(key);
                        ignored.push(key.to_owned());
                    }
                    found.push(layer("project", kind, table, &document.folder, scene));
                }
                decided => {
                    let why = match decided {
                        Some(trust) => format!("distrusted at {}", scene.sources.place(trust.node.span)),
                        None => "no trust decision; a parent's does not count".to_owned(),
                    };
                    disabled.push(codex);
                    let (table, disabled) = (Table::new(), Some(why));
                    found.push(Layer { kind: "project", document: kind, table, disabled });
                }
            }
        }
        if folder.path == root {
            break;
        }
    }
    found.reverse();
    disabled.reverse();
    if !disabled.is_empty() {
        warnings.push(Warning::ProjectLayerDisabled { folders: disabled });
    }
    if !ignored.is_empty() {
        let named = |key: &&str| ignored.iter().any(|one| one == *key);
        let keys = release.project_may_not.iter().copied().filter(named).map(str::to_owned).collect();
        warnings.push(Warning::ProjectKeysIgnored { keys });
    }
    Ok(found)
}

fn file(scene: &Scene, kind: &Kind, name: &'static str) -> Result<Option<Layer>, Failure> {
    let Some(document) = scene.documents.iter().find(|document| document.kind == *kind) else { return Ok(None) };
    Ok(Some(layer(name, Some(kind.clone()), read(document)?, &document.folder, scene)))
}

fn read(document: &Document) -> Result<Table, Failure> {
    let class = match document.kind {
        Kind::Managed | Kind::MdmManaged => "managed_config_invalid",
        _ => "config_invalid",
    };
    document.read.clone().map_err(|wrong| Failure::no_toml(class, &wrong))
}

fn flag_layer(scene: &Scene, flags: &Flags) -> Layer {
    let mut table = Table::new();
    for (path, node) in &flags.overrides {
        put(&mut table, &path.iter().map(String::as_str).collect::<Vec<_>>(), node.clone());
    }
    layer("sessionFlags", None, table, &scene.machine.cwd, scene)
}

fn layer(kind: &'static str, document: Option<Kind>, mut table: Table, folder: &str, scene: &Scene) -> Layer {
    for path in PATHS {
        rewrite(&mut table, path, &|text| absolute(text, folder, &scene.machine.home));
    }
    Layer { kind, document, table, disabled: None }
}

/// Changes the text, or the texts of the list, at a path.
pub fn rewrite(table: &mut Table, path: &[&str], change: &dyn Fn(&str) -> String) {
    let Some((first, rest)) = path.split_first() else { return };
    let Some(node) = table.get_mut(first) else { return };
    match &mut node.value {
        Value::Table(inner) if !rest.is_empty() => rewrite(inner, rest, change),
        Value::Text(text) if rest.is_empty() => *text = change(text).into(),
        Value::List(items) if rest.is_empty() => {
            for item in items.to_mut() {
                if let Value::Text(text) = &mut item.value {
                    *text = change(text).into();
                }
            }
        }
        _ => {}
    }
}
