//! The traces of a run: of an earlier thread that is gone on with, and those that the run itself leaves.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use policy::diagnostic::Diagnostic;
use policy::source::Sources;
use serde::Serialize;

use super::around::Around;
use super::report::{Report, TraceFile};
use crate::codex::conversation::{Conversation, LONGEST, before};
use crate::codex::deed::deeds;
use crate::codex::event::Usage;
use crate::codex::follow::Followed;
use crate::codex::lines::Lines;
use crate::codex::sessions;
use crate::commands::sandbox::complain;
use crate::exit;

/// A thread that is gone on with.
pub(super) struct Earlier {
    file: PathBuf,
    length: u64,
    usage: Usage,
}

impl Earlier {
    /// The tokens it had used.
    pub(super) fn usage(&self) -> Usage {
        self.usage
    }
}

/// The session file of a thread, and what it says up to now. Codex would begin a new thread where there is none.
pub(super) fn earlier(home: &Path, thread: &str) -> Result<Earlier, u8> {
    let wrong = |why: String| {
        let found = Diagnostic::error("thread", why).help(
            "the id is in the output of the earlier run, and in the names of the files below `sessions` in CODEX_HOME",
        );
        complain(&[found], &Sources::default());
        exit::USAGE
    };
    let hex = |letter: char| letter.is_ascii_hexdigit() || letter == '-';
    if thread.len() != 36 || !thread.chars().all(hex) {
        return Err(wrong(format!("`{thread}` is no id of a thread")));
    }
    let Some(file) = sessions::of(home, thread) else {
        return Err(wrong(format!("there is no thread `{thread}` in `{}`", home.display())));
    };
    let unreadable = |error: std::io::Error| wrong(format!("`{}` cannot be read: {error}", file.display()));
    let length = std::fs::metadata(&file).map_err(unreadable)?.len();
    let account = sessions::account_from(&file, 0).map_err(unreadable)?;
    let usage = account.usage.get(thread).copied().unwrap_or_default();
    Ok(Earlier { file, length, usage })
}

/// What of an earlier conversation a new thread was told.
#[derive(Debug, Serialize)]
pub(super) struct Context {
    thread: String,
    pieces: usize,
    left_out: usize,
}

/// The prompt with the conversation of an earlier thread before it.
pub(super) fn with_context(earlier: &Earlier, thread: &str, prompt: &str) -> Result<(String, Context), u8> {
    let wrong = |why: String| {
        complain(&[Diagnostic::error("thread", why)], &Sources::default());
        exit::USAGE
    };
    let bytes = std::fs::read(&earlier.file)
        .map_err(|error| wrong(format!("`{}` cannot be read: {error}", earlier.file.display())))?;
    let (mut conversation, mut lines) = (Conversation::default(), Lines::default());
    lines.push(&bytes, |line| conversation.take(line.kept));
    lines.finish(|line| conversation.take(line.kept));
    let told = conversation.told(LONGEST);
    if told.parts == 0 {
        return Err(wrong(format!("`{}` holds no conversation", earlier.file.display())));
    }
    let context = Context { thread: thread.to_owned(), pieces: told.parts, left_out: told.left_out };
    Ok((before(thread, &told, prompt), context))
}

/// The events and the session files of this run: of its thread, and of those that it started.
pub(super) fn gather(
    followed: &Followed,
    home: &Path,
    began: SystemTime,
    earlier: Option<&Earlier>,
    around: &mut Around,
) -> Report {
    let mut files = vec![TraceFile::new(Path::new("(standard output of codex)"), &followed.account)];
    let mut accounts = vec![followed.account.clone()];
    let mut ours: Vec<String> = followed.account.threads.iter().map(|(id, _)| id.clone()).collect();
    let mut left = sessions::written_since(home, began);
    // A sub-agent may start another; files are in the order of their beginnings, but parents are looked for until none is new.
    loop {
        let before = left.len();
        left.retain(|path| {
            let at = earlier.filter(|earlier| earlier.file == *path).map_or(0, |earlier| earlier.length);
            let Ok(whole) = sessions::account_from(path, 0) else { return true };
            let known = |id: &String| ours.contains(id);
            let belongs = whole.threads.iter().any(|(id, parent)| known(id) || parent.as_ref().is_some_and(known));
            if !belongs {
                return true;
            }
            let mut account =
                if at == 0 { whole.clone() } else { sessions::account_from(path, at).unwrap_or_default() };
            // What came before is not told again, but it is part of the totals.
            account.usage = whole.usage;
            ours.extend(account.threads.iter().map(|(id, _)| id.clone()));
            files.push(TraceFile::new(path, &account));
            accounts.push(account);
            false
        });
        if left.len() == before {
            break;
        }
    }
    let mut deeds = deeds(&accounts);
    let guard = around.join(&mut deeds);
    let mut report = Report::new(files, &accounts, deeds);
    report.guard = guard;
    report
}

/// The tokens of this run, and those of its sub-agents.
pub(super) fn used(report: &Report, thread: Option<&str>, earlier: Option<&Earlier>) -> (Usage, Usage) {
    let (mut own, mut agents) = (Usage::default(), Usage::default());
    for (id, usage) in &report.tokens {
        if Some(id.as_str()) == thread || id.is_empty() {
            own = own.max(*usage);
        } else {
            agents = agents.plus(*usage);
        }
    }
    (earlier.map_or(own, |earlier| own.since(earlier.usage)), agents)
}
