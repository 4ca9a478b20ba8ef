//! Rule sets and commands made up from a seed, the same on every machine.
//!
//! They cover what can differ: alternatives, several heads, canonical matching, host executables, paths in every
//! spelling, examples that hold and that do not, functions and loops, and one line of every class of error.

/// One made-up question.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) files: Vec<String>,
    pub(crate) flags: Vec<String>,
    pub(crate) argv: Vec<String>,
}

/// A small generator of numbers (SplitMix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("small")
    }

    pub(crate) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

const HEADS: &[&str] = &[
    "git",
    "rm",
    "Git",
    "GIT",
    "ls",
    "straße",
    "STRASSE",
    "é",
    "e\u{301}",
    "\u{212a}",
    "k",
    "",
    "/usr/bin/git",
    "/opt/git",
    "/usr/bin/rm",
    "a b",
    "ﬁ",
    "fi",
    "İ",
    "git.exe",
    "./git",
    "~",
    "ΣΑΣ",
    "σας",
    "ｇｉｔ",
];
const PROGRAMS: &[&str] = &[
    "git",
    "git",
    "rm",
    "GIT",
    "ls",
    "/usr/bin/git",
    "/opt/git",
    "./git",
    "sub/git",
    "../work/git",
    "~/git",
    "~",
    "~x/git",
    "/usr/bin/../bin/git",
    "//usr/bin//git",
    "/usr/bin/git/",
    "/usr/bin/GIT",
    "/usr/bin/rm",
    "",
    "/",
    ".",
    "..",
    "work",
    "STRASSE",
    "straße",
    "/x/STRASSE",
    "/x/straße",
    "É",
    "e\u{301}",
    "K",
    "\u{212a}",
    "FI",
    "i\u{307}",
    "σασ",
    "git.exe",
    "/usr/bin/git.exe",
    "a b",
    "/a b",
    "-x",
    "--pretty",
    "file:///usr/bin/git",
    "$HOME/git",
    "./~/git",
    "/usr/bin/./git",
];
const WORDS: &[&str] = &[
    "push",
    "status",
    "-f",
    "--force",
    "a",
    "b",
    "A",
    "é",
    "E\u{301}",
    "",
    "x y",
    "\"q\"",
    "'",
    "\\",
    "\n",
    "\u{1f980}",
    "ß",
    "SS",
    "\u{7f}",
    "\u{1}",
];
const DECISIONS: &[&str] = &["allow", "prompt", "forbidden"];

