//! What is known about a shell while its script is followed: variables, parameters, functions, and what is in doubt.
//!
//! Everything here errs to one side: a value that might be another is not known. Branches are followed in copies and
//! joined; what they do not agree on is not known afterwards.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use shuck_ast::Stmt;

use super::place::Place;
use crate::word::Word;

/// The value of a variable that the script sets. One it does not set has no entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// This text.
    Known(Rc<str>),
    /// A whole number.
    Integer,
    /// Anything.
    Unknown,
}

/// Variables that the shell itself sets, whatever a script assigned to them.
const SET_BY_THE_SHELL: &[&str] = &[
    "_",
    "PWD",
    "OLDPWD",
    "OPTARG",
    "OPTIND",
    "OPTERR",
    "RANDOM",
    "SRANDOM",
    "SECONDS",
    "LINENO",
    "HISTCMD",
    "PPID",
    "UID",
    "EUID",
    "GROUPS",
    "DIRSTACK",
    "FUNCNAME",
    "PIPESTATUS",
    "EPOCHSECONDS",
    "EPOCHREALTIME",
    "BASHPID",
    "BASHOPTS",
    "BASH_REMATCH",
    "BASH_COMMAND",
    "BASH_SUBSHELL",
    "BASH_LINENO",
    "BASH_SOURCE",
    "BASH_ARGC",
    "BASH_ARGV",
    "BASH_ARGV0",
    "COLUMNS",
    "LINES",
    "SHELLOPTS",
];

/// Variables that are integers without a declaration.
const CALCULATED_BY_BASH: &[&str] =
    &["RANDOM", "SRANDOM", "SECONDS", "HISTCMD", "OPTIND", "BASHPID", "EPOCHSECONDS", "LINENO"];

impl Value {
    fn join(&self, other: &Self) -> Self {
        let number = |value: &Self| match value {
            Self::Known(text) => is_number(text),
            Self::Integer => true,
            Self::Unknown => false,
        };
        if self == other {
            self.clone()
        } else if number(self) && number(other) {
            Self::Integer
        } else {
            Self::Unknown
        }
    }
}

/// Whether a text is a decimal number and nothing else.
pub(super) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Why the value of a variable is not what is assigned to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Attribute {
    /// It keeps the value it has; an assignment fails, and what happens then differs.
    Frozen,
    /// It is changed, or part of an array.
    Changed,
    /// What is assigned is calculated.
    Calculated,
}

/// A function's body, kept to be followed at each call.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) source: Rc<str>,
    pub(super) statement: Stmt,
    pub(super) place: Place,
}

/// What a name means as a function.
#[derive(Clone, Debug)]
pub(super) struct Function {
    /// Every body it may have.
    pub(super) bodies: Vec<Rc<Body>>,
    /// Whether it is one for sure, and never a program.
    pub(super) certain: bool,
}

impl Function {
    fn same(&self, other: &Self) -> bool {
        self.certain == other.certain
            && self.bodies.len() == other.bodies.len()
            && self.bodies.iter().zip(&other.bodies).all(|(one, other)| Rc::ptr_eq(one, other))
    }

    fn join(&mut self, other: &Self) {
        self.certain &= other.certain;
        for body in &other.bodies {
            if !self.bodies.iter().any(|known| Rc::ptr_eq(known, body)) {
                self.bodies.push(Rc::clone(body));
            }
        }
    }
}

/// What is known about a shell at one point of its script.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    variables: FxHashMap<Rc<str>, Value>,
    /// Names whose value can never be told from assignments: integers, references, other attributes.
    pinned: FxHashMap<Rc<str>, Attribute>,
    /// `$0`, `$1`, …, where they are known.
    pub(super) arguments: Option<Rc<Vec<Word>>>,
    pub(super) functions: FxHashMap<Rc<str>, Function>,
    /// No variable can be told any more.
    pub(super) lost: bool,
    /// Aliases were defined; they may be expanded from here on.
    pub(super) aliases: bool,
    /// Aliases are expanded.
    pub(super) expands_aliases: bool,
    /// Brace expansion may be off, or work in another way.
    pub(super) braces_unsure: bool,
    /// Why each command from here on is in doubt.
    pub(super) doubts: Rc<Vec<String>>,
}

