//! `palisade requirements`: each verb below it has its file.

mod check;
mod diff;
mod explain;
mod test;
#[cfg(target_os = "linux")]
mod verify;
#[cfg(not(target_os = "linux"))]
#[path = "requirements/verify_elsewhere.rs"]
mod verify;

use crate::cli::{RequirementsArgs, RequirementsVerb};

/// Runs the verb and gives its status.
pub(super) fn main(args: &RequirementsArgs) -> u8 {
    match &args.verb {
        RequirementsVerb::Explain(args) => explain::run(args),
        RequirementsVerb::Check(args) => check::run(args),
        RequirementsVerb::Test(args) => test::run(args),
        RequirementsVerb::Diff(args) => diff::run(args),
        RequirementsVerb::Verify(args) => verify::run(args),
    }
}

/// The JSON Schema of a page of cases.
pub(super) fn schema_of_cases() -> schemars::Schema {
    test::schema()
}
