//! A home for the real Codex in which palisade's own scripted model says what a test says, turn by turn.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use palisade::model::home;
use palisade::model::play::Play;
use palisade::model::script::{Act, ModelKind, Script, Step};
use palisade::model::serve::{Behind, Server};

use crate::sandboxed::{SOMEBODY, User};

/// What the model does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Turn {
    /// It calls tools: each with its id and its script.
    Calls(Vec<(&'static str, &'static str)>),
    /// It says something, which ends the turn.
    Says(&'static str),
    /// It refuses with this status.
    Status(u16),
    /// It says nothing and keeps the connection.
    Silent,
}

/// A home for Codex that knows only this model. It lies outside of the temporary directory, where Codex' sandbox would not work.
pub(crate) struct Home {
    folder: tempfile::TempDir,
    user: User,
    server: Server,
}

impl Home {
    pub(crate) fn new(turns: Vec<Turn>) -> Self {
        Self::of(User::Own, turns)
    }

    /// The home of a user, with a workspace under git beside it.
    pub(crate) fn of(user: User, turns: Vec<Turn>) -> Self {
        let folder = match user {
            User::Own => tempfile::tempdir_in("/var/tmp"),
            // Where the tests are built only root may be able to go.
            User::Ordinary => tempfile::tempdir_in("/var/tmp"),
        };
        let folder = folder.expect("a folder");
        let mut steps = Vec::new();
        for (at, turn) in turns.into_iter().enumerate() {
            let one = |act| Step { id: format!("turn-{at}"), act, ..Step::default() };
            match turn {
                Turn::Says(text) => steps.push(one(Act::Say(text.into()))),
                Turn::Status(status) => steps.push(one(Act::Status(status))),
                Turn::Silent => steps.push(one(Act::Silent)),
                Turn::Calls(calls) => steps.extend(calls.into_iter().enumerate().map(|(nth, (id, script))| Step {
                    id: id.into(),
                    beside: nth > 0,
                    act: Act::Run(script.into(), serde_json::Map::new()),
                    ..Step::default()
                })),
            }
        }
        let script = Script { last: "the script is over".into(), pause: 300, steps, ..Script::default() };
        let play = Play::new(script, None, None, None);
        let server = Server::start(0, Behind::Script(Arc::new(Mutex::new(play)))).expect("loopback");
        let made = Self { folder, user, server };
        home::write(&made.path(), &made.server.url(), ModelKind::Tools, None).expect("a home");
        // Two runs of Codex beside each other take `/tmp/.git` and the like away from each other, and one of them then fails.
        let mut config = File::options().append(true).open(made.path().join("config.toml")).expect("a file");
        config.write_all(b"[sandbox_workspace_write]\nexclude_slash_tmp = true\n").expect("written");
        let git = Command::new("git").args(["init", "-q"]).arg(made.workspace()).status();
        assert!(git.expect("git").success());
        if user == User::Ordinary {
            let whose = format!("{SOMEBODY}:{SOMEBODY}");
            let given = Command::new("chown").args(["-R", &whose]).arg(made.folder.path()).status();
            assert!(given.expect("chown").success());
        }
        made
    }

    pub(crate) fn user(&self) -> User {
        self.user
    }

    /// CODEX_HOME.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("codex-home")
    }

    /// The workspace.
    pub(crate) fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    /// Also for HOME: login files of whoever runs the tests are none of theirs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}
