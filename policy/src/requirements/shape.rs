//! What a table may hold, as data, and the one function that compares a tree with it.
//!
//! A row says from which release a key or word exists, so that one table serves all of them. What no shape can say, such as
//! a list that must name `read-only`, is in `demands.rs`.

use std::fmt;
use std::ops::ControlFlow;

use super::release::Release;
use super::value::{Node, Table, Value};
use crate::likeness::nearest;
use crate::source::Span;

/// A kind of value.
#[derive(Debug)]
pub enum Shape {
    /// Anything; what stands below is not looked at.
    Any,
    /// True or false.
    Bool,
    /// A string.
    Text,
    /// A whole number of this range.
    Integer(i64, i64),
    /// One of these words.
    Words(&'static [Word]),
    /// An array of one kind.
    List(&'static Shape),
    /// A table of free names.
    Map(&'static Shape),
    /// A table of these keys; others are ignored by Codex.
    Table(&'static [Field]),
    /// A table of these keys; others are refused by Codex.
    Closed(&'static [Field]),
    /// A table of one key, of which Codex takes the value in an array as well.
    Single(&'static [Field]),
    /// The first of these that fits.
    Either(&'static [Shape]),
}

/// A word with the releases that know it.
#[derive(Debug)]
pub struct Word {
    /// The word.
    pub word: &'static str,
    /// The releases.
    pub known: Known,
}

/// A key of a table.
#[derive(Debug)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// Whether it must be there.
    pub required: bool,
    /// The releases that know it.
    pub known: Known,
}

/// From which release to which, both included; the numbers are places in `release::RELEASES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known(pub usize, pub usize);

/// Known to every release.
pub const ALWAYS: Known = Known(0, usize::MAX);
/// Since 0.125.0.
pub const SINCE_125: Known = Known(1, usize::MAX);
/// Since 0.169.0.
pub const SINCE_169: Known = Known(2, usize::MAX);
/// Only in 0.117.0.
pub const ONLY_117: Known = Known(0, 0);
/// Up to 0.125.0.
pub const UNTIL_125: Known = Known(0, 1);

impl Known {
    /// Whether a release knows it.
    #[must_use]
    pub const fn to(self, release: &Release) -> bool {
        self.0 <= release.ordinal && release.ordinal <= self.1
    }
}

/// A word every release knows.
pub const fn word(word: &'static str) -> Word {
    Word { word, known: ALWAYS }
}

/// A word of some releases.
pub const fn word_of(word: &'static str, known: Known) -> Word {
    Word { word, known }
}

/// A key that may be left out.
pub const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: false, known: ALWAYS }
}

/// A key of some releases that may be left out.
pub const fn field_of(name: &'static str, shape: Shape, known: Known) -> Field {
    Field { name, shape, required: false, known }
}

/// A key that must be there.
pub const fn required(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: true, known: ALWAYS }
}

/// A value that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Span,
    /// The way out.
    pub help: Option<String>,
    /// Whether a table of that many parts is what it cannot be; releases before 0.169.0 tell that as if it were no TOML.
    pub parts: bool,
}

/// What a comparison meets. Words are made when they are wanted: a file may be hundreds of thousands of such.
pub enum Met<'a> {
    /// A value that stops the release.
    Misfit(&'a dyn Fn() -> Misfit),
    /// A key that the release ignores.
    Stranger(&'a Stranger<'a>),
}

/// Takes what is met; [`ControlFlow::Break`] ends the comparison.
pub type Sink<'a> = dyn FnMut(Met<'_>) -> ControlFlow<()> + 'a;

/// A key that the release ignores, in its place.
pub struct Stranger<'a> {
    path: Path<'a>,
    /// Where the key stands.
    pub span: Span,
    /// Whether another release knows it here.
    pub elsewhere: bool,
    /// Whether the release says so, where it says anything of such keys.
    pub warned: bool,
    fields: &'static [Field],
    release: &'a Release,
}

