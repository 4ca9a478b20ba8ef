//! Which outcomes change between two sets of requirements, looser or stricter, each with an invocation that shows it.
//!
//! Every combination of `diff/space.rs` is resolved under both; what is compared is what Codex would run as, key by key, never
//! the texts. So two files that say the same in other words are equal, and the answer is exact for what was enumerated; it
//! says what that was. Rules are compared as rules in `diff/rules.rs`; a key whose effect no outcome shows is told when it
//! differs, without a direction.

mod order;
mod rules;
mod space;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::demands;
use super::outcome::Effective;
use super::release::Release;
use super::resolve::resolve;
use super::scene::{Document, Kind, Machine, Scene};
use super::servers::ServerState;
use super::value::Table;
use crate::source::Sources;

pub use order::Direction;

/// A layer of one side.
#[derive(Clone, Debug)]
pub struct Layer {
    /// What it stands for.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// One outcome that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Which value.
    pub key: String,
    /// What it was.
    pub old: String,
    /// What it is.
    pub new: String,
    /// Looser, stricter, or neither for certain.
    pub direction: Direction,
    /// The shortest invocation that shows it.
    pub witness: String,
    /// Of how many combinations it is true.
    pub combinations: usize,
}

/// The whole answer.
#[derive(Clone, Debug, Serialize)]
pub struct Changes {
    /// The release.
    pub codex_version: &'static str,
    /// Every change, loosest first.
    pub changes: Vec<Change>,
    /// How many combinations were resolved on each side.
    pub combinations: usize,
    /// What they were made of, a line each.
    pub enumerated: Vec<String>,
}

/// Everything an outcome is compared by: key and value.
type Shown = BTreeMap<String, String>;

/// Compares two sides for a release.
#[must_use]
pub fn diff(old: &[Layer], new: &[Layer], release: &'static Release) -> Changes {
    let mut sources = Sources::default();
    let sides = [old, new].map(|side| documents(side, &mut sources));
    let demanded = sides.each_ref().map(|documents| read(documents, &sources, release));
    let space = space::space(&demanded, release, &mut sources);
    let scenes = sides.map(|documents| Scene {
        sources: sources.clone(),
        documents,
        machine: Machine::made_up(""),
        line: space.base.clone(),
        client: None,
    });
    let mut found: BTreeMap<(String, String, String), Change> = BTreeMap::new();
    let [mut before, mut after] = scenes;
    for point in &space.points {
        for scene in [&mut before, &mut after] {
            scene.line = point.line.clone();
            scene.machine.host.clone_from(&point.host);
        }
        let (old, new) = (outcome(&before, release), outcome(&after, release));
        let mut keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        if old.get("starts") != new.get("starts") {
            // Where one of both does not start, that is the change; the other has no values.
            keys.retain(|key| *key == "starts");
        } else if old.get("sandbox_mode") != new.get("sandbox_mode") {
            // What is particular to a mode goes with it.
            keys.retain(|key| !OF_A_MODE.contains(&key.as_str()));
        }
        for key in keys {
            let of = |side: &Shown| side.get(key).cloned().unwrap_or_else(|| "none".to_owned());
            let (was, is) = (of(&old), of(&new));
            if was == is {
                continue;
            }
            let entry = (key.clone(), was.clone(), is.clone());
            let direction = order::direction(key, &was, &is);
            let witness = point.witness(&sources);
            let change = found.entry(entry).or_insert_with(|| Change {
                key: key.clone(),
                old: was,
                new: is,
                direction,
                witness: witness.clone(),
                combinations: 0,
            });
            change.combinations += 1;
            if witness.len() < change.witness.len() {
                change.witness = witness;
            }
        }
    }
    let mut changes: Vec<Change> = found.into_values().collect();
    changes.extend(rules::changes(&demanded));
    changes.extend(rest(&demanded));
    changes.sort_by(|left, right| (left.direction, &left.key).cmp(&(right.direction, &right.key)));
    Changes { codex_version: release.name, changes, combinations: space.points.len(), enumerated: space.enumerated }
}

fn documents(layers: &[Layer], sources: &mut Sources) -> Vec<Document> {
    let one = |layer: &Layer| Document::new(sources, layer.kind.clone(), &layer.name, "/etc/codex", layer.text.clone());
    layers.iter().map(one).collect()
}

