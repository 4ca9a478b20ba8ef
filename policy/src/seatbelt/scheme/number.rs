//! Numbers and parts of texts, as far as profiles of browsers use them to ask for the version of the system, and the numbers
//! of ioctls.

use super::call::not_simulated;
use super::{Machine, Refused, Value, unsupported, wrong};
use crate::seatbelt::reader::Form;

/// What is understood; everything is counted in bytes, as all of SBPL is.
pub(super) const NAMES: &[&str] = &[
    "<",
    ">",
    "<=",
    ">=",
    "+",
    "-",
    "*",
    "abs",
    "even?",
    "max",
    "min",
    "modulo",
    "negative?",
    "number->string",
    "odd?",
    "positive?",
    "quotient",
    "remainder",
    "string->number",
    "string-length",
    "substring",
    "zero?",
    "_IO",
    "_IOR",
    "_IOW",
    "_IOWR",
];

/// Whether a name is a number that is no whole one.
pub(super) fn is_fraction(name: &str) -> bool {
    name.trim_start_matches(['-', '+']).starts_with(|letter: char| letter.is_ascii_digit() || letter == '.')
        && name.contains(|letter: char| letter.is_ascii_digit())
        && name.parse::<f64>().is_ok()
}

impl Machine<'_> {
    pub(super) fn number(&mut self, name: &str, form: &Form, arguments: &[Form]) -> Result<Value, Refused> {
        let mut values = Vec::new();
        for argument in arguments {
            values.push(self.evaluate(argument)?);
        }
        let numbers: Option<Vec<i64>> =
            values.iter().map(|value| if let Value::Number(number) = value { Some(*number) } else { None }).collect();
        let value = match (name, values.as_slice(), numbers.as_deref()) {
            ("string-length", [Value::Text { text, .. }], _) => i64::try_from(text.len()).ok().map(Value::Number),
            ("string->number", [Value::Text { text, .. }], _) => match text.parse() {
                Ok(number) => Some(Value::Number(number)),
                Err(_) if is_fraction(text) => {
                    return Err(unsupported(not_simulated(form, "a number with a fraction")));
                }
                Err(_) => Some(Value::Truth(false)),
            },
            ("number->string", [Value::Number(number)], _) => {
                Some(Value::Text { text: number.to_string().into(), dropped: false })
            }
            ("substring", [Value::Text { text, dropped }, Value::Number(start), rest @ ..], _) if rest.len() <= 1 => {
                let end = match rest {
                    [Value::Number(end)] => usize::try_from(*end).ok(),
                    [] => Some(text.len()),
                    _ => None,
                };
                let range = usize::try_from(*start).ok().zip(end);
                let part = range.and_then(|(start, end)| text.get(start..end));
                part.map(|part| Value::Text { text: part.into(), dropped: *dropped })
            }
            ("_IO" | "_IOR" | "_IOW" | "_IOWR", [Value::Text { text, .. }, Value::Number(number), size @ ..], _) => {
                if matches!(size, [Value::Symbol(_)]) {
                    return Err(unsupported(not_simulated(form, "the size of a type of C")));
                }
                ioctl(name, text, *number, size).map(Value::Number)
            }
            (_, _, Some(numbers)) => computed(name, numbers),
            _ => None,
        };
        if value.is_none()
            && let Some((argument, _)) =
                arguments.iter().zip(&values).find(|(_, value)| matches!(value, Value::Truth(false)))
        {
            // Mostly a parameter that is not defined.
            return Err(self.no_text(argument));
        }
        value.ok_or_else(|| wrong(form, "seatbelt-argument", format!("`{name}` does not take these")))
    }
}

/// What is made of whole numbers; none where there is no such number, or no such way.
fn computed(name: &str, numbers: &[i64]) -> Option<Value> {
    let in_order = |fits: fn(&i64, &i64) -> bool| {
        (numbers.len() >= 2).then(|| Value::Truth(numbers.iter().zip(numbers.iter().skip(1)).all(|(a, b)| fits(a, b))))
    };
    let of_all = |start: i64, join: fn(i64, i64) -> Option<i64>| {
        numbers.iter().try_fold(start, |made, number| join(made, *number)).map(Value::Number)
    };
    match (name, numbers) {
        ("<", _) => in_order(|one, other| one < other),
        (">", _) => in_order(|one, other| one > other),
        ("<=", _) => in_order(|one, other| one <= other),
        (">=", _) => in_order(|one, other| one >= other),
        ("+", _) => of_all(0, i64::checked_add),
        ("*", _) => of_all(1, i64::checked_mul),
        ("-", [only]) => only.checked_neg().map(Value::Number),
        ("-", [first, rest @ ..]) => {
            rest.iter().try_fold(*first, |made, number| made.checked_sub(*number)).map(Value::Number)
        }
        ("max", _) => numbers.iter().max().copied().map(Value::Number),
        ("min", _) => numbers.iter().min().copied().map(Value::Number),
        ("abs", [only]) => only.checked_abs().map(Value::Number),
        ("quotient", [one, other]) => one.checked_div(*other).map(Value::Number),
        ("remainder", [one, other]) => one.checked_rem(*other).map(Value::Number),
        // Of the sign of the second.
        ("modulo", [one, other]) => {
            let rest = one.checked_rem(*other)?;
            Some(Value::Number(if rest != 0 && (rest < 0) != (*other < 0) { rest + other } else { rest }))
        }
        ("zero?", [only]) => Some(Value::Truth(*only == 0)),
        ("positive?", [only]) => Some(Value::Truth(*only > 0)),
        ("negative?", [only]) => Some(Value::Truth(*only < 0)),
        ("even?", [only]) => Some(Value::Truth(only % 2 == 0)),
        ("odd?", [only]) => Some(Value::Truth(only % 2 != 0)),
        _ => None,
    }
}

/// The number of an ioctl as its group, its place there and what it carries make it (`sys/ioccom.h`).
fn ioctl(name: &str, group: &str, number: i64, size: &[Value]) -> Option<i64> {
    const LARGEST: i64 = 0x1fff;
    let direction = match name {
        "_IO" => 0x2000_0000,
        "_IOR" => 0x4000_0000,
        "_IOW" => 0x8000_0000,
        _ => 0xc000_0000,
    };
    let size = match (name, size) {
        ("_IO", []) => 0,
        ("_IO", _) => return None,
        (_, [Value::Number(size)]) if (0..=LARGEST).contains(size) => *size,
        _ => return None,
    };
    let [group] = group.as_bytes() else { return None };
    (0..=0xff).contains(&number).then_some(direction | (size << 16) | (i64::from(*group) << 8) | number)
}
