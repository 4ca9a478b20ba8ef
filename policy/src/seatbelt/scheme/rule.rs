//! `allow` and `deny`.

use super::super::operations::{self, DEFAULT, Named, Operation};
use super::super::profile::{Modifier, Rule};
use super::super::{Action, reader::Form, reader::Kind};
use super::{MOST_RULES, Machine, Refused, Sized, Value, Wrap, limit, rejected, unsupported, wrong};
use crate::diagnostic::{Diagnostic, Severity};

/// Which actions a modifier fits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fits {
    Allow,
    Deny,
    Both,
}

/// Modifiers: name, actions, and the operations that take it (none: all).
const MODIFIERS: &[(&str, Fits, Option<&str>)] = &[
    // Of old systems, and without effect since.
    ("apply-message-filter", Fits::Both, None),
    ("no-callout", Fits::Both, None),
    ("partial-symbolication", Fits::Both, None),
    ("no-log", Fits::Deny, None),
    ("no-report", Fits::Deny, None),
    ("report", Fits::Allow, None),
    ("message", Fits::Both, None),
    ("send-signal", Fits::Both, None),
    ("termination", Fits::Both, None),
    ("no-sandbox", Fits::Allow, Some("process-exec*")),
    ("no-profile", Fits::Allow, Some("process-exec*")),
    ("default-sandbox", Fits::Allow, Some("process-exec*")),
    ("no-times", Fits::Allow, Some("file-read-metadata")),
    ("grant", Fits::Allow, Some("system-privilege")),
    ("assign-storage-class", Fits::Allow, Some("storage-class-map")),
    ("rootless", Fits::Both, None),
    ("rootless-modifier", Fits::Both, None),
    ("deprecated", Fits::Both, None),
    ("user-approval", Fits::Both, None),
    ("no-approval-prompt", Fits::Both, None),
    ("authority", Fits::Both, None),
    ("telemetry", Fits::Both, None),
    ("telemetry-backtrace", Fits::Both, None),
    ("errno", Fits::Deny, None),
];

/// What a rule is made of, as it is gathered.
#[derive(Default)]
struct Parts {
    operations: Vec<Operation>,
    /// Whether it names an operation at all, with effect or without.
    named: bool,
    filters: Vec<Sized>,
    modifiers: Vec<(Modifier, crate::source::Span)>,
}

