//! Runs scripts in the sandbox under the recorder, and says what each of them executed.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::sandboxed::{Place, User, errors, program};

use super::templates;

/// What every script gets besides `$0`.
pub(super) const ARGUMENTS: &[&str] = &["zqa", "zqb x", "y"];

/// A file that scripts may source.
const LIBRARY: &str = "zqlib() { zqa \"$@\"; }\nlibvar=zqb\nzqc sourced\n";

/// One exec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exec {
    /// The name of the file that was put in place.
    pub(super) program: String,
    pub(super) argv: Vec<String>,
}

/// What was seen of some scripts.
pub(super) struct Seen {
    /// The execs of each script, without the shell itself.
    pub(super) execs: Vec<Vec<Exec>>,
    pub(super) home: String,
}

/// The stand-ins and the program that runs scripts.
fn programs() -> &'static Path {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    PLACE.get_or_init(|| {
        let place = program().parent().unwrap().join("oracle");
        std::fs::create_dir_all(&place).unwrap();
        let compile = |name: &str, source: &str| {
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/oracle").join(source);
            let output = Command::new("cc").args(["-O1", "-static", "-o"]).arg(place.join(name)).arg(source).output();
            let output = output.expect("cc, which tests/run installs");
            assert!(output.status.success(), "`{name}` cannot be built: {}", errors(&output));
        };
        compile("drive", "drive.c");
        compile("zqn", "stand.c");
        for name in templates::PROGRAMS.iter().chain(&["zqo", "zqk"]) {
            std::fs::hard_link(place.join("zqn"), place.join(name)).unwrap();
        }
        place
    })
}

/// Runs scripts, each as `SHELL -c SCRIPT oracle-N ARGUMENTS`.
pub(super) fn run(shell: &str, scripts: &[String]) -> Seen {
    let place = Place::new();
    let workspace = place.workspace();
    for name in ["scripts", "work"] {
        std::fs::create_dir(workspace.join(name)).unwrap();
        std::fs::set_permissions(workspace.join(name), std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    std::fs::write(workspace.join("lib.sh"), LIBRARY).unwrap();
    std::os::unix::fs::symlink(programs(), workspace.join("bin")).unwrap();
    for (number, script) in scripts.iter().enumerate() {
        std::fs::write(workspace.join(format!("scripts/{number}")), script).unwrap();
    }
    let record = place.outside().join("record.ndjson");
    let (count, drive) = (scripts.len().to_string(), programs().join("drive"));
    let mut args = vec!["run", "--mode", "workspace-write", "--record", record.to_str().unwrap(), "--"];
    args.extend([drive.to_str().unwrap(), shell, "0", &count]);
    args.extend(ARGUMENTS);
    let mut command = place.palisade(User::Own, &args);
    command.env("PATH", format!("{}:/usr/bin:/bin", programs().display())).env("FUNCNEST", "5");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{:?}: {}", output.status, errors(&output));
    let home = place.home().to_str().unwrap().to_owned();
    Seen { execs: read(&std::fs::read_to_string(&record).unwrap(), scripts.len()), home }
}

fn read(record: &str, scripts: usize) -> Vec<Vec<Exec>> {
    let mut execs: Vec<Vec<Exec>> = vec![Vec::new(); scripts];
    let mut now = None;
    for line in record.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        let words = entry["argv"].as_array().unwrap();
        let argv: Vec<String> = words.iter().map(|word| word.as_str().unwrap().to_owned()).collect();
        let begins = argv.get(3).and_then(|name| name.strip_prefix("oracle-"));
        if let Some(number) = begins.and_then(|number| number.parse::<usize>().ok()) {
            now = Some(number);
            continue;
        }
        let Some(number) = now else { continue };
        let path = entry["program"].as_str().unwrap_or("");
        execs[number].push(Exec { program: super::cover::last(path).to_owned(), argv });
    }
    execs
}
