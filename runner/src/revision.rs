//! Rule files as a git revision has them: `REV:PATH`, a file or a directory.
//!
//! Git is asked for raw contents only: no filter, hook or pager of a repository is started, and nothing is written.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use policy::diagnostic::Diagnostic;
use policy::load::File;

/// What names a revision: text with a colon that is no path on this disk.
#[must_use]
pub fn is_one(name: &OsStr) -> bool {
    name.to_str().is_some_and(|text| text.contains(':')) && !Path::new(name).exists()
}

/// The rule files behind `REV:PATH`.
///
/// # Errors
/// What git says, or why it could not be asked.
pub fn texts(name: &str) -> Result<Vec<File>, Diagnostic> {
    if name.starts_with('-') {
        return Err(refused(name, "a revision does not begin with a dash"));
    }
    let kind = String::from_utf8_lossy(&git(name, &["cat-file", "-t", name])?).trim().to_owned();
    if kind != "tree" {
        return Ok(vec![blob(name)]);
    }
    let listed = git(name, &["ls-tree", "-z", "--name-only", name])?;
    let mut names: Vec<String> = listed
        .split(|byte| *byte == 0)
        .filter_map(|entry| std::str::from_utf8(entry).ok())
        .filter(|entry| entry.ends_with(".rules") && *entry != ".rules")
        .map(str::to_owned)
        .collect();
    names.sort();
    if names.is_empty() {
        return Err(Diagnostic::error("no-rules", format!("`{name}` has no rule files"))
            .help("rule files end in `.rules`; sub-directories are not searched"));
    }
    let below = if name.ends_with(['/', ':']) { name.to_owned() } else { format!("{name}/") };
    Ok(names.iter().map(|entry| blob(&format!("{below}{entry}"))).collect())
}

fn blob(name: &str) -> File {
    let text = git(name, &["cat-file", "blob", name]).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|_| {
            Diagnostic::error("read-not-utf8", format!("`{name}` is not UTF-8")).help("save the file as UTF-8")
        })
    });
    File { name: name.to_owned(), text }
}

fn git(name: &str, arguments: &[&str]) -> Result<Vec<u8>, Diagnostic> {
    let output = Command::new("git")
        .args(["--no-pager", "--no-optional-locks"])
        .args(arguments)
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| refused(name, &format!("git could not be started: {error}")))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(refused(name, said.lines().next().unwrap_or("git gives no reason")))
}

fn refused(name: &str, why: &str) -> Diagnostic {
    Diagnostic::error("read-revision", format!("cannot read `{name}`: {why}"))
        .help("name a file, a directory, or `REV:PATH` as `git show` understands it, from inside the repository")
}