impl Stranger<'_> {
    /// The key itself.
    #[must_use]
    pub const fn name(&self) -> &str {
        match self.path.step {
            Step::Key(name) => name,
            Step::Item(_) => "",
        }
    }

    /// The keys from the root, joined by dots.
    #[must_use]
    pub fn path(&self) -> String {
        self.path.to_string()
    }

    /// Whether it stands below another key.
    #[must_use]
    pub const fn nested(&self) -> bool {
        self.path.above.is_some()
    }

    /// Whether a release knows a key of this name here.
    #[must_use]
    pub fn known_to(&self, release: &Release) -> bool {
        self.fields.iter().any(|field| field.name == self.name() && field.known.to(release))
    }

    /// The known key that is most like it, if any is.
    #[must_use]
    pub fn nearest(&self) -> Option<&'static str> {
        let known = self.fields.iter().filter(|field| field.known.to(self.release));
        nearest(self.name(), known.map(|field| field.name))
    }
}

/// Where the comparison is.
#[derive(Clone, Copy)]
struct Path<'a> {
    above: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Item(usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above {
            write!(out, "{above}.")?;
        }
        match self.step {
            Step::Key(name) => out.write_str(name),
            Step::Item(at) => write!(out, "{at}"),
        }
    }
}

/// Compares a table with its fields as a release does, keys in the order of their names, as Codex names them.
pub fn compare(table: &Table, fields: &'static [Field], release: &Release, sink: &mut Sink<'_>) {
    let place = table.values().next().map(|node| node.key);
    let _ = table_fits(table, fields, false, place, None, release, sink);
}

/// The same for a table that stands below two keys.
pub fn compare_below(keys: [&str; 2], table: &Table, fields: &'static [Field], release: &Release, sink: &mut Sink<'_>) {
    let [outer, inner] = keys.map(Step::Key);
    let outer = Path { above: None, step: outer };
    let inner = Path { above: Some(&outer), step: inner };
    let _ = table_fits(table, fields, false, None, Some(&inner), release, sink);
}

/// The first value of a table that stops a release.
#[must_use]
pub fn first_misfit(table: &Table, fields: &'static [Field], release: &Release) -> Option<Misfit> {
    let mut first = None;
    compare(table, fields, release, &mut |met| keep(met, &mut first));
    first
}

/// Whether one value fits, and if not, the first reason.
///
/// # Errors
/// The first misfit.
pub fn fits(node: &Node, shape: &'static Shape, release: &Release) -> Result<(), Misfit> {
    let mut first = None;
    let _ = value_fits(node, shape, None, release, &mut |met| keep(met, &mut first));
    first.map_or(Ok(()), Err)
}

/// Keeps the first misfit, and ends there.
fn keep(met: Met<'_>, first: &mut Option<Misfit>) -> ControlFlow<()> {
    if let Met::Misfit(misfit) = met {
        *first = Some(misfit());
        return ControlFlow::Break(());
    }
    ControlFlow::Continue(())
}

fn table_fits(
    table: &Table,
    fields: &'static [Field],
    closed: bool,
    place: Option<Span>,
    above: Option<&Path<'_>>,
    release: &Release,
    sink: &mut Sink<'_>,
) -> ControlFlow<()> {
    for (key, node) in table {
        let named = || fields.iter().filter(|field| field.name == key);
        let path = Path { above, step: Step::Key(key) };
        match named().find(|field| field.known.to(release)) {
            Some(field) => value_fits(node, &field.shape, Some(&path), release, sink)?,
            None if closed => sink(Met::Misfit(&|| Misfit {
                message: format!("unknown field `{key}`"),
                span: node.key,
                help: Some(format!("known here: {}", names(fields, release))),
                parts: false,
            }))?,
            None => {
                let elsewhere = named().next().is_some();
                sink(Met::Stranger(&Stranger { path, span: node.key, elsewhere, warned: true, fields, release }))?;
            }
        }
    }
    for field in fields.iter().filter(|field| field.required && field.known.to(release)) {
        if let (false, Some(span)) = (table.contains_key(field.name), place) {
            sink(Met::Misfit(&|| {
                let at = above.map(|path| format!(" in `{path}`")).unwrap_or_default();
                let help = Some(format!("write `{} = …` there", field.name));
                Misfit { message: format!("missing field `{}`{at}", field.name), span, help, parts: false }
            }))?;
        }
    }
    ControlFlow::Continue(())
}

