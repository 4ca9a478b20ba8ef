//! Wishes become rules.
//!
//! Rules have no order: the strictest that matches decides. So a milder wish that would have come first is cut where a stricter
//! one matches too, and a refusal that no prefix says turns what it may have cut into questions.

use std::collections::BTreeSet;

use super::{Became, Converted, Meaning, Options, Told, Wish};
use crate::ban;
use crate::decision::Decision;
use crate::format::format;
use crate::pattern::PatternElement;
use crate::request::last_component;
use crate::source::{SourceId, Sources, Span};

/// One rule that comes out.
#[derive(Clone, Debug)]
struct Out {
    words: Vec<String>,
    exact: bool,
    decision: Decision,
    /// It says more than was wished.
    wider: bool,
}

/// What is written, and what is told of it.
pub(super) fn rules(
    title: &str,
    sources: &Sources,
    wishes: Vec<Wish>,
    mut told: Vec<Told>,
    options: &Options,
) -> Converted {
    let mut maker = Maker { options, told: &mut told, accepted: BTreeSet::new() };
    let mut outs: Vec<Option<Out>> = wishes.iter().map(|wish| maker.first(wish)).collect();
    for number in 0..wishes.len() {
        maker.cut(number, &wishes, &mut outs);
    }
    for (wish, out) in wishes.iter().zip(&mut outs) {
        maker.ban(wish, out);
    }
    let accepted = std::mem::take(&mut maker.accepted);
    let mut text =
        format!("# {title}\n# Of all rules that match a command the strictest decides, whatever their order.\n");
    if !accepted.is_empty() {
        let names: Vec<String> = accepted.iter().map(|name| format!("\"{name}\"")).collect();
        text.push_str(&format!("# palisade: accept-banned {}\n", names.join(" ")));
    }
    told.sort_by_key(|one| (one.at.start, one.became));
    told.dedup();
    let lines: BTreeSet<usize> =
        told.iter().filter(|one| one.became > Became::Note).map(|one| line(sources, one.at)).collect();
    let all: BTreeSet<usize> = wishes.iter().map(|wish| line(sources, wish.at)).collect();
    let mut entries: Vec<(u32, String)> =
        told.iter().map(|one| (one.at.start, format!("# {}: {}\n", sources.place(one.at), said(one)))).collect();
    let mut seen = BTreeSet::new();
    for (wish, out) in wishes.iter().zip(&outs) {
        let Some(out) = out else { continue };
        let rule = written(wish, out, options);
        // Who says the same twice has said it.
        if seen.insert(rule.clone()) {
            let place = sources.place(wish.at);
            entries.push((wish.at.start, format!("# {place}: {}\n{rule}", one_line(&wish.written))));
        }
    }
    entries.sort_by_key(|(at, _)| *at);
    for (_, entry) in entries {
        text.push('\n');
        text.push_str(&entry);
    }
    let text = format(&text, SourceId(0)).unwrap_or(text);
    Converted { text, told, exact: all.difference(&lines).count() }
}

fn line(sources: &Sources, at: Span) -> usize {
    sources.place(at).line
}

fn said(told: &Told) -> String {
    let became = match told.became {
        Became::Note => "note",
        Became::Stricter => "stricter",
        Became::LeftOut => "left out",
    };
    format!("{became}: {}", one_line(&told.message))
}

/// A text that ends no comment.
fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).collect::<Vec<_>>().join(" ")
}

struct Maker<'a> {
    options: &'a Options,
    told: &'a mut Vec<Told>,
    accepted: BTreeSet<String>,
}

