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
                && !can_be_used(text)
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

/// Keys of a server that is started, and of one that is reached.
const STARTED: &[&str] = &["command", "args", "env", "env_vars", "cwd"];
const REACHED: &[&str] = &["url", "bearer_token_env_var", "http_headers", "env_http_headers"];

/// Whether every configured server can be one: started or reached, and not both.
///
/// # Errors
/// The first that cannot.
pub fn fit(config: Option<&Table>) -> Result<(), Failure> {
    for (name, node) in config.into_iter().flatten() {
        let Some(server) = node.value.table() else { continue };
        let (wrong, at) = match (server.get("command"), server.get("url")) {
            (None, None) => ("neither `command` nor `url`", Some(node)),
            (Some(_), _) => ("is started, and has keys of one that is reached", first(server, REACHED)),
            (None, Some(_)) => ("is reached, and has keys of one that is started", first(server, STARTED)),
        };
        if let Some(at) = at {
            let why = format!("the MCP server `{name}`: {wrong}");
            return Err(Failure::new("config_invalid", why)
                .at(at.key)
                .help("layers are merged key by key: `command` in one and `url` in another make neither"));
        }
    }
    Ok(())
}

fn first<'a>(server: &'a Table, keys: &[&str]) -> Option<&'a Node> {
    keys.iter().find_map(|key| server.get(key))
}

fn anchored(expression: &str) -> String {
    format!("^(?:{expression})$")
}

/// The expression over the whole of a text.
fn whole(expression: &str) -> Option<Regex> {
    Regex::new(&anchored(expression)).ok()
}

/// No expression that fits into the engine's memory is longer.
const LONGEST: usize = 256 << 10;

/// Whether an expression can be used. A short one without a count cannot be too large, so that its syntax is enough: there may
/// be a hundred thousand of them.
fn can_be_used(expression: &str) -> bool {
    let small = expression.len() <= 200 && !expression.contains('{');
    expression.len() <= LONGEST
        && if small { regex_syntax::parse(&anchored(expression)).is_ok() } else { whole(expression).is_some() }
}

/// The state of every configured server.
#[must_use]
pub fn resolve(config: Option<&Table>, demanded: Option<&Node>) -> BTreeMap<String, ServerState> {
    let one = |(name, node): (&str, &Node)| {
        let table = node.value.table();
        let off = table.and_then(|table| table.get("enabled")?.value.truth()) == Some(false);
        let refused = demanded.and_then(|demanded| refusal(name, table, demanded));
        let state = match refused {
            Some((span, why)) => ServerState::Refused(span, why),
            None if off => ServerState::Off,
            None => ServerState::Enabled,
        };
        (name.to_owned(), state)
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
        Value::Text(wanted) => command == Some(wanted.as_str()),
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