fn names(fields: &[Field], release: &Release) -> String {
    fields.iter().filter(|field| field.known.to(release)).map(|field| field.name).collect::<Vec<_>>().join(", ")
}

fn value_fits(
    node: &Node,
    shape: &'static Shape,
    path: Option<&Path<'_>>,
    release: &Release,
    sink: &mut Sink<'_>,
) -> ControlFlow<()> {
    let shown = || path.map(ToString::to_string).unwrap_or_default();
    match (shape, &node.value) {
        (Shape::Any, _) | (Shape::Bool, Value::Bool(_)) | (Shape::Text, Value::Text(_)) => ControlFlow::Continue(()),
        (Shape::Integer(least, most), Value::Integer(number)) if (*least..=*most).contains(number) => {
            ControlFlow::Continue(())
        }
        (Shape::Integer(least, most), Value::Integer(number)) => sink(Met::Misfit(&|| {
            misfit(node, format!("`{}` is {number}, and must be from {least} to {most}", shown()))
        })),
        (Shape::Words(words), Value::Text(text)) => {
            if words.iter().any(|word| *text == *word.word && word.known.to(release)) {
                return ControlFlow::Continue(());
            }
            sink(Met::Misfit(&|| unknown_word(node, text, words, &shown(), release)))
        }
        (Shape::List(shape), Value::List(items)) => {
            for (at, item) in items.iter().enumerate() {
                value_fits(item, shape, Some(&Path { above: path, step: Step::Item(at) }), release, sink)?;
            }
            ControlFlow::Continue(())
        }
        (Shape::Map(shape), Value::Table(table)) => {
            for (key, node) in table {
                value_fits(node, shape, Some(&Path { above: path, step: Step::Key(key) }), release, sink)?;
            }
            ControlFlow::Continue(())
        }
        (Shape::Table(fields), Value::Table(table)) => {
            table_fits(table, fields, false, Some(node.key), path, release, sink)
        }
        (Shape::Closed(fields), Value::Table(table)) => {
            table_fits(table, fields, true, Some(node.key), path, release, sink)
        }
        (Shape::Single(fields), Value::Table(table)) => {
            table_fits(table, fields, false, Some(node.key), path, release, sink)
        }
        (Shape::Single(fields), Value::List(items)) if !items.is_empty() => {
            let first = items.first().zip(fields.first());
            first.map_or(ControlFlow::Continue(()), |(item, field)| {
                value_fits(item, &field.shape, Some(&Path { above: path, step: Step::Item(0) }), release, sink)
            })
        }
        (Shape::Either(shapes), _) => either_fits(node, shapes, path, release, sink),
        _ => sink(Met::Misfit(&|| {
            let (kind, expected) = (node.value.kind(), expected(shape, release));
            let message = format!("`{}` is of type {kind}, and must be {expected}", shown());
            let parts = match (shape, &node.value) {
                (Shape::Table(_) | Shape::Closed(_) | Shape::Single(_), Value::List(items)) => items.is_empty(),
                (Shape::Words(_), Value::Table(table)) => table.len() != 1,
                _ => false,
            };
            Misfit { help: Some(format!("write {}", form(shape))), parts, ..misfit(node, message) }
        })),
    }
}

