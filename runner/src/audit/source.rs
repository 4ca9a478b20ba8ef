//! Where recorded commands come from: files, whole directories, standard input; plain, gzip or zstd, known by content.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::lines::CHUNK;

/// One source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its path; `-` is standard input.
    pub path: PathBuf,
    /// How large it is on disk, where that is known.
    pub size: Option<u64>,
    /// Why it cannot even be opened, if that is known already.
    pub problem: Option<String>,
}

impl Source {
    /// Its name, as people know it.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Whether it is standard input.
    #[must_use]
    pub fn is_standard_input(&self) -> bool {
        self.path == Path::new("-")
    }
}

/// The sources that names on the command line stand for: a directory is all files below it, by name.
#[must_use]
pub fn find(names: &[PathBuf]) -> Vec<Source> {
    let mut all = Vec::new();
    for name in names {
        if name.is_dir() { below(name, &mut all) } else { all.push(one(name.clone())) }
    }
    all
}

fn one(path: PathBuf) -> Source {
    let size = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file).map(|about| about.len());
    Source { path, size, problem: None }
}

fn below(directory: &Path, all: &mut Vec<Source>) {
    let listed = std::fs::read_dir(directory)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| (entry.path(), entry.file_type()))).collect());
    let mut entries: Vec<(PathBuf, io::Result<std::fs::FileType>)> = match listed {
        Ok(entries) => entries,
        Err(error) => {
            let problem = Some(format!("cannot be listed: {error}"));
            all.push(Source { path: directory.to_owned(), size: None, problem });
            return;
        }
    };
    entries.sort_by(|one, other| one.0.cmp(&other.0));
    for (path, kind) in entries {
        match kind {
            Ok(kind) if kind.is_dir() => below(&path, all),
            // A link is followed to a file only, so that no walk is endless.
            Ok(kind) if kind.is_file() || (kind.is_symlink() && path.is_file()) => {
                if !is_checksum(&path) {
                    all.push(one(path));
                }
            }
            Ok(_) => {}
            Err(error) => all.push(Source { path, size: None, problem: Some(format!("cannot be looked at: {error}")) }),
        }
    }
}

/// Whether a file is what Hadoop and Spark put beside each file they write: `.NAME.crc`.
fn is_checksum(path: &Path) -> bool {
    let name =
        path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix('.')?.strip_suffix(".crc"));
    name.is_some_and(|name| path.with_file_name(name).is_file())
}

/// Counts the bytes on disk that were read.
struct Counted<R> {
    from: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Opens a source behind its first `skip` bytes, which are read over where it is compressed; `count` follows how much was read.
///
/// # Errors
/// It cannot be opened or read.
pub fn open(source: &Source, skip: u64, count: &Arc<AtomicU64>) -> io::Result<Box<dyn Read + Send>> {
    let count = Arc::clone(count);
    if source.is_standard_input() {
        return Ok(unpacked(BufReader::with_capacity(CHUNK, Counted { from: io::stdin(), count }))?.1);
    }
    let file = File::open(&source.path)?;
    let (packed, mut stream) =
        unpacked(BufReader::with_capacity(CHUNK, Counted { from: file, count: Arc::clone(&count) }))?;
    if skip == 0 {
        return Ok(stream);
    }
    if !packed {
        drop(stream);
        let mut file = File::open(&source.path)?;
        file.seek(SeekFrom::Start(skip))?;
        count.store(skip, Ordering::Relaxed);
        return Ok(Box::new(Counted { from: file, count }));
    }
    let skipped = io::copy(&mut stream.by_ref().take(skip), &mut io::sink())?;
    if skipped < skip {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it is shorter than it was"));
    }
    Ok(stream)
}

/// Whether a stream is packed, and the stream unpacked.
fn unpacked<R: Read + Send + 'static>(mut stream: BufReader<R>) -> io::Result<(bool, Box<dyn Read + Send>)> {
    let head = loop {
        match stream.fill_buf() {
            Ok(head) => break head,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    };
    if head.starts_with(&[0x1f, 0x8b]) {
        return Ok((true, Box::new(flate2::bufread::MultiGzDecoder::new(stream))));
    }
    if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return Ok((true, Box::new(zstd::Decoder::with_buffer(stream)?)));
    }
    Ok((false, Box::new(stream)))
}
