//! What an audit says: the sums as a page of rows. One file a format; all write the same [`Report`].

mod csv;
mod html;
mod json;
mod ndjson;
mod text;

use policy::audit::{By, Cause, LeftOut, Recorded, Session, Settled, Tally, settled};
use policy::decision::Decision;
use policy::learn::Lesson;
use policy::source::Place;
use serde::Serialize;

use super::filter;
use super::notes::{Notes, Shown, SourceNote};
use crate::files::Rules;

/// How many rows of a list are shown, where the list is not what was asked for.
pub const ROWS: usize = 20;

/// How an audit writes its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For machines, as one object.
    Json,
    /// For machines, one row a line.
    Ndjson,
    /// For a spreadsheet.
    Csv,
    /// For a browser.
    Html,
    /// The sums themselves, to be put together with others by a further audit.
    Tally,
}

/// Counts by decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Decisions {
    /// How many are allowed.
    pub allow: u64,
    /// How many are asked about.
    pub prompt: u64,
    /// How many are refused.
    pub forbidden: u64,
}

impl From<[u64; 3]> for Decisions {
    fn from([allow, prompt, forbidden]: [u64; 3]) -> Self {
        Self { allow, prompt, forbidden }
    }
}

/// The whole answer.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Whether all of the sources was read.
    pub complete: bool,
    /// How many commands were judged.
    pub commands: u64,
    /// By decision.
    pub decisions: Decisions,
    /// By what decides.
    pub decided_by: DecidedBy,
    /// How many rules the policy has, and what a command gets that none matches.
    pub policy: Policy,
    /// What becomes otherwise: than the records say, or than under the other policy.
    pub newly: Vec<Newly>,
    /// The other policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<Against>,
    /// By program, of scripts and wrappers too.
    pub programs: Vec<Program>,
    /// Of how many programs one is listed; 1 where all are.
    pub programs_one_in: u64,
    /// By rule, in load order.
    pub rules: Vec<RuleRow>,
    /// The rules that nothing matched.
    pub never_used: Vec<String>,
    /// Why commands are asked about, the most frequent first.
    pub prompts: Vec<PromptRow>,
    /// Of how many causes of prompts one is listed.
    pub prompts_one_in: u64,
    /// The same for interpreters and wrappers, which need more words to be told apart.
    pub longer_prompts_one_in: u64,
    /// What cannot be known.
    pub opaque: Opaque,
    /// By session.
    pub sessions: Vec<SessionRow>,
    /// Of how many sessions one is listed.
    pub sessions_one_in: u64,
    /// Commands without a session.
    pub without_session: u64,
    /// What filters left out.
    pub left_out: LeftOut,
    /// The sources.
    pub sources: Vec<SourceNote>,
    /// What was not understood.
    pub malformed: MalformedRows,
}

/// Commands by what decides.
#[derive(Debug, Serialize)]
pub struct DecidedBy {
    /// A rule.
    pub rules: u64,
    /// That no rule matches.
    pub default: u64,
    /// That something cannot be known.
    pub opaque: u64,
    /// What they execute is allowed, or they execute nothing.
    pub nothing: u64,
}

/// The policy.
#[derive(Debug, Serialize)]
pub struct Policy {
    /// How many rules.
    pub rules: usize,
    /// What a command gets that no rule matches.
    pub default: Decision,
}

/// Commands that become otherwise.
#[derive(Clone, Debug, Serialize)]
pub struct Newly {
    /// What it was: what the record says, or a decision.
    pub was: String,
    /// What it becomes.
    pub becomes: Decision,
    /// By what.
    pub because: String,
    /// How many commands.
    pub count: u64,
    /// One of them.
    pub sample: String,
}

/// What another policy would do.
#[derive(Debug, Serialize)]
pub struct Against {
    /// How many commands each decision becomes: `allow`, `prompt`, `forbidden` of this policy.
    pub allow: Decisions,
    /// The same.
    pub prompt: Decisions,
    /// The same.
    pub forbidden: Decisions,
    /// Commands that would newly be asked about.
    pub newly_asked: u64,
    /// Commands that would newly be refused.
    pub newly_refused: u64,
    /// Commands that would newly be allowed.
    pub newly_allowed: u64,
    /// By what.
    pub changes: Vec<Newly>,
}

/// A program.
#[derive(Debug, Serialize)]
pub struct Program {
    /// Its name.
    pub program: String,
    /// What is decided about its commands.
    #[serde(flatten)]
    pub decisions: Decisions,
}

/// A rule.
#[derive(Debug, Serialize)]
pub struct RuleRow {
    /// Where it stands.
    pub at: Option<Place>,
    /// Its words.
    pub pattern: String,
    /// What it decides.
    pub decision: Decision,
    /// In how many commands it matched.
    pub matched: u64,
    /// In how many it decided.
    pub decided: u64,
}

