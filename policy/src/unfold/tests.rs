use super::*;
use crate::word::{Fields, Opaque};

/// The words of an example: `$X` is a variable that may be several words, `$X!` one that is one.
fn words(text: &str) -> Vec<Word> {
    let opaque = |written: &str, fields| {
        Word::Opaque(Opaque {
            written: written.to_owned(),
            prefix: String::new(),
            fields,
            why: format!("the value of `{written}`"),
        })
    };
    shlex::split(text)
        .expect("an example has words")
        .into_iter()
        .map(|word| {
            let name = |word: &str| {
                word.strip_prefix('$')
                    .is_some_and(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase()))
            };
            match word.strip_suffix('!').filter(|word| name(word)) {
                Some(one) => opaque(one, Fields::One),
                None if name(&word) => opaque(&word, Fields::Many),
                None => match word.split_once(":$").filter(|(_, rest)| rest.ends_with('!')) {
                    Some((prefix, _)) => Word::Opaque(Opaque {
                        written: word.clone(),
                        prefix: format!("{prefix}:"),
                        fields: Fields::One,
                        why: "x".into(),
                    }),
                    None => Word::Known(word),
                },
            }
        })
        .collect()
}

fn shown(words: &[Word]) -> String {
    words.iter().map(Word::written).collect::<Vec<_>>().join(" ")
}

fn text(inner: &Inner) -> String {
    match inner {
        Inner::Command { words, environment } => {
            let set: String = environment.iter().map(|(name, value)| format!("{name}={} ", value.written())).collect();
            format!("{set}{}", shown(words))
        }
        Inner::Script { shell, text, arguments } if arguments.is_empty() => format!("{shell}: {}", text.written()),
        Inner::Script { shell, text, arguments } => format!("{shell}: {} | {}", text.written(), shown(arguments)),
        Inner::Text { language, text } => format!("text {language}: {}", text.written()),
        Inner::Executes { word, .. } => format!("executes {word}"),
        Inner::Touches { word, .. } => format!("touches {word}"),
    }
}

fn of(command: &str) -> Vec<String> {
    let (command, given) = match command.split_once(" <<< ") {
        Some((command, given)) => (command, Some(Word::known(given))),
        None => (command, None),
    };
    let words = words(command);
    let name = words[0].written().rsplit('/').next().expect("a name").to_owned();
    let input = given.as_ref().map_or(Input::Inherited, Input::Text);
    inner(&name, &words, input).iter().map(text).collect()
}

#[test]
fn every_row_does_what_its_examples_say() {
    let mut wrong = Vec::new();
    for row in rows() {
        assert!(!row.examples.is_empty(), "{:?} has no example", row.names);
        for (command, wanted) in row.examples {
            let got = of(command);
            if got != *wanted {
                wrong.push(format!("{command}\n  wanted {wanted:?}\n  got    {got:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{} wrong", wrong.join("\n"), wrong.len());
}

#[test]
fn a_name_is_in_one_row_and_found_there() {
    let mut seen = std::collections::BTreeSet::new();
    for row in rows() {
        for name in row.names {
            assert!(seen.insert(*name), "`{name}` is in two rows");
            assert!(std::ptr::eq(find(name).expect("found"), row), "`{name}`");
        }
    }
    assert!(seen.len() * 2 < SLOTS, "{} names", seen.len());
}

#[test]
fn a_name_is_found_whatever_its_case_version_and_ending() {
    for (given, plain) in [
        ("python3.11", "python"),
        ("perl5.36", "perl"),
        ("lua5.4", "lua"),
        ("ruby3.1", "ruby"),
        ("php8.2", "php"),
        ("vim.basic", "vim"),
        ("BASH.EXE", "bash"),
        ("bash5", "bash"),
        ("PowerShell.exe", "powershell"),
        ("ld-linux-x86-64.so.2", "ld.so"),
        ("gcc-12", "gcc"),
        ("python3.13t", "python"),
        ("nc.openbsd", "nc"),
        ("Rscript", "rscript"),
        ("clang++-17", "clang++"),
    ] {
        assert!(find(given).is_some_and(|row| row.names.contains(&plain)), "{given}");
    }
    for name in ["ls", "cat", "make.sh", "test1.py", "", ".", "-", "a-b", "rm", "grep", "jq", "7z", "sh.txt"] {
        assert!(matches!(name, "-" | ".") || find(name).is_none(), "{name}");
    }
}

#[test]
fn a_long_command_takes_no_long_time_and_no_deep_stack() {
    let opaque =
        || Word::Opaque(Opaque { written: "$X".into(), prefix: String::new(), fields: Fields::Many, why: "x".into() });
    for row in rows() {
        for pair in [
            ["+a", "-x"],
            ["A=1", "-b"],
            ["-S", "-S a"],
            ["exec", "run"],
            ["-exec", "{}"],
            ["sudo", "$X"],
            ["!!exec:", "("],
            ["$X", "$X"],
        ] {
            let word = |text: &&str| if *text == "$X" { opaque() } else { Word::known(*text) };
            let mut words = vec![Word::known(row.names[0])];
            words.extend(pair.iter().cycle().take(1_000).map(word));
            assert!(inner(row.names[0], &words, Input::Unknown).len() < 4_000, "{}", row.names[0]);
        }
    }
}

#[test]
fn odd_words_never_end_in_a_panic() {
    let odd = [
        "",
        "-",
        "--",
        "-c",
        "--command",
        "-S",
        "=",
        "a=",
        "{}",
        ";",
        "+",
        ":::",
        "é",
        "-é",
        "--é=",
        "ext::",
        "$X",
        "-e",
        "-exec",
        "s/",
        "\\",
        "/c",
        "-x",
    ];
    for row in rows() {
        for one in odd {
            for other in odd {
                for third in ["é"] {
                    let words: Vec<Word> = [row.names[0], one, other, third]
                        .into_iter()
                        .map(|text| match text {
                            "$X" => Word::Opaque(Opaque {
                                written: "$X".into(),
                                prefix: String::new(),
                                fields: Fields::Many,
                                why: "x".into(),
                            }),
                            text => Word::known(text),
                        })
                        .collect();
                    for length in if one == other { 0..=words.len() } else { words.len()..=words.len() } {
                        let _ = inner(row.names[0], &words[..length], Input::Unknown);
                    }
                }
            }
        }
    }
}
