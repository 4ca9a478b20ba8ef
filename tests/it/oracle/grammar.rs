//! Shell scripts made up from a seed: a grammar as templates, in which `§` and a letter stand for a part that is made up.
//!
//! A script is kept as a tree of statements, so that one that shows a miss can be made smaller: any statement of any
//! block can be left out. Every program is a stand-in (`zqa`, `zqb`, …) or a wrapper around one.

use crate::execpolicy_generator::Dice;

use super::templates;

/// A statement: texts, and blocks of statements in them.
pub(super) type Statement = Vec<Piece>;

/// A piece of a statement.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// Text as it is.
    Text(String),
    /// Statements, one a line, quoted as one word or as they are.
    Block(Vec<Statement>, Quote),
}

/// How a block stands in the text around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quote {
    /// As it is.
    None,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
    /// `$'…'`
    Dollar,
    /// Within backquotes.
    Backquote,
}

/// The text of statements.
pub(super) fn render(statements: &[Statement]) -> String {
    let lines: Vec<String> = statements
        .iter()
        .map(|statement| {
            statement
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text.clone(),
                    Piece::Block(block, quote) => quoted(&render(block), *quote),
                })
                .collect()
        })
        .collect();
    lines.join("\n")
}

fn quoted(text: &str, quote: Quote) -> String {
    let escaped = |letters: &str| -> String {
        let escape = |letter: char| if letters.contains(letter) { vec!['\\', letter] } else { vec![letter] };
        text.chars().flat_map(escape).collect()
    };
    match quote {
        Quote::None => text.to_owned(),
        Quote::Single => format!("'{}'", text.replace('\'', r"'\''")),
        Quote::Double => format!("\"{}\"", escaped("\\\"$`")),
        Quote::Dollar => format!("$'{}'", escaped("\\'").replace('\n', "\\n").replace("zq", "\\x7aq")),
        Quote::Backquote => format!("`{}`", escaped("\\`")),
    }
}

/// Every script with one statement less, or one in place of everything around it.
pub(super) fn smaller(statements: &[Statement]) -> Vec<Vec<Statement>> {
    let mut all = Vec::new();
    for at in 0..statements.len() {
        let (before, rest) = statements.split_at(at);
        let Some((statement, after)) = rest.split_first() else { continue };
        if statements.len() > 1 {
            all.push([before, after].concat());
        }
        for (place, piece) in statement.iter().enumerate() {
            let Piece::Block(block, quote) = piece else { continue };
            if *quote == Quote::None {
                all.push([before, block, after].concat());
            }
            for less in smaller(block) {
                let mut changed = statement.clone();
                changed[place] = Piece::Block(less, *quote);
                all.push([before, &[changed], after].concat());
            }
        }
    }
    all
}

/// How deep blocks nest.
const DEEPEST: usize = 3;

/// About how many statements a script has.
const MOST: usize = 12;

/// The names that stay the same within one template.
struct Scope {
    variable: &'static str,
    other: &'static str,
    function: &'static str,
    program: &'static str,
    number: usize,
}

pub(super) struct Grammar {
    dice: Dice,
    depth: usize,
    left: usize,
    documents: usize,
    /// Only what every shell has.
    posix: bool,
}

/// The script of a seed.
pub(super) fn script(seed: u64, posix: bool) -> Vec<Statement> {
    let mut grammar = Grammar { dice: Dice::new(seed), depth: 0, left: MOST, documents: 0, posix };
    let count = 1 + grammar.dice.below(4);
    (0..count).map(|_| grammar.statement()).collect()
}

impl Grammar {
    fn statement(&mut self) -> Statement {
        self.left = self.left.saturating_sub(1);
        let table = if self.depth >= DEEPEST || self.left == 0 { templates::LEAVES } else { templates::STATEMENTS };
        let template = self.one_of(table);
        self.expand(template)
    }