/// A cause of prompts.
#[derive(Clone, Debug, Serialize)]
pub struct PromptRow {
    /// How many commands.
    pub count: u64,
    /// How many for this alone: as many, at least, are settled by what settles it.
    pub alone: u64,
    /// `no-rule`, `rule`, `banned` or `opaque`.
    pub kind: &'static str,
    /// What is asked about: words, the place of a rule, what is not known.
    pub what: String,
    /// The rule that would settle it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Why no rule settles it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Of so many samples, so many are allowed with that rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<(usize, usize)>,
    /// A few of the commands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<Vec<String>>,
}

/// What cannot be known.
#[derive(Debug, Serialize)]
pub struct Opaque {
    /// Commands with such a part.
    pub commands: u64,
    /// Their share of all, from 0 to 1.
    pub share: f64,
    /// What it is.
    pub reasons: Vec<ReasonRow>,
}

/// One thing that cannot be known.
#[derive(Debug, Serialize)]
pub struct ReasonRow {
    /// What.
    pub what: String,
    /// In how many commands.
    pub count: u64,
}

/// A session.
#[derive(Debug, Serialize)]
pub struct SessionRow {
    /// Its name.
    pub session: String,
    /// Its sums.
    #[serde(flatten)]
    pub sums: SessionSums,
}

/// The sums of a session.
#[derive(Debug, Serialize)]
pub struct SessionSums {
    /// How many commands.
    pub commands: u64,
    /// By decision.
    #[serde(flatten)]
    pub decisions: Decisions,
    /// Commands with a part that cannot be known.
    pub opaque: u64,
    /// Commands that ran unasked and would be asked about.
    pub newly_asked: u64,
    /// Commands that ran and would be refused.
    pub newly_refused: u64,
    /// Milliseconds since 1970.
    pub first: Option<i64>,
    /// Milliseconds since 1970.
    pub last: Option<i64>,
}

/// What was not understood.
#[derive(Debug, Serialize)]
pub struct MalformedRows {
    /// How many lines.
    pub lines: u64,
    /// The first of them.
    pub first: Vec<Shown>,
}

/// Puts the answer together.
#[must_use]
pub fn report(
    tally: &Tally,
    notes: Notes,
    complete: bool,
    rules: &Rules,
    other: Option<&Rules>,
    default: Decision,
) -> Report {
    let commands = tally.commands();
    let rows: Vec<RuleRow> = rules
        .set
        .rules()
        .zip(&tally.rules)
        .map(|(rule, count)| RuleRow {
            at: rule.at().map(|at| rules.sources.place(at)),
            pattern: pattern(rule.head(), rule.rest().iter().map(|element| element.words())),
            decision: rule.decision(),
            matched: count.matched,
            decided: count.decided,
        })
        .collect();
    let never = |row: &&RuleRow| row.matched == 0;
    let never_used =
        rows.iter().filter(never).map(|row| format!("{}  {}", shown(row.at.as_ref()), row.pattern)).collect();
    let [by_rules, by_default, by_doubt, by_nothing] = tally.causes;
    let (newly, changes) = changes(tally, rules, other);
    let against = other.is_some().then(|| {
        let [allow, prompt, forbidden] = tally.against;
        Against {
            newly_asked: allow[1],
            newly_refused: allow[2] + prompt[2],
            newly_allowed: prompt[0] + forbidden[0],
            allow: allow.into(),
            prompt: prompt.into(),
            forbidden: forbidden.into(),
            changes,
        }
    });
    Report {
        complete,
        commands,
        decisions: tally.decisions.into(),
        decided_by: DecidedBy { rules: by_rules, default: by_default, opaque: by_doubt, nothing: by_nothing },
        policy: Policy { rules: rules.set.len(), default },
        newly,
        against,
        programs: tally
            .programs
            .largest(|row| row.iter().sum())
            .into_iter()
            .map(|(name, row)| Program { program: name.to_owned(), decisions: (*row).into() })
            .collect(),
        programs_one_in: tally.programs.one_in(),
        rules: rows,
        never_used,
        prompts: settled(tally).into_iter().map(|settled| prompt(settled, rules)).collect(),
        prompts_one_in: tally.prompts.one_in(),
        longer_prompts_one_in: tally.longer.one_in(),
        opaque: Opaque {
            commands: tally.opaque,
            share: if commands == 0 { 0.0 } else { tally.opaque as f64 / commands as f64 },
            reasons: tally
                .reasons
                .largest(|count| *count)
                .into_iter()
                .map(|(what, count)| ReasonRow { what: what.to_owned(), count: *count })
                .collect(),
        },
        sessions: tally
            .sessions
            .largest(|session| session.decisions.iter().sum())
            .into_iter()
            .map(|(name, session)| SessionRow { session: name.to_owned(), sums: sums(session) })
            .collect(),
        sessions_one_in: tally.sessions.one_in(),
        without_session: tally.without_session,
        left_out: tally.left_out,
        malformed: MalformedRows { lines: notes.malformed(), first: notes.first },
        sources: notes.sources,
    }
}

