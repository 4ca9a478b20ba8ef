use super::*;

/// The parts of a script, one a line: a command's words, opaque ones in `‹›`; `!` and why for an opaque part.
fn lines(script: &str, dialect: Dialect) -> Vec<String> {
    let parts = decompose(script, dialect, &Settings { arguments: None, home: Some("/home/u") });
    parts.iter().map(line).collect()
}

fn line(part: &Part) -> String {
    match part {
        Part::Opaque(opaque) => format!("! {}", opaque.what),
        Part::Command(command) => {
            let shown = |word: &Word| match word {
                Word::Known(text) => {
                    shlex::try_quote(text).map_or_else(|_| format!("{text:?}"), |text| text.into_owned())
                }
                Word::Opaque(opaque) => format!("‹{}›", opaque.written),
            };
            let words: Vec<String> = command.words.iter().map(shown).collect();
            let files: Vec<String> = command
                .redirections
                .iter()
                .filter(|redirection| !redirection.is_harmless())
                .map(|redirection| format!(">{}", shown(&redirection.target)))
                .collect();
            [words, files].concat().join(" ")
        }
    }
}

#[test]
fn scripts_become_the_commands_they_may_execute() {
    let mut wrong = Vec::new();
    let cases = include_str!("cases.txt").split("----\n").skip(1);
    for case in cases {
        let (script, wanted) = case.split_once("\n=>\n").unwrap_or_else(|| panic!("a case without `=>`: {case}"));
        let got: String = lines(script, Dialect::Bash).iter().map(|line| format!("{line}\n")).collect();
        if got != wanted {
            wrong.push(format!("{script}\n  wanted:\n{wanted}  got:\n{got}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_part_has_its_place_in_the_script() {
    let script = "ls a; eval 'rm x'\n`cat f` | wc";
    let parts = decompose(script, Dialect::Bash, &Settings { arguments: None, home: None });
    let places: Vec<&str> = parts
        .iter()
        .map(|part| match part {
            Part::Command(command) => &script[command.at.start as usize..command.at.end as usize],
            Part::Opaque(opaque) => &script[opaque.at.start as usize..opaque.at.end as usize],
        })
        .map(str::trim_end)
        .collect();
    assert_eq!(places, ["ls a;", "eval 'rm x'", "eval 'rm x'", "`cat f`", "`cat f` |", "wc"]);
}

/// What other shells read differently is opaque for them.
#[test]
fn a_construct_that_shells_read_differently_is_opaque() {
    for script in
        ["[[ -e a || rm x ]]", "((rm x))", "cat <(ls)", "a=(b)", "ls |& cat", "function f { ls; }", "cat <<< x"]
    {
        assert!(lines(script, Dialect::Sh).iter().any(|line| line.starts_with('!')), "{script}");
        assert!(!lines(script, Dialect::Bash).iter().any(|line| line.starts_with("! [")), "{script}");
    }
    for script in ["noglob rm x", "=rm x", "repeat 3 rm x", "print -P $x", "for f (a b) rm $f"] {
        assert!(lines(script, Dialect::Zsh).iter().any(|line| line.starts_with('!')), "{script}");
    }
    assert!(lines("noglob rm x", Dialect::Zsh).contains(&"rm x".to_owned()));
    assert_eq!(lines("git status && rm x", Dialect::Sh), ["git status", "rm x"]);
    assert_eq!(lines("alias g=rm\ng x", Dialect::Sh).len(), 3);
}

#[test]
fn arguments_given_to_a_script_are_known_in_it() {
    let arguments = crate::word::known(&["sh", "rm", "x y"]);
    let settings = Settings { arguments: Some(&arguments), home: None };
    let parts = decompose("\"$@\"; $1 \"$2\"; shift; echo $#; \"$1\"", Dialect::Bash, &settings);
    let got: Vec<String> = parts.iter().map(line).collect();
    assert_eq!(got, ["rm 'x y'", "rm 'x y'", "shift", "echo ‹$#›", "'x y'"]);
}

/// No input makes it fail, take long, or nest without bound.
#[test]
fn hostile_scripts_are_opaque() {
    let many = |text: &str, times: usize| text.repeat(times);
    let scripts = [
        many("(", 300_000),
        many("$(", 100_000),
        many("`", 100_001),
        many("{", 300_000),
        many("if ", 100_000),
        format!("{}{}", many("$((", 50_000), many("))", 50_000)),
        format!("echo {}", many("{a,b}", 1000)),
        "f() { f; f; }; f".into(),
        "a() { b; b; b; }; b() { c; c; c; }; c() { d; d; d; }; d() { e; e; e; }; e() { a; a; a; }; a".into(),
        many("for i in 1 2 3 4 5 6 7; do ", 60) + "$(rm)" + &many("; done", 60),
        many("while a; do X=$X$X; ", 60) + "rm" + &many("; done", 60),
        many("[[ ( ", 30_000),
        many("${a:-", 50_000),
        many("time ", 1000),
        many("coproc ", 1000),
        format!("a=(\"{}", many("${!>! )", 100)),
        "\0rm x".into(),
        "rm x \u{1}".into(),
        many("a\\\n", 100_000),
        many("a|", 200_000),
        many("cat <<E\n", 20_000),
        format!("a[1{}]=1", many("x ", 14_000)),
        many("case x in @(a ", 24),
    ];
    for script in &scripts {
        for dialect in [Dialect::Bash, Dialect::Sh, Dialect::Zsh] {
            let parts = decompose(script, dialect, &Settings { arguments: None, home: None });
            let opaque = parts.iter().any(|part| match part {
                Part::Opaque(_) => true,
                Part::Command(command) => command.words.iter().any(|word| word.text().is_none()),
            });
            assert!(opaque || script.starts_with("while"), "{:.60}", script);
        }
    }
    let long = "a".repeat(super::limits::LONGEST);
    assert_eq!(lines(&long, Dialect::Bash), std::slice::from_ref(&long));
    assert!(lines(&format!("{long}b"), Dialect::Bash)[0].starts_with('!'));
}
