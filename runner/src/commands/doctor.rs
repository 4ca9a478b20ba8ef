//! `palisade doctor`: gather facts, judge them, print both.

use std::io::Write;

use serde::Serialize;

use crate::cli::{DoctorArgs, Format};
use crate::doctor::{Facts, gather, modes, text};
use crate::render::Colour;

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    assessment: &'a modes::Assessment,
    facts: &'a Facts,
}

/// Prints the answer; 0 when every mode can be enforced here, 1 when one cannot.
pub(super) fn run(args: &DoctorArgs) -> u8 {
    let facts = gather();
    let assessment = modes::assess(&facts);
    let mut stdout = std::io::stdout().lock();
    let text = match args.format {
        Format::Text => text::draw(&facts, &assessment, Colour::of(&stdout)),
        Format::Json => {
            let answer = Answer { assessment: &assessment, facts: &facts };
            let mut text = serde_json::to_string_pretty(&answer).unwrap_or_default();
            text.push('\n');
            text
        }
    };
    if stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).is_err() {
        return crate::exit::USAGE;
    }
    if assessment.all_enforced() { crate::exit::OK } else { crate::exit::FINDINGS }
}
