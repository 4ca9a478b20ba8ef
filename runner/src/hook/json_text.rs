//! Changing a JSON file as text, so that what others wrote stays as they wrote it: order, blanks, spelling of numbers.
//!
//! The text is parsed with the place of every value; what is put in and taken out are pieces of text. Pure.

use std::ops::Range;

/// A value with its place in the text, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// Where it stands.
    pub(super) at: Range<usize>,
    /// What it is.
    pub(super) kind: Kind,
}

/// What a value is, as far as hooks ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Members in their order, each with where its name begins.
    Object(Vec<(String, usize, Node)>),
    /// Items in their order.
    Array(Vec<Node>),
    /// A string.
    Text(String),
    /// A number, `true`, `false` or `null`.
    Other,
}

impl Node {
    /// A member of an object.
    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        let Kind::Object(members) = &self.kind else { return None };
        members.iter().find(|(known, ..)| known == name).map(|(_, _, node)| node)
    }

    /// The items of an array; none of anything else.
    pub(super) fn items(&self) -> &[Self] {
        if let Kind::Array(items) = &self.kind { items } else { &[] }
    }

    /// The text of a string.
    pub(super) fn text(&self) -> Option<&str> {
        if let Kind::Text(text) = &self.kind { Some(text) } else { None }
    }

    /// Where its members or items stand, names included.
    fn parts(&self) -> Vec<Range<usize>> {
        match &self.kind {
            Kind::Object(members) => members.iter().map(|(_, from, node)| *from..node.at.end).collect(),
            Kind::Array(items) => items.iter().map(|node| node.at.clone()).collect(),
            Kind::Text(_) | Kind::Other => Vec::new(),
        }
    }
}

/// What is wrong with a text, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) at: usize,
    pub(super) why: String,
}

/// Reads a text that is one value. A name that an object has twice is an error: programs differ in which they take.
///
/// # Errors
/// The first thing that is wrong.
pub(super) fn parse(text: &str) -> Result<Node, Wrong> {
    // Into values, since that refuses what is nested too deep for the reader below.
    if let Err(error) = serde_json::from_str::<serde_json::Value>(text) {
        let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let at = (before + error.column().saturating_sub(1)).min(text.len());
        let why = error.to_string();
        let why = why.split(" at line ").next().unwrap_or_default().to_owned();
        return Err(Wrong { at: text.floor_char_boundary(at), why });
    }
    // From here on the text is known to be JSON of bounded depth, so that what is looked for is there.
    let mut reader = Reader { text, at: 0 };
    reader.value()
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or_default()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\r' | b'\n') {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Node, Wrong> {
        self.blanks();
        let from = self.at;
        let kind = match self.peek() {
            b'{' => self.object()?,
            b'[' => self.array()?,
            b'"' => Kind::Text(self.string()),
            _ => {
                while !matches!(self.peek(), 0 | b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n') {
                    self.at += 1;
                }
                Kind::Other
            }
        };
        Ok(Node { at: from..self.at, kind })
    }

    /// Whether another part follows; goes past the comma, or past the end.
    fn more(&mut self, first: &mut bool, end: u8) -> bool {
        self.blanks();
        if self.peek() == end || self.peek() == 0 {
            self.at += 1;
            return false;
        }
        if !std::mem::take(first) {
            self.at += 1;
            self.blanks();
        }
        true
    }

    fn object(&mut self) -> Result<Kind, Wrong> {
        self.at += 1;
        let (mut members, mut first) = (Vec::<(String, usize, Node)>::new(), true);
        while self.more(&mut first, b'}') {
            let from = self.at;
            let name = self.string();
            if members.iter().any(|(known, ..)| *known == name) {
                return Err(Wrong { at: from, why: format!("the object has `{name}` twice") });
            }
            self.blanks();
            self.at += 1;
            let value = self.value()?;
            members.push((name, from, value));
        }
        Ok(Kind::Object(members))
    }

    fn array(&mut self) -> Result<Kind, Wrong> {
        self.at += 1;
        let (mut items, mut first) = (Vec::new(), true);
        while self.more(&mut first, b']') {
            items.push(self.value()?);
        }
        Ok(Kind::Array(items))
    }

    fn string(&mut self) -> String {
        let from = self.at;
        self.at += 1;
        while !matches!(self.peek(), b'"' | 0) {
            self.at += if self.peek() == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        let written = self.text.get(from..self.at).unwrap_or_default();
        serde_json::from_str(written).unwrap_or_default()
    }
}

