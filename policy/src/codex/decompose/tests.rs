use super::*;
use crate::codex::dangerous;

/// What becomes of a script, in one line.
fn short(script: &str, version: Version) -> String {
    match decompose(script, version) {
        Decomposition::Plain(commands) => commands.iter().map(|words| words.join(",")).collect::<Vec<_>>().join(" / "),
        Decomposition::HeredocPrefix(words) => format!("heredoc {}", words.join(",")),
        Decomposition::Opaque { why, at } => format!("{why}: {}", script.get(at).unwrap_or("?")),
    }
}

/// One row for each construct: the script, what 0.169.0 makes of it, and what the older two make of it.
const CONSTRUCTS: &[(&str, &str, &str)] = &[
    ("a x && b y", "a,x / b,y", ""),
    ("a || b", "a / b", ""),
    ("a; b;", "a / b", ""),
    ("a | b", "a / b", ""),
    ("\na\n\nb\n", "a / b", ""),
    ("a \\\n b", "a,b", ""),
    ("a &", "a command in the background: &", ""),
    ("a |& b", "a pipe of both outputs: |&", ""),
    ("! a", "a negated command: ! a", ""),
    ("(a)", "a subshell: (a)", ""),
    ("{ a; }", "a group of commands: { a; }", ""),
    ("if a; then b; fi", "a condition: if a; then b; fi", ""),
    ("for i in 1; do a; done", "a loop: for i in 1; do a; done", ""),
    ("while a; do b; done", "a loop: while a; do b; done", ""),
    ("case a in a) b;; esac", "a condition: case a in a) b;; esac", ""),
    ("f() { a; }", "a function: f() { a; }", ""),
    ("[ a ]", "a test in brackets: [ a ]", ""),
    ("[[ a ]]", "a test in brackets: [[ a ]]", ""),
    ("((1))", "a group of commands: ((1))", ""),
    ("a $x", "an expansion: $x", ""),
    ("a ${x}", "an expansion: ${x}", ""),
    ("a $(b)", "a command substitution: $(b)", ""),
    ("a `b`", "a command substitution: `b`", ""),
    ("a $((1))", "an arithmetic expansion: $((1))", ""),
    ("a <(b)", "a process substitution: <(b)", ""),
    ("a $'b'", "a quoted text with a dollar sign: $'b'", ""),
    ("a $\"b\"", "a quoted text with a dollar sign: $", ""),
    ("a \"$x\"", "an expansion: $x", ""),
    ("a > b", "a redirection: > b", ""),
    ("a <<< b", "a here-string: <<< b", ""),
    ("x=1 a", "an assignment: x=1", ""),
    ("x=1", "an assignment: x=1", ""),
    ("export x=1", "a declaration: export x=1", ""),
    ("unset x", "a declaration: unset x", ""),
    ("a # b", "a comment: # b", ""),
    ("\"a\"", "a program that is not one bare word: \"a\"", ""),
    ("l\"s\"", "a program that is not one bare word: l\"s\"", ""),
    ("'a'", "a program that is not one bare word: 'a'", ""),
    ("time a", "time,a", ""),
    ("eval \"a b\"", "eval,a b", ""),
    ("let x=1", "let,x=1", ""),
    ("trap a EXIT", "trap,a,EXIT", ""),
    ("a '$x'", "a,$x", ""),
    ("a \"b\\nc\"", "a,b\\nc", ""),
    ("a \"\\$b\"", "an escape within double quotes: \"\\$b\"", "a,\\$b"),
    ("a \"b\\\nc\"", "an escape within double quotes: \"b\\\nc\"", "a,b\\\nc"),
    ("a *", "a word the shell may change: *", "a,*"),
    ("a b~c", "a word the shell may change: b~c", "a,b~c"),
    ("a {b,c}", "a word the shell may change: {", "a,{b,c}"),
    ("a {1..2}", "a brace expression: {1..2}", ""),
    ("\\a", "a word the shell may change: \\a", "\\a"),
    ("a =b", "a word the shell may change: =b", "a,=b"),
    ("a --x=\"b c\"", "a,--x=b c", ""),
    ("a \"b\"'c'd", "a,bcd", ""),
    ("a \"\"''", "pieces that join to nothing: \"\"''", ""),
    ("a \"\" ''", "a,,", ""),
    ("a - <<EOF\nx\nEOF", "a here-document: <<EOF\nx\nEOF", "heredoc a"),
    ("x=1 a * <<EOF > f\nx\nEOF", "an assignment: x=1", "heredoc a,*"),
    ("a 'b' <<EOF\nx\nEOF", "a here-document: <<EOF\nx\nEOF", ""),
    ("a <<EOF | b\nx\nEOF", "a here-document: <<EOF | b\nx\nEOF", ""),
    ("a &&", "a syntax error: ", ""),
    ("a ;; b", "a separator of cases: ;;", ""),
    ("a \"b", "a syntax error: \"b", ""),
    ("a b\r\nc", "a,b / c", ""),
    ("a \u{200b}b é", "a,\u{200b}b,é", ""),
    ("bash -c 'a b'", "bash,-c,a b", ""),
    ("", "no command in it: ", ""),
    (" \n", "no command in it:  \n", ""),
];

