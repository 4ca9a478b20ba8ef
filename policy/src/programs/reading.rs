//! The words of a command taken apart into options and operands, without copying them.
//!
//! For a program of the table the grammar decides. For any other nothing is certain: a word with a dash is taken for one
//! long name and for a cluster of letters, and the word after it may be its value or not. Who compares must then be
//! content with "may be".

use smallvec::SmallVec;

use super::{Globals, Program, Style, Sub};
use crate::options::{End, Grammar, Long, Takes};
use crate::word::{Fields, Opaque, Word};

/// Words that can be read, the program first.
pub(crate) trait Words {
    /// The word at this place, if the command is that long.
    fn at(&self, place: usize) -> Option<Seen<'_>>;

    /// How many words there are.
    fn count(&self) -> usize;

    /// The word at this place, if it is known.
    #[inline]
    fn whole(&self, place: usize) -> Option<&str> {
        self.at(place).filter(|seen| seen.extent == Extent::Whole).map(|seen| seen.text)
    }
}

/// What is seen of a word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    /// What it starts with; all of it where it is known.
    pub(crate) text: &'a str,
    /// How much that is.
    pub(crate) extent: Extent,
}

/// How much of a word is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Extent {
    /// All of it.
    Whole,
    /// What it starts with; it is one word.
    Start,
    /// It can be several words, and all of them start with this: a pattern of file names.
    Names,
    /// What the first starts with; it can be no word, one or many.
    Many,
}

impl Words for [Word] {
    fn at(&self, place: usize) -> Option<Seen<'_>> {
        self.get(place).map(|word| match word {
            Word::Known(text) => Seen { text, extent: Extent::Whole },
            Word::Opaque(Opaque { prefix, fields, written, .. }) => {
                let extent = match fields {
                    Fields::One => Extent::Start,
                    // A value is cut at its blanks and only its first piece stands behind the prefix; names are not.
                    Fields::Many if prefix.is_empty() || written.contains(['$', '`']) => Extent::Many,
                    Fields::Many => Extent::Names,
                };
                Seen { text: prefix, extent }
            }
        })
    }

    fn count(&self) -> usize {
        self.len()
    }
}

impl Words for [String] {
    #[inline]
    fn at(&self, place: usize) -> Option<Seen<'_>> {
        self.get(place).map(|text| Seen { text, extent: Extent::Whole })
    }

    #[inline]
    fn count(&self) -> usize {
        self.len()
    }
}

/// The value of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// It has none.
    None,
    /// This.
    Text { text: &'a str, word: usize },
    /// It has one that is not known, in this word.
    Unknown { word: usize },
    /// This, if the option takes a value at all.
    Maybe { text: &'a str, word: usize },
}

/// An option of a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given<'a> {
    /// The name the grammar knows it by, or its own.
    pub(crate) name: &'a str,
    /// Whether the grammar has it.
    pub(crate) known: bool,
    /// Whether it was written with two dashes, or as one word with one.
    pub(crate) long: bool,
    /// Whether it stands behind the sub-command.
    pub(crate) sub: bool,
    /// Its word.
    pub(crate) word: usize,
    /// Its value.
    pub(crate) value: Value<'a>,
}

/// An operand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operand {
    /// Its word.
    pub(crate) word: usize,
    /// Whether it is surely an operand, and not the value of an option nobody knows, or an option.
    pub(crate) sure: bool,
    /// Whether its word stands for several of which the first is something else.
    pub(crate) rest: bool,
}

/// A command, read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Read<'a> {
    /// The options in order. Of letters repeated in one word only the first counts.
    pub(crate) givens: SmallVec<[Given<'a>; 8]>,
    /// The operands in order.
    pub(crate) operands: SmallVec<[Operand; 8]>,
    /// Words whose value is not known and which may be, or end in, an option.
    pub(crate) open: SmallVec<[usize; 2]>,
    /// The sub-command, where the table has it.
    pub(crate) sub: Option<&'static Sub>,
}

/// The grammars that say what an option means, the nearer first; none for a program that is in no table.
pub(crate) type Grammars = SmallVec<[&'static Grammar; 2]>;

/// Which grammars count before the sub-command (`behind` is false) and behind it.
pub(crate) fn grammars(program: Option<&'static Program>, sub: Option<&'static Sub>, behind: bool) -> Grammars {
    let mut all = Grammars::new();
    let Some(program) = program else { return all };
    let own = sub.filter(|_| behind || program.globals == Globals::Anywhere);
    all.extend(own.map(|sub| &sub.grammar));
    if !behind || program.globals != Globals::Before {
        all.push(&program.grammar);
    }
    all
}

/// One option inside of a word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'a> {
    pub(crate) name: &'a str,
    pub(crate) known: bool,
    pub(crate) long: bool,
    pub(crate) takes: Takes,
    /// Where in the word its value begins, if it is glued.
    pub(crate) glued: Option<usize>,
    /// Whether the word ends with this option, so that the next word can be its value.
    pub(crate) last: bool,
}