/// Puts a part behind the last of an object or an array. `part` has lines that are indented from 0.
pub(super) fn put(text: &str, into: &Node, part: &str) -> String {
    let parts = into.parts();
    let inside = text.get(into.at.clone()).unwrap_or_default();
    let mut out = text.to_owned();
    let Some(last) = parts.last() else {
        let outer = indent_of(text, into.at.start);
        let inner = format!("{outer}  ");
        let interior = into.at.start + 1..into.at.end - 1;
        out.replace_range(interior, &format!("\n{inner}{}\n{outer}", part.replace('\n', &format!("\n{inner}"))));
        return out;
    };
    let behind = if inside.contains('\n') {
        let indent = indent_of(text, last.start);
        format!(",\n{indent}{}", part.replace('\n', &format!("\n{indent}")))
    } else {
        format!(", {}", part.split('\n').map(str::trim_start).collect::<Vec<_>>().join(" "))
    };
    out.insert_str(last.end, &behind);
    out
}

/// Takes out the part that stands there, with the comma and the blanks that came with it.
pub(super) fn take_out(text: &str, from: &Node, part: &Range<usize>) -> String {
    let parts = from.parts();
    let mut out = text.to_owned();
    let at = parts.iter().position(|known| known.end == part.end);
    let before = at.and_then(|at| at.checked_sub(1)).and_then(|at| parts.get(at));
    let after = at.and_then(|at| parts.get(at + 1));
    let range = match (before, after) {
        (Some(before), _) => before.end..part.end,
        (None, Some(after)) => at.and_then(|at| parts.get(at)).map_or(part.start, |own| own.start)..after.start,
        (None, None) => from.at.start + 1..from.at.end - 1,
    };
    out.replace_range(range, "");
    out
}

/// The blanks that the line of this place begins with.
fn indent_of(text: &str, at: usize) -> String {
    let line = text.get(..at).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
    line.chars().take_while(|letter| matches!(letter, ' ' | '\t')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_taken_out_without_a_trace() {
        for text in [
            r#"{"a": [1]}"#,
            "{\n\t\"z\" : 1e3,\n\t\"a\":[ {\"x\": \"]}\\\"\"} ]\n}\n",
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ],\n  \"c\": null\n}",
            r#"{"a": []}"#,
        ] {
            let whole = parse(text).expect("JSON");
            let put_in = put(text, whole.member("a").expect("a"), "{\n  \"new\": true\n}");
            let again = parse(&put_in).expect("JSON");
            let list = again.member("a").expect("a");
            let new = list.items().last().expect("an item");
            assert!(new.member("new").is_some(), "{put_in}");
            assert_eq!(take_out(&put_in, list, &new.at), text);
        }
    }

    #[test]
    fn a_member_and_a_first_part_are_taken_out_too() {
        let text = "{\n  \"a\": 1\n}\n";
        let whole = parse(text).expect("JSON");
        let put_in = put(text, &whole, "\"hooks\": [\n  2\n]");
        assert_eq!(put_in, "{\n  \"a\": 1,\n  \"hooks\": [\n    2\n  ]\n}\n");
        let again = parse(&put_in).expect("JSON");
        assert_eq!(take_out(&put_in, &again, &again.member("hooks").expect("hooks").at), text);
        assert_eq!(take_out(&put_in, &again, &again.member("a").expect("a").at), "{\n  \"hooks\": [\n    2\n  ]\n}\n");
    }

    #[test]
    fn what_is_no_json_or_says_a_name_twice_is_refused_with_its_place() {
        for (text, at) in
            [("", 0), ("{\n  \"a\": 1,\n}", 12), ("{} x", 3), ("{\"a\": 1, \"a\": 2}", 9), ("// x\n{}", 0)]
        {
            assert_eq!(parse(text).map_err(|wrong| wrong.at), Err(at), "{text}");
        }
    }
}
