//! How checkers write what they found.

use crate::report::Format;

/// For people, for machines, or for a CI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
    /// For a CI.
    Ci(Format),
}

pub(super) fn report_format(name: &str) -> Result<ReportFormat, String> {
    match name {
        "text" => Ok(ReportFormat::Text),
        "json" => Ok(ReportFormat::Json),
        "junit" => Ok(ReportFormat::Ci(Format::Junit)),
        "sarif" => Ok(ReportFormat::Ci(Format::Sarif)),
        "tap" => Ok(ReportFormat::Ci(Format::Tap)),
        "github" => Ok(ReportFormat::Ci(Format::Github)),
        _ => Err("the formats are text, json, junit, sarif, tap and github".into()),
    }
}
