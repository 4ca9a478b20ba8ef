//! Compound commands: every branch may run, every loop any number of times.

use shuck_ast::{
    Command as Node, CompoundCommand, ConditionalBinaryOp, ConditionalExpr, ConditionalUnaryOp, Pattern, PatternPart,
    Span, StmtSeq,
};

use super::expand::Purpose;
use super::simple::Call;
use super::state::{Value, is_number};
use super::walk::{Text, Walk};
use super::{Dialect, parameter};
use crate::word::Word;

/// A loop over known words is followed word by word up to this many walks of one statement.
const MOST_WALKS: usize = 48;

/// How often a loop is walked until what is known at its start no longer changes.
const ROUNDS: usize = 4;

impl Walk<'_> {
    pub(super) fn compound(&mut self, text: &Text<'_>, compound: &CompoundCommand) {
        match compound {
            CompoundCommand::If(node) => {
                self.sequence(text, &node.condition);
                let mut ends = Vec::new();
                let mut otherwise = self.snapshot();
                self.sequence(text, &node.then_branch);
                ends.push(std::mem::replace(&mut self.state, otherwise));
                for (condition, branch) in &node.elif_branches {
                    self.sequence(text, condition);
                    otherwise = self.snapshot();
                    self.sequence(text, branch);
                    ends.push(std::mem::replace(&mut self.state, otherwise));
                }
                if let Some(branch) = &node.else_branch {
                    self.sequence(text, branch);
                }
                for end in &ends {
                    self.state.join(end);
                }
            }
            CompoundCommand::For(node) => {
                let names: Vec<&str> =
                    node.targets.iter().filter_map(|target| target.name.as_ref()).map(|name| name.as_str()).collect();
                if names.len() != node.targets.len() || names.len() > 1 {
                    self.foreign(text, node.span, "`for` with these variables");
                }
                let mut values = Vec::new();
                match &node.words {
                    Some(words) => words.iter().for_each(|word| self.expand(text, word, Purpose::Command, &mut values)),
                    None => match &self.state.arguments {
                        Some(arguments) => values.extend(arguments.iter().skip(1).cloned()),
                        None => values.push(parameter::all_arguments()),
                    },
                }
                if let Some(name) = names.iter().find(|name| self.state.calculates(name)) {
                    let numbers = values.iter().all(|value| value.text().is_some_and(is_number));
                    if !numbers {
                        self.opaque(text, node.span, format!("`{name}` is calculated from the words of a loop"));
                    }
                }
                self.each(text, &names, &values, &node.body);
            }
            CompoundCommand::Select(node) => {
                if self.dialect == Dialect::Sh {
                    self.foreign(text, node.span, "`select`");
                }
                let mut values = Vec::new();
                node.words.iter().for_each(|word| self.expand(text, word, Purpose::Command, &mut values));
                self.state.assign("REPLY", Value::Unknown);
                self.repeat(|walk| {
                    walk.state.assign(node.variable.as_str(), Value::Unknown);
                    walk.sequence(text, &node.body);
                });
            }
            CompoundCommand::While(node) => self.repeat(|walk| {
                walk.sequence(text, &node.condition);
                walk.sequence(text, &node.body);
            }),
            CompoundCommand::Until(node) => self.repeat(|walk| {
                walk.sequence(text, &node.condition);
                walk.sequence(text, &node.body);
            }),
            CompoundCommand::ArithmeticFor(node) => {
                if self.dialect == Dialect::Sh {
                    self.foreign(text, node.span, "`for ((`");
                }
                self.optional_arithmetic(text, node.init_ast.as_ref(), node.init_span);
                self.repeat(|walk| {
                    walk.optional_arithmetic(text, node.condition_ast.as_ref(), node.condition_span);
                    walk.sequence(text, &node.body);
                    walk.optional_arithmetic(text, node.step_ast.as_ref(), node.step_span);
                });
            }
            CompoundCommand::Case(node) => {
                self.scan(text, &node.word);
                let mut all = self.snapshot();
                for item in &node.cases {
                    item.patterns.iter().for_each(|pattern| self.pattern(text, pattern));
                    self.state = all.clone();
                    self.spend(all.size() + 1);
                    self.sequence(text, &item.body);
                    all.join(&self.state);
                }
                self.state = all;
            }
            CompoundCommand::Subshell(sequence) => self.in_subshell(|walk| walk.sequence(text, sequence)),
            CompoundCommand::BraceGroup(sequence) => self.sequence(text, sequence),
            CompoundCommand::Arithmetic(node) => {
                if self.dialect == Dialect::Sh {
                    self.foreign(text, node.span, "`((`");
                }
                self.optional_arithmetic(text, node.expr_ast.as_ref(), node.expr_span);
            }
            CompoundCommand::Time(node) => {
                if let Some(command) = &node.command {
                    if self.dialect == Dialect::Sh {
                        self.time_program(text, node.span);
                    }
                    self.statement(text, command);
                }
            }
            CompoundCommand::Conditional(node) => {
                if self.dialect == Dialect::Sh {
                    self.foreign(text, node.span, "`[[`");
                }
                let mut leaves = vec![node.left_bracket_span];
                leaves_of(&node.expression, &mut leaves);
                leaves.push(node.right_bracket_span);
                if !are_all(text, &leaves) {
                    self.opaque(text, node.span, "a test that was not understood");
                }
                self.conditional(text, &node.expression);
            }
            CompoundCommand::Coproc(node) => {
                if self.dialect != Dialect::Bash {
                    self.foreign(text, node.span, "`coproc`");
                }
                self.in_subshell(|walk| {
                    walk.reads_unknown();
                    if matches!(node.body.command, Node::Compound(CompoundCommand::Time(_))) {
                        // `time` is no word of the shell here.
                        walk.time_program(text, node.body.span);
                    }
                    walk.statement(text, &node.body);
                });
                self.state.assign(node.name.as_str(), Value::Unknown);
            }
            CompoundCommand::Repeat(node) => {
                self.foreign(text, node.span, "`repeat`");
                self.repeat(|walk| walk.sequence(text, &node.body));
            }
            CompoundCommand::Foreach(node) => {
                self.foreign(text, node.span, "`foreach`");
                self.repeat(|walk| {
                    walk.state.assign(node.variable.as_str(), Value::Unknown);
                    walk.sequence(text, &node.body);
                });
            }
            CompoundCommand::Always(node) => {
                self.opaque(text, node.span, "`always` is read differently by bash");
                self.sequence(text, &node.body);
                self.sequence(text, &node.always_body);
            }
        }
    }

    /// Some shells have no word `time`, and start the program.
    pub(super) fn time_program(&mut self, text: &Text<'_>, span: Span) {
        let words = vec![Word::known("time"), parameter::following()];
        let input = self.input.clone();
        let call = Call { words, environment: Vec::new(), redirections: Vec::new(), input, span };
        self.program(text, call, true);
    }

    /// A loop over words.
    fn each(&mut self, text: &Text<'_>, names: &[&str], values: &[Word], body: &StmtSeq) {
        let known: Option<Vec<&str>> = values.iter().map(Word::text).collect();
        let known = known.filter(|_| self.dialect != Dialect::Zsh);
        if let (Some(known), [name]) = (&known, names)
            && known.len().saturating_mul(self.unrolled) <= MOST_WALKS
        {
            let unrolled = self.unrolled;
            self.unrolled = unrolled.saturating_mul(known.len().max(1));
            self.loops.push(Vec::new());
            for value in known {
                self.state.assign(name, Value::Known((*value).into()));
                self.sequence(text, body);
                self.take_up_what_left();
            }
            self.loops.pop();
            self.unrolled = unrolled;
            return;
        }
        let value = match &known {
            Some(known) if known.iter().all(|value| is_number(value)) => Value::Integer,
            _ => Value::Unknown,
        };
        self.repeat(|walk| {
            names.iter().for_each(|name| walk.state.assign(name, value.clone()));
            walk.sequence(text, body);
        });
    }

    /// Joins the states in which the innermost loop was left or begun anew.
    fn take_up_what_left(&mut self) {
        let left = self.loops.last().cloned().unwrap_or_default();
        self.spend(left.len());
        for state in &left {
            self.state.join(state);
        }
    }

    /// Walks something that runs any number of times, until what is known at its start holds for every round.
    fn repeat(&mut self, mut round: impl FnMut(&mut Self)) {
        let mark = self.parts.len();
        let mut start = self.snapshot();
        for attempt in 0..=ROUNDS {
            if attempt == ROUNDS {
                start.lost = true;
                start.arguments = None;
            }
            self.parts.truncate(mark);
            self.state = start.clone();
            self.loops.push(Vec::new());
            round(self);
            self.take_up_what_left();
            self.loops.pop();
            self.state.join(&start);
            self.spend(self.state.size() + 1);
            if self.state.same(&start) {
                return;
            }
            start = self.snapshot();
        }
    }

    fn conditional(&mut self, text: &Text<'_>, expression: &ConditionalExpr) {
        if !self.deeper(text, Some(expression.span())) {
            return;
        }
        match expression {
            ConditionalExpr::Binary(node) => {
                use ConditionalBinaryOp as Op;
                let numbers = [
                    Op::ArithmeticEq,
                    Op::ArithmeticNe,
                    Op::ArithmeticLe,
                    Op::ArithmeticGe,
                    Op::ArithmeticLt,
                    Op::ArithmeticGt,
                ];
                for side in [&node.left, &node.right] {
                    match &**side {
                        ConditionalExpr::Word(word) if numbers.contains(&node.op) => self.arithmetic_word(text, word),
                        side => {
                            if numbers.contains(&node.op) {
                                self.opaque(text, side.span(), "a comparison of numbers that was not understood");
                            }
                            self.conditional(text, side);
                        }
                    }
                }
            }
            ConditionalExpr::Unary(node) => {
                let names = matches!(node.op, ConditionalUnaryOp::VariableSet | ConditionalUnaryOp::ReferenceVariable);
                match &*node.expr {
                    ConditionalExpr::Word(word) if names => {
                        let name = self.value(text, word);
                        self.variable_name(text, word.span, &name);
                    }
                    inner => self.conditional(text, inner),
                }
            }
            ConditionalExpr::Parenthesized(node) => self.conditional(text, &node.expr),
            ConditionalExpr::Word(word) | ConditionalExpr::Regex(word) => self.scan(text, word),
            ConditionalExpr::Pattern(pattern) => self.pattern(text, pattern),
            ConditionalExpr::VarRef(reference) => self.subscript(text, reference),
        }
        self.shallower();
    }

    /// Finds what a pattern executes by being expanded.
    pub(super) fn pattern(&mut self, text: &Text<'_>, pattern: &Pattern) {
        if !self.deeper(text, Some(pattern.span)) {
            return;
        }
        for part in &pattern.parts {
            match &part.kind {
                PatternPart::Word(word) => self.scan(text, word),
                PatternPart::Group { patterns, .. } => patterns.iter().for_each(|inner| self.pattern(text, inner)),
                PatternPart::AnyString | PatternPart::AnyChar => {}
                PatternPart::Literal(_) | PatternPart::CharClass(_) => {
                    if has_expansion(text.slice(part.span)) {
                        self.opaque(text, part.span, "a pattern that was not understood");
                    }
                }
            }
        }
        self.shallower();
    }

    fn optional_arithmetic(
        &mut self,
        text: &Text<'_>,
        node: Option<&shuck_ast::ArithmeticExprNode>,
        span: Option<Span>,
    ) {
        match (node, span) {
            (None, None) => {}
            (None, Some(span)) if text.slice(span).trim().is_empty() => {}
            (node, span) => self.arithmetic(text, node, span.or(node.map(|node| node.span)).unwrap_or_default()),
        }
    }
}

