//! What the kernel says about a program that has just been put in place: read at the exec stop, when it has run nothing.
//!
//! The new image's memory belongs to one stopped process, so its words are what the program will be given. The file
//! itself is known by device and inode; the text of a link is only a name.

use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::Pid;

use crate::sys::stack::{self, Stack};
use crate::sys::trace;

/// Which file, in which state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FileId {
    pub(super) device: u64,
    pub(super) inode: u64,
    pub(super) size: u64,
    /// When its content last changed.
    changed: (i64, i64),
}

impl FileId {
    pub(super) fn of(about: &Metadata) -> Self {
        Self {
            device: about.dev(),
            inode: about.ino(),
            size: about.size(),
            changed: (about.mtime(), about.mtime_nsec()),
        }
    }

    pub(super) fn at(path: impl AsRef<Path>) -> Option<Self> {
        fs::metadata(path).ok().map(|about| Self::of(&about))
    }

    /// Whether it is the same file, whatever was done to its content.
    pub(super) const fn same_file(self, other: Self) -> bool {
        self.device == other.device && self.inode == other.inode
    }
}

/// One program in place.
#[derive(Clone, Debug)]
pub(super) struct Image {
    pub(super) pid: Pid,
    /// Its words, each followed by a NUL.
    pub(super) line: Vec<u8>,
    /// The file it was loaded from; none where this user may not ask.
    pub(super) file: Option<FileId>,
    /// What that file is called in the place the process sees.
    pub(super) program: Option<PathBuf>,
    /// The path that exec was called with: for a script the script and not its interpreter.
    pub(super) called: Vec<u8>,
    /// Where its stack begins: what tells this image from all others, as the kernel places each by chance.
    pub(super) stack: Option<usize>,
}

/// Longer than any path the kernel takes.
const LONGEST_PATH: usize = 3 * 4096;

/// The content of a file of `/proc`. Its size is not told beforehand, and asking piece by piece is most of the cost.
pub(super) fn content(path: &str) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut content = Vec::new();
    let mut part = [0; 16 << 10];
    loop {
        match file.read(&mut part)? {
            0 => return Ok(content),
            length => content.extend_from_slice(part.get(..length).unwrap_or(&part)),
        }
    }
}

impl Image {
    /// Asks the kernel about the program that is in place in a stopped process.
    pub(super) fn read(pid: Pid) -> Self {
        let link = format!("/proc/{pid}/exe");
        let stack = stack::at_exec(pid).ok();
        let line = stack.as_ref().and_then(Stack::line);
        let path = stack.as_ref().and_then(Stack::called).map(<[u8]>::to_vec);
        Self {
            pid,
            line: line.or_else(|| content(&format!("/proc/{pid}/cmdline")).ok()).unwrap_or_default(),
            file: FileId::at(&link),
            program: fs::read_link(&link).ok(),
            called: path.or_else(|| called(pid)).unwrap_or_default(),
            stack: stack.as_ref().map(Stack::begins),
        }
    }

    /// Its words.
    pub(super) fn words(&self) -> Vec<&[u8]> {
        if self.line.is_empty() {
            return Vec::new();
        }
        let line = self.line.strip_suffix(b"\0").unwrap_or(&self.line);
        line.split(|byte| *byte == 0).collect()
    }

    /// Its words as text.
    pub(super) fn argv(&self) -> Vec<String> {
        self.words().into_iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect()
    }

    /// What its file is called, as text; empty where that is not known.
    pub(super) fn path(&self) -> String {
        self.program.as_ref().map_or_else(String::new, |path| path.to_string_lossy().into_owned())
    }

    /// Opens the file it was loaded from.
    pub(super) fn open(&self) -> Option<File> {
        File::open(format!("/proc/{}/exe", self.pid)).ok()
    }

    /// The working directory of the process, as it sees it.
    pub(super) fn cwd(&self) -> Option<PathBuf> {
        fs::read_link(format!("/proc/{}/cwd", self.pid)).ok()
    }

    /// A path of that process, as one that leads there from outside of it.
    pub(super) fn outside_path(&self, path: &[u8]) -> PathBuf {
        let pid = self.pid;
        let within = std::ffi::OsStr::from_bytes(path);
        match descriptor(path) {
            Some(number) => format!("/proc/{pid}/fd/{number}").into(),
            None if path.starts_with(b"/") => {
                let mut whole = std::ffi::OsString::from(format!("/proc/{pid}/root"));
                whole.push(within);
                whole.into()
            }
            None => Path::new(&format!("/proc/{pid}/cwd")).join(within),
        }
    }