/// The options in a word that begins with a dash (or, bundled, with none).
pub(crate) fn pieces<'a>(grammars: &[&'static Grammar], text: &'a str, whole: bool) -> SmallVec<[Piece<'a>; 4]> {
    let mut found = SmallVec::new();
    let one_dash = grammars.first().is_some_and(|grammar| grammar.long == Long::OneDash);
    let bare = text.strip_prefix("--").or_else(|| text.strip_prefix('-').filter(|_| one_dash));
    if let Some(long) = bare {
        if let Some(piece) = long_piece(grammars, text, long, whole) {
            found.push(piece);
        }
        return found;
    }
    let letters = text.strip_prefix('-').unwrap_or(text);
    let start = text.len() - letters.len();
    if grammars.is_empty() && letters.len() > 1 && (whole || letters.contains('=')) {
        let (name, glued) = split_value(text, letters);
        let last = glued.is_none();
        found.push(Piece { name, known: false, long: true, takes: Takes::Glued, glued, last });
    }
    // Names of two letters behind one dash, as in `zip -TT` and `wget -nc`.
    if whole
        && letters.len() == 2
        && let Some((name, takes)) = grammars.iter().find_map(|grammar| grammar.pair(letters))
    {
        found.push(Piece { name, known: true, long: true, takes, glued: None, last: true });
        return found;
    }
    let mut seen = 0_u128;
    for (offset, letter) in letters.char_indices() {
        let rest = start + offset + letter.len_utf8();
        // Repeating a letter says nothing new, and a word can be very long.
        let bit = 1_u128.checked_shl(u32::from(letter)).unwrap_or(0);
        if seen & bit != 0 {
            continue;
        }
        seen |= bit;
        let last = rest == text.len() && whole;
        let known = grammars.iter().find_map(|grammar| grammar.short(letter));
        let name = letters.get(offset..offset + letter.len_utf8()).unwrap_or("");
        let (name, takes) = known.unwrap_or((name, Takes::Nothing));
        let nobody = known.is_none();
        if nobody && (!letter.is_ascii_alphanumeric() || found.len() > 130) {
            break;
        }
        let glued = (rest < text.len() || !whole) && (nobody || takes != Takes::Nothing);
        found.push(Piece { name, known: !nobody, long: false, takes, glued: glued.then_some(rest), last });
        if takes != Takes::Nothing {
            break;
        }
    }
    found
}

fn split_value<'a>(text: &str, name: &'a str) -> (&'a str, Option<usize>) {
    match name.split_once('=') {
        Some((name, value)) => (name, Some(text.len() - value.len())),
        None => (name, None),
    }
}

fn long_piece<'a>(grammars: &[&'static Grammar], text: &str, long: &'a str, whole: bool) -> Option<Piece<'a>> {
    let (name, glued) = split_value(text, long);
    if glued.is_none() && !whole {
        return None;
    }
    let known = grammars.iter().find_map(|grammar| grammar.long(name));
    let (name, takes) = known.unwrap_or((name, Takes::Glued));
    Some(Piece { name, known: known.is_some(), long: true, takes, glued, last: glued.is_none() })
}

/// Reads a command.
pub(crate) fn read<'a, W: Words + ?Sized>(program: Option<&'static Program>, words: &'a W) -> Read<'a> {
    let mut reader = Reader { program, words, read: Read::default(), at: 1, chosen: false, loose: false };
    reader.all();
    reader.read
}

struct Reader<'a, W: ?Sized> {
    program: Option<&'static Program>,
    words: &'a W,
    read: Read<'a>,
    at: usize,
    /// Whether the sub-command has been named.
    chosen: bool,
    /// Whether the next word may be the value of an option nobody knows.
    loose: bool,
}

impl<'a, W: Words + ?Sized> Reader<'a, W> {
    fn all(&mut self) {
        let style = self.program.map_or(Style::Usual, |program| program.style);
        let mut ended = false;
        while let Some(word) = self.words.at(self.at) {
            let at = self.at;
            let dash = word.text.len() > 1 && word.text.starts_with('-');
            let whole = word.extent == Extent::Whole;
            if ended {
                self.read.operands.push(Operand { word: at, sure: true, rest: false });
            } else if whole && word.text == "--" {
                self.give("--", at);
                ended = true;
            } else if dash {
                ended = self.option(word);
            } else if at == 1 && style == Style::Bundled && !word.text.is_empty() {
                self.option(word);
            } else if style == Style::Keyed && word.text.contains('=') {
                self.keyed(word);
            } else if at == 1 && word.text.starts_with('+') && style == Style::Plus {
                // Which version of the program: neither option nor operand.
            } else if style == Style::Started && word.text.starts_with('+') {
                if !whole || word.text.contains(['!', '|']) || word.text.trim_start_matches('+').starts_with(['s', 'v'])
                {
                    self.give("+!", at);
                }
            } else {
                ended = self.operand(word);
            }
            self.at += 1;
        }
    }

    fn give(&mut self, name: &'a str, word: usize) {
        let sub = self.chosen;
        self.read.givens.push(Given { name, known: true, long: true, sub, word, value: Value::None });
    }

