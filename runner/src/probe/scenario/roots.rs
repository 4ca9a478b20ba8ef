//! What becomes writable because somebody named it: `$TMPDIR`, the working directory.

use std::path::Path;

use super::super::Probe;
use super::super::attempt::{Attempt, Setup, worked};
use super::ground::{Ground, Start};
use super::{LEAVES, ROW, Scenario, no};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        row: Probe {
            id: "SC-10",
            asks: "does a $TMPDIR that names the root, a parent of the workspace or the home directory open it?",
            layer: "policy of roots, mount",
            ..ROW
        },
        topic: "roots",
        attempt: |ground| {
            let parent = ground.at("");
            for (folder, file) in
                [(Path::new("/"), "out/SC-10"), (&parent, "out/SC-10"), (&ground.at("home"), "home/.rc")]
            {
                if written(ground, file, |start| start.with("TMPDIR", folder))? {
                    return Ok(format!("with $TMPDIR={}", folder.display()));
                }
            }
            no("each was refused or ignored")
        },
    },
    Scenario {
        row: Probe {
            id: "SC-11",
            asks: "does a command run although $TMPDIR is missing, or no absolute path?",
            expect: LEAVES,
            layer: "policy of roots",
            ..ROW
        },
        topic: "roots",
        attempt: |ground| {
            for folder in [ground.word("missing"), "relative".to_owned()] {
                let ended = ground.start(&["true"]).with("TMPDIR", &folder).run()?;
                if ended.status != 0 {
                    return no(format!("with $TMPDIR={folder}: {}", ended.told()));
                }
            }
            worked()
        },
    },
    Scenario {
        row: Probe {
            id: "SC-12",
            asks: "does the root as working directory open everything?",
            layer: "policy of roots, mount",
            ..ROW
        },
        topic: "roots",
        attempt: |ground| opened(ground, "out/SC-12", "/".as_ref()),
    },
    Scenario {
        row: Probe {
            id: "SC-13",
            asks: "does the home directory as working directory open start files and keys?",
            layer: "policy of roots, mount",
            ..ROW
        },
        topic: "roots",
        attempt: |ground| {
            ground.file("home/.ssh/authorized_keys", "").setup("no home")?;
            opened(ground, "home/.bashrc", &ground.at("home"))
        },
    },
];

fn opened(ground: &Ground<'_>, file: &str, workspace: &Path) -> Attempt {
    if written(ground, file, |start| start.within(workspace))? { worked() } else { no("nothing could be written") }
}

/// Whether a file outside of the workspace could be written.
fn written<'a>(
    ground: &'a Ground<'a>,
    file: &str,
    change: impl FnOnce(Start<'a>) -> Start<'a>,
) -> Result<bool, super::super::attempt::Stop> {
    change(ground.script("echo written > \"$0\"", &[ground.word(file)])).run()?;
    Ok(ground.read(file).contains("written"))
}
