//! What the parser is not asked to read: texts on which it would take long or nest without bound.
//!
//! Found by feeding it repeated fragments: `time time …` nests by the word, unclosed `${` are read again from each other,
//! here-documents and groups cost the square of their number. A script that people or agents write stays far below.

/// At most this many bytes.
pub(super) const LONGEST: usize = 64 << 10;

/// At most this many braces or parentheses open at once, counted without regard to quotes.
const DEEPEST: usize = 24;

/// At most this many expansions open at once: `${`, `$(`, `<(` and the like.
const DEEPEST_EXPANSION: u32 = 16;

/// At most this many groups of a pattern open at once: an unclosed one is read twice.
const DEEPEST_GROUP: u32 = 6;

/// At most this many `time` and `coproc`.
const MOST_PREFIXES: usize = 32;

/// At most this many backslashes in a row.
const MOST_BACKSLASHES: usize = 64;

/// At most this many bytes between the brackets of a subscript: one with blanks costs the square of its length.
const LONGEST_SUBSCRIPT: usize = 2048;

/// At most this much work where constructs cost the square of their number: constructs times bytes.
const MOST_WORK: usize = 12_000_000;

/// Brackets of one kind that are open, and which of them open an expansion: one bit each.
#[derive(Default)]
struct Open {
    depth: usize,
    kinds: u64,
    /// The same for groups of a pattern: `@(`, `!(` and the like.
    groups: u64,
}

impl Open {
    fn push(&mut self, before: Option<&u8>) {
        self.depth += 1;
        self.kinds = self.kinds << 1 | u64::from(matches!(before, Some(b'$' | b'<' | b'>')));
        self.groups = self.groups << 1 | u64::from(matches!(before, Some(b'@' | b'!' | b'?' | b'*' | b'+')));
    }

    fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.kinds >>= 1;
        self.groups >>= 1;
    }

    fn expansions(&self) -> u32 {
        self.kinds.count_ones()
    }
}

/// Why a text is not read, in words.
pub(super) fn refusal(text: &str) -> Option<String> {
    if text.len() > LONGEST {
        return Some(format!("a script of more than {} KiB is not read", LONGEST >> 10));
    }
    // Nothing that short holds enough of anything.
    if text.len() < DEEPEST {
        return None;
    }
    let (mut braces, mut parentheses) = (Open::default(), Open::default());
    let (mut constructs, mut prefixes, mut backslashes) = (0_usize, 0_usize, 0_usize);
    let mut subscript = None;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        match byte {
            b'{' => braces.push(before.filter(|before| **before == b'$')),
            b'}' => braces.pop(),
            b'(' => parentheses.push(before),
            b')' => parentheses.pop(),
            b'[' if before.is_some_and(|before| before.is_ascii_alphanumeric() || *before == b'_') => {
                subscript.get_or_insert(at);
            }
            b']' if subscript.take().is_some_and(|start| at - start > LONGEST_SUBSCRIPT) => {
                return Some("a subscript that is too long".into());
            }
            b't' | b'c' if before.is_none_or(|before| !before.is_ascii_alphanumeric()) => {
                let rest = bytes.get(at..).unwrap_or(&[]);
                prefixes += usize::from(rest.starts_with(b"time") || rest.starts_with(b"coproc"));
            }
            _ => {}
        }
        constructs += usize::from(matches!(byte, b'{' | b'(' | b'<' | b'`' | b'['));
        backslashes = if *byte == b'\\' { backslashes + 1 } else { 0 };
        if backslashes > MOST_BACKSLASHES {
            return Some("too many backslashes in a row".into());
        }
        let expansions = braces.expansions() + parentheses.expansions();
        if parentheses.groups.count_ones() > DEEPEST_GROUP {
            return Some("patterns nested too deeply".into());
        }
        if braces.depth > DEEPEST || parentheses.depth > DEEPEST || expansions > DEEPEST_EXPANSION {
            return Some("nested too deeply".into());
        }
    }
    if prefixes > MOST_PREFIXES {
        return Some("too many `time` and `coproc`".into());
    }
    (constructs.saturating_mul(text.len()) > MOST_WORK).then(|| "too many constructs in so long a text".into())
}
