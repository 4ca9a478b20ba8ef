//! Calls: the words of the language, and functions that a profile defines.

use std::sync::Arc;

use super::super::filters::{self, Filter, Leaf};
use super::super::operations;
use super::super::profile::Modifier;
use super::{
    LONGEST, Machine, Refused, Value, Wrap, is_true, letters, limit, lists, number, rejected, unsupported, wrong,
};
use crate::diagnostic::Diagnostic;
use crate::seatbelt::reader::{Form, Kind};

/// Forms that change what the others mean, or run without a bound one can see.
const NOT_SIMULATED: &[&str] = &[
    "/",
    "assert",
    "call-with-current-continuation",
    "call/cc",
    "catch",
    "cons-stream",
    "define-package",
    "define-record-type",
    "define-syntax",
    "delay",
    "display",
    "dynamic-wind",
    "exact->inexact",
    "expt",
    "floor",
    "force",
    "gensym",
    "inexact->exact",
    "let-syntax",
    "letrec-syntax",
    "list->vector",
    "load",
    "macro-expand",
    "make-string",
    "make-vector",
    "newline",
    "open-input-file",
    "open-output-file",
    "package",
    "print",
    "read",
    "round",
    "set-car!",
    "set-cdr!",
    "sqrt",
    "string-fill!",
    "string-set!",
    "syntax-rules",
    "truncate",
    "values",
    "vector",
    "vector->list",
    "vector-fill!",
    "vector-length",
    "vector-ref",
    "vector-set!",
    "write",
    "write-char",
];

/// Names that a profile cannot give a new meaning here.
pub(super) const RESERVED: &[&str] =
    &["allow", "deny", "param", "version", "import", "with", "define", "if", "default"];

/// Other names that every profile finds defined.
const WORDS: &[&str] = &[
    "and",
    "apply-message-filter",
    "begin",
    "case",
    "cond",
    "do",
    "eval",
    "extension",
    "lambda",
    "let",
    "let*",
    "literal",
    "local",
    "not",
    "or",
    "path-ancestors",
    "prefix",
    "quote",
    "regex",
    "regex-quote",
    "remote",
    "require-all",
    "require-any",
    "require-not",
    "set!",
    "string-append",
    "string=?",
    "string?",
    "subpath",
    "tty",
    "unless",
    "when",
    "with-filter",
    "with-modifier",
    "with-operations",
];

/// Accepted, and without effect on a verdict.
const WITHOUT_EFFECT: &[&str] = &[
    "debug",
    "disable-callouts",
    "eliminate-duplicate-rules",
    "record",
    "disable-full-symbolication",
    "enable-pattern-variables",
    "enable-full-symbolication",
    "trace",
];