impl Maker<'_> {
    fn tell(&mut self, became: Became, wish: &Wish, message: impl Into<String>) {
        let message = format!("{}: {}", one_line(&wish.written), message.into());
        self.told.push(Told { became, at: wish.at, message });
    }

    /// What a wish becomes for itself.
    fn first(&mut self, wish: &Wish) -> Option<Out> {
        let allow = wish.decision == Decision::Allow;
        if let Some(condition) = &wish.only_when {
            if allow {
                self.tell(Became::LeftOut, wish, format!("{condition}, which rules cannot say"));
                return None;
            }
            self.tell(Became::Stricter, wish, format!("{condition}; the rule holds always"));
        }
        let out = |words: &[String], exact: bool, wider: bool| {
            Some(Out { words: words.to_vec(), exact, decision: wish.decision, wider })
        };
        match &wish.means {
            Meaning::Prefix(words) => out(words, false, false),
            Meaning::Exactly(words) if !self.options.only_codex => out(words, true, false),
            Meaning::Exactly(_) if allow => {
                self.tell(
                    Became::LeftOut,
                    wish,
                    "it is one command and nothing longer, and a pattern of Codex is a prefix",
                );
                None
            }
            Meaning::Exactly(words) => {
                self.tell(Became::Stricter, wish, "a pattern of Codex is a prefix: longer commands are meant too");
                out(words, false, true)
            }
            Meaning::More(words) if allow && self.options.only_codex => {
                let _ = words;
                self.tell(Became::LeftOut, wish, "a prefix would allow the command without further words too");
                None
            }
            // The shorter command itself is asked about, by a rule of its own.
            Meaning::More(words) if allow => out(words, false, false),
            Meaning::More(words) => {
                self.tell(Became::Stricter, wish, "the command without further words is meant too");
                out(words, false, true)
            }
            Meaning::All if allow => {
                self.tell(
                    Became::LeftOut,
                    wish,
                    "no rule allows everything; `--default allow` does, or `danger-full-access`",
                );
                None
            }
            Meaning::All if wish.decision == Decision::Prompt => {
                self.tell(Became::Note, wish, "what no rule matches is asked about by default");
                None
            }
            Meaning::All => {
                let message = "no rule refuses everything: judge with `--default forbidden`, else what no rule matches is asked about";
                self.tell(Became::LeftOut, wish, message);
                None
            }
            Meaning::Part { surely, why, .. } if allow => match surely {
                Some(words) => {
                    self.tell(Became::Stricter, wish, format!("{why}; only whole words are allowed"));
                    out(words, false, false)
                }
                None => {
                    self.tell(Became::LeftOut, wish, why.clone());
                    None
                }
            },
            Meaning::Part { from, why, .. } if !from.is_empty() => {
                let shown = from.join(" ");
                self.tell(Became::Stricter, wish, format!("{why}; everything that begins `{shown}` is meant"));
                out(from, false, true)
            }
            Meaning::Part { surely, why, .. } => {
                let what = match surely {
                    Some(words) => format!("only `{}` is {}", words.join(" "), done(wish.decision)),
                    None => "there is no rule for it".to_owned(),
                };
                let message = format!("{why}; {what}, and what else it may mean is asked about at least");
                self.tell(Became::LeftOut, wish, message);
                surely.as_ref().and_then(|words| out(words, false, true))
            }
        }
    }

    /// What others leave of a wish.
    fn cut(&mut self, number: usize, wishes: &[Wish], outs: &mut [Option<Out>]) {
        let (Some(wish), Some(out)) = (wishes.get(number), outs.get(number).cloned().flatten()) else { return };
        let mut now = out.clone();
        for (other_number, other) in wishes.iter().enumerate() {
            if other_number == number || other.decision <= wish.decision {
                continue;
            }
            // What holds under a condition only, holds always by now.
            let first = other.rank > wish.rank;
            match &other.means {
                Meaning::All if first && other.decision > now.decision => {
                    now.decision = other.decision;
                    self.tell(
                        Became::Stricter,
                        wish,
                        format!("`{}` decides about everything first", one_line(&other.written)),
                    );
                }
                // Of what was left out, the rest decided first.
                Meaning::Part { from, literal, .. }
                    if from.is_empty() && now.decision == Decision::Allow && first && may_meet(&out, literal) =>
                {
                    now.decision = Decision::Prompt;
                    let message =
                        format!("`{}` may cut it, and no rule says how: it is asked about", one_line(&other.written));
                    self.tell(Became::Stricter, wish, message);
                }
                _ => {}
            }
            let Some(Some(stricter)) = outs.get(other_number) else { continue };
            if covers(stricter, &out) && (!out.exact || stricter.words.len() <= out.words.len()) {
                let shown = one_line(&other.written);
                let (became, message) = match (first, stricter.wider) {
                    (true, false) => (Became::Note, format!("`{shown}` decides first there too; it never counts")),
                    (true, true) => (Became::LeftOut, format!("`{shown}` became wider and decides here")),
                    (false, _) => {
                        (Became::LeftOut, format!("it decides before `{shown}` there; of rules the stricter one does"))
                    }
                };
                self.tell(became, wish, message);
                if let Some(out) = outs.get_mut(number) {
                    *out = None;
                }
                return;
            }
            if !first && !out.exact && covers(&out, stricter) {
                let shown = one_line(&other.written);
                self.tell(
                    Became::Stricter,
                    wish,
                    format!("it decides before `{shown}` there; of rules the stricter one does"),
                );
            }
        }
        if let Some(out) = outs.get_mut(number) {
            *out = Some(now);
        }
    }

    /// What would allow anything is asked about.
    fn ban(&mut self, wish: &Wish, out: &mut Option<Out>) {
        let Some(out) = out.as_mut().filter(|out| out.decision == Decision::Allow && !out.exact) else { return };
        let Some((head, rest)) = out.words.split_first() else { return };
        let rest: Vec<PatternElement> = rest.iter().cloned().map(PatternElement::Word).collect();
        let bans = ban::bans(std::slice::from_ref(head), &rest);
        let Some(first) = bans.first() else { return };
        if self.options.accept_banned {
            self.accepted.extend(bans.iter().map(|ban| ban.prefix.clone()));
            self.tell(Became::Note, wish, format!("it allows anything: {}", first.why));
        } else {
            out.decision = Decision::Prompt;
            let message =
                format!("allowing it allows anything: {}; it is asked about (`--accept-banned` allows it)", first.why);
            self.tell(Became::Stricter, wish, message);
        }
    }
}

