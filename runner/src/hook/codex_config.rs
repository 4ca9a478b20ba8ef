//! What Codex wants in `config.toml` before it runs a hook: up to 0.124 a switch, later a record that this hook is trusted, and
//! for one of a project that the project is. Pure.
//!
//! Everything that is added carries a comment by which it is found again; everything else stays as it was written.

use serde_json::json;
use sha2::{Digest, Sha256};
use toml_edit::{DocumentMut, Item, Table, TableLike, value};

use super::entry::{Entry, MATCHER, TIMEOUT};
use super::json_text::Wrong;

/// The comment.
const MARK: &str = "# added by palisade hook install";

/// What is to be in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wish {
    /// Records of trust: keys and hashes.
    pub(super) trusted: Vec<(String, String)>,
    /// Whether hooks must be switched on.
    pub(super) switch: bool,
    /// A project to trust.
    pub(super) project: Option<String>,
}

/// The key of an entry's record of trust; `file` is the file of hooks.
pub(super) fn key(file: &str, entry: &Entry) -> String {
    format!("{file}:pre_tool_use:{}:{}", entry.group, entry.handler)
}

/// What Codex compares to see whether a hook is the one that was trusted: SHA-256 of its compact JSON with sorted keys.
pub(super) fn hash(command: &str) -> String {
    let hook = json!({
        "event_name": "pre_tool_use",
        "hooks": [{ "async": false, "command": command, "timeout": TIMEOUT, "type": "command" }],
        "matcher": MATCHER,
    });
    let hex: String = Sha256::digest(hook.to_string().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// A text with all of this in it and nothing of an earlier time.
///
/// # Errors
/// What is wrong with the text, or what in it is against the wish.
pub(super) fn put(text: &str, wish: &Wish) -> Result<String, Wrong> {
    let (mut document, ends) = read(text)?;
    clear(&mut document);
    against(text, &document, wish)?;
    for (key, hash) in &wish.trusted {
        let state = table(&mut document, &["hooks", "state"], text)?;
        let mut record = Table::new();
        record.insert("trusted_hash", value(hash.as_str()));
        record.decor_mut().set_prefix(format!("\n{MARK}\n"));
        state.insert(key, Item::Table(record));
    }
    if wish.switch {
        let made = !document.contains_key("features");
        let features = table(&mut document, &["features"], text)?;
        let mut on = toml_edit::Value::from(true);
        on.decor_mut().set_suffix(format!(" {MARK}"));
        features.insert("codex_hooks", Item::Value(on));
        if made && let Some(Item::Table(table)) = document.get_mut("features") {
            table.set_implicit(false);
            table.decor_mut().set_prefix(format!("\n{MARK}\n"));
        }
    }
    if let Some(project) = &wish.project {
        let projects = table(&mut document, &["projects"], text)?;
        if !projects.contains_key(project) {
            let mut trust = Table::new();
            trust.insert("trust_level", value("trusted"));
            trust.decor_mut().set_prefix(format!("\n{MARK}\n"));
            projects.insert(project, Item::Table(trust));
        }
    }
    Ok(written(&document, ends))
}

/// A text without what was added.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn take_out(text: &str) -> Result<String, Wrong> {
    let (mut document, ends) = read(text)?;
    if !clear(&mut document) {
        return Ok(text.to_owned());
    }
    Ok(written(&document, ends))
}

/// Whether the file has a switch that turns hooks off, or a record that turns this one off; a hook would be skipped in silence.
fn against(text: &str, document: &DocumentMut, wish: &Wish) -> Result<(), Wrong> {
    let at = |path: &[&str]| path.iter().try_fold(document.as_item(), |item, name| item.get(*name));
    let wrong = |path: &[&str], why: String| Err(Wrong { at: place(text, path), why });
    for name in ["hooks", "codex_hooks"] {
        let path = ["features", name];
        if at(&path).and_then(Item::as_bool) == Some(false) {
            return wrong(&path, format!("`features.{name}` turns hooks off"));
        }
    }
    for (key, _) in &wish.trusted {
        let path = ["hooks", "state", key, "enabled"];
        if at(&path).and_then(Item::as_bool) == Some(false) {
            return wrong(&path, format!("`hooks.state.\"{key}\"` turns this hook off"));
        }
    }
    if let Some(project) = &wish.project {
        let path = ["projects", project, "trust_level"];
        if at(&path).and_then(Item::as_str).is_some_and(|level| level != "trusted") {
            return wrong(&path, "the project is marked as not trusted".into());
        }
    }
    Ok(())
}

/// Whether the file trusts a project.
pub(super) fn trusts(text: &str, project: &str) -> bool {
    let Ok((document, _)) = read(text) else { return false };
    let level = document.get("projects").and_then(|projects| projects.get(project)?.get("trust_level"));
    level.and_then(Item::as_str) == Some("trusted")
}

/// Takes out what carries the mark; whether there was any.
fn clear(document: &mut DocumentMut) -> bool {
    let mut any = false;
    if let Some(Item::Table(features)) = document.get_mut("features") {
        let marked = |item: &Item| item.as_value().is_some_and(|value| has_mark(value.decor()));
        if features.get("codex_hooks").is_some_and(marked) {
            features.remove("codex_hooks");
            any = true;
        }
        if features.is_empty() && has_mark(features.decor()) {
            document.remove("features");
        }
    }
    for path in [["hooks", "state"].as_slice(), &["projects"]] {
        any |= clear_tables(document.as_table_mut(), path);
    }
    any
}

/// Takes the marked tables below a path out, and on the way back what is only implied and empty now.
fn clear_tables(table: &mut Table, path: &[&str]) -> bool {
    let Some((name, rest)) = path.split_first() else {
        let marked = |item: &Item| item.as_table().is_some_and(|table| has_mark(table.decor()));
        let gone: Vec<String> =
            table.iter().filter(|(_, item)| marked(item)).map(|(name, _)| name.to_owned()).collect();
        for name in &gone {
            table.remove(name);
        }
        return !gone.is_empty();
    };
    let Some(Item::Table(inner)) = table.get_mut(name) else { return false };
    let any = clear_tables(inner, rest);
    if any && inner.is_empty() && inner.is_implicit() {
        table.remove(name);
    }
    any
}

fn has_mark(decor: &toml_edit::Decor) -> bool {
    let has = |text: Option<&toml_edit::RawString>| {
        text.and_then(|text| text.as_str()).is_some_and(|text| text.contains(MARK))
    };
    has(decor.prefix()) || has(decor.suffix())
}

/// The table at a path, made where it is missing.
fn table<'a>(document: &'a mut DocumentMut, path: &[&str], text: &str) -> Result<&'a mut dyn TableLike, Wrong> {
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for (depth, name) in path.iter().enumerate() {
        if table.get(name).is_some_and(|item| !item.is_table()) {
            let why = format!("`{name}` is no table of its own; write it as `[{}]`", path.join("."));
            return Err(Wrong { at: place(text, path.get(..=depth).unwrap_or(path)), why });
        }
        let item = table.entry(name).or_insert_with(|| {
            let mut new = Table::new();
            new.set_implicit(true);
            Item::Table(new)
        });
        let why = || Wrong { at: 0, why: format!("`{name}` is no table") };
        table = item.as_table_like_mut().ok_or_else(why)?;
    }
    Ok(table)
}

