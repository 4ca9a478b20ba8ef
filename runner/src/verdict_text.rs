//! A verdict for people: the decision alone on the first line, then every reason with its place.

use std::fmt::Write;

use policy::ruleset::RuleSet;
use policy::source::{Sources, Span};
use policy::verdict::{By, Reason, Verdict};

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
        Reason::Opaque { what, .. } => {
            let _ = writeln!(out, "\n{decision}  {what}: what it does is not known before it runs");
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
