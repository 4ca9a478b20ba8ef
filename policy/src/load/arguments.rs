//! What the builtins are given, checked and turned into rules; every mistake of a call is found, in Codex's order.
//!
//! Codex stops at the first, so the first one found here is the one it would name: types of all arguments, decision,
//! justification, pattern, then the shape of `match`, then of `not_match`.

use std::path::Path;

use starlark::values::Value;
use starlark::values::list::ListRef;

use crate::decision::Decision;
use crate::diagnostic::Diagnostic;
use crate::example::{self, Examples};
use crate::likeness::nearest;
use crate::network::{NetworkRule, Protocol, normal_host};
use crate::pattern::{Comparison, PatternElement};
use crate::request::absolute;
use crate::rule::{Length, NewRule, Origin, Reviewer};
use crate::ruleset::HostExecutable;

/// A value, or everything that is wrong with it.
pub(super) type Checked<T> = Result<T, Vec<Diagnostic>>;

/// The arguments of `prefix_rule`; `None` is an argument that was left out.
pub(super) struct PrefixArguments<'v> {
    pub(super) pattern: Value<'v>,
    pub(super) decision: Option<Value<'v>>,
    pub(super) r#match: Option<Value<'v>>,
    pub(super) not_match: Option<Value<'v>>,
    pub(super) justification: Option<Value<'v>>,
    pub(super) canonical_matching: Option<Value<'v>>,
    pub(super) reviewer: Option<Value<'v>>,
    pub(super) exact: Option<Value<'v>>,
}

/// Collects what is wrong while checking goes on.
struct Findings(Vec<Diagnostic>);

impl Findings {
    fn add(&mut self, found: Diagnostic) {
        self.0.push(found);
    }

    fn take<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|found| self.add(found)).ok()
    }

    fn typed<'v, T>(
        &mut self,
        name: &str,
        value: Value<'v>,
        wanted: &str,
        read: impl FnOnce(Value<'v>) -> Option<T>,
    ) -> Option<T> {
        let got = read(value);
        if got.is_none() {
            let message = format!("`{name}` must be {wanted}, and is {}", described(value));
            let found = Diagnostic::error("arg-type", message);
            self.add(if value.is_none() {
                found.help("leave the argument out instead of passing `None`")
            } else {
                found
            });
        }
        got
    }
}

fn described(value: Value<'_>) -> String {
    match value.get_type() {
        "NoneType" => "`None`".to_owned(),
        "string" => "a string".to_owned(),
        "int" => "a number".to_owned(),
        other => format!("a {other}"),
    }
}

fn string<'v>(value: Value<'v>) -> Option<&'v str> {
    value.unpack_str()
}

fn list<'v>(value: Value<'v>) -> Option<&'v [Value<'v>]> {
    ListRef::from_value(value).map(ListRef::content)
}

/// Checks a `prefix_rule` call.
pub(super) fn prefix(given: &PrefixArguments<'_>, origin: &Origin) -> Checked<(NewRule, Examples)> {
    let mut found = Findings(Vec::new());
    let pattern = found.typed("pattern", given.pattern, "a list", list);
    let decision = given.decision.map(|value| found.typed("decision", value, "a string", string));
    let matching = given.r#match.map(|value| found.typed("match", value, "a list of examples", list));
    let not_matching = given.not_match.map(|value| found.typed("not_match", value, "a list of examples", list));
    let justification = given.justification.map(|value| found.typed("justification", value, "a string", string));
    let canonical = given
        .canonical_matching
        .map(|value| found.typed("canonical_matching", value, "`True` or `False`", |value| value.unpack_bool()));
    let exact = given.exact.map(|value| found.typed("exact", value, "`True` or `False`", |value| value.unpack_bool()));
    let reviewer = given.reviewer.map(|value| found.typed("reviewer", value, "a string", string));

    let decision = match decision {
        None => Some(Decision::Allow),
        Some(word) => word.and_then(|word| found.take(prefix_decision(word))),
    };
    check_justification(justification.flatten(), &mut found);
    let pattern = pattern.and_then(|elements| found.take(read_pattern(elements)));
    let matching = read_examples("match", matching.flatten(), &mut found);
    let not_matching = read_examples("not_match", not_matching.flatten(), &mut found);
    let reviewer = reviewer.flatten().and_then(|word| found.take(read_reviewer(word, decision)));

    match (pattern, decision, found.0.is_empty()) {
        (Some((heads, rest)), Some(decision), true) => Ok((
            NewRule {
                heads,
                rest,
                decision,
                justification: justification.flatten().map(str::to_owned),
                comparison: match canonical.flatten() {
                    Some(true) => Comparison::Canonical,
                    Some(false) | None => Comparison::Exact,
                },
                length: match exact.flatten() {
                    Some(true) => Length::Exactly,
                    Some(false) | None => Length::AtLeast,
                },
                reviewer,
                origin: origin.clone(),
            },
            Examples { matching, not_matching },
        )),
        _ => Err(found.0),
    }
}

