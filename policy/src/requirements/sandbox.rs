//! The mode, roots and network in force: which of the two systems is used, what it grants, what requirements leave.

use super::demands;
use super::failure::Failure;
use super::outcome::{Approval, How, Said};
use super::permissions::{Defined, Grants, compile};
use super::resolve::{Declared, Run};
use super::scene::absolute;
use super::value::{Node, Table, Value, at};
use super::warning::{Warning, add};

/// What the sandbox is.
pub(super) struct Sandbox {
    pub(super) mode: String,
    pub(super) network: Option<bool>,
    pub(super) roots: Vec<String>,
    pub(super) exclude_slash_tmp: bool,
    pub(super) exclude_tmpdir: bool,
    pub(super) profile: Option<String>,
    /// What a selected profile grants; nothing in legacy modes.
    pub(super) grants: Option<Grants>,
}

/// What is asked for, before requirements.
pub(super) struct Asked {
    sandbox: Sandbox,
    /// The word that counts against a list.
    counts_as: String,
    declared: Option<Said>,
    /// Whether anybody asked, and whether it was a client.
    explicit: bool,
    client: bool,
    how: How,
    why: String,
}

/// What is asked for.
///
/// # Errors
/// Profiles that cannot be.
pub(super) fn asked(run: &mut Run<'_>) -> Result<Asked, Failure> {
    let config = run.layers.merged.get("permissions").and_then(|node| node.value.table()).cloned();
    let selected = run.layers.merged.get("default_permissions").cloned();
    if run.release.permission_profiles
        && let Some((allowed, default, node)) = demands::profile_list(&run.demands, config.as_ref())?
    {
        return managed(run, &allowed, &default, &node, selected.as_ref(), config.as_ref());
    }
    let typed = run.declared("sandbox_mode", run.flags.sandbox.as_ref()).filter(|declared| declared.typed);
    let legacy_profile = run.profile.contains_key("sandbox_mode");
    let (mode_chosen, profile_chosen) = if typed.is_some() || legacy_profile { (true, false) } else { system(run) };
    if let (true, Some(node)) = (profile_chosen, &selected) {
        let name = node.value.text().unwrap_or_default().to_owned();
        let grants = grants(run, &name, node, config.as_ref())?;
        let said = Some(run.said(&name, node.span));
        let mut asked = of_grants(run, &grants, &name, said, "the selected permission profile".into());
        asked.how = How::AsDeclared;
        return Ok(asked);
    }
    let own = if run.release.permission_profiles { demands::profiles(&run.demands) } else { Table::new() };
    let some = config.as_ref().and_then(Table::first_key_value).or_else(|| own.first_key_value());
    if let (false, None, Some((name, node))) = (mode_chosen, &selected, some) {
        return Err(Failure::new(
            "config_permissions",
            format!("config defines `[permissions]` profiles such as `{name}` but selects none"),
        )
        .at(node.key)
        .help(format!("write `default_permissions = \"{name}\"`")));
    }
    let declared = run.declared("sandbox_mode", run.flags.sandbox.as_ref()).filter(|_| mode_chosen);
    Ok(legacy(run, declared))
}

/// Which system the highest layer that mentions either chooses: (mode, profile).
fn system(run: &Run<'_>) -> (bool, bool) {
    let active = || run.layers.layers.iter().rev().filter(|layer| layer.disabled.is_none());
    let mentions = |table: &Table| (table.contains_key("sandbox_mode"), table.contains_key("default_permissions"));
    if run.release.permission_profiles
        && active().any(|layer| layer.kind == "sessionFlags" && layer.table.contains_key("default_permissions"))
    {
        // The value used is the merged one; flags only choose the system.
        return (false, true);
    }
    for layer in active() {
        match mentions(&layer.table) {
            (_, true) => return (false, true),
            (true, false) => return (true, false),
            (false, false) => {}
        }
    }
    (false, false)
}

fn grants(run: &mut Run<'_>, name: &str, node: &Node, config: Option<&Table>) -> Result<Grants, Failure> {
    let own = demands::profiles(&run.demands);
    let defined = Defined {
        config,
        requirements: Some(&own).filter(|_| run.release.permission_profiles),
        home: &run.scene.machine.home,
        cwd: &run.scene.machine.cwd,
    };
    compile(name, node, &defined, run.release, &mut run.warnings)
}

