//! The words with which Codex is started, by its version. Pure.
//!
//! `exec` never asks anybody, whatever its options say, so a mode is a sandbox and no approval policy.

use serde::Serialize;

/// A version of Codex: the numbers of `codex --version`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(pub u64, pub u64, pub u64);

impl Release {
    /// Reads what `codex --version` prints: `codex-cli 0.169.0`, perhaps with a suffix.
    #[must_use]
    pub fn read(said: &str) -> Option<Self> {
        let number = said.lines().find_map(|line| line.trim().strip_prefix("codex-cli "))?;
        Self::parse(number.trim())
    }

    /// Reads three numbers with dots between them; what follows a dash does not count.
    #[must_use]
    pub fn parse(number: &str) -> Option<Self> {
        let mut parts = number.split(['-', '+']).next()?.split('.').map(|part| part.parse().ok());
        let release = Self(parts.next()??, parts.next()??, parts.next()??);
        parts.next().is_none().then_some(release)
    }
}

impl std::fmt::Display for Release {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// The last release whose preset is `--full-auto`; a later one warns of it, and since 0.146 it is an error.
pub const LAST_FULL_AUTO: Release = Release(0, 125, u64::MAX);

/// What Codex may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nothing is written, no network.
    ReadOnly,
    /// The workspace, /tmp and TMPDIR are written; no network.
    FullAuto,
    /// No sandbox at all; rules still hold.
    Bypass,
}

impl Mode {
    /// As the command line has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::FullAuto => "full-auto",
            Self::Bypass => "bypass",
        }
    }
}

/// How full-auto is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// `--full-auto`.
    FullAuto,
    /// `--sandbox workspace-write`.
    Sandbox,
}

impl Spelling {
    /// What a release takes; the newer where the release is not known.
    #[must_use]
    pub fn of(release: Option<Release>) -> Self {
        if release.is_some_and(|release| release <= LAST_FULL_AUTO) { Self::FullAuto } else { Self::Sandbox }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::FullAuto => Self::Sandbox,
            Self::Sandbox => Self::FullAuto,
        }
    }

    /// The option that Codex would name if it did not know it.
    #[must_use]
    pub const fn option(self) -> &'static str {
        match self {
            Self::FullAuto => "--full-auto",
            Self::Sandbox => "--sandbox",
        }
    }
}

/// What is asked of Codex.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// What it may do.
    pub mode: Mode,
    /// The model, if not the configured one.
    pub model: Option<String>,
    /// Settings, `key=value`, as `-c` takes them.
    pub settings: Vec<String>,
    /// Whether a workspace without git is accepted.
    pub git: Git,
    /// The thread to go on with.
    pub resume: Option<String>,
    /// The prompt; never empty.
    pub prompt: String,
}

/// Whether Codex wants a git repository around the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Git {
    /// As it does by itself: in all modes but bypass.
    Required,
    /// Not at all.
    Skip,
}

/// A longer prompt goes through standard input: Linux takes no argument of 128 KiB (`execve(2)`, MAX_ARG_STRLEN).
const LONGEST_ARGUMENT: usize = 100_000;

impl Invocation {
    /// The words behind `codex`, and what standard input holds.
    #[must_use]
    pub fn words(&self, spelling: Spelling) -> (Vec<String>, Option<String>) {
        let mut words = vec!["exec".to_owned()];
        let mut push = |more: &[&str]| words.extend(more.iter().map(|word| (*word).to_owned()));
        // In front of the word `resume`, where every version takes a sandbox; a thread does not keep its own.
        match (self.mode, self.resume.is_some()) {
            (Mode::ReadOnly, _) => push(&["--sandbox", "read-only"]),
            (Mode::FullAuto, false) if spelling == Spelling::FullAuto => push(&["--full-auto"]),
            (Mode::FullAuto, _) => push(&["--sandbox", "workspace-write"]),
            (Mode::Bypass, _) => push(&["--dangerously-bypass-approvals-and-sandbox"]),
        }
        if self.git == Git::Skip {
            push(&["--skip-git-repo-check"]);
        }
        if self.resume.is_some() {
            push(&["resume"]);
        }
        push(&["--json"]);
        if let Some(model) = &self.model {
            push(&["--model", model]);
        }
        for setting in &self.settings {
            push(&["-c", setting]);
        }
        let through_stdin = self.prompt.len() > LONGEST_ARGUMENT || self.prompt.contains('\0') || self.prompt == "-";
        push(&["--"]);
        if let Some(thread) = &self.resume {
            push(&[thread]);
        }
        push(&[if through_stdin { "-" } else { &self.prompt }]);
        (words, through_stdin.then(|| self.prompt.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(mode: Mode) -> Invocation {
        Invocation {
            mode,
            model: None,
            settings: Vec::new(),
            git: Git::Required,
            resume: None,
            prompt: "--do it".into(),
        }
    }

    fn line(invocation: &Invocation, said: &str) -> String {
        invocation.words(Spelling::of(Release::read(said))).0.join(" ")
    }

    #[test]
    fn a_release_is_read_and_nonsense_is_none() {
        assert_eq!(Release::read("codex-cli 0.169.0\n"), Some(Release(0, 169, 0)));
        assert_eq!(Release::read("WARNING: x\ncodex-cli 0.130.2-alpha.1\n"), Some(Release(0, 130, 2)));
        for other in ["", "codex 1", "codex-cli", "codex-cli 1.2", "codex-cli 1.2.3.4", "codex-cli a.b.c"] {
            assert_eq!(Release::read(other), None, "{other}");
        }
    }

    #[test]
    fn full_auto_is_spelled_as_the_version_takes_it() {
        for (said, option) in [
            ("codex-cli 0.117.0", "--full-auto"),
            ("codex-cli 0.125.9", "--full-auto"),
            ("codex-cli 0.126.0", "--sandbox workspace-write"),
            ("codex-cli 0.169.0", "--sandbox workspace-write"),
            ("who knows", "--sandbox workspace-write"),
        ] {
            assert_eq!(line(&asked(Mode::FullAuto), said), format!("exec {option} --json -- --do it"), "{said}");
        }
    }

    #[test]
    fn a_resumed_thread_is_told_its_mode_again_in_front_of_the_word() {
        for (mode, option) in [
            (Mode::ReadOnly, "--sandbox read-only"),
            (Mode::FullAuto, "--sandbox workspace-write"),
            (Mode::Bypass, "--dangerously-bypass-approvals-and-sandbox"),
        ] {
            let resumed = Invocation {
                resume: Some("ID".into()),
                model: Some("m".into()),
                settings: vec!["model_reasoning_effort=\"high\"".into(), "k=v".into()],
                git: Git::Skip,
                ..asked(mode)
            };
            let settings = "-c model_reasoning_effort=\"high\" -c k=v";
            let expected =
                format!("exec {option} --skip-git-repo-check resume --json --model m {settings} -- ID --do it");
            assert_eq!(line(&resumed, "codex-cli 0.117.0"), expected);
        }
    }

    #[test]
    fn a_prompt_that_cannot_be_an_argument_goes_through_standard_input() {
        for prompt in ["x".repeat(200_000), "a\0b".into(), "-".into()] {
            let (words, stdin) = Invocation { prompt: prompt.clone(), ..asked(Mode::Bypass) }.words(Spelling::Sandbox);
            assert_eq!((words.last().map(String::as_str), stdin), (Some("-"), Some(prompt)));
        }
    }
}