/// What a side demands, or nothing where it does not start.
struct Demanded {
    /// Merged.
    table: Table,
    /// Every document as it is, for what the merge takes out: patterns of hosts.
    raw: Vec<Table>,
}

fn read(documents: &[Document], sources: &Sources, release: &Release) -> Demanded {
    let mut sources = sources.clone();
    let line = super::flags::CommandLine::new(&mut sources, super::flags::Surface::Interactive, &[]);
    let scene = Scene { sources, documents: documents.to_vec(), machine: Machine::made_up(""), line, client: None };
    Demanded {
        table: demands::gather(&scene, release).map(|demands| demands.table).unwrap_or_default(),
        raw: documents.iter().filter_map(|document| document.read.as_ref().ok().cloned()).collect(),
    }
}

/// What an invocation comes to, as keys and values.
fn outcome(scene: &Scene, release: &'static Release) -> Shown {
    let resolution = resolve(scene, release);
    let mut shown = Shown::new();
    let mut put = |key: &str, value: String| shown.insert(key.to_owned(), value);
    let effective = match &resolution.effective {
        Ok(effective) => effective,
        Err(failure) => {
            put("starts", format!("no ({})", failure.class));
            return shown;
        }
    };
    put("starts", "yes".into());
    values(effective, &mut put);
    for setting in &resolution.settings {
        if super::keys::EXACT.contains(&setting.key.split('.').next().unwrap_or_default()) {
            put(&setting.key, setting.value.clone());
        }
    }
    shown
}

fn values(effective: &Effective, put: &mut dyn FnMut(&str, String) -> Option<String>) {
    put("approval_policy", serde_json::to_string(&effective.approval).unwrap_or_default().trim_matches('"').to_owned());
    put("approvals_reviewer", effective.reviewer.clone());
    put("sandbox_mode", effective.mode.clone());
    // Where there is no sandbox nothing closes the network.
    put("network_access", effective.network.unwrap_or(true).to_string());
    put("web_search", effective.web_search.clone());
    if effective.mode == "workspace-write" {
        put("writable_roots", list(effective.roots.iter()));
        put("exclude_slash_tmp", effective.exclude_slash_tmp.to_string());
        put("exclude_tmpdir_env_var", effective.exclude_tmpdir.to_string());
    }
    if let Some(profile) = &effective.profile {
        put("permission_profile", profile.clone());
    }
    put("deny_read", list(effective.deny_read.iter()));
    put("enforce_residency", effective.residency.clone().unwrap_or_else(|| "none".into()));
    for (name, on) in &effective.features {
        put(&format!("features.{name}"), on.to_string());
    }
    for (name, state) in &effective.servers {
        let on = matches!(state, ServerState::Enabled);
        put(&format!("mcp_servers.{name}"), if on { "enabled" } else { "disabled" }.into());
    }
}

fn list<'a>(items: impl Iterator<Item = &'a String>) -> String {
    let all: BTreeSet<&str> = items.map(String::as_str).collect();
    if all.is_empty() { "none".into() } else { all.into_iter().collect::<Vec<_>>().join(", ") }
}

/// Values that one mode has and another has not.
const OF_A_MODE: &[&str] = &["writable_roots", "exclude_slash_tmp", "exclude_tmpdir_env_var", "permission_profile"];

/// Keys whose effect the outcomes show.
const SHOWN: &[&str] = &[
    "allowed_approval_policies",
    "allowed_approvals_reviewers",
    "allowed_sandbox_modes",
    "allowed_web_search_modes",
    "allowed_permission_profiles",
    "default_permissions",
    "features",
    "mcp_servers",
    "enforce_residency",
    "rules",
];

/// Keys that differ and of which no outcome shows what they do.
fn rest(sides: &[Demanded; 2]) -> Vec<Change> {
    let [old, new] = sides;
    let keys: BTreeSet<&str> = old.table.keys().chain(new.table.keys()).collect();
    let of = |side: &Demanded, key: &str| {
        side.table.get(key).map_or_else(|| "none".to_owned(), |node| node.value.to_string())
    };
    keys.into_iter()
        .filter(|key| !SHOWN.contains(key) && of(old, key) != of(new, key))
        // What is denied is shown; the profiles beside it are compared as texts.
        .filter(|key| *key != "permissions" || of_profiles(old) != of_profiles(new))
        .map(|key| Change {
            key: key.to_owned(),
            old: of(old, key),
            new: of(new, key),
            direction: Direction::Changed,
            witness: "its effect is not resolved; the texts differ".into(),
            combinations: 0,
        })
        .collect()
}