/// Where the item at a path stands in the text that was read. A document that can be changed has lost its places.
fn place(text: &str, path: &[&str]) -> usize {
    let Ok(document) = toml_edit::Document::parse(text) else { return 0 };
    let mut item = document.as_item();
    for name in path {
        match item.get(*name) {
            Some(inner) => item = inner,
            None => break,
        }
    }
    item.span().map_or(0, |span| span.start)
}

/// How lines end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Unix,
    Dos,
}

fn read(text: &str) -> Result<(DocumentMut, Ends), Wrong> {
    let lines = text.matches('\n').count();
    let ends = if lines > 0 && text.matches("\r\n").count() == lines { Ends::Dos } else { Ends::Unix };
    let document = text.parse::<DocumentMut>().map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        Wrong { at: text.floor_char_boundary(at.min(text.len())), why: error.message().to_owned() }
    })?;
    Ok((document, ends))
}

fn written(document: &DocumentMut, ends: Ends) -> String {
    let text = document.to_string();
    match ends {
        Ends::Unix => text,
        Ends::Dos => text.replace("\r\n", "\n").replace('\n', "\r\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish() -> Wish {
        Wish {
            trusted: vec![("/h/.codex/hooks.json:pre_tool_use:0:0".into(), "sha256:ab".into())],
            switch: true,
            project: Some("/h/work".into()),
        }
    }

    const FILES: &[&str] = &[
        "",
        "# mine\nmodel = \"x\" # here\n\n[features]\nplugins = false\n\n# the end\n",
        "model = 'x'\r\n# dos\r\n[projects.\"/h/work\"]\r\ntrust_level = \"trusted\"\r\n",
        "[[hooks.PreToolUse]]\nmatcher = \"Bash\"\n[[hooks.PreToolUse.hooks]]\ntype = \"command\"\ncommand = \"x\"\n",
        "features.plugins = false\n[hooks.state.\"other\"]\ntrusted_hash = \"sha256:cd\"\n[profiles.a]\nmodel = \"y\"\n",
    ];

    #[test]
    fn what_is_added_is_there_once_and_goes_without_a_trace() {
        for text in FILES {
            let new = put(text, &wish()).unwrap_or_else(|wrong| panic!("{text}: {}", wrong.why));
            let read: toml::Table = toml::from_str(&new).unwrap_or_else(|error| panic!("{new}: {error}"));
            assert_eq!(read["features"]["codex_hooks"].as_bool(), Some(true), "{new}");
            let state = &read["hooks"]["state"]["/h/.codex/hooks.json:pre_tool_use:0:0"];
            assert_eq!(state["trusted_hash"].as_str(), Some("sha256:ab"), "{new}");
            assert_eq!(read["projects"]["/h/work"]["trust_level"].as_str(), Some("trusted"), "{new}");
            assert_eq!(put(&new, &wish()).expect("again"), new);
            assert_eq!(take_out(&new).expect("TOML"), *text, "{new}");
            let before: toml::Table = toml::from_str(text).expect("TOML");
            for (name, value) in before {
                assert!(name == "features" || name == "hooks" || read[&name] == value, "{name} stays");
            }
        }
    }

    #[test]
    fn what_is_against_it_or_no_table_is_refused_and_placed() {
        for (text, at) in [
            ("plugins = false\n[features]\nhooks = false\n", Some(35)),
            ("[features]\ncodex_hooks = false\n", None),
            ("features = { plugins = false }\n", None),
            ("hooks = 3\n", Some(8)),
            ("[projects.\"/h/work\"]\ntrust_level = \"untrusted\"\n", None),
            ("[hooks.state.\"/h/.codex/hooks.json:pre_tool_use:0:0\"]\nenabled = false\n", None),
            ("a = \n", Some(4)),
        ] {
            let wrong = put(text, &wish()).expect_err(text);
            assert!(!wrong.why.is_empty() && at.is_none_or(|at| wrong.at == at), "{text}: {wrong:?}");
        }
    }

    #[test]
    fn the_hash_is_the_one_that_codex_makes() {
        // Made with another program; the tests with the real one show that it is what it compares.
        assert_eq!(hash("/opt/hook.sh"), "sha256:c10fcf810e0e14400e54811cd293ea62a0ace38d1a4df87572bdba80edb07e83");
    }
}
