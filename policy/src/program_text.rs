//! Words that carry program text: what a shell is told to execute cannot be known from the words alone.
//!
//! A rule set can still forbid such a command; nothing can allow it until the text itself has been judged.

use crate::decision::Decision;
use crate::verdict::{PROGRAM_TEXT, Reason};

const SHELLS: &[&str] = &["ash", "bash", "csh", "dash", "fish", "ksh", "mksh", "rbash", "sh", "tcsh", "zsh"];

/// The reason to distrust a command that hands program text to a shell, if it does. `names` is what its program is known
/// by.
pub(crate) fn opaque(argv: &[String], names: &[&str]) -> Option<Reason> {
    let (_, arguments) = argv.split_first()?;
    let shell = names.iter().find(|name| name.ends_with('h') && SHELLS.contains(name))?;
    let text = arguments.iter().take_while(|argument| argument.as_str() != "--").any(|argument| {
        argument == "--command"
            || argument.starts_with("--command=")
            || argument.strip_prefix('-').is_some_and(|cluster| !cluster.starts_with('-') && cluster.contains('c'))
    });
    text.then(|| Reason::Opaque { decision: Decision::Prompt, what: format!("{PROGRAM_TEXT} given to `{shell}`") })
}
