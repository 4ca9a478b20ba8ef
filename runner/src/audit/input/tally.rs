//! The sums of another audit (`--format tally`), to be put together.

use policy::audit::Tally;
use serde::{Deserialize, Serialize};

use super::{Format, Keeps, Out, Parser, count_json};

pub(super) const FORMAT: Format = Format {
    name: "tally",
    about: "`palisade audit --format tally`: the sums of parts, to be put together",
    keeps: Keeps::Nothing,
    looks: |head| {
        // One line of sums is enough, and may be longer than what is looked at.
        100 * (usize::from(head.starts_with(b"{\"palisade_tally\":"))
            + count_json(head, |value| value.get("palisade_tally").is_some()))
    },
    parser: || Box::new(Sums),
};

struct Sums;

#[derive(Deserialize, Serialize)]
struct Line<T> {
    palisade_tally: u32,
    /// What the sums are of: the policy and what else decides.
    of: String,
    tally: T,
}

const VERSION: u32 = 1;

/// One line of `--format tally`.
#[must_use]
pub fn line(of: &str, tally: &Tally) -> String {
    serde_json::to_string(&Line { palisade_tally: VERSION, of: of.to_owned(), tally }).unwrap_or_default()
}

impl Parser for Sums {
    fn line(&mut self, number: u64, line: &[u8], out: &mut Out) {
        if line.trim_ascii().is_empty() {
            out.asides += 1;
            return;
        }
        match serde_json::from_slice::<Line<Tally>>(line) {
            Ok(sums) if sums.palisade_tally == VERSION => out.tallies.push((sums.of, sums.tally)),
            Ok(_) => out.malformed(number, "the sums of another release", line),
            Err(error) => out.malformed(number, format!("no line of sums: {error}"), line),
        }
    }
}