impl Machine<'_> {
    pub(super) fn call(&mut self, name: &str, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        // What calls itself goes through here: each of these is small, so that the stack holds as many as are simulated.
        match self.lookup(name) {
            Some(Value::Function(function)) => {
                let function = Arc::clone(function);
                self.call_function(name, &function, form, arguments)
            }
            // A name that stands for another one: `(define (tell what) (what file-read*))`.
            Some(Value::Symbol(other)) if **other != *name => {
                let other = Arc::clone(other);
                self.call_other(other, form, arguments)
            }
            _ => self.word(name, form, arguments),
        }
    }

    fn call_other(&mut self, other: Arc<str>, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        let values = self.all(arguments)?;
        self.apply_to(&Value::Symbol(other), values, form)
    }

    /// A word of the language.
    fn word(&mut self, name: &str, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        match name {
            "allow" | "deny" => self.rule(name, form, arguments).map(|()| Value::Nothing),
            "define" | "define-once" | "define-macro" | "macro" => self.define(name, form, arguments),
            "let" | "let*" | "letrec" | "letrec*" => self.local(name, form, arguments),
            "begin" => self.body(arguments),
            "case" => self.case(form, arguments),
            "cond" => self.cond(arguments),
            "do" => self.repeat(form, arguments),
            "eval" => self.run_made(form, arguments),
            "if" => self.choose(form, arguments),
            "when" | "unless" => self.when(name, form, arguments),
            "and" => self.logic(arguments, true),
            "or" => self.logic(arguments, false),
            "with-filter" | "with-modifier" | "with-operations" => self.wrapped(name, form, arguments),
            name if number::NAMES.contains(&name) => self.number(name, form, arguments),
            name if lists::NAMES.contains(&name) => self.lists(name, form, arguments),
            name if letters::NAMES.contains(&name) => self.letters(name, form, arguments),
            name => self.small(name, form, arguments),
        }
    }

    fn choose(&mut self, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        match arguments {
            [condition, then, rest @ ..] if rest.len() <= 1 => {
                let chosen = self.condition(condition)?;
                if chosen { self.evaluate(then) } else { self.body(rest) }
            }
            _ => Err(wrong(form, "seatbelt-argument", "`if` takes a condition and one or two forms")),
        }
    }

    fn when(&mut self, name: &str, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        match arguments {
            [condition, rest @ ..] => {
                let chosen = self.condition(condition)? == (name == "when");
                if chosen { self.body(rest) } else { Ok(Value::Truth(false)) }
            }
            [] => Err(wrong(form, "seatbelt-argument", format!("`{name}` takes a condition"))),
        }
    }

    /// A word that holds no body of rules.
    fn small(&mut self, name: &str, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        match name {
            "version" => self.version(form, arguments),
            "import" => match self.one(form, arguments)? {
                Value::Text { text, .. } => self.import(&text, form).map(|()| Value::Nothing),
                _ => Err(wrong(form, "seatbelt-argument", "`import` takes a name in quotes")),
            },
            "set!" => self.set(form, arguments),
            "lambda" | "named-lambda" => self.lambda(name, form, arguments),
            "not" => self.one(form, arguments).map(|value| Value::Truth(!is_true(&value))),
            "quote" | "quasiquote" => match arguments {
                [only] if name == "quote" => self.data(only),
                [only] => self.template(only),
                _ => Err(wrong(form, "seatbelt-argument", format!("`{name}` takes one form"))),
            },
            // What it says of messages changes no verdict on the operation that it stands at.
            "apply-message-filter" => {
                self.profile.filters_messages = true;
                Ok(Value::Modifier(Modifier { name: name.to_owned(), argument: None }))
            }
            "error" => {
                let told = arguments.iter().find_map(|form| match &form.kind {
                    Kind::Text { text, .. } => Some(text.as_str()),
                    _ => None,
                });
                Err(wrong(
                    form,
                    "seatbelt-stopped",
                    format!("the profile refuses to load: {}", told.unwrap_or("no reason given")),
                ))
            }
            "defined?" => match self.one(form, arguments)? {
                Value::Symbol(name) => Ok(Value::Truth(self.is_defined(&name, form)?)),
                _ => Err(wrong(form, "seatbelt-argument", "`defined?` takes a quoted name")),
            },
            "param" | "getenv" => self.param(form, arguments),
            "string?" => self.one(form, arguments).map(|value| Value::Truth(matches!(value, Value::Text { .. }))),
            "string=?" | "equal?" | "eq?" | "eqv?" | "=" => self.equal(form, arguments),
            "string-append" => self.append(form, arguments),
            "regex-quote" => match self.one(form, arguments)? {
                Value::Text { text, dropped } => Ok(Value::Text { text: quote(&text).into(), dropped }),
                _ => Err(wrong(form, "seatbelt-argument", "`regex-quote` takes a string")),
            },
            "with" => self.modifier(form, arguments).map(Value::Modifier),
            name if WITHOUT_EFFECT.contains(&name) => Ok(Value::Nothing),
            name if NOT_SIMULATED.contains(&name) => Err(unsupported(not_simulated(form, &format!("`{name}`")))),
            name => self.filter(name, form, arguments),
        }
    }

    fn version(&mut self, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        match arguments {
            [Form { kind: Kind::Number(1), .. }] => {
                self.version = true;
                Ok(Value::Nothing)
            }
            _ => {
                let found = Diagnostic::error("seatbelt-version", "only `(version 1)` is understood").at(form.span, "");
                Err(rejected(found))
            }
        }
    }

    /// The value of the only argument.
    pub(super) fn one(&mut self, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        match arguments {
            [only] => self.evaluate(only),
            _ => {
                let name = form.list().and_then(|forms| forms.first()).and_then(Form::symbol).unwrap_or("it");
                Err(wrong(form, "seatbelt-argument", format!("`{name}` takes one argument, not {}", arguments.len())))
            }
        }
    }

    pub(super) fn condition(&mut self, form: &Form) -> Result<bool, Refused> {
        let value = self.evaluate(form)?;
        if let (Value::Symbol(name), Kind::Symbol(_)) = (&value, &form.kind) {
            return Err(self.unbound(name, form));
        }
        if let (Value::Filter(filter), true) = (&value, self.is_incomplete())
            && let Filter::Leaf(Leaf::Unmodelled(name)) = &*filter.filter
        {
            return Err(self.unbound(name, form));
        }
        Ok(is_true(&value))
    }

    /// A name that stands for nothing: an import may have defined it.
    pub(super) fn unbound(&self, name: &str, form: &Form) -> Refused {
        let found = Diagnostic::error("seatbelt-unknown", format!("`{name}` is not defined")).at(form.span, "");
        if self.is_incomplete() {
            unsupported(found.help("an import that is not here may define it"))
        } else {
            rejected(found)
        }
    }

    fn is_defined(&self, name: &str, form: &Form) -> Result<bool, Refused> {
        let here = self.lookup(name).is_some()
            || operations::find(name).is_some()
            || filters::find(name).is_some()
            || RESERVED.contains(&name)
            || WORDS.contains(&name)
            || number::NAMES.contains(&name)
            || lists::NAMES.contains(&name)
            || letters::NAMES.contains(&name);
        if !here && self.is_incomplete() {
            return Err(self.unbound(name, form));
        }
        Ok(here)
    }

    fn logic(&mut self, arguments: &[Form], all: bool) -> Result<Value, Refused> {
        let mut last = Value::Truth(all);
        for form in arguments {
            last = self.evaluate(form)?;
            if is_true(&last) != all {
                break;
            }
        }
        Ok(last)
    }

    fn param(&mut self, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        let Value::Text { text, .. } = self.one(form, arguments)? else {
            return Err(wrong(form, "seatbelt-argument", "`param` takes a name in quotes"));
        };
        if !self.profile.asked.iter().any(|(known, _)| **known == *text) {
            self.profile.asked.push((text.to_string(), form.span));
        }
        Ok(self
            .settings
            .parameters
            .get(&*text)
            .map_or(Value::Truth(false), |value| Value::Text { text: value.as_str().into(), dropped: false }))
    }

    fn equal(&mut self, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        let [one, other] = arguments else {
            return Err(wrong(form, "seatbelt-argument", "a comparison takes two arguments"));
        };
        Ok(Value::Truth(match (self.evaluate(one)?, self.evaluate(other)?) {
            (Value::Text { text: one, .. }, Value::Text { text: other, .. }) => one == other,
            (Value::Number(one), Value::Number(other)) => one == other,
            (Value::Truth(one), Value::Truth(other)) => one == other,
            (Value::Letter(one), Value::Letter(other)) => one == other,
            (Value::Symbol(one), Value::Symbol(other)) => one == other,
            (Value::Filter(_) | Value::Modifier(_) | Value::Function(_), _)
            | (_, Value::Filter(_) | Value::Modifier(_) | Value::Function(_)) => {
                return Err(unsupported(not_simulated(form, "a comparison of these")));
            }
            (one, other) => self.alike(&one, &other, form)?,
        }))
    }

    fn append(&mut self, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        let (mut whole, mut any_dropped) = (String::new(), false);
        for argument in arguments {
            match self.evaluate(argument)? {
                Value::Text { text, dropped } => {
                    whole.push_str(&text);
                    any_dropped |= dropped;
                }
                _ => return Err(self.no_text(argument)),
            }
            if whole.len() > LONGEST {
                return Err(limit(form, "`string-append` makes a text longer than is simulated"));
            }
        }
        Ok(Value::Text { text: whole.into(), dropped: any_dropped })
    }

    /// A form that should have been text; a parameter that is not defined is the usual reason.
    pub(super) fn no_text(&self, form: &Form) -> Refused {
        let asked = form.list().filter(|forms| forms.first().and_then(Form::symbol) == Some("param"));
        if let Some([_, Form { kind: Kind::Text { text, .. }, .. }]) = asked {
            let found = Diagnostic::error("seatbelt-parameter", format!("the parameter `{text}` is not defined"));
            return rejected(
                found.at(form.span, "false where text is needed").help(format!("give it with `-D {text}=VALUE`")),
            );
        }
        if let Some(name) = form.symbol() {
            return self.unbound(name, form);
        }
        wrong(form, "seatbelt-argument", "text is needed here")
    }

    /// `with-filter` and its kin: what they add holds for every rule inside.
    fn wrapped(&mut self, name: &str, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        let Some((first, body)) = arguments.split_first() else {
            return Err(wrong(
                form,
                "seatbelt-argument",
                format!("`{name}` takes what it adds and the rules it adds it to"),
            ));
        };
        let wrap = match name {
            "with-filter" => Wrap::Filter(self.as_filter(first)?),
            "with-modifier" => match self.evaluate(first)? {
                Value::Modifier(modifier) => Wrap::Modifier(modifier),
                _ => Wrap::Modifier(self.modifier(first, first.list().unwrap_or(std::slice::from_ref(first)))?),
            },
            _ => Wrap::Operations(first.list().map_or_else(|| vec![first.clone()], <[Form]>::to_vec)),
        };
        self.wraps.push(wrap);
        let value = self.body(body);
        self.wraps.pop();
        value
    }
}

pub(super) fn not_simulated(form: &Form, what: &str) -> Diagnostic {
    Diagnostic::error("seatbelt-unsupported", format!("{what} is not simulated"))
        .at(form.span, "")
        .help("write the rules that it makes out, without it")
}

/// What `regex-quote` makes of a text.
fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if "^.[$()|*+?{\\".contains(letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}
