//! The hook's own entry in a file of hooks: written, found again, taken out. Pure.
//!
//! Codex (`hooks.json`) and Claude Code (`settings.json`) read the same shape: `hooks`, the event, groups, each with its
//! handlers. The entry says of itself that it was installed, and how much had to be made around it; so nothing else need be
//! remembered, and what a person wrote by hand is never taken for it.

use serde_json::json;

use super::json_text::{self, Kind, Node, Wrong};

/// The event.
const EVENT: &str = "PreToolUse";
/// The option by which an installed entry is known; its value is [`Made`].
pub(super) const INSTALLED: &str = "--installed";
/// How long an agent waits for the hook, in seconds; it lets the call run after that, so this is far more than is ever needed.
pub(super) const TIMEOUT: u64 = 60;
/// Every tool.
pub(super) const MATCHER: &str = "*";

/// How much was made around an entry: nothing, the list of the event, the object of all events, the file, its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Made(pub u8);

impl Made {
    /// The list of the event.
    pub const LIST: Self = Self(1);
    /// The object of all events too.
    pub const HOOKS: Self = Self(2);
    /// The file too.
    pub const FILE: Self = Self(3);
    /// The folder too.
    pub const FOLDER: Self = Self(4);
}

/// The words of a command, without its [`INSTALLED`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// palisade.
    pub program: String,
    /// What follows `hook run`.
    pub options: Vec<String>,
}

impl Words {
    /// As a shell is to read it.
    fn command(&self, made: Made) -> String {
        let made = made.0.to_string();
        let head = [self.program.as_str(), "hook", "run", INSTALLED, &made];
        let words = head.into_iter().chain(self.options.iter().map(String::as_str));
        shlex::try_join(words).unwrap_or_default()
    }
}

/// An entry that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The group, counted from 0.
    pub group: usize,
    /// The handler in it.
    pub handler: usize,
    /// What was made around it.
    pub made: Made,
    /// Its command.
    pub command: String,
    /// The words of the command behind [`INSTALLED`] and its value.
    pub options: Vec<String>,
    /// The first word.
    pub program: String,
}

/// The entries of a text.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn find(text: &str) -> Result<Vec<Entry>, Wrong> {
    let whole = json_text::parse(text)?;
    Ok(groups(&whole)?.map_or_else(Vec::new, entries))
}

/// How many groups a text has.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn groups_in(text: &str) -> Result<usize, Wrong> {
    if text.is_empty() {
        return Ok(0);
    }
    let whole = json_text::parse(text)?;
    Ok(groups(&whole)?.map_or(0, |list| list.items().len()))
}

/// The list of groups, if there is one.
fn groups(whole: &Node) -> Result<Option<&Node>, Wrong> {
    let of = |node: &Node, why: &str| Wrong { at: node.at.start, why: why.to_owned() };
    if !matches!(whole.kind, Kind::Object(_)) {
        return Err(of(whole, "this is no object"));
    }
    let Some(hooks) = whole.member("hooks") else { return Ok(None) };
    if !matches!(hooks.kind, Kind::Object(_)) {
        return Err(of(hooks, "`hooks` is no object"));
    }
    let Some(list) = hooks.member(EVENT) else { return Ok(None) };
    if !matches!(list.kind, Kind::Array(_)) {
        return Err(of(list, "`PreToolUse` is no list"));
    }
    let bad = list.items().iter().find(|group| {
        let handlers = group.member("hooks");
        !handlers.is_some_and(|handlers| matches!(handlers.kind, Kind::Array(_)))
    });
    bad.map_or(Ok(Some(list)), |group| Err(of(group, "this group has no list `hooks`")))
}

fn handlers(group: &Node) -> &[Node] {
    group.member("hooks").map_or(&[], Node::items)
}

fn entries(list: &Node) -> Vec<Entry> {
    let mut found = Vec::new();
    for (group, node) in list.items().iter().enumerate() {
        for (handler, node) in handlers(node).iter().enumerate() {
            let Some(command) = node.member("command").and_then(Node::text) else { continue };
            let Some(words) = shlex::split(command) else { continue };
            if let [program, hook, run, installed, made, options @ ..] = words.as_slice()
                && hook == "hook"
                && run == "run"
                && installed == INSTALLED
                && let Ok(made) = made.parse()
            {
                found.push(Entry {
                    group,
                    handler,
                    made: Made(made),
                    command: command.to_owned(),
                    options: options.to_vec(),
                    program: program.clone(),
                });
            }
        }
    }
    found
}

/// A text with the entry in it: as it was where it is there already, changed where it was there with other words.
/// `none` says what is made when there is no text.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn put(text: Option<&str>, words: &Words, none: Made) -> Result<(String, Entry), Wrong> {
    let Some(text) = text else {
        let new = format!("{:#}\n", json!({ "hooks": { EVENT: [group(words, none)] } }));
        return entry_of(new);
    };
    let whole = json_text::parse(text)?;
    let list = groups(&whole)?;
    if let Some(list) = list
        && let Some(known) = entries(list).into_iter().next()
    {
        let command = words.command(known.made);
        let handler = list.items().get(known.group).and_then(|group| handlers(group).get(known.handler));
        let Some(old) = handler.and_then(|handler| handler.member("command")).filter(|_| command != known.command)
        else {
            return Ok((text.to_owned(), known));
        };
        let mut new = text.to_owned();
        new.replace_range(old.at.clone(), &json!(command).to_string());
        return entry_of(new);
    }
    let new = match (list, whole.member("hooks")) {
        (Some(list), _) => json_text::put(text, list, &format!("{:#}", group(words, Made(0)))),
        (None, Some(hooks)) => json_text::put(text, hooks, &member(EVENT, &json!([group(words, Made::LIST)]))),
        (None, None) => json_text::put(text, &whole, &member("hooks", &json!({ EVENT: [group(words, Made::HOOKS)] }))),
    };
    entry_of(new)
}