    fn block(&mut self, quote: Quote) -> Piece {
        self.depth += 1;
        let count = 1 + usize::from(self.dice.one_in(3));
        let block = (0..count).map(|_| self.statement()).collect();
        self.depth -= 1;
        Piece::Block(block, quote)
    }

    /// A template of a table, each as often as its weight says.
    fn one_of(&mut self, table: &'static [templates::Row]) -> &'static str {
        let posix = self.posix;
        let fits = move |row: &&templates::Row| !posix || row.posix;
        let sum: usize = table.iter().filter(fits).map(|row| row.weight).sum();
        let mut left = self.dice.below(sum);
        for row in table.iter().filter(fits) {
            match left.checked_sub(row.weight) {
                Some(rest) => left = rest,
                None => return row.text,
            }
        }
        unreachable!("the weights were added up")
    }

    fn expand(&mut self, template: &'static str) -> Statement {
        let mut out = Vec::new();
        self.documents += 1;
        let scope = Scope {
            variable: self.dice.pick(templates::VARIABLES),
            other: self.dice.pick(templates::OTHERS),
            function: self.dice.pick(templates::FUNCTIONS),
            program: self.dice.pick(templates::PROGRAMS),
            number: self.documents,
        };
        let mut parts = template.split('§');
        push(&mut out, parts.next().unwrap_or(""));
        for part in parts {
            let mut letters = part.chars();
            let letter = letters.next().unwrap_or(' ');
            self.hole(letter, &scope, &mut out);
            push(&mut out, letters.as_str());
        }
        out
    }

    fn hole(&mut self, letter: char, scope: &Scope, out: &mut Statement) {
        match letter {
            'v' => push(out, scope.variable),
            'u' => push(out, scope.other),
            'k' => push(out, scope.function),
            'z' => push(out, scope.program),
            'h' => push(out, &format!("E{}", scope.number)),
            'V' => push(out, self.dice.pick(templates::VARIABLES)),
            'K' => push(out, self.dice.pick(templates::FUNCTIONS)),
            'Z' => push(out, self.dice.pick(templates::PROGRAMS)),
            'S' => {
                let block = self.block(Quote::None);
                out.push(block);
            }
            'Q' => {
                let quote = match self.dice.below(if self.posix { 2 } else { 3 }) {
                    0 => Quote::Single,
                    1 => Quote::Double,
                    _ => Quote::Dollar,
                };
                let block = self.block(quote);
                out.push(block);
            }
            'q' => {
                let before = std::mem::replace(&mut self.posix, true);
                self.hole('Q', scope, out);
                self.posix = before;
            }
            'B' => {
                let block = self.block(Quote::Backquote);
                out.push(block);
            }
            'C' | 'P' | 'W' | 'A' | 'T' | 'X' | 'D' | 'L' => {
                let deep = self.depth >= DEEPEST;
                let table = match letter {
                    'C' if deep => templates::LEAVES,
                    'C' => templates::COMMANDS,
                    'P' => templates::PROGRAM_WORDS,
                    'W' if deep => templates::LITERALS,
                    'W' => templates::WORDS,
                    'L' => templates::LITERALS,
                    'A' => templates::ARITHMETIC,
                    'T' => templates::TESTS,
                    'X' => templates::INJECTIONS,
                    _ => templates::SUBSTITUTIONS,
                };
                let template = self.one_of(table);
                self.depth += 1;
                let pieces = self.expand(template);
                self.depth -= 1;
                for piece in pieces {
                    match piece {
                        Piece::Text(text) => push(out, &text),
                        block => out.push(block),
                    }
                }
            }
            other => panic!("no hole is called `{other}`"),
        }
    }
}

fn push(out: &mut Statement, text: &str) {
    if let Some(Piece::Text(last)) = out.last_mut() {
        last.push_str(text);
    } else if !text.is_empty() {
        out.push(Piece::Text(text.to_owned()));
    }
}
