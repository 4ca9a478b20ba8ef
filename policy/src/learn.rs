//! From commands that were seen to the rules that allow them: the shortest that allow nothing wider than needed.
//!
//! Commands are grouped by program; below it a tree of words is cut where too many variants follow, and branches that go
//! on alike become alternatives. A prefix that would allow anything at all (`ban`) is not proposed but named.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::ban;
use crate::inner::{Inner, Input};
use crate::pattern::PatternElement;
use crate::request::last_component;
use crate::unfold;
use crate::word::known;

/// One command that was seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// The program as a rule may name it, then its words.
    pub argv: Vec<String>,
}

/// What was seen and is not proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The prefix that would have to be allowed.
    pub prefix: Vec<String>,
    /// Why it is not.
    pub why: String,
    /// The commands, each once: a rule for one of them would name all its words.
    pub commands: Vec<Vec<String>>,
}

/// One rule to propose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// The alternatives at each position, never empty.
    pub pattern: Vec<Vec<String>>,
    /// A few of the commands it allows.
    pub examples: Vec<Vec<String>>,
    /// How many different commands it allows.
    pub count: usize,
}

/// What can be learned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lesson {
    /// Rules that allow what was seen.
    pub rules: Vec<Proposed>,
    /// What they do not allow.
    pub refused: Vec<Refused>,
}

/// As many variants of a word are listed; where more were seen, the rule ends before it.
const MOST_VARIANTS: usize = 8;

/// As many rules a program, or sub-command, may need before its words are cut.
const MOST_RULES: usize = 8;

/// As many examples a rule gets.
const MOST_EXAMPLES: usize = 3;

/// Why a rule for this prefix would allow anything at all, if it would.
fn banned(prefix: &[String]) -> Option<String> {
    let (head, rest) = prefix.split_first()?;
    let rest: Vec<PatternElement> = rest.iter().map(|word| PatternElement::Word(word.clone())).collect();
    ban::bans(std::slice::from_ref(head), &rest).into_iter().next().map(|ban| ban.why)
}

/// Whether the words carry program text, which no rule allows.
fn carries_text(argv: &[String]) -> Option<String> {
    let name = last_component(argv.first()?)?;
    let inner = unfold::inner(name, &known(argv), Input::Inherited);
    let text = inner.iter().any(|inner| matches!(inner, Inner::Text { .. } | Inner::Script { .. }));
    text.then(|| format!("`{name}` is given program text"))
}

/// What follows a word in a rule: the alternatives at each further position.
type Tail = Vec<Vec<String>>;

/// The words of all commands of one program, as a tree.
#[derive(Debug, Default)]
struct Node {
    /// Whether a command ends here.
    ends: bool,
    below: BTreeMap<String, Node>,
}

impl Node {
    fn add(&mut self, words: &[String]) {
        match words.split_first() {
            None => self.ends = true,
            Some((word, rest)) => self.below.entry(word.clone()).or_default().add(rest),
        }
    }

    /// The tails of rules for everything below; a cut is an empty tail.
    fn tails(&self, depth: usize) -> Vec<Tail> {
        if self.ends || self.below.is_empty() {
            return vec![Vec::new()];
        }
        let sub_commands = depth == 0 && self.below.len() > 1 && self.below.keys().all(|word| is_sub_command(word));
        if (self.below.len() > MOST_VARIANTS && !sub_commands) || self.below.keys().any(|word| is_passing(word)) {
            return vec![Vec::new()];
        }
        // Words that are followed by the same are alternatives.
        let mut alike: Vec<(Vec<String>, Vec<Tail>)> = Vec::new();
        for (word, node) in &self.below {
            let tails = node.tails(depth + 1);
            match alike.iter_mut().find(|(_, known)| *known == tails) {
                Some((words, _)) => words.push(word.clone()),
                None => alike.push((vec![word.clone()], tails)),
            }
        }
        let rules: Vec<_> = alike
            .into_iter()
            .flat_map(|(words, tails)| {
                tails.into_iter().map(move |tail| std::iter::once(words.clone()).chain(tail).collect::<Vec<_>>())
            })
            .collect();
        if rules.len() > MOST_RULES && !sub_commands { vec![Vec::new()] } else { rules }
    }
}

/// Whether a word looks like the name of something a program can do, and not like a file or an option.
fn is_sub_command(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_lowercase())
        && word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-')
}

