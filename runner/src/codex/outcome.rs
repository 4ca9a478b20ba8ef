//! What became of a tool call, read from the text that the model was told of it. Pure.
//!
//! A command chooses its own output, so nothing is looked for in it: a text is first asked whether it has the header of a
//! command that ran, and the words of a refusal count only where Codex itself puts them. The forms are those of 0.42 to
//! 0.169, recorded from the real one.

use serde::Serialize;
use serde_json::Value;

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "class", rename_all = "kebab-case")]
pub enum Outcome {
    /// It ended with this status.
    Ran {
        /// The status, as Codex says it.
        exit: i64,
        /// Whether its output speaks of a read-only file system, which is how a sandbox mostly shows.
        read_only: Spoken,
    },
    /// It was still running when the model was told.
    Running {
        /// The number of its session.
        session: u64,
    },
    /// It ran, and Codex believes that its sandbox stopped it.
    SandboxDenied {
        /// The status, where it is said.
        exit: Option<i64>,
    },
    /// A rule forbids it; it did not run.
    PolicyRejected {
        /// What the rule says.
        why: String,
    },
    /// Codex's own list of dangerous commands; it did not run.
    DangerRejected,
    /// A rule would have asked, and nobody could be; it did not run.
    PromptRefused,
    /// It asked to leave the sandbox; it did not run.
    EscalationRefused,
    /// A hook denied it; it did not run.
    HookDenied {
        /// What the hook said.
        why: String,
    },
    /// The model that reviews denied it; it did not run.
    ReviewerDenied,
    /// A patch that may not write where it would; nothing was changed.
    PatchRejected,
    /// A patch that does not apply; nothing was changed.
    PatchInvalid,
    /// Refused, and only the events tell of it, which do not say by whom.
    Declined,
    /// No such tool, or arguments it does not understand; nothing ran.
    BadCall,
    /// A tool that is no command has answered.
    Answered,
    /// Nothing is known of its end.
    Unknown,
}

/// Whether an output speaks of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spoken {
    /// It does.
    Yes,
    /// It does not.
    No,
}

impl Outcome {
    /// Reads the text that the model was told.
    #[must_use]
    pub fn read(text: &str) -> Self {
        if let Some(ran) = headed(text).or_else(|| metadata(text)) {
            return ran;
        }
        // A patch that Codex took out of a script has the header of the script without a status, then its own answer.
        if let Some((_, inner)) =
            text.strip_prefix("Wall time: ").and_then(|rest| rest.split_once(" seconds\nOutput:\n"))
        {
            return headed(inner).or_else(|| metadata(inner)).unwrap_or(Self::Answered);
        }
        if let Some(rest) = text.strip_prefix("exec_command failed") {
            return failed(rest);
        }
        if let Some(why) = text.strip_prefix("Command blocked by PreToolUse hook: ") {
            let why = why.rfind(". Command: ").and_then(|at| why.get(..at)).unwrap_or(why);
            return Self::HookDenied { why: why.to_owned() };
        }
        if text.starts_with("patch rejected: ") {
            return Self::PatchRejected;
        }
        if text.starts_with("apply_patch verification failed: ") {
            return Self::PatchInvalid;
        }
        if text.starts_with("unsupported call: ") || text.starts_with("failed to parse function arguments: ") {
            return Self::BadCall;
        }
        if let Some(rest) = text.strip_prefix("Script completed\n") {
            // A script of the code mode: what it says of a refusal it was told by Codex.
            return rest
                .find("exec_command failed: CreateProcess { message: \"Rejected(")
                .and_then(|at| rest.get(at + "exec_command failed".len()..))
                .map_or(Self::Answered, failed);
        }
        refused(text).unwrap_or(Self::Answered)
    }

    /// Whether a process was started.
    #[must_use]
    pub fn ran(&self) -> bool {
        matches!(self, Self::Ran { .. } | Self::Running { .. } | Self::SandboxDenied { .. })
    }

    /// Whether it is known that nothing was started or changed.
    #[must_use]
    pub fn refused(&self) -> bool {
        !self.ran() && !matches!(self, Self::Answered | Self::Unknown)
    }

    /// The exit status, where there is one.
    #[must_use]
    pub fn exit(&self) -> Option<i64> {
        match self {
            Self::Ran { exit, .. } => Some(*exit),
            Self::SandboxDenied { exit } => *exit,
            _ => None,
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ran { exit, read_only: Spoken::No } => write!(out, "ran, exit {exit}"),
            Self::Ran { exit, read_only: Spoken::Yes } => write!(out, "ran, exit {exit}, read-only file system"),
            Self::Running { session } => write!(out, "still running as session {session}"),
            Self::SandboxDenied { exit: Some(exit) } => write!(out, "ran, denied by the sandbox, exit {exit}"),
            Self::SandboxDenied { exit: None } => out.write_str("ran, denied by the sandbox"),
            Self::PolicyRejected { why } => write!(out, "rejected by a rule: {why}"),
            Self::DangerRejected => out.write_str("rejected by the list of dangerous commands"),
            Self::PromptRefused => out.write_str("refused: a rule would have asked"),
            Self::EscalationRefused => out.write_str("refused: it asked to leave the sandbox"),
            Self::HookDenied { why } => write!(out, "denied by a hook: {why}"),
            Self::ReviewerDenied => out.write_str("denied by the reviewer"),
            Self::PatchRejected => out.write_str("patch rejected: it would write where it may not"),
            Self::PatchInvalid => out.write_str("patch does not apply"),
            Self::Declined => out.write_str("refused"),
            Self::BadCall => out.write_str("not a call that Codex understands"),
            Self::Answered => out.write_str("answered"),
            Self::Unknown => out.write_str("its end is unknown"),
        }
    }
}