fn managed(
    run: &mut Run<'_>,
    allowed: &std::collections::BTreeSet<String>,
    default: &str,
    node: &Node,
    selected: Option<&Node>,
    config: Option<&Table>,
) -> Result<Asked, Failure> {
    let wanted = selected.and_then(|node| Some((node.value.text()?.to_owned(), node.clone())));
    let dropped = run.declared("sandbox_mode", run.flags.sandbox.as_ref());
    let (name, chosen, how, why) = match wanted {
        Some((name, node)) if allowed.contains(&name) => {
            (name, node, How::AsDeclared, "selected, and on the list of allowed profiles".to_owned())
        }
        Some((name, _)) => {
            let why = format!("`{name}` is not on the list of allowed profiles; the managed default takes its place");
            add(
                &mut run.warnings,
                Warning::Fallback {
                    key: "default_permissions",
                    rejected: name,
                    used: Some(default.to_owned()),
                    source: None,
                },
            );
            (default.to_owned(), node.clone(), How::Constrained, why)
        }
        None => (default.to_owned(), node.clone(), How::Constrained, "the managed default profile".to_owned()),
    };
    let grants = grants(run, &name, &chosen, config)?;
    let said = match (&dropped, selected) {
        (Some(declared), _) => Some(run.said(&declared.node.value.to_string(), declared.node.span)),
        (None, Some(node)) => Some(run.said(&node.value.to_string(), node.span)),
        (None, None) => None,
    };
    let mut asked = of_grants(run, &grants, &name, said, why);
    asked.how = how;
    if dropped.is_some() {
        asked.how = How::Ignored;
        asked.why = format!("{}; a list of profiles silences `sandbox_mode` and `--sandbox`", asked.why);
    }
    Ok(asked)
}

fn of_grants(run: &Run<'_>, grants: &Grants, name: &str, declared: Option<Said>, why: String) -> Asked {
    let mode = grants.shown();
    let workspace = mode == "workspace-write";
    let mut roots: Vec<String> = grants.roots().into_iter().filter(|_| workspace).collect();
    // Where the workspace itself cannot be written, the new release names each place; else it names what is beside it.
    let apart = run.release.permission_profiles && !grants.workspace();
    if apart && workspace && grants.writes(":slash_tmp") {
        roots.push("/tmp".to_owned());
        roots.sort();
    }
    if workspace && run.release.permission_profiles && !apart {
        roots.retain(|root| root != "/");
    }
    let slash_tmp =
        if apart { roots.iter().any(|root| root == "/tmp" || root == "/") } else { grants.writes(":slash_tmp") };
    if workspace {
        roots.retain(|root| *root != run.scene.machine.cwd);
        roots.extend(grants.workspace_roots.iter().filter(|_| !apart).cloned());
        add_dirs(run, &mut roots);
        memories(run, &mut roots);
    }
    Asked {
        counts_as: grants.counts_as(run.release).to_owned(),
        sandbox: Sandbox {
            mode: mode.to_owned(),
            network: (mode != "danger-full-access").then_some(grants.network),
            roots,
            exclude_slash_tmp: workspace && !slash_tmp,
            exclude_tmpdir: workspace && (apart || !grants.writes(":tmpdir")),
            profile: Some(name.to_owned()).filter(|_| run.release.permission_profiles),
            grants: Some(grants.clone()),
        },
        declared,
        explicit: true,
        client: false,
        how: How::AsDeclared,
        why,
    }
}

