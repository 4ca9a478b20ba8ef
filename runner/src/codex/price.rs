//! What tokens cost, by a table that the user owns. Pure.
//!
//! ```toml
//! source = "price list of 2026-11-01"     # where the prices are from; shown with every cost
//!
//! [models."gpt-5-codex"]                   # US dollars per million tokens
//! input = 1.25
//! cached = 0.125
//! output = 10.0
//! cache_write = 1.25                       # only where the provider asks for it
//!
//! [models."*"]                             # perhaps: any other model
//! input = 2.0
//! cached = 0.2
//! output = 10.0
//! ```

use std::collections::BTreeMap;

use policy::diagnostic::Diagnostic;
use policy::source::{SourceId, Span};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::event::Usage;

/// Prices by model, with where they are from.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// Where the prices are from.
    source: String,
    /// By model.
    #[schemars(with = "BTreeMap<String, Price>")]
    models: BTreeMap<Spanned<String>, Price>,
}

/// The prices of a model, in US dollars per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Price {
    input: f64,
    cached: f64,
    output: f64,
    cache_write: Option<f64>,
}

/// The row for a model that has none of its own.
const OTHERS: &str = "*";

/// Who is asked to pay for a run, as far as Codex's login says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Billing {
    /// Tokens are billed to the owner of a key.
    Key,
    /// A subscription pays; a price by the list is only what it would cost otherwise.
    Subscription,
    /// Nobody is logged in: a provider of one's own, or a key in the environment.
    Unknown,
}

impl Billing {
    /// Reads `auth.json` of Codex; of it only how it is logged in.
    #[must_use]
    pub fn read(text: &str) -> Self {
        #[derive(Deserialize)]
        struct Login {
            auth_mode: Option<String>,
        }
        let login = serde_json::from_str::<Login>(text).ok().and_then(|login| login.auth_mode);
        match login.as_deref() {
            Some("chatgpt") => Self::Subscription,
            Some("apikey") => Self::Key,
            _ => Self::Unknown,
        }
    }
}

/// What a run costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Cost {
    /// By the list; a subscription is billed otherwise.
    ListPrice {
        /// In US dollars.
        dollars: f64,
        /// The model whose prices were taken.
        model: String,
        /// Where the prices are from.
        source: String,
    },
    /// It cannot be said.
    Unknown {
        /// Why.
        why: String,
    },
}

impl Prices {
    /// Reads a table.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str, source: SourceId) -> Result<Self, Diagnostic> {
        let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let prices: Self = toml::from_str(text).map_err(|error| {
            let at = error.span().unwrap_or(0..text.len().min(1));
            Diagnostic::error("prices", error.message().trim())
                .at(Span { source, start: byte(at.start), end: byte(at.end) }, "")
                .help("a table has `source` and, for each model, `input`, `cached`, `output` and perhaps `cache_write`")
        })?;
        for (model, price) in &prices.models {
            let numbers = [Some(price.input), Some(price.cached), Some(price.output), price.cache_write];
            if numbers.into_iter().flatten().any(|number| !number.is_finite() || number < 0.0) {
                let span = Span { source, start: byte(model.span().start), end: byte(model.span().end) };
                let model = model.get_ref();
                return Err(Diagnostic::error("prices", format!("a price of `{model}` is no amount of money"))
                    .at(span, "")
                    .help("prices are US dollars per million tokens, 0 or more"));
            }
        }
        Ok(prices)
    }

    /// The cost of these tokens. Cached ones are part of the input and are not counted twice.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "no run has 2^53 tokens")]
    pub fn cost(&self, model: Option<&str>, usage: Usage) -> Cost {
        let Some(model) = model else {
            return Cost::Unknown { why: "the model is not known".into() };
        };
        let Some((model, price)) = [model, OTHERS].into_iter().find_map(|name| Some((name, self.models.get(name)?)))
        else {
            return Cost::Unknown { why: format!("the table has no prices for `{model}`") };
        };
        let cached = usage.cached.min(usage.input);
        let micro = (usage.input - cached) as f64 * price.input
            + cached as f64 * price.cached
            + usage.output as f64 * price.output
            + usage.cache_write as f64 * price.cache_write.unwrap_or_default();
        Cost::ListPrice { dollars: micro / 1e6, model: model.to_owned(), source: self.source.clone() }
    }
}

