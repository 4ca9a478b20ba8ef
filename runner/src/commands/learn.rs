//! `palisade learn`: from what a run started to the rules that allow it.

use std::path::Path;

use policy::diagnostic::Diagnostic;
use policy::learn::{Seen, learn};
use policy::request::last_component;
use policy::source::Sources;
use serde::Deserialize;

use super::sandbox::{complain, print};
use crate::cli::LearnArgs;
use crate::exit;
use crate::verdict_text::shell_words;

/// What is read of one line of a record; the README says what else is there.
#[derive(Debug, Deserialize)]
struct Line {
    argv: Vec<String>,
    program: Option<String>,
    script: Option<String>,
    #[serde(default)]
    certain: Vec<String>,
    action: Option<String>,
    answer: Option<String>,
    argv_hex: Option<Vec<String>>,
}

/// Reads the records and prints the proposal.
pub(super) fn main(args: &LearnArgs) -> u8 {
    let mut lines = Vec::new();
    for path in &args.records {
        match read(path) {
            Ok(read) => lines.extend(read),
            Err(wrong) => {
                complain(&[wrong], &Sources::default());
                return exit::USAGE;
            }
        }
    }
    let total = lines.len();
    let first = lines.first().map(|line| line.argv.clone());
    let (ran, refused): (Vec<_>, Vec<_>) = lines.into_iter().partition(Line::ran);
    // Words that are no text cannot stand in a rule file.
    let (text, other): (Vec<_>, Vec<_>) = ran.into_iter().partition(|line| line.argv_hex.is_none());
    let lesson = learn(text.iter().map(Line::seen));
    let mut page = format!("# {total} programs were started; rules for what ran, from `palisade learn`.\n");
    for (count, what) in
        [(refused.len(), "were refused and are left out"), (other.len(), "have words that are not UTF-8")]
    {
        if count > 0 {
            page.push_str(&format!("# {count} {what}.\n"));
        }
    }
    page.push('\n');
    page.push_str(&lesson.rules());
    let command = first.map_or_else(|| "COMMAND".into(), |words| shell_words(&words));
    page.push_str("# next: write this to learned.rules, read it, then see whether it is enough:\n");
    page.push_str(&format!(
        "#   palisade run --guard --rules learned.rules -- {}\n",
        command.replace(['\n', '\r'], " ")
    ));
    print(&page);
    exit::OK
}

fn read(path: &Path) -> Result<Vec<Line>, Diagnostic> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Diagnostic::error("record", format!("`{}` cannot be read: {error}", path.display())))?;
    let one = |(at, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| {
            Diagnostic::error("record", format!("{}:{}: not a line of a record: {error}", path.display(), at + 1))
                .help("`palisade run --record FILE` writes one JSON object a line")
        })
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(one).collect()
}

impl Line {
    fn ran(&self) -> bool {
        match self.action.as_deref() {
            Some("killed") => false,
            Some("asked") => self.answer.as_deref() == Some("yes"),
            _ => true,
        }
    }

    /// The command under a name by which a rule can allow it: a script as itself, a program by a bare name that was shown to
    /// be it, or else by its path.
    fn seen(&self) -> Seen {
        let bare = |wanted: Option<&str>| {
            wanted.filter(|wanted| self.certain.iter().any(|known| known == wanted)).map(str::to_owned)
        };
        if let Some(script) = &self.script {
            let name = last_component(script);
            let at =
                (1..=2).find(|at| self.argv.get(*at).is_some_and(|word| last_component(word) == name)).unwrap_or(1);
            let head = bare(name).unwrap_or_else(|| script.clone());
            return Seen { argv: std::iter::once(head).chain(self.argv.iter().skip(at + 1).cloned()).collect() };
        }
        let itself = self.argv.first().map_or("", String::as_str);
        let head = bare(last_component(itself))
            .or_else(|| self.certain.iter().find(|known| !known.contains('/')).cloned())
            .or_else(|| self.program.clone())
            .unwrap_or_else(|| itself.to_owned());
        Seen { argv: std::iter::once(head).chain(self.argv.iter().skip(1).cloned()).collect() }
    }
}
