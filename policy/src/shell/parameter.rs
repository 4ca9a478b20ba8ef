//! Parameter expansion with operators: what it executes, and a value only where that is plain.

use shuck_ast::{BourneParameterExpansion, ParameterExpansionSyntax, ParameterOp, Span, VarRef, WordPart};

use super::Dialect;
use super::compound::has_expansion;
use super::expand::{Quoting, one_if};
use super::piece::Piece;
use super::state::Value;
use super::walk::{Text, Walk};
use crate::word::{Fields, Opaque, Word};

/// `"$@"` where the arguments are not known.
pub(super) fn all_arguments() -> Word {
    Word::Opaque(Opaque {
        written: "\"$@\"".into(),
        prefix: String::new(),
        fields: Fields::Many,
        why: "the arguments of the script".into(),
    })
}

/// The words of a command that is looked at on its own.
pub(super) fn following() -> Word {
    Word::Opaque(Opaque {
        written: "…".into(),
        prefix: String::new(),
        fields: Fields::Many,
        why: "the words of the command it starts".into(),
    })
}

/// `$0` where it is not known.
pub(super) fn zero() -> Word {
    Word::Opaque(Opaque {
        written: "$0".into(),
        prefix: String::new(),
        fields: Fields::One,
        why: "the name of the script".into(),
    })
}

