//! What a script expects of a call, and whether it came so. Pure.

use serde::Deserialize;

use crate::codex::invocation::Mode;
use crate::codex::outcome::Outcome;

/// The classes of outcomes that can be expected, and two words for several of them.
pub const CLASSES: &[&str] = &[
    "answered",
    "bad-call",
    "danger-rejected",
    "declined",
    "denied",
    "escalation-refused",
    "hook-denied",
    "patch-invalid",
    "patch-rejected",
    "policy-rejected",
    "prompt-refused",
    "ran",
    "refused",
    "reviewer-denied",
    "running",
    "sandbox-denied",
    "unknown",
];

/// One word, or any of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(pub Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct OneOrMore;
        impl<'de> serde::de::Visitor<'de> for OneOrMore {
            type Value = Words;
            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("a class of outcomes, or a list of them")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Words, E> {
                Ok(Words(vec![text.to_owned()]))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Words, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = list.next_element()? {
                    words.push(word);
                }
                Ok(Words(words))
            }
        }
        reader.deserialize_any(OneOrMore)
    }
}

/// What should come out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expect {
    /// The class of its outcome, or any of several.
    pub outcome: Option<Words>,
    /// The exit status.
    pub exit: Option<i64>,
    /// What its output holds.
    pub says: Option<String>,
    /// What its output does not hold.
    pub says_not: Option<String>,
    /// Instead, in this mode.
    pub read_only: Option<Part>,
    /// Instead, in this mode.
    pub full_auto: Option<Part>,
    /// Instead, in this mode.
    pub bypass: Option<Part>,
}

/// What should come out in one mode; what is not said here is as for all modes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Part {
    /// The class of its outcome, or any of several.
    pub outcome: Option<Words>,
    /// The exit status.
    pub exit: Option<i64>,
    /// What its output holds.
    pub says: Option<String>,
    /// What its output does not hold.
    pub says_not: Option<String>,
}

impl Expect {
    /// The words that are no class of outcomes.
    #[must_use]
    pub fn unknown_classes(&self) -> Vec<&str> {
        let parts = [&self.read_only, &self.full_auto, &self.bypass];
        let all = parts.into_iter().flatten().filter_map(|part| part.outcome.as_ref()).chain(&self.outcome);
        all.flat_map(|words| &words.0).map(String::as_str).filter(|word| !CLASSES.contains(word)).collect()
    }

    /// What did not come as expected, in words; nothing when all did. Without a mode only what holds for all of them is asked.
    #[must_use]
    pub fn failures(&self, mode: Option<Mode>, outcome: &Outcome, text: &str) -> Vec<String> {
        let part = match mode {
            Some(Mode::ReadOnly) => self.read_only.as_ref(),
            Some(Mode::FullAuto) => self.full_auto.as_ref(),
            Some(Mode::Bypass) => self.bypass.as_ref(),
            None => None,
        };
        let mut failures = Vec::new();
        // Where a mode says what becomes of it, an exit status for all modes is not meant.
        let own = part.and_then(|part| part.outcome.as_ref());
        if let Some(words) = own.or(self.outcome.as_ref())
            && !words.0.iter().any(|word| is(outcome, word))
        {
            failures.push(format!("expected {}, got {outcome}", words.0.join(" or ")));
        }
        let exit = part.and_then(|part| part.exit).or(if own.is_some() { None } else { self.exit });
        if let Some(exit) = exit
            && outcome.exit() != Some(exit)
        {
            failures.push(format!("expected exit {exit}, got {outcome}"));
        }
        if let Some(says) = part.and_then(|part| part.says.as_ref()).or(self.says.as_ref())
            && !text.contains(says.as_str())
        {
            failures.push(format!("expected output with `{says}`"));
        }
        if let Some(not) = part.and_then(|part| part.says_not.as_ref()).or(self.says_not.as_ref())
            && text.contains(not.as_str())
        {
            failures.push(format!("expected output without `{not}`"));
        }
        failures
    }
}

/// Whether an outcome is of a class, or of one of the two groups: `refused` never ran, `denied` ran and ended badly.
fn is(outcome: &Outcome, word: &str) -> bool {
    match word {
        "refused" => outcome.refused(),
        "denied" => outcome.refused() || (outcome.ran() && outcome.exit().is_none_or(|exit| exit != 0)),
        word => class(outcome) == word,
    }
}

/// The class of an outcome, as reports write it.
#[must_use]
pub fn class(outcome: &Outcome) -> String {
    let value = serde_json::to_value(outcome).unwrap_or_default();
    value.get("class").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}
