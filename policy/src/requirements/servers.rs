//! MCP servers: which configured ones stay enabled under requirements.

use std::collections::BTreeMap;

use regex::Regex;

use super::failure::Failure;
use super::value::{Node, Table, Value, at};
use crate::source::Span;

/// What becomes of a configured server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerState {
    /// It is started.
    Enabled,
    /// Config switches it off.
    Off,
    /// Requirements switch it off: where, and why.
    Refused(Span, String),
}

/// Whether the matchers of requirements can be used.
///
/// # Errors
/// A regular expression that is none.
pub fn check(table: &Table) -> Result<(), Failure> {
    let plugins = table.get("plugins").and_then(|node| node.value.table());
    let plugins = plugins.into_iter().flatten().filter_map(|(_, node)| node.value.table()?.get("mcp_servers"));
    let servers = table.get("mcp_servers").into_iter().chain(plugins);
    for (name, server) in servers.filter_map(|node| node.value.table()).flatten() {
        let Some(identity) = server.value.table().and_then(|server| server.get("identity")?.value.table()) else {
            continue;
        };
        let args = at(identity, &["command", "args"]).and_then(|node| node.value.list()).unwrap_or_default();
        for matcher in identity.get("url").into_iter().chain(args) {
            let expression = matcher.value.table().and_then(|fields| fields.get("expression"));
            if let Some((text, node)) = expression.and_then(|node| Some((node.value.text()?, node)))
                && whole(text).is_none()
            {
                return Err(Failure::new(
                    "requirements_mcp",
                    format!("`{text}` is no regular expression, in the matcher for `{name}`"),
                )
                .at(node.span));
            }
        }
    }
    Ok(())
}

/// The expression over the whole of a text.
fn whole(expression: &str) -> Option<Regex> {
    Regex::new(&format!("^(?:{expression})$")).ok()
}

/// The state of every configured server.
#[must_use]
pub fn resolve(config: Option<&Table>, demanded: Option<&Node>) -> BTreeMap<String, ServerState> {
    let one = |(name, node): (&String, &Node)| {
        let table = node.value.table();
        let off = table.and_then(|table| table.get("enabled")?.value.truth()) == Some(false);
        let refused = demanded.and_then(|demanded| refusal(name, table, demanded));
        let state = match refused {
            Some((span, why)) => ServerState::Refused(span, why),
            None if off => ServerState::Off,
            None => ServerState::Enabled,
        };
        (name.clone(), state)
    };
    config.into_iter().flatten().map(one).collect()
}

fn refusal(name: &str, server: Option<&Table>, demanded: &Node) -> Option<(Span, String)> {
    let allowed = demanded.value.table()?;
    let Some(entry) = allowed.get(name) else {
        return Some((demanded.key, format!("`{name}` is not among the allowed servers")));
    };
    let identity = entry.value.table()?.get("identity")?;
    let field = |key: &str| server.and_then(|server| server.get(key)).and_then(|node| node.value.text());
    let args: Vec<&str> = server
        .and_then(|server| server.get("args")?.value.list())
        .unwrap_or_default()
        .iter()
        .filter_map(|item| item.value.text())
        .collect();
    let wanted = identity.value.table()?;
    let (node, fits) = match (wanted.get("command"), wanted.get("url")) {
        (Some(node), _) => (node, command_fits(node, field("command"), &args)),
        (None, Some(node)) => (node, field("url").is_some_and(|url| matches(node, url))),
        (None, None) => return None,
    };
    (!fits).then(|| (node.span, format!("`{name}` is configured with another identity than `{}`", node.value)))
}

fn command_fits(node: &Node, command: Option<&str>, args: &[&str]) -> bool {
    match &node.value {
        Value::Text(wanted) => command == Some(wanted),
        Value::Table(fields) => {
            let matchers = fields.get("args").and_then(|node| node.value.list()).unwrap_or_default();
            fields.get("executable").and_then(|node| node.value.text()) == command
                && matchers.len() == args.len()
                && matchers.iter().zip(args).all(|(matcher, arg)| matches(matcher, arg))
        }
        _ => false,
    }
}

fn matches(node: &Node, text: &str) -> bool {
    let Some(fields) = node.value.table() else { return node.value.text() == Some(text) };
    let field = |key: &str| fields.get(key).and_then(|node| node.value.text()).unwrap_or_default();
    match field("match") {
        "exact" => field("value") == text,
        "prefix" => text.starts_with(field("value")),
        "regex" => whole(field("expression")).is_some_and(|pattern| pattern.is_match(text)),
        _ => false,
    }
}
