//! The commands that 0.117.0 and 0.125.0 approve by themselves under `untrusted`; 0.169.0 has no such list on Linux.

use super::decompose::{Decomposition, decompose, wrapped};
use super::version::Version;

/// Programs that are safe with any arguments.
const ALWAYS: &[&str] = &[
    "cat", "cd", "cut", "echo", "expr", "false", "grep", "head", "id", "ls", "nl", "numfmt", "paste", "pwd", "rev",
    "seq", "stat", "tac", "tail", "tr", "true", "uname", "uniq", "wc", "which", "whoami",
];

/// A program that is safe only with some arguments.
type Conditional = (&'static str, fn(&[String]) -> bool);

const CONDITIONAL: &[Conditional] = &[("base64", base64), ("find", find), ("git", git), ("rg", rg), ("sed", sed)];

/// Whether a version approves a command by itself: its program is told by its last component, so `./ls` counts.
#[must_use]
pub fn command(argv: &[String], version: Version) -> bool {
    if !version.traits().known_safe {
        return false;
    }
    one(argv)
        || wrapped(argv).is_some_and(|script| match decompose(script, version) {
            Decomposition::Plain(commands) => commands.iter().all(|words| one(words)),
            Decomposition::HeredocPrefix(_) | Decomposition::Opaque { .. } => false,
        })
}

fn one(argv: &[String]) -> bool {
    let Some((program, arguments)) = argv.split_first() else { return false };
    let name = program.rsplit('/').next().unwrap_or_default();
    ALWAYS.contains(&name) || CONDITIONAL.iter().any(|(listed, safe)| *listed == name && safe(arguments))
}

fn is_any(word: &str, names: &[&str]) -> bool {
    names.contains(&word)
}

/// Whether the word is one of the options, alone or with a value after `=`.
fn option(word: &str, names: &[&str]) -> bool {
    is_any(word.split_once('=').map_or(word, |(name, _)| name), names)
}

fn base64(arguments: &[String]) -> bool {
    !arguments.iter().any(|word| word.starts_with("-o") || option(word, &["--output"]))
}

fn find(arguments: &[String]) -> bool {
    const WRITES: &[&str] =
        &["-exec", "-execdir", "-ok", "-okdir", "-delete", "-fls", "-fprint", "-fprint0", "-fprintf"];
    !arguments.iter().any(|word| is_any(word, WRITES))
}

fn rg(arguments: &[String]) -> bool {
    !arguments.iter().any(|word| is_any(word, &["--search-zip", "-z"]) || option(word, &["--pre", "--hostname-bin"]))
}

fn sed(arguments: &[String]) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match arguments {
        [quiet, lines] | [quiet, lines, _] if quiet == "-n" => lines.strip_suffix('p').is_some_and(|range| {
            range.split_once(',').map_or_else(|| number(range), |(from, to)| number(from) && number(to))
        }),
        _ => false,
    }
}

fn git(arguments: &[String]) -> bool {
    const PLACES: &[&str] = &["--git-dir", "--work-tree", "--exec-path", "--namespace", "--super-prefix"];
    const PASSED: &[&str] = &["-p", "--paginate", "--no-pager", "--bare", "--"];
    if arguments.iter().any(|word| word.starts_with("-c") || word.starts_with("--config-env")) {
        return false;
    }
    let mut rest = arguments;
    while let Some((word, after)) = rest.split_first() {
        rest = match word.as_str() {
            word if option(word, PLACES) => return false,
            "-C" => after.get(1..).unwrap_or_default(),
            word if word.starts_with("-C") || is_any(word, PASSED) => after,
            "status" | "log" | "diff" | "show" => return reads(after),
            "branch" => return reads(after) && lists(after),
            _ => return false,
        };
    }
    false
}

/// Whether a sub-command of git writes no file and starts no helper that was named in its arguments.
fn reads(arguments: &[String]) -> bool {
    const WRITES: &[&str] = &["--output", "--ext-diff", "--textconv", "--exec", "--paginate"];
    !arguments.iter().any(|word| is_any(word, WRITES) || word.starts_with("--output=") || word.starts_with("--exec="))
}

fn lists(arguments: &[String]) -> bool {
    const LISTS: &[&str] =
        &["-l", "--list", "--show-current", "-a", "--all", "-r", "--remotes", "-v", "-vv", "--verbose"];
    arguments.iter().all(|word| is_any(word, LISTS) || word.starts_with("--format="))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAFE: &[&str] = &[
        "ls",
        "./ls -la",
        "/tmp/cat x",
        "tac x",
        "base64 -d x",
        "find . -name x",
        "rg x --pretty",
        "sed -n 1p",
        "sed -n 1,20p file",
        "git status",
        "git -C x log --oneline",
        "git -Cx diff",
        "git --no-pager show HEAD",
        "git branch",
        "git branch -vv --format=x",
        "bash -c ls",
    ];

    const NOT: &[&str] = &[
        "LS",
        "rm x",
        "base64 -o x",
        "base64 --output=x",
        "base64 -ox",
        "find . -delete",
        "find . -fprintf x y",
        "rg -z x",
        "rg --pre=x y",
        "rg --pre x",
        "sed 1p",
        "sed -n p",
        "sed -n 1,p",
        "sed -n 1p a b",
        "sed -n 1d x",
        "git -c a=b status",
        "git log -c",
        "git --git-dir=x status",
        "git --exec-path x status",
        "git push",
        "git log --output=x",
        "git diff --textconv",
        "git branch x",
        "git branch -d x",
        "git",
        "git -C",
        "bash -c rm",
        "bash -ec ls",
        "env ls",
        "",
    ];

    #[test]
    fn each_row_of_the_list_holds_in_the_old_versions_and_none_in_the_new() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for version in [Version::V0_117_0, Version::V0_125_0] {
            for text in SAFE {
                assert!(command(&words(text), version), "{text}");
            }
            for text in NOT {
                assert!(!command(&words(text), version), "{text}");
            }
        }
        assert!(!SAFE.iter().any(|text| command(&words(text), Version::V0_169_0)));
        assert!(!command(&[], Version::V0_125_0));
    }
}