const fn done(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allowed",
        Decision::Prompt => "asked about",
        Decision::Forbidden => "refused",
    }
}

/// Whether every command that `inner` matches is matched by `outer`.
fn covers(outer: &Out, inner: &Out) -> bool {
    let same_program = |one: &str, other: &str| {
        one == other || (outer.decision > Decision::Allow && last_component(one) == last_component(other))
    };
    let words = outer.words.iter().zip(&inner.words).enumerate();
    (!outer.exact || (inner.exact && outer.words.len() == inner.words.len()))
        && outer.words.len() <= inner.words.len()
        && words.into_iter().all(|(at, (one, other))| if at == 0 { same_program(one, other) } else { one == other })
}

/// Whether a command of a rule may begin with a text.
fn may_meet(out: &Out, literal: &str) -> bool {
    let words = out.words.join(" ");
    let literal = literal.trim_end();
    // A program may be written with its path.
    let bare = last_component(&words).unwrap_or(&words);
    literal.is_empty()
        || [words.as_str(), bare]
            .iter()
            .any(|words| words.starts_with(literal) || (literal.starts_with(words) && !out.exact))
}

/// A rule, as a rule file says it.
fn written(wish: &Wish, out: &Out, options: &Options) -> String {
    let mut pattern: Vec<String> = out.words.iter().map(|word| quoted(word)).collect();
    if out.decision > Decision::Allow
        && let (Some(path), Some(first)) = (out.words.first(), pattern.first_mut())
        && let Some(name) = last_component(path).filter(|name| path.contains('/') && !name.is_empty())
    {
        *first = format!("[{}, {}]", quoted(path), quoted(name));
    }
    let mut rule = format!("prefix_rule(pattern = [{}], decision = \"{}\"", pattern.join(", "), out.decision);
    if out.exact && !options.only_codex {
        rule.push_str(", exact = True");
    }
    let reason = match (&wish.justification, wish.decision) {
        (Some(reason), _) => Some(reason.clone()),
        (None, Decision::Forbidden) => Some(format!("{} is refused there", one_line(&wish.written))),
        _ => None,
    };
    if let Some(reason) = reason.filter(|_| out.decision > Decision::Allow) {
        rule.push_str(&format!(", justification = {}", quoted(&reason)));
    }
    rule.push_str(")\n");
    if matches!(wish.means, Meaning::More(_)) && out.decision == Decision::Allow {
        rule.push_str(&format!(
            "prefix_rule(pattern = [{}], decision = \"prompt\", exact = True)\n",
            pattern.join(", ")
        ));
    }
    rule
}

/// A text as the rule language quotes it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => {
                out.push('\\');
                out.push(letter);
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if letter.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}
