//! Times as records write them: RFC 3339, a date, or seconds (or thousandths, or less) since 1970.

use serde_json::Value;

/// Milliseconds since 1970; nothing where a text is no time.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return of_number(number);
    }
    let (date, rest) = text.split_at_checked(10)?;
    let mut parts = date.split('-');
    let mut number = || -> Option<i64> { parts.next()?.parse().ok() };
    let (year, month, day) = (number()?, number()?, number()?);
    let days = [
        31,
        if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) { 29 } else { 28 },
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let most = usize::try_from(month - 1).ok().and_then(|month| days.get(month))?;
    if !(1..=*most).contains(&day) || !(0..=9999).contains(&year) {
        return None;
    }
    // Days since 1970 in eras of 400 years that begin on 1 March.
    let (shifted_year, shifted_month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (shifted_year.div_euclid(400), shifted_year.rem_euclid(400));
    let of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    if rest.is_empty() {
        return Some(day * 86_400_000);
    }
    let clock = rest.strip_prefix(['T', 't', ' '])?;
    let zone_at = clock.find(['Z', 'z', '+', '-']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(zone_at);
    let mut parts = clock.split(':');
    let hour: i64 = parts.next()?.parse().ok()?;
    let minute: i64 = parts.next()?.parse().ok()?;
    let second: f64 = parts.next().map_or(Some(0.0), |second| second.parse().ok())?;
    if parts.next().is_some() || hour > 24 || minute > 59 || !(0.0..61.0).contains(&second) {
        return None;
    }
    let zone = match zone {
        "" | "Z" | "z" => 0,
        zone => {
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
            let (hours, minutes) = digits.split_at_checked(2)?;
            let minutes: i64 = if minutes.is_empty() { 0 } else { minutes.parse().ok()? };
            sign * (hours.parse::<i64>().ok()? * 60 + minutes)
        }
    };
    Some(day * 86_400_000 + (hour * 60 + minute - zone) * 60_000 + (second * 1000.0).round() as i64)
}

/// A number of seconds since 1970, or of thousandths, millionths or thousand-millionths where it is too large for those.
fn of_number(number: f64) -> Option<i64> {
    let scale = match number.abs() {
        size if !size.is_finite() => return None,
        size if size < 1e11 => 1e3,
        size if size < 1e14 => 1.0,
        size if size < 1e17 => 1e-3,
        _ => 1e-6,
    };
    Some((number * scale).round() as i64)
}

/// A time in JSON: a text or a number.
pub(super) fn of(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => parse(text),
        Value::Number(number) => of_number(number.as_f64()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn times_are_read_in_every_form() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-18", 1_794_960_000_000),
            ("2026-11-18T01:00:00+01:00", 1_794_960_000_000),
            ("2026-11-17 23:00:00.250-0100", 1_794_960_000_250),
            ("1794960000", 1_794_960_000_000),
            ("1794960000.5", 1_794_960_000_500),
            ("1794960000123", 1_794_960_000_123),
            ("1794960000123456", 1_794_960_000_123),
        ] {
            assert_eq!(parse(text), Some(millis), "{text}");
        }
        for text in ["", "yesterday", "2026-13-01", "2026-02-29", "2026-11-18T", "2026-11-18T99:00:00Z", "nan", "inf"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for seconds in (0..4_000_000_000_u64).step_by(86_399 * 97) {
            let text = crate::moment::rfc3339(UNIX_EPOCH + Duration::from_secs(seconds));
            assert_eq!(parse(&text), i64::try_from(seconds * 1000).ok(), "{text}");
        }
    }
}
