//! What an attempt can come to, and how its steps tell a refusal from a stage that was never set.

use std::ffi::CString;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;

/// The outcome of an attempt: words about what worked, or why it stopped.
pub type Attempt = Result<String, Stop>;

/// Why an attempt stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The step that the probe is about was refused.
    Denied(Errno, String),
    /// This host left no place for the bait, or no right to lay it out.
    NoBait(String),
    /// A step before it failed, so the question was not put; never a pass.
    Skip(String),
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Self {
        Self::Denied(errno, String::new())
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        match error.raw_os_error() {
            Some(errno) => Self::Denied(Errno::from_raw(errno), String::new()),
            None => Self::Skip(error.to_string()),
        }
    }
}

/// Marks a step as preparation.
pub trait Setup<T> {
    /// A failure here skips the probe, naming the step.
    fn setup(self, step: &str) -> Result<T, Stop>;
}

impl<T, E: std::fmt::Display> Setup<T> for Result<T, E> {
    fn setup(self, step: &str) -> Result<T, Stop> {
        self.map_err(|error| Stop::Skip(format!("{step}: {error}")))
    }
}

impl<T> Setup<T> for Option<T> {
    fn setup(self, step: &str) -> Result<T, Stop> {
        self.ok_or_else(|| Stop::Skip(step.to_owned()))
    }
}

/// Nothing more to say than that it worked.
pub fn worked() -> Attempt {
    Ok(String::new())
}

/// A path as the kernel takes it.
pub fn terminated(path: &Path) -> Result<CString, Stop> {
    CString::new(path.as_os_str().as_bytes()).setup("a path with a zero byte")
}

/// Names the step that was refused, for attempts of several steps.
pub trait Step<T> {
    /// A failure here is a refusal of this step.
    fn step(self, step: &str) -> Result<T, Stop>;
}

impl<T> Step<T> for Result<T, Errno> {
    fn step(self, step: &str) -> Result<T, Stop> {
        self.map_err(|errno| Stop::Denied(errno, step.to_owned()))
    }
}

/// Creates a file that is not there yet.
pub fn create(path: &Path) -> Attempt {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(b"made by a probe\n")?;
    worked()
}

/// Creates a file, and before it the directories above it as far as they can be made.
pub fn create_with_parents(path: &Path) -> Attempt {
    if let Some(parent) = path.parent() {
        // Whether this was refused shows in the next step, as ENOENT at the latest.
        let _ = std::fs::create_dir_all(parent);
    }
    create(path)
}

/// Appends a line to a file that is there.
pub fn append(path: &Path) -> Attempt {
    OpenOptions::new().append(true).open(path)?.write_all(b"appended by a probe\n")?;
    worked()
}

/// Reads the whole of a small file of bait as text.
pub fn read(path: &Path) -> Attempt {
    Ok(String::from_utf8_lossy(&std::fs::read(path)?).trim_end().to_owned())
}

/// The outcome of a call with arguments that cannot do anything: these errnos say that the caller's rights sufficed.
pub fn passed(answer: Result<usize, Errno>, beyond: &[Errno]) -> Attempt {
    match answer {
        Ok(_) => worked(),
        Err(errno) if beyond.contains(&errno) => Ok(format!("past the question of rights: {errno:?}")),
        Err(errno) => Err(errno.into()),
    }
}
