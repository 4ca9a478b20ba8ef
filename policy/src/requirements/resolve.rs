//! From a scene to what Codex runs as: the steps of start-up, in their order.

mod settings;

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::approval;
use super::demands::{self, Demands};
use super::exact;
use super::failure::Failure;
use super::features;
use super::flags::{self, Flags, Surface, Typed};
use super::keys::{CONFIG, CONFIG_OTHERS};
use super::layers::{self, Layer, Layers, Session};
use super::outcome::{Effective, How, Resolution, Said, Setting};
use super::release::Release;
use super::sandbox;
use super::scene::{Document, Kind, Scene};
use super::servers;
use super::shape::{Met, compare, first_misfit};
use super::value::{Node, Table, Value, at};
use super::warning::{Warning, once_each};
use super::web;
use crate::source::Span;

/// Failures of config after which an app server tries once more without it.
const RETRIED: &[&str] = &[
    "config_invalid",
    "config_permissions",
    "legacy_profile_removed",
    "model_catalog",
    "model_provider",
    "project_config_syntax",
];

/// How many unknown keys Codex names.
const NAMED: usize = 3;

/// What the steps know and add to.
pub(super) struct Run<'a> {
    pub(super) scene: &'a Scene,
    pub(super) release: &'static Release,
    pub(super) flags: Flags,
    pub(super) layers: Layers,
    pub(super) demands: Table,
    /// The legacy profile in force, if there is one.
    pub(super) profile: Table,
    /// What a client has asked.
    pub(super) session: Session,
    pub(super) warnings: Vec<Warning>,
    pub(super) settings: Vec<Setting>,
    /// Whether the screen goes on to its log-in; what only prints the first prompt does not.
    logs_in: bool,
}

/// A value somebody declared, and whether by a flag or parameter of its own.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    pub(super) node: Node,
    /// Given by a flag of its own or by a client.
    pub(super) typed: bool,
    /// Given by a client.
    pub(super) client: bool,
}

/// What `release` runs as in this scene. Pure: the same scene gives the same answer.
#[must_use]
pub fn resolve(scene: &Scene, release: &'static Release) -> Resolution {
    let mut first = run(scene, release, Session::None);
    let Some(client) = &scene.client else { return reloaded(first, scene, release) };
    if let Err(failure) = &first.effective
        && let Some(ended) = ends(scene, release, failure.class)
    {
        return Resolution { effective: Err(ended.unwrap_or_else(|| failure.clone())), settings: Vec::new(), ..first };
    }
    // A newer server ends with requirements it cannot use, and is never asked; TOML that is none it bears.
    let ended = first.effective.as_ref().is_err_and(|failure| {
        let requirements = failure.class.starts_with("requirements_") && failure.class != "requirements_syntax";
        failure.class.starts_with("cli_") || (release.permission_profiles && requirements)
    });
    if let (false, Err(failure)) = (ended, approval::understood(client, release)) {
        return Resolution { effective: Err(failure), settings: Vec::new(), ..first };
    }
    let mut second = run(scene, release, Session::Asked);
    // A thread that asks for writing, or gets it, makes Codex trust a project nobody has decided about.
    let asks = client.sandbox.as_ref().is_some_and(|typed| typed.value.text().is_some_and(writes));
    if let (Ok(effective), None) = (&second.effective, &second.layers.trust)
        && (asks || writes(&effective.mode))
    {
        second = run(scene, release, Session::Trusts);
    }
    if first.effective.is_err() {
        // A server that stays up says of it only that its config cannot be loaded.
        if let Err(failure) = &mut second.effective
            && failure.class == "model_catalog"
        {
            failure.class = "config_invalid";
        }
        return Resolution { readable: false, ..second };
    }
    // The server has loaded its config, and warned, before a client asks for a thread; what is deprecated it says of a thread.
    first.warnings.retain(|warning| !matches!(warning, Warning::Deprecated { .. }));
    let heard = |warning: &Warning| release.client_warns || !matches!(warning, Warning::Fallback { .. });
    first.warnings.extend(second.warnings.into_iter().filter(heard));
    once_each(&mut first.warnings);
    Resolution { warnings: first.warnings, layers: first.layers, ..second }
}

fn writes(mode: &str) -> bool {
    matches!(mode, "workspace-write" | "danger-full-access")
}

