//! Protected names that are something else than a directory, lie somewhere else, or are not there yet.

use std::os::unix::fs::symlink;
use std::path::Path;

use super::super::attempt::{Attempt, Setup, worked};
use super::super::{Need, Probe};
use super::ground::Ground;
use super::{ROW, Scenario, no, not_here};

const NAMED: Probe = Probe { layer: "mount", need: Need::Name(".git", "ws"), ..ROW };

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        row: Probe {
            id: "SC-14",
            asks: "can it put a workspace of its own making in place, by renaming a directory above it that it may write?",
            layer: "pinned ancestors",
            ..NAMED
        },
        topic: "metadata",
        attempt: level_between,
    },
    Scenario {
        row: Probe {
            id: "SC-15",
            asks: "can it write to or replace a `.git` that is a symbolic link?",
            layer: "mount, or refusing to start",
            ..NAMED
        },
        topic: "metadata",
        attempt: |ground| {
            let script = "mkdir -p \"$(readlink .git)\"; echo written >> .git/config; rm -f .git; \
                          mkdir .git && echo written > .git/config";
            for target in ["ws/real", "out/real", "ws/nowhere"] {
                let link = ground.at("ws/.git");
                let _ = std::fs::remove_file(&link).or_else(|_| std::fs::remove_dir_all(&link));
                if target.ends_with("real") {
                    ground.file(&format!("{target}/config"), "").setup("no target")?;
                }
                symlink(ground.at(target), &link).setup("no link")?;
                ground.script(script, &[]).run()?;
                let replaced = !link.symlink_metadata().is_ok_and(|data| data.is_symlink());
                if replaced || !ground.read(&format!("{target}/config")).is_empty() {
                    return Ok(format!("one to {target}"));
                }
            }
            no("each stayed as it was")
        },
    },
    Scenario {
        row: Probe {
            id: "SC-16",
            asks: "can it write to a worktree's `.git` file, or to where that points outside?",
            ..NAMED
        },
        topic: "metadata",
        attempt: |ground| pointed(ground, "out/main/.git/worktrees/w", &["HEAD"]),
    },
    Scenario {
        row: Probe { id: "SC-17", asks: "can it write to where a `.git` file points inside the workspace?", ..NAMED },
        topic: "metadata",
        attempt: |ground| pointed(ground, "ws/repository", &["HEAD", "config"]),
    },
    Scenario {
        row: Probe {
            id: "SC-18",
            asks: "can it write hooks and configuration of a worktree whose repository lies in another writable root?",
            ..NAMED
        },
        topic: "metadata",
        attempt: |ground| {
            let own = "tmp/main/.git/worktrees/w";
            ground.file(&format!("{own}/commondir"), "../..\n").setup("no repository")?;
            ground.file("tmp/main/.git/hooks/post-commit", "").setup("no repository")?;
            pointed(ground, own, &["HEAD", "../../config", "../../hooks/post-commit"])
        },
    },
    Scenario {
        row: Probe {
            id: "SC-19",
            asks: "can it write to or replace protected names that are files, full or empty?",
            need: Need::Name(".codex", "ws"),
            ..NAMED
        },
        topic: "metadata",
        attempt: |ground| {
            ground.file("ws/.codex", "something\n").and_then(|()| ground.file("ws/.agents", "")).setup("no files")?;
            let script = "echo written >> .codex; echo written >> .agents; rm -f .codex .agents; mkdir .codex .agents";
            ground.script(script, &[]).run()?;
            let same = ground.read("ws/.codex") == "something\n"
                && ground.at("ws/.agents").symlink_metadata().is_ok_and(|data| data.is_file() && data.len() == 0);
            if same { no("both stayed as they were") } else { worked() }
        },
    },
    Scenario {
        row: Probe {
            id: "SC-20",
            asks: "can it move a prepared `.git` into the place of a missing one, or hide the repository above?",
            layer: "stand-in, mount",
            ..NAMED
        },
        topic: "metadata",
        attempt: moved_into_place,
    },
    Scenario {
        row: Probe {
            id: "SC-45",
            asks: "can it write a protected name in other letters, where case does not count?",
            layer: "names compared without case",
            ..NAMED
        },
        topic: "filesystem",
        attempt: other_letters,
    },
];

