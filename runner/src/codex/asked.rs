//! What a tool call asks for: a script, words, a patch, text for a running process, or something that is no command.
//!
//! The same tools have had several names; all that execute something end in one of these few forms. Pure.

use serde::Serialize;
use serde_json::Value;

/// What a call asks for.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "asks", rename_all = "kebab-case")]
pub enum Asked {
    /// Shell text.
    Script {
        /// The text.
        script: String,
    },
    /// Words, executed as they are.
    Words {
        /// The words.
        argv: Vec<String>,
    },
    /// A patch.
    Patch {
        /// The text.
        text: String,
    },
    /// Text typed into a running process.
    Typed {
        /// The text.
        text: String,
    },
    /// A program of the code mode, which calls other tools.
    Code {
        /// The program.
        program: String,
    },
    /// A tool for commands, called with what it does not understand.
    Unclear {
        /// What it was given.
        arguments: Value,
    },
    /// A tool that executes nothing on this host.
    Other {
        /// What it was given.
        arguments: Value,
    },
}

/// The tools that execute commands, by every name they have had.
const SHELLS: &[&str] = &["exec_command", "shell", "shell_command", "local_shell", "container.exec", "Bash"];

/// The beginning of a patch.
const PATCH: &str = "*** Begin Patch";

impl Asked {
    /// What a call of this tool with these arguments asks for. The arguments are an object, JSON text of one, or, for a
    /// custom tool, plain text.
    #[must_use]
    pub fn read(tool: &str, arguments: &Value) -> Self {
        let parsed = arguments.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        let given = parsed.as_ref().unwrap_or(arguments);
        let text = |key: &str| given.get(key).and_then(Value::as_str);
        let bare = || arguments.as_str().map(str::to_owned);
        match tool {
            "write_stdin" => match text("chars") {
                Some(chars) => Self::Typed { text: chars.to_owned() },
                None => Self::Unclear { arguments: given.clone() },
            },
            // A hook sees the patch where a command would be.
            "apply_patch" => match text("input").or_else(|| text("patch")).or_else(|| text("command")) {
                Some(patch) => Self::Patch { text: patch.to_owned() },
                None => bare().map_or_else(|| Self::Unclear { arguments: given.clone() }, |text| Self::Patch { text }),
            },
            "exec" if parsed.is_none() && arguments.is_string() => Self::Code { program: bare().unwrap_or_default() },
            tool if SHELLS.contains(&tool) => {
                let command = given.get("cmd").or_else(|| given.get("command"));
                match command {
                    Some(Value::String(script)) => Self::Script { script: script.clone() },
                    Some(Value::Array(words)) => words
                        .iter()
                        .map(|word| word.as_str().map(str::to_owned))
                        .collect::<Option<Vec<_>>>()
                        .map_or_else(|| Self::Unclear { arguments: given.clone() }, |argv| Self::Words { argv }),
                    _ => Self::Unclear { arguments: given.clone() },
                }
            }
            _ => Self::Other { arguments: given.clone() },
        }
    }

    /// How much text it holds, in bytes.
    #[must_use]
    pub fn length(&self) -> usize {
        match self {
            Self::Script { script: text }
            | Self::Patch { text }
            | Self::Typed { text }
            | Self::Code { program: text } => text.len(),
            Self::Words { argv } => argv.iter().map(String::len).sum(),
            Self::Unclear { arguments } | Self::Other { arguments } => arguments.to_string().len(),
        }
    }

    /// Whether the event stream shows such calls as items, when it shows them at all.
    #[must_use]
    pub fn has_item(&self) -> bool {
        matches!(self, Self::Script { .. } | Self::Words { .. } | Self::Patch { .. } | Self::Unclear { .. })
    }

    /// The shell text or the words on one key, by which a call is found again in another trace.
    #[must_use]
    pub fn key(&self) -> Option<String> {
        match self {
            Self::Script { script } => Some(script.clone()),
            Self::Words { argv } => Some(key(argv)),
            _ => None,
        }
    }

    /// The files of a patch: of one that was given as such, or that a script hands to `apply_patch`, which Codex takes
    /// out of the script and applies itself.
    #[must_use]
    pub fn patched(&self) -> Vec<String> {
        match self {
            Self::Patch { text } => patched(text),
            Self::Script { script } if script.contains("apply_patch") => patched(script),
            Self::Words { argv } if argv.iter().any(|word| word.contains("apply_patch")) => {
                argv.iter().flat_map(|word| patched(word)).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The script of a shell's words, or all words on one key.
#[must_use]
pub fn key(argv: &[String]) -> String {
    match argv {
        [_, option, script] if option == "-lc" || option == "-c" => script.clone(),
        words => words.join("\u{1f}"),
    }
}

/// The files that a patch names; a file that is moved counts under its old name, as Codex reports it.
fn patched(text: &str) -> Vec<String> {
    let Some(at) = text.find(PATCH) else { return Vec::new() };
    let named = |line: &str| {
        let rest = ["*** Add File: ", "*** Update File: ", "*** Delete File: "]
            .iter()
            .find_map(|mark| line.trim().strip_prefix(mark));
        rest.map(|name| name.trim().to_owned())
    };
    let mut files: Vec<String> = text.get(at..).unwrap_or_default().lines().filter_map(named).collect();
    files.sort();
    files.dedup();
    files
}
