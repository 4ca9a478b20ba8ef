//! Diagnostics as people see them: the one place that knows annotate-snippets.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use policy::diagnostic::{Diagnostic, Severity};
use policy::source::Sources;

/// Draws diagnostics compiler-style; `colour` only when the stream is a terminal and `NO_COLOR` is unset.
#[must_use]
pub fn diagnostics(found: &[Diagnostic], sources: &Sources, colour: Colour) -> String {
    let renderer = match colour {
        Colour::On => Renderer::styled(),
        Colour::Off => Renderer::plain(),
    };
    let mut out = String::new();
    for diagnostic in found {
        out.push_str(&one(diagnostic, sources, &renderer));
        out.push_str("\n\n");
    }
    out.truncate(out.trim_end().len());
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// Whether to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Terminal escapes.
    On,
    /// Plain text.
    Off,
}

impl Colour {
    /// Colour for a stream: on when it is a terminal and `NO_COLOR` is unset or empty.
    #[must_use]
    pub fn of(stream: &impl std::io::IsTerminal) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if stream.is_terminal() && !refused { Self::On } else { Self::Off }
    }
}

/// A text of this many bytes is drawn from as a whole; of a larger one only what is shown is looked at.
const SMALL: usize = 64 << 10;

/// Of a line that is longer than a small text, how much around the place is shown.
const AROUND: usize = 200;

/// The part of a text that a place is shown in.
fn window(text: &str, range: &Range<usize>) -> Range<usize> {
    if text.len() <= SMALL {
        return 0..text.len();
    }
    let start = start_of_line(text, range.start);
    // Of a value of many lines the first says enough.
    let ends = [range.end, range.start].map(|at| end_of_line(text, at));
    for end in ends.into_iter().flatten() {
        if let Some(start) = start.filter(|start| end - start <= SMALL) {
            return start..end;
        }
    }
    let [_, end] = ends;
    let first = range.start.saturating_sub(AROUND).max(start.unwrap_or(0));
    let last = (range.start + AROUND).min(end.unwrap_or(text.len()));
    text.ceil_char_boundary(first)..text.floor_char_boundary(last)
}

/// Where the line of this place begins, if it is not further away than a small text is long.
fn start_of_line(text: &str, at: usize) -> Option<usize> {
    let from = at.saturating_sub(SMALL);
    let before = text.as_bytes().get(from..at)?;
    let behind = before.iter().rposition(|byte| *byte == b'\n').map(|place| from + place + 1);
    behind.or_else(|| (from == 0).then_some(0))
}

/// Where the line of this place ends, likewise.
fn end_of_line(text: &str, at: usize) -> Option<usize> {
    let to = text.len().min(at.saturating_add(SMALL));
    let rest = text.as_bytes().get(at..to)?;
    let before = rest.iter().position(|byte| *byte == b'\n').map(|place| at + place);
    before.or_else(|| (to == text.len()).then_some(to))
}

fn one(diagnostic: &Diagnostic, sources: &Sources, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(&diagnostic.message).id(&diagnostic.code);
    let mut group = Group::with_title(title);
    // Whether no place has been shown yet.
    let mut first = true;
    for label in &diagnostic.labels {
        let Some(source) = sources.get(label.span.source) else { continue };
        if source.text.is_empty() {
            // A text that is empty or could not be read has no lines to show, but a name.
            group = group.element(Origin::path(&source.name));
            continue;
        }
        let clamp = |at: u32| source.text.floor_char_boundary(at as usize);
        let range = clamp(label.span.start)..clamp(label.span.end.max(label.span.start));
        let kind = if first { AnnotationKind::Primary } else { AnnotationKind::Context };
        first = false;
        let seen = window(&source.text, &range);
        let mut annotation = kind.span(range.start - seen.start..range.end.min(seen.end) - seen.start);
        if !label.text.is_empty() {
            annotation = annotation.label(&label.text);
        }
        let place = sources.place(label.span);
        let snippet = Snippet::source(source.text.get(seen.clone()).unwrap_or_default()).annotation(annotation);
        let begins = seen.start == 0 || source.text.get(..seen.start).is_some_and(|before| before.ends_with('\n'));
        group = if seen == (0..source.text.len()) {
            group.element(snippet.path(&source.name))
        } else if begins {
            group.element(snippet.path(&source.name).line_start(place.line))
        } else {
            // Of a line that is cut the snippet does not know the column.
            let origin = Origin::path(&source.name).line(place.line).char_column(place.column);
            group.element(origin).element(snippet.line_start(place.line))
        };
    }
    match &diagnostic.help {
        Some(help) if first => renderer.render(&[group, Group::with_title(Level::HELP.secondary_title(help))]),
        Some(help) => renderer.render(&[group.element(Level::HELP.message(help))]),
        None => renderer.render(&[group]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_large_text_the_line_is_shown_and_of_a_long_line_what_is_around() {
        let (short, long) = ("é = 1\n".repeat(20_000), "é".repeat(SMALL));
        let text = format!("{short}[{long}]\nlast = 1");
        let shown = |start: usize, end: usize| text.get(window(&text, &(start..end))).unwrap();
        let line = "é = 1\n".len();
        assert_eq!(shown(line * 9, line * 9 + 2), "é = 1");
        // Of many lines the first.
        assert_eq!(shown(line * 9, line * 19_999), "é = 1");
        assert_eq!(shown(text.len() - 1, text.len()), "last = 1");
        let within = shown(short.len() + 5001, short.len() + 5003);
        assert!(within.chars().all(|letter| letter == 'é') && within.len().abs_diff(2 * AROUND) <= 2, "{within}");
        let first = shown(short.len(), short.len() + 1);
        assert!(first.starts_with('[') && first.len() <= AROUND + 1, "{first}");
        assert_eq!(window("a\nb", &(2..3)), 0..3);
    }
}