impl Machine<'_> {
    pub(super) fn rule(&mut self, name: &str, form: &Form, arguments: &[Form]) -> Result<(), Refused> {
        if !self.version {
            let found = Diagnostic::error("seatbelt-version", "a rule stands before the version").at(form.span, "");
            return Err(rejected(found.help("begin the profile with `(version 1)`")));
        }
        if self.profile.rules.len() >= MOST_RULES {
            return Err(limit(form, "the profile has more rules than are simulated"));
        }
        let action = if name == "allow" { Action::Allow } else { Action::Deny };
        let mut parts = Parts::default();
        for argument in arguments {
            self.part(argument, &mut parts)?;
        }
        let wraps = std::mem::take(&mut self.wraps);
        let wrapped = self.wrap(&wraps, form, &mut parts);
        self.wraps = wraps;
        let injected = wrapped?;
        if !parts.named {
            return Err(wrong(form, "seatbelt-argument", format!("`{name}` names no operation")));
        }
        for (modifier, span) in &parts.modifiers {
            fits(modifier, action, &parts.operations)
                .map_err(|why| rejected(Diagnostic::error("seatbelt-modifier", why).at(*span, "")))?;
        }
        let alternatives = parts.filters.len();
        let mut filter = match alternatives {
            0 => None,
            1 => parts.filters.pop(),
            _ => Some(self.combine("require-any", form, parts.filters)?),
        };
        for outer in injected {
            filter = Some(match filter {
                None => outer,
                Some(own) => self.combine("require-all", form, vec![outer, own])?,
            });
        }
        if let Some(filter) = &filter {
            self.warn_of_strangers(form, &parts.operations, filter);
        }
        self.profile.rules.push(Rule {
            number: self.profile.rules.len() + 1,
            action,
            operations: parts.operations,
            filter: filter.map(|filter| filter.filter),
            alternatives,
            modifiers: parts.modifiers.into_iter().map(|(modifier, _)| modifier).collect(),
            span: form.span,
        });
        Ok(())
    }

    /// One element of a rule: an operation, a filter or a modifier, in any order.
    fn part(&mut self, argument: &Form, parts: &mut Parts) -> Result<(), Refused> {
        if let Some(name) = argument.symbol()
            && self.lookup(name).is_none()
        {
            parts.named = true;
            return match operations::find(name) {
                Some(Named::Operation(operation)) => {
                    parts.operations.push(operation);
                    Ok(())
                }
                Some(Named::WithoutEffect) => Ok(()),
                None => Err(self.no_operation(name, argument)),
            };
        }
        match self.evaluate(argument)? {
            Value::Filter(filter) => parts.filters.push(filter),
            Value::Modifier(modifier) => parts.modifiers.push((modifier, argument.span)),
            Value::Symbol(name) => match operations::find(&name) {
                Some(Named::Operation(operation)) => {
                    parts.named = true;
                    parts.operations.push(operation);
                }
                _ => return Err(self.no_operation(&name, argument)),
            },
            _ => {
                return Err(wrong(
                    argument,
                    "seatbelt-argument",
                    "this is neither an operation nor a filter nor a modifier",
                ));
            }
        }
        Ok(())
    }

    /// What stands around a rule; gives the filters to be added, the innermost first.
    fn wrap(&mut self, wraps: &[Wrap], form: &Form, parts: &mut Parts) -> Result<Vec<Sized>, Refused> {
        let mut injected = Vec::new();
        for wrap in wraps.iter().rev() {
            match wrap {
                Wrap::Filter(filter) => injected.push(filter.clone()),
                Wrap::Modifier(modifier) => parts.modifiers.push((modifier.clone(), form.span)),
                Wrap::Operations(names) => names.iter().try_for_each(|name| self.part(name, parts))?,
            }
        }
        Ok(injected)
    }

    fn no_operation(&self, name: &str, form: &Form) -> Refused {
        if operations::is_later(name) {
            let found = Diagnostic::error("seatbelt-unsupported", format!("`{name}` is newer than what is simulated"));
            return unsupported(found.at(form.span, "").help("leave the rule out where it does not matter"));
        }
        let found = Diagnostic::error("seatbelt-unknown", format!("there is no operation `{name}`"))
            .at(form.span, "macOS would not load the profile");
        let found = match operations::alike(name).first() {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None if name.ends_with('*') => found.help("a `*` is part of some names and no pattern"),
            None => found,
        };
        if self.is_incomplete() { unsupported(found) } else { rejected(found) }
    }

    pub(super) fn modifier(&mut self, form: &Form, arguments: &[Form]) -> Result<Modifier, Refused> {
        // `(with name …)` gives the words after `with`; a list that stands for itself gives all of its own.
        let arguments = match arguments {
            [Form { kind: Kind::Symbol(with), .. }, rest @ ..] if with == "with" => rest,
            all => all,
        };
        let Some((name, rest)) = arguments.split_first().and_then(|(first, rest)| Some((first.symbol()?, rest))) else {
            return Err(wrong(form, "seatbelt-modifier", "`with` takes the name of a modifier"));
        };
        if !MODIFIERS.iter().any(|(known, ..)| *known == name) {
            return Err(wrong(form, "seatbelt-modifier", format!("`{name}` is no modifier")));
        }
        let argument = match rest {
            [] => None,
            [one, ..] => Some(match self.evaluate(one)? {
                Value::Text { text, .. } => text.to_string(),
                Value::Symbol(name) => name.to_string(),
                Value::Number(number) => number.to_string(),
                _ => return Err(wrong(one, "seatbelt-modifier", "this is no argument of a modifier")),
            }),
        };
        Ok(Modifier { name: name.to_owned(), argument })
    }

    /// Filters that mean nothing for an operation of their rule.
    fn warn_of_strangers(&mut self, form: &Form, operations: &[Operation], filter: &Sized) {
        for operation in operations {
            let mut stranger = false;
            filter.filter.leaves(&mut |leaf, _| {
                let families = leaf.families();
                stranger |= families != 0 && families & operation.families() == 0 && !operation.takes_unknown_filters();
            });
            if stranger && *operation != DEFAULT {
                let message =
                    format!("a filter of this rule means nothing for `{operation}`; taken to never match there");
                self.warnings.push(Diagnostic {
                    severity: Severity::Warning,
                    ..Diagnostic::error("seatbelt-stranger", message).at(form.span, "")
                });
            }
        }
    }
}

/// Whether a modifier stands on an action and on operations that take it.
fn fits(modifier: &Modifier, action: Action, operations: &[Operation]) -> Result<(), String> {
    let name = &modifier.name;
    let Some((_, fits, only)) = MODIFIERS.iter().find(|(known, ..)| known == name) else { return Ok(()) };
    let right = match fits {
        Fits::Allow => action == Action::Allow,
        Fits::Deny => action == Action::Deny,
        Fits::Both => true,
    };
    if !right {
        return Err(format!("`{name}` does not fit `{action}`"));
    }
    if let Some(only) = only
        && let Some(stray) = operations.iter().find(|operation| {
            operation.name() != *only && !operation.modifiers().contains(&name.as_str()) && **operation != DEFAULT
        })
        && !operations.iter().any(|operation| within(*operation, only))
    {
        return Err(format!("`{name}` fits `{only}`, not `{stray}`"));
    }
    Ok(())
}

fn within(operation: Operation, name: &str) -> bool {
    matches!(operations::find(name), Some(Named::Operation(above)) if operation.is_within(above) || above.is_within(operation))
}
