//! Where an audit stands, in a file: written whole under another name and then moved into place, so that it is always one
//! state or the next. It belongs to one policy, one set of options and one list of sources.

use std::fs::{self, OpenOptions};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use policy::audit::Tally;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::notes::Notes;

/// A state is of one release of its own layout.
pub const VERSION: u32 = 1;

/// Where reading goes on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The number of the source.
    pub source: usize,
    /// How many of its lines were read.
    pub line: u64,
    /// How many of its bytes, unpacked.
    pub at: u64,
    /// Its format.
    pub format: Option<String>,
    /// What its parser has kept.
    pub kept: Value,
    /// The hash of its first bytes, at most so many as were read.
    pub head: Option<(u64, String)>,
}

/// The whole state.
#[derive(Debug, Serialize, Deserialize)]
pub struct State {
    /// The layout.
    pub version: u32,
    /// What it is the state of.
    pub of: String,
    /// Where reading goes on.
    pub place: Place,
    /// The sums.
    pub tally: Tally,
    /// What is known of the sources.
    pub notes: Notes,
}

/// Reads a state; `None` where there is no file.
///
/// # Errors
/// The file cannot be read, or is no state.
pub fn read(path: &Path) -> io::Result<Option<State>> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let state: State = serde_json::from_reader(BufReader::new(file)).map_err(io::Error::other)?;
    if state.version != VERSION {
        return Err(io::Error::other("it was written by another release"));
    }
    Ok(Some(state))
}

/// Writes a state.
///
/// # Errors
/// It cannot be written.
pub fn write(path: &Path, state: &State) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let beside = beside(path);
    // Commands may hold secrets.
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    let mut out = BufWriter::new(file);
    serde_json::to_writer(&mut out, state).map_err(io::Error::other)?;
    out.flush()?;
    out.into_inner().map_err(|error| error.into_error())?.sync_data()?;
    fs::rename(&beside, path)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}
