//! Why a failed command may have failed: a guess from its words and the plan, said in one line and marked as likely.
//!
//! Nothing was watched while the command ran, so only what its words show is known: a file that a writing program or a
//! redirection names, a program that needs the network. What cannot be told from that is not told.

use std::path::{Component, Path, PathBuf};

use policy::profile::Network;

use crate::outcome::Outcome;
use crate::plan::{Plan, Step};

/// Programs that change the files they name.
const WRITERS: &[&str] = &[
    "chmod", "chown", "cp", "dd", "install", "ln", "mkdir", "mkfifo", "mv", "rm", "rmdir", "rsync", "tee", "touch",
    "truncate", "unlink",
];

/// Programs that are of no use without a network.
const NETWORKERS: &[&str] = &["curl", "ftp", "nc", "ncat", "ping", "rsync", "scp", "sftp", "ssh", "telnet", "wget"];

/// The likely denial behind this outcome, in words.
#[must_use]
pub fn likely(outcome: &Outcome, plan: &Plan, argv: &[String], cwd: &Path, home: Option<&Path>) -> Option<String> {
    match outcome {
        Outcome::Signalled { signal } if *signal == libc::SIGSYS => {
            return Some("a system call of a foreign architecture (seccomp)".into());
        }
        Outcome::Exited { status: 1.. } => {}
        _ => return None,
    }
    let walls = Walls { plan, cwd, home };
    commands(argv).iter().find_map(|words| walls.stand_before(words))
}

/// The simple commands of an argv; the text given to a shell is taken apart roughly, which is enough for a guess.
fn commands(argv: &[String]) -> Vec<Vec<String>> {
    let shell = argv.first().is_some_and(|word| {
        let name = word.rsplit('/').next().unwrap_or(word);
        matches!(name, "sh" | "bash" | "dash" | "zsh")
    });
    let text =
        argv.iter().position(|word| word.starts_with('-') && word.ends_with('c')).and_then(|at| argv.get(at + 1));
    let Some(text) = text.filter(|_| shell) else { return vec![argv.to_vec()] };
    let spaced = text.replace(">>", ">").replace('>', " > ");
    spaced
        .split([';', '|', '&', '\n', '(', ')'])
        .map(|part| part.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned()).collect())
        .collect()
}

struct Walls<'a> {
    plan: &'a Plan,
    cwd: &'a Path,
    home: Option<&'a Path>,
}

impl Walls<'_> {
    fn stand_before(&self, words: &[String]) -> Option<String> {
        let program = words.first().map(|word| word.rsplit('/').next().unwrap_or(word))?;
        let redirected = words.windows(2).filter(|pair| pair[0] == ">").map(|pair| &pair[1]);
        let named = words.iter().skip(1).filter(|word| WRITERS.contains(&program) && !word.starts_with('-'));
        let written = redirected.chain(named).find_map(|word| self.not_writable(&self.absolute(word)?));
        written
            .or_else(|| words.iter().skip(1).find_map(|word| self.hidden(&self.absolute(word)?)))
            .or_else(|| self.network_off(program, words))
    }

    /// A word as an absolute path, by text alone; `None` for what cannot be a path or holds what only a shell knows.
    fn absolute(&self, word: &str) -> Option<PathBuf> {
        let word = match (word.strip_prefix("~/").or_else(|| word.strip_prefix("$HOME/")), self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ if word.is_empty() || word.contains(['$', '`', '*', '?', '=', ':']) => return None,
            _ => self.cwd.join(word),
        };
        let mut path = PathBuf::new();
        for part in word.components() {
            match part {
                Component::ParentDir => {
                    path.pop();
                }
                Component::CurDir => {}
                part => path.push(part),
            }
        }
        Some(path)
    }

    fn not_writable(&self, path: &Path) -> Option<String> {
        if path.starts_with("/dev") || path.starts_with("/proc") {
            return None;
        }
        let protected = self
            .plan
            .steps
            .iter()
            .any(|step| matches!(step, Step::Protect { path: held, .. } if path.starts_with(held)));
        if protected {
            return Some(format!("changing `{}`, which is protected (files.protect)", path.display()));
        }
        let mut writable = self.plan.steps.iter().filter_map(|step| match step {
            Step::Writable { root, .. } => Some(&root.path),
            _ => None,
        });
        let confined = self.plan.steps.iter().any(|step| matches!(step, Step::ReadOnlyTree | Step::FreshRoot { .. }));
        if !confined || writable.any(|root| path.starts_with(root)) {
            return None;
        }
        // What this user could not write without a sandbox either was not denied by it.
        let place = path.ancestors().find(|place| place.exists())?;
        nix::unistd::access(place, nix::unistd::AccessFlags::W_OK).ok()?;
        Some(format!(
            "changing `{}`, which lies outside the writable trees (files.write; `--writable DIR` adds one)",
            path.display()
        ))
    }

    fn hidden(&self, path: &Path) -> Option<String> {
        let hidden = |step: &Step| matches!(step, Step::Deny { path: held, .. } if path.starts_with(held));
        self.plan
            .steps
            .iter()
            .any(hidden)
            .then(|| format!("reading `{}`, which is hidden (files.deny_read)", path.display()))
    }

    fn network_off(&self, program: &str, words: &[String]) -> Option<String> {
        let off = |step: &Step| matches!(step, Step::FilterCalls { network: Network::Off, .. });
        let address =
            words.iter().any(|word| word.contains("://") || word.contains("/dev/tcp/") || word.contains("/dev/udp/"));
        let wanted = NETWORKERS.contains(&program) || address;
        (wanted && self.plan.steps.iter().any(off))
            .then(|| format!("the network for `{program}` (network.access; `--network host` gives the host's)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::Object;

    fn guess(argv: &[&str], status: u8) -> Option<String> {
        let plan = Plan {
            steps: vec![
                Step::ReadOnlyTree,
                Step::Writable {
                    root: Object { path: "/var/tmp/w".into(), device: 0, inode: 0 },
                    mounts_below: Vec::new(),
                },
                Step::Protect { path: "/var/tmp/w/.git".into(), exists: true },
                Step::Deny { path: "/secret".into(), state: crate::site::State::File },
                Step::FilterCalls { refuse: Vec::new(), network: Network::Off, without: Vec::new() },
            ],
            ..Plan::default()
        };
        let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
        likely(&Outcome::Exited { status }, &plan, &argv, Path::new("/var/tmp/w"), Some(Path::new("/var/tmp")))
    }

    #[test]
    fn the_path_or_call_is_named() {
        for (argv, named) in [
            (&["touch", "/var/tmp/x"][..], "`/var/tmp/x`"),
            (&["touch", "../x"], "`/var/tmp/x`"),
            (&["sh", "-c", "make && echo x >> ~/notes"], "`/var/tmp/notes`"),
            (&["bash", "-lc", "rm -rf .git/hooks"], "files.protect"),
            (&["cat", "/secret"], "files.deny_read"),
            (&["curl", "http://example.org/"], "network.access"),
            (&["bash", "-c", "echo > /dev/tcp/127.0.0.1/80"], "network.access"),
        ] {
            let said = guess(argv, 1).unwrap_or_default();
            assert!(said.contains(named), "{argv:?}: {said}");
        }
    }

    #[test]
    fn what_the_sandbox_did_not_deny_is_not_blamed_on_it() {
        assert_eq!(guess(&["touch", "/var/tmp/x"], 0), None);
        assert_eq!(guess(&["touch", "inside"], 1), None);
        assert_eq!(guess(&["grep", "x", "/var/tmp/other"], 1), None);
        assert_eq!(guess(&["false"], 1), None);
    }
}