fn member(name: &str, value: &serde_json::Value) -> String {
    format!("\"{name}\": {value:#}")
}

fn group(words: &Words, made: Made) -> serde_json::Value {
    let command = words.command(made);
    json!({ "matcher": MATCHER, "hooks": [{ "type": "command", "command": command, "timeout": TIMEOUT }] })
}

fn entry_of(text: String) -> Result<(String, Entry), Wrong> {
    let entry = find(&text)?.into_iter().next();
    entry.map(|entry| (text, entry)).ok_or(Wrong { at: 0, why: "the entry cannot be written here".into() })
}

/// A text without the entries, and the most that was made around one; nothing where nothing is left of a file that was made.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn take_out(text: &str) -> Result<(Option<String>, Vec<Entry>), Wrong> {
    let mut text = text.to_owned();
    let mut all = Vec::new();
    loop {
        let whole = json_text::parse(&text)?;
        let Some(list) = groups(&whole)? else { break };
        let Some(entry) = entries(list).into_iter().next() else { break };
        let made = entry.made;
        all.push(entry.clone());
        let Some(group) = list.items().get(entry.group) else { break };
        if let Some(own) = group.member("hooks")
            && own.items().len() > 1
        {
            let Some(handler) = own.items().get(entry.handler) else { break };
            text = json_text::take_out(&text, own, &handler.at);
            continue;
        }
        text = json_text::take_out(&text, list, &group.at);
        for (name, least) in [(EVENT, Made::LIST), ("hooks", Made::HOOKS)] {
            let whole = json_text::parse(&text)?;
            let holder = if name == EVENT { whole.member("hooks") } else { Some(&whole) };
            if let Some(holder) = holder
                && let Some(member) = holder.member(name)
                && made >= least
                && is_empty(member)
            {
                text = json_text::take_out(&text, holder, &member.at);
            }
        }
        if made >= Made::FILE && is_empty(&json_text::parse(&text)?) {
            return Ok((None, all));
        }
    }
    Ok((Some(text), all))
}

fn is_empty(node: &Node) -> bool {
    match &node.kind {
        Kind::Object(members) => members.is_empty(),
        Kind::Array(items) => items.is_empty(),
        Kind::Text(_) | Kind::Other => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(option: &str) -> Words {
        Words { program: "/opt/a b/palisade".into(), options: vec!["--rules".into(), option.into()] }
    }

    #[test]
    fn an_entry_is_put_in_once_and_taken_out_without_a_trace() {
        for text in [
            "{}",
            "{\n  \"model\": \"opus\",\n  \"permissions\": {\"deny\": [ \"Read(.env)\" ]}\n}\n",
            "{\"hooks\": {}}",
            "{\"hooks\": {\"Stop\": [{\"hooks\": []}]}}",
            "{\n  \"hooks\": {\n    \"PreToolUse\": []\n  }\n}\n",
            "{\n    \"hooks\": {\n        \"PreToolUse\": [\n            {\n                \"matcher\": \"Bash\",\n                \"hooks\": [{\"type\": \"command\", \"command\": \"palisade hook run --default allow\"}]\n            }\n        ]\n    }\n}",
        ] {
            let (new, entry) = put(Some(text), &words("it's.rules"), Made::FILE).expect("an entry");
            assert_eq!(entry.options, ["--rules", "it's.rules"]);
            assert!(serde_json::from_str::<serde_json::Value>(&new).is_ok(), "{new}");
            assert_eq!(put(Some(&new), &words("it's.rules"), Made::FILE).expect("an entry").0, new, "once");
            let (changed, entry) = put(Some(&new), &words("other"), Made::FILE).expect("an entry");
            assert_eq!(entry.options, ["--rules", "other"]);
            assert_eq!(find(&changed).expect("JSON").len(), 1);
            assert_eq!(take_out(&changed).expect("JSON").0.as_deref(), Some(text), "{changed}");
            assert_eq!(take_out(text).expect("JSON"), (Some(text.to_owned()), Vec::new()));
        }
    }

    #[test]
    fn a_file_that_was_made_is_gone_again_unless_others_have_used_it() {
        let (new, entry) = put(None, &words("x"), Made::FOLDER).expect("an entry");
        assert_eq!(entry.made, Made::FOLDER);
        assert_eq!(take_out(&new).expect("JSON").0, None);
        let used = new.replacen('{', "{\n  \"other\": 1,", 1);
        assert_eq!(take_out(&used).expect("JSON").0.as_deref(), Some("{\n  \"other\": 1\n}\n"));
    }

    #[test]
    fn what_others_put_beside_it_stays() {
        let (new, _) = put(None, &words("x"), Made::FILE).expect("an entry");
        let shared =
            new.replacen("\"hooks\": [\n", "\"hooks\": [\n{\"type\": \"command\", \"command\": \"mine\"},\n", 1);
        let (left, gone) = take_out(&shared).expect("JSON");
        assert!(gone.len() == 1 && left.expect("a file").contains("mine"));
    }

    #[test]
    fn a_file_of_another_shape_is_refused() {
        for text in
            ["[]", "{\"hooks\": []}", "{\"hooks\": {\"PreToolUse\": {}}}", "{\"hooks\": {\"PreToolUse\": [1]}}", "{"]
        {
            assert!(put(Some(text), &words("x"), Made::FILE).is_err(), "{text}");
        }
    }
}
