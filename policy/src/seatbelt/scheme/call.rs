//! Calls: the words of the language, and functions that a profile defines.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::{filters, operations};
use super::{Function, LONGEST, Machine, Refused, Value, Wrap, is_true, limit, number, rejected, unsupported, wrong};
use crate::diagnostic::Diagnostic;
use crate::seatbelt::reader::{Form, Kind};

/// Forms that change what the others mean, or run without a bound one can see.
const NOT_SIMULATED: &[&str] = &[
    "macro",
    "define-macro",
    "define-syntax",
    "syntax-rules",
    "set!",
    "do",
    "for-each",
    "map",
    "apply",
    "eval",
    "letrec",
    "named-lambda",
    "lambda",
    "case",
    "quasiquote",
    "call/cc",
    "load",
    "list",
    "cons",
    "car",
    "cdr",
    "append",
    "vector",
    "assoc",
    "assq",
    "symbol->string",
    "string->symbol",
    "error",
    "apply-message-filter",
];

/// Names that a profile cannot give a new meaning here.
const RESERVED: &[&str] = &["allow", "deny", "param", "version", "import", "with", "define", "if", "default"];

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
        if let Some(Value::Function(function)) = self.lookup(name) {
            let function = Arc::clone(function);
            return self.apply(name, &function, form, arguments);
        }
        match name {
            "allow" | "deny" => self.rule(name, form, arguments).map(|()| Value::Nothing),
            "version" => self.version(form, arguments),
            "import" => match self.one(form, arguments)? {
                Value::Text { text, .. } => self.import(&text, form).map(|()| Value::Nothing),
                _ => Err(wrong(form, "seatbelt-argument", "`import` takes a name in quotes")),
            },
            "define" | "define-once" => self.define(form, arguments),
            "let" | "let*" => self.local(name, form, arguments),
            "begin" => self.body(arguments),
            "if" => match arguments {
                [condition, then, rest @ ..] if rest.len() <= 1 => {
                    let chosen = self.condition(condition)?;
                    if chosen { self.evaluate(then) } else { self.body(rest) }
                }
                _ => Err(wrong(form, "seatbelt-argument", "`if` takes a condition and one or two forms")),
            },
            "when" | "unless" => match arguments {
                [condition, rest @ ..] => {
                    let chosen = self.condition(condition)? == (name == "when");
                    if chosen { self.body(rest) } else { Ok(Value::Truth(false)) }
                }
                [] => Err(wrong(form, "seatbelt-argument", format!("`{name}` takes a condition"))),
            },
            "cond" => self.cond(arguments),
            "and" => self.logic(arguments, true),
            "or" => self.logic(arguments, false),
            "not" => self.one(form, arguments).map(|value| Value::Truth(!is_true(&value))),
            "quote" => match arguments {
                [Form { kind: Kind::Symbol(name), .. }] => Ok(Value::Symbol(name.as_str().into())),
                _ => Err(unsupported(not_simulated(form, "a quoted list"))),
            },
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
            "with-filter" | "with-modifier" | "with-operations" => self.wrapped(name, form, arguments),
            "with" => self.modifier(form, arguments).map(Value::Modifier),
            name if number::NAMES.contains(&name) => self.number(name, form, arguments),
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

    fn condition(&mut self, form: &Form) -> Result<bool, Refused> {
        let value = self.evaluate(form)?;
        if let (Value::Symbol(name), Kind::Symbol(_)) = (&value, &form.kind) {
            return Err(self.unbound(name, form));
        }
        Ok(is_true(&value))
    }

    /// A name that stands for nothing: an import may have defined it.
    fn unbound(&self, name: &str, form: &Form) -> Refused {
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
            || RESERVED.contains(&name);
        if !here && self.is_incomplete() {
            return Err(self.unbound(name, form));
        }
        Ok(here)
    }

    fn define(&mut self, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        let (name, value) = match arguments {
            [Form { kind: Kind::Symbol(name), .. }, value] => (name.clone(), self.evaluate(value)?),
            [Form { kind: Kind::List(header), .. }, body @ ..] if !body.is_empty() => {
                let names: Option<Vec<String>> = header.iter().map(|form| form.symbol().map(str::to_owned)).collect();
                let Some((name, parameters)) = names.as_ref().and_then(|names| names.split_first()) else {
                    return Err(wrong(
                        form,
                        "seatbelt-argument",
                        "a function is defined by its name and those of its arguments",
                    ));
                };
                if parameters.iter().any(|name| name.starts_with('.') || name.starts_with('#')) {
                    return Err(unsupported(not_simulated(form, "a function with any number of arguments")));
                }
                let function = Function { parameters: parameters.to_vec(), body: body.to_vec() };
                (name.clone(), Value::Function(Arc::new(function)))
            }
            _ => return Err(wrong(form, "seatbelt-argument", "`define` takes a name and a value")),
        };
        if RESERVED.contains(&name.as_str()) || operations::find(&name).is_some() || filters::find(&name).is_some() {
            return Err(unsupported(not_simulated(form, &format!("a new meaning for `{name}`"))));
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name, value);
        }
        Ok(Value::Nothing)
    }

    fn local(&mut self, name: &str, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        let [Form { kind: Kind::List(bindings), .. }, body @ ..] = arguments else {
            return Err(unsupported(not_simulated(form, "a named `let`")));
        };
        let mut scope = BTreeMap::new();
        if name == "let*" {
            self.scopes.push(BTreeMap::new());
        }
        let mut evaluated = Ok(());
        for binding in bindings {
            let Some([Form { kind: Kind::Symbol(bound), .. }, value]) = binding.list() else {
                evaluated =
                    Err(wrong(binding, "seatbelt-argument", format!("`{name}` binds lists of a name and a value")));
                break;
            };
            match self.evaluate(value) {
                Ok(value) if name == "let*" => {
                    if let Some(scope) = self.scopes.last_mut() {
                        scope.insert(bound.clone(), value);
                    }
                }
                Ok(value) => {
                    scope.insert(bound.clone(), value);
                }
                Err(refused) => {
                    evaluated = Err(refused);
                    break;
                }
            }
        }
        if name == "let" {
            self.scopes.push(scope);
        }
        let value = evaluated.and_then(|()| self.body(body));
        self.scopes.pop();
        value
    }

    fn cond(&mut self, arguments: &[Form]) -> Result<Value, Refused> {
        for clause in arguments {
            let Some([condition, body @ ..]) = clause.list() else {
                return Err(wrong(
                    clause,
                    "seatbelt-argument",
                    "a clause of `cond` is a list that begins with a condition",
                ));
            };
            if condition.symbol() == Some("else") || self.condition(condition)? {
                return self.body(body);
            }
        }
        Ok(Value::Truth(false))
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
            (Value::Symbol(one), Value::Symbol(other)) => one == other,
            (Value::Text { .. } | Value::Truth(false), Value::Text { .. } | Value::Truth(false)) => false,
            _ => return Err(unsupported(not_simulated(form, "a comparison of these"))),
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

    fn apply(&mut self, name: &str, function: &Function, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        if function.parameters.len() != arguments.len() {
            let wanted = function.parameters.len();
            let message = format!("`{name}` takes {wanted} arguments, not {}", arguments.len());
            return Err(wrong(form, "seatbelt-argument", message));
        }
        let mut scope = BTreeMap::new();
        for (parameter, argument) in function.parameters.iter().zip(arguments) {
            scope.insert(parameter.clone(), self.evaluate(argument)?);
        }
        // A function sees what is defined outside of all functions, and its own arguments.
        let outer = self.scopes.split_off(1);
        self.scopes.push(scope);
        let value = self.body(&function.body);
        self.scopes.truncate(1);
        self.scopes.extend(outer);
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
