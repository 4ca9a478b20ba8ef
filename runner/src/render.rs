//! Diagnostics as people see them: the one place that knows annotate-snippets.

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
        let clamp = |at: u32| {
            let mut at = (at as usize).min(source.text.len());
            while !source.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let range = clamp(label.span.start)..clamp(label.span.end.max(label.span.start));
        let kind = if first { AnnotationKind::Primary } else { AnnotationKind::Context };
        first = false;
        let mut annotation = kind.span(range);
        if !label.text.is_empty() {
            annotation = annotation.label(&label.text);
        }
        group = group.element(Snippet::source(&source.text).path(&source.name).annotation(annotation));
    }
    match &diagnostic.help {
        Some(help) if first => renderer.render(&[group, Group::with_title(Level::HELP.secondary_title(help))]),
        Some(help) => renderer.render(&[group.element(Level::HELP.message(help))]),
        None => renderer.render(&[group]),
    }
}