/// The places of the words and operators of a test, in order.
fn leaves_of(expression: &ConditionalExpr, leaves: &mut Vec<Span>) {
    match expression {
        ConditionalExpr::Binary(node) => {
            leaves_of(&node.left, leaves);
            leaves.push(node.op_span);
            leaves_of(&node.right, leaves);
        }
        ConditionalExpr::Unary(node) => {
            leaves.push(node.op_span);
            leaves_of(&node.expr, leaves);
        }
        ConditionalExpr::Parenthesized(node) => leaves_of(&node.expr, leaves),
        other => leaves.push(other.span()),
    }
}

/// Whether nothing but blanks and parentheses stands between these places.
fn are_all(text: &Text<'_>, leaves: &[Span]) -> bool {
    leaves.windows(2).all(|pair| {
        let [one, next] = pair else { return true };
        let between = text.source.get(one.end.offset()..next.start.offset());
        between.is_some_and(|between| {
            between.chars().all(|letter| letter.is_whitespace() || matches!(letter, '(' | ')' | '\\'))
        })
    })
}

/// Whether a text holds a `$` or a backquote that no backslash takes away.
pub(super) fn has_expansion(raw: &str) -> bool {
    let mut escaped = false;
    raw.chars().any(|letter| {
        let special = !escaped && matches!(letter, '$' | '`');
        escaped = letter == '\\' && !escaped;
        special
    })
}
