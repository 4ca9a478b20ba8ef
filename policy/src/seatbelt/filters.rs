//! Filters: which there are, and whether one matches a question.
//!
//! `ROWS` is the table of filters on names and numbers; most exist in three forms (`x`, `x-prefix`, `x-regex`). Paths and
//! ends of connections have code of their own. A leaf is true, false or not known; nothing is guessed.

mod ends;
mod names;

use std::sync::Arc;

pub(super) use ends::address as ends_address;
pub use ends::{End, Kind};
pub(super) use names::{Form as Shape, UNMODELLED, fact, find, is_told, main_fact, number_of};
pub use names::{Row, Scalar, Takes, Value, names};

use super::operations::{self, Operation};
use super::pattern::Pattern;
use super::query::{Endpoint, Query, Where};
use super::truth::{Confidence, Notes, Truth};

/// What must hold for a rule to match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// At least one of these.
    Any(Vec<Arc<Filter>>),
    /// All of these.
    All(Vec<Arc<Filter>>),
    /// Not this.
    Not(Arc<Filter>),
    /// One attribute.
    Leaf(Leaf),
}

/// A filter on one attribute; its values are alternatives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// On the path.
    Path(Vec<Side>),
    /// On one end of a connection.
    End(End),
    /// On a name or a number.
    Name(&'static Row, Vec<Scalar>),
    /// On extensions the process holds.
    Extension(Vec<String>),
    /// Something that is not simulated, by its name.
    Unmodelled(String),
}

/// How a path is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// Exactly this.
    Literal(String),
    /// This, without a slash at its end, or below it.
    Subpath {
        /// The path; empty for `/`.
        path: String,
        /// Whether it was written with a slash at its end.
        slash: bool,
    },
    /// Beginning with this text.
    Prefix(String),
    /// Holding this pattern.
    Regex {
        /// The pattern.
        pattern: Pattern,
        /// Whether the reader dropped a backslash of it.
        dropped: bool,
    },
    /// A strict ancestor of this.
    Ancestors(String),
}

impl Filter {
    /// Whether it matches a question, in a rule that names `named`.
    pub(super) fn holds(&self, query: &Query, named: Operation, notes: &mut Notes) -> Truth {
        self.holds_of(Asked { query, socket: None }, named, notes)
    }

    fn holds_of(&self, query: Asked<'_>, named: Operation, notes: &mut Notes) -> Truth {
        match self {
            Self::Any(filters) => {
                let mut truth = Truth::False;
                for filter in filters {
                    match filter.holds_of(query, named, notes) {
                        Truth::True => return Truth::True,
                        Truth::Unknown => truth = Truth::Unknown,
                        Truth::False => {}
                    }
                }
                truth
            }
            Self::All(filters) => {
                let mut truth = Truth::True;
                for filter in filters {
                    match filter.holds_of(query, named, notes) {
                        Truth::False => return Truth::False,
                        Truth::Unknown => truth = Truth::Unknown,
                        Truth::True => {}
                    }
                }
                truth
            }
            Self::Not(filter) => filter.holds_of(query, named, notes).not(),
            Self::Leaf(leaf) => leaf.holds(query, named, notes),
        }
    }

    /// Every leaf, and whether it stands below a `require-not`.
    pub fn leaves(&self, visit: &mut dyn FnMut(&Leaf, Polarity)) {
        self.walk(Polarity::Asked, visit);
    }

    fn walk(&self, polarity: Polarity, visit: &mut dyn FnMut(&Leaf, Polarity)) {
        match self {
            Self::Any(filters) | Self::All(filters) => filters.iter().for_each(|filter| filter.walk(polarity, visit)),
            Self::Not(filter) => filter.walk(polarity.turned(), visit),
            Self::Leaf(leaf) => visit(leaf, polarity),
        }
    }
}

/// Whether a leaf is asked to match or not to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    /// It should match.
    Asked,
    /// It should not.
    Excluded,
}

impl Polarity {
    const fn turned(self) -> Self {
        match self {
            Self::Asked => Self::Excluded,
            Self::Excluded => Self::Asked,
        }
    }
}

impl Leaf {
    /// The families of operations it means something for, as bits; 0 where it means something for all.
    #[must_use]
    pub fn families(&self) -> u64 {
        match self {
            Self::Path(_) => operations::path_family(),
            Self::End(_) => operations::network_family(),
            Self::Name(row, _) => row.family.map_or(0, operations::family),
            Self::Extension(_) | Self::Unmodelled(_) => 0,
        }
    }