impl Walk<'_> {
    /// The pieces of a parameter expansion.
    pub(super) fn parameter(
        &mut self,
        text: &Text<'_>,
        part: &WordPart,
        span: Span,
        quoting: Quoting,
        pieces: &mut Vec<Piece>,
    ) {
        let quoted = quoting == Quoting::Double;
        let written = text.slice(span);
        let mut gap =
            Piece::gap(format!("the value of `{}`", shortened(written)), one_if(quoted && !written.contains('@')));
        match part {
            WordPart::Parameter(expansion) => match &expansion.syntax {
                ParameterExpansionSyntax::Bourne(bourne) => {
                    if let BourneParameterExpansion::Access { reference } = bourne
                        && reference.subscript.is_none()
                    {
                        self.variable(text, reference.name.as_str(), span, quoting, pieces);
                        return;
                    }
                    if self.bourne(text, bourne, span) {
                        gap = self.number(written, quoted);
                    }
                }
                ParameterExpansionSyntax::Zsh(_) => self.opaque(text, span, "an expansion that only zsh has"),
            },
            WordPart::ParameterExpansion { reference, operator, operand_word_ast, operand, .. } => {
                self.subscript(text, reference);
                self.operation(text, reference, operator, span);
                let operand = operand.as_ref().map(|operand| operand.slice(text.source));
                self.operand(text, operand_word_ast.as_deref(), operand, span);
            }
            WordPart::Length(reference) | WordPart::ArrayLength(reference) => {
                self.subscript(text, reference);
                gap = self.number(written, quoted);
            }
            WordPart::ArrayAccess(reference) | WordPart::ArrayIndices(reference) => self.subscript(text, reference),
            WordPart::Substring { reference, offset_ast, length_ast, length, .. }
            | WordPart::ArraySlice { reference, offset_ast, length_ast, length, .. } => {
                self.subscript(text, reference);
                self.slice(text, offset_ast.as_deref(), length.is_some().then_some(length_ast.as_deref()), span);
            }
            WordPart::IndirectExpansion { reference, operator, operand_word_ast, operand, .. } => {
                self.indirect(text, reference, operator.as_deref(), span);
                let operand = operand.as_ref().map(|operand| operand.slice(text.source));
                self.operand(text, operand_word_ast.as_deref(), operand, span);
            }
            WordPart::PrefixMatch { .. } => {}
            WordPart::Transformation { reference, operator } => {
                self.subscript(text, reference);
                self.transformation(text, *operator, span);
            }
            _ => self.opaque(text, span, "an expansion that was not understood"),
        }
        pieces.push(gap);
    }

    /// Follows one expansion; whether its value is a number.
    fn bourne(&mut self, text: &Text<'_>, expansion: &BourneParameterExpansion, span: Span) -> bool {
        match expansion {
            BourneParameterExpansion::Access { reference } | BourneParameterExpansion::Indices { reference } => {
                self.subscript(text, reference);
            }
            BourneParameterExpansion::Length { reference } => {
                self.subscript(text, reference);
                return true;
            }
            BourneParameterExpansion::Indirect { reference, operator, operand, operand_word_ast, .. } => {
                self.indirect(text, reference, operator.as_deref(), span);
                let operand = operand.as_ref().map(|operand| operand.slice(text.source));
                self.operand(text, operand_word_ast.as_deref(), operand, span);
            }
            BourneParameterExpansion::PrefixMatch { .. } => {}
            BourneParameterExpansion::Slice { reference, offset_ast, length, length_ast, .. } => {
                self.subscript(text, reference);
                self.slice(text, offset_ast.as_deref(), length.is_some().then_some(length_ast.as_deref()), span);
            }
            BourneParameterExpansion::Operation { reference, operator, operand, operand_word_ast, .. } => {
                self.subscript(text, reference);
                self.operation(text, reference, operator, span);
                let operand = operand.as_ref().map(|operand| operand.slice(text.source));
                self.operand(text, operand_word_ast.as_deref(), operand, span);
            }
            BourneParameterExpansion::Transformation { reference, operator } => {
                self.subscript(text, reference);
                self.transformation(text, *operator, span);
            }
        }
        false
    }

    fn number(&self, written: &str, quoted: bool) -> Piece {
        let fields = one_if(quoted || self.splits_as_usual());
        Piece::Gap { why: format!("the value of `{}`", shortened(written)), fields, number: true }
    }

    fn operation(&mut self, text: &Text<'_>, reference: &VarRef, operator: &ParameterOp, span: Span) {
        match operator {
            ParameterOp::AssignDefault => {
                self.calculated_value(text, span, reference.name.as_str(), None);
                self.assign(reference.name.as_str(), Value::Unknown);
            }
            ParameterOp::RemovePrefixShort { pattern }
            | ParameterOp::RemovePrefixLong { pattern }
            | ParameterOp::RemoveSuffixShort { pattern }
            | ParameterOp::RemoveSuffixLong { pattern } => self.pattern(text, pattern),
            ParameterOp::ReplaceFirst { pattern, replacement, replacement_word_ast }
            | ParameterOp::ReplaceAll { pattern, replacement, replacement_word_ast } => {
                if self.dialect == Dialect::Sh {
                    self.foreign(text, span, "`${x/a/b}`");
                }
                self.pattern(text, pattern);
                self.operand(text, Some(replacement_word_ast), Some(replacement.slice(text.source)), span);
            }
            ParameterOp::UseDefault | ParameterOp::UseReplacement | ParameterOp::Error => {}
            ParameterOp::UpperFirst | ParameterOp::UpperAll | ParameterOp::LowerFirst | ParameterOp::LowerAll => {}
        }
    }

    /// The word after an operator.
    fn operand(&mut self, text: &Text<'_>, word: Option<&shuck_ast::Word>, raw: Option<&str>, span: Span) {
        match (word, raw) {
            (Some(word), _) => self.scan(text, word),
            (None, Some(raw)) if has_expansion(raw) => self.opaque(text, span, "an operand that was not understood"),
            (None, _) => {}
        }
    }

    fn slice(
        &mut self,
        text: &Text<'_>,
        offset: Option<&shuck_ast::ArithmeticExprNode>,
        length: Option<Option<&shuck_ast::ArithmeticExprNode>>,
        span: Span,
    ) {
        self.arithmetic(text, offset, span);
        if let Some(length) = length {
            self.arithmetic(text, length, span);
        }
    }

    /// `${!x}`: the value is a name, and may be one with a subscript, which is calculated.
    fn indirect(&mut self, text: &Text<'_>, reference: &VarRef, operator: Option<&ParameterOp>, span: Span) {
        self.subscript(text, reference);
        if matches!(operator, Some(ParameterOp::AssignDefault)) {
            // It assigns to a variable that another names.
            self.state.lost = true;
        }
        let name = reference.name.as_str();
        let plain = match self.state.variable(name) {
            Some(Value::Known(value)) => is_name(&value) || value.bytes().all(|byte| byte.is_ascii_digit()),
            Some(Value::Integer) => true,
            Some(Value::Unknown) | None => matches!(name, "#" | "?"),
        };
        if !plain {
            self.opaque(text, span, format!("`{}` expands a name that is not known", shortened(text.slice(span))));
        }
    }

    fn transformation(&mut self, text: &Text<'_>, operator: char, span: Span) {
        if operator == 'P' {
            self.opaque(text, span, "`@P` expands a value as a prompt, which executes what it holds");
        }
    }

    /// What a subscript executes: it is expanded, and calculated unless it is the key of an associative array.
    pub(super) fn subscript(&mut self, text: &Text<'_>, reference: &VarRef) {
        let Some(subscript) = &reference.subscript else { return };
        if subscript.is_array_selector() {
            return;
        }
        let raw = subscript.syntax_text(text.source);
        match (&subscript.word_ast, &subscript.arithmetic_ast) {
            (_, Some(node)) => self.arithmetic(text, Some(node), reference.span),
            (Some(word), None) => {
                self.scan(text, word);
                self.opaque(text, reference.span, "a subscript that was not understood");
            }
            (None, None) if raw.bytes().all(|byte| byte.is_ascii_digit()) => {}
            (None, None) => self.opaque(text, reference.span, "a subscript that was not understood"),
        }
    }

    /// A word that a builtin takes as the name of a variable: one with a subscript is calculated.
    pub(super) fn variable_name(&mut self, text: &Text<'_>, span: Span, word: &Word) {
        let plain = word.text().is_some_and(|name| is_name(name) || name.bytes().all(|byte| byte.is_ascii_digit()));
        if !plain {
            self.opaque(text, span, format!("`{}` is taken as the name of a variable", shortened(word.written())));
        }
    }
}

/// Whether a text is the name of a variable.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A text cut to what a message can hold.
pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or("")),
        None => text.to_owned(),
    }
}
