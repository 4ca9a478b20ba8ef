//! A verdict for people: the decision alone on the first line, then every reason with its place.

use std::fmt::Write;

use policy::decision::Decision;
use policy::ruleset::RuleSet;
use policy::shell::Access;
use policy::source::{Sources, Span};
use policy::tree::{Kind, Node, Tree};
use policy::verdict::{By, Reason, Verdict};
use policy::word::Word;

/// The verdict on a command, as `check`, `run` and `compare` show it.
#[must_use]
pub fn report(verdict: &Verdict, argv: &[String], rules: &RuleSet, sources: &Sources) -> String {
    let mut out = format!("{}\n", verdict.decision());
    if !argv.is_empty() {
        let _ = writeln!(out, "  command: {}", shell_words(argv));
    }
    for reason in verdict.because() {
        one(&mut out, reason, argv, rules, sources);
    }
    out
}

/// The verdict on a command or script and on everything it executes: the strictest first, then each with its own.
#[must_use]
pub fn tree(tree: &Tree, rules: &RuleSet, sources: &Sources) -> String {
    if let [Node { kind: Kind::Command { words, .. }, verdict, .. }] = tree.nodes.as_slice() {
        return report(verdict, &written(words), rules, sources);
    }
    let mut out = format!("{}\n", tree.decision());
    let labels: Vec<String> = tree.nodes.iter().map(label).collect();
    let width = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0).min(WIDEST);
    for (node, label) in tree.nodes.iter().zip(&labels) {
        let decision = node.verdict.decision();
        // That no rule matches says least.
        let mut because = node.verdict.because().iter().filter(|reason| reason.decision() == decision);
        let first = because.clone().find(|reason| !matches!(reason, Reason::NoRule { .. }));
        let because = first.or_else(|| because.next());
        let why = because.map(|reason| in_short(reason, rules, sources)).unwrap_or_default();
        let _ = writeln!(out, "{label:width$}  {:9}  {why}", decision.to_string());
    }
    // What is not as it should be is told at length.
    if tree.decision() > Decision::Allow {
        for node in tree.deciding() {
            let Kind::Command { words, .. } = &node.kind else { continue };
            let words = written(words);
            for reason in node.verdict.because() {
                if matches!(reason, Reason::Rule { .. }) && reason.decision() == tree.decision() {
                    one(&mut out, reason, &words, rules, sources);
                }
            }
        }
    }
    out
}

/// How wide the first column gets at most, in characters.
const WIDEST: usize = 60;

/// A node as its line shows it.
fn label(node: &Node) -> String {
    let indent = "  ".repeat(node.depth as usize + 1);
    match &node.kind {
        Kind::Command { words, redirections } => {
            let mut shown: Vec<String> = words.iter().map(as_typed).collect();
            shown.extend(redirections.iter().filter(|opened| !opened.is_harmless()).map(|opened| {
                let sign = if opened.access == Access::Network { "<>" } else { ">" };
                format!("{sign}{}", as_typed(&opened.target))
            }));
            format!("{indent}{}", cut(&shown.join(" ")))
        }
        Kind::Script { shell, .. } => format!("{indent}({shell} script)"),
        Kind::Opaque => format!("{indent}(not known)"),
    }
}

fn as_typed(word: &Word) -> String {
    match word {
        Word::Known(text) => shell_word(text),
        Word::Opaque(opaque) => opaque.written.clone(),
    }
}

fn cut(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    let mut short: String = line.chars().take(WIDEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The words of a node as they are written.
#[must_use]
pub fn written(words: &[Word]) -> Vec<String> {
    words.iter().map(|word| word.written().to_owned()).collect()
}

/// A reason on one line.
fn in_short(reason: &Reason, rules: &RuleSet, sources: &Sources) -> String {
    match reason {
        Reason::Rule { id, by, .. } => {
            let place = rules.rule(*id).and_then(|rule| rule.at()).map(|at| sources.place(at).to_string());
            let meaning = if *by == By::Meaning { " (by its meaning)" } else { "" };
            format!("{}{meaning}", place.unwrap_or_default())
        }
        Reason::NoRule { .. } => "no rule".into(),
        Reason::Opaque { what, .. } | Reason::Executes { what } => cut(what),
        Reason::Carries => String::new(),
        Reason::Empty => "there is no command".into(),
    }
}

/// Words as they would be typed into a shell.
#[must_use]
pub fn shell_words(words: &[String]) -> String {
    words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
}

fn shell_word(word: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "-_./:=@%+,".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    if word.chars().any(char::is_control) {
        return format!("$'{}'", word.escape_default());
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn one(out: &mut String, reason: &Reason, argv: &[String], rules: &RuleSet, sources: &Sources) {
    let decision = reason.decision();
    match reason {
        Reason::Rule { id, matched, program, by, .. } => {
            let Some(rule) = rules.rule(*id) else { return };
            match rule.at() {
                Some(at) => {
                    let _ = writeln!(out, "\n{decision}  {}", sources.place(at));
                    excerpt(out, at, sources);
                }
                None => {
                    let _ = writeln!(out, "\n{decision}  a rule without a place");
                }
            }
            for place in rule.via() {
                let _ = writeln!(out, "  called from {}", sources.place(*place));
            }
            let words = argv.get(..*matched as usize).unwrap_or(argv);
            let _ = write!(out, "  matched: {}", shell_words(words));
            if *by == By::Meaning {
                out.push_str("  (by its meaning)");
            }
            match program {
                Some(program) => {
                    let _ = writeln!(out, "  (the program is `{program}`)");
                }
                None => out.push('\n'),
            }
            if let Some(why) = rule.justification() {
                let _ = writeln!(out, "  because: {}", why.trim());
            }
        }
        Reason::NoRule { .. } => {
            let _ = writeln!(out, "\n{decision}  no rule matches; this is the default");
        }
        Reason::Opaque { what, .. } | Reason::Executes { what } => {
            let _ = writeln!(out, "\n{decision}  {what}");
        }
        Reason::Carries => {
            let _ = writeln!(out, "\n{decision}  what it executes decides");
        }
        Reason::Empty => {
            let _ = writeln!(out, "\n{decision}  there is no command");
        }
    }
}

/// The source line with carets under the span, cut where the line ends.
fn excerpt(out: &mut String, span: Span, sources: &Sources) {
    let Some(source) = sources.get(span.source) else { return };
    let place = sources.place(span);
    let Some(line) = source.text.lines().nth(place.line - 1) else { return };
    let shown = source.text.get(span.start as usize..span.end as usize).unwrap_or("");
    let before = line.chars().take(place.column - 1).map(|letter| if letter == '\t' { '\t' } else { ' ' });
    let width = shown.lines().next().map_or(1, |first| first.chars().count().max(1));
    let number = place.line.to_string();
    let margin = " ".repeat(number.len());
    let _ = writeln!(out, "  {number} | {line}");
    let _ = writeln!(out, "  {margin} | {}{}", before.collect::<String>(), "^".repeat(width));
}

#[cfg(test)]
mod tests {
    use super::shell_words;

    #[test]
    fn words_are_quoted_where_a_shell_would_read_them_otherwise() {
        let words = ["a", "b c", "it's", "", "x\ny"].map(str::to_owned);
        assert_eq!(shell_words(&words), r"a 'b c' 'it'\''s' '' $'x\ny'");
    }
}
