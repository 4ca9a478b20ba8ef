//! The functions a rule file calls. They check what they are given and keep what they made; nothing is decided here.
//!
//! Parameters are taken untyped, so that a wrong type is one more finding and not the end of the file. Left out and
//! `None` are different things: no parameter accepts `None`.
#![expect(clippy::too_many_arguments, reason = "a builtin has as many parameters as the language says")]

use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::Value;
use starlark::values::none::NoneType;

use super::arguments::{self, Checked, PrefixArguments};
use super::collector::{Collector, Item};
use crate::rule::Origin;

/// `prefix_rule` as Codex 0.169.0 has it.
#[starlark_module]
pub(super) fn codex169(builder: &mut GlobalsBuilder) {
    fn prefix_rule<'v>(
        pattern: Value<'v>,
        decision: Option<Value<'v>>,
        r#match: Option<Value<'v>>,
        not_match: Option<Value<'v>>,
        justification: Option<Value<'v>>,
        canonical_matching: Option<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<NoneType> {
        let given = PrefixArguments {
            pattern,
            decision,
            r#match,
            not_match,
            justification,
            canonical_matching,
            reviewer: None,
            exact: None,
        };
        prefix(&given, eval)
    }
}

/// `prefix_rule` with what later versions know, and `exact`, which is ours.
#[starlark_module]
pub(super) fn extended(builder: &mut GlobalsBuilder) {
    fn prefix_rule<'v>(
        pattern: Value<'v>,
        decision: Option<Value<'v>>,
        r#match: Option<Value<'v>>,
        not_match: Option<Value<'v>>,
        justification: Option<Value<'v>>,
        canonical_matching: Option<Value<'v>>,
        #[starlark(require = named)] reviewer: Option<Value<'v>>,
        #[starlark(require = named)] exact: Option<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<NoneType> {
        let given = PrefixArguments {
            pattern,
            decision,
            r#match,
            not_match,
            justification,
            canonical_matching,
            reviewer,
            exact,
        };
        prefix(&given, eval)
    }
}

/// What every version has.
#[starlark_module]
pub(super) fn shared(builder: &mut GlobalsBuilder) {
    fn network_rule<'v>(
        host: Value<'v>,
        protocol: Value<'v>,
        decision: Value<'v>,
        justification: Option<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<NoneType> {
        let collector = Collector::of(eval)?;
        let origin = collector.origin(eval);
        let checked = arguments::network(host, protocol, decision, justification, &origin);
        finish(collector, &origin, checked, |rule| (1, rule.host.len(), Item::Network(rule)))
    }

    fn host_executable<'v>(
        name: Value<'v>,
        paths: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<NoneType> {
        let collector = Collector::of(eval)?;
        let origin = collector.origin(eval);
        let checked = arguments::host(name, paths, &origin);
        finish(collector, &origin, checked, |(name, host)| {
            let text = name.len() + host.paths.iter().map(String::len).sum::<usize>();
            (1, text, Item::Host(name, host))
        })
    }
}

fn prefix<'v>(given: &PrefixArguments<'v>, eval: &mut Evaluator<'v, '_, '_>) -> anyhow::Result<NoneType> {
    let collector = Collector::of(eval)?;
    let origin = collector.origin(eval);
    let checked = arguments::prefix(given, &origin);
    finish(collector, &origin, checked, |(rule, examples)| {
        let pattern = rule.rest.iter().flat_map(|element| element.words()).chain(&rule.heads);
        let shown = examples.matching.iter().chain(&examples.not_matching).flatten();
        // A word costs its text and the room to hold it.
        let text = pattern.chain(shown).map(|word| word.len() + 32).sum();
        (rule.heads.len(), text, Item::Rule(rule, examples))
    })
}

fn finish<T>(
    collector: &Collector,
    origin: &Origin,
    checked: Checked<T>,
    item: impl FnOnce(T) -> (usize, usize, Item),
) -> anyhow::Result<NoneType> {
    match checked {
        Ok(made) => {
            let (rules, text, item) = item(made);
            collector.keep(item, rules, text, origin)?;
        }
        Err(found) => {
            for one in found {
                collector.note(one, origin)?;
            }
        }
    }
    Ok(NoneType)
}