fn add_dirs(run: &Run<'_>, roots: &mut Vec<String>) {
    for dir in &run.flags.add_dirs {
        let root = absolute(&dir.value, &run.scene.machine.cwd, &run.scene.machine.home);
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
}

fn memories(run: &Run<'_>, roots: &mut Vec<String>) {
    let memories = format!("{}/memories", run.scene.machine.codex_home);
    if run.release.memories_root && !roots.contains(&memories) {
        roots.push(memories);
    }
}

fn legacy(run: &Run<'_>, declared: Option<Declared>) -> Asked {
    let trust = run.layers.trust.clone();
    let (mode, why) = match (&declared, &trust) {
        (Some(declared), _) => {
            (declared.node.value.to_string(), "the highest layer or flag that speaks of it".to_owned())
        }
        (None, Some(trust)) => {
            let place = run.scene.sources.place(trust.node.span);
            let word = if trust.trusted { "trusted" } else { "distrusted" };
            ("workspace-write".to_owned(), format!("the default of a project that is {word} at {place}"))
        }
        (None, None) => ("read-only".to_owned(), "nothing speaks of it, and there is no trust decision".to_owned()),
    };
    let workspace = mode == "workspace-write";
    let shaped = at(&run.layers.merged, &["sandbox_workspace_write"]).cloned();
    let shape = |key: &str| shaped.as_ref().and_then(|node| node.value.table()?.get(key));
    let on = |key: &str| workspace && shape(key).and_then(|node| node.value.truth()).unwrap_or(false);
    let mut roots: Vec<String> = shape("writable_roots")
        .and_then(|node| node.value.list())
        .into_iter()
        .flatten()
        .filter_map(|item| item.value.text().map(str::to_owned))
        .filter(|_| workspace)
        .collect();
    if workspace {
        add_dirs(run, &mut roots);
        memories(run, &mut roots);
    }
    let default = declared.is_none();
    // The default is a profile by name, unless the legacy table shapes it.
    let plain = default && run.release.permission_profiles && !(workspace && shaped.is_some());
    let profile = plain.then(|| if workspace { ":workspace" } else { ":read-only" }.to_owned());
    let said = declared.as_ref().map(|declared| run.said(&mode, declared.node.span));
    Asked {
        counts_as: mode.clone(),
        sandbox: Sandbox {
            network: (mode != "danger-full-access").then_some(on("network_access")),
            exclude_slash_tmp: on("exclude_slash_tmp"),
            exclude_tmpdir: on("exclude_tmpdir_env_var"),
            mode,
            roots,
            profile,
            grants: None,
        },
        declared: said,
        explicit: !default,
        client: declared.is_some_and(|declared| declared.client),
        how: if default { How::Default } else { How::AsDeclared },
        why,
    }
}

/// What requirements leave of it.
///
/// # Errors
/// Full access that is refused while nothing can be asked.
pub(super) fn constrain(run: &mut Run<'_>, asked: Asked, approval: &Approval) -> Result<Sandbox, Failure> {
    let list = run.demands.get("allowed_sandbox_modes").cloned();
    let denied = at(&run.demands, &["permissions", "filesystem", "deny_read"])
        .filter(|node| node.value.list().is_some_and(|items| !items.is_empty()))
        .cloned();
    let full = matches!(asked.counts_as.as_str(), "danger-full-access" | "external-sandbox");
    let named = |node: &Node| {
        node.value.list().unwrap_or_default().iter().any(|item| item.value.text() == Some(&asked.counts_as))
    };
    let refused = match (&list, &denied) {
        (Some(list), _) if !named(list) => Some((list.clone(), "is not on the list of allowed modes")),
        (_, Some(denied)) if full => Some((denied.clone(), "is impossible beside `deny_read`")),
        _ => None,
    };
    let Some((node, why)) = refused else {
        let by = list.map(|node| run.said(&node.value.to_string(), node.span));
        run.setting("sandbox_mode", &asked.sandbox.mode, asked.how, asked.declared, by, &asked.why);
        details(run, &asked.sandbox);
        return Ok(asked.sandbox);
    };
    if run.release.never_needs_full_access && full && approval.word() == "never" {
        return Err(Failure::new(
            "never_needs_full_access",
            format!("full access {why}, and `never` leaves nobody to ask for it"),
        )
        .at(node.span)
        .help("ask for another mode, or allow an approval policy that asks; older releases run read-only instead"));
    }
    let warned = asked.explicit || run.release.default_cut_warns;
    if warned && (run.release.client_warns || !asked.client) {
        let source = Some(run.file(node.span));
        let rejected = asked.counts_as.clone();
        add(&mut run.warnings, Warning::Fallback { key: "sandbox_mode", rejected, used: None, source });
    }
    let by = Some(run.said(&node.value.to_string(), node.span));
    let silent = if warned { "" } else { ", without a warning" };
    let why = format!("`{}` {why}; read-only takes its place, never the next lower mode{silent}", asked.counts_as);
    run.setting("sandbox_mode", "read-only", How::Constrained, asked.declared, by, &why);
    let sandbox = Sandbox {
        mode: "read-only".into(),
        network: Some(false),
        roots: Vec::new(),
        exclude_slash_tmp: false,
        exclude_tmpdir: false,
        profile: None,
        grants: None,
    };
    details(run, &sandbox);
    Ok(sandbox)
}

fn details(run: &mut Run<'_>, sandbox: &Sandbox) {
    let table = at(&run.layers.merged, &["sandbox_workspace_write"]).and_then(|node| node.value.table()).cloned();
    let shaped = |key: &str| table.as_ref().and_then(|table| table.get(key)).cloned();
    if let Some(network) = sandbox.network {
        let node = shaped("network_access").filter(|node| node.value == Value::Bool(network));
        let said = node.map(|node| run.said(&node.value.to_string(), node.span));
        let how = if said.is_some() { How::AsDeclared } else { How::Default };
        run.setting(
            "network_access",
            &network.to_string(),
            how,
            said,
            None,
            "what the mode or profile in force grants",
        );
    }
    if sandbox.mode == "workspace-write" {
        let node = shaped("writable_roots");
        let said = node.map(|node| run.said(&node.value.to_string(), node.span));
        let how = if said.is_some() { How::AsDeclared } else { How::Default };
        let roots = if sandbox.roots.is_empty() { "none".to_owned() } else { sandbox.roots.join(", ") };
        run.setting(
            "writable_roots",
            &roots,
            how,
            said,
            None,
            "beside the working directory; no list of modes limits them",
        );
        for (key, on) in
            [("exclude_slash_tmp", sandbox.exclude_slash_tmp), ("exclude_tmpdir_env_var", sandbox.exclude_tmpdir)]
        {
            let node = shaped(key);
            let said = node.map(|node| run.said(&node.value.to_string(), node.span));
            let how = if said.is_some() { How::AsDeclared } else { How::Default };
            run.setting(key, &on.to_string(), how, said, None, "what the mode or profile in force grants");
        }
    }
    if run.release.permission_profiles {
        let name = sandbox.profile.clone().unwrap_or_else(|| "none".into());
        run.setting(
            "permission_profile",
            &name,
            How::Default,
            None,
            None,
            "the active profile; none in legacy modes and after a fallback",
        );
    }
}
