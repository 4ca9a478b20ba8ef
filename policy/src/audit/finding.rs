//! One entry judged: the decision, and what of it is counted.
//!
//! Programs are taken as on a host as it should be: a bare name is the program that the rules mean, and so is a path to it in
//! a directory of the system; what a record proved about a program (`--record` of the guard) is believed instead.

use serde::{Deserialize, Serialize};

use super::{Shell, What};
use crate::ban;
use crate::decision::Decision;
use crate::pattern::PatternElement;
use crate::request::{Identity, last_component};
use crate::ruleset::RuleSet;
use crate::shell::Dialect;
use crate::tree::{self, Kind, Node, Subject, Surroundings, Tree};
use crate::verdict::{Reason, RuleId};
use crate::word::{Word, known};

/// How many words of a command stand for it among the prompts, and how long one may be.
const WORDS: usize = 3;
const LONGEST_WORD: usize = 60;

/// What judges entries.
#[derive(Clone, Copy, Debug)]
pub struct Auditor<'a> {
    /// The policy.
    pub rules: &'a RuleSet,
    /// The policy that might be in force instead.
    pub against: Option<&'a RuleSet>,
    /// What a command gets that no rule matches.
    pub default: Decision,
}

/// What makes a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A rule.
    Rule(u32),
    /// That no rule matches.
    Default,
    /// That something cannot be known.
    Opaque,
    /// What is executed is allowed by itself.
    Nothing,
}

/// What another policy would decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The decision.
    pub decision: Decision,
    /// What makes it.
    pub cause: Cause,
}

/// What is counted of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The decision about all of it.
    pub decision: Decision,
    /// What makes it: the first rule among the reasons, or else the default, or else a doubt.
    pub cause: Cause,
    /// What the other policy would decide.
    pub against: Option<Change>,
    /// Each program it executes, with what is decided about that command alone.
    pub programs: Vec<(String, Decision)>,
    /// Each rule that matched, and whether it decides.
    pub rules: Vec<(RuleId, bool)>,
    /// What cannot be known, without the names in it; each once.
    pub opaque: Vec<String>,
    /// Why it is asked about: what no rule matches, the rules that ask, the doubts; each once.
    pub asked: Vec<Asked>,
}

/// One cause of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// No rule matches a command that begins so.
    NoRule {
        /// Its first words: as many as name what it does, or, where a rule for those would allow anything, a few more.
        words: Vec<String>,
        /// Whether there are more because fewer would allow anything.
        more: bool,
        /// The whole command, where all of it is known and short.
        whole: Option<Vec<String>>,
    },
    /// A rule asks.
    Rule(RuleId),
    /// Something cannot be known.
    Opaque(String),
}

impl Auditor<'_> {
    /// Judges what was recorded.
    #[must_use]
    pub fn judge(&self, what: &What) -> Finding {
        let nodes = nodes(self.rules, what, self.default);
        let (decision, cause) = decided(&nodes);
        let against = self.against.map(|other| {
            let (decision, cause) = decided(&self::nodes(other, what, self.default));
            Change { decision, cause }
        });
        let mut finding = Finding {
            decision,
            cause,
            against,
            programs: Vec::new(),
            rules: Vec::new(),
            opaque: Vec::new(),
            asked: Vec::new(),
        };
        for node in &nodes {
            note(&mut finding, node);
        }
        finding
    }
}