impl std::fmt::Display for Cost {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ListPrice { dollars, model, source } => write!(out, "{dollars:.6} US dollars ({model}, {source})"),
            Self::Unknown { why } => write!(out, "unknown: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::source::{Source, Sources};

    fn parse(text: &str) -> Result<Prices, String> {
        let mut sources = Sources::default();
        let id = sources.add(Source { name: "prices.toml".into(), text: text.into() });
        Prices::parse(text, id).map_err(|wrong| {
            let place = wrong.labels.first().map(|label| sources.place(label.span).to_string());
            format!("{} {}", place.unwrap_or_default(), wrong.message)
        })
    }

    const TABLE: &str = "source = \"list\"\n[models.m]\ninput = 1.25\ncached = 0.125\noutput = 10\n";

    #[test]
    fn cached_tokens_are_not_counted_twice() {
        let prices = parse(TABLE).expect("a table");
        let usage = Usage { input: 3_000_000, cached: 1_000_000, output: 100_000, reasoning: 50_000, cache_write: 9 };
        let Cost::ListPrice { dollars, source, .. } = prices.cost(Some("m"), usage) else { panic!() };
        assert!((dollars - (2.0 * 1.25 + 0.125 + 1.0)).abs() < 1e-9, "{dollars}");
        assert_eq!(source, "list");
        let written = parse(&format!("{TABLE}cache_write = 2.0\n")).expect("a table");
        let Cost::ListPrice { dollars: more, .. } = written.cost(Some("m"), usage) else { panic!() };
        assert!((more - dollars - 18e-6).abs() < 1e-12, "{more}");
    }

    #[test]
    fn a_row_for_all_others_is_named_as_such() {
        let prices = parse(&format!("{TABLE}[models.\"*\"]\ninput = 2\ncached = 1\noutput = 1\n")).expect("a table");
        let Cost::ListPrice { model, .. } = prices.cost(Some("other"), Usage::default()) else { panic!() };
        assert_eq!(model, "*");
        let Cost::ListPrice { model, .. } = prices.cost(Some("m"), Usage::default()) else { panic!() };
        assert_eq!(model, "m");
    }

    #[test]
    fn a_login_says_who_pays() {
        for (text, billing) in [
            (r#"{"auth_mode": "chatgpt", "tokens": {}}"#, Billing::Subscription),
            (r#"{"auth_mode": "apikey"}"#, Billing::Key),
            ("{}", Billing::Unknown),
            ("", Billing::Unknown),
        ] {
            assert_eq!(Billing::read(text), billing, "{text}");
        }
    }

    #[test]
    fn a_model_without_a_row_has_no_cost() {
        let prices = parse(TABLE).expect("a table");
        for model in [None, Some("other")] {
            assert!(matches!(prices.cost(model, Usage::default()), Cost::Unknown { .. }), "{model:?}");
        }
    }

    #[test]
    fn a_wrong_table_is_refused_with_its_place() {
        for (text, place) in [
            ("source = 1\n", "prices.toml:1:10"),
            ("source = \"x\"\n[models.m]\ninput = 1\ncached = 1\noutput = -1\n", "prices.toml:2:9"),
            ("source = \"x\"\n[models.m]\ninput = 1\ncached = 1\noutput = nan\n", "prices.toml:2:9"),
            ("source = \"x\"\n[models.m]\ninput = 1\ncached = 1\noutput = 1\nextra = 1\n", "prices.toml:6:1"),
        ] {
            let wrong = parse(text).expect_err(text);
            assert!(wrong.starts_with(place), "{wrong}");
        }
    }
}