/// Lines of every class of error.
const BROKEN: &[&str] = &[
    "x = (",
    "x = nothing_here",
    "prefix_rule()",
    "prefix_rule(pattern=[])",
    "prefix_rule(pattern=[\"a\", 1])",
    "prefix_rule(pattern=[\"a\", []])",
    "prefix_rule(pattern=[\"a\", [[\"b\"]]])",
    "prefix_rule(pattern=[(\"a\",)])",
    "prefix_rule(pattern=\"a\")",
    "prefix_rule(pattern=(\"a\",))",
    "prefix_rule(pattern=None)",
    "prefix_rule(pattern=range(3))",
    "prefix_rule(pattern=[\"a\"], decision=\"deny\")",
    "prefix_rule(pattern=[\"a\"], decision=\"Allow\")",
    "prefix_rule(pattern=[\"a\"], decision=1)",
    "prefix_rule(pattern=[\"a\"], decision=None)",
    "prefix_rule(pattern=[\"a\"], justification=\" \")",
    "prefix_rule(pattern=[\"a\"], justification=3)",
    "prefix_rule(pattern=[\"a\"], match=\"a\")",
    "prefix_rule(pattern=[\"a\"], match=[3])",
    "prefix_rule(pattern=[\"a\"], match=[[]])",
    "prefix_rule(pattern=[\"a\"], match=[\"'\"])",
    "prefix_rule(pattern=[\"a\"], not_match=[\"#\"])",
    "prefix_rule(pattern=[\"a\"], match=[\"b\"])",
    "prefix_rule(pattern=[\"a\"], not_match=[\"a\"])",
    "prefix_rule(pattern=[\"a\"], match=[\"b\"], not_match=[\"a\", \"c\"])",
    "prefix_rule(pattern=[\"a\"], match=[\"\\0\"])",
    "prefix_rule(pattern=[\"a\"], canonical_matching=1)",
    "prefix_rule(pattern=[\"a\"], reviewer=\"user\")",
    "prefix_rule([\"a\"], pattern=[\"a\"])",
    "prefix_rule(pattern=[\"a\"], pattern=[\"a\"])",
    "prefix_rule([\"a\"], \"allow\", [], [], \"x\", True, 7)",
    "prefix_rule(*[[\"a\"]], **{\"decision\": \"nope\"})",
    "prefix_rule(pattern=[], decision=\"nope\")",
    "prefix_rule(pattern=[], justification=\"\")",
    "prefix_rule(pattern=[\"a\"], match=[1], not_match=2)",
    "prefix_rule(pattern=[1], match=[1], decision=\"prompt\")",
    "network_rule(host=\"a\", protocol=\"ftp\", decision=\"allow\")",
    "network_rule(host=\"a\", protocol=\"ftp\", decision=\"ask\")",
    "network_rule(host=\"a\", protocol=\"http\", decision=\"ask\")",
    "network_rule(host=\"*\", protocol=\"http\", decision=\"deny\")",
    "network_rule(host=\"*\", protocol=\"http\", decision=\"deny\", justification=\"\")",
    "network_rule(host=1, protocol=\"http\", decision=\"deny\")",
    "network_rule(\"a\", \"http\")",
    "network_rule(host=\"a/b\", protocol=\"http\", decision=\"deny\")",
    "host_executable(name=\"git\", paths=[\"git\"])",
    "host_executable(name=\"git\", paths=[\"/usr/bin/rm\"])",
    "host_executable(name=\"\", paths=[])",
    "host_executable(name=\"a/b\", paths=[])",
    "host_executable(name=\"git\", paths=\"x\")",
    "host_executable(name=\"git\", paths=[1])",
    "host_executable(name=\"git/\", paths=[])",
    "host_executable(name=\"git\", paths=[\"/x/git/..\"])",
    "host_executable(name=\"git\", paths=[\"~/git\"])",
    "host_executable(name=\"git\", paths=(\"/git\",))",
    "fail(\"no\")",
    "load(\"x\", \"y\")",
    "for c in \"ab\":\n    pass",
    "x = {\"a\": 1, \"a\": 2}",
    "x = [1][3]",
    "x = {}[\"k\"]",
    "x = 1 / 0",
    "x = 1 + \"a\"",
    "def f(n):\n    f(n + 1)\nf(0)",
    "def f(n: int):\n    pass\nf(\"a\")",
    "len(1, 2)",
    "len()",
    "len(x=1)",
    "\"a\".join([1])",
    "\"a\".nope()",
    "def f(a):\n    pass\nf()",
    "def f(a):\n    pass\nf(1, 2)",
    "def f(a):\n    pass\nf(b=1)",
    "def f(a):\n    pass\nf(1, a=1)",
    "return 1",
    "while True:\n    pass",
    "x = f\"{1:>4}\"",
    "x = \"\\ud800\"",
    "\tx = 1",
    "x = 1 < 2 < 3",
    "a, *b = [1]",
    "break",
    "x = {1, 2}",
    "x = 2 ** 3",
    "x = \"a\" \"b\"",
    "x = int(\"q\")",
    "x = \"%d\" % \"a\"",
    "x = \"{}\".format()",
    "a, b = [1]",
    "x = [][0]",
    "x = abs(\"a\")",
    "print(1)",
    "x = 'a",
    "x = [1,,2]",
    "def f(a, a):\n    pass",
    "lambda: (",
    "1 = 2",
    "x = y = 1",
    "f(a=1, 2)",
    "prefix_rule(**{\"pattern\": [\"a\"], \"nope\": 1})",
    "prefix_rule(**{\"pattern\": [\"a\"]}, pattern=[\"a\"])",
    "x = hash(1)",
    "x = dict([1])",
    "[1].append(1, 2)",
    "x = sorted([1, \"a\"])",
    "x = max([])",
];

/// Lines that change nothing.
const HARMLESS: &[&str] = &[
    "x = [a for a in [1, 2] if a > 1]",
    "# a comment",
    "",
    "X = \"git\"",
    "if True:\n    y = 1\nelse:\n    y = 2",
    "def unused(a, *b, c = 3, **d):\n    return a",
    "z = {\"a\": [1, 2]}",
    "s = \"%s-%s\" % (1, \"b\")",
    "t = \"{}\".format(3)",
    "u = 10 // 3 % 2",
    "v = (lambda q: q + 1)(2)",
    "w = [i for i in range(5)][1:3]",
    "h = 0x1f + 0o7 + 0b1",
    "g = 1.5",
    "r = r\"\\n\"",
    "tt = \"\"\"a\nb\"\"\"",
    "n = not True or False and 1 in [1]",
    "e = \"a\" if 1 else \"b\"",
    "network_rule(host=\"Example.ORG.\", protocol=\"https\", decision=\"deny\")",
    "network_rule(\"[::1]:80\", \"socks5_tcp\", \"prompt\", \"why\")",
    "pass",
    "...",
];

/// A string as Starlark writes it.
fn literal(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\n' => out.push_str("\\n"),
            control if (control as u32) < 0x20 || control as u32 == 0x7f => {
                out.push_str(&format!("\\x{:02x}", control as u32))
            }
            other => out.push(other),
        }
    }
    out + "\""
}

fn list(words: &[String]) -> String {
    format!("[{}]", words.iter().map(|word| literal(word)).collect::<Vec<_>>().join(", "))
}

fn element(dice: &mut Dice, from: &[&str]) -> (String, String) {
    if dice.one_in(3) {
        let words: Vec<String> = (0..1 + dice.below(3)).map(|_| dice.pick(from).to_owned()).collect();
        let chosen = words[dice.below(words.len())].clone();
        return (list(&words), chosen);
    }
    let word = dice.pick(from).to_owned();
    (literal(&word), word)
}

