//! Numbers and parts of texts, as far as profiles of browsers use them to ask for the version of the system.

use super::{Machine, Refused, Value, wrong};
use crate::seatbelt::reader::Form;

/// What is understood; everything is counted in bytes, as all of SBPL is.
pub(super) const NAMES: &[&str] =
    &["<", ">", "<=", ">=", "+", "-", "string-length", "substring", "string->number", "number->string"];

impl Machine<'_> {
    pub(super) fn number(&mut self, name: &str, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        let mut values = Vec::new();
        for argument in arguments {
            values.push(self.evaluate(argument)?);
        }
        let value = match (name, values.as_slice()) {
            ("<", [Value::Number(one), Value::Number(other)]) => Some(Value::Truth(one < other)),
            (">", [Value::Number(one), Value::Number(other)]) => Some(Value::Truth(one > other)),
            ("<=", [Value::Number(one), Value::Number(other)]) => Some(Value::Truth(one <= other)),
            (">=", [Value::Number(one), Value::Number(other)]) => Some(Value::Truth(one >= other)),
            ("+", [Value::Number(one), Value::Number(other)]) => one.checked_add(*other).map(Value::Number),
            ("-", [Value::Number(one), Value::Number(other)]) => one.checked_sub(*other).map(Value::Number),
            ("string-length", [Value::Text { text, .. }]) => i64::try_from(text.len()).ok().map(Value::Number),
            ("string->number", [Value::Text { text, .. }]) => {
                Some(text.parse().map_or(Value::Truth(false), Value::Number))
            }
            ("number->string", [Value::Number(number)]) => {
                Some(Value::Text { text: number.to_string().into(), dropped: false })
            }
            ("substring", [Value::Text { text, dropped }, Value::Number(start), Value::Number(end)]) => {
                let range = usize::try_from(*start).ok().zip(usize::try_from(*end).ok());
                let part = range.and_then(|(start, end)| text.get(start..end));
                part.map(|part| Value::Text { text: part.into(), dropped: *dropped })
            }
            _ => match arguments.iter().zip(&values).find(|(_, value)| matches!(value, Value::Truth(false))) {
                // Mostly a parameter that is not defined.
                Some((argument, _)) => return Err(self.no_text(argument)),
                None => None,
            },
        };
        value.ok_or_else(|| wrong(form, "seatbelt-argument", format!("`{name}` does not take these")))
    }
}