/// Everything that is executed.
fn nodes(rules: &RuleSet, what: &What, default: Decision) -> Vec<Node> {
    let judged = |subject: Subject<'_>, known: Option<(&str, &Identity)>| -> Tree {
        let identify = |word: &str| match known {
            Some((first, identity)) if first == word => Some(identity.clone()),
            _ => usual(rules, word),
        };
        tree::judge(rules, subject, &Surroundings { identify: &identify, home: None, default })
    };
    match what {
        What::Argv { words, program, certain } => {
            let identity = program.as_ref().map(|path| Identity {
                resolved: Some(path.clone()),
                real: Some(path.clone()),
                lookup: certain.iter().any(|name| !name.contains('/')).then(|| path.clone()),
                proven: certain.clone(),
                ..Identity::default()
            });
            let first = words.first().map_or("", String::as_str);
            judged(Subject::Command(&known(words)), identity.as_ref().map(|identity| (first, identity))).nodes
        }
        What::Script { text, shell } => {
            let dialect = if *shell == Shell::Zsh { Dialect::Zsh } else { Dialect::Bash };
            let mut nodes = judged(Subject::Script { text, dialect }, None).nodes;
            if *shell == Shell::Fish
                && let Some(word) = of_fish(text)
            {
                nodes.push(doubt(format!("`{word}` means something else to fish than to bash")));
            }
            nodes
        }
        What::Joined { text } => {
            let words: Vec<&str> = text.split_ascii_whitespace().collect();
            let mut nodes = judged(Subject::Command(&known(&words)), None).nodes;
            // Text that was one word is judged as such too, since any other reading may be a milder one.
            let name = words.first().and_then(|first| last_component(first)).unwrap_or_default();
            let at = words.iter().position(|word| word.starts_with('-') && word.ends_with('c'));
            if let (Some(dialect), Some(at)) = (Dialect::of(name), at) {
                let script = words.get(at + 1..).unwrap_or_default().join(" ");
                nodes.extend(judged(Subject::Script { text: &script, dialect }, None).nodes);
            }
            let more = |node: &Node| {
                node.depth > 0 || node.verdict.because().iter().any(|reason| matches!(reason, Reason::Executes { .. }))
            };
            if nodes.iter().any(more) {
                nodes.push(doubt("where a word ends, which the record does not say"));
            }
            nodes
        }
        What::Unknown { why } => vec![doubt(why.as_str())],
    }
}

/// A program on a host as it should be.
fn usual(rules: &RuleSet, word: &str) -> Option<Identity> {
    let place = if word.contains('/') {
        tree::in_system(word).then(|| word.to_owned())?
    } else {
        rules.host_executables().get(word)?.paths.first()?.clone()
    };
    Some(Identity { resolved: Some(place.clone()), lookup: Some(place), ..Identity::default() })
}

fn doubt(what: impl Into<String>) -> Node {
    Node {
        depth: 0,
        kind: Kind::Opaque,
        verdict: crate::verdict::Verdict::new([Reason::Opaque { decision: Decision::Prompt, what: what.into() }]),
        at: None,
    }
}

/// A word that fish reads in its own way, where one stands.
fn of_fish(text: &str) -> Option<&str> {
    let mut depth = None;
    for (at, letter) in text.char_indices() {
        match (letter, depth) {
            ('\'' | '"', None) => depth = Some(letter),
            (quote, Some(open)) if quote == open => depth = None,
            ('(' | ')', None | Some('"')) => return text.get(at..=at),
            _ => {}
        }
    }
    const WORDS: &[&str] =
        &["and", "or", "not", "begin", "end", "set", "switch", "function", "string", "abbr", "psub", "status"];
    text.split(|letter: char| letter.is_whitespace() || matches!(letter, ';' | '|' | '&'))
        .find(|word| WORDS.contains(word))
}

/// The strictest decision, and what makes it.
fn decided(nodes: &[Node]) -> (Decision, Cause) {
    let decision = nodes.iter().map(|node| node.verdict.decision()).max().unwrap_or(Decision::Forbidden);
    let causes = nodes.iter().flat_map(|node| node.verdict.because()).filter(|reason| reason.decision() == decision);
    let cause = causes.map(cause).min().unwrap_or(Cause::Nothing);
    (decision, cause)
}

fn cause(reason: &Reason) -> Cause {
    match reason {
        Reason::Rule { id, .. } => Cause::Rule(id.0),
        Reason::NoRule { .. } => Cause::Default,
        Reason::Opaque { .. } | Reason::Executes { .. } | Reason::Empty => Cause::Opaque,
        Reason::Carries => Cause::Nothing,
    }
}

