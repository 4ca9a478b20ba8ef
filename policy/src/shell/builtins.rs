//! The shell's builtins: what they execute, and what they change for the commands after them.
//!
//! A builtin that is not here changes nothing that matters. Each is emitted as a command, so that rules apply to it.

use shuck_ast::Span;

use super::Dialect;
use super::part::CommandInput;
use super::simple::{Call, Who};
use super::state::Value;
use super::walk::{Text, Walk};
use crate::options::{End, Grammar, Long};
use crate::word::Word;

pub(super) const fn grammar(options: &'static str) -> Grammar {
    Grammar { options, end: End::Operand, long: Long::TwoDashes }
}

const EXEC: Grammar = grammar("c l a=");

/// The special builtins of POSIX.
const SPECIAL: &[&str] =
    &[":", ".", "eval", "exec", "export", "readonly", "set", "shift", "times", "trap", "unset", "source"];

/// Options of `shopt` that change no command.
const SHOPT: &[&str] = &[
    "nullglob",
    "dotglob",
    "failglob",
    "globstar",
    "nocaseglob",
    "nocasematch",
    "inherit_errexit",
    "checkwinsize",
    "histappend",
    "cmdhist",
    "huponexit",
    "checkjobs",
    "extglob",
    "globasciiranges",
    "progcomp",
    "xpg_echo",
    "shift_verbose",
    "login_shell",
    "interactive_comments",
    "sourcepath",
    "execfail",
];

/// Options of `set -o` that change no command.
const SET_OPTIONS: &[&str] = &[
    "errexit",
    "nounset",
    "xtrace",
    "verbose",
    "pipefail",
    "noclobber",
    "noglob",
    "errtrace",
    "functrace",
    "monitor",
    "notify",
    "physical",
    "hashall",
    "ignoreeof",
    "nolog",
    "vi",
    "emacs",
    "history",
    "histexpand",
    "interactive-comments",
    "privileged",
    "noexec",
    "allexport",
    "onecmd",
];

/// Builtins that execute what their words say. Where a script has one, it was followed there.
const FOLLOWED: &[&str] = &[
    "eval",
    ".",
    "source",
    "exec",
    "command",
    "builtin",
    "trap",
    "mapfile",
    "readarray",
    "complete",
    "compgen",
    "bind",
    "fc",
    "jobs",
    "let",
];

/// Whether a script's own shell carries this out, and [`super::decompose`] has told what it executes.
#[must_use]
pub fn is_followed_builtin(name: &str) -> bool {
    FOLLOWED.contains(&name)
}