impl State {
    pub(super) fn new(arguments: Option<Rc<Vec<Word>>>, expands_aliases: bool) -> Self {
        Self { arguments, expands_aliases, ..Self::default() }
    }

    /// The value of a variable; `None` where the script does not set it.
    pub(super) fn variable(&self, name: &str) -> Option<Value> {
        if self.lost || self.pinned.get(name).is_some_and(|attribute| *attribute > Attribute::Frozen) {
            return Some(Value::Unknown);
        }
        match self.variables.get(name) {
            Some(Value::Known(_)) if SET_BY_THE_SHELL.contains(&name) => Some(Value::Unknown),
            value => value.cloned(),
        }
    }

    pub(super) fn assign(&mut self, name: &str, value: Value) {
        if let Some(attribute) = self.pinned.get_mut(name) {
            *attribute = Attribute::Changed.max(*attribute);
        }
        if let Some(held) = self.variables.get_mut(name) {
            *held = value;
        } else {
            self.variables.insert(name.into(), value);
        }
    }

    /// Takes a variable back to what it was.
    pub(super) fn restore(&mut self, name: &str, value: Option<Value>) {
        match value {
            Some(value) => self.assign(name, value),
            None => {
                self.variables.remove(name);
            }
        }
    }

    /// From here on nothing is known about this variable, whatever is assigned to it.
    pub(super) fn pin(&mut self, name: &str, attribute: Attribute) {
        let held = self.pinned.entry(name.into()).or_insert(attribute);
        *held = attribute.max(*held);
    }

    /// Whether what is assigned to this variable is calculated.
    pub(super) fn calculates(&self, name: &str) -> bool {
        self.pinned.get(name) == Some(&Attribute::Calculated) || CALCULATED_BY_BASH.contains(&name)
    }

    /// From here on each command is in doubt for this reason.
    pub(super) fn doubt(&mut self, why: impl Into<String>) {
        let why = why.into();
        if !self.doubts.contains(&why) {
            Rc::make_mut(&mut self.doubts).push(why);
        }
    }

    /// How much a copy costs.
    pub(super) fn size(&self) -> usize {
        self.variables.len() + self.functions.len() + self.pinned.len()
    }

    /// Takes in another way the script may have come here.
    pub(super) fn join(&mut self, other: &Self) {
        for (name, value) in &mut self.variables {
            match other.variables.get(name) {
                Some(seen) if seen == value => {}
                Some(seen) => *value = value.join(seen),
                None => *value = Value::Unknown,
            }
        }
        for name in other.variables.keys() {
            if !self.variables.contains_key(name) {
                self.variables.insert(Rc::clone(name), Value::Unknown);
            }
        }
        for (name, attribute) in &other.pinned {
            self.pin(name, *attribute);
        }
        if self.arguments != other.arguments {
            self.arguments = None;
        }
        for (name, function) in &mut self.functions {
            match other.functions.get(name) {
                Some(seen) => function.join(seen),
                None => function.certain = false,
            }
        }
        for (name, function) in &other.functions {
            if !self.functions.contains_key(name) {
                self.functions.insert(Rc::clone(name), Function { certain: false, ..function.clone() });
            }
        }
        self.lost |= other.lost;
        self.aliases |= other.aliases;
        self.expands_aliases |= other.expands_aliases;
        self.braces_unsure |= other.braces_unsure;
        if !Rc::ptr_eq(&self.doubts, &other.doubts) {
            for why in other.doubts.iter() {
                self.doubt(why.clone());
            }
        }
    }

    /// Whether nothing that matters to later commands differs.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.variables == other.variables
            && self.pinned == other.pinned
            && self.arguments == other.arguments
            && self.functions.len() == other.functions.len()
            && self
                .functions
                .iter()
                .all(|(name, function)| other.functions.get(name).is_some_and(|seen| function.same(seen)))
            && (self.lost, self.aliases, self.expands_aliases, self.braces_unsure)
                == (other.lost, other.aliases, other.expands_aliases, other.braces_unsure)
            && self.doubts == other.doubts
    }
}
