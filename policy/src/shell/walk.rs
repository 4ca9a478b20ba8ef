//! The walk over a script: from the syntax tree to its parts, statement by statement, with what is known of the shell.

use std::cell::OnceCell;
use std::rc::Rc;

use shuck_ast::{BackgroundOperator, StmtTerminator};
use shuck_ast::{
    BinaryCommand, BinaryOp, BuiltinCommand, Command as Node, CompoundCommand, FunctionDef, Redirect, Span, Stmt,
    StmtSeq,
};
use shuck_parser::parser::Parser;

use super::part::{Command, CommandInput, OpaquePart, Part};
use super::place::Place;
use super::state::{Body, Function, State};
use super::{Dialect, Settings, parameter};
use crate::word::Word;

/// A text that is walked: the script, or one made from a part of it.
pub(super) struct Text<'t> {
    pub(super) source: &'t str,
    pub(super) place: Place,
    shared: OnceCell<Rc<str>>,
}

impl<'t> Text<'t> {
    pub(super) fn new(source: &'t str, place: Place) -> Self {
        Self { source, place, shared: OnceCell::new() }
    }

    /// The bytes of a span; nothing where it does not fit the text.
    pub(super) fn slice(&self, span: Span) -> &'t str {
        self.source.get(span.start.offset()..span.end.offset()).unwrap_or("")
    }

    fn shared(&self) -> Rc<str> {
        Rc::clone(self.shared.get_or_init(|| self.source.into()))
    }
}

/// What a walk may cost: words, copies of what is known, parts. A script of ordinary size stays a thousand times below.
const FUEL: usize = 400_000;

/// How deep statements, words and calls may nest while they are walked.
const DEEPEST: usize = 120;

/// How deep texts may nest: `eval` in `eval`, backquotes in backquotes.
const DEEPEST_TEXT: usize = 12;

/// The walk.
pub(super) struct Walk<'s> {
    pub(super) settings: &'s Settings<'s>,
    pub(super) dialect: Dialect,
    pub(super) state: State,
    pub(super) parts: Vec<Part>,
    /// What the commands here read.
    pub(super) input: CommandInput,
    /// Per loop that is open, the states in which it was left or begun anew from its middle.
    pub(super) loops: Vec<Vec<State>>,
    /// Per function that is being followed, the same for `return`.
    pub(super) calls: Vec<Vec<State>>,
    /// Per function that is being followed, what its local variables were before.
    pub(super) locals: Vec<Vec<(Rc<str>, Option<super::state::Value>)>>,
    /// Bodies of functions, and whether they were followed from a call.
    pub(super) bodies: Vec<(Rc<Body>, bool)>,
    /// A function may also be called from where it is not seen: by another shell, by a trap.
    pub(super) escapes: bool,
    /// Texts that run when the rest has run: traps.
    pub(super) later: Vec<(String, Place)>,
    /// How many times the statements here are walked because of loops with known words.
    pub(super) unrolled: usize,
    fuel: usize,
    depth: usize,
    texts: usize,
}

impl<'s> Walk<'s> {
    pub(super) fn new(settings: &'s Settings<'s>, dialect: Dialect) -> Self {
        let arguments = settings.arguments.map(|words| Rc::new(words.to_vec()));
        Self {
            settings,
            // Aliases may come and go; the rest is bash.
            dialect: if dialect == Dialect::BashWithAliases { Dialect::Bash } else { dialect },
            state: State::new(arguments, dialect != Dialect::Bash),
            parts: Vec::new(),
            input: CommandInput::Inherited,
            loops: Vec::new(),
            calls: Vec::new(),
            locals: Vec::new(),
            bodies: Vec::new(),
            escapes: false,
            later: Vec::new(),
            unrolled: 1,
            fuel: FUEL,
            depth: 0,
            texts: 0,
        }
    }

    /// Walks the whole script and everything in it that runs later or may be called from outside.
    pub(super) fn script(mut self, source: &str) -> Vec<Part> {
        let text = Text::new(source, Place::Own);
        self.text(&text);
        self.state.lost = true;
        self.state.arguments = None;
        self.escapes |= !self.later.is_empty();
        let mut done = 0;
        while let Some((script, place)) = self.later.get(done).cloned() {
            done += 1;
            self.text(&Text::new(&script, place));
        }
        let mut at = 0;
        while let Some((body, called)) = self.bodies.get(at).cloned() {
            at += 1;
            if !called || self.escapes {
                self.body(&body);
            }
        }
        if self.fuel == 0 {
            self.parts.push(Part::Opaque(OpaquePart {
                what: "the script is too large to be followed to its end".into(),
                at: 0..u32::try_from(source.len()).unwrap_or(u32::MAX),
            }));
        }
        self.parts
    }