fn note(finding: &mut Finding, node: &Node) {
    let words: &[Word] = match &node.kind {
        Kind::Command { words, .. } => words,
        _ => &[],
    };
    if let Some(first) = words.first() {
        let name = first.text().map_or("(not known)", |text| last_component(text).unwrap_or(text));
        finding.programs.push((name.to_owned(), node.verdict.decision()));
    }
    // What a command executes by its own words is covered by a rule that allows those words.
    let open = node.verdict.because().iter().any(|reason| matches!(reason, Reason::NoRule { .. }));
    for reason in node.verdict.because() {
        let counts = reason.decision() == finding.decision;
        let asks = counts && finding.decision == Decision::Prompt;
        match reason {
            Reason::Rule { id, .. } => {
                match finding.rules.iter_mut().find(|(known, _)| known == id) {
                    Some((_, decides)) => *decides |= counts,
                    None => finding.rules.push((*id, counts)),
                }
                if asks {
                    once(&mut finding.asked, Asked::Rule(*id));
                }
            }
            Reason::NoRule { .. } if asks => once(&mut finding.asked, no_rule(words)),
            Reason::Opaque { what, .. } | Reason::Executes { what } => {
                let what = nameless(what);
                if asks && !(open && matches!(reason, Reason::Executes { .. })) {
                    once(&mut finding.asked, Asked::Opaque(what.clone()));
                }
                once(&mut finding.opaque, what);
            }
            Reason::NoRule { .. } | Reason::Carries | Reason::Empty => {}
        }
    }
}

fn once<T: PartialEq>(all: &mut Vec<T>, one: T) {
    if !all.contains(&one) {
        all.push(one);
    }
}

fn no_rule(words: &[Word]) -> Asked {
    let short = |word: &&str| word.len() <= LONGEST_WORD;
    let mut first: Vec<String> =
        words.iter().map_while(Word::text).take_while(short).take(WORDS).map(str::to_owned).collect();
    // On a host as it should be this is the same program, and a rule names it so.
    if let Some(path) = first.first_mut()
        && tree::in_system(path)
        && let Some(name) = last_component(path)
    {
        *path = name.to_owned();
    }
    // Files, numbers and the like would make one command of each.
    let named = 1 + first.iter().skip(1).take_while(|word| names_something(word)).count();
    let rest: Vec<PatternElement> = first.iter().take(named).skip(1).cloned().map(PatternElement::Word).collect();
    let more = first.get(..1).is_some_and(|head| !ban::bans(head, &rest).is_empty());
    if !more {
        first.truncate(named);
    }
    let whole: Option<Vec<String>> = words.iter().map(|word| word.text().map(str::to_owned)).collect();
    let whole = whole.filter(|words| words.iter().map(String::len).sum::<usize>() <= 200 && words.len() <= 20);
    Asked::NoRule { words: first, more, whole }
}

/// Whether a word says what a program does, like a sub-command or an option, and not to what.
fn names_something(word: &str) -> bool {
    let name = word.trim_start_matches('-');
    word.len() <= 24 && !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
}

/// A doubt without the names in it, so that there are few of them: what stands in backticks becomes `…`.
fn nameless(what: &str) -> String {
    let mut out = String::with_capacity(what.len());
    let mut parts = what.split('`');
    out.push_str(parts.next().unwrap_or_default());
    while let Some(_name) = parts.next() {
        out.push_str("`…`");
        // A name may hold backticks itself; the last one ends it where their number is odd.
        out.push_str(parts.next().unwrap_or_default());
    }
    out
}

impl Finding {
    /// About how many bytes it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        let asked: usize = self
            .asked
            .iter()
            .map(|asked| match asked {
                Asked::NoRule { words, whole, .. } => {
                    64 + words.iter().chain(whole.iter().flatten()).map(|word| word.len() + 24).sum::<usize>()
                }
                Asked::Rule(_) => 64,
                Asked::Opaque(what) => 64 + what.len(),
            })
            .sum();
        let programs: usize = self.programs.iter().map(|(name, _)| name.len() + 32).sum();
        let opaque: usize = self.opaque.iter().map(|what| what.len() + 24).sum();
        size_of::<Self>() + asked + programs + opaque + self.rules.len() * 8
    }
}