    /// Takes the word for an operand; gives whether options end here.
    fn operand(&mut self, word: Seen<'a>) -> bool {
        let first = word.extent != Extent::Whole && (word.text.is_empty() || word.text == "-");
        // Of several words only the first surely starts like this.
        let open = first || word.extent == Extent::Many;
        if open {
            self.read.open.push(self.at);
        }
        let version = self.at == 1 && word.text.starts_with('+') && self.program.is_none();
        let sure = !(self.loose || first || version);
        self.loose = false;
        self.read.operands.push(Operand { word: self.at, sure, rest: false });
        let Some(program) = self.program else { return false };
        if program.globals == Globals::None {
            return program.grammar.end == End::Operand && sure;
        }
        if self.chosen {
            let signs = self.read.sub.map_or(&[][..], |sub| sub.signs);
            for (_, option) in signs.iter().filter(|(sign, _)| word.text.starts_with(*sign)) {
                self.give(option, self.at);
            }
            return sure && self.read.sub.is_some_and(|sub| sub.grammar.end == End::Operand);
        }
        let sub = if word.extent == Extent::Whole { program.sub(word.text) } else { None };
        self.chosen = sure || sub.is_some();
        self.read.sub = sub;
        false
    }

    fn keyed(&mut self, word: Seen<'a>) {
        let Some((name, text)) = word.text.split_once('=') else { return };
        self.give(name, self.at);
        let at = self.at;
        if let Some(given) = self.read.givens.last_mut() {
            let whole = word.extent == Extent::Whole;
            given.value = if whole { Value::Text { text, word: at } } else { Value::Unknown { word: at } };
        }
    }

    /// Takes the word for options; gives whether options end here.
    fn option(&mut self, word: Seen<'a>) -> bool {
        let at = self.at;
        let bundled = !word.text.starts_with('-');
        let whole = word.extent == Extent::Whole;
        let grammars = grammars(self.program, self.read.sub, self.chosen);
        let pieces = if bundled { bundle(&grammars, word.text) } else { pieces(&grammars, word.text, whole) };
        self.loose = false;
        // A value hides what is not known of the word, unless the word can become several.
        let hidden = pieces.last().is_some_and(|piece| piece.glued.is_some() && piece.takes != Takes::Nothing);
        let hidden = hidden || pieces.last().is_some_and(|piece| piece.long && piece.glued.is_some());
        if !whole && (!hidden || word.extent > Extent::Start) {
            self.read.open.push(at);
        }
        for piece in pieces {
            let value = match piece.glued {
                Some(_) if !whole => Value::Unknown { word: at },
                Some(start) => {
                    let text = word.text.get(start..).unwrap_or("");
                    // The letters behind a letter that nobody knows may be its value.
                    if piece.known || piece.long {
                        Value::Text { text, word: at }
                    } else {
                        Value::Maybe { text, word: at }
                    }
                }
                None if piece.takes == Takes::Value && (piece.last || bundled) => self.next_value(),
                None if piece.last && !piece.known => self.perhaps(),
                None => Value::None,
            };
            let sub = self.chosen;
            let Piece { name, known, long, .. } = piece;
            self.read.givens.push(Given { name, known, long, sub, word: at, value });
        }
        let last = self.read.givens.last().filter(|given| given.word == at);
        let ends = |given: &Given<'_>| given.known && matches!(given.name, "c" | "m");
        self.program.is_some_and(|program| program.style == Style::Module) && last.is_some_and(ends)
    }

    /// The next word as a value; it is passed over.
    fn next_value(&mut self) -> Value<'a> {
        let Some(next) = self.words.at(self.at + 1) else { return Value::None };
        self.at += 1;
        match next.extent {
            Extent::Whole => Value::Text { text: next.text, word: self.at },
            Extent::Start => Value::Unknown { word: self.at },
            Extent::Names | Extent::Many => {
                // The first of several words is the value, the others can be anything.
                self.read.open.push(self.at);
                self.read.operands.push(Operand { word: self.at, sure: false, rest: true });
                Value::Unknown { word: self.at }
            }
        }
    }

    /// The next word, if it can be a value; it stays where it is.
    fn perhaps(&mut self) -> Value<'a> {
        let word = self.at + 1;
        match self.words.at(word) {
            Some(next) if next.extent == Extent::Whole && !next.text.starts_with('-') => {
                self.loose = true;
                Value::Maybe { text: next.text, word }
            }
            Some(next) if next.extent != Extent::Whole => {
                self.loose = true;
                Value::Unknown { word }
            }
            _ => Value::None,
        }
    }
}

/// A cluster without a dash: every letter is an option, and their values are the words that follow, in order.
pub(crate) fn bundle<'a>(grammars: &[&'static Grammar], text: &'a str) -> SmallVec<[Piece<'a>; 4]> {
    let mut found = SmallVec::new();
    for (offset, letter) in text.char_indices().take(130) {
        let known = grammars.iter().find_map(|grammar| grammar.short(letter));
        let name = text.get(offset..offset + letter.len_utf8()).unwrap_or("");
        let (name, takes) = known.unwrap_or((name, Takes::Nothing));
        found.push(Piece { name, known: known.is_some(), long: false, takes, glued: None, last: false });
    }
    found
}