/// An `exec` whose thread makes Codex trust its project loads its config once more, and ends if it cannot; what it shows is
/// what it had loaded before.
fn reloaded(first: Resolution, scene: &Scene, release: &'static Release) -> Resolution {
    let trusts = release.exec_trusts && scene.line.surface == Surface::Exec && first.layers.trust.is_none();
    if !(trusts && first.effective.as_ref().is_ok_and(|effective| writes(&effective.mode))) {
        return first;
    }
    let second = run(scene, release, Session::Trusts);
    if second.effective.is_err() { second } else { first }
}

/// What the prompt of the screen tells the model: the command that prints it looks at no way to log in.
#[must_use]
pub fn resolve_prompt(scene: &Scene, release: &'static Release) -> Resolution {
    all_steps(scene, release, Session::None, false)
}

/// Whether a server whose own config failed ends with it, and where what it tried then failed too, why. It goes on with its
/// flags alone, a newer one also with the files of admins and its requirements; where those cannot be used, it does not.
fn ends(scene: &Scene, release: &'static Release, class: &str) -> Option<Option<Failure>> {
    let retried = RETRIED.contains(&class);
    let kept = |document: &Document| {
        release.permission_profiles && matches!(document.kind, Kind::System | Kind::Managed | Kind::MdmManaged)
    };
    let documents = scene.documents.iter().filter(|document| kept(document)).cloned().collect();
    let bare = Scene { documents, client: None, ..scene.clone() };
    let fails = |failure: &Failure| {
        let newer = RETRIED.contains(&failure.class) || failure.class == "approval_value_removed";
        if release.permission_profiles {
            newer && (retried || class == "requirements_syntax")
        } else {
            failure.class == "config_permissions"
        }
    };
    if let Err(failure) = run(&bare, release, Session::None).effective
        && fails(&failure)
    {
        return Some(Some(failure));
    }
    if !release.permission_profiles {
        return None;
    }
    // What requirements make of its own config is no such failure: it ends with that at once.
    if class == "never_needs_full_access" {
        return Some(None);
    }
    let failed = retried.then(|| requirements_alone(scene, release).err()).flatten();
    failed.map(Some)
}

/// What requirements come to without any config.
fn requirements_alone(scene: &Scene, release: &'static Release) -> Result<(), Failure> {
    let mut run = Run::new(scene, release, Session::None, true);
    run.demands = demands::gather(scene, release)?.table;
    run.alone()
}

fn run(scene: &Scene, release: &'static Release, session: Session) -> Resolution {
    all_steps(scene, release, session, true)
}

fn all_steps(scene: &Scene, release: &'static Release, session: Session, logs_in: bool) -> Resolution {
    let mut run = Run::new(scene, release, session, logs_in);
    let effective = run.start();
    if effective.is_err() {
        run.settings.clear();
    }
    once_each(&mut run.warnings);
    Resolution {
        release: release.name,
        effective,
        settings: run.settings,
        warnings: run.warnings,
        layers: run.layers,
        demands: run.demands,
        readable: true,
    }
}

impl<'a> Run<'a> {
    fn new(scene: &'a Scene, release: &'static Release, session: Session, logs_in: bool) -> Self {
        Self {
            scene,
            release,
            flags: Flags::default(),
            layers: Layers::default(),
            demands: Table::new(),
            profile: Table::new(),
            session,
            warnings: Vec::new(),
            settings: Vec::new(),
            logs_in,
        }
    }

    /// What requirements come to without any config.
    fn alone(&mut self) -> Result<(), Failure> {
        demands::check(&self.demands)?;
        let pins = self.demands.get("features").and_then(|node| node.value.table());
        features::resolve(None, pins, self.release, &mut Vec::new())?;
        if self.release.permission_profiles {
            demands::profile_list(&self.demands, None)?;
        }
        exact::provider(self)?;
        demands::network(&self.demands, self.release)?;
        exact::catalog(self)?;
        exact::logins(self)
    }

