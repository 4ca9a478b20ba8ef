//! From forms to a profile: rules, and the part of Scheme that hand-written profiles need.
//!
//! Constants, functions that keep where they were made, lists, macros that make forms out of forms, strings, `param`,
//! `with-filter` and its kin are evaluated; what of Scheme is not simulated is said. Steps, depth and sizes are bounded. What an import that is
//! not here may have defined is kept as a filter that is not known, or as a place after which little is certain.

mod bind;
mod call;
mod filter;
mod letters;
mod lists;
mod number;
mod rule;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::filters::Filter;
use super::profile::{Missing, Modifier, Profile};
use super::reader::{self, Form, Kind};
use crate::diagnostic::Diagnostic;
use crate::source::{Source, SourceId, Sources};

/// How many forms are evaluated at most.
const MOST_STEPS: u32 = 1 << 20;
/// How deep evaluation goes; forms may be nested as deep as the reader lets them, and calls add to it.
const DEEPEST: u32 = 512;
/// How many rules a profile makes at most.
const MOST_RULES: usize = 1 << 17;
/// The longest text that `string-append` makes.
const LONGEST: usize = reader::LONGEST_ATOM;
/// How many filters one filter holds at most, and how deep.
const LARGEST_FILTER: usize = 1 << 16;
/// How many imports are read.
const MOST_IMPORTS: usize = 64;

/// What a profile is loaded with.
pub struct Settings<'a> {
    /// Parameters, as `-D` gives them.
    pub parameters: &'a BTreeMap<String, String>,
    /// The text of an import by its name, if it is here.
    pub import: &'a dyn Fn(&str) -> Option<Source>,
}

/// What became of a text.
pub struct Loaded {
    /// The texts, for places.
    pub sources: Sources,
    /// The profile, or why there is none.
    pub profile: Result<Profile, Refused>,
    /// What is worth knowing about it though it can be used.
    pub warnings: Vec<Diagnostic>,
}

/// Why there is no profile.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Who would refuse it.
    pub by: Refusal,
    /// What is wrong.
    pub found: Box<Diagnostic>,
}

/// Who refuses a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// macOS would not load it, and run nothing.
    Rejected,
    /// It uses what is not simulated.
    Unsupported,
}

/// Reads and evaluates a profile.
#[must_use]
pub fn load(source: Source, settings: &Settings<'_>) -> Loaded {
    let mut sources = Sources::default();
    let id = sources.add(source);
    let mut machine = Machine {
        settings,
        sources,
        profile: Profile::default(),
        scopes: vec![Scope::default()],
        scope: 0,
        held: 0,
        wraps: Vec::new(),
        version: false,
        steps: 0,
        depth: 0,
        imports: Vec::new(),
        warnings: Vec::new(),
    };
    let mut outcome = machine.file(id);
    if outcome.is_ok() && !machine.version {
        let missing = Diagnostic::error("seatbelt-version", "the profile has no version");
        outcome = Err(rejected(missing.at(machine.start_of(id), "").help("begin it with `(version 1)`")));
    }
    let Machine { sources, mut profile, warnings, .. } = machine;
    profile.finish();
    Loaded { sources, profile: outcome.map(|()| profile), warnings }
}

/// A value of the language.
#[derive(Clone)]
enum Value {
    Text { text: Arc<str>, dropped: bool },
    Truth(bool),
    Number(i64),
    Letter(char),
    Symbol(Arc<str>),
    Filter(Sized),
    Modifier(Modifier),
    Function(Arc<Function>),
    List(Arc<List>),
    Nothing,
}

/// Values in a row, and how deep lists are nested in them.
struct List {
    items: Vec<Value>,
    depth: usize,
}

/// A filter with its size, so that none grows without bound by being used again and again.
#[derive(Clone)]
struct Sized {
    filter: Arc<Filter>,
    size: usize,
    depth: usize,
}

struct Function {
    parameters: Vec<String>,
    /// What takes the arguments that are left, as a list.
    rest: Option<String>,
    body: Vec<Form>,
    /// Where it was made: it sees what is defined there.
    scope: usize,
    kind: Callable,
}

/// What a function is given, and what becomes of its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Callable {
    /// The values of its arguments.
    Function,
    /// Its arguments as they are written; the value is evaluated in their place.
    Macro,
    /// The same with the whole form as its only argument.
    FormMacro,
}

/// Names and what they stand for; what is not here may be in the scope around it. Scopes are kept until the profile is read:
/// a function may still see them.
#[derive(Default)]
struct Scope {
    names: BTreeMap<String, Value>,
    around: usize,
}

/// What `with-filter` and its kin add to every rule inside.
enum Wrap {
    Filter(Sized),
    Modifier(Modifier),
    Operations(Vec<Form>),
}

struct Machine<'a> {
    settings: &'a Settings<'a>,
    sources: Sources,
    profile: Profile,
    scopes: Vec<Scope>,
    /// The scope in force; 0 is the outermost.
    scope: usize,
    /// How many values stand in forms under a name of ours.
    held: u32,
    wraps: Vec<Wrap>,
    version: bool,
    steps: u32,
    depth: u32,
    imports: Vec<String>,
    warnings: Vec<Diagnostic>,
}

fn rejected(found: Diagnostic) -> Refused {
    Refused { by: Refusal::Rejected, found: Box::new(found) }
}

fn unsupported(found: Diagnostic) -> Refused {
    Refused { by: Refusal::Unsupported, found: Box::new(found) }
}

