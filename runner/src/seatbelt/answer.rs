//! A simulated verdict, for people and for machines; both carry the label and what they assume.

use std::fmt::Write;

use policy::seatbelt::{ASSUMPTIONS, LABEL, Lost, MODEL, Outcome, Profile, Query, Refusal, Step, Truth, Verdict};
use policy::source::{Place, Sources, Span};
use serde_json::{Value, json};

/// What an answer is shown from.
pub struct Shown<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// Its texts.
    pub sources: &'a Sources,
    /// The question.
    pub query: &'a Query,
    /// The answer.
    pub verdict: &'a Verdict,
}

/// The way to an answer.
pub struct Way {
    /// What was looked at, in order.
    pub steps: Vec<Step>,
    /// What matches and does not decide.
    pub lost: Vec<Lost>,
}

/// The word for a refused profile.
#[must_use]
pub const fn refused(by: Refusal) -> &'static str {
    match by {
        Refusal::Rejected => "rejected",
        Refusal::Unsupported => "unsupported",
    }
}

/// The first line of a form, cut.
fn excerpt(sources: &Sources, span: Span) -> String {
    const WIDEST: usize = 100;
    let text = sources.get(span.source).and_then(|source| source.text.get(span.start as usize..span.end as usize));
    let whole = text.unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ");
    if whole.chars().count() <= WIDEST {
        return whole;
    }
    whole.chars().take(WIDEST - 1).chain(['…']).collect()
}

