//! Taking words and numbers out of JSON whose shape is somebody else's. What is missing or of another type is empty.

use serde_json::Value;

use super::event::Usage;

/// A string, or nothing.
pub(super) fn text(value: &Value, key: &str) -> String {
    maybe(value, key).unwrap_or_default()
}

/// A string, if there is one.
pub(super) fn maybe(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// The `type` of an object.
pub(super) fn kind(value: &Value) -> &str {
    value.get("type").and_then(Value::as_str).unwrap_or_default()
}

/// A list of strings; other members are left out.
pub(super) fn strings(value: &Value, key: &str) -> Vec<String> {
    list(value, key).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A list, or nothing.
pub(super) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A duration of whole seconds and nanoseconds, in milliseconds.
pub(super) fn duration(value: &Value, key: &str) -> Option<u64> {
    let duration = value.get(key)?;
    let part = |name| duration.get(name).and_then(Value::as_u64);
    Some(part("secs")?.saturating_mul(1000).saturating_add(part("nanos").unwrap_or_default() / 1_000_000))
}

/// Tokens under the names that all generations but the flat one use. Cached ones are part of the input, so a report in
/// which they are more is cut to it.
pub(super) fn usage(value: Option<&Value>) -> Option<Usage> {
    let value = value.filter(|value| value.is_object())?;
    let number = |key| value.get(key).and_then(Value::as_u64).unwrap_or_default();
    let (input, output) = (number("input_tokens"), number("output_tokens"));
    Some(Usage {
        input,
        cached: number("cached_input_tokens").min(input),
        cache_write: number("cache_write_input_tokens"),
        output,
        reasoning: number("reasoning_output_tokens").min(output),
    })
}
