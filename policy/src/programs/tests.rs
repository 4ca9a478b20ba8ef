use super::*;
use crate::word::{Fields, Opaque};

/// The words of an example: `$x` and a glob are unknown and any number of words, in double quotes one; a text in front
/// is what they surely start with.
fn words(example: &str) -> Vec<Word> {
    let one = |written: &str| {
        let (inner, fields) = match written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) => (inner, Fields::One),
            None => (written, Fields::Many),
        };
        match inner.find(['$', '*']) {
            // The text of a pattern of ripgrep or a message is no expansion.
            Some(at) if !inner.contains('&') => Word::Opaque(Opaque {
                written: written.to_owned(),
                prefix: inner[..at].to_owned(),
                fields,
                why: "the value of a variable".into(),
            }),
            _ => Word::known(inner),
        }
    };
    example.split(' ').map(one).collect()
}

#[test]
fn every_example_of_the_table_is_right() {
    let mut wrong = Vec::new();
    for program in PROGRAMS {
        let found = |example: &str| touches(example.split(' ').next().unwrap_or(""), &words(example));
        wrong.extend(
            program
                .surprising
                .iter()
                .filter(|one| found(one).is_empty())
                .map(|one| format!("nothing is said of `{one}`")),
        );
        wrong.extend(
            program.plain.iter().filter(|one| !found(one).is_empty()).map(|one| format!("{one}: {:?}", found(one))),
        );
        if program.plain.is_empty() {
            wrong.push(format!("{}: no example of what is plain", program.names));
        }
        let surprises = program.subs.iter().any(|sub| !sub.effects.is_empty())
            || !program.effects.is_empty()
            || program.operand.is_some();
        if surprises == program.surprising.is_empty() {
            wrong.push(format!("{}: examples and effects do not agree", program.names));
        }
        for example in program.surprising.iter().chain(program.plain) {
            let head = example.split(' ').next().unwrap_or("");
            if !program
                .names
                .split(' ')
                .any(|name| find(head).is_some_and(|row| row.names.split(' ').any(|n| n == name)))
            {
                wrong.push(format!("`{example}` is of another program"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_program_has_one_row_and_an_option_one_meaning() {
    let mut names: Vec<&str> = PROGRAMS.iter().flat_map(|program| program.names.split(' ')).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "a name stands in two rows");
    let mut wrong = Vec::new();
    let mut check = |who: &str, grammar: &Grammar, effects: &[Effect]| {
        let rows: Vec<&str> =
            grammar.options.split_ascii_whitespace().map(|row| row.trim_end_matches(['=', '?'])).collect();
        let mut spelled: Vec<&str> = rows.iter().flat_map(|row| row.split(',')).collect();
        spelled.sort_unstable();
        wrong.extend(spelled.windows(2).filter(|two| two[0] == two[1]).map(|two| format!("{who}: `{}` twice", two[0])));
        for option in effects.iter().flat_map(|(_, options)| options.split(' ')) {
            if !rows.iter().any(|row| row.split(',').next() == Some(option)) {
                wrong.push(format!("{who}: `{option}` is not the first name of an option"));
            }
        }
    };
    for program in PROGRAMS {
        check(program.names, &program.grammar, program.effects);
        for sub in program.subs {
            check(&format!("{} {}", program.names, sub.names), &sub.grammar, sub.effects);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_program_is_found_by_path_and_version_and_no_other_way() {
    assert!(find("/usr/bin/python3.12").is_some());
    assert!(find("pip3").is_some());
    assert!(find("Git").is_none());
    assert!(find("unheard-of").is_none());
    assert!(touches("unheard-of", &words("unheard-of $x --exec")).is_empty());
}

#[test]
fn the_word_that_an_allowing_rule_must_reach_is_named() {
    let at = |example: &str| match touches(example.split(' ').next().unwrap_or(""), &words(example)).first() {
        Some(Inner::Executes { word, .. }) => (true, *word),
        Some(Inner::Touches { word, .. }) => (false, *word),
        other => panic!("{other:?}"),
    };
    assert_eq!(at("git -c alias.z=!rm z"), (true, 2));
    assert_eq!(at("sort --compress-program sh f"), (true, 2));
    assert_eq!(at("sort --compress-program=sh f"), (true, 1));
    assert_eq!(at("sort f -o x"), (false, 2));
    assert_eq!(at("find . $x"), (true, 2));
    assert_eq!(at("uniq a b"), (false, 2));
    assert_eq!(at("git -C /p status"), (false, 1));
}

#[test]
fn programs_whose_options_have_no_dash_are_known_by_their_ending() {
    for program in PROGRAMS.iter().filter(|row| matches!(row.style, Style::Keyed | Style::Bundled)) {
        assert!(program.names.split(' ').all(has_bare_options), "{}", program.names);
    }
}
