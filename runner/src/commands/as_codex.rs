//! `--as-codex`: the profile, the rules and the default decision that stand for what Codex would run as.
//!
//! What Codex grants and palisade cannot express is a gap: it stops the run before anything starts, unless `--degrade` gives it
//! up, and it is said either way. Where palisade is the stricter of both it is a note.

mod rules;

use std::path::Path;

use policy::decision::Decision;
use policy::diagnostic::Diagnostic;
use policy::load::File;
use policy::profile::{Network, Profile, Tree};
use policy::requirements::outcome::{Effective, Resolution};
use policy::requirements::permissions::{Access, Grants};
use policy::requirements::resolve::resolve;
use policy::requirements::scene::Scene;
use policy::requirements::value::at;
use policy::source::Sources;
use serde_json::{Value, json};

use super::sandbox::say;
use crate::cli::{AsCodexArgs, LayerArgs, MachineArgs};
use crate::codex_layers;

use crate::modes::{self, Mode};
use crate::refused::Refused;

/// What stands for Codex.
pub(super) struct AsCodex {
    /// What a command may touch.
    pub(super) profile: Profile,
    /// Rules of requirements and of the layers in force.
    pub(super) rules: Vec<File>,
    /// What a command gets that no rule matches.
    pub(super) default: Decision,
    /// What Codex grants or refuses otherwise, each a sentence.
    pub(super) gaps: Vec<String>,
    notes: Vec<String>,
    /// One line about it.
    line: String,
    settings: Value,
}

/// Resolves Codex's configuration for a working directory.
///
/// # Errors
/// Files that cannot be read, a start-up failure of Codex, a configuration of which nothing can be taken.
pub(super) fn as_codex(args: &AsCodexArgs, cwd: &Path) -> Result<AsCodex, Refused> {
    let line = args.codex_line.as_deref().unwrap_or("codex");
    let words = shlex::split(line)
        .ok_or_else(|| Diagnostic::error("usage", format!("a quote is not closed in `--codex-line {line}`")))?;
    let machine = MachineArgs {
        root: args.codex_root.clone(),
        home: None,
        codex_home: None,
        cwd: Some(cwd.to_owned()),
        host: None,
    };
    let files = LayerArgs {
        only_named: false,
        requirements: args.requirements.clone(),
        managed_config: args.managed_config.clone(),
        system_config: None,
        user_config: args.user_config.clone(),
        project_config: args.project_config.clone(),
        cloud_requirements: args.cloud_requirements.clone(),
        mdm_requirements: None,
        mdm_config: None,
    };
    let scene = codex_layers::gather(&machine, &files, &words)?;
    let resolution = resolve(&scene, args.codex_version);
    let effective = resolution.effective.as_ref().map_err(|failure| {
        let found = failure.diagnostic();
        let message = format!("Codex {} does not start: {}", resolution.release, found.message);
        Refused { found: vec![Diagnostic { message, ..found }], sources: scene.sources.clone() }
    })?;
    let mut said = Said::default();
    let profile = profile(effective, &resolution, &mut said)?;
    let asks = effective.approval.word();
    if asks == "granular" {
        said.gaps.push("granular approval: which questions are refused without asking is not taken".into());
    }
    // Codex asks before what it does not know to be safe; `never` and `exec` refuse what would be asked.
    let default = if asks == "untrusted" { Decision::Prompt } else { Decision::Allow };
    let root = args.codex_root.as_deref().unwrap_or_else(|| Path::new("/"));
    let rules = rules::rules(&scene, &resolution, effective, root);
    Ok(AsCodex {
        line: format!(
            "as Codex {}: {}, network {}, approval {asks}, {} rule files",
            resolution.release,
            effective.mode,
            if effective.network.unwrap_or(true) { "open" } else { "closed" },
            rules.len(),
        ),
        settings: json!({ "codex_version": resolution.release, "invocation": line, "settings": resolution.settings }),
        profile,
        rules,
        default,
        gaps: said.gaps,
        notes: said.notes,
    })
}

#[derive(Default)]
struct Said {
    gaps: Vec<String>,
    notes: Vec<String>,
}

