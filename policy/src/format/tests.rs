use super::*;

fn laid_out(text: &str) -> String {
    format(text, SourceId(0)).unwrap_or_else(|wrong| panic!("{}: {text}", wrong.message))
}

/// A text, and its layout. Each layout is its own layout.
const LAYOUTS: &[(&str, &str)] = &[
    ("", ""),
    ("\n\n", ""),
    ("# only\n#a comment  \n", "# only\n#a comment\n"),
    (
        "prefix_rule(pattern=['git','push'],decision='prompt')",
        "prefix_rule(pattern = [\"git\", \"push\"], decision = \"prompt\")\n",
    ),
    ("prefix_rule( [ 'a' , [ 'b','c' , ], ], )\n", "prefix_rule([\"a\", [\"b\", \"c\"]])\n"),
    ("prefix_rule(\npattern=['a'])", "prefix_rule(\n    pattern = [\"a\"],\n)\n"),
    (
        "x = ['it\\'s', 'say \"x\"', r'\\d', '''a\n  b''', b'x', f'{ 1+1 }']\n",
        "x = ['it\\'s', 'say \"x\"', r'\\d', '''a\n  b''', b'x', f'{ 1+1 }']\n",
    ),
    ("x=(1,)\ny=( 1 )\nz=()\nw=(1,2,)", "x = (1,)\ny = (1)\nz = ()\nw = (1, 2)\n"),
    (
        "x=-1+-y*~z\nf(*a,**b)\nx[1:-1]\nx[:]\nx [ a ]\nf (x)",
        "x = -1 + -y * ~z\nf(*a, **b)\nx[1:-1]\nx[:]\nx[a]\nf(x)\n",
    ),
    (
        "d={'a':1,'b' :[2]}\nx=d['a']. keys ( )\ny=1 .real",
        "d = {\"a\": 1, \"b\": [2]}\nx = d[\"a\"].keys()\ny = 1 .real\n",
    ),
    (
        "def f(a,b=1,*,c:int=2)->str:\n  return a if not b else(c)\n",
        "def f(a, b = 1, *, c: int = 2) -> str:\n    return a if not b else (c)\n",
    ),
    (
        "for x in[1,2]:\n   if x:f(x);g(x)\n   else :\n       pass\n",
        "for x in [1, 2]:\n    if x: f(x); g(x)\n    else:\n        pass\n",
    ),
    (
        "x = [a for a in b if a not in(c)]\ny=lambda a,*b:a\n",
        "x = [a for a in b if a not in (c)]\ny = lambda a, *b: a\n",
    ),
    ("x = 1 + \\\n   2\n", "x = 1 + 2\n"),
    ("a=1;b=2\n\n\n\n\nc=3 # why\n\n", "a = 1; b = 2\n\n\nc = 3  # why\n"),
    (
        "if x:\n  # of the block\n  f()\n  # of the block too\n# of the file\ng()\n",
        "if x:\n    # of the block\n    f()\n    # of the block too\n# of the file\ng()\n",
    ),
    ("def f():\n\n\n  a()\n\n\n\n  b()\n  # end\n", "def f():\n    a()\n\n    b()\n    # end\n"),
    (
        "prefix_rule(['a'], # of a\n # own\n\n 'prompt' # of prompt\n , # odd\n)",
        "prefix_rule(\n    [\"a\"],  # of a\n    # own\n\n    \"prompt\",  # of prompt\n    # odd\n)\n",
    ),
    ("f( # here\n  a # x\n  + b)", "f(  # here\n    # x\n    a + b,\n)\n"),
    ("f([ # only\n])\n", "f(\n    [  # only\n    ],\n)\n"),
    ("x = [\n    1,\n    # in between\n\n    2,\n\n    3]", "x = [\n    1,\n    # in between\n\n    2,\n\n    3,\n]\n"),
    ("f(\n  *a)\ng(\n  **b)", "f(\n    *a\n)\ng(\n    **b\n)\n"),
];

#[test]
fn a_text_gets_its_layout_and_keeps_it() {
    for (text, wanted) in LAYOUTS {
        assert_eq!(laid_out(text), *wanted, "{text}");
        assert_eq!(laid_out(wanted), *wanted, "again: {text}");
    }
}