fn prefix_decision(word: &str) -> Result<Decision, Diagnostic> {
    Decision::parse(word).ok_or_else(|| unknown_decision(word, &["allow", "prompt", "forbidden"]))
}

fn unknown_decision(word: &str, words: &[&str]) -> Diagnostic {
    let found = Diagnostic::error("invalid-decision", format!("`{}` is not a decision", cut(word)));
    let lowered = word.trim().to_lowercase();
    let meant = match lowered.as_str() {
        "deny" | "denied" | "block" | "forbid" | "reject" | "never" => Some("forbidden"),
        "ask" | "confirm" | "review" => Some("prompt"),
        "ok" | "yes" | "permit" | "accept" | "always" => Some("allow"),
        _ => nearest(&lowered, words.iter().copied()),
    };
    let all = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    found.help(match meant {
        Some(meant) => format!("did you mean `{meant}`? the decisions are {all}"),
        None => format!("the decisions are {all}"),
    })
}

/// User text short enough for a message.
fn cut(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn check_justification(text: Option<&str>, found: &mut Findings) {
    if text.is_some_and(|text| text.trim().is_empty()) {
        let help = "say why in a few words, or leave it out";
        found.add(Diagnostic::error("invalid-rule", "the justification is empty").help(help));
    }
}

fn read_reviewer(word: &str, decision: Option<Decision>) -> Result<Reviewer, Diagnostic> {
    let Some(reviewer) = Reviewer::parse(word) else {
        let message = format!("`{}` is not a reviewer", cut(word));
        return Err(Diagnostic::error("invalid-rule", message).help("the reviewers are `user` and `auto_review`"));
    };
    if decision.is_some_and(|decision| decision != Decision::Prompt) {
        let message = "only a rule whose decision is `prompt` has a reviewer";
        return Err(Diagnostic::error("invalid-rule", message).help("drop `reviewer`, or set `decision = \"prompt\"`"));
    }
    Ok(reviewer)
}

fn bad_pattern(message: impl Into<String>) -> Diagnostic {
    let help = "a pattern is a list of strings, where a list of strings in place of one stands for alternatives";
    Diagnostic::error("invalid-pattern", message).help(help)
}

fn read_pattern(elements: &[Value<'_>]) -> Result<(Vec<String>, Vec<PatternElement>), Diagnostic> {
    let mut read = elements.iter().enumerate().map(|(at, element)| read_element(at, *element));
    let heads = match read.next() {
        None => return Err(bad_pattern("the pattern is empty")),
        Some(first) => first?.words().to_vec(),
    };
    Ok((heads, read.collect::<Result<_, _>>()?))
}

fn read_element(at: usize, element: Value<'_>) -> Result<PatternElement, Diagnostic> {
    if let Some(word) = string(element) {
        return Ok(PatternElement::Word(word.to_owned()));
    }
    let at = at + 1;
    let Some(alternatives) = list(element) else {
        return Err(bad_pattern(format!("element {at} of the pattern is {}", described(element))));
    };
    let words = alternatives.iter().map(|value| {
        let odd = || bad_pattern(format!("an alternative in element {at} of the pattern is {}", described(*value)));
        string(*value).map(str::to_owned).ok_or_else(odd)
    });
    let mut words = words.collect::<Result<Vec<_>, _>>()?;
    match (words.pop(), words.is_empty()) {
        (None, _) => Err(bad_pattern(format!("element {at} of the pattern has no alternatives"))),
        (Some(only), true) => Ok(PatternElement::Word(only)),
        (Some(last), false) => {
            words.push(last);
            Ok(PatternElement::AnyOf(words))
        }
    }
}

fn read_examples(name: &str, given: Option<&[Value<'_>]>, found: &mut Findings) -> Vec<Vec<String>> {
    let examples = given.unwrap_or(&[]).iter().enumerate();
    examples.filter_map(|(at, example)| found.take(read_example(name, at + 1, *example))).collect()
}

fn read_example(name: &str, at: usize, example: Value<'_>) -> Result<Vec<String>, Diagnostic> {
    let bad = |why: String| {
        let help = "an example is a command: a string as typed into a shell, or a list of its words";
        Diagnostic::error("invalid-example", format!("example {at} of `{name}`: {why}")).help(help)
    };
    if let Some(text) = string(example) {
        return example::split(text).map_err(|why| bad(why.to_owned()));
    }
    let Some(words) = list(example) else { return Err(bad(format!("it is {}", described(example)))) };
    if words.is_empty() {
        return Err(bad("the list is empty".to_owned()));
    }
    let word = |value: &Value<'_>| string(*value).map(str::to_owned);
    words.iter().map(|value| word(value).ok_or_else(|| bad(format!("a word of it is {}", described(*value))))).collect()
}

/// Checks a `network_rule` call.
pub(super) fn network(
    host: Value<'_>,
    protocol: Value<'_>,
    decision: Value<'_>,
    justification: Option<Value<'_>>,
    origin: &Origin,
) -> Checked<NetworkRule> {
    let mut found = Findings(Vec::new());
    let host = found.typed("host", host, "a string", string);
    let protocol = found.typed("protocol", protocol, "a string", string);
    let decision = found.typed("decision", decision, "a string", string);
    let justification = justification.and_then(|value| found.typed("justification", value, "a string", string));

    let protocol = protocol.and_then(|word| {
        let odd = || {
            let all = Protocol::WORDS.join("`, `");
            Diagnostic::error("invalid-rule", format!("`{}` is not a protocol", cut(word)))
                .help(format!("the protocols are `{all}`"))
        };
        found.take(Protocol::parse(word).ok_or_else(odd))
    });
    let decision = decision.and_then(|word| found.take(network_decision(word)));
    check_justification(justification, &mut found);
    let host = host.and_then(|host| {
        let odd = |why| Diagnostic::error("invalid-rule", format!("`{}` is not a host: {why}", cut(host)));
        found.take(normal_host(host).map_err(odd))
    });
    match (host, protocol, decision, found.0.is_empty()) {
        (Some(host), Some(protocol), Some(decision), true) => Ok(NetworkRule {
            host,
            protocol,
            decision,
            justification: justification.map(str::to_owned),
            origin: origin.clone(),
        }),
        _ => Err(found.0),
    }
}

fn network_decision(word: &str) -> Result<Decision, Diagnostic> {
    if word == "deny" {
        return Ok(Decision::Forbidden);
    }
    Decision::parse(word).ok_or_else(|| unknown_decision(word, &["allow", "prompt", "forbidden", "deny"]))
}

/// Checks a `host_executable` call.
pub(super) fn host(name: Value<'_>, paths: Value<'_>, origin: &Origin) -> Checked<(String, HostExecutable)> {
    let mut found = Findings(Vec::new());
    let name = found.typed("name", name, "a string", string);
    let paths = found.typed("paths", paths, "a list of strings", list);
    if let Some(name) = name
        && (matches!(name, "" | "." | "..") || name.contains('/'))
    {
        let message = format!("`{}` is not the name of a program", cut(name));
        found.add(Diagnostic::error("invalid-rule", message).help("a name is one path component, such as `git`"));
    }
    let mut kept: Vec<String> = Vec::new();
    for path in paths.unwrap_or(&[]) {
        if let Some(path) = found.take(host_path(*path, name))
            && !kept.contains(&path)
        {
            kept.push(path);
        }
    }
    match (name, found.0.is_empty()) {
        (Some(name), true) => Ok((name.to_owned(), HostExecutable { paths: kept, origin: origin.clone() })),
        _ => Err(found.0),
    }
}

fn host_path(path: Value<'_>, name: Option<&str>) -> Result<String, Diagnostic> {
    let bad = |message: String| Diagnostic::error("invalid-rule", message);
    let Some(path) = string(path) else { return Err(bad(format!("a path is {}", described(path)))) };
    if !path.starts_with('/') {
        return Err(bad(format!("`{}` is not an absolute path", cut(path))).help("a path begins with `/`"));
    }
    match name {
        Some(name) if Path::new(path).file_name().and_then(|last| last.to_str()) != Some(name) => {
            Err(bad(format!("`{}` does not end in `{}`", cut(path), cut(name))))
        }
        _ => Ok(absolute(path, "/")),
    }
}
