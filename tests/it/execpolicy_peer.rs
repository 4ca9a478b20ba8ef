//! Running `execpolicy check`, ours or the real one, and sorting what it says into a class.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// What a run gave.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) class: String,
}

impl Outcome {
    /// The same with the order of matches taken away.
    pub(crate) fn unordered(&self) -> Self {
        let Ok(mut value) = serde_json::from_str::<Value>(&self.stdout) else { return self.clone() };
        if let Some(matches) = value.get_mut("matchedRules").and_then(Value::as_array_mut) {
            matches.sort_by_key(ToString::to_string);
        }
        Self { stdout: value.to_string(), ..self.clone() }
    }
}

/// palisade's own binary.
pub(crate) fn palisade() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_palisade"))
}

/// Runs `PROGRAM execpolicy check ARGS` in a directory.
pub(crate) fn run(program: &Path, args: &[String], cwd: &Path, home: &Path) -> Output {
    Command::new(program)
        .args(["execpolicy", "check"])
        .args(args)
        .current_dir(cwd)
        .env_clear()
        .env("HOME", home)
        .env("PATH", "/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()))
}

/// The outcome of one of our runs.
pub(crate) fn ours(output: &Output) -> Outcome {
    let said = String::from_utf8_lossy(&output.stderr);
    let exit = output.status.code().unwrap_or(-1);
    let class = match exit {
        0 => "none".to_owned(),
        2 => "usage".to_owned(),
        _ => said
            .split_once("error[")
            .and_then(|(_, rest)| rest.split_once(']'))
            .map_or_else(|| format!("no code in: {said}"), |(code, _)| code.to_owned()),
    };
    Outcome { exit, stdout: String::from_utf8_lossy(&output.stdout).into_owned(), class }
}

/// The outcome of a run of the real one.
pub(crate) fn real(output: &Output) -> Outcome {
    let exit = output.status.code().unwrap_or(-1);
    let said = String::from_utf8_lossy(&output.stderr);
    let said: String =
        said.lines().filter(|line| !line.starts_with("WARNING: proceeding")).flat_map(|line| [line, "\n"]).collect();
    let class = match exit {
        0 => "none",
        2 => "usage",
        1 => class(&said),
        _ => "crash",
    };
    Outcome { exit, stdout: String::from_utf8_lossy(&output.stdout).into_owned(), class: class.to_owned() }
}

fn class(said: &str) -> &'static str {
    let read = said.contains("failed to read policy at ");
    let table: &[(bool, &str, &'static str)] = &[
        (read, "No such file", "read-missing"),
        (read, "valid UTF-8", "read-not-utf8"),
        (read, "Is a directory", "read-directory"),
        (read, "Permission denied", "read-permission"),
        (true, "expected every example to match", "example-unmatched"),
        (true, "expected example to not match", "example-matched"),
        (true, "error: invalid decision:", "invalid-decision"),
        (true, "error: invalid pattern element:", "invalid-pattern"),
        (true, "error: invalid example:", "invalid-example"),
        (true, "error: invalid rule:", "invalid-rule"),
        (true, "No imports are available", "load-unavailable"),
        (true, "error: Type of parameter `", "arg-type"),
        (true, "error: Missing parameter `", "arg-missing"),
        (true, "extra named parameter", "arg-unknown"),
        (true, "extra positional argument", "arg-extra-positional"),
        (true, "occurs more than once", "arg-duplicate"),
        (true, "repeated named argument", "arg-duplicate"),
        (true, "call stack overflow", "recursion-limit"),
        (true, "error: fail:", "user-fail"),
        (true, "error: Parse error:", "syntax"),
        (true, "Not a valid identifier", "syntax"),
        (true, "Invalid format:", "syntax"),
        (true, "not allowed in this dialect", "syntax"),
        (true, "cannot be used outside", "syntax"),
        (true, "unparenthesized tuple", "syntax"),
        (true, "error: left-hand-side of assignment", "syntax"),
        (true, "error: positional argument after", "syntax"),
        (true, "error: named argument after", "syntax"),
        (true, "error: duplicated parameter name", "syntax"),
        (said.contains("error: Variable `"), "` not found", "unknown-name"),
        (true, "starlark error:", "eval"),
    ];
    table.iter().find(|(when, text, _)| *when && said.contains(text)).map_or("other", |(_, _, name)| name)
}
