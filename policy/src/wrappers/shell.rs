//! The builtins of a shell when they come as words: what they execute of their arguments.

use super::process::inner_command;
use crate::inner::Inner;
use crate::rows::{Call, Form, Means, Otherwise, Row, executes, first, joined_script, mixed, row, script, tool};
use crate::word::Word;

const PLAIN: Form = Form::Command(0, Otherwise::Nothing);

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(&["command"], first("p v V"), &[("v", Means::Nothing), ("V", Means::Nothing)], PLAIN, &[
        ("command rm x", &["rm x"]),
        ("command -p -- rm x", &["rm x"]),
        ("command -v rm", &[]),
    ]),
    row(&["builtin", "nocorrect", "noglob", "-"], first(""), &[], PLAIN, &[
        ("builtin command rm x", &["command rm x"]),
        ("noglob rm x", &["rm x"]),
    ]),
    row(&["exec"], first("c l a="), &[], PLAIN, &[
        ("exec rm x", &["rm x"]),
        ("exec -a name -l rm x", &["rm x"]),
        ("exec", &[]),
    ]),
    row(&["eval"], first(""), &[], Form::Special(0, eval), &[
        ("eval 'rm x'", &["sh: rm x"]),
        ("eval rm 'x; ls'", &["sh: rm x; ls"]),
        ("eval -- rm x", &["sh: rm x"]),
        ("eval rm $X", &["rm $X", "sh: rm $X"]),
    ]),
    tool(&["trap"], first("l p P"), &[("l", Means::Nothing), ("p", Means::Nothing)], Form::Special(0, trap), &[
        ("trap 'rm x' EXIT", &["sh: rm x"]),
        ("trap -- 'rm x' EXIT", &["sh: rm x"]),
        ("trap - EXIT", &[]),
        ("trap '' INT", &[]),
        ("trap EXIT", &[]),
    ]),
    tool(&["mapfile", "readarray"], first("d= n= O= s= t u= C= c="), &[("C", Means::Shell("sh"))], Form::Options, &[
        ("mapfile -t a", &[]),
        ("mapfile -C 'rm x' -c 1 a", &["sh: rm x"]),
    ]),
    tool(&["compgen"], mixed("a b c d e f g j k s u v o= A= G= W= F= C= P= S= X="),
        &[("C", Means::Shell("sh")), ("F", Means::Executes("calls the function")), ("W", Means::Executes("expands"))],
        Form::Options, &[("compgen -C 'rm x'", &["sh: rm x"])]),
    tool(&["jobs"], first("l n p r s x!"), &[], Form::Special(0, jobs), &[
        ("jobs -l", &[]),
        ("jobs -x rm x", &["rm x"]),
    ]),
    row(&[".", "source"], first("p="), &[], Form::OnlyFile("shell"), &[
        (". ./evil.sh", &["executes 1"]),
        ("source x", &["executes 1"]),
    ]),
    tool(&["enable"], first("a d f= n p s"), &[("f", Means::Executes("loads the builtin from"))], Form::Options, &[
        ("enable -n echo", &[]),
        ("enable -f ./x.so ls", &["executes 2"]),
    ]),
    row(&["coproc", "!"], first(""), &[], PLAIN, &[("coproc rm x", &["rm x"])]),
    tool(&["fc"], first("e= l n r s 0 1 2 3 4 5 6 7 8 9"), &[("l", Means::Nothing)],
        Form::Always("executes a command of the history again"), &[("fc -s", &["executes 0"]), ("fc -l", &[])]),
    tool(&["bind"], first("l p s v P S V X m= f= q= u= r= x="),
        &[("x", Means::Executes("binds a key to")), ("f", Means::Executes("reads key bindings from"))], Form::Options,
        &[("bind -l", &[]), ("bind -x '\"\\C-l\": rm x'", &["executes 2"])]),
];

fn eval(call: &Call<'_>, out: &mut Vec<Inner>) {
    let words = call.words.get(1..).unwrap_or(&[]);
    let words = words.strip_prefix(&[Word::from("--")]).unwrap_or(words);
    if !words.is_empty() {
        joined_script("sh", words, out);
    }
}

/// `trap text signal…`; a lone signal, `-` and an empty text take the trap away.
fn trap(call: &Call<'_>, out: &mut Vec<Inner>) {
    if let (Some(text), true) = (call.operand(0), call.reading.operands.len() > 1)
        && !matches!(text.text(), Some("-" | ""))
        && text.text().is_none_or(|text| text.bytes().any(|byte| !byte.is_ascii_digit()))
    {
        out.push(script("sh", text.clone()));
    }
    if let Some((at, why)) = &call.reading.unsure
        && call.operand_at(0).is_none_or(|start| *at < start)
    {
        out.push(executes(format!("may set another trap: {why}"), *at));
    }
}

fn jobs(call: &Call<'_>, out: &mut Vec<Inner>) {
    if let Some(found) = call.reading.options.iter().find(|found| found.name == "x") {
        if let Some(words) = call.words.get(found.value_at..).filter(|words| !words.is_empty()) {
            out.push(crate::rows::command(words.to_vec()));
        }
        return;
    }
    if call.reading.unsure.is_some() {
        inner_command(call, 0, out);
    }
}