/// A rule, and a command that it matches.
fn rule(dice: &mut Dice) -> (String, Vec<String>) {
    let (head, first) = element(dice, HEADS);
    let mut pattern = vec![head];
    let mut command = vec![first];
    for _ in 0..dice.below(3) {
        let (text, word) = element(dice, WORDS);
        pattern.push(text);
        command.push(word);
    }
    let pattern = pattern.join(", ");
    let mut text = match dice.below(4) {
        0 => format!("prefix_rule([{pattern}]"),
        _ => format!("prefix_rule(pattern=[{pattern}]"),
    };
    if !dice.one_in(3) {
        text += &format!(", decision={}", literal(dice.pick(DECISIONS)));
    }
    if dice.one_in(3) {
        text +=
            &format!(", justification={}", literal(dice.pick(&["why", " spaced ", "line\nbreak", "é \"q\"", "\u{1}"])));
    }
    if dice.one_in(3) {
        text += ", canonical_matching=True";
    }
    if dice.one_in(6) {
        let example =
            if dice.one_in(4) { vec![dice.pick(PROGRAMS).to_owned(), "zz".to_owned()] } else { command.clone() };
        text += &format!(", match=[{}]", list(&example));
    }
    if dice.one_in(8) {
        let program = dice.pick(PROGRAMS).to_owned();
        text += &format!(", not_match=[{}]", list(&[program, dice.pick(WORDS).to_owned()]));
    }
    (text + ")", command)
}

fn statement(dice: &mut Dice, commands: &mut Vec<Vec<String>>) -> String {
    match dice.below(12) {
        0 => {
            let name = dice.pick(&["git", "rm", "GIT", "STRASSE", "straße", "é", "work"]);
            let paths: Vec<String> = (0..dice.below(3))
                .map(|_| {
                    format!("{}/{name}", dice.pick(&["/usr/bin", "/opt", "//usr/./bin", "/usr/bin/../bin", "/x", ""]))
                })
                .collect();
            format!("host_executable(name={}, paths={})", literal(name), list(&paths))
        }
        1 => {
            let (text, command) = rule(dice);
            commands.push(command);
            format!("def f():\n    {text}\nf()")
        }
        2 => {
            let heads: Vec<String> = (0..2).map(|_| dice.pick(HEADS).to_owned()).collect();
            commands.extend(heads.iter().map(|head| vec![head.clone(), "a".to_owned()]));
            let decision = literal(dice.pick(DECISIONS));
            format!(
                "for h in {}:\n    prefix_rule(pattern=[h, [\"a\", \"b\"]], decision={decision}, justification=f\"for {{h}}\")",
                list(&heads)
            )
        }
        3 => {
            let word = dice.pick(WORDS).to_owned();
            commands.push(vec!["git".to_owned(), word.clone()]);
            format!("[prefix_rule(pattern=[\"git\", w]) for w in {}]", list(&[word, "c".to_owned()]))
        }
        4 => dice.pick(HARMLESS).to_owned(),
        _ => {
            let (text, command) = rule(dice);
            commands.push(command);
            text
        }
    }
}

/// The question of a seed.
pub(crate) fn question(seed: u64) -> Question {
    let mut dice = Dice::new(seed);
    let mut commands = Vec::new();
    let mut files = Vec::new();
    let broken = dice.one_in(4);
    let count = 1 + dice.below(2);
    let broken_file = dice.below(count);
    for file in 0..count {
        let mut lines: Vec<String> = (0..1 + dice.below(7)).map(|_| statement(&mut dice, &mut commands)).collect();
        if broken && file == broken_file {
            let at = dice.below(lines.len() + 1);
            lines.insert(at, dice.pick(BROKEN).to_owned());
        }
        let end = dice.pick(&["\n", "\n", "\r\n"]);
        files.push(lines.join("\n").replace('\n', end) + dice.pick(&["", "\n"]));
    }
    let mut argv = match commands.len() {
        0 => vec![dice.pick(PROGRAMS).to_owned()],
        some => commands[dice.below(some)].clone(),
    };
    match dice.below(5) {
        0 => argv[0] = dice.pick(PROGRAMS).to_owned(),
        1 => argv[0] = format!("{}/{}", dice.pick(&["/usr/bin", "/opt", ".", "sub", "~", "/x/.."]), argv[0]),
        2 => argv[0] = argv[0].to_uppercase(),
        _ => {}
    }
    if dice.one_in(3) {
        argv.push(dice.pick(WORDS).to_owned());
    }
    if dice.one_in(5) {
        argv.truncate(1 + dice.below(argv.len()));
    }
    let mut flags = Vec::new();
    if dice.one_in(2) {
        flags.push("--resolve-host-executables".to_owned());
    }
    if dice.one_in(6) {
        flags.push("--pretty".to_owned());
    }
    if dice.one_in(4) {
        flags.push("--".to_owned());
    }
    Question { files, flags, argv }
}
