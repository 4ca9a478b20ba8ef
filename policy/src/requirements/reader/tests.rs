//! The reader beside the `toml` crate: the same texts are TOML, and every value and place is the same.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::combinations::combination;
use super::super::release::RELEASES;
use super::super::value::{Node, Table, Value};
use super::read;
use crate::source::{SourceId, Span};

fn span(range: &std::ops::Range<usize>) -> Span {
    let place = |at: usize| u32::try_from(at).expect("small");
    Span { source: SourceId(0), start: place(range.start), end: place(range.end) }
}

/// The tree of the `toml` crate, as ours would be.
fn theirs(table: &DeTable<'_>) -> Table {
    table.iter().map(|(key, value)| (key.get_ref().as_ref(), node(&key.span(), value))).collect()
}

fn node(key: &std::ops::Range<usize>, spanned: &Spanned<DeValue<'_>>) -> Node {
    let value = match spanned.get_ref() {
        DeValue::String(text) => Value::Text(text.as_ref().into()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::Text(number.to_string().into()), Value::Integer),
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(truth) => Value::Bool(*truth),
        DeValue::Datetime(time) => Value::Datetime(std::sync::Arc::new(time.to_string())),
        DeValue::Array(items) => {
            let items: Vec<Node> = items.iter().map(|item| node(&item.span(), item)).collect();
            Value::List(items.into())
        }
        DeValue::Table(table) => Value::Table(theirs(table)),
    };
    Node { value, span: span(&spanned.span()), key: span(key) }
}

/// Whether both agree, and whether the text is TOML.
fn agree(text: &str) -> bool {
    let ours = read(SourceId(0), 0, text);
    let their = DeTable::parse(text);
    match (&ours, &their) {
        (Ok(ours), Ok(their)) => {
            let their = theirs(their.get_ref());
            // Numbers that are none differ from themselves.
            let same = *ours == their || (text.contains("nan") && format!("{ours:?}") == format!("{their:?}"));
            assert!(same, "{text:?}\n{ours:?}\n{their:?}");
        }
        (Err(ours), Err(their)) => assert_eq!(ours.message, their.message().trim(), "{text:?}"),
        (Ok(_), Err(error)) => panic!("{text:?} is no TOML: {}", error.message()),
        (Err(wrong), Ok(_)) => panic!("{text:?} is TOML, and not: {}", wrong.message),
    }
    ours.is_ok()
}

/// Texts that try what TOML can say, and what it cannot.
const TEXTS: &[&str] = &[
    "",
    "\n\n# only a comment",
    "# a comment with a return\r\n",
    "a = 1 # behind",
    "a = 1\r\nb = 2\r\n",
    "a = 1\rb = 2",
    "a = 1 b = 2",
    "a",
    "a =",
    "a = \n1",
    "= 1",
    "a = = 1",
    "a.b.c = 1\na.b.d = 2\na.e = 3",
    "a . b\t. \"c d\" = 1",
    "a..b = 1",
    ".a = 1",
    "a. = 1",
    "'' = 1\n\"\" = 2",
    "a = 1\na = 2",
    "a.b = 1\na = 2",
    "a = 1\na.b = 2",
    "a = {}\na.b = 1",
    "a = [1]\na.b = 1",
    "[a]\nb = 1\n[a]\nc = 2",
    "[a.b]\nc = 1\n[a]\nd = 2",
    "[a]\nb.c = 1\n[a.b]\nd = 1",
    "[a]\nb.c = 1\n[a.b.d]\ne = 1",
    "[a.b]\n[a]\nb.c = 1",
    "[a.b.c]\n[a]\nb.d = 1",
    "[a.b.c]\nd = 1\n[a]\nb.c.e = 1",
    "[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 3\n[[a.e]]\nf = 1",
    "[[a]]\n[a]",
    "[a]\n[[a]]",
    "a = []\n[[a]]",
    "a = [{}]\n[[a]]",
    "a = [{b = 1}]\n[a.c]",
    "[[x.a]]\n[x.a.b.d]\n[x]\na.b.c = 1",
    "[[a.b]]\n[a]\nb.c = 1",
    "[a]]\n",
    "[[a]\n",
    "[[a] ]\n",
    "[ [a]]\n",
    "[ a . 'b' ]\nc = 1",
    "[]\n",
    "[a\n",
    "[a] b = 1",
    "[a] # fine",
    "]",
    "{}",
    "a = [1, 2, 3,]",
    "a = [1,, 2]",
    "a = [,]",
    "a = [1 2]",
    "a = [1\n, # between\n2 ]",
    "a = [",
    "a = [1",
    "a = ]",
    "a = [1}",
    "a = [=]",
    "a = [[1, 'x'], [], [[true]]]",
    "a = { b = 1, c.d = 2, c.e = 3 }",
    "a = { b = 1, b = 2 }",
    "a = { b = {}, b.c = 2 }",
    "a = { b.c = 1, b = 2 }",
    "a = { b = 1, }",
    "a = {\n b = 1, # more\n c = 2\n}",
    "a = { b\n=\n1 }",
    "a = { b = 1 c = 2 }",
    "a = { , }",
    "a = { b }",
    "a = { b = }",
    "a = { = 1 }",
    "a = { b = 1",
    "a = }",
    "a = { [b] = 1 }",
    "a = { b = [ { c = { d = [] } } ] }",
    "a = 'x'\nb = \"y\\n\\u00e9\\x41\\e\"\nc = '''\nlong 'one'\n'''\nd = \"\"\"\n\\\n  joined \"\"\" ",
    "a = \"open",
    "a = 'open\n",
    "a = \"\"\"open",
    "a = \"bad \\q\"",
    "a = \"\u{1}\"",
    "'''a''' = 1",
    "\"a\\nb\" = 1",
    "a = 1_000\nb = 0x_1\n",
    "a = 0xFF\nb = 0o17\nc = 0b101\nd = +7\ne = -0",
    "a = 01",
    "a = 99999999999999999999\nb = 0xFFFFFFFFFFFFFFFFFFFF",
    "a = 1.5e3\nb = -0.0\nc = inf\nd = +inf\ne = 1.",
    "a = nan",
    "a = 1.5e3\nb = -0.0\nc = inf\nd = -inf\ne = 6.626e-34",
    "a = 1979-05-27T07:32:00Z\nb = 1979-05-27 07:32:00.5\nc = 1979-05-27\nd = 07:32:00\ne = 07:32",
    "a = 1979-13-27",
    "a = 1979-05-27 x",
    "a = true\nb = false",
    "a = True",
    "a = yes",
    "a = 1 2",
    "a = ö",
    "ö = 1",
    "\"ö\" = 'ä'",
    "a = 1\u{0}",
    "\u{0}",
    "a = .5",
    "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p = 1\na.b.c.d.e.f.g.h.i.j.k.l.m.n.o.q = 2",
];

