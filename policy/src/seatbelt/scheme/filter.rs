//! Calls that are filters.

use std::sync::Arc;

use super::super::filters::{self, End, Filter, Kind as EndKind, Leaf, Scalar, Side};
use super::super::pattern::Pattern;
use super::super::query::Where;
use super::{LARGEST_FILTER, Machine, Refused, Sized, Value, limit, rejected, wrong};
use crate::diagnostic::{Diagnostic, Severity};
use crate::likeness::nearest;
use crate::seatbelt::filters::Value as Given;
use crate::seatbelt::reader::Form;

/// The name of an ioctl that systems before macOS 15 do not define: a profile with it did not load on 13.7, 14.1 and 14.2.
const LATE: &str = "TIOCSTI";

fn leaf(leaf: Leaf) -> Value {
    Value::Filter(Sized { filter: Arc::new(Filter::Leaf(leaf)), size: 1, depth: 1 })
}

impl Machine<'_> {
    /// The filter a call stands for.
    pub(super) fn filter(&mut self, name: &str, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        match name {
            "require-all" | "require-any" | "require-not" => {
                let mut parts = Vec::new();
                for argument in arguments {
                    parts.push(self.as_filter(argument)?);
                }
                self.combine(name, form, parts).map(Value::Filter)
            }
            "literal" | "path" | "path-literal" => self.paths(form, arguments, |text, _| Ok(Side::Literal(text))),
            "subpath" | "path-subpath" => self.paths(form, arguments, |text, _| {
                let stripped = text.trim_end_matches('/');
                Ok(Side::Subpath { slash: stripped.len() < text.len(), path: stripped.to_owned() })
            }),
            "prefix" | "path-prefix" => self.paths(form, arguments, |text, _| Ok(Side::Prefix(text))),
            "regex" | "path-regex" => self.paths(form, arguments, |text, dropped| {
                Pattern::new(&text)
                    .map(|pattern| Side::Regex { pattern, dropped })
                    .map_err(|broken| broken.0.to_owned())
            }),
            "path-ancestors" => self.paths(form, arguments, |text, _| {
                if text.starts_with('/') {
                    Ok(Side::Ancestors(text))
                } else {
                    Err("`path-ancestors` takes a path that begins with `/`".into())
                }
            }),
            "local" | "from" => self.end(Where::Local, form, arguments),
            "remote" | "to" => self.end(Where::Remote, form, arguments),
            "unix" | "unix-socket" => Ok(leaf(Leaf::Unmodelled(format!("({name} …) on its own")))),
            "tty" if arguments.is_empty() => Ok(match filters::find("vnode-type") {
                Some((row, _)) => leaf(Leaf::Name(row, vec![Scalar::Is(Given::Text("TTY".into()))])),
                None => leaf(Leaf::Unmodelled("tty".into())),
            }),
            "extension" | "mach-extension" | "granted-extensions" => {
                let classes = self.texts(form, arguments)?;
                Ok(leaf(Leaf::Extension(classes.into_iter().map(|(text, _)| text).collect())))
            }
            name => match filters::find(name) {
                Some((row, shape)) => self.named(row, shape, form, arguments),
                None => self.unknown(name, form),
            },
        }
    }

    fn warn_of_late_name(&mut self, form: &Form) {
        let found = Diagnostic::error(
            "seatbelt-late",
            format!("macOS 13 and 14 do not know `{LATE}`, and load no profile with it"),
        );
        let help = "write its number in decimal: 2147578994";
        self.warnings.push(Diagnostic { severity: Severity::Warning, ..found.at(form.span, "").help(help) });
    }

    /// A name that is no filter here: known but not simulated, maybe defined by an import, or nothing at all.
    fn unknown(&mut self, name: &str, form: &Form) -> Result<Value, Refused> {
        let known = filters::UNMODELLED.iter().any(|known| match known.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => *known == name,
        });
        if known {
            return Ok(leaf(Leaf::Unmodelled(name.to_owned())));
        }
        if self.is_incomplete() {
            self.miss(format!("`{name}`, which an import may define,"), form);
            return Ok(leaf(Leaf::Unmodelled(name.to_owned())));
        }
        if !self.version {
            let message =
                format!("not a sandbox profile: it begins with `({name} …`, and no version stands before that");
            let found = Diagnostic::error("seatbelt-no-profile", message).at(form.span, "");
            return Err(rejected(found.help("a profile begins with `(version 1)`")));
        }
        let mut found = Diagnostic::error("seatbelt-unknown", format!("`{name}` is no filter, and nothing defines it"))
            .at(form.span, "macOS would not load the profile");
        let known = ["literal", "subpath", "regex", "prefix", "require-all", "require-any", "require-not"];
        if let Some(near) = nearest(name, filters::names().chain(known)) {
            found = found.help(format!("did you mean `{near}`?"));
        } else if name.starts_with("system-") {
            found = found.help("`(import \"system.sb\")` defines some such names");
        }
        Err(rejected(found))
    }

    pub(super) fn as_filter(&mut self, form: &Form) -> Result<Sized, Refused> {
        match self.evaluate(form)? {
            Value::Filter(filter) => Ok(filter),
            Value::Symbol(name) if self.is_incomplete() => {
                Ok(Sized { filter: Arc::new(Filter::Leaf(Leaf::Unmodelled(name.to_string()))), size: 1, depth: 1 })
            }
            _ => Err(wrong(form, "seatbelt-argument", "a filter is needed here")),
        }
    }

    pub(super) fn combine(&self, name: &str, form: &Form, parts: Vec<Sized>) -> Result<Sized, Refused> {
        let size = parts.iter().fold(1_usize, |sum, part| sum.saturating_add(part.size));
        let depth = 1 + parts.iter().map(|part| part.depth).max().unwrap_or(0);
        if size > LARGEST_FILTER || depth > 2 * crate::seatbelt::reader::DEEPEST {
            return Err(limit(form, "a filter is larger than is simulated"));
        }
        let mut parts: Vec<Arc<Filter>> = parts.into_iter().map(|part| part.filter).collect();
        let filter = match (name, parts.len()) {
            ("require-not", 1) => match parts.pop() {
                Some(only) => Filter::Not(only),
                None => Filter::Any(parts),
            },
            ("require-not", many) => {
                return Err(wrong(form, "seatbelt-argument", format!("`require-not` takes one filter, not {many}")));
            }
            (name, 0) => return Err(wrong(form, "seatbelt-argument", format!("`{name}` takes at least one filter"))),
            ("require-all", _) => Filter::All(parts),
            _ => Filter::Any(parts),
        };
        Ok(Sized { filter: Arc::new(filter), size, depth })
    }

    /// The texts a filter is given; at least one.
    fn texts(&mut self, form: &Form, arguments: &[Form]) -> Result<Vec<(String, bool)>, Refused> {
        let mut texts = Vec::new();
        for argument in arguments {
            match self.evaluate(argument)? {
                Value::Text { text, dropped } => texts.push((text.to_string(), dropped)),
                _ => return Err(self.no_text(argument)),
            }
        }
        if texts.is_empty() {
            return Err(wrong(form, "seatbelt-argument", "the filter has no value"));
        }
        Ok(texts)
    }

    fn paths(
        &mut self,
        form: &Form,
        arguments: &[Form],
        side: impl Fn(String, bool) -> Result<Side, String>,
    ) -> Result<Value, Refused> {
        let mut sides = Vec::new();
        for ((text, dropped), argument) in self.texts(form, arguments)?.into_iter().zip(arguments) {
            sides.push(side(text, dropped).map_err(|why| wrong(argument, "seatbelt-argument", why))?);
        }
        Ok(leaf(Leaf::Path(sides)))
    }

    fn end(&mut self, end: Where, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        let Some((first, rest)) = arguments.split_first() else {
            return Err(wrong(
                form,
                "seatbelt-argument",
                "which kind of connection is not said, as in `(remote ip \"*:80\")`",
            ));
        };
        let named = first.symbol().map(|name| match self.lookup(name) {
            Some(Value::Symbol(other)) => other.to_string(),
            _ => name.to_owned(),
        });
        let Some(kind) = named.as_deref().and_then(EndKind::parse) else {
            let found = Diagnostic::error("seatbelt-argument", "this is no kind of connection").at(first.span, "");
            let kinds = "the kinds are ip, tcp, udp, each also with 4 or 6, and unix-socket";
            return Err(rejected(found.help(kinds)));
        };
        let mut parts = Vec::new();
        for argument in rest {
            parts.push(match (self.evaluate(argument)?, kind) {
                (Value::Text { text, .. }, EndKind::Unix) => {
                    let path = Filter::Leaf(Leaf::Path(vec![Side::Literal(text.to_string())]));
                    End { end, kind, loopback: false, port: None, path: Some(Arc::new(path)) }
                }
                (Value::Filter(filter), EndKind::Unix) => {
                    End { end, kind, loopback: false, port: None, path: Some(filter.filter) }
                }
                (Value::Text { text, .. }, _) => {
                    let (loopback, port) = filters::ends_address(&text).map_err(|why| {
                        let found = Diagnostic::error("seatbelt-host", why)
                            .at(argument.span, "macOS would not load the profile");
                        rejected(found.help("names and addresses cannot be filtered; use a proxy on localhost"))
                    })?;
                    End { end, kind, loopback, port, path: None }
                }
                _ => return Err(self.no_text(argument)),
            });
        }
        if parts.is_empty() {
            parts.push(End { end, kind, loopback: false, port: None, path: None });
        }
        let size = parts.len();
        let filters = parts.into_iter().map(|end| Arc::new(Filter::Leaf(Leaf::End(end)))).collect::<Vec<_>>();
        let filter = match <[Arc<Filter>; 1]>::try_from(filters) {
            Ok([only]) => only,
            Err(filters) => Arc::new(Filter::Any(filters)),
        };
        Ok(Value::Filter(Sized { filter, size, depth: 3 }))
    }

    fn named(
        &mut self,
        row: &'static filters::Row,
        shape: filters::Shape,
        form: &Form,
        arguments: &[Form],
    ) -> Result<Value, Refused> {
        let mut scalars = Vec::new();
        for argument in arguments {
            let value = self.evaluate(argument)?;
            scalars.push(match (shape, row.takes, value) {
                (filters::Shape::Regex, _, Value::Text { text, .. }) => Scalar::Regex(
                    Pattern::new(&text).map_err(|broken| wrong(argument, "seatbelt-argument", broken.0.to_owned()))?,
                ),
                (filters::Shape::Prefix, _, Value::Text { text, .. }) => Scalar::Prefix(text.to_string()),
                (_, filters::Takes::Text, Value::Text { text, .. }) => Scalar::Is(Given::Text(text.to_string())),
                (_, filters::Takes::Number | filters::Takes::Bits, Value::Number(number)) => {
                    Scalar::Is(Given::Number(number))
                }
                (_, filters::Takes::Number, Value::Symbol(name)) => {
                    if &*name == LATE {
                        self.warn_of_late_name(argument);
                    }
                    Scalar::Is(filters::number_of(&name))
                }
                (_, filters::Takes::Word(words), Value::Symbol(name)) => {
                    let name = if &*name == "FILE" { "REGULAR-FILE" } else { &*name };
                    if !words.contains(&name) {
                        let message = format!("`{name}` is no `{}`", row.name);
                        let found = Diagnostic::error("seatbelt-argument", message).at(argument.span, "");
                        return Err(rejected(found.help(format!("it is one of {}", words.join(", ")))));
                    }
                    Scalar::Is(Given::Text(name.to_owned()))
                }
                (_, filters::Takes::Text, _) => return Err(self.no_text(argument)),
                _ => {
                    let message = format!("`{}` does not take such a value", row.name);
                    return Err(wrong(argument, "seatbelt-argument", message));
                }
            });
        }
        if scalars.is_empty() {
            return Err(wrong(form, "seatbelt-argument", format!("`{}` has no value", row.name)));
        }
        Ok(leaf(Leaf::Name(row, scalars)))
    }
}