#[test]
fn each_construct_is_taken_as_codex_takes_it() {
    let mut wrong = Vec::new();
    for (script, new, old) in CONSTRUCTS {
        let old = if old.is_empty() { new } else { old };
        for (version, wanted) in [(Version::V0_117_0, old), (Version::V0_125_0, old), (Version::V0_169_0, new)] {
            let got = short(script, version);
            if got != *wanted {
                wrong.push(format!("{version} {script:?}\n  wanted {wanted:?}\n  got    {got:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_shell_is_told_by_its_last_component_without_extensions() {
    let wrapper = |words: [&str; 3]| wrapped(&words.map(str::to_owned)).is_some();
    for shell in ["bash", "sh", "zsh", "/tmp/bash", "foo/bash", "bash.exe", "sh.old.sh", "/bin/bash/"] {
        assert!(wrapper([shell, "-lc", "a"]), "{shell}");
    }
    for other in ["Bash", "bash5", "dash", "ksh", "fish", ".bash", "bash/", "bash/.", "", "/", ".."] {
        assert!(!wrapper([other, "-c", "a"]), "{other}");
    }
    for option in ["-ec", "-cl", "-l", "", "c"] {
        assert!(!wrapper(["bash", option, "a"]), "{option}");
    }
    let words = ["bash", "-c", "a", "b"].map(str::to_owned);
    assert_eq!(wrapped(&words), None);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long it takes is what is claimed")]
fn hostile_scripts_are_answered_soon_and_without_a_deep_stack() {
    let long = |text: &str| text.repeat((16 << 10) / text.len());
    let starts = [
        "(",
        "$(",
        "\"$(",
        "${a:-",
        "{ ",
        "if ",
        "case ",
        "for ",
        "[[ ! ",
        "[[ a =~ ",
        "((",
        "((a?",
        "a;",
        "a|",
        "a && (b || ",
        "<<A ",
        "a <<A\nA\n",
        "`",
        "\"`a`",
        "\\",
        "\0",
        "'\"",
        "f() ",
        "a=(",
        "x${y#",
        "{a,",
        "@(",
        "<(",
        "! ",
        "> ",
        "$a",
        "=",
        "\u{feff}",
        "é",
    ];
    let balanced =
        [("(", ")"), ("$(", ")"), ("\"$(", ")\""), ("{ a; ", "}; "), ("if a; then ", "; fi"), ("${a:-", "}")];
    let scripts = starts
        .iter()
        .map(|start| long(start))
        .chain(balanced.iter().map(|(open, close)| format!("{}a{}", open.repeat(8_000), close.repeat(8_000))))
        .chain(["(".repeat(10 << 20), "a\0b".to_owned()]);
    for script in scripts {
        let start: String = script.chars().take(12).collect();
        let before = std::time::Instant::now();
        let _ = decompose(&script, Version::V0_125_0);
        let _ = dangerous::script(&script, Version::V0_169_0);
        let took = before.elapsed();
        assert!(took.as_secs() < 60, "{start:?}: {took:?}");
    }
}

#[test]
fn what_is_not_read_is_opaque_and_says_so() {
    for version in [Version::V0_117_0, Version::V0_169_0] {
        assert!(short(&"a;".repeat(70 << 10), version).starts_with("a script of more than 128 KiB"));
        assert!(short(&"a;".repeat(50 << 10), version).starts_with("a script that takes too long to parse"));
        assert_eq!(short("a\0b", version), "a NUL byte: \0");
        for unread in ["a;".repeat(70 << 10), "a;".repeat(50 << 10), "a\0".to_owned()] {
            assert_eq!(dangerous::script(&unread, version), Some(dangerous::Danger::Unread));
        }
        assert_eq!(dangerous::script("if", version), None);
    }
    let usual = "cargo test --workspace --all-targets -- --nocapture && echo done\n".repeat(250);
    assert!(matches!(decompose(&usual, Version::V0_169_0), Decomposition::Plain(commands) if commands.len() == 500));
}
