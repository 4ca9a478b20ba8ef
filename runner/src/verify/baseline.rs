//! A baseline: findings that are known, each with a reason and the last day on which that is enough. Pure.

use policy::diagnostic::Diagnostic;
use policy::source::{Source, SourceId, Sources, Span};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::value::{Date, Datetime};

use super::report::Report;
use crate::probe::by_id;
use crate::probe::judge::Verdict;

/// One finding that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The probe.
    id: String,
    /// The profile under which it is known; any when there is none.
    profile: Option<String>,
    /// Why it is accepted.
    reason: String,
    /// The last day on which it is.
    until: Date,
}

/// What a baseline says of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Acceptance {
    /// Why it was accepted.
    pub reason: String,
    /// The last day on which it is, as `YYYY-MM-DD`.
    pub until: String,
    /// Whether that day has passed.
    pub expired: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Raw {
    /// Findings that are known.
    #[serde(default)]
    #[schemars(with = "Vec<RawKnown>")]
    accept: Vec<Spanned<RawKnown>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawKnown {
    /// The probe, such as `FS-01`.
    #[schemars(with = "String")]
    id: Spanned<String>,
    /// The profile under which it is known [default: any].
    profile: Option<String>,
    /// Why it is accepted.
    #[schemars(with = "String")]
    reason: Spanned<String>,
    /// The last day on which it is, as a date without quotes.
    #[schemars(with = "String", extend("format" = "date"))]
    until: Spanned<Datetime>,
}

/// The JSON Schema of a baseline, from the types that read it.
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Raw)
}

/// Reads a baseline.
///
/// # Errors
/// Everything that is wrong with it, with its places.
pub fn parse(source: Source) -> Result<Vec<Known>, (Vec<Diagnostic>, Sources)> {
    let mut sources = Sources::default();
    let text = source.text.clone();
    let id = sources.add(source);
    let raw: Raw = match toml::from_str(&text) {
        Ok(raw) => raw,
        Err(error) => {
            let at = span(id, error.span().unwrap_or(0..text.len().min(1)));
            let help = "each finding is an [[accept]] with `id`, `reason`, `until` and, if need be, `profile`";
            let found = Diagnostic::error("baseline-syntax", error.message().trim()).at(at, "").help(help);
            return Err((vec![found], sources));
        }
    };
    let mut found = Vec::new();
    let mut known: Vec<Known> = Vec::new();
    for raw in raw.accept {
        let whole = span(id, raw.span());
        match one(raw.into_inner(), id) {
            Ok(one) if known.iter().any(|other| (&other.id, &other.profile) == (&one.id, &one.profile)) => {
                let message = format!("`{}` is accepted twice", one.id);
                found.push(Diagnostic::error("baseline-twice", message).at(whole, "").help("keep one of them"));
            }
            Ok(one) => known.push(one),
            Err(diagnostic) => found.push(diagnostic),
        }
    }
    if found.is_empty() { Ok(known) } else { Err((found, sources)) }
}

fn one(raw: RawKnown, source: SourceId) -> Result<Known, Diagnostic> {
    let wrong = |message: String, at: std::ops::Range<usize>, help: &str| {
        Diagnostic::error("baseline-finding", message).at(span(source, at), "").help(help)
    };
    if by_id(raw.id.get_ref()).is_none() {
        let message = format!("no probe is named `{}`", raw.id.get_ref());
        return Err(wrong(message, raw.id.span(), "`palisade verify --list` says which there are"));
    }
    if raw.reason.get_ref().trim().is_empty() {
        return Err(wrong("the reason is empty".to_owned(), raw.reason.span(), "say why this finding is accepted"));
    }
    let until = match *raw.until.get_ref() {
        Datetime { date: Some(date), time: None, offset: None } => date,
        _ => {
            return Err(wrong(
                "`until` is no day".to_owned(),
                raw.until.span(),
                "write it as 2027-01-31, without quotes",
            ));
        }
    };
    Ok(Known { id: raw.id.into_inner(), profile: raw.profile, reason: raw.reason.into_inner(), until })
}

fn span(source: SourceId, range: std::ops::Range<usize>) -> Span {
    Span { source, start: range.start as u32, end: range.end as u32 }
}

/// Marks what is known in a report, and gives the findings of the baseline that no longer show.
pub fn apply(report: &mut Report, baseline: &[Known], today: Date) -> Vec<String> {
    let mut gone: Vec<&Known> = baseline.iter().collect();
    for run in &mut report.runs {
        for answer in &mut run.answers {
            // What is in error has said nothing that could be accepted.
            if !matches!(answer.result, Verdict::Fail | Verdict::Weak | Verdict::Skip) {
                continue;
            }
            let here = |known: &&Known| {
                known.id == answer.id && known.profile.as_ref().is_none_or(|profile| *profile == run.profile)
            };
            // One for this very profile comes before one for all.
            let known = baseline.iter().filter(here).max_by_key(|known| known.profile.is_some());
            if let Some(known) = known {
                gone.retain(|one| *one != known);
                answer.accepted = Some(Acceptance {
                    reason: known.reason.clone(),
                    until: known.until.to_string(),
                    expired: known.until < today,
                });
            }
        }
    }
    let under = |known: &Known| known.profile.as_ref().map(|profile| format!(" under {profile}")).unwrap_or_default();
    gone.into_iter().map(|known| format!("{}{}", known.id, under(known))).collect()
}

#[cfg(test)]
mod tests {
    use policy::source::Source;

    use super::parse;

    fn messages(text: &str) -> Vec<String> {
        let (found, sources) = parse(Source { name: "b.toml".into(), text: text.into() }).unwrap_err();
        let told = |found: &policy::diagnostic::Diagnostic| {
            let place = sources.place(found.labels[0].span);
            format!("{}:{}: {}", place.line, place.column, found.message)
        };
        found.iter().map(told).collect()
    }

    #[test]
    fn every_mistake_is_answered_with_its_place() {
        let text = "[[accept]]\nid = \"XX-01\"\nreason = \"x\"\nuntil = 2027-01-01\n\
                    [[accept]]\nid = \"FW-01\"\nreason = \" \"\nuntil = 2027-01-01\n\
                    [[accept]]\nid = \"FW-01\"\nreason = \"x\"\nuntil = 10:00:00\n\
                    [[accept]]\nid = \"FW-02\"\nreason = \"x\"\nuntil = 2027-01-01\n\
                    [[accept]]\nid = \"FW-02\"\nreason = \"y\"\nuntil = 2027-01-01\n";
        let expected = [
            "2:6: no probe is named `XX-01`",
            "7:10: the reason is empty",
            "12:9: `until` is no day",
            "17:1: `FW-02` is accepted twice",
        ];
        assert_eq!(messages(text), expected);
        assert_eq!(messages("[[accept]]\nid = \"FW-01\"\nuntil = 2027-01-01\n").len(), 1);
        assert!(messages("[[accept]]\nids = \"FW-01\"\n")[0].starts_with("2:1: unknown field `ids`"));
    }
}