#[test]
fn what_toml_can_say_is_read_as_the_toml_crate_reads_it() {
    let valid = TEXTS.iter().filter(|text| agree(text)).count();
    assert!(valid > 30 && TEXTS.len() - valid > 40, "{valid} of {}", TEXTS.len());
}

#[test]
fn any_text_that_is_cut_or_changed_is_read_as_the_toml_crate_reads_it() {
    let mut number: u64 = 1;
    let mut next = |below: usize| {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(number >> 33).unwrap_or(0) % below.max(1)
    };
    let mut texts: Vec<String> = TEXTS.iter().map(|text| (*text).to_owned()).collect();
    for release in RELEASES {
        let made = (0..60).flat_map(|seed| combination(seed, release).files);
        texts.extend(made.map(|(.., text)| text));
    }
    let signs =
        ["[", "]", "{", "}", ".", "=", ",", "\"", "'", "\n", " ", "#", "a", "1", "\\", "\r", "é", "[[", "a = {"];
    let (mut valid, mut all) = (0, 0);
    for round in 0..6 {
        for text in texts.clone() {
            let mut letters: Vec<char> = text.chars().collect();
            for _ in 0..=round % 3 {
                let at = next(letters.len() + 1);
                match next(4) {
                    0 if at < letters.len() => drop(letters.remove(at)),
                    1 => letters.truncate(at),
                    _ => drop(letters.splice(at..at, signs[next(signs.len())].chars()).collect::<Vec<_>>()),
                }
            }
            let text: String = letters.into_iter().collect();
            all += 1;
            valid += usize::from(agree(&text));
        }
    }
    assert!(valid > all / 10 && valid < all * 9 / 10, "{valid} of {all}");
}

#[test]
fn a_large_table_is_one_as_well_and_says_twice_where_it_does() {
    let mut text = String::new();
    for number in 0..500 {
        text.push_str(&format!("[servers.s{number}.identity]\ncommand = 'c{number}'\n"));
    }
    let (keys, twice) = (text.clone(), format!("{text}[servers.s77.identity]\n"));
    assert!(agree(&keys));
    assert!(!agree(&twice));
    let keys: String = (0..500).map(|number| format!("key{number} = {number}\n")).collect();
    assert!(agree(&keys));
    assert!(!agree(&format!("{keys}key13 = 1\n")));
    assert!(agree(&format!("a = {{ {} }}\n[b]\n{keys}", keys.replace('\n', ", "))));
}

#[test]
fn what_is_too_deep_is_told_and_no_stack_ends() {
    for (open, close) in [("[", "]"), ("{ a = ", "}")] {
        for depth in [79, 80, 81, 82, 2000] {
            let text = format!("a = {}1{}", open.repeat(depth), close.repeat(depth));
            assert_eq!(agree(&text), depth <= 80, "{depth}");
        }
    }
    for parts in [79, 80, 81, 82, 200_000] {
        let key = vec!["a"; parts].join(".");
        assert_eq!(agree(&format!("{key} = 1")), parts <= 80, "{parts}");
        assert_eq!(agree(&format!("[{key}]")), parts <= 80, "{parts}");
    }
    // Each within what one value may be, and together more than a walk should go.
    let key = vec!["a"; 79].join(".");
    let deep = format!("b = {}1{}", format!("{{ {key} = ").repeat(79), "}".repeat(79));
    assert!(read(SourceId(0), 0, &deep).is_err());
}

#[test]
fn a_text_too_large_to_be_read_twice_has_words_of_its_own() {
    let mut text: String = (0..200_000).map(|number| format!("k{number} = 1\n")).collect();
    assert!(text.len() > super::USUAL);
    let place = text.len();
    text.push_str("k7 = 2\n");
    let wrong = read(SourceId(0), 0, &text).expect_err("twice");
    assert_eq!((wrong.message.as_str(), wrong.span.start as usize), ("duplicate key", place));
}