    /// Parses and walks one text.
    fn text(&mut self, text: &Text<'_>) {
        // Names and control letters that no shell text should hold, and that shells treat differently.
        if let Some(at) = text.source.find(['\0', '\u{1}', '\u{7f}']) {
            let end = Span::from_positions(shuck_ast::Position::at(1, 1, at), shuck_ast::Position::at(1, 1, at + 1));
            self.opaque(text, end, "a control character");
        }
        if let Some(why) = super::limits::refusal(text.source) {
            self.opaque(text, Span::default(), why);
            return;
        }
        let parsed = Parser::new(text.source).parse();
        self.sequence(text, &parsed.file.body);
        if parsed.is_err() {
            let why = parsed
                .diagnostics
                .first()
                .map_or_else(|| "it cannot be read".to_owned(), |found| found.message.clone());
            let span = parsed.diagnostics.first().map_or(parsed.file.span, |found| found.span);
            self.opaque(text, span, format!("not shell syntax that is understood: {why}"));
        }
    }

    /// Walks a text made from a part of another.
    pub(super) fn nested(&mut self, outer: &Text<'_>, span: Span, source: &str) {
        if self.texts >= DEEPEST_TEXT {
            self.opaque(outer, span, "text within text, nested too deeply");
            return;
        }
        self.texts += 1;
        self.spend(source.len() / 16 + 1);
        self.text(&Text::new(source, Place::Within(outer.place.of(span))));
        self.texts -= 1;
    }

    /// Uses up fuel; without any the walk comes to its end.
    pub(super) fn spend(&mut self, units: usize) {
        self.fuel = self.fuel.saturating_sub(units);
    }

    /// A copy of what is known.
    pub(super) fn snapshot(&mut self) -> State {
        self.spend(1 + self.state.size());
        self.state.clone()
    }

    /// One level deeper; `false` when that is too deep, and then said.
    pub(super) fn deeper(&mut self, text: &Text<'_>, span: Option<Span>) -> bool {
        if self.fuel == 0 {
            return false;
        }
        if self.depth >= DEEPEST {
            if let Some(span) = span {
                self.opaque(text, span, "nested too deeply");
            }
            return false;
        }
        self.depth += 1;
        true
    }