    fn start(&mut self) -> Result<Effective, Failure> {
        self.flags = flags::read(&self.scene.line, self.release)?;
        let Demands { table, unknown } = demands::gather(self.scene, self.release)?;
        self.demands = table;
        // Where several things are wrong, this order decides which of them Codex names; it was seen on the binaries.
        self.layers =
            layers::gather(self.scene, &self.flags, self.session, self.release, &self.demands, &mut self.warnings)?;
        demands::check(&self.demands)?;
        self.typed_values()?;
        self.legacy_profile()?;
        servers::fit(at(&self.layers.merged, &["mcp_servers"]).and_then(|node| node.value.table()))?;
        self.unknown_keys(unknown);
        exact::apply(self);
        let pins = self.demands.get("features").and_then(|node| node.value.table()).cloned();
        let declared = at(&self.layers.merged, &["features"]).and_then(|node| node.value.table()).cloned();
        let features = features::resolve(declared.as_ref(), pins.as_ref(), self.release, &mut self.warnings)?;
        self.feature_settings(pins.as_ref(), declared.as_ref(), &features);
        if self.scene.client.is_none() && self.scene.line.surface != Surface::Interactive {
            exact::logins(self)?;
        }
        layers::no_legacy_profile(&self.layers, self.release)?;
        let asked = sandbox::asked(self)?;
        let reviewer = approval::reviewer(self);
        let approval = approval::policy(self, &reviewer)?;
        exact::provider(self)?;
        demands::network(&self.demands, self.release)?;
        exact::catalog(self)?;
        if self.scene.client.is_some() {
            exact::logins(self)?;
        }
        let sandbox = sandbox::constrain(self, asked, &approval)?;
        if self.scene.line.surface == Surface::Interactive && self.logs_in {
            exact::logins(self)?;
        }
        let web_search = web::resolve(self, &sandbox.mode);
        let configured = at(&self.layers.merged, &["mcp_servers"]).and_then(|node| node.value.table());
        let servers = servers::resolve(configured, self.demands.get("mcp_servers"));
        self.server_settings(&servers);
        let model = self.model();
        self.no_empty_model(model.as_deref())?;
        let residency = self.simple("enforce_residency");
        let deny_read = self.deny_read();
        let rules: Vec<Node> = at(&self.demands, &["rules", "prefix_rules"])
            .and_then(|node| node.value.list())
            .map(<[Node]>::to_vec)
            .unwrap_or_default();
        if let Some(first) = rules.first() {
            let by = self.said(&format!("{} rules", rules.len()), first.span);
            let why = "the strictest matching rule decides, under full access too; a user's `allow` lifts none";
            self.setting("rules", &format!("{} required", rules.len()), How::Constrained, None, Some(by), why);
        }
        Ok(Effective {
            approval,
            reviewer,
            mode: sandbox.mode,
            network: sandbox.network,
            roots: sandbox.roots,
            exclude_slash_tmp: sandbox.exclude_slash_tmp,
            exclude_tmpdir: sandbox.exclude_tmpdir,
            profile: sandbox.profile,
            grants: sandbox.grants,
            web_search,
            model,
            features,
            servers,
            residency,
            deny_read,
            rules,
        })
    }

    fn legacy_profile(&mut self) -> Result<(), Failure> {
        if !self.release.legacy_profiles {
            return Ok(());
        }
        let selected =
            self.layers.merged.get("profile").and_then(|node| Some((node.value.text()?.to_owned(), node.span)));
        let typed = self.flags.profile.as_ref().map(|typed| (typed.value.clone(), typed.span));
        let Some((name, span)) = typed.or(selected) else { return Ok(()) };
        let found = at(&self.layers.merged, &["profiles", &name]).and_then(|node| node.value.table());
        let table = found.ok_or_else(|| {
            Failure::new("profile_not_found", format!("there is no profile `{name}`"))
                .at(span)
                .help(format!("this release looks for `[profiles.{name}]`, not for a file"))
        })?;
        self.profile = table.clone();
        Ok(())
    }

    /// Types of what is in force; a bad value below a good one is never seen.
    fn typed_values(&self) -> Result<(), Failure> {
        if let Some(misfit) = first_misfit(&self.layers.merged, CONFIG, self.release) {
            let class = match self.document(misfit.span).map(|document| &document.kind) {
                Some(Kind::Managed | Kind::MdmManaged) if self.names_managed() => "managed_config_invalid",
                _ => "config_invalid",
            };
            let mut failure = Failure::new(class, misfit.message).at(misfit.span);
            failure.help = misfit.help;
            return Err(failure);
        }
        Ok(())
    }

    /// Keys that mean nothing, as the release names them: those of admins first, then the highest layer.
    fn unknown_keys(&mut self, of_requirements: Vec<String>) {
        if !self.release.warns_of_unknown {
            return;
        }
        let managed = |layer: &&Layer| matches!(layer.document, Some(Kind::Managed | Kind::MdmManaged));
        let system = |layer: &&Layer| layer.document == Some(Kind::System);
        let active = || self.layers.layers.iter().rev().filter(|layer| layer.disabled.is_none());
        let mut all: Vec<String> = active().filter(managed).flat_map(|layer| self.unknown_of(layer)).collect();
        all.extend(of_requirements);
        all.extend(active().filter(system).flat_map(|layer| self.unknown_of(layer)));
        let others = active().filter(|layer| !managed(layer) && !system(layer));
        all.extend(others.flat_map(|layer| self.unknown_of(layer)));
        all.truncate(NAMED);
        if !all.is_empty() {
            // A key without a name is warned of, and cannot be named.
            all.retain(|key| !key.is_empty());
            self.warnings.push(Warning::UnknownKeys { keys: all });
        }
    }

