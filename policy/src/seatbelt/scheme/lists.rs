//! Lists, and forms as data: what quotes make, what macros take and give.
//!
//! Only proper lists exist. They are never shared in a way that lets a small text make a large one: each list that is made is
//! counted as work, and how deep lists are nested is bounded.

use std::sync::Arc;

use super::call::not_simulated;
use super::{DEEPEST, List, Machine, Refused, Value, is_true, limit, unsupported, wrong};
use crate::seatbelt::reader::{Form, Kind};

/// What is understood.
pub(super) const NAMES: &[&str] = &[
    "append",
    "apply",
    "assoc",
    "assq",
    "assv",
    "boolean?",
    "caar",
    "caddr",
    "cadr",
    "car",
    "cdar",
    "cddr",
    "cdr",
    "cons",
    "filter",
    "foldr",
    "for-each",
    "length",
    "list",
    "list-ref",
    "list-tail",
    "list?",
    "map",
    "member",
    "memq",
    "memv",
    "null?",
    "number?",
    "pair?",
    "procedure?",
    "reverse",
    "string->symbol",
    "symbol->string",
    "symbol?",
];

/// How many levels the call of a value counts for; it takes more of the stack than a form.
const CALL: u32 = 4;

impl Machine<'_> {
    /// Makes a list.
    pub(super) fn list(&mut self, items: Vec<Value>, form: &Form) -> Result<Value, Refused> {
        self.work(items.len() + 1, form)?;
        let depth = 1 + items.iter().map(depth).max().unwrap_or(0);
        if depth > crate::seatbelt::reader::DEEPEST {
            return Err(limit(form, "lists are nested deeper than is simulated"));
        }
        Ok(Value::List(Arc::new(List { items, depth })))
    }

    /// A form as data.
    pub(super) fn data(&mut self, form: &Form) -> Result<Value, Refused> {
        Ok(match &form.kind {
            Kind::Text { text, dropped } => Value::Text { text: text.as_str().into(), dropped: *dropped },
            Kind::Number(number) => Value::Number(*number),
            Kind::Truth(truth) => Value::Truth(*truth),
            Kind::Letter(letter) => Value::Letter(*letter),
            Kind::Symbol(name) => Value::Symbol(name.as_str().into()),
            Kind::Quoted(quoted) => {
                let items = vec![Value::Symbol("quote".into()), self.data(quoted)?];
                self.list(items, form)?
            }
            Kind::List(forms) => {
                no_pair(forms)?;
                let items = forms.iter().map(|form| self.data(form)).collect::<Result<Vec<_>, _>>()?;
                self.list(items, form)?
            }
        })
    }

    /// A form as data, with the parts that are unquoted evaluated.
    pub(super) fn template(&mut self, form: &Form) -> Result<Value, Refused> {
        let Kind::List(forms) = &form.kind else { return self.data(form) };
        if let [Form { kind: Kind::Symbol(name), .. }, part] = forms.as_slice()
            && name == "unquote"
        {
            return self.evaluate(part);
        }
        no_pair(forms)?;
        let mut items = Vec::new();
        for form in forms {
            match form.list() {
                Some([Form { kind: Kind::Symbol(name), .. }, part]) if name == "unquote-splicing" => {
                    let value = self.evaluate(part)?;
                    items.extend_from_slice(&self.items(&value, form)?.items);
                }
                _ => items.push(self.template(form)?),
            }
        }
        self.list(items, form)
    }

    /// A value as a form.
    pub(super) fn written(&mut self, value: &Value, form: &Form) -> Result<Form, Refused> {
        self.work(1, form)?;
        let kind = match value {
            Value::Text { text, dropped } => Kind::Text { text: text.to_string(), dropped: *dropped },
            Value::Number(number) => Kind::Number(*number),
            Value::Truth(truth) => Kind::Truth(*truth),
            Value::Letter(letter) => Kind::Letter(*letter),
            Value::Symbol(name) => Kind::Symbol(name.to_string()),
            Value::List(list) => match list.items.as_slice() {
                [Value::Symbol(quote), quoted] if &**quote == "quote" => {
                    Kind::Quoted(Box::new(self.written(quoted, form)?))
                }
                items => Kind::List(items.iter().map(|item| self.written(item, form)).collect::<Result<_, _>>()?),
            },
            Value::Nothing => Kind::Truth(false),
            Value::Filter(_) | Value::Modifier(_) | Value::Function(_) => return Ok(self.hold(value.clone(), form)),
        };
        Ok(Form { kind, span: form.span })
    }

    /// Whether two values say the same.
    pub(super) fn alike(&mut self, one: &Value, other: &Value, form: &Form) -> Result<bool, Refused> {
        self.work(1, form)?;
        Ok(match (one, other) {
            (Value::Text { text: one, .. }, Value::Text { text: other, .. }) => one == other,
            (Value::Number(one), Value::Number(other)) => one == other,
            (Value::Truth(one), Value::Truth(other)) => one == other,
            (Value::Letter(one), Value::Letter(other)) => one == other,
            (Value::Symbol(one), Value::Symbol(other)) => one == other,
            (Value::List(one), Value::List(other)) if one.items.len() == other.items.len() => {
                for (one, other) in one.items.iter().zip(&other.items) {
                    if !self.alike(one, other, form)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Value::Nothing, Value::Nothing) => true,
            _ => false,
        })
    }

    fn items<'v>(&self, value: &'v Value, form: &Form) -> Result<&'v List, Refused> {
        match value {
            Value::List(list) => Ok(list),
            _ => Err(wrong(form, "seatbelt-argument", "a list is needed here")),
        }
    }

    /// Runs the call of a value.
    pub(super) fn deeper(
        &mut self,
        form: &Form,
        run: impl FnOnce(&mut Self) -> Result<Value, Refused>,
    ) -> Result<Value, Refused> {
        if self.depth + CALL >= DEEPEST {
            return Err(limit(form, "functions call each other deeper than is simulated"));
        }
        self.depth += CALL;
        let value = run(self);
        self.depth -= CALL;
        value
    }

    pub(super) fn lists(&mut self, name: &str, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        let values = self.all(arguments)?;
        match (name, values.as_slice()) {
            ("list", _) => return self.list(values, form),
            ("apply", [function, between @ .., last]) => {
                let mut all = between.to_vec();
                all.extend_from_slice(&self.items(last, form)?.items);
                self.work(all.len(), form)?;
                return self.apply_to(&function.clone(), all, form);
            }
            ("map" | "for-each", [function, lists @ ..]) if !lists.is_empty() => {
                return self.map(name, function, lists, form);
            }
            ("filter", [function, list]) => {
                let mut kept = Vec::new();
                for item in &self.items(list, form)?.items {
                    if is_true(&self.apply_to(function, vec![item.clone()], form)?) {
                        kept.push(item.clone());
                    }
                }
                return self.list(kept, form);
            }
            // As TinyScheme has it: the function is given what was made so far, then the next one.
            ("foldr", [function, start, list]) => {
                let mut made = start.clone();
                for item in &self.items(list, form)?.items {
                    made = self.apply_to(function, vec![made, item.clone()], form)?;
                }
                return Ok(made);
            }
            ("append", _) => {
                let mut all = Vec::new();
                for value in &values {
                    let items = &self.items(value, form)?.items;
                    self.work(items.len(), form)?;
                    all.extend_from_slice(items);
                }
                return self.list(all, form);
            }
            ("member" | "memq" | "memv", [wanted, list]) => {
                let items = &self.items(list, form)?.items;
                for (at, item) in items.iter().enumerate() {
                    if self.alike(wanted, item, form)? {
                        return self.list(items.get(at..).unwrap_or_default().to_vec(), form);
                    }
                }
                return Ok(Value::Truth(false));
            }
            ("assoc" | "assq" | "assv", [wanted, list]) => {
                for item in &self.items(list, form)?.items {
                    if let Some(first) = self.items(item, form)?.items.first()
                        && self.alike(wanted, first, form)?
                    {
                        return Ok(item.clone());
                    }
                }
                return Ok(Value::Truth(false));
            }
            _ => {}
        }
        self.one_list(name, form, &values)
    }

    fn one_list(&mut self, name: &str, form: &Form, values: &[Value]) -> Result<Value, Refused> {
        let rest = |items: &[Value], from: usize| items.get(from..).map(<[Value]>::to_vec);
        let made = match (name, values) {
            ("null?", [value]) => Some(Value::Truth(matches!(value, Value::List(list) if list.items.is_empty()))),
            ("pair?", [value]) => Some(Value::Truth(matches!(value, Value::List(list) if !list.items.is_empty()))),
            ("list?", [value]) => Some(Value::Truth(matches!(value, Value::List(_)))),
            ("symbol?", [value]) => Some(Value::Truth(matches!(value, Value::Symbol(_)))),
            ("boolean?", [value]) => Some(Value::Truth(matches!(value, Value::Truth(_)))),
            ("number?", [value]) => Some(Value::Truth(matches!(value, Value::Number(_)))),
            ("procedure?", [value]) => Some(Value::Truth(matches!(value, Value::Function(_)))),
            ("symbol->string", [Value::Symbol(name)]) => Some(Value::Text { text: Arc::clone(name), dropped: false }),
            ("string->symbol", [Value::Text { text, .. }]) => Some(Value::Symbol(Arc::clone(text))),
            ("car", [Value::List(list)]) => list.items.first().cloned(),
            ("cadr", [Value::List(list)]) => list.items.get(1).cloned(),
            ("caddr", [Value::List(list)]) => list.items.get(2).cloned(),
            ("cdar", [Value::List(list)]) => match list.items.first() {
                Some(Value::List(inner)) if !inner.items.is_empty() => {
                    return self.list(inner.items.get(1..).unwrap_or_default().to_vec(), form);
                }
                _ => None,
            },
            ("list-tail", [Value::List(list), Value::Number(from)]) => {
                match usize::try_from(*from).ok().and_then(|from| rest(&list.items, from)) {
                    Some(items) => return self.list(items, form),
                    None => None,
                }
            }
            ("caar", [Value::List(list)]) => match list.items.first() {
                Some(Value::List(inner)) => inner.items.first().cloned(),
                _ => None,
            },
            ("cdr" | "cddr", [Value::List(list)]) => match rest(&list.items, if name == "cdr" { 1 } else { 2 }) {
                Some(items) => return self.list(items, form),
                None => None,
            },
            ("cons", [first, Value::List(list)]) => {
                let mut items = vec![first.clone()];
                items.extend_from_slice(&list.items);
                return self.list(items, form);
            }
            ("reverse", [Value::List(list)]) => {
                return self.list(list.items.iter().rev().cloned().collect(), form);
            }
            ("length", [Value::List(list)]) => i64::try_from(list.items.len()).ok().map(Value::Number),
            ("list-ref", [Value::List(list), Value::Number(at)]) => {
                usize::try_from(*at).ok().and_then(|at| list.items.get(at)).cloned()
            }
            _ => None,
        };
        made.ok_or_else(|| wrong(form, "seatbelt-argument", format!("`{name}` does not take these")))
    }

    fn map(&mut self, name: &str, function: &Value, lists: &[Value], form: &Form) -> Result<Value, Refused> {
        let lists = lists.iter().map(|list| self.items(list, form)).collect::<Result<Vec<_>, _>>()?;
        let shortest = lists.iter().map(|list| list.items.len()).min().unwrap_or(0);
        let mut made = Vec::new();
        for at in 0..shortest {
            self.work(lists.len(), form)?;
            let values = lists.iter().filter_map(|list| list.items.get(at)).cloned().collect();
            made.push(self.apply_to(function, values, form)?);
        }
        if name == "map" { self.list(made, form) } else { Ok(Value::Nothing) }
    }
}

/// Only proper lists are simulated: `(a . b)` as data is said to be something else.
fn no_pair(forms: &[Form]) -> Result<(), Refused> {
    match forms.iter().find(|form| form.symbol() == Some(".")) {
        Some(dot) => Err(unsupported(not_simulated(dot, "a pair that is no list"))),
        None => Ok(()),
    }
}

fn depth(value: &Value) -> usize {
    if let Value::List(list) = value { list.depth } else { 0 }
}
