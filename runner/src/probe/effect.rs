//! Effects: what an attempt leaves behind that can be seen from outside, and the look before and after.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::pty::OnTerminal;
use super::services::Service;
use super::shared::Shared;

/// Where the driver looks to see whether an attempt had an effect. Places are those of [`super::scene::place`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing to see from outside: the report stands alone.
    Unseen,
    /// Something is there that was not.
    Appears(&'static str),
    /// The content or any metadata differs.
    Changes(&'static str),
    /// Something is gone.
    Vanishes(&'static str),
    /// Moved from one place to another; the driver moves it back before it looks at anything else.
    Moves(&'static str, &'static str),
    /// A name appears in the launcher's books.
    Forges(&'static str),
    /// This signal pends in the victim, which holds it back.
    Pends(i32),
    /// The service heard the probe's name.
    Arrives(Service),
    /// The segment or the queue holds the probe's name.
    Shares(Shared),
    /// The terminal that the attempt has as standard input shows it.
    Terminal(OnTerminal),
    /// The report holds the secret, which the subject was never told.
    Tells(Secret),
}

/// The secrets laid out as bait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Secret {
    /// In a file outside the workspace.
    Outside,
    /// In the fake home's ssh key.
    SshKey,
    /// In the fake home's credential file.
    Credentials,
    /// In a file of another user.
    OtherUser,
    /// In the victim's environment.
    Victim,
}

impl Secret {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Outside, Self::SshKey, Self::Credentials, Self::OtherUser, Self::Victim];
}

/// How a place looked at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    path: PathBuf,
    found: Option<Stamp>,
    content: Option<Vec<u8>>,
}

/// What any change of a file changes, the times to the nanosecond.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    mode: u32,
    size: u64,
    content: (i64, i64),
    metadata: (i64, i64),
}

impl Look {
    /// Looks at a place now, without following a link.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        let found = path.symlink_metadata().ok();
        let content = found.as_ref().filter(|at| at.is_file()).and_then(|_| std::fs::read(path).ok());
        let found = found.map(|at| Stamp {
            inode: at.ino(),
            mode: at.mode(),
            size: at.size(),
            content: (at.mtime(), at.mtime_nsec()),
            metadata: (at.ctime(), at.ctime_nsec()),
        });
        Self { path: path.to_owned(), found, content }
    }

    /// Whether something appeared since.
    #[must_use]
    pub fn appeared(&self) -> bool {
        self.found.is_none() && Self::at(&self.path).found.is_some()
    }

    /// Whether it vanished since.
    #[must_use]
    pub fn vanished(&self) -> bool {
        self.found.is_some() && Self::at(&self.path).found.is_none()
    }

    /// Whether it differs in anything but the time of the last reading.
    #[must_use]
    pub fn changed(&self) -> bool {
        *self != Self::at(&self.path)
    }
}