fn of_profiles(side: &Demanded) -> String {
    demands::profiles(&side.table).iter().map(|(name, node)| format!("{name} {}\n", node.value)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::release::{find, newest};
    use super::*;

    fn layer(text: &str) -> Vec<Layer> {
        vec![Layer { kind: Kind::Requirements, name: "requirements.toml".into(), text: text.into() }]
    }

    fn told(old: &str, new: &str) -> Vec<(String, Direction)> {
        let found = diff(&layer(old), &layer(new), newest()).changes;
        found
            .into_iter()
            .map(|change| (format!("{} {} -> {}", change.key, change.old, change.new), change.direction))
            .collect()
    }

    #[test]
    fn the_same_in_other_words_is_equal() {
        let old = "allowed_sandbox_modes = [\"read-only\", \"workspace-write\"]\n[features]\nundo = true\n";
        let new = "# order of modes is nothing\nallowed_sandbox_modes = [\"workspace-write\", \"read-only\"]\nfeatures = { undo = true }\n";
        assert_eq!(told(old, new), []);
    }

    #[test]
    fn a_mode_more_is_looser_and_one_less_stricter() {
        let (narrow, wide) = (
            "allowed_sandbox_modes = [\"read-only\"]\n",
            "allowed_sandbox_modes = [\"read-only\", \"workspace-write\"]\n",
        );
        let looser = told(narrow, wide);
        assert!(
            looser.contains(&("sandbox_mode read-only -> workspace-write".into(), Direction::Looser)),
            "{looser:?}"
        );
        assert!(looser.iter().all(|(_, direction)| *direction != Direction::Stricter), "{looser:?}");
        assert!(told(wide, narrow).iter().any(|(_, direction)| *direction == Direction::Stricter));
    }

    #[test]
    fn the_order_of_approvals_is_policy_and_that_of_modes_is_none() {
        let (ask, never) = (
            "allowed_approval_policies = [\"on-request\", \"never\"]\n",
            "allowed_approval_policies = [\"never\", \"on-request\"]\n",
        );
        let changes = told(ask, never);
        assert!(changes.contains(&("approval_policy on-request -> never".into(), Direction::Looser)), "{changes:?}");
    }

    #[test]
    fn every_change_has_an_invocation_that_shows_it() {
        let changes = diff(
            &layer("allowed_sandbox_modes = [\"read-only\", \"workspace-write\", \"danger-full-access\"]\n"),
            &layer("allowed_sandbox_modes = [\"read-only\", \"workspace-write\"]\n"),
            find("0.125.0").expect("a release"),
        );
        let mode = changes.changes.iter().find(|change| change.key == "sandbox_mode").expect("a change");
        assert!(mode.witness.starts_with("codex "), "{}", mode.witness);
        assert!(changes.changes.iter().all(|change| change.combinations > 0));
        assert_eq!(mode.direction, Direction::Stricter);
    }

    #[test]
    fn rules_servers_hosts_and_what_is_denied_are_compared_too() {
        let old = "[rules]\nprefix_rules = [{ pattern = [{ token = \"git\" }, { any_of = [\"push\", \"pull\"] }], decision = \"forbidden\" }]\n\
                   [mcp_servers.docs.identity]\ncommand = \"docs-mcp\"\n[permissions.filesystem]\ndeny_read = [\"/srv/a\"]\n\
                   [[remote_sandbox_config]]\nhostname_patterns = [\"ci-*\"]\nallowed_sandbox_modes = [\"read-only\"]\n";
        let new = "[rules]\nprefix_rules = [{ pattern = [{ token = \"git\" }, { token = \"push\" }], decision = \"prompt\" }]\n\
                   [mcp_servers.docs.identity]\ncommand = \"other\"\n";
        let changes = told(old, new);
        for wanted in [
            ("command `git pull` forbidden -> not judged", Direction::Looser),
            ("command `git push` forbidden -> prompt", Direction::Looser),
            ("deny_read /srv/a -> none", Direction::Looser),
            ("mcp_servers.docs enabled -> disabled", Direction::Stricter),
            ("mcp_servers.docs disabled -> enabled", Direction::Looser),
            ("sandbox_mode read-only -> workspace-write", Direction::Looser),
        ] {
            assert!(changes.contains(&(wanted.0.into(), wanted.1)), "{wanted:?} is not in {changes:#?}");
        }
    }
}
