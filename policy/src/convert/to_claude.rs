//! Rules become permissions of Claude Code: `deny`, `ask` and `allow`, of which the strictest decides there too.
//!
//! There a rule is held against the text of a command. So a word that text may spell otherwise makes an allowing rule narrower,
//! which is told, and a refusing one easier to walk around, which is told of the whole.

use super::{Became, Converted, Told};
use crate::decision::Decision;
use crate::pattern::{Comparison, PatternElement};
use crate::rule::{Length, Reviewer, Rule};
use crate::ruleset::RuleSet;
use crate::source::{SourceId, Span};

/// A rule that stands for more commands is left out.
const MOST: usize = 500;

/// The settings that say what rules say.
#[must_use]
pub fn to_claude(rules: &RuleSet) -> Converted {
    let mut writer = Writer { lists: [Vec::new(), Vec::new(), Vec::new()], told: Vec::new(), exact: 0 };
    let mut calls: Vec<Vec<Rule<'_>>> = Vec::new();
    for rule in rules.rules() {
        match calls.last_mut().filter(|call| call.first().is_some_and(|first| first.call() == rule.call())) {
            Some(call) => call.push(rule),
            None => calls.push(vec![rule]),
        }
    }
    let restricts = calls.iter().flatten().any(|rule| rule.decision() > Decision::Allow);
    for call in &calls {
        writer.call(call);
    }
    for rule in rules.network_rules() {
        let message =
            format!("network {} for {}: permissions are about tools, not connections", rule.decision, rule.host);
        writer.told.push(Told { became: Became::LeftOut, at: rule.origin.at, message });
    }
    for (name, host) in rules.host_executables() {
        let message = format!(
            "host_executable `{name}`: places of programs are not in permissions; a path is allowed only as a rule spells it"
        );
        writer.told.push(Told { became: Became::Note, at: host.origin.at, message });
    }
    let start = Span { source: SourceId(0), start: 0, end: 0 };
    if restricts {
        let message = "refusals and questions are held against the text of a command there: another path, spelling, shell or option before a \
sub-command walks around them, where palisade follows the program"
            .to_owned();
        writer.told.push(Told { became: Became::LeftOut, at: start, message });
    }
    let message = "what no rule matches is decided by the mode there".to_owned();
    writer.told.push(Told { became: Became::Note, at: start, message });
    writer.told.sort_by_key(|one| (one.at.source, one.at.start, one.became));
    Converted { text: writer.text(), told: writer.told, exact: writer.exact }
}

struct Writer {
    /// `allow`, `ask`, `deny`.
    lists: [Vec<String>; 3],
    told: Vec<Told>,
    exact: usize,
}

impl Writer {
    fn call(&mut self, call: &[Rule<'_>]) {
        let Some(first) = call.first() else { return };
        let at = first.at().unwrap_or(Span { source: SourceId(0), start: 0, end: 0 });
        let before = self.told.len();
        let allow = first.decision() == Decision::Allow;
        let tell = |told: &mut Vec<Told>, became: Became, message: String| {
            let one = Told { became, at, message };
            if !told.contains(&one) {
                told.push(one);
            }
        };
        let rest = first.rest();
        let count = rest.iter().fold(call.len(), |count, element| count.saturating_mul(element.words().len()));
        if count > MOST {
            tell(
                &mut self.told,
                Became::LeftOut,
                format!("the rule stands for {count} commands, and there each is written out"),
            );
            return;
        }
        for number in 0..count {
            let mut left = number;
            let mut take = |words: usize| {
                let at = left % words.max(1);
                left /= words.max(1);
                at
            };
            let head = call.get(take(call.len())).map_or("", Rule::head);
            let mut words = vec![head.to_owned()];
            for element in &rest {
                words.extend(element.words().get(take(element.words().len())).cloned());
            }
            let shown: Vec<String> = words.iter().map(|word| quoted(word)).collect();
            let text = shown.join(" ");
            let star = words.iter().any(|word| word.contains('*'));
            if star && allow {
                tell(&mut self.told, Became::LeftOut, format!("{text}: `*` stands for any text there"));
                continue;
            }
            if star {
                tell(&mut self.told, Became::Stricter, format!("{text}: `*` stands for any text there"));
            }
            let odd = shown.iter().zip(&words).any(|(shown, word)| shown != word);
            if odd && allow {
                tell(&mut self.told, Became::Stricter, format!("{text}: only in this spelling"));
            }
            if text.contains(['\n', '\\']) || text.ends_with(":*") {
                let message = format!("{text:?}: its words cannot be told apart in a text");
                tell(&mut self.told, Became::LeftOut, message);
                continue;
            }
            let exact = first.matches_lengths() == Length::Exactly;
            let rule = if exact { format!("Bash({text})") } else { format!("Bash({text}:*)") };
            let list = match first.decision() {
                Decision::Allow => 0,
                Decision::Prompt => 1,
                Decision::Forbidden => 2,
            };
            if let Some(list) = self.lists.get_mut(list).filter(|list| !list.contains(&rule)) {
                list.push(rule);
            }
        }
        let pattern = || pattern(call, &rest);
        if first.comparison() == Comparison::Canonical {
            let (became, what) = match allow {
                true => (Became::Stricter, "only this spelling is allowed there"),
                false => (Became::LeftOut, "other cases and spellings of its words are not refused there"),
            };
            tell(&mut self.told, became, format!("{}: {what}", pattern()));
        }
        if first.reviewer() == Some(Reviewer::AutoReview) {
            tell(&mut self.told, Became::Stricter, format!("{}: a person is asked there", pattern()));
        }
        if first.justification().is_some() {
            tell(&mut self.told, Became::Note, format!("{}: its justification has no place there", pattern()));
        }
        let lost = self.told.iter().skip(before).any(|one| one.became > Became::Note);
        self.exact += usize::from(!lost);
    }

    fn text(&self) -> String {
        let [allow, ask, deny] = &self.lists;
        let mut lists = Vec::new();
        for (name, list) in [("deny", deny), ("ask", ask), ("allow", allow)] {
            let items: Vec<String> =
                list.iter().map(|rule| format!("      {}", serde_json::Value::from(rule.as_str()))).collect();
            let items = if items.is_empty() { "[]".to_owned() } else { format!("[\n{}\n    ]", items.join(",\n")) };
            lists.push(format!("    \"{name}\": {items}"));
        }
        format!("{{\n  \"permissions\": {{\n{}\n  }}\n}}\n", lists.join(",\n"))
    }
}

fn pattern(call: &[Rule<'_>], rest: &[PatternElement]) -> String {
    let heads: Vec<&str> = call.iter().map(Rule::head).collect();
    let rest = rest.iter().map(|element| element.words().join("|"));
    std::iter::once(heads.join("|")).chain(rest).collect::<Vec<_>>().join(" ")
}

/// A word as a shell would need it.
fn quoted(word: &str) -> String {
    // A star is told of by itself.
    let plain = word.replace('*', "");
    let quoted = shlex::try_quote(&plain).map(std::borrow::Cow::into_owned).unwrap_or_else(|_| plain.clone());
    if quoted == plain || (plain.is_empty() && !word.is_empty()) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
