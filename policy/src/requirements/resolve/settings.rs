//! What is in force of keys that need no step of their own, each with its provenance.

use std::collections::BTreeMap;

use super::Run;
use crate::requirements::failure::Failure;
use crate::requirements::features;
use crate::requirements::flags::Surface;
use crate::requirements::layers::Session;
use crate::requirements::outcome::How;
use crate::requirements::servers::ServerState;
use crate::requirements::value::{Node, Table, at};

impl Run<'_> {
    /// A requirement that simply holds.
    pub(super) fn simple(&mut self, key: &str) -> Option<String> {
        let node = self.demands.get(key)?.clone();
        let text = node.value.to_string();
        let by = self.said(&text, node.span);
        self.setting(key, &text, How::Constrained, None, Some(by), "requirements say so");
        Some(text)
    }

    pub(super) fn model(&mut self) -> Option<String> {
        let typed = self.flags.model.clone();
        let declared = self.declared("model", typed.as_ref())?;
        let text = declared.node.value.to_string();
        let said = self.said(&text, declared.node.span);
        self.setting("model", &text, How::AsDeclared, Some(said), None, "the highest layer that names a model");
        Some(text)
    }

    /// A model without a name is none; a server finds out when it is asked for a thread.
    pub(super) fn no_empty_model(&self, model: Option<&str>) -> Result<(), Failure> {
        let asked = self.scene.line.surface != Surface::AppServer || self.session != Session::None;
        if !(asked && self.release.permission_profiles && model == Some("")) {
            return Ok(());
        }
        let failure = Failure::new("model_catalog", "a model without a name is none")
            .help("name one, or take the key out so that Codex chooses");
        let typed = self.flags.model.clone();
        Err(match self.declared("model", typed.as_ref()) {
            Some(declared) => failure.at(declared.node.span),
            None => failure,
        })
    }

    pub(super) fn deny_read(&mut self) -> Vec<String> {
        let node = at(&self.demands, &["permissions", "filesystem", "deny_read"]).cloned();
        let Some((node, items)) = node.as_ref().and_then(|node| Some((node, node.value.list()?))) else {
            return Vec::new();
        };
        let paths: Vec<String> = items.iter().filter_map(|item| item.value.text().map(str::to_owned)).collect();
        if !paths.is_empty() {
            let by = self.said(&paths.join(", "), node.span);
            let why = "added to whatever sandbox is in force, and full access is impossible with it";
            self.setting("deny_read", &paths.join(", "), How::Constrained, None, Some(by), why);
        }
        paths
    }

    pub(super) fn feature_settings(
        &mut self,
        pins: Option<&Table>,
        declared: Option<&Table>,
        states: &BTreeMap<&'static str, bool>,
    ) {
        let known = features::Known::to(self.release);
        let by_name = |table: Option<&Table>| {
            let mut nodes: BTreeMap<&'static str, Node> = BTreeMap::new();
            for (key, node) in table.into_iter().flatten() {
                if let Some(name) = known.current(key) {
                    nodes.entry(name).or_insert_with(|| node.clone());
                }
            }
            nodes
        };
        let (pins, said) = (by_name(pins), by_name(declared));
        for (name, on) in states {
            let (pin, said) = (pins.get(name), said.get(name));
            let declared = said.map(|node| self.said(&node.value.to_string(), node.span));
            let key = format!("features.{name}");
            match (pin, declared) {
                (Some(pin), declared) => {
                    let by = self.said(&pin.value.to_string(), pin.span);
                    let differs = declared.as_ref().is_some_and(|said| said.value != by.value);
                    let why = if differs { "pinned; Codex does not warn of it" } else { "pinned" };
                    self.setting(&key, &on.to_string(), How::Constrained, declared, Some(by), why);
                }
                (None, Some(declared)) => {
                    let same = declared.value == on.to_string();
                    let how = if same { How::AsDeclared } else { How::Ignored };
                    let why = if same { "as declared" } else { "another feature decides" };
                    self.setting(&key, &on.to_string(), how, Some(declared), None, why);
                }
                (None, None) => {}
            }
        }
    }

    pub(super) fn server_settings(&mut self, states: &BTreeMap<String, ServerState>) {
        for (name, state) in states {
            let node = at(&self.layers.merged, &["mcp_servers", name]).cloned();
            let declared = node.map(|node| self.said("configured", node.key));
            let key = format!("mcp_servers.{name}");
            match state {
                ServerState::Enabled => {
                    self.setting(&key, "enabled", How::AsDeclared, declared, None, "configured");
                }
                ServerState::Off => {
                    self.setting(&key, "disabled", How::AsDeclared, declared, None, "`enabled = false`")
                }
                ServerState::Refused(span, why) => {
                    let by = self.said("allowed servers", *span);
                    self.setting(&key, "disabled", How::Constrained, declared, Some(by), why);
                }
            }
        }
    }
}