/// Whether a word is a temporary file with a name made up for it (`mkstemp(3)`), which no second run will have.
fn is_passing(word: &str) -> bool {
    let Some(name) = ["/tmp/", "/var/tmp/"].iter().find_map(|folder| word.strip_prefix(folder)) else { return false };
    let name = name.split('/').next().unwrap_or(name);
    let stem = name.split('.').find(|part| part.len() >= 6).unwrap_or("");
    let made_up: Vec<char> = stem.chars().rev().take(6).collect();
    made_up.len() == 6
        && made_up.iter().all(char::is_ascii_alphanumeric)
        && made_up.iter().any(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
        && made_up.iter().any(char::is_ascii_alphabetic)
}

fn matches(pattern: &[Vec<String>], argv: &[String]) -> bool {
    pattern.len() <= argv.len() && pattern.iter().zip(argv).all(|(words, word)| words.contains(word))
}

/// Learns from what was seen.
#[must_use]
pub fn learn(seen: impl IntoIterator<Item = Seen>) -> Lesson {
    let mut groups: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for Seen { argv } in seen {
        if let Some(head) = argv.first().filter(|head| !head.is_empty()).cloned() {
            groups.entry(head).or_default().push(argv);
        }
    }
    let mut lesson = Lesson::default();
    for (head, mut commands) in groups {
        commands.sort();
        commands.dedup();
        // Text given to a program is never a matter of a prefix.
        let (text, plain): (Vec<_>, Vec<_>) = commands.into_iter().partition(|argv| carries_text(argv).is_some());
        for argv in text {
            let why = carries_text(&argv).unwrap_or_default();
            let prefix: Vec<String> = argv.iter().take(2).cloned().collect();
            refuse(&mut lesson, prefix, why, vec![argv]);
        }
        let mut root = Node::default();
        plain.iter().for_each(|argv| root.add(argv.get(1..).unwrap_or(&[])));
        let tails = if plain.is_empty() { Vec::new() } else { root.tails(0) };
        for tail in tails {
            let pattern: Vec<Vec<String>> = std::iter::once(vec![head.clone()]).chain(tail).collect();
            let allowed: Vec<_> = plain.iter().filter(|argv| matches(&pattern, argv)).cloned().collect();
            // A pattern is banned when any of the prefixes it stands for is.
            let widest: Vec<String> = pattern.iter().filter_map(|words| words.first().cloned()).collect();
            let any = allowed.iter().find_map(|argv| banned(argv.get(..pattern.len()).unwrap_or(argv)));
            match any.or_else(|| banned(&widest)) {
                Some(why) => refuse(&mut lesson, widest, why, allowed),
                None => {
                    let examples = allowed.iter().take(MOST_EXAMPLES).cloned().collect();
                    lesson.rules.push(Proposed { pattern, examples, count: allowed.len() });
                }
            }
        }
    }
    // What a proposed rule happens to allow is not refused.
    for refused in &mut lesson.refused {
        refused.commands.retain(|argv| !lesson.rules.iter().any(|rule| matches(&rule.pattern, argv)));
    }
    lesson.refused.retain(|refused| !refused.commands.is_empty());
    lesson
}

fn refuse(lesson: &mut Lesson, prefix: Vec<String>, why: String, commands: Vec<Vec<String>>) {
    match lesson.refused.iter_mut().find(|known| known.prefix == prefix) {
        Some(known) => known.commands.extend(commands),
        None => lesson.refused.push(Refused { prefix, why, commands }),
    }
}

impl Lesson {
    /// The rule file, with what was refused in comments.
    #[must_use]
    pub fn rules(&self) -> String {
        let mut out = String::new();
        for rule in &self.rules {
            let _ = writeln!(out, "# {} seen", rule.count);
            let _ = writeln!(out, "prefix_rule(");
            let elements: Vec<String> = rule
                .pattern
                .iter()
                .map(|words| match words.as_slice() {
                    [word] => quoted(word),
                    words => list(words),
                })
                .collect();
            let _ = writeln!(out, "    pattern = [{}],", elements.join(", "));
            let _ = writeln!(out, "    decision = \"allow\",");
            let examples: Vec<String> = rule.examples.iter().map(|words| list(words)).collect();
            let _ = writeln!(out, "    match = [{}],\n)\n", examples.join(", "));
        }
        for refused in &self.refused {
            let _ = writeln!(out, "# not proposed: {}: {}", list(&refused.prefix), refused.why);
            for argv in refused.commands.iter().take(MOST_EXAMPLES) {
                let _ = writeln!(out, "#   exactly: {}", list(argv));
            }
            let more = refused.commands.len().saturating_sub(MOST_EXAMPLES);
            if more > 0 {
                let _ = writeln!(out, "#   and {more} more");
            }
        }
        out
    }
}

fn list(words: &[String]) -> String {
    format!("[{}]", words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", "))
}

/// A word as a string of the rule language; no character of it can end the line of a comment.
fn quoted(word: &str) -> String {
    let mut out = String::from("\"");
    for letter in word.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}') => {
                let _ = write!(out, "\\U{:08x}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests;
