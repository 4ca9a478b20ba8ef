//! A stream as blocks of whole lines, of bounded size whatever comes.
//!
//! A line longer than what is kept of one is left out of its block, and told by number and length, so that it is counted and
//! never lost in silence. Every block knows where it begins, so that reading can go on from there.

use std::io::{self, Read};

use crate::codex::lines::LONGEST;

/// How much is read at once, in bytes, and so about how large a block is.
pub const CHUNK: usize = 256 << 10;

/// Lines that follow each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The lines, each with its line feed, but for the last of a stream that does not end in one.
    pub bytes: Vec<u8>,
    /// The number of the first line, from 1.
    pub first: u64,
    /// How many lines it holds.
    pub lines: u64,
    /// Where it ends in the stream, in bytes.
    pub end: u64,
    /// A line that was too long to be kept and comes after these: its number and length.
    pub too_long: Option<(u64, u64)>,
}

/// The stream.
pub struct Blocks<R> {
    from: R,
    held: Vec<u8>,
    /// How much of what is held has no line feed in it.
    searched: usize,
    line: u64,
    at: u64,
    done: bool,
}

impl<R: Read> Blocks<R> {
    /// Reads on from here, where `line` lines and `at` bytes came before, beginning with what was read already.
    pub const fn new(from: R, held: Vec<u8>, line: u64, at: u64) -> Self {
        Self { from, held, searched: 0, line, at, done: false }
    }

    /// The next block, as soon as a whole line is there; nothing at the end.
    ///
    /// # Errors
    /// The stream cannot be read. The next call gives what of the last line was read before.
    pub fn block(&mut self) -> io::Result<Option<Block>> {
        loop {
            let fresh = self.held.get(self.searched..).unwrap_or_default();
            if let Some(end) = memchr::memrchr(b'\n', fresh).map(|end| self.searched + end + 1) {
                let rest = self.held.split_off(end);
                let bytes = std::mem::replace(&mut self.held, rest);
                self.searched = self.held.len();
                return Ok(Some(self.made(bytes)));
            }
            self.searched = self.held.len();
            if self.held.len() > LONGEST {
                let length = self.rest_of_line()?;
                self.line += 1;
                let too_long = Some((self.line, length));
                return Ok(Some(Block { first: self.line, lines: 1, end: self.at, too_long, ..Block::default() }));
            }
            if self.done {
                if self.held.is_empty() {
                    return Ok(None);
                }
                let bytes = std::mem::take(&mut self.held);
                self.searched = 0;
                return Ok(Some(self.made(bytes)));
            }
            self.read()?;
        }
    }

    /// Reads once, behind what is held.
    fn read(&mut self) -> io::Result<()> {
        let old = self.held.len();
        self.held.resize(old + CHUNK, 0);
        let read = loop {
            match self.from.read(self.held.get_mut(old..).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.held.truncate(old + read.as_ref().copied().unwrap_or_default());
        // What cannot be read has ended too.
        self.done = !matches!(read, Ok(1..));
        read.map(drop)
    }

    /// Reads to the end of a line that is too long, and gives its length; what follows is held.
    fn rest_of_line(&mut self) -> io::Result<u64> {
        let mut length = 0;
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.held) {
                length += end as u64;
                self.held.drain(..=end);
                self.at += length + 1;
                break;
            }
            length += self.held.len() as u64;
            self.held = Vec::new();
            if self.done {
                self.at += length;
                break;
            }
            self.read()?;
        }
        self.searched = 0;
        Ok(length)
    }

    fn made(&mut self, bytes: Vec<u8>) -> Block {
        let ends = memchr::memchr_iter(b'\n', &bytes).count() as u64;
        let lines = ends + u64::from(bytes.last() != Some(&b'\n'));
        let first = self.line + 1;
        self.line += lines;
        self.at += bytes.len() as u64;
        Block { bytes, first, lines, end: self.at, too_long: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out its bytes a few at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(self.1).min(into.len());
            into[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn blocks_are_whole_lines_however_they_arrive() {
        let text = b"one\ntwo\n\nthree";
        for few in [1, 2, 3, 5, 100] {
            let mut blocks = Blocks::new(Slow(text, few), Vec::new(), 0, 0);
            let (mut all, mut lines) = (Vec::new(), 0);
            while let Some(block) = blocks.block().expect("it reads") {
                assert_eq!(block.first, lines + 1);
                lines += block.lines;
                all.extend(block.bytes);
                assert_eq!(block.end, all.len() as u64);
            }
            assert_eq!((all.as_slice(), lines), (&text[..], 4));
        }
    }

    #[test]
    fn a_line_without_end_is_counted_and_not_kept() {
        let mut text = vec![b'x'; 3 * LONGEST];
        text.extend(b"\nshort\n");
        let mut blocks = Blocks::new(Slow(&text, CHUNK), Vec::new(), 0, 0);
        let first = blocks.block().expect("it reads").expect("a block");
        assert_eq!(first.too_long, Some((1, 3 * LONGEST as u64)));
        assert!(blocks.held.capacity() < 2 * LONGEST);
        let second = blocks.block().expect("it reads").expect("a block");
        assert_eq!((second.bytes.as_slice(), second.first, second.end), (&b"short\n"[..], 2, text.len() as u64));
        assert_eq!(blocks.block().expect("it reads"), None);
    }
}