impl Walk<'_> {
    /// Carries out a builtin, or passes on what is none.
    pub(super) fn builtin(&mut self, text: &Text<'_>, name: &str, call: Call) {
        if SPECIAL.contains(&name) {
            // A POSIX shell keeps what was assigned before one of these.
            for (variable, _) in &call.environment {
                self.assign(variable, Value::Unknown);
            }
        }
        match name {
            "eval" => self.eval(text, call),
            "." | "source" => {
                let what = format!("`{name}` executes a file");
                self.anything_may_change(text, call, what);
            }
            "exec" => self.exec(text, call),
            "command" => self.command_builtin(text, call),
            "builtin" => {
                let skip = operands(&call.words);
                self.strip(text, call, skip, Who::NoFunction);
            }
            "trap" => self.trap(text, call),
            "alias" => self.alias(text, call),
            "hash" if changes(&call.words, 'p') => {
                self.program(text, call, false);
                self.state.doubt("`hash -p` decided which program a name starts");
            }
            "enable" if call.words.len() > 1 => {
                self.program(text, call, false);
                self.state.doubt("`enable` decided what the shell does itself");
            }
            "set" => self.set(text, call),
            "shift" => self.shift(text, call),
            "shopt" | "setopt" | "unsetopt" => self.shopt(text, name, call),
            "export" | "declare" | "typeset" | "local" | "readonly" => self.declare(text, name, call),
            "unset" => self.unset(text, call),
            "read" => self.read(text, call, super::declare::READ, "REPLY"),
            "mapfile" | "readarray" => self.mapfile(text, call),
            "getopts" => {
                let variable = call.words.get(operands(&call.words) + 1).cloned();
                if let Some(variable) = variable {
                    self.sets(text, call.span, &variable);
                }
                self.state.assign("OPTARG", Value::Unknown);
                self.state.assign("OPTIND", Value::Integer);
                self.program(text, call, false);
            }
            "printf" | "wait" => {
                let option = if name == "printf" { "-v" } else { "-p" };
                for (at, word) in call.words.iter().enumerate().skip(1) {
                    let Some(glued) = word.prefix().strip_prefix(option) else { continue };
                    let variable = if glued.is_empty() { call.words.get(at + 1).cloned() } else { word.without(2) };
                    if let Some(variable) = variable {
                        self.sets(text, call.span, &variable);
                    }
                    break;
                }
                self.program(text, call, false);
            }
            "test" | "[" => {
                let asked =
                    call.words.windows(2).filter(|pair| matches!(pair.first().and_then(Word::text), Some("-v" | "-R")));
                let names: Vec<Word> = asked.filter_map(|pair| pair.get(1).cloned()).collect();
                names.iter().for_each(|name| self.variable_name(text, call.span, name));
                self.program(text, call, false);
            }
            "let" => self.let_builtin(text, call),
            "complete" | "compgen" | "bind" | "fc" => {
                let what = format!("`{name}` can execute what its arguments say");
                self.anything_may_change(text, call, what);
            }
            "jobs" if call.words.get(1).and_then(Word::text) == Some("-x") => self.strip(text, call, 2, Who::Program),
            "break" | "continue" | "return" | "exit" | "logout" => self.left(text, name, call),
            "autoload" | "zmodload" | "emulate" | "functions" | "zle" | "sched" | "vared" | "print" | "zstyle"
                if self.dialect == Dialect::Zsh =>
            {
                let what = format!("zsh's `{name}`");
                self.anything_may_change(text, call, what);
            }
            "noglob" | "nocorrect" | "-" | "repeat" | "foreach" if self.dialect == Dialect::Zsh => {
                self.foreign(text, call.span, &format!("`{name}`"));
                self.strip(text, call, if name == "repeat" { 2 } else { 1 }, Who::Anyone);
            }
            _ if self.dialect == Dialect::Zsh && name.starts_with('=') => {
                self.foreign(text, call.span, &format!("`{name}`"));
                self.program(text, call, false);
            }
            _ => self.program(text, call, false),
        }
    }

    /// What is executed cannot be known, and nothing about the shell can be known afterwards.
    pub(super) fn anything_may_change(&mut self, text: &Text<'_>, call: Call, what: String) {
        let span = call.span;
        self.program(text, call, false);
        self.opaque(text, span, what);
        self.forget();
    }

    fn forget(&mut self) {
        self.state.lost = true;
        self.state.arguments = None;
        self.state.aliases = true;
        self.state.braces_unsure = true;
        self.state.functions.values_mut().for_each(|function| function.certain = false);
    }

    /// A builtin that makes a command of its words from `skip` on; a rule can restrict it as well.
    fn strip(&mut self, text: &Text<'_>, call: Call, skip: usize, who: Who) {
        if !self.deeper(text, Some(call.span)) {
            return;
        }
        let Call { words, environment, redirections, input, span } = call;
        let rest = words.get(skip..).unwrap_or(&[]).to_vec();
        let outer =
            Call { words, environment: Vec::new(), redirections: Vec::new(), input: CommandInput::Inherited, span };
        self.program(text, outer, true);
        self.carry_out(text, Call { words: rest, environment, redirections, input, span }, who);
        self.shallower();
    }

    fn eval(&mut self, text: &Text<'_>, call: Call) {
        let words = call.words.get(operands(&call.words)..).unwrap_or(&[]);
        let known: Option<Vec<&str>> = words.iter().map(Word::text).collect();
        let Some(known) = known else {
            self.anything_may_change(text, call, "`eval` of a text that is not known".into());
            return;
        };
        let script = known.join(" ");
        let (span, input) = (call.span, call.input.clone());
        for (name, _) in &call.environment {
            self.assign(name, Value::Unknown);
        }
        self.program(text, Call { environment: Vec::new(), ..call }, true);
        let outer = std::mem::replace(&mut self.input, input);
        self.nested(text, span, &script);
        self.input = outer;
    }

    fn exec(&mut self, text: &Text<'_>, call: Call) {
        let reading = EXEC.read(&call.words);
        if let Some((_, why)) =
            reading.unsure.as_ref().filter(|(at, _)| Some(at) < reading.operands.first().or(Some(&usize::MAX)))
        {
            self.opaque(text, call.span, format!("`exec`: {why}"));
        }
        if reading.has("a") {
            // Programs of many names, busybox and shells among them, are what they are called.
            self.opaque(text, call.span, "`exec -a` gives a program another name");
        }
        match reading.operands.first() {
            Some(first) => self.strip(text, call, *first, Who::Program),
            None => {
                // The shell's own files are opened anew.
                if call.input != self.input {
                    self.reads_unknown();
                }
                self.only_redirections(text, call);
            }
        }
    }

    fn command_builtin(&mut self, text: &Text<'_>, call: Call) {
        let mut skip = 1;
        while let Some(option) =
            call.words.get(skip).filter(|word| word.prefix().starts_with('-') && word.prefix().len() > 1)
        {
            let Some(letters) = option.text() else { break };
            skip += 1;
            if letters == "--" {
                break;
            }
            if letters.contains(['v', 'V']) {
                self.program(text, call, false);
                return;
            }
        }
        self.strip(text, call, skip, Who::NoFunction);
    }

    fn trap(&mut self, text: &Text<'_>, call: Call) {
        let mut words = call.words.iter().skip(1).peekable();
        let mut lists = false;
        while let Some(option) = words.next_if(|word| word.prefix().starts_with('-') && word.prefix().len() > 1) {
            lists |= option.text().is_some_and(|option| option.contains(['l', 'p']));
        }
        let handler = words.next().cloned();
        let signals: Vec<Option<String>> = words.map(|word| word.text().map(str::to_ascii_uppercase)).collect();
        let span = call.span;
        let place = text.place.of(span);
        self.program(text, call, false);
        let (Some(handler), false, false) = (handler, lists, signals.is_empty()) else { return };
        match handler.text() {
            Some("-" | "") => return,
            Some(script) => self.later.push((script.to_owned(), super::place::Place::Within(place))),
            None => self.opaque(text, span, "`trap` with a text that is not known"),
        }
        let at_end = |signal: &Option<String>| matches!(signal.as_deref(), Some("EXIT" | "0" | "SIGEXIT"));
        if !signals.iter().all(at_end) {
            // It runs between any two commands, and may change what the second one means.
            self.forget();
            self.state.doubt("a trap runs between commands");
        }
    }

    fn alias(&mut self, text: &Text<'_>, call: Call) {
        let defines = call.words.iter().skip(1).any(|word| word.text().is_none_or(|text| text.contains('=')));
        let span = call.span;
        self.program(text, call, false);
        if defines {
            self.state.aliases = true;
            self.aliases_change_reading(text, span);
        }
    }

    fn aliases_change_reading(&mut self, text: &Text<'_>, span: Span) {
        if self.state.aliases && self.state.expands_aliases {
            self.opaque(text, span, "aliases change how what follows is read");
            self.state.doubt("an alias may change how it is read");
        }
    }

    fn set(&mut self, text: &Text<'_>, call: Call) {
        let mut at = 1;
        let mut arguments = None;
        while let Some(word) = call.words.get(at) {
            let Some(option) = word.text() else {
                self.state.arguments = None;
                self.state.doubt("`set` with options that are not known");
                break;
            };
            if option == "--" || option == "-" || !option.starts_with(['-', '+']) {
                let from = if option.starts_with('-') { at + 1 } else { at };
                if option != "-" || call.words.len() > from {
                    arguments = Some(call.words.get(from..).unwrap_or(&[]).to_vec());
                }
                break;
            }
            if option == "+" {
                // Shells do not agree on what it ends.
                self.state.arguments = None;
                break;
            }
            let mut name = false;
            for letter in option.chars().skip(1) {
                match letter {
                    'o' => name = true,
                    'B' => self.state.braces_unsure = true,
                    'e' | 'u' | 'x' | 'v' | 'f' | 'n' | 'h' | 'm' | 'b' | 'C' | 'H' | 'P' | 'E' | 'T' | 'a' | 'p'
                    | 't' => {}
                    _ => self.state.doubt(format!("`set {option}` changes how commands are read")),
                }
            }
            if name {
                at += 1;
                match call.words.get(at).map(Word::text) {
                    Some(Some("braceexpand")) => self.state.braces_unsure = true,
                    Some(Some("posix")) => {
                        self.state.expands_aliases = true;
                        self.aliases_change_reading(text, call.span);
                    }
                    Some(Some(name)) if SET_OPTIONS.contains(&name) => {}
                    None => {}
                    Some(_) => self.state.doubt("`set -o` changes how commands are read"),
                }
            }
            at += 1;
        }
        if let Some(words) = arguments {
            let zero = self.state.arguments.as_ref().and_then(|held| held.first().cloned());
            let zero = zero.unwrap_or_else(super::parameter::zero);
            let known = words.iter().all(Word::is_one);
            self.state.arguments = known.then(|| std::iter::once(zero).chain(words).collect::<Vec<_>>().into());
        }
        self.program(text, call, false);
    }

    fn shift(&mut self, text: &Text<'_>, call: Call) {
        let count = match call.words.get(1) {
            None => Some(1),
            Some(word) => word.text().and_then(|text| text.parse::<usize>().ok()),
        };
        self.state.arguments = match (self.state.arguments.take(), count) {
            (Some(held), Some(count)) if count < held.len() => {
                let rest = held.iter().skip(1 + count).cloned();
                Some(held.iter().take(1).cloned().chain(rest).collect::<Vec<_>>().into())
            }
            // Shifting more than there is changes nothing.
            (Some(held), Some(_)) => Some(held),
            _ => None,
        };
        self.program(text, call, false);
    }

    fn shopt(&mut self, text: &Text<'_>, name: &str, call: Call) {
        let (mut aliases, mut other) = (false, name != "shopt");
        for word in call.words.iter().skip(1) {
            match word.text() {
                Some("expand_aliases") => aliases = true,
                Some(option) if option.starts_with('-') && !option.contains('o') => {}
                Some(option) if SHOPT.contains(&option) => {}
                _ => other = true,
            }
        }
        if other {
            self.state.doubt(format!("`{name}` changes how commands are read or executed"));
        }
        if aliases {
            self.state.expands_aliases = true;
            self.aliases_change_reading(text, call.span);
        }
        self.program(text, call, false);
    }

    /// `break`, `continue`, `return`, `exit`: they execute nothing, but what stands after them may not run.
    fn left(&mut self, text: &Text<'_>, name: &str, call: Call) {
        let state = self.snapshot();
        match name {
            "break" | "continue" => self.loops.iter_mut().for_each(|frame| frame.push(state.clone())),
            "return" => {
                self.calls.iter_mut().for_each(|frame| frame.push(state.clone()));
            }
            _ => {}
        }
        self.only_redirections(text, call);
    }
}

/// Where the operands of a builtin without options begin.
pub(super) fn operands(words: &[Word]) -> usize {
    if words.get(1).and_then(Word::text) == Some("--") { 2 } else { 1 }
}

/// Whether an option letter is given, or may be.
fn changes(words: &[Word], letter: char) -> bool {
    words.iter().skip(1).any(|word| match word.text() {
        Some(text) => text.starts_with('-') && text.contains(letter),
        None => true,
    })
}