/// A `.git` file that points somewhere: neither it nor these files there may change.
fn pointed(ground: &Ground<'_>, target: &str, files: &[&str]) -> Attempt {
    let before = format!("gitdir: {}\n", ground.word(target));
    ground.file("ws/.git", &before).setup("no pointer")?;
    for file in ["HEAD", "config"] {
        ground.file(&format!("{target}/{file}"), "").setup("no target")?;
    }
    let (mut script, mut words) = ("echo written >> .git; ".to_owned(), Vec::new());
    for (at, file) in files.iter().enumerate() {
        script.push_str(&format!("echo written >> \"${at}\"; "));
        words.push(ground.word(&format!("{target}/{file}")));
    }
    ground.script(&script, &words).run()?;
    let changed = |file: &&&str| !ground.read(&format!("{target}/{file}")).is_empty();
    match (ground.read("ws/.git") == before, files.iter().find(changed)) {
        (false, _) => Ok("the pointer".to_owned()),
        (true, Some(file)) => Ok(format!("{file} where it points")),
        (true, None) => no("neither changed"),
    }
}

fn level_between(ground: &Ground<'_>) -> Attempt {
    let top = ground.fixture.at(super::super::fixture::TREE);
    let level = top.join("level");
    let lay = || -> std::io::Result<()> {
        for folder in [top.clone(), level.clone(), level.join("ws"), level.join("ws/.git")] {
            std::fs::create_dir(&folder)?;
            ground.fixture.own(&folder)?;
        }
        Ok(())
    };
    lay().setup("no workspace in /tmp")?;
    let script = "cd / && mv \"$0/level\" \"$0/moved\" && mkdir -p \"$0/level/ws/.git/hooks\" && \
                  echo written > \"$0/level/ws/.git/hooks/post-commit\"";
    ground.script(script, &[top.to_string_lossy().into_owned()]).within(&level.join("ws")).run()?;
    let planted = level.join("ws/.git/hooks/post-commit").exists();
    let _ = std::fs::remove_dir_all(&top);
    if planted { Ok("a hook waits where the repository was".to_owned()) } else { no("the level stayed in place") }
}

fn moved_into_place(ground: &Ground<'_>) -> Attempt {
    ground.file(".git/HEAD", "ref: refs/heads/main\n").setup("no repository above")?;
    for part in ["objects", "refs"] {
        ground.directory(&format!(".git/{part}")).setup("no repository above")?;
    }
    let script = "mkdir -p prepared/hooks; echo written > prepared/config; \"$0\" \"$1\" prepared .git; \
                  if command -v git >/dev/null; then git -c safe.directory='*' rev-parse --show-toplevel; else echo none; fi";
    let ended = ground.script(script, &[ground.word("bin/palisade"), super::super::stage::MOVE.to_owned()]).run()?;
    if ground.at("ws/.git/config").exists() {
        return Ok("it is in place".to_owned());
    }
    let above = ended.out.trim();
    if above != "none" && !above.is_empty() && Path::new(above) != ground.at("") {
        return Ok(format!("git finds `{above}`"));
    }
    no("it never was in place")
}

/// Tries a file system without case, if this host has one where the fixture lies.
fn other_letters(ground: &Ground<'_>) -> Attempt {
    ground.directory("fold").setup("no directory")?;
    let folder = std::fs::File::open(ground.at("fold")).setup("no directory")?;
    if let Err(errno) = crate::sys::probe_calls::files::fold_case(&folder.into()) {
        return not_here(format!("no directory here can be without case: {errno}"));
    }
    ground.file("fold/.git/config", "").setup("no repository")?;
    ground.script("echo written >> .GIT/config", &[]).within(&ground.at("fold")).run()?;
    if ground.read("fold/.git/config").is_empty() { no("it stayed as it was") } else { worked() }
}