fn either_fits(
    node: &Node,
    shapes: &'static [Shape],
    path: Option<&Path<'_>>,
    release: &Release,
    sink: &mut Sink<'_>,
) -> ControlFlow<()> {
    let fits = |shape: &'static Shape| {
        let mut fits = true;
        let _ = value_fits(node, shape, path, release, &mut |met| {
            fits = fits && !matches!(met, Met::Misfit(_));
            if fits { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        fits
    };
    if shapes.iter().any(fits) {
        return strangers_to_all(node, shapes, path, release, sink);
    }
    // The alternative of the same type says best what is wrong.
    let closer = |shape: &&Shape| {
        matches!(
            (shape, &node.value),
            (Shape::Words(_) | Shape::Text, Value::Text(_))
                | (Shape::Table(_) | Shape::Closed(_) | Shape::Single(_), Value::Table(_))
                | (Shape::List(_), Value::List(_))
        )
    };
    let Some(shape) = shapes.iter().rev().find(closer).or(shapes.first()) else { return ControlFlow::Continue(()) };
    // A word of several, or one of them with more to say, is a table of one key.
    let words = shapes.iter().any(|shape| matches!(shape, Shape::Words(_)));
    let parts = words && node.value.table().is_some_and(|table| table.len() != 1);
    let mut ended = ControlFlow::Continue(());
    let _ = value_fits(node, shape, path, release, &mut |met| {
        if let Met::Misfit(misfit) = met {
            ended = sink(Met::Misfit(&|| Misfit { parts, ..misfit() }));
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    ended
}

fn misfit(node: &Node, message: String) -> Misfit {
    Misfit { message, span: node.span, help: None, parts: false }
}

fn unknown_word(node: &Node, text: &str, words: &'static [Word], path: &str, release: &Release) -> Misfit {
    let known = || words.iter().filter(|word| word.known.to(release)).map(|word| word.word);
    let all: Vec<_> = known().map(|word| format!("`{word}`")).collect();
    let help = match nearest(text, known()) {
        Some(word) => format!("did you mean `{word}`? known: {}", all.join(", ")),
        None => format!("known: {}", all.join(", ")),
    };
    let message = if words.iter().any(|word| word.word == text) {
        format!("`{text}` is a word that Codex {} does not know for `{path}`", release.name)
    } else {
        format!("unknown word `{text}` for `{path}`")
    };
    Misfit { message, span: node.span, help: Some(help), parts: false }
}

fn expected(shape: &Shape, release: &Release) -> String {
    match shape {
        Shape::Any => "anything".into(),
        Shape::Bool => "`true` or `false`".into(),
        Shape::Text => "a string".into(),
        Shape::Integer(..) => "a whole number".into(),
        Shape::Words(words) => {
            let known: Vec<_> = words.iter().filter(|word| word.known.to(release)).map(|word| word.word).collect();
            format!("one of {}", known.join(", "))
        }
        Shape::List(_) => "an array".into(),
        Shape::Map(_) | Shape::Table(_) | Shape::Closed(_) | Shape::Single(_) => "a table".into(),
        Shape::Either(shapes) => shapes.iter().map(|shape| expected(shape, release)).collect::<Vec<_>>().join(", or "),
    }
}

/// How a value of a shape is written.
fn form(shape: &Shape) -> String {
    match shape {
        Shape::Any => "anything".into(),
        Shape::Bool => "`true` or `false`, without quotes".into(),
        Shape::Integer(..) => "a whole number, without quotes".into(),
        Shape::Text | Shape::Words(_) => "`\"…\"`".into(),
        Shape::List(_) => "`[ … ]`".into(),
        Shape::Map(_) | Shape::Table(_) | Shape::Closed(_) | Shape::Single(_) => {
            "`{ key = … }`, or a `[table]` of this name".into()
        }
        Shape::Either(shapes) => {
            let forms: std::collections::BTreeSet<String> = shapes.iter().map(form).collect();
            forms.into_iter().collect::<Vec<_>>().join(", or ")
        }
    }
}

/// Keys that none of several alternatives has. Codex tries them one after another and says nothing of such keys.
fn strangers_to_all(
    node: &Node,
    shapes: &'static [Shape],
    path: Option<&Path<'_>>,
    release: &Release,
    sink: &mut Sink<'_>,
) -> ControlFlow<()> {
    let of = |shape: &'static Shape| match shape {
        Shape::Table(fields) | Shape::Closed(fields) | Shape::Single(fields) => Some(*fields),
        _ => None,
    };
    let free = shapes.iter().any(|shape| matches!(shape, Shape::Any | Shape::Map(_)));
    let (false, Some(table), Some(fields)) = (free, node.value.table(), shapes.iter().find_map(of)) else {
        return ControlFlow::Continue(());
    };
    for (key, node) in table {
        let named = |field: &&Field| field.name == key;
        let known = |field: &Field| field.name == key && field.known.to(release);
        if !shapes.iter().filter_map(of).flatten().any(known) {
            let elsewhere = shapes.iter().filter_map(of).flatten().find(named).is_some();
            let path = Path { above: path, step: Step::Key(key) };
            sink(Met::Stranger(&Stranger { path, span: node.key, elsewhere, warned: false, fields, release }))?;
        }
    }
    ControlFlow::Continue(())
}