#[test]
fn what_does_not_fit_is_broken_at_brackets_and_operators() {
    let long = |count: usize| "\"a word of some length\"".to_owned() + &", \"a word of some length\"".repeat(count);
    let cases = [
        format!("prefix_rule(pattern = [\"git\", [{}]], decision = \"prompt\", match = [{}])", long(5), long(1)),
        format!("x = [a + b for a in [{}] for b in [{}] if a and b]", long(2), long(2)),
        format!("def f({}):\n    pass", (0..20).map(|n| format!("argument_{n}")).collect::<Vec<_>>().join(", ")),
        format!("f(justification = {})", ["\"a sentence that is long\""; 6].join(" + ")),
        format!("x = f({})[1:2](a, *b) + g(c, **d)", long(4)),
        format!("if ({}):\n    pass", ["some_condition(x)"; 9].join(" and ")),
        format!("f(a, *[{}])", long(4)),
        "x = ['''a\nb''', 'c', f(\n  1)]".to_owned(),
    ];
    for text in cases {
        let out = laid_out(&text);
        assert!(out.lines().all(|line| line.chars().count() <= 120), "{out}");
        assert!(out.lines().count() > 2, "{out}");
        assert_eq!(laid_out(&out), out, "again: {text}");
    }
    let out = laid_out(&format!("f(justification = {})", ["\"a sentence that is long\""; 6].join(" + ")));
    assert!(out.contains("\n    + \"a sentence that is long\"\n"), "{out}");
}

#[test]
fn line_ends_stay_what_they_are() {
    assert_eq!(laid_out("a=1\r\n# c\r\nf(\r\n  a)\r\n"), "a = 1\r\n# c\r\nf(\r\n    a,\r\n)\r\n");
}

#[test]
fn wrong_syntax_is_an_error_with_a_place() {
    for text in ["prefix_rule(", "x = 'a", "  x", "if x:\ny", "\tx = 1", "x = 1 2", "while x: pass", "f'{'"] {
        let wrong = format(text, SourceId(7)).expect_err(text);
        assert!(wrong.labels.first().is_some_and(|label| label.span.source == SourceId(7)), "{text}");
    }
    let deep = format!("x = {}1{}", "(".repeat(2_000), ")".repeat(2_000));
    assert_eq!(format(&deep, SourceId(0)).expect_err("deep").code, "nesting-too-deep");
    let deep = format!("x = {}1{}", "(".repeat(900), ")".repeat(900));
    assert!(format(&deep, SourceId(0)).is_ok());
}

/// Texts made of pieces that go together somehow: whatever parses keeps its meaning, and a second pass changes nothing.
#[test]
fn made_up_texts_are_laid_out_once_and_for_all() {
    const PIECES: &[&str] = &[
        "f(",
        "[",
        "{",
        ")",
        "]",
        "}",
        ",",
        ",",
        "\n",
        "\n",
        "\n\n\n",
        "  ",
        "    ",
        "# c\n",
        " # d\n",
        "a",
        "b",
        "'x'",
        "\"y\"",
        "=",
        ":",
        " + ",
        "-",
        " if ",
        " else ",
        " for a in ",
        "1",
        ".",
        "*",
        " not ",
        "lambda x: ",
        "def g(a):\n",
        "if a:\n",
        "r'\\'",
        "f'{a}'",
        "prefix_rule(pattern = ",
        "'a-long-word-that-fills-lines-quickly'",
        " and ",
        "pass",
        "\\\n",
        ";",
    ];
    let (mut state, mut parsed) = (0x9e37_79b9_7f4a_7c15_u64, 0);
    let mut draw = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap_or(0)
    };
    for _ in 0..20_000 {
        let mut text = String::new();
        let mut open = Vec::new();
        for _ in 0..draw(14) + 1 {
            let piece = PIECES[draw(PIECES.len())];
            text.push_str(piece);
            for letter in piece.chars() {
                match letter {
                    '(' => open.push(')'),
                    '[' => open.push(']'),
                    '{' if piece.len() == 1 => open.push('}'),
                    ')' | ']' | '}' if open.last() == Some(&letter) => _ = open.pop(),
                    _ => {}
                }
            }
        }
        text.extend(open.into_iter().rev());
        let Ok(out) = formatted(&text, SourceId(0)).map_err(|wrong| assert_ne!(wrong.code, "format", "{text:?}"))
        else {
            continue;
        };
        parsed += 1;
        assert_eq!(formatted(&out, SourceId(0)).expect("it parsed"), out, "{text:?}");
    }
    assert!(parsed > 1_000, "{parsed}");
}
