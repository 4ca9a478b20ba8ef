//! Arithmetic: harmless on numbers; on any other value it expands subscripts, and so executes what they hold.

use shuck_ast::{ArithmeticExpr, ArithmeticExprNode, ArithmeticLvalue, Span, Word};

use super::expand::Quoting;
use super::state::{Value, is_number};
use super::walk::{Text, Walk};

/// How many variables that name each other are followed.
const LONGEST_CHAIN: usize = 8;

impl Walk<'_> {
    /// Follows an expression; one that was not understood is opaque.
    pub(super) fn arithmetic(&mut self, text: &Text<'_>, node: Option<&ArithmeticExprNode>, span: Span) {
        let Some(node) = node else {
            self.opaque(text, span, "a calculation that was not understood");
            return;
        };
        if !self.deeper(text, Some(node.span)) {
            return;
        }
        self.spend(1);
        match &node.kind {
            ArithmeticExpr::Number(_) => {}
            ArithmeticExpr::Variable(name) => self.calculated(text, name.as_str(), span),
            ArithmeticExpr::Indexed { name, index } => {
                self.calculated(text, name.as_str(), span);
                self.arithmetic(text, Some(index), span);
            }
            ArithmeticExpr::ShellWord(word) => self.arithmetic_word(text, word),
            ArithmeticExpr::Parenthesized { expression } => self.arithmetic(text, Some(expression), span),
            ArithmeticExpr::Unary { op, expr } => {
                self.arithmetic(text, Some(expr), span);
                if matches!(op, shuck_ast::ArithmeticUnaryOp::PreIncrement | shuck_ast::ArithmeticUnaryOp::PreDecrement)
                {
                    self.counted(expr);
                }
            }
            ArithmeticExpr::Postfix { expr, .. } => {
                self.arithmetic(text, Some(expr), span);
                self.counted(expr);
            }
            ArithmeticExpr::Binary { left, right, .. } => {
                self.arithmetic(text, Some(left), span);
                self.arithmetic(text, Some(right), span);
            }
            ArithmeticExpr::Conditional { condition, then_expr, else_expr } => {
                for node in [condition, then_expr, else_expr] {
                    self.arithmetic(text, Some(node), span);
                }
            }
            ArithmeticExpr::Assignment { target, op, value } => {
                self.arithmetic(text, Some(value), span);
                match target {
                    ArithmeticLvalue::Variable(name) => {
                        if *op != shuck_ast::ArithmeticAssignOp::Assign {
                            self.calculated(text, name.as_str(), span);
                        }
                        self.assign(name.as_str(), Value::Integer);
                    }
                    ArithmeticLvalue::Indexed { name, index } => {
                        self.arithmetic(text, Some(index), span);
                        self.assign(name.as_str(), Value::Unknown);
                    }
                }
            }
        }
        self.shallower();
    }

    /// A word whose value is calculated.
    pub(super) fn arithmetic_word(&mut self, text: &Text<'_>, word: &Word) {
        let mut pieces = Vec::new();
        self.pieces(text, &word.parts, Quoting::Operand, &mut pieces);
        if pieces.iter().all(super::piece::Piece::is_numeric) {
            return;
        }
        // In `[[ x -eq 1 ]]` a bare word is the name of a variable.
        let name = match pieces.as_slice() {
            [super::piece::Piece::Text { text: name, .. }] if super::parameter::is_name(name) => Some(name.clone()),
            [super::piece::Piece::Text { text: sign, .. }] if is_number(sign) => return,
            _ => None,
        };
        match name {
            Some(name) => self.calculated(text, &name, word.span),
            None => self.opaque(text, word.span, "a calculation with a value that is not known can execute it"),
        }
    }

    /// A variable whose value is calculated. One that the script never sets comes from whoever runs palisade.
    fn calculated(&mut self, text: &Text<'_>, name: &str, span: Span) {
        let mut name = name.to_owned();
        for _ in 0..LONGEST_CHAIN {
            match self.state.variable(&name) {
                None | Some(Value::Integer) => return,
                Some(Value::Known(value)) if value.is_empty() || is_number(&value) => return,
                Some(Value::Known(value)) if super::parameter::is_name(&value) => {
                    value.to_string().clone_into(&mut name)
                }
                Some(Value::Known(_) | Value::Unknown) => break,
            }
        }
        self.opaque(
            text,
            span,
            format!("a calculation with the value of `{name}`, which is not known, can execute it"),
        );
    }

    /// A value assigned to a variable whose values are calculated.
    pub(super) fn calculated_value(&mut self, text: &Text<'_>, span: Span, name: &str, value: Option<&str>) {
        match value {
            _ if !self.state.calculates(name) => {}
            Some(value) if value.is_empty() || is_number(value) => {}
            Some(value) => self.nested(text, span, &format!("(({value}))")),
            None => self.opaque(text, span, format!("`{name}` is calculated from a value that is not known")),
        }
    }

    fn counted(&mut self, node: &ArithmeticExprNode) {
        if let ArithmeticExpr::Variable(name) = &node.kind {
            self.assign(name.as_str(), Value::Integer);
        }
    }
}