/// A refusal with its place.
fn wrong(form: &Form, code: &str, message: impl Into<String>) -> Refused {
    rejected(Diagnostic::error(code, message).at(form.span, ""))
}

/// A limit of ours.
fn limit(form: &Form, message: &str) -> Refused {
    unsupported(Diagnostic::error("seatbelt-limit", message).at(form.span, ""))
}

impl Machine<'_> {
    fn file(&mut self, id: SourceId) -> Result<(), Refused> {
        let text = self.sources.get(id).map_or_else(String::new, |source| source.text.clone());
        let forms = reader::read(&text, id).map_err(|found| match found.code.as_str() {
            "seatbelt-limit" | "seatbelt-unsupported" => unsupported(found),
            _ => rejected(found),
        })?;
        forms.iter().try_for_each(|form| self.evaluate(form).map(|_| ()))
    }

    fn start_of(&self, source: SourceId) -> crate::source::Span {
        let end = self.sources.get(source).map_or(0, |source| u32::from(!source.text.is_empty()));
        crate::source::Span { source, start: 0, end }
    }

    /// Something that an import which is not here may have defined.
    fn is_incomplete(&self) -> bool {
        !self.profile.missing.is_empty()
    }

    fn lookup(&self, name: &str) -> Option<&Value> {
        let mut at = self.scope;
        loop {
            let scope = self.scopes.get(at)?;
            match scope.names.get(name) {
                Some(value) => return Some(value),
                None if at == 0 => return None,
                None => at = scope.around,
            }
        }
    }

    /// Runs something in a scope of its own, made in `around`.
    fn within<T>(&mut self, around: usize, run: impl FnOnce(&mut Self) -> Result<T, Refused>) -> Result<T, Refused> {
        let before = self.scope;
        self.scopes.push(Scope { names: BTreeMap::new(), around });
        self.scope = self.scopes.len() - 1;
        let outcome = run(self);
        self.scope = before;
        outcome
    }

    fn bind(&mut self, name: &str, value: Value) {
        if let Some(scope) = self.scopes.get_mut(self.scope) {
            scope.names.insert(name.to_owned(), value);
        }
    }

    /// Counts work that is done without evaluating a form.
    fn work(&mut self, steps: usize, form: &Form) -> Result<(), Refused> {
        self.steps = self.steps.saturating_add(u32::try_from(steps).unwrap_or(u32::MAX));
        if self.steps > MOST_STEPS {
            return Err(limit(form, "the profile computes for longer than is simulated"));
        }
        Ok(())
    }

    fn evaluate(&mut self, form: &Form) -> Result<Value, Refused> {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Err(limit(form, "the profile computes for longer than is simulated"));
        }
        if self.depth >= DEEPEST {
            return Err(limit(form, "functions call each other deeper than is simulated"));
        }
        self.depth += 1;
        let value = self.value(form);
        self.depth -= 1;
        value
    }

    fn value(&mut self, form: &Form) -> Result<Value, Refused> {
        match &form.kind {
            Kind::Text { text, dropped } => Ok(Value::Text { text: text.as_str().into(), dropped: *dropped }),
            Kind::Number(number) => Ok(Value::Number(*number)),
            Kind::Truth(truth) => Ok(Value::Truth(*truth)),
            Kind::Letter(letter) => Ok(Value::Letter(*letter)),
            Kind::Quoted(form) => self.data(form),
            Kind::Symbol(name) => match self.lookup(name) {
                Some(value) => Ok(value.clone()),
                None if number::is_fraction(name) => {
                    Err(unsupported(call::not_simulated(form, "a number with a fraction")))
                }
                None => Ok(Value::Symbol(name.as_str().into())),
            },
            Kind::List(forms) => match forms.split_first() {
                Some((head, arguments)) => match head.symbol() {
                    Some(name) => self.call(name, form, arguments),
                    None => {
                        let function = self.evaluate(head)?;
                        let values = self.all(arguments)?;
                        self.apply_to(&function, values, form)
                    }
                },
                None => Err(wrong(form, "seatbelt-syntax", "an empty list does nothing")),
            },
        }
    }

    /// The values of several forms.
    fn all(&mut self, forms: &[Form]) -> Result<Vec<Value>, Refused> {
        forms.iter().map(|form| self.evaluate(form)).collect()
    }

    /// The last of several forms.
    fn body(&mut self, forms: &[Form]) -> Result<Value, Refused> {
        let mut last = Value::Nothing;
        for form in forms {
            last = self.evaluate(form)?;
        }
        Ok(last)
    }

    fn import(&mut self, name: &str, form: &Form) -> Result<(), Refused> {
        if self.imports.iter().any(|known| known == name) {
            return Ok(());
        }
        if self.imports.len() >= MOST_IMPORTS {
            return Err(limit(form, "the profile imports more than is simulated"));
        }
        self.imports.push(name.to_owned());
        match (self.settings.import)(name) {
            Some(source) => {
                let id = self.sources.add(source);
                self.file(id)
            }
            None => {
                self.miss(format!("import `{name}`"), form);
                Ok(())
            }
        }
    }

    fn miss(&mut self, what: String, form: &Form) {
        self.profile.missing.push(Missing { what, span: form.span, after: self.profile.rules.len() });
    }
}

/// Whether a value counts as true: everything but `#f` does.
const fn is_true(value: &Value) -> bool {
    !matches!(value, Value::Truth(false))
}
