//! What a command changed outside of itself, as data and in words.

use serde::{Deserialize, Serialize};

/// What kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A socket, pipe or device.
    Special,
}

/// What of a file changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Aspect {
    /// Its bytes, or where a link leads.
    Content,
    /// Its permissions.
    Mode,
    /// Its owner or group.
    Owner,
    /// What kind of file it is.
    Kind,
}

/// One effect.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// A file came into being.
    Created {
        /// Where.
        path: String,
        /// What.
        kind: Kind,
    },
    /// A file is another than before.
    Changed {
        /// Where.
        path: String,
        /// In what.
        what: Vec<Aspect>,
    },
    /// A file is gone, with everything below it.
    Removed {
        /// Where.
        path: String,
        /// What it was.
        kind: Kind,
    },
    /// Something arrived at a service.
    Arrived {
        /// Which service.
        service: String,
        /// How many bytes.
        bytes: u64,
        /// The first of them.
        start: String,
    },
    /// A name was looked up.
    Asked {
        /// Which.
        name: String,
    },
    /// Another process of the same user got a signal.
    Signalled {
        /// Which.
        signal: i32,
    },
    /// A process was still running after the command had ended.
    ProcessLeft {
        /// Its command line.
        command: String,
    },
    /// A System V object was still there after the command had ended.
    ObjectLeft {
        /// Which kind, in words.
        what: String,
    },
}

impl Effect {
    /// The path it is about, if it is about a file.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Created { path, .. } | Self::Changed { path, .. } | Self::Removed { path, .. } => Some(path),
            _ => None,
        }
    }
}

impl std::fmt::Display for Effect {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Created { path, kind: Kind::Directory } => write!(out, "creating {path}/"),
            Self::Created { path, .. } => write!(out, "creating {path}"),
            Self::Changed { path, what } => {
                let what: Vec<_> = what
                    .iter()
                    .map(|aspect| match aspect {
                        Aspect::Content => "content",
                        Aspect::Mode => "mode",
                        Aspect::Owner => "owner",
                        Aspect::Kind => "kind",
                    })
                    .collect();
                write!(out, "changing the {} of {path}", what.join(" and "))
            }
            Self::Removed { path, kind: Kind::Directory } => write!(out, "removing {path}/"),
            Self::Removed { path, .. } => write!(out, "removing {path}"),
            Self::Arrived { service, bytes, start } => {
                let plural = if *bytes == 1 { "" } else { "s" };
                write!(out, "reaching {service} with {bytes} byte{plural}")?;
                match start.lines().next().unwrap_or_default() {
                    "" => Ok(()),
                    line => write!(out, ", `{}`", printable(line)),
                }
            }
            Self::Asked { name } => write!(out, "asking the name service for `{name}`"),
            Self::Signalled { signal } => {
                let name = nix::sys::signal::Signal::try_from(*signal).map_or("?", |signal| signal.as_str());
                write!(out, "sending {name} to another process")
            }
            Self::ProcessLeft { command } => write!(out, "leaving `{command}` running"),
            Self::ObjectLeft { what } => write!(out, "leaving {what}"),
        }
    }
}

/// Text of a command as a terminal may show it: what is not a letter, a digit, a sign or a blank is a dot.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() || letter == '\u{fffd}' { '.' } else { letter }).collect()
}

/// Effects without those that follow from another one in the list: what lies in a directory that is new itself.
pub fn outermost(effects: &[Effect]) -> impl Iterator<Item = &Effect> {
    let new: Vec<&str> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Created { path, kind: Kind::Directory } => Some(path.as_str()),
            _ => None,
        })
        .collect();
    effects.iter().filter(move |effect| {
        effect.path().is_none_or(|path| {
            !new.iter().any(|outer| path.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/')))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_a_new_directory_is_not_told_again() {
        let made = |path: &str, kind| Effect::Created { path: path.into(), kind };
        let effects =
            [made("/a", Kind::Directory), made("/a/b", Kind::File), made("/ab", Kind::File), made("/c", Kind::File)];
        let told: Vec<_> = outermost(&effects).map(ToString::to_string).collect();
        assert_eq!(told, ["creating /a/", "creating /ab", "creating /c"]);
    }
}
