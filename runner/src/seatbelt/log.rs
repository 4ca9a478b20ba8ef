//! The system log of macOS during one run: `log stream`, into a file that has no name.
//!
//! The log is read by a program of the system, which is started before the command and ended after it; until it says that it
//! listens nothing is known to be heard, and the run does not wait long for that.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The program; never looked up on the search path.
pub const LOG: &str = "/usr/bin/log";

/// How long it may take to listen.
const READY: Duration = Duration::from_secs(2);
/// How long records may take to arrive after the end.
const LATE: Duration = Duration::from_millis(100);
/// How much of the log is read.
const MOST: u64 = 16 << 20;

/// Records of the kernel's part of the sandbox, and of the part that reports for it.
const PREDICATE: &str =
    "(processID == 0 AND senderImagePath ENDSWITH \"/Sandbox\") OR subsystem == \"com.apple.sandbox.reporting\"";

/// A log that is being listened to.
pub struct Listening {
    program: Child,
    file: File,
}

/// Starts to listen.
///
/// # Errors
/// Why nothing will be heard.
pub fn listen(program: &Path) -> Result<Listening, String> {
    if !program.is_file() {
        return Err(format!("`{}` is not here", program.display()));
    }
    let failed = |error: std::io::Error| format!("the system log cannot be listened to: {error}");
    let file = nameless().map_err(failed)?;
    let program = Command::new(program)
        .args(["stream", "--style", "ndjson", "--predicate", PREDICATE])
        .stdin(Stdio::null())
        .stdout(file.try_clone().map_err(failed)?)
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let mut listening = Listening { program, file };
    let deadline = Instant::now() + READY;
    // Its first line says what it listens to.
    while listening.file.metadata().map_or(0, |data| data.len()) == 0 {
        let ended = matches!(listening.program.try_wait(), Ok(Some(_)) | Err(_));
        if ended || Instant::now() > deadline {
            listening.end();
            return Err("the system log did not begin to listen".to_owned());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(listening)
}

impl Listening {
    /// Ends it and gives what was heard.
    #[must_use]
    pub fn heard(mut self) -> String {
        std::thread::sleep(LATE);
        self.end();
        let mut bytes = Vec::new();
        let _ = self.file.seek(SeekFrom::Start(0)).and_then(|_| (&self.file).take(MOST).read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn end(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.end();
    }
}

/// A file that is gone when it is closed.
fn nameless() -> std::io::Result<File> {
    let mut name = std::env::temp_dir().into_os_string();
    name.push("/palisade-log-XXXXXX");
    let (file, path) = nix::unistd::mkstemp(Path::new(&name))?;
    std::fs::remove_file(path)?;
    Ok(File::from(file))
}