fn profile(effective: &Effective, resolution: &Resolution, said: &mut Said) -> Result<Profile, Refused> {
    let mode = match effective.mode.as_str() {
        "read-only" => Mode::ReadOnly,
        "workspace-write" => Mode::WorkspaceWrite,
        "danger-full-access" => Mode::DangerFullAccess,
        other => {
            let message = format!("in `{other}` Codex confines nothing itself, and nothing can be taken from it");
            let found = Diagnostic::error("as-codex", message).help("name the sandbox: `--mode` or `--profile`");
            return Err(Refused { found: vec![found], sources: Sources::default() });
        }
    };
    let mut profile = modes::shipped(mode)?;
    profile.description = format!("what Codex {} runs as: {}", resolution.release, profile.description);
    if let Some(open) = effective.network {
        profile.network = if open { Network::Host } else { Network::Off };
    }
    if mode == Mode::WorkspaceWrite {
        if effective.exclude_slash_tmp {
            profile.files.write.retain(|tree| *tree != Tree::Path("/tmp".into()));
        }
        if effective.exclude_tmpdir {
            profile.files.write.retain(|tree| *tree != Tree::Tmpdir);
        }
    }
    for root in &effective.roots {
        if Path::new(root).exists() {
            profile.files.write.push(Tree::Path(root.clone()));
        } else {
            said.notes.push(format!("the writable root `{root}` does not exist and is left out"));
        }
    }
    for path in &effective.deny_read {
        hide(&mut profile, path, said);
    }
    if let Some(grants) = &effective.grants {
        of_grants(&mut profile, grants, mode, said);
    }
    for table in [&["experimental_network"][..], &["network_proxy"], &["permissions", "network"]] {
        let on = at(&resolution.demands, table)
            .and_then(|node| node.value.table()?.get("enabled")?.value.truth())
            .unwrap_or(false);
        if on {
            said.gaps.push(format!("the managed network of `{}`: hosts are not told apart here", table.join(".")));
        }
    }
    Ok(profile)
}

fn hide(profile: &mut Profile, path: &str, said: &mut Said) {
    if path.contains(['*', '?', '[']) {
        said.gaps.push(format!("`{path}` must not be read, and patterns of paths cannot be hidden"));
    } else {
        profile.files.deny_read.push(Tree::Path(path.to_owned()));
    }
}

/// A permission profile beyond its mode: what it hides, what it does not show, what is read-only in what is writable.
fn of_grants(profile: &mut Profile, grants: &Grants, mode: Mode, said: &mut Said) {
    if grants.unconfined {
        return;
    }
    if mode == Mode::WorkspaceWrite && !grants.writes(":workspace_roots") {
        profile.files.write.retain(|tree| *tree != Tree::Workspace);
    }
    if !grants.paths.contains_key(":root") {
        let readable = grants.paths.iter().filter(|(_, access)| **access != Access::Deny);
        profile.files.read = readable.filter_map(|(path, _)| tree(path)).collect();
        profile.files.read.push(Tree::Minimal);
    }
    for (path, access) in &grants.paths {
        let below = |tree: &Tree| matches!(tree, Tree::Path(root) if Path::new(path).starts_with(root) && root != path);
        match access {
            Access::Deny if path == ":root" => {}
            Access::Deny => match tree(path) {
                Some(Tree::Path(path)) => hide(profile, &path, said),
                Some(hidden) => profile.files.deny_read.push(hidden),
                None => said.gaps.push(format!("`{path}` must not be read, and is no place that is known here")),
            },
            Access::Read if path.starts_with('/') && profile.files.write.iter().any(below) => {
                said.gaps.push(format!("`{path}` must stay read-only inside of what may be written"));
            }
            Access::Read | Access::Write => {}
        }
    }
}

fn tree(path: &str) -> Option<Tree> {
    match path {
        ":workspace_roots" => Some(Tree::Workspace),
        ":slash_tmp" => Some(Tree::Path("/tmp".into())),
        other => Tree::try_from(other.to_owned()).ok(),
    }
}

impl AsCodex {
    /// Says what is taken, and what is not.
    pub(super) fn tell(&self) {
        say(&self.line);
        for note in &self.notes {
            say(format_args!("note: {note}"));
        }
        for gap in &self.gaps {
            say(format_args!("gap: {gap}"));
        }
    }

    /// For the report of a run.
    pub(super) fn report(&self) -> Value {
        let mut report = self.settings.clone();
        if let Some(report) = report.as_object_mut() {
            report.insert("gaps".into(), json!(self.gaps));
            report.insert("notes".into(), json!(self.notes));
        }
        report
    }

    /// Why it must not be used, unless gaps are given up.
    pub(super) fn refusal(&self) -> Option<Refused> {
        if self.gaps.is_empty() {
            return None;
        }
        let message = format!("what Codex runs as cannot be taken whole: {}", self.gaps.join("; "));
        let found = Diagnostic::error("as-codex", message).help("`--degrade` goes without, and says so");
        Some(Refused { found: vec![found], sources: Sources::default() })
    }
}

/// The layers in force that have a folder, lowest first: rules lie in `rules/` beside each config.
fn folders(scene: &Scene, resolution: &Resolution) -> Vec<String> {
    let mut folders = vec!["/etc/codex".to_owned(), scene.machine.codex_home.clone()];
    for folder in scene.machine.folders.iter().rev() {
        let codex = format!("{}/.codex", folder.path.trim_end_matches('/'));
        let off = resolution.layers.layers.iter().any(|layer| {
            layer.disabled.is_some()
                && matches!(&layer.document, Some(policy::requirements::scene::Kind::Project(at)) if *at == folder.path)
        });
        let trusted = resolution.layers.trust.as_ref().is_some_and(|trust| trust.trusted);
        if codex != scene.machine.codex_home && trusted && !off {
            folders.push(codex);
        }
    }
    folders
}