/// What the header says of a command that was started. `Output:` ends the header; what stands behind it is the command's.
fn headed(text: &str) -> Option<Outcome> {
    let mut exit = None;
    let mut session = None;
    let mut known = false;
    let mut rest = match text.strip_prefix("Command: ") {
        // 0.117 quotes the command, which may have many lines, and some that look like the header's own.
        Some(quoted) => {
            known = true;
            unquoted(quoted, b'\n').and_then(|at| quoted.get(at + 1..)).unwrap_or(text)
        }
        None => text,
    };
    let output = loop {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        if line == "Output:" {
            break after;
        }
        if let Some(code) = line.strip_prefix("Process exited with code ").or_else(|| line.strip_prefix("Exit code: "))
        {
            exit = code.trim().parse::<i64>().ok();
        } else if let Some(number) = line.strip_prefix("Process running with session ID ") {
            session = number.trim().parse::<u64>().ok();
        } else if line.starts_with("Wall time: ") || line.starts_with("Chunk ID: ") {
            known = true;
        }
        if after.is_empty() || !(known || text.starts_with("Exit code: ")) {
            return None;
        }
        rest = after;
    };
    let read_only = if output.contains("Read-only file system") { Spoken::Yes } else { Spoken::No };
    match (exit, session) {
        (Some(exit), _) => Some(Outcome::Ran { exit, read_only }),
        (None, Some(session)) => Some(Outcome::Running { session }),
        (None, None) => None,
    }
}

/// Where this byte first stands outside of all quotes, in words as a shell would read them.
fn unquoted(text: &str, wanted: u8) -> Option<usize> {
    let mut quote = None;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match (quote, byte) {
            (None, byte) if byte == wanted => return Some(at),
            (None, b'\'' | b'"') => quote = Some(byte),
            (None | Some(b'"'), b'\\') => drop(bytes.next()),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// The JSON form of the oldest tools.
fn metadata(text: &str) -> Option<Outcome> {
    let value = text.starts_with('{').then(|| serde_json::from_str::<Value>(text).ok()).flatten()?;
    let exit = value.get("metadata")?.get("exit_code")?.as_i64()?;
    let output = value.get("output").and_then(Value::as_str).unwrap_or_default();
    let read_only = if output.contains("Read-only file system") { Spoken::Yes } else { Spoken::No };
    Some(Outcome::Ran { exit, read_only })
}

/// What follows `exec_command failed`: up to 0.125 the command in backquotes, then the error in Rust's debug form.
fn failed(rest: &str) -> Outcome {
    // The command may quote anything, the form of an error too.
    let behind = match rest.strip_prefix(" for `") {
        Some(quoted) => unquoted(quoted, b'`').and_then(|at| quoted.get(at + 1..)).unwrap_or(rest),
        None => rest,
    };
    let Some(at) = ["CreateProcess { message: \"", "SandboxDenied {"]
        .iter()
        .filter_map(|mark| behind.find(&format!(": {mark}")).map(|at| at + 2))
        .min()
    else {
        return Outcome::Unknown;
    };
    let error = behind.get(at..).unwrap_or_default();
    let exit = |error: &str| {
        let (_, after) = error.split_once("exit_code: ")?;
        after.split(|letter: char| letter != '-' && !letter.is_ascii_digit()).next()?.parse().ok()
    };
    if let Some(denied) = error.strip_prefix("SandboxDenied {") {
        // The message in front of the status is what the command printed.
        let told = denied.strip_prefix(" message: \"").map_or(denied, behind_string);
        return Outcome::SandboxDenied { exit: exit(told) };
    }
    let message = error.strip_prefix("CreateProcess { message: \"").unwrap_or(error);
    if message.starts_with("Codex(Sandbox(Denied") {
        return Outcome::SandboxDenied { exit: exit(message) };
    }
    let Some(inner) = message.strip_prefix("Rejected(\\\"") else { return Outcome::Unknown };
    let inner = inner.strip_suffix("\\\")\" }").unwrap_or(inner);
    refused(inner).unwrap_or_else(|| Outcome::PolicyRejected { why: inner.to_owned() })
}

/// What follows a string in Rust's debug form, given behind its opening quote.
fn behind_string(text: &str) -> &str {
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => return text.get(at + 1..).unwrap_or_default(),
            _ => {}
        }
    }
    ""
}

/// The sentences of a refusal.
fn refused(text: &str) -> Option<Outcome> {
    if text.starts_with("approval required by policy") {
        return Some(Outcome::PromptRefused);
    }
    if text.starts_with("This action was rejected due to unacceptable risk") {
        return Some(Outcome::ReviewerDenied);
    }
    if text.starts_with("approval policy is ") && text.contains("you cannot ask for escalated permissions") {
        return Some(Outcome::EscalationRefused);
    }
    let at = text.starts_with('`').then(|| text.rfind("` rejected: ")).flatten()?;
    let why = text.get(at + "` rejected: ".len()..).unwrap_or_default();
    if why == "blocked by policy" || why.starts_with("rm -f style commands are not permitted") {
        return Some(Outcome::DangerRejected);
    }
    Some(Outcome::PolicyRejected { why: why.to_owned() })
}

#[cfg(test)]
mod tests;
