//! Inputs made up from a seed: fragments that mean something to a reader, repeated, joined, cut and changed.

/// Fragments of shell text, rules and commands.
const FRAGMENTS: &[&str] = &[
    "(version 1)",
    "(allow file-read* ",
    "(deny network* ",
    "(require-not ",
    "(subpath \"/a\")",
    "(regex #\"^",
    "(define (a b) ",
    "(with-filter ",
    "(param \"HOME\")",
    "(import \"x\")",
    "(remote ip \"*:80\")",
    "(deny default)",
    "(require-all ",
    "(require-any ",
    "(literal \"/Users/u/a\")",
    "(subpath \"/Users/u\")",
    "(prefix \"/Users\")",
    "(path-ancestors \"/Users/u/a/b\")",
    "(vnode-type DIRECTORY)",
    "(global-name \"com.example\")",
    "(local-name-prefix \"com.\")",
    "(remote unix-socket ",
    "(extension \"x\")",
    "(process-attribute y)",
    "(with no-log)",
    " file-write-data ",
    " network-outbound ",
    " mach-lookup ",
    " process-exec* ",
    " #o17 ",
    "(let ((a \"/\")) ",
    "(cond (#t ",
    "(string-append ",
    "#\"^/(a|b)*[^/]+$\"",
    "time ",
    "! ",
    "a ",
    "$(",
    "`",
    "${a",
    "${a:-",
    "${a/",
    "${a[",
    "$((",
    "((",
    "(",
    "{ ",
    "{",
    ",",
    "}",
    "[[ ",
    " ]]",
    "]",
    " && ",
    "||",
    "|",
    ";",
    "&",
    "\n",
    "if ",
    "then ",
    "else ",
    "elif ",
    "fi",
    "for i in ",
    "do ",
    "done",
    "while ",
    "case x in ",
    "esac",
    "a) ",
    ";;",
    "f() ",
    "function f ",
    "coproc ",
    "select x in ",
    "\"",
    "'",
    "$'",
    "\\",
    "<<E ",
    "\nE\n",
    "<",
    "<(",
    ">",
    "2>",
    "&>",
    "a=",
    "a=(",
    "a[1]=",
    "+=",
    "*",
    "?",
    "@(",
    "!(",
    "~",
    "#",
    "$a",
    "$@",
    "=",
    " -f ",
    " -eq ",
    "until ",
    ")",
    "x",
    "1",
    "..",
    "exec ",
    "export ",
    "declare -a ",
    "$[",
    "${!",
    "${#",
    "%",
    "##",
    "^^",
    "@Q",
    "let ",
    "eval ",
    "trap ",
    "alias ",
    "env -S ",
    "xargs ",
    "find . -exec ",
    "\\;",
    "sh -c ",
    "bash -c ",
    "sudo ",
    "timeout 5 ",
    "git -c alias.x=!",
    "python3 -c ",
    "--",
    "-",
    "\0",
    "\u{1}",
    "\u{7f}",
    "é",
    "\u{1f980}",
    "\\\n",
    "\t",
    "prefix_rule(",
    "pattern=[",
    "\"git\", ",
    "decision=\"allow\"",
    "def f():\n    ",
    "for x in range(9):\n    ",
    "[",
    "lambda: ",
    "1 if 1 else ",
    "not ",
    "{1: ",
    "\"\"\"",
    "f\"{",
    "network_rule(",
    "host_executable(",
    "match=[",
];

/// A small generator of numbers (SplitMix64).
pub struct Numbers(pub u64);

impl Numbers {
    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end.max(1) as u64) as usize
    }
}

/// One input, of at most about `most` bytes; from a text of the corpus where there is any.
pub fn input(numbers: &mut Numbers, corpus: &[Vec<u8>], most: usize) -> Vec<u8> {
    let mut text = Vec::new();
    if !corpus.is_empty() && numbers.below(2) == 0 {
        text.extend_from_slice(&corpus[numbers.below(corpus.len())]);
    }
    for _ in 0..1 + numbers.below(4) {
        let mut piece = Vec::new();
        for _ in 0..1 + numbers.below(5) {
            piece.extend_from_slice(FRAGMENTS[numbers.below(FRAGMENTS.len())].as_bytes());
        }
        let times = match numbers.below(4) {
            0 => 1 + numbers.below(most / piece.len().max(1)),
            1 => 1 + numbers.below(40),
            _ => 1,
        };
        let at = numbers.below(text.len() + 1);
        let repeated = piece.repeat(times);
        text.splice(at..at, repeated);
    }
    for _ in 0..numbers.below(4) {
        let at = numbers.below(text.len());
        match numbers.below(3) {
            0 => text.truncate(at),
            1 => text.insert(at.min(text.len()), numbers.below(256) as u8),
            _ => {
                if at < text.len() {
                    text.remove(at);
                }
            }
        }
    }
    text.truncate(most);
    text
}