impl Shown<'_> {
    fn rule(&self, at: u32) -> Option<(&policy::seatbelt::Rule, Place)> {
        let rule = self.profile.rule(at)?;
        Some((rule, self.sources.place(rule.span)))
    }

    fn rule_text(&self, at: u32) -> String {
        self.rule(at).map_or_else(String::new, |(rule, place)| {
            format!("{place}  rule {}  {}", rule.number, excerpt(self.sources, rule.span))
        })
    }

    fn facts(&self) -> Vec<(String, String)> {
        let query = self.query;
        let mut facts = Vec::new();
        facts.extend(query.path.iter().map(|path| ("path".to_owned(), path.clone())));
        for (name, end) in [("local", &query.local), ("remote", &query.remote)] {
            facts.extend(end.iter().map(|end| (name.to_owned(), end_text(end))));
        }
        facts.extend(query.extensions.iter().map(|class| ("extension".to_owned(), class.clone())));
        for (name, value) in &query.facts {
            let value = match value {
                policy::seatbelt::filters::Value::Text(text) => text.clone(),
                policy::seatbelt::filters::Value::Number(number) => number.to_string(),
            };
            facts.push(((*name).to_owned(), value));
        }
        facts
    }

    /// For people.
    #[must_use]
    pub fn text(&self, way: Option<&Way>) -> String {
        let verdict = self.verdict;
        let mut out = format!("{LABEL}\n\n{}\n", verdict.outcome);
        let facts: Vec<String> = self.facts().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let _ = writeln!(out, "  asked:      {}", format!("{} {}", self.query.operation, facts.join(" ")).trim_end());
        if let Some(resolved) = &verdict.resolved
            && (resolved.shortened || !resolved.crossed.is_empty())
        {
            let _ = writeln!(out, "  resolved:   {}", resolved.path);
            for (link, read) in &verdict.traversal {
                let _ = writeln!(out, "  link:       {link} (file-read-metadata: {read})");
            }
        }
        if let Some(decided) = &verdict.decided {
            let what = match decided.rule {
                Some(rule) => self.rule_text(rule),
                None if decided.by == policy::seatbelt::By::BuiltinDefault => {
                    format!("the fixed verdict of {}", decided.at)
                }
                None => "no rule".to_owned(),
            };
            let _ = writeln!(out, "  decided by: {what}");
            let _ = writeln!(out, "  on:         {}", decided.at);
            let _ = writeln!(out, "  because:    {}", decided.clause.sentence());
        }
        for missing in &verdict.missing {
            let _ = writeln!(out, "  not known:  {missing}");
        }
        if verdict.outcome != Outcome::Unknown {
            let _ = writeln!(out, "  confidence: {}", verdict.confidence());
        }
        for doubt in &verdict.doubts {
            let _ = writeln!(out, "  assumed:    {} ({})", doubt.assumed, doubt.confidence);
        }
        for modifier in self.modifiers() {
            let _ = writeln!(out, "  modifier:   {modifier}");
        }
        if self.leaves_the_sandbox() {
            out.push_str(
                "  WARNING:    what is executed here runs outside of the sandbox, with everything it starts\n",
            );
        }
        if let Some(way) = way {
            self.way(&mut out, way);
        }
        out
    }

    fn way(&self, out: &mut String, way: &Way) {
        out.push_str("\nthe way:\n");
        for step in &way.steps {
            let _ = match step {
                Step::At(operation) => writeln!(out, "  {operation}"),
                Step::Tried(rule, truth) => {
                    let word = match truth {
                        Truth::True => "matches",
                        Truth::False => "does not match",
                        Truth::Unknown => "may match",
                    };
                    writeln!(out, "    {word:14}  {}", self.rule_text(*rule))
                }
                Step::Up(parent) => writeln!(out, "    nothing decides here; `{parent}` is asked"),
            };
        }
        if way.lost.is_empty() {
            out.push_str("\nno other rule matches\n");
        } else {
            out.push_str("\nrules that match and lost:\n");
        }
        for lost in &way.lost {
            let _ = writeln!(out, "  {}\n    on {}: {}", self.rule_text(lost.rule), lost.at, lost.why);
        }
        out.push_str("\nnot accounted for:\n");
        for assumption in ASSUMPTIONS {
            let _ = writeln!(out, "  - {assumption}");
        }
        let _ = writeln!(out, "model: {MODEL}");
    }

    fn modifiers(&self) -> Vec<String> {
        let rule = self.verdict.decided.and_then(|decided| decided.rule).and_then(|rule| self.profile.rule(rule));
        rule.map_or_else(Vec::new, |rule| {
            rule.modifiers
                .iter()
                .map(|modifier| match &modifier.argument {
                    Some(argument) => format!("{} {argument}", modifier.name),
                    None => modifier.name.clone(),
                })
                .collect()
        })
    }

    fn leaves_the_sandbox(&self) -> bool {
        let rule = self.verdict.decided.and_then(|decided| decided.rule).and_then(|rule| self.profile.rule(rule));
        self.verdict.outcome == Outcome::Allow && rule.is_some_and(policy::seatbelt::Rule::leaves_the_sandbox)
    }

    fn rule_json(&self, at: u32) -> Value {
        self.rule(at).map_or(Value::Null, |(rule, place)| {
            json!({
                "number": rule.number, "action": rule.action, "file": place.file, "line": place.line,
                "column": place.column, "text": excerpt(self.sources, rule.span), "modifiers": rule.modifiers,
            })
        })
    }

    /// For machines.
    #[must_use]
    pub fn json(&self, way: Option<&Way>) -> Value {
        let verdict = self.verdict;
        let facts: serde_json::Map<String, Value> =
            self.facts().into_iter().map(|(name, value)| (name, Value::String(value))).collect();
        let mut answer = json!({
            "simulated": true,
            "label": LABEL,
            "model": MODEL,
            "decision": verdict.outcome,
            "operation": self.query.operation.name(),
            "facts": facts,
            "decided_by": verdict.decided.map(|decided| decided.by),
            "on": verdict.decided.map(|decided| decided.at.name()),
            "rule": verdict.decided.and_then(|decided| decided.rule).map(|rule| self.rule_json(rule)),
            "clause": verdict.decided.map(|decided| decided.clause.sentence()),
            "confidence": verdict.confidence(),
            "assumed": verdict.doubts,
            "unknown": verdict.missing,
            "leaves_the_sandbox": self.leaves_the_sandbox(),
            "not_accounted_for": ASSUMPTIONS,
        });
        if let (Some(resolved), Some(object)) = (&verdict.resolved, answer.as_object_mut()) {
            object.insert("resolved".into(), json!(resolved.path));
            let crossed: Vec<Value> = verdict
                .traversal
                .iter()
                .map(|(link, read)| json!({ "operation": "file-read-metadata", "path": link, "decision": read }))
                .collect();
            object.insert("traversal".into(), Value::Array(crossed));
        }
        if let (Some(way), Some(object)) = (way, answer.as_object_mut()) {
            let steps: Vec<Value> = way
                .steps
                .iter()
                .map(|step| match step {
                    Step::At(operation) => json!({ "at": operation.name() }),
                    Step::Tried(rule, truth) => json!({ "tried": self.rule_json(*rule), "matches": match truth {
                        Truth::True => "yes",
                        Truth::False => "no",
                        Truth::Unknown => "unknown",
                    } }),
                    Step::Up(parent) => json!({ "up": parent.name() }),
                })
                .collect();
            let lost: Vec<Value> = way
                .lost
                .iter()
                .map(|lost| json!({ "rule": self.rule_json(lost.rule), "on": lost.at.name(), "why": lost.why }))
                .collect();
            object.insert("way".into(), Value::Array(steps));
            object.insert("lost".into(), Value::Array(lost));
        }
        answer
    }
}

fn end_text(end: &policy::seatbelt::Endpoint) -> String {
    use policy::seatbelt::{Endpoint, Protocol};
    match end {
        Endpoint::Unix(path) => format!("unix:{path}"),
        Endpoint::Ip { ip, port, protocol } => {
            let over = match protocol {
                Some(Protocol::Tcp) => "tcp:",
                Some(Protocol::Udp) => "udp:",
                None => "ip:",
            };
            let host = if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() };
            format!("{over}{host}:{}", port.map_or_else(|| "*".to_owned(), |port| port.to_string()))
        }
    }
}
