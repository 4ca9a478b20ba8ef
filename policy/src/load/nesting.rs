//! How deep a text is nested, found by one cheap pass before the recursive parser sees it.
//!
//! The parser, the compiler and the clean-up of the engine recurse once per level, and nothing in them counts. What
//! makes a tree deep: brackets, operators that chain, calls and subscripts that follow each other, lambdas,
//! comprehensions, indentation, chains of `elif`, and expressions inside f-strings. The count errs on the deep side: a
//! comma ends a chain of operators, a new line outside brackets ends everything but the indentation.

/// Where a text becomes too deep, as a byte offset; `None` if it never does.
pub(super) fn too_deep(text: &str, limit: usize) -> Option<usize> {
    let mut scan = Scan::new(text.as_bytes(), limit);
    scan.run();
    scan.deep_at
}

enum Frame {
    Bracket { chain: usize, kept: usize },
    FString { chain: usize, kept: usize, quote: u8, triple: bool },
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    limit: usize,
    deep_at: Option<usize>,
    frames: Vec<Frame>,
    /// Operators at the current level since the last comma.
    chain: usize,
    /// Lambdas and comprehension clauses at the current level, which a comma does not end.
    kept: usize,
    /// Everything above the current level.
    below: usize,
    indents: Vec<usize>,
    elifs: usize,
}

