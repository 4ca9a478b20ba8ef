//! What tests of `palisade codex` with the real Codex share: a run on a scripted model, as one user or another, and its report.

use std::process::Output;

use serde_json::Value;

use crate::peers;
use crate::sandboxed::{User, as_user, users};
use crate::scripted_model::Home;

/// The versions that are at hand.
pub(crate) const VERSIONS: [&str; 2] = ["0.125.0", "0.169.0"];

/// What a run gave.
pub(crate) struct Run {
    pub(crate) output: Output,
    pub(crate) report: Value,
}

impl Run {
    /// All that was said, for the message of a test that fails.
    pub(crate) fn what(&self) -> String {
        format!("{}\n{}", self.errors(), self.report)
    }

    pub(crate) fn errors(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    pub(crate) fn status(&self) -> Option<i32> {
        self.output.status.code()
    }

    /// The deed of a call.
    pub(crate) fn deed(&self, id: &str) -> &Value {
        let deeds = self.report["deeds"].as_array().unwrap_or_else(|| panic!("{}", self.what()));
        deeds.iter().find(|deed| deed["id"] == id).unwrap_or_else(|| panic!("no deed {id}: {}", self.what()))
    }
}

/// Runs `palisade codex VERB …` in a home, as its user, with a Codex that these options name.
pub(crate) fn palisade(home: &Home, codex: &[&str], arguments: &[&str]) -> Run {
    let report = home.folder().join("report.json");
    let _ = std::fs::remove_file(&report);
    let (verb, rest) = arguments.split_first().expect("a verb");
    let output = as_user(home.user())
        .args(["codex", verb])
        .args(codex)
        .env("HOME", home.folder())
        .env_remove("XDG_DATA_HOME")
        .env_remove("XDG_STATE_HOME")
        .env_remove("TMPDIR")
        .arg("--codex-home")
        .arg(home.path())
        .arg("--cwd")
        .arg(home.workspace())
        .arg("--report")
        .arg(&report)
        .args(rest)
        .stdin(std::process::Stdio::null())
        .output()
        .expect("palisade");
    let report = std::fs::read_to_string(&report).ok().and_then(|text| serde_json::from_str(&text).ok());
    Run { output, report: report.unwrap_or_default() }
}

/// The same with the real Codex of a version.
pub(crate) fn run(home: &Home, version: &str, arguments: &[&str]) -> Run {
    let program = peers::codex_for(home.user(), version);
    palisade(home, &["--codex", program.to_str().expect("UTF-8")], arguments)
}

/// Does something for each user and version, side by side, since all of it mostly waits.
pub(crate) fn for_each(does: impl Fn(User, &'static str) + Sync) {
    std::thread::scope(|scope| {
        for user in users() {
            for version in VERSIONS {
                let does = &does;
                scope.spawn(move || does(user, version));
            }
        }
    });
}