    fn holds(&self, asked: Asked<'_>, named: Operation, notes: &mut Notes) -> Truth {
        let query = asked.query;
        let families = self.families();
        if families != 0 && families & named.families() == 0 {
            if !named.takes_unknown_filters() {
                notes.doubt(Confidence::Low, "a filter that means nothing for the operation never matches");
                return Truth::False;
            }
            notes.doubt(Confidence::Low, "which filters the operation takes is not known");
        }
        match self {
            Self::Path(sides) => match subject(asked) {
                Subject::Path(path) => any(sides, |side| side.holds(path, notes)),
                Subject::NoPath => Truth::False,
                Subject::Untold(what) => notes.missing(what),
            },
            Self::End(end) => end.holds(query, named, notes),
            Self::Name(row, scalars) => row.holds(scalars, query, notes),
            Self::Extension(classes) => classes.iter().any(|class| query.extensions.contains(class)).into(),
            Self::Unmodelled(name) => notes.missing(&format!("`{name}` is not simulated")),
        }
    }
}

/// A question, and for a filter inside of one on Unix sockets the path of that socket.
#[derive(Clone, Copy)]
struct Asked<'a> {
    query: &'a Query,
    socket: Option<&'a str>,
}

/// What a path filter looks at.
pub(super) enum Subject<'a> {
    Path(&'a str),
    /// The operation is about something that has no path, such as an IP address.
    NoPath,
    Untold(&'static str),
}

fn subject(asked: Asked<'_>) -> Subject<'_> {
    match asked.socket {
        Some(path) => Subject::Path(path),
        None => subject_of(asked.query),
    }
}

/// A path filter on a network operation means the path of the Unix socket.
pub(super) fn subject_of(query: &Query) -> Subject<'_> {
    let ends = [query.remote.as_ref(), query.local.as_ref()];
    let socket = ends.iter().flatten().find_map(|end| match end {
        Endpoint::Unix(path) => Some(path.as_str()),
        Endpoint::Ip { .. } => None,
    });
    match (query.path.as_deref(), socket) {
        (Some(path), _) | (None, Some(path)) => Subject::Path(path),
        (None, None) if ends.iter().any(Option::is_some) => Subject::NoPath,
        (None, None) if query.operation.families() & operations::network_family() != 0 => {
            Subject::Untold(if ends_at(query) == Where::Local { "local" } else { "remote" })
        }
        (None, None) => Subject::Untold("path"),
    }
}

/// The end that matters for a network operation.
pub(super) fn ends_at(query: &Query) -> Where {
    if query.operation.name() == "network-outbound" { Where::Remote } else { Where::Local }
}

/// At least one of some values; an unknown one does not hide a true one.
pub(super) fn any<T>(values: &[T], mut holds: impl FnMut(&T) -> Truth) -> Truth {
    let mut truth = Truth::False;
    for value in values {
        match holds(value) {
            Truth::True => return Truth::True,
            Truth::Unknown => truth = Truth::Unknown,
            Truth::False => {}
        }
    }
    truth
}

impl Side {
    fn holds(&self, path: &str, notes: &mut Notes) -> Truth {
        match self {
            Self::Literal(literal) => (path == literal).into(),
            Self::Prefix(prefix) => path.starts_with(prefix.as_str()).into(),
            Self::Subpath { path: root, slash } => {
                let below =
                    path.strip_prefix(root.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
                if below && *slash && !root.is_empty() {
                    notes.doubt(Confidence::Medium, "a slash at the end of a subpath is passed over");
                }
                below.into()
            }
            Self::Regex { pattern, dropped } => match pattern.find(path) {
                Ok(found) => {
                    if found && *dropped {
                        notes.doubt(Confidence::Medium, "a backslash in a cooked string is dropped by the reader");
                    }
                    found.into()
                }
                Err(why) => notes.missing(&format!("the pattern `{}`: {why}", pattern.written)),
            },
            Self::Ancestors(of) => {
                let above = if path == "/" {
                    of.len() > 1
                } else {
                    of.strip_prefix(path).is_some_and(|rest| rest.starts_with('/') && rest.len() > 1)
                };
                above.into()
            }
        }
    }
}
