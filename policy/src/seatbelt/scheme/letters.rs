//! Characters, and texts as rows of characters.
//!
//! SBPL counts in bytes, so that a text beyond ASCII has no characters one could be sure of: it is said not to be simulated.

use super::call::not_simulated;
use super::{LONGEST, Machine, Refused, Value, limit, unsupported, wrong};
use crate::seatbelt::reader::Form;

/// What is understood.
pub(super) const NAMES: &[&str] = &[
    "char->integer",
    "char-alphabetic?",
    "char-downcase",
    "char-lower-case?",
    "char-numeric?",
    "char-upcase",
    "char-upper-case?",
    "char-whitespace?",
    "char<?",
    "char=?",
    "char>?",
    "char?",
    "integer->char",
    "list->string",
    "string",
    "string->list",
    "string-ref",
    "string<?",
    "string>?",
];

impl Machine<'_> {
    pub(super) fn letters(&mut self, name: &str, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        let values = self.all(arguments)?;
        for value in &values {
            let plain = match value {
                Value::Text { text, .. } => text.is_ascii(),
                Value::Letter(letter) => letter.is_ascii(),
                _ => true,
            };
            if !plain {
                return Err(unsupported(not_simulated(form, "a character beyond ASCII")));
            }
        }
        match (name, values.as_slice()) {
            ("string", _) => return self.spelled(&values, form),
            ("list->string", [Value::List(list)]) => return self.spelled(&list.items, form),
            ("string->list", [Value::Text { text, .. }]) => {
                let letters = text.chars().map(Value::Letter).collect();
                return self.list(letters, form);
            }
            _ => {}
        }
        one(name, &values).ok_or_else(|| match arguments.iter().zip(&values).find(|(_, value)| is_false(value)) {
            // Mostly a parameter that is not defined.
            Some((argument, _)) => self.no_text(argument),
            None => wrong(form, "seatbelt-argument", format!("`{name}` does not take these")),
        })
    }

    /// The text that characters spell.
    fn spelled(&mut self, letters: &[Value], form: &Form) -> Result<Value, Refused> {
        self.work(letters.len(), form)?;
        let text: Option<String> = letters
            .iter()
            .map(|value| match value {
                Value::Letter(letter) if letter.is_ascii() => Some(*letter),
                _ => None,
            })
            .collect();
        match text {
            Some(text) if text.len() <= LONGEST => Ok(Value::Text { text: text.into(), dropped: false }),
            Some(_) => Err(limit(form, "a text is longer than is simulated")),
            None => Err(wrong(form, "seatbelt-argument", "a text is made of characters")),
        }
    }
}

fn is_false(value: &Value) -> bool {
    matches!(value, Value::Truth(false))
}

fn one(name: &str, values: &[Value]) -> Option<Value> {
    Some(match (name, values) {
        ("char?", [value]) => Value::Truth(matches!(value, Value::Letter(_))),
        ("char=?", [Value::Letter(one), Value::Letter(other)]) => Value::Truth(one == other),
        ("char<?", [Value::Letter(one), Value::Letter(other)]) => Value::Truth(one < other),
        ("char>?", [Value::Letter(one), Value::Letter(other)]) => Value::Truth(one > other),
        ("string<?", [Value::Text { text: one, .. }, Value::Text { text: other, .. }]) => Value::Truth(one < other),
        ("string>?", [Value::Text { text: one, .. }, Value::Text { text: other, .. }]) => Value::Truth(one > other),
        ("char-alphabetic?", [Value::Letter(letter)]) => Value::Truth(letter.is_ascii_alphabetic()),
        ("char-numeric?", [Value::Letter(letter)]) => Value::Truth(letter.is_ascii_digit()),
        ("char-whitespace?", [Value::Letter(letter)]) => Value::Truth(letter.is_ascii_whitespace()),
        ("char-upper-case?", [Value::Letter(letter)]) => Value::Truth(letter.is_ascii_uppercase()),
        ("char-lower-case?", [Value::Letter(letter)]) => Value::Truth(letter.is_ascii_lowercase()),
        ("char-upcase", [Value::Letter(letter)]) => Value::Letter(letter.to_ascii_uppercase()),
        ("char-downcase", [Value::Letter(letter)]) => Value::Letter(letter.to_ascii_lowercase()),
        ("char->integer", [Value::Letter(letter)]) => Value::Number(i64::from(u32::from(*letter))),
        ("integer->char", [Value::Number(code)]) => {
            Value::Letter(u8::try_from(*code).ok().filter(u8::is_ascii).map(char::from)?)
        }
        ("string-ref", [Value::Text { text, .. }, Value::Number(at)]) => {
            Value::Letter(text.chars().nth(usize::try_from(*at).ok()?)?)
        }
        _ => return None,
    })
}
