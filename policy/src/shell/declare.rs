//! Builtins that set variables: what they make of values, and which names are executed by being taken as names.

use shuck_ast::Span;

use super::Dialect;
use super::builtins::grammar;
use super::parameter::is_name;
use super::simple::Call;
use super::state::{Attribute, Value};
use super::walk::{Text, Walk};
use crate::options::Grammar;
use crate::word::Word;

pub(super) const READ: Grammar = grammar("r s e a= d= i= n= N= p= t= u=");
const MAPFILE: Grammar = grammar("t d= n= O= s= u= C= c=");

impl Walk<'_> {
    pub(super) fn declare(&mut self, text: &Text<'_>, name: &str, call: Call) {
        let local = name == "local" || (name != "export" && name != "readonly" && !self.calls.is_empty());
        let mut pins = (name == "readonly").then_some(Attribute::Frozen);
        let (mut functions, mut global, mut array, mut refers) = (false, false, false, false);
        for word in call.words.iter().skip(1) {
            let prefix = word.prefix();
            if let Some(letters) = word.text().and_then(|text| text.strip_prefix(['-', '+'])) {
                functions |= letters.contains(['f', 'F']);
                global |= letters.contains('g');
                array |= letters.contains(['a', 'A']);
                // One that is exported can be called by another shell, one that is constant is not defined anew.
                self.escapes |= functions && (letters.contains(['x', 'r']) || name == "export" || name == "readonly");
                if letters.contains('n') && name != "export" {
                    // Any assignment may now be one to another variable.
                    self.state.lost = true;
                    refers = true;
                }
                if letters.contains('i') {
                    pins = Some(Attribute::Calculated);
                } else if letters.contains(['l', 'u', 'a', 'A', 'c']) {
                    pins = pins.max(Some(Attribute::Changed));
                } else if letters.contains('r') {
                    pins = pins.max(Some(Attribute::Frozen));
                }
                continue;
            }
            let (variable, value) = match prefix.split_once('=') {
                Some((variable, value)) => (variable.strip_suffix('+').unwrap_or(variable), Some(value)),
                None => (prefix, None),
            };
            let whole = word.text().is_some() || value.is_some();
            if !whole || !is_name(variable) {
                let index = variable.split_once('[').filter(|(array, _)| is_name(array) && word.text().is_some());
                if let Some((array, _)) = index {
                    self.assign(array, Value::Unknown);
                }
                let number = |index: &str| index.trim_end_matches(']').bytes().all(|byte| byte.is_ascii_digit());
                if !index.is_some_and(|(_, index)| number(index)) {
                    self.opaque(text, call.span, format!("`{name}` of a variable whose name is not known"));
                    self.state.lost = true;
                }
                continue;
            }
            if functions {
                if name == "readonly" || self.escapes {
                    // What is defined later may not become what the name means.
                    self.state.functions.values_mut().for_each(|function| function.certain = false);
                }
                continue;
            }
            let local = local && !global;
            if global {
                // Whichever of these is meant when the functions that hide it have returned.
                let hidden = self.locals.iter_mut().flatten().filter(|(held, _)| &**held == variable);
                hidden.for_each(|(_, before)| *before = Some(Value::Unknown));
            }
            if local
                && let Some(frame) = self.locals.last()
                && !frame.iter().any(|(held, _)| &**held == variable)
            {
                let before = self.state.variable(variable);
                if let Some(frame) = self.locals.last_mut() {
                    frame.push((variable.into(), before));
                }
            }
            if refers && value.is_some_and(|value| word.text().is_none() || !is_name(value)) {
                self.opaque(text, call.span, format!("`{variable}` refers to a name that is not known"));
            }
            // Elements that stand in the script in parentheses were followed there.
            let elements = word.text().is_none()
                && word
                    .written()
                    .strip_prefix(variable)
                    .is_some_and(|rest| rest.starts_with("=(") || rest.starts_with("+=("));
            if let Some(value) = value.filter(|_| !elements) {
                self.array_value(text, call.span, variable, word.text().map(|_| value), array, local);
            }
            let plus = prefix.split_once('=').is_some_and(|(variable, _)| variable.ends_with('+'));
            match (value, word.text()) {
                (Some(value), Some(_))
                    if !plus && !value.starts_with('(') && !global && self.dialect != Dialect::Sh =>
                {
                    self.assign(variable, Value::Known(value.into()))
                }
                (Some(_), _) => self.assign(variable, Value::Unknown),
                // `local x` hides the value from outside; `export x` keeps it.
                (None, _) if local => self.assign(variable, Value::Unknown),
                (None, _) => {
                    if let Some(why) = super::environment::danger(variable, None).filter(|_| name == "export") {
                        self.state.doubt(why);
                    }
                }
            }
            if let Some(attribute) = pins {
                self.state.pin(variable, attribute);
            }
            if let Some(value) = value {
                self.calculated_value(text, call.span, variable, word.text().map(|_| value));
            }
        }
        self.program(text, call, false);
    }

    /// A value that an array is declared with: in parentheses it is read as the elements of the array, and executed.
    fn array_value(
        &mut self,
        text: &Text<'_>,
        span: Span,
        variable: &str,
        value: Option<&str>,
        declared: bool,
        local: bool,
    ) {
        match value {
            Some(value) if value.starts_with('(') => self.nested(text, span, &format!("{variable}={value}")),
            Some(_) => {}
            None if declared || (!local && self.state.variable(variable) == Some(Value::Unknown)) => {
                self.opaque(text, span, format!("`{variable}` may be an array, whose elements can execute anything"));
            }
            None => {}
        }
    }

    pub(super) fn unset(&mut self, text: &Text<'_>, call: Call) {
        let mut functions = None;
        for word in call.words.iter().skip(1) {
            match word.text() {
                Some("--") => {}
                Some(option) if option.starts_with('-') => functions = Some(option.contains('f')),
                Some(name) if is_name(name) => {
                    if functions != Some(true) {
                        self.assign(name, Value::Unknown);
                    }
                    match (functions, self.state.functions.get_mut(name)) {
                        (Some(true), Some(_)) => {
                            self.state.functions.remove(name);
                        }
                        (None, Some(function)) => function.certain = false,
                        _ => {}
                    }
                }
                Some(name) if functions == Some(true) => {
                    self.state.functions.remove(name);
                }
                _ => {
                    self.variable_name(text, call.span, word);
                    self.state.lost = true;
                }
            }
        }
        self.program(text, call, false);
    }

    /// A builtin that sets the variables its operands name.
    pub(super) fn read(&mut self, text: &Text<'_>, call: Call, grammar: Grammar, default: &str) {
        let reading = grammar.read(&call.words);
        let named = reading.operands.iter().filter_map(|at| call.words.get(*at)).chain(reading.value("a"));
        let named: Vec<Word> = named.cloned().collect();
        if named.is_empty() {
            self.assign(default, Value::Unknown);
        }
        for variable in &named {
            self.sets(text, call.span, variable);
        }
        if reading.unsure.is_some() {
            self.state.lost = true;
        }
        self.program(text, call, false);
    }

    pub(super) fn mapfile(&mut self, text: &Text<'_>, call: Call) {
        let reading = MAPFILE.read(&call.words);
        if reading.has("C") || reading.unsure.is_some() {
            self.anything_may_change(text, call, "`mapfile` executes the text given to `-C`".into());
        } else {
            self.read(text, call, MAPFILE, "MAPFILE");
        }
    }

    /// A variable is set to something that is not known.
    pub(super) fn sets(&mut self, text: &Text<'_>, span: Span, variable: &Word) {
        self.variable_name(text, span, variable);
        match variable.text().map(|name| name.split('[').next().unwrap_or(name)) {
            Some(name) => {
                self.calculated_value(text, span, name, None);
                self.assign(name, Value::Unknown);
            }
            None => self.state.lost = true,
        }
    }

    pub(super) fn let_builtin(&mut self, text: &Text<'_>, call: Call) {
        let known: Option<Vec<String>> = call.words.iter().skip(1).map(|word| word.text().map(str::to_owned)).collect();
        let span = call.span;
        self.program(text, call, false);
        match known {
            Some(known) => known.iter().for_each(|expression| self.nested(text, span, &format!("(({expression}))"))),
            None => self.opaque(text, span, "a calculation that is not known"),
        }
    }
}