impl<'a> Scan<'a> {
    fn new(bytes: &'a [u8], limit: usize) -> Self {
        Self {
            bytes,
            at: 0,
            limit,
            deep_at: None,
            frames: Vec::new(),
            chain: 0,
            kept: 0,
            below: 0,
            indents: Vec::new(),
            elifs: 0,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn run(&mut self) {
        self.line_start();
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => self.skip_comment(),
                b'\n' => {
                    self.at += 1;
                    if self.frames.is_empty() {
                        (self.chain, self.kept) = (0, 0);
                        self.line_start();
                    }
                    continue;
                }
                b'\\' => self.at += if self.bytes.get(self.at + 1) == Some(&b'\r') { 2 } else { 1 },
                b'(' | b'[' | b'{' => self.open(),
                b')' | b']' => self.close(),
                b'}' => {
                    if let Some(Frame::FString { quote, triple, .. }) = self.frames.last() {
                        let (quote, triple) = (*quote, *triple);
                        self.close();
                        self.at += 1;
                        self.fstring(quote, triple);
                        continue;
                    }
                    self.close();
                }
                b',' | b';' => self.chain = 0,
                b'"' | b'\'' => {
                    self.string();
                    continue;
                }
                b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^' | b'~' | b'<' | b'>' | b'=' | b'!' | b'.' => {
                    self.chain += 1;
                }
                _ if byte == b'_' || byte.is_ascii_alphanumeric() => {
                    self.word();
                    continue;
                }
                _ => {}
            }
            self.at += 1;
            if self.measure() {
                return;
            }
        }
    }

    /// Notes the place when the depth passes the limit.
    fn measure(&mut self) -> bool {
        let depth = self.below + self.frames.len() + self.chain + self.kept + self.indents.len() + self.elifs;
        if depth > self.limit && self.deep_at.is_none() {
            self.deep_at = Some(self.at.saturating_sub(1));
        }
        self.deep_at.is_some()
    }

    fn open(&mut self) {
        self.frames.push(Frame::Bracket { chain: self.chain, kept: self.kept });
        self.enter();
    }

    fn enter(&mut self) {
        self.below += self.chain + self.kept;
        (self.chain, self.kept) = (0, 0);
    }

    fn close(&mut self) {
        match self.frames.pop() {
            Some(Frame::Bracket { chain, kept } | Frame::FString { chain, kept, .. }) => {
                self.below = self.below.saturating_sub(chain + kept);
                // What stands in brackets can be called, subscripted or chained on.
                (self.chain, self.kept) = (chain + 1, kept);
            }
            None => (self.chain, self.kept) = (0, 0),
        }
    }

    fn skip_comment(&mut self) {
        while self.bytes.get(self.at + 1).is_some_and(|byte| *byte != b'\n') {
            self.at += 1;
        }
    }

    fn word(&mut self) {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte == b'_' || byte.is_ascii_alphanumeric()) {
            self.at += 1;
        }
        match self.bytes.get(start..self.at).unwrap_or(&[]) {
            b"lambda" | b"for" => self.kept += 1,
            b"not" | b"and" | b"or" | b"if" | b"else" | b"in" => self.chain += 1,
            b"f" | b"fr" | b"rf" if matches!(self.peek(), Some(b'"' | b'\'')) => {
                let (quote, triple) = self.quotes();
                self.fstring(quote, triple);
            }
            _ => {}
        }
        self.measure();
        if self.deep_at.is_some() {
            self.at = self.bytes.len();
        }
    }

    /// Steps over the opening quotes.
    fn quotes(&mut self) -> (u8, bool) {
        let quote = self.peek().unwrap_or(b'"');
        let triple = self.bytes.get(self.at..self.at + 3) == Some(&[quote; 3]);
        self.at += if triple { 3 } else { 1 };
        (quote, triple)
    }

    fn ends_here(&mut self, quote: u8, triple: bool) -> bool {
        if self.peek() != Some(quote) || (triple && self.bytes.get(self.at..self.at + 3) != Some(&[quote; 3])) {
            return false;
        }
        self.at += if triple { 3 } else { 1 };
        true
    }

    fn string(&mut self) {
        let (quote, triple) = self.quotes();
        while let Some(byte) = self.peek() {
            if self.ends_here(quote, triple) || (byte == b'\n' && !triple) {
                return;
            }
            self.at += if byte == b'\\' { 2 } else { 1 };
        }
    }

    /// Steps through the text of an f-string up to its end or to an expression in braces.
    fn fstring(&mut self, quote: u8, triple: bool) {
        while let Some(byte) = self.peek() {
            if self.ends_here(quote, triple) || (byte == b'\n' && !triple) {
                return;
            }
            self.at += 1;
            match byte {
                b'{' if self.peek() == Some(b'{') => self.at += 1,
                b'{' => {
                    self.frames.push(Frame::FString { chain: self.chain, kept: self.kept, quote, triple });
                    self.enter();
                    return;
                }
                b'\\' if self.peek() != Some(b'{') => self.at += 1,
                _ => {}
            }
        }
    }

    /// Reads the indentation of a logical line.
    fn line_start(&mut self) {
        let start = self.at;
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
        if matches!(self.peek(), None | Some(b'\n' | b'\r' | b'#')) {
            return;
        }
        let indent = self.at - start;
        while self.indents.last().is_some_and(|outer| *outer >= indent) {
            self.indents.pop();
        }
        if indent > 0 {
            self.indents.push(indent);
        }
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        if rest.starts_with(b"elif") {
            self.elifs += 1;
        } else if indent == 0 && !rest.starts_with(b"else") {
            self.elifs = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::too_deep;

    fn deep(text: &str) -> bool {
        too_deep(text, 100).is_some()
    }

    #[test]
    fn every_way_to_nest_is_seen() {
        let many = 200;
        let cases = [
            format!("x = {}1{}", "(".repeat(many), ")".repeat(many)),
            format!("x = {}{}", "[".repeat(many), "]".repeat(many)),
            format!("x = 1{}", "+1".repeat(many)),
            format!("x = {}1", "-".repeat(many)),
            format!("x = {}1", "not ".repeat(many)),
            format!("x = {}1", "lambda a, b: ".repeat(many)),
            format!("x = [1 {}]", "for a, b in c ".repeat(many)),
            format!("x = f{}", "(1)".repeat(many)),
            format!("x = f{}", "[0]".repeat(many)),
            format!("x = f{}", ".a".repeat(many)),
            format!("x = {}1", "1 if 1 else ".repeat(many)),
            format!("x = {}1{}", "f\"{(".repeat(many), ")}\"".repeat(many)),
            format!("if 1:\n  pass\n{}", "elif 1:\n  pass\n".repeat(many)),
            (0..many).map(|n| format!("{}if 1:\n", " ".repeat(n))).collect::<String>() + &" ".repeat(many) + "pass\n",
        ];
        for case in cases {
            assert!(deep(&case), "{case}");
        }
    }

    #[test]
    fn long_is_not_deep() {
        let cases = [
            "prefix_rule(pattern=[\"a\", \"b\"], match=[\"a b\"])\n".repeat(500),
            format!("x = [{}]", "\"a\" + \"b\", f(1), {1: [2]}, ".repeat(500)),
            format!("x = \"{}\"", "(".repeat(500)),
            format!("x = '''{}'''", "[(\n\"".repeat(500)),
            format!("# {}\n", "(".repeat(500)),
            format!("x = f\"{}\"", "{{a}} ({x}) ".repeat(30)),
            "def f(x):\n    if x:\n        return x\n    elif x:\n        return 1\nf(1)\n".repeat(200),
        ];
        for case in cases {
            assert!(!deep(&case), "{case}");
        }
    }
}
