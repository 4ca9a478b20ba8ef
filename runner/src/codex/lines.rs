//! Lines of a stream that may hold anything, as they arrive: however long, however cut into chunks.
//!
//! A line beyond the limit is kept up to it and its whole length is counted, so memory stays bounded. Pure.

/// How much of a line is kept, in bytes. Codex cuts the output of a command at 1 MiB; as JSON that can be six times as long.
pub const LONGEST: usize = 8 << 20;

/// A line without its line feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// What was kept of it.
    pub kept: &'a [u8],
    /// How long it was, in bytes; more than was kept when it was cut.
    pub length: u64,
}

impl Line<'_> {
    /// Whether something of it is lost.
    #[must_use]
    pub fn cut(&self) -> bool {
        self.length > self.kept.len() as u64
    }
}

/// Chunks in, lines out.
#[derive(Debug)]
pub struct Lines {
    longest: usize,
    held: Vec<u8>,
    length: u64,
}

impl Default for Lines {
    fn default() -> Self {
        Self::up_to(LONGEST)
    }
}

impl Lines {
    /// Keeps this much of a line.
    #[must_use]
    pub const fn up_to(longest: usize) -> Self {
        Self { longest, held: Vec::new(), length: 0 }
    }

    /// Takes a chunk in and hands out each line that it ends.
    pub fn push(&mut self, mut chunk: &[u8], mut each: impl FnMut(Line<'_>)) {
        while let Some(at) = memchr::memchr(b'\n', chunk) {
            let (line, rest) = chunk.split_at(at);
            if self.length == 0 && line.len() <= self.longest {
                each(Line { kept: line, length: line.len() as u64 });
            } else {
                self.hold(line);
                self.give(&mut each);
            }
            chunk = rest.get(1..).unwrap_or_default();
        }
        self.hold(chunk);
    }

    /// Hands out what the stream ended in, if it did not end in a line feed.
    pub fn finish(&mut self, mut each: impl FnMut(Line<'_>)) {
        if self.length > 0 {
            self.give(&mut each);
        }
    }

    fn hold(&mut self, part: &[u8]) {
        let room = self.longest.saturating_sub(self.held.len()).min(part.len());
        self.held.extend_from_slice(part.get(..room).unwrap_or_default());
        self.length += part.len() as u64;
    }

    fn give(&mut self, each: &mut impl FnMut(Line<'_>)) {
        each(Line { kept: &self.held, length: self.length });
        self.held.clear();
        // One long line must not hold its memory for all that follow.
        self.held.shrink_to(1 << 20);
        self.length = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(longest: usize, chunks: &[&str]) -> Vec<(String, u64)> {
        let mut lines = Lines::up_to(longest);
        let mut found = Vec::new();
        let mut each = |line: Line<'_>| found.push((String::from_utf8_lossy(line.kept).into_owned(), line.length));
        for chunk in chunks {
            lines.push(chunk.as_bytes(), &mut each);
        }
        lines.finish(&mut each);
        found
    }

    #[test]
    fn lines_are_the_same_however_they_arrive() {
        let whole = [("ab".to_owned(), 2), (String::new(), 0), ("cde".to_owned(), 3), ("f".to_owned(), 1)];
        assert_eq!(split(10, &["ab\n\ncde\nf"]), whole);
        assert_eq!(split(10, &["a", "b\n", "\n", "c", "d", "e\nf", ""]), whole);
        assert_eq!(split(10, &["ab\n\ncde\nf\n"]), whole);
    }

    #[test]
    fn a_long_line_is_cut_and_counted_and_the_next_is_whole() {
        let expected = [("abc".to_owned(), 9), ("xy".to_owned(), 2)];
        assert_eq!(split(3, &["abcdefghi\nxy\n"]), expected);
        assert_eq!(split(3, &["ab", "cdefg", "hi", "\nx", "y"]), expected);
    }
}