fn sums(session: &Session) -> SessionSums {
    SessionSums {
        commands: session.decisions.iter().sum(),
        decisions: session.decisions.into(),
        opaque: session.opaque,
        newly_asked: session.newly_asked,
        newly_refused: session.newly_refused,
        first: session.first,
        last: session.last,
    }
}

/// A place, or that there is none.
fn shown(place: Option<&Place>) -> String {
    place.map_or_else(|| "a rule without a place".to_owned(), Place::to_string)
}

/// The words of a pattern.
fn pattern<'a>(head: &str, rest: impl Iterator<Item = &'a [String]>) -> String {
    let one = |words: &[String]| match words {
        [word] => crate::verdict_text::shell_words(std::slice::from_ref(word)),
        words => format!("[{}]", words.join("|")),
    };
    std::iter::once(head.to_owned()).chain(rest.map(one)).collect::<Vec<_>>().join(" ")
}

/// The two kinds of changes, the most frequent first.
fn changes(tally: &Tally, rules: &Rules, other: Option<&Rules>) -> (Vec<Newly>, Vec<Newly>) {
    let because = |rules: &Rules, cause: &str| match Cause::of_key(cause) {
        Some(Cause::Rule(id)) => filter::place(&rules.set, &rules.sources, id),
        Some(Cause::Default) => "no rule; the default".into(),
        Some(Cause::Opaque) => "what cannot be known".into(),
        Some(Cause::Nothing) | None => "nothing speaks against it".into(),
    };
    let (mut newly, mut changed) = (Vec::new(), Vec::new());
    for (key, group) in tally.changes.largest(|group| group.count) {
        let parts: Vec<&str> = key.split('>').collect();
        let sample = group.sample.as_ref().map(|(_, text)| text.clone()).unwrap_or_default();
        let row = |was: &str, becomes: &str, because: String| {
            let becomes = Decision::parse(becomes).unwrap_or(Decision::Forbidden);
            Newly { was: was.to_owned(), becomes, because, count: group.count, sample: sample.clone() }
        };
        match (parts.as_slice(), other) {
            ([was, becomes, cause], _) if Recorded::ALL.iter().any(|recorded| recorded.as_str() == *was) => {
                newly.push(row(was, becomes, because(rules, cause)));
            }
            ([was, from, becomes, to], Some(other)) => {
                changed.push(row(was, becomes, format!("{} -> {}", because(rules, from), because(other, to))));
            }
            _ => {}
        }
    }
    (newly, changed)
}

fn prompt(settled: Settled, rules: &Rules) -> PromptRow {
    let Settled { count, alone, by } = settled;
    let row =
        |kind, what| PromptRow { count, alone, kind, what, rule: None, why: None, verified: None, samples: Vec::new() };
    match by {
        By::Allowing(rule) => {
            let what = rule.pattern.iter().map(|words| {
                if let [word] = words.as_slice() { word.clone() } else { format!("[{}]", words.join("|")) }
            });
            let what = what.collect::<Vec<_>>().join(" ");
            let samples = rule.examples.clone();
            let text = Lesson { rules: vec![rule], refused: Vec::new() }.rules();
            // The first line counts what was learned from; without samples there are no examples.
            let lines = text.lines().skip(1).filter(|line| line.trim() != "match = [],");
            let text = lines.collect::<Vec<_>>().join("\n").trim().to_owned();
            PromptRow { rule: Some(text), samples, ..row("no-rule", what) }
        }
        By::Changing(id) => {
            let at = filter::place(&rules.set, &rules.sources, id.0);
            let why = Some(format!("the rule at {at} asks; another decision of it would settle this"));
            PromptRow { why, ..row("rule", at) }
        }
        By::Banned { prefix, why } => {
            let why = format!("{why}; no rule for it is proposed");
            PromptRow { why: Some(why), ..row("banned", prefix.join(" ")) }
        }
        By::Opaque(what) => {
            PromptRow { why: Some("no rule can settle what is not known".into()), ..row("opaque", what) }
        }
    }
}

/// The answer in a format; `tally` is written by its own.
#[must_use]
pub fn written(report: &Report, format: Format) -> String {
    match format {
        Format::Text | Format::Tally => text::page(report),
        Format::Json => json::object(report),
        Format::Ndjson => ndjson::lines(report),
        Format::Csv => csv::table(report),
        Format::Html => html::page(report),
    }
}

/// A share in a hundred.
fn percent(part: u64, whole: u64) -> String {
    if whole == 0 { "-".into() } else { format!("{:.1} %", part as f64 * 100.0 / whole as f64) }
}

/// A moment as people and machines read it.
fn moment(millis: Option<i64>) -> String {
    let since = millis.and_then(|millis| u64::try_from(millis).ok()).map(std::time::Duration::from_millis);
    since.map(|since| crate::moment::rfc3339(std::time::UNIX_EPOCH + since)).unwrap_or_default()
}