    pub(super) fn shallower(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Adds an opaque part.
    pub(super) fn opaque(&mut self, text: &Text<'_>, span: Span, what: impl Into<String>) {
        let part = OpaquePart { what: what.into(), at: text.place.of(span) };
        if !matches!(self.parts.last(), Some(Part::Opaque(last)) if *last == part) {
            self.parts.push(Part::Opaque(part));
        }
    }

    /// Says that a construct means something else to another shell that may read this.
    pub(super) fn foreign(&mut self, text: &Text<'_>, span: Span, construct: &str) {
        let shell = if self.dialect == Dialect::Zsh { "zsh" } else { "some `sh`" };
        self.opaque(text, span, format!("{construct} is read differently by {shell}"));
    }

    /// Adds a command, with what is in doubt for every command here.
    pub(super) fn emit(&mut self, mut command: Command) {
        self.spend(1);
        command.doubts.extend(self.state.doubts.iter().cloned());
        self.parts.push(Part::Command(command));
    }

    /// What follows reads something that is not known.
    pub(super) fn reads_unknown(&mut self) {
        self.input = CommandInput::Unknown;
    }

    /// Walks something whose effects on the shell stay its own.
    pub(super) fn in_subshell(&mut self, walk: impl FnOnce(&mut Self)) {
        let (state, input) = (self.snapshot(), self.input.clone());
        let loops = std::mem::take(&mut self.loops);
        walk(self);
        (self.state, self.input, self.loops) = (state, input, loops);
    }

    pub(super) fn sequence(&mut self, text: &Text<'_>, sequence: &StmtSeq) {
        for statement in sequence.iter() {
            self.statement(text, statement);
        }
    }

    pub(super) fn statement(&mut self, text: &Text<'_>, statement: &Stmt) {
        if !self.deeper(text, Some(statement.span)) {
            return;
        }
        match statement.terminator {
            Some(StmtTerminator::Background(operator)) => {
                if operator != BackgroundOperator::Plain {
                    self.foreign(text, statement.span, "`&|`");
                }
                self.in_subshell(|walk| walk.command(text, statement));
            }
            _ => self.command(text, statement),
        }
        self.shallower();
    }

    fn command(&mut self, text: &Text<'_>, statement: &Stmt) {
        let redirects = &statement.redirects;
        match &statement.command {
            Node::Simple(simple) => self.simple(text, simple, redirects, statement.span),
            Node::Decl(declaration) => self.declaration(text, declaration, redirects, statement.span),
            Node::Builtin(builtin) => self.leave(text, builtin, redirects, statement.span),
            Node::Binary(binary) => self.binary(text, binary),
            Node::Compound(compound) => {
                self.redirected(text, redirects, statement.span, |walk| walk.compound(text, compound))
            }
            Node::Function(function) => self.define(text, function),
            Node::AnonymousFunction(function) => {
                self.foreign(text, function.span, "a function without a name");
                self.statement(text, &function.body);
            }
        }
    }

    fn binary(&mut self, text: &Text<'_>, binary: &BinaryCommand) {
        // Long lists lean to the left; they are followed without nesting.
        let mut chain = vec![binary];
        while let Some(BinaryCommand { left, .. }) = chain.last().copied()
            && let Stmt { command: Node::Binary(next), terminator: None, .. } = &**left
            && left.redirects.is_empty()
        {
            chain.push(next);
        }
        let Some(first) = chain.last() else { return };
        let piped = |op: BinaryOp| matches!(op, BinaryOp::Pipe | BinaryOp::PipeAll);
        if piped(first.op) {
            self.element(text, &first.left, true);
        } else {
            self.statement(text, &first.left);
        }
        for binary in chain.into_iter().rev() {
            if binary.op == BinaryOp::PipeAll && self.dialect == Dialect::Sh {
                self.foreign(text, binary.op_span, "`|&`");
            }
            if piped(binary.op) {
                if matches!(binary.right.command, Node::Compound(CompoundCommand::Time(_))) {
                    // `time` is a word of the shell at the beginning of a pipeline only.
                    self.time_program(text, binary.right.span);
                }
                self.element(text, &binary.right, false);
            } else {
                let skipped = self.snapshot();
                self.statement(text, &binary.right);
                self.state.join(&skipped);
            }
        }
    }

    /// One element of a pipeline. In zsh and ksh the last one runs in the shell itself.
    fn element(&mut self, text: &Text<'_>, statement: &Stmt, first: bool) {
        let mut after = State::default();
        self.in_subshell(|walk| {
            if !first {
                walk.reads_unknown();
            }
            walk.statement(text, statement);
            after = std::mem::take(&mut walk.state);
        });
        if self.dialect != Dialect::Bash {
            self.state.join(&after);
        }
    }

    /// `break`, `continue`, `return`, `exit`.
    fn leave(&mut self, text: &Text<'_>, builtin: &BuiltinCommand, redirects: &[Redirect], span: Span) {
        let (name, argument, more, assignments) = match builtin {
            BuiltinCommand::Break(node) => ("break", &node.depth, &node.extra_args, &node.assignments),
            BuiltinCommand::Continue(node) => ("continue", &node.depth, &node.extra_args, &node.assignments),
            BuiltinCommand::Return(node) => ("return", &node.code, &node.extra_args, &node.assignments),
            BuiltinCommand::Exit(node) => ("exit", &node.code, &node.extra_args, &node.assignments),
        };
        let mut words = vec![Word::known(name)];
        for word in argument.iter().chain(more.iter()) {
            self.expand(text, word, super::expand::Purpose::Command, &mut words);
        }
        self.simple_words(text, words, assignments, redirects, span);
    }

    /// Remembers a function; its body is followed where it is called, or at the end.
    fn define(&mut self, text: &Text<'_>, function: &FunctionDef) {
        if function.header.uses_function_keyword() && self.dialect == Dialect::Sh {
            self.foreign(text, function.span, "`function`");
        }
        if function.header.entries.len() != 1 || function.header.static_names().count() != 1 {
            self.opaque(text, function.span, "a function whose name is not known");
        }
        let body =
            Rc::new(Body { source: text.shared(), statement: (*function.body).clone(), place: text.place.clone() });
        self.spend(function.span.end.offset().saturating_sub(function.span.start.offset()) / 16 + 1);
        for name in function.header.static_names() {
            self.escapes |= name.as_str() == "command_not_found_handle";
            self.state
                .functions
                .insert(name.as_str().into(), Function { bodies: vec![Rc::clone(&body)], certain: true });
        }
        self.bodies.push((body, false));
    }

    pub(super) fn body(&mut self, body: &Rc<Body>) {
        for (known, called) in &mut self.bodies {
            *called |= Rc::ptr_eq(known, body);
        }
        self.statement(&Text::new(&body.source, body.place.clone()), &body.statement);
    }

    /// Follows a call of a function.
    pub(super) fn call(&mut self, text: &Text<'_>, span: Span, function: &Function, words: &[Word]) {
        if !self.deeper(text, Some(span)) {
            return;
        }
        let entry = self.snapshot();
        let zero = entry.arguments.as_ref().and_then(|held| held.first().cloned()).unwrap_or_else(parameter::zero);
        let arguments = words
            .iter()
            .all(Word::is_one)
            .then(|| Rc::new(std::iter::once(zero).chain(words.iter().skip(1).cloned()).collect::<Vec<_>>()));
        let mut result: Option<State> = (!function.certain).then(|| entry.clone());
        for body in &function.bodies {
            self.state = entry.clone();
            self.state.arguments.clone_from(&arguments);
            let loops = std::mem::take(&mut self.loops);
            self.calls.push(Vec::new());
            self.locals.push(Vec::new());
            self.body(body);
            self.loops = loops;
            for left in self.calls.pop().unwrap_or_default() {
                self.state.join(&left);
            }
            for (name, value) in self.locals.pop().unwrap_or_default().into_iter().rev() {
                self.state.restore(&name, value);
            }
            self.state.arguments.clone_from(&entry.arguments);
            match &mut result {
                Some(result) => result.join(&self.state),
                None => result = Some(self.state.clone()),
            }
        }
        self.state = result.unwrap_or(entry);
        self.shallower();
    }
}
