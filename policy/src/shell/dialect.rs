//! Which shell reads a script, and what that changes.

/// The shells whose scripts are decomposed. Any other shell's text is opaque.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// bash.
    Bash,
    /// bash that expands aliases, as it does when it is interactive or keeps to POSIX, and where it is told to.
    BashWithAliases,
    /// `sh`: dash, bash or another; only what all of them agree on is read.
    Sh,
    /// zsh, read as bash; what zsh reads otherwise is opaque.
    Zsh,
}

impl Dialect {
    /// The shell that stands for all that are read so.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::BashWithAliases => "bash with aliases",
            Self::Sh => "sh",
            Self::Zsh => "zsh",
        }
    }

    /// The dialect of a shell by its name, without a path; what is no program's name is one of [`Dialect::name`].
    #[must_use]
    pub fn of(shell: &str) -> Option<Self> {
        if shell == Self::BashWithAliases.name() {
            return Some(Self::BashWithAliases);
        }
        let name = shell.strip_suffix(".exe").unwrap_or(shell);
        match name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-') {
            "bash" | "rbash" => Some(Self::Bash),
            "sh" | "dash" | "ash" | "ksh" | "mksh" | "lksh" | "pdksh" | "ksh93" | "yash" | "posh" | "rksh" => {
                Some(Self::Sh)
            }
            "zsh" | "rzsh" => Some(Self::Zsh),
            _ => None,
        }
    }
}