    /// Whether exec was given a descriptor and not a path.
    pub(super) fn by_descriptor(&self) -> bool {
        descriptor(&self.called).is_some()
    }

    /// Whether the file has no name any more, or never had one.
    pub(super) fn is_memory(&self) -> bool {
        self.program.as_ref().is_some_and(|path| path.as_os_str().as_bytes().starts_with(b"/memfd:"))
    }
}

/// The number in `/dev/fd/N` and `/proc/self/fd/N`, which is how `fexecve(3)` and `execveat(2)` name a file.
fn descriptor(path: &[u8]) -> Option<u32> {
    let number = path.strip_prefix(b"/dev/fd/").or_else(|| path.strip_prefix(b"/proc/self/fd/"))?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

/// `AT_EXECFN` of the auxiliary vector (`getauxval(3)`): the path exec was called with.
fn called(pid: Pid) -> Option<Vec<u8>> {
    let auxiliary = content(&format!("/proc/{pid}/auxv")).ok()?;
    trace::text_at(pid, address(&auxiliary)?, LONGEST_PATH).ok()
}

/// The value of `AT_EXECFN`, in entries of 64 or, for a 32-bit program, of 32 bits.
fn address(auxiliary: &[u8]) -> Option<usize> {
    /// No entry has a greater type.
    const GREATEST: u64 = 1 << 16;
    let wide: Vec<(u64, u64)> = auxiliary
        .as_chunks::<16>()
        .0
        .iter()
        .map(|entry| {
            let [kind, value] = [&entry[..8], &entry[8..]].map(|half| half.try_into().map_or(0, u64::from_ne_bytes));
            (kind, value)
        })
        .collect();
    let entries = if wide.iter().all(|(kind, _)| *kind < GREATEST) {
        wide
    } else {
        let halves = wide.iter().flat_map(|(first, second)| [*first, *second]);
        halves.map(|entry| (entry & 0xffff_ffff, entry >> 32)).collect()
    };
    entries.iter().find(|(kind, _)| *kind == libc::AT_EXECFN).map(|(_, value)| *value as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_very_program_is_known_by_its_words_its_file_and_the_path_it_was_called_by() {
        let image = Image::read(Pid::this());
        let own: Vec<_> = std::env::args_os().collect();
        assert_eq!(image.words(), own.iter().map(|word| word.as_bytes()).collect::<Vec<_>>());
        let here = std::env::current_exe().unwrap();
        assert!(image.file.unwrap().same_file(FileId::at(&here).unwrap()));
        assert_eq!(image.program.as_deref(), Some(&*here));
        let called = image.outside_path(&image.called);
        assert!(FileId::at(called).unwrap().same_file(image.file.unwrap()));
    }

    #[test]
    fn the_auxiliary_vector_of_a_small_program_is_read_too() {
        let small: Vec<u8> = [33_u32, 0xf7f0_0000, libc::AT_EXECFN as u32, 0xffff_dfe9, 0, 0]
            .iter()
            .flat_map(|n| n.to_ne_bytes())
            .collect();
        let mut padded = small.clone();
        padded.extend([0; 8]);
        assert_eq!(address(&padded), Some(0xffff_dfe9));
        let wide: Vec<u8> = [33_u64, 0x7fff_0000_0000, libc::AT_EXECFN, 0x7fff_0000_1234, 0, 0]
            .iter()
            .flat_map(|n| n.to_ne_bytes())
            .collect();
        assert_eq!(address(&wide), Some(0x7fff_0000_1234));
    }

    #[test]
    fn empty_words_are_kept() {
        let image = |line: &[u8]| Image {
            pid: Pid::this(),
            line: line.to_vec(),
            file: None,
            program: None,
            called: Vec::new(),
            stack: None,
        };
        assert_eq!(image(b"a\0\0").words(), [&b"a"[..], b""]);
        assert_eq!(image(b"\0").words(), [b""]);
        assert!(image(b"").words().is_empty());
        assert_eq!(descriptor(b"/dev/fd/17"), Some(17));
        assert_eq!(descriptor(b"/dev/fd/17/x"), None);
    }
}
