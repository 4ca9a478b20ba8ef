//! What gives names a meaning: `define`, `let` and its kin, functions, macros; and the calls of what was so made.
//!
//! A function sees what was defined where it was made. A macro is given forms as data and gives a form, which is evaluated
//! in its place; values that cannot be written stand in it under names that no profile can say.

use std::sync::Arc;

use super::super::{filters, operations};
use super::call::{RESERVED, not_simulated};
use super::{Callable, Function, Machine, Refused, Value, is_true, unsupported, wrong};
use crate::seatbelt::reader::{Form, Kind};

/// What a round of a loop counts for: it leaves more behind than a form.
const ROUND: usize = 32;

impl Machine<'_> {
    /// The forms of a body, to be kept; counted, since a function may be made again and again.
    fn kept(&mut self, body: &[Form], form: &Form) -> Result<Vec<Form>, Refused> {
        self.work(size(body), form)?;
        Ok(body.to_vec())
    }

    pub(super) fn define(&mut self, word: &str, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        let is_macro = matches!(word, "define-macro" | "macro");
        let (name, value) = match arguments {
            [Form { kind: Kind::Symbol(name), .. }, value] => {
                let value = match self.evaluate(value)? {
                    Value::Function(function) if is_macro => {
                        let Function { parameters, rest, body, scope, .. } = &*function;
                        let (parameters, rest, body) = (parameters.clone(), rest.clone(), body.clone());
                        let kind = if word == "macro" { Callable::FormMacro } else { Callable::Macro };
                        Value::Function(Arc::new(Function { parameters, rest, body, scope: *scope, kind }))
                    }
                    value => value,
                };
                (name.clone(), value)
            }
            [Form { kind: Kind::List(header), .. }, body @ ..] if !body.is_empty() => {
                let Some((name, parameters)) =
                    header.split_first().and_then(|(name, rest)| Some((name.symbol()?, rest)))
                else {
                    let message = "a function is defined by its name and those of its arguments";
                    return Err(wrong(form, "seatbelt-argument", message));
                };
                let kind = match word {
                    "define-macro" => Callable::Macro,
                    "macro" => Callable::FormMacro,
                    _ => Callable::Function,
                };
                (name.to_owned(), self.function(form, parameters, body, kind)?)
            }
            _ => return Err(wrong(form, "seatbelt-argument", format!("`{word}` takes a name and a value"))),
        };
        if RESERVED.contains(&name.as_str()) || operations::find(&name).is_some() || filters::find(&name).is_some() {
            return Err(unsupported(not_simulated(form, &format!("a new meaning for `{name}`"))));
        }
        if word != "define-once" || self.lookup(&name).is_none() {
            self.bind(&name, value);
        }
        Ok(Value::Nothing)
    }

    pub(super) fn set(&mut self, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        let [Form { kind: Kind::Symbol(name), .. }, value] = arguments else {
            return Err(wrong(form, "seatbelt-argument", "`set!` takes a name and a value"));
        };
        let value = self.evaluate(value)?;
        let mut at = self.scope;
        loop {
            match self.scopes.get_mut(at) {
                Some(scope) if scope.names.contains_key(name) => {
                    scope.names.insert(name.clone(), value);
                    return Ok(Value::Nothing);
                }
                Some(scope) if at != 0 => at = scope.around,
                _ if RESERVED.contains(&name.as_str()) => {
                    return Err(unsupported(not_simulated(form, &format!("a new meaning for `{name}`"))));
                }
                _ => return Err(self.unbound(name, form)),
            }
        }
    }

    pub(super) fn lambda(&mut self, word: &str, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        let made = match arguments {
            [Form { kind: Kind::Symbol(rest), .. }, body @ ..] if !body.is_empty() => {
                let (rest, scope) = (Some(rest.clone()), self.scope);
                let kind = Callable::Function;
                let body = self.kept(body, form)?;
                Value::Function(Arc::new(Function { parameters: Vec::new(), rest, body, scope, kind }))
            }
            [Form { kind: Kind::List(parameters), .. }, body @ ..] if !body.is_empty() => {
                let named = usize::from(word == "named-lambda").min(parameters.len());
                self.function(form, parameters.get(named..).unwrap_or_default(), body, Callable::Function)?
            }
            _ => return Err(wrong(form, "seatbelt-argument", format!("`{word}` takes names and forms"))),
        };
        Ok(made)
    }

    fn function(&mut self, form: &Form, parameters: &[Form], body: &[Form], kind: Callable) -> Result<Value, Refused> {
        let names: Option<Vec<String>> = parameters.iter().map(|form| form.symbol().map(str::to_owned)).collect();
        let Some(mut parameters) = names else {
            return Err(wrong(form, "seatbelt-argument", "the arguments of a function are names"));
        };
        let dot = parameters.iter().position(|name| name == ".");
        let rest = match dot {
            Some(at) if at + 2 == parameters.len() => parameters.pop(),
            Some(_) => return Err(wrong(form, "seatbelt-argument", "one name stands behind the dot")),
            None => None,
        };
        if rest.is_some() {
            parameters.pop();
        }
        Ok(Value::Function(Arc::new(Function {
            parameters,
            rest,
            body: self.kept(body, form)?,
            scope: self.scope,
            kind,
        })))
    }

    pub(super) fn local(&mut self, word: &str, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        let (label, bindings, body) = match arguments {
            [Form { kind: Kind::List(bindings), .. }, body @ ..] => (None, bindings, body),
            [Form { kind: Kind::Symbol(label), .. }, Form { kind: Kind::List(bindings), .. }, body @ ..]
                if word == "let" =>
            {
                (Some(label), bindings, body)
            }
            _ => return Err(wrong(form, "seatbelt-argument", format!("`{word}` takes names with values, and forms"))),
        };
        let mut pairs = Vec::new();
        for binding in bindings {
            let Some([Form { kind: Kind::Symbol(bound), .. }, value]) = binding.list() else {
                let message = format!("`{word}` binds lists of a name and a value");
                return Err(wrong(binding, "seatbelt-argument", message));
            };
            pairs.push((bound, value));
        }
        let around = self.scope;
        if word != "let" {
            return self.within(around, |machine| {
                for (bound, value) in pairs {
                    let value = machine.evaluate(value)?;
                    machine.bind(bound, value);
                }
                machine.body(body)
            });
        }
        let mut values = Vec::new();
        for (_, value) in &pairs {
            values.push(self.evaluate(value)?);
        }
        self.within(around, |machine| {
            if let Some(label) = label {
                let parameters = pairs.iter().map(|(bound, _)| (*bound).clone()).collect();
                let (scope, kind) = (machine.scope, Callable::Function);
                let body = machine.kept(body, form)?;
                let again = Arc::new(Function { parameters, rest: None, body, scope, kind });
                machine.bind(label, Value::Function(Arc::clone(&again)));
                return machine.run_function(label, &again, values, form);
            }
            for ((bound, _), value) in pairs.iter().zip(values) {
                machine.bind(bound, value);
            }
            machine.body(body)
        })
    }

    pub(super) fn cond(&mut self, arguments: &[Form]) -> Result<Value, Refused> {
        for clause in arguments {
            let Some([condition, body @ ..]) = clause.list() else {
                let message = "a clause of `cond` is a list that begins with a condition";
                return Err(wrong(clause, "seatbelt-argument", message));
            };
            // `(condition => function)`: the function is given what the condition came to.
            if let [arrow, function] = body
                && arrow.symbol() == Some("=>")
            {
                let value = self.evaluate(condition)?;
                if is_true(&value) {
                    let function = self.evaluate(function)?;
                    return self.apply_to(&function, vec![value], arrow);
                }
                continue;
            }
            if condition.symbol() == Some("else") || self.condition(condition)? {
                return self.body(body);
            }
        }
        Ok(Value::Truth(false))
    }

    /// `do`: names with what they begin as and become, when it ends and with what, and what is done meanwhile.
    pub(super) fn repeat(&mut self, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        let [Form { kind: Kind::List(bindings), .. }, Form { kind: Kind::List(end), .. }, body @ ..] = arguments else {
            return Err(wrong(form, "seatbelt-argument", "`do` takes names with values, an end, and forms"));
        };
        let Some((test, result)) = end.split_first() else {
            return Err(wrong(form, "seatbelt-argument", "`do` says with a condition when it ends"));
        };
        let (mut names, mut values) = (Vec::new(), Vec::new());
        for binding in bindings {
            let Some([Form { kind: Kind::Symbol(name), .. }, first, next @ ..]) =
                binding.list().filter(|parts| parts.len() <= 3)
            else {
                let message = "`do` binds lists of a name, a value and what follows on it";
                return Err(wrong(binding, "seatbelt-argument", message));
            };
            names.push((name, next.first()));
            values.push(self.evaluate(first)?);
        }
        let around = self.scope;
        loop {
            // A scope is kept, since a function may see it.
            self.work(ROUND, form)?;
            let ended = self.within(around, |machine| {
                for ((name, _), value) in names.iter().zip(&values) {
                    machine.bind(name, value.clone());
                }
                if machine.condition(test)? {
                    return machine.body(result).map(Some);
                }
                machine.body(body)?;
                for ((_, next), value) in names.iter().zip(values.iter_mut()) {
                    if let Some(next) = next {
                        *value = machine.evaluate(next)?;
                    }
                }
                Ok(None)
            })?;
            if let Some(value) = ended {
                return Ok(value);
            }
        }
    }

    /// `eval`: what its value says as a form, evaluated where it stands.
    pub(super) fn run_made(&mut self, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        let [made] = arguments else {
            return Err(unsupported(not_simulated(form, "`eval` with an environment")));
        };
        let made = self.evaluate(made)?;
        let made = self.written(&made, form)?;
        self.deeper(form, |machine| machine.evaluate(&made))
    }

    pub(super) fn case(&mut self, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        let Some((key, clauses)) = arguments.split_first() else {
            return Err(wrong(form, "seatbelt-argument", "`case` takes a value and clauses"));
        };
        let key = self.evaluate(key)?;
        for clause in clauses {
            let Some([wanted, body @ ..]) = clause.list() else {
                return Err(wrong(clause, "seatbelt-argument", "a clause of `case` is a list that begins with one"));
            };
            let mut fits = wanted.symbol() == Some("else");
            for one in wanted.list().unwrap_or_default() {
                let one = self.data(one)?;
                fits |= self.alike(&key, &one, clause)?;
            }
            if fits {
                return self.body(body);
            }
        }
        Ok(Value::Truth(false))
    }

    /// A call of what a profile defined, with its arguments as they are written.
    pub(super) fn call_function(
        &mut self,
        name: &str,
        function: &Function,
        form: &Form,
        arguments: &[Form],
    ) -> Result<Value, Refused> {
        let given = match function.kind {
            Callable::Function => {
                let values = self.all(arguments)?;
                return self.run_function(name, function, values, form);
            }
            Callable::Macro => arguments.iter().map(|form| self.data(form)).collect::<Result<Vec<_>, _>>()?,
            Callable::FormMacro => vec![self.data(form)?],
        };
        let made = self.run_function(name, function, given, form)?;
        let made = self.written(&made, form)?;
        self.evaluate(&made)
    }

    pub(super) fn run_function(
        &mut self,
        name: &str,
        function: &Function,
        values: Vec<Value>,
        form: &Form,
    ) -> Result<Value, Refused> {
        let (wanted, given) = (function.parameters.len(), values.len());
        if given < wanted || (given > wanted && function.rest.is_none()) {
            let message = format!("`{name}` takes {wanted} arguments, not {given}");
            return Err(wrong(form, "seatbelt-argument", message));
        }
        self.within(function.scope, |machine| {
            let mut values = values.into_iter();
            for parameter in &function.parameters {
                if let Some(value) = values.next() {
                    machine.bind(parameter, value);
                }
            }
            if let Some(rest) = &function.rest {
                let left = machine.list(values.collect(), form)?;
                machine.bind(rest, left);
            }
            machine.body(&function.body)
        })
    }

    /// A call of a value: a function, or the name of a word of the language.
    pub(super) fn apply_to(&mut self, function: &Value, values: Vec<Value>, form: &Form) -> Result<Value, Refused> {
        match function {
            Value::Function(function) if function.kind == Callable::Function => {
                self.deeper(form, |machine| machine.run_function("the function", function, values, form))
            }
            Value::Symbol(name) => self.deeper(form, |machine| {
                // Words of the language take forms; the values stand in them under names of ours.
                let around = machine.scope;
                machine.within(around, |machine| {
                    let arguments: Vec<Form> = values.into_iter().map(|value| machine.hold(value, form)).collect();
                    let mut whole = vec![Form { kind: Kind::Symbol(name.to_string()), span: form.span }];
                    whole.extend(arguments.iter().cloned());
                    let call = Form { kind: Kind::List(whole), span: form.span };
                    machine.call(name, &call, &arguments)
                })
            }),
            _ => Err(wrong(form, "seatbelt-argument", "what stands first in this list can be called by no name")),
        }
    }

    /// A form that stands for a value, in the scope in force.
    pub(super) fn hold(&mut self, value: Value, form: &Form) -> Form {
        self.held += 1;
        let name = format!("\u{1}{}", self.held);
        self.bind(&name, value);
        Form { kind: Kind::Symbol(name), span: form.span }
    }
}

/// How many forms there are, inner ones too.
fn size(forms: &[Form]) -> usize {
    forms
        .iter()
        .map(|form| match &form.kind {
            Kind::List(inner) => 1 + size(inner),
            Kind::Quoted(inner) => 1 + size(std::slice::from_ref(inner)),
            _ => 1,
        })
        .sum()
}