    /// Whether a wrong type in managed config is said with its file; the smaller commands only say that config is wrong.
    fn names_managed(&self) -> bool {
        match self.scene.line.surface {
            Surface::Interactive => true,
            Surface::Exec => false,
            Surface::AppServer => self.scene.client.is_some() || !self.release.permission_profiles,
        }
    }

    /// The first unknown keys of a layer, as many as a release names.
    fn unknown_of(&self, layer: &Layer) -> Vec<String> {
        let meant = |path: &str| !CONFIG_OTHERS.contains(&path) && !path.starts_with("profiles.");
        let mut keys = BTreeSet::new();
        let mut keep = |key: String| {
            keys.insert(key);
            if keys.len() > NAMED {
                keys.pop_last();
            }
        };
        compare(&layer.table, CONFIG, self.release, &mut |met| {
            if let Met::Stranger(stranger) = met
                && stranger.warned
            {
                Some(stranger.path()).filter(|path| meant(path)).map(&mut keep);
            }
            ControlFlow::Continue(())
        });
        let features = layer.table.get("features").and_then(|node| node.value.table()).into_iter().flatten();
        let known = features::Known::to(self.release);
        features
            .filter(|(name, _)| known.current(name).is_none())
            .for_each(|(name, _)| keep(format!("features.{name}")));
        keys.into_iter().collect()
    }

    /// The declared value of a key: flag or client, then legacy profile, then layers.
    pub(super) fn declared(&self, key: &str, typed: Option<&Typed<String>>) -> Option<Declared> {
        let client = self.scene.client.as_ref().filter(|_| self.session != Session::None);
        let asked = client.and_then(|client| match key {
            "approval_policy" => client.approval.as_ref(),
            "sandbox_mode" => client.sandbox.as_ref(),
            "approvals_reviewer" => client.reviewer.as_ref(),
            _ => None,
        });
        let of = |value, span| Node { value, span, key: span };
        if let Some(typed) = asked {
            return Some(Declared { node: of(typed.value.clone(), typed.span), typed: true, client: true });
        }
        if let Some(typed) = typed {
            let node = of(Value::Text(typed.value.as_str().into()), typed.span);
            return Some(Declared { node, typed: true, client: false });
        }
        let node = self.profile.get(key).or_else(|| self.layers.merged.get(key))?;
        Some(Declared { node: node.clone(), typed: false, client: false })
    }

    fn document(&self, span: Span) -> Option<&Document> {
        self.scene.documents.iter().find(|document| document.source == span.source)
    }

    /// The layer a place belongs to, in words.
    pub(super) fn layer(&self, span: Span) -> String {
        match self.document(span).map(|document| &document.kind) {
            Some(Kind::CloudRequirements) => "cloud requirements".into(),
            Some(Kind::MdmRequirements) => "managed preferences".into(),
            Some(Kind::Requirements) => "requirements".into(),
            Some(Kind::MdmManaged) => "managed preferences (config)".into(),
            Some(Kind::Managed) => "managed config".into(),
            Some(Kind::System) => "system config".into(),
            Some(Kind::User) => "user config".into(),
            Some(Kind::Profile(name)) => format!("profile file `{name}`"),
            Some(Kind::Project(_)) => "project config".into(),
            None if self.scene.line.words.iter().any(|(_, word)| word.source == span.source) => "flag".into(),
            None => "client".into(),
        }
    }

    /// The name of the file a place is in, as Codex's warnings give it.
    pub(super) fn file(&self, span: Span) -> String {
        self.scene.sources.get(span.source).map(|source| source.name.clone()).unwrap_or_default()
    }

    pub(super) fn said(&self, value: &str, span: Span) -> Said {
        Said { value: value.to_owned(), layer: self.layer(span), place: self.scene.sources.place(span) }
    }

    pub(super) fn setting(
        &mut self,
        key: &str,
        value: &str,
        how: How,
        declared: Option<Said>,
        by: Option<Said>,
        why: &str,
    ) {
        self.settings.push(Setting {
            key: key.to_owned(),
            value: value.to_owned(),
            how,
            declared,
            constrained: by,
            why: why.to_owned(),
        });
    }

    /// Whether this is `codex exec`.
    pub(super) fn exec(&self) -> bool {
        self.scene.line.surface == Surface::Exec
    }
}
