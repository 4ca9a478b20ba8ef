use super::*;

fn one(text: &str) -> Kind {
    let forms = read(&format!("({text})"), SourceId(0)).unwrap();
    forms[0].list().unwrap()[0].kind.clone()
}

fn text(of: &str) -> Kind {
    Kind::Text { text: of.into(), dropped: false }
}

fn wrong(text: &str) -> (String, u32) {
    let found = read(text, SourceId(0)).unwrap_err();
    (found.message, found.labels[0].span.start)
}

#[test]
fn every_kind_of_atom_is_read() {
    assert_eq!(one("file-read*"), Kind::Symbol("file-read*".into()));
    assert_eq!(one("%entitlement-load"), Kind::Symbol("%entitlement-load".into()));
    assert_eq!(one("-"), Kind::Symbol("-".into()));
    assert_eq!(one("12"), Kind::Number(12));
    assert_eq!(one("-3"), Kind::Number(-3));
    assert_eq!(one("#o17"), Kind::Number(15));
    assert_eq!(one("#x1f"), Kind::Number(31));
    assert_eq!(one("#f"), Kind::Truth(false));
    for (text, letter) in
        [("#\\a", 'a'), ("#\\(", '('), ("#\\;", ';'), ("#\\space", ' '), ("#\\x2f", '/'), ("#\\x", 'x'), ("#\\é", 'é')]
    {
        assert_eq!(one(text), Kind::Letter(letter), "{text}");
    }
    assert!(matches!(one("'name"), Kind::Quoted(form) if form.symbol() == Some("name")));
}

#[test]
fn a_cooked_string_drops_what_a_raw_one_keeps() {
    assert_eq!(one(r#""a\"b\\c\n""#), text("a\"b\\c\n"));
    assert_eq!(one(r#""/\.env""#), Kind::Text { text: "/.env".into(), dropped: true });
    assert_eq!(one(r##"#"/\.env\"""##), text("/\\.env\""));
    // A backslash that is itself escaped does not escape the quote after it.
    assert_eq!(one(r##"#"a\\""##), text("a\\\\"));
}

#[test]
fn comments_blanks_and_other_scripts_are_no_trouble() {
    let forms = read("\u{feff}; ünï (\n(a\t;x)\r\n b)(c) ; end", SourceId(0)).unwrap();
    assert_eq!(forms.len(), 2);
    assert_eq!(forms[0].list().unwrap().len(), 2);
    assert!(read("", SourceId(0)).unwrap().is_empty());
}

#[test]
fn a_place_is_where_the_form_begins() {
    let forms = read("(a)\n (b)", SourceId(0)).unwrap();
    assert_eq!((forms[1].span.start, forms[1].span.end), (5, 8));
}

#[test]
fn what_is_no_profile_is_said_to_be_none() {
    for text in ["#include <x>\n(a)", "const char* p = R\"((version 1))\";", "{\"a\": 1}", "hello", "\0\u{1}"] {
        let found = read(text, SourceId(0)).unwrap_err();
        assert_eq!(found.code, "seatbelt-no-profile", "{text}");
        assert!(found.help.is_some());
    }
}

#[test]
fn what_is_not_closed_is_shown_where_it_opens() {
    assert_eq!(wrong("(a (b)"), ("the list that begins here is not closed".into(), 0));
    assert_eq!(wrong("(a \"b)"), ("the string that begins here is not closed".into(), 3));
    assert_eq!(wrong("(a))").1, 3);
    assert_eq!(wrong("(a ')").1, 4);
    assert!(wrong("(a #| b |#)").0.contains("comments"));
    assert_eq!(wrong("(a #;(b))"), ("`#;` is nothing that SBPL has".into(), 3));
    assert_eq!(wrong("(a #\\spoon)"), ("`#\\spoon` is no character".into(), 3));
    assert!(wrong("(a #\\").0.contains("no character"));
    assert_eq!(read("(a #(1 2))", SourceId(0)).unwrap_err().code, "seatbelt-unsupported");
}

#[test]
fn a_profile_may_name_the_program_that_applies_it() {
    let forms = read("#!/usr/bin/sandbox-exec -f\n(a #! more\n b)", SourceId(0)).unwrap();
    assert_eq!(forms.len(), 1);
    assert_eq!(forms[0].list().unwrap().len(), 2);
    let found = read("#!/bin/sh\nsandbox-exec -p '(version 1)' true", SourceId(0)).unwrap_err();
    assert_eq!(found.code, "seatbelt-no-profile");
}

#[test]
fn the_limits_hold() {
    let deep = |depth: usize| read(&format!("{}{}", "(".repeat(depth), ")".repeat(depth)), SourceId(0));
    assert!(deep(DEEPEST).is_ok());
    assert_eq!(deep(DEEPEST + 1).unwrap_err().code, "seatbelt-limit");
    assert_eq!(read(&"(".repeat(1 << 20), SourceId(0)).unwrap_err().code, "seatbelt-limit");
    assert_eq!(read(&format!("(a {})", "'".repeat(1 << 20)), SourceId(0)).unwrap_err().code, "seatbelt-limit");
    assert!(read(&format!("({})", "a".repeat(LONGEST_ATOM)), SourceId(0)).is_ok());
    assert_eq!(read(&format!("({})", "a".repeat(LONGEST_ATOM + 1)), SourceId(0)).unwrap_err().code, "seatbelt-limit");
    assert_eq!(read(&format!("(\"{}\")", "a".repeat(LONGEST_ATOM)), SourceId(0)).unwrap_err().code, "seatbelt-limit");
    assert_eq!(read(&" ".repeat(LARGEST + 1), SourceId(0)).unwrap_err().code, "seatbelt-limit");
}
