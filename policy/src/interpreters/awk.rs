//! awk: program text, unless it plainly only computes and prints.

use crate::inner::Inner;
use crate::rows::{Call, Form, Means, Row, executes, first, input_text, is_standard_input, row};
use crate::word::Word;

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[row(
    &["awk", "gawk", "mawk", "nawk", "original-awk", "bwk", "goawk", "frawk"],
    first("f,file= F,field-separator= v,assign= e,source= i,include= l,load= E,exec! b c C d,dump-variables? D,debug? g h,help \
           k,csv I L? n M N o? O p? P r s S t V,version W= sandbox posix re-interval traditional lint?"),
    &[("f", Means::Executes("runs the awk program in")), ("i", Means::Executes("runs the awk library")), ("E", Means::Executes("runs the awk program in")),
      ("l", Means::Executes("loads the extension")), ("W", Means::Executes("is given the option")), ("V", Means::Nothing)],
    Form::Special(0, awk),
    &[
        ("awk 'BEGIN{system(\"rm x\")}'", &["text awk: BEGIN{system(\"rm x\")}"]),
        ("awk '{print $1}' f", &[]),
        ("awk -F: '$3 >= 5 || /x/ {print}' f", &[]),
        ("awk '{print > \"f\"}'", &["text awk: {print > \"f\"}"]),
        ("awk '{print | \"sh\"}'", &["text awk: {print | \"sh\"}"]),
        ("awk '\"rm x\" | getline'", &["text awk: \"rm x\" | getline"]),
        ("gawk '@load \"x\"'", &["text awk: @load \"x\""]),
        ("gawk -e '{print}' -e 'BEGIN{f=\"system\";@f(\"x\")}'", &["text awk: BEGIN{f=\"system\";@f(\"x\")}"]),
        ("awk -f x.awk f", &["executes 2"]),
        ("awk -f - <<< BEGIN{system(\"x\")}", &["executes 2", "text awk: BEGIN{system(\"x\")}"]),
        ("awk $X", &["executes 1"]),
        ("awk $X! f", &["text awk: $X", "executes 1"]),
    ],
)];

fn awk(call: &Call<'_>, out: &mut Vec<Inner>) {
    let mut by_option = false;
    for found in &call.reading.options {
        match (found.name.as_str(), &found.value) {
            ("e", Some(text)) => {
                by_option = true;
                program(text, out);
            }
            ("f" | "E", Some(file)) => {
                by_option = true;
                if let (Some(file), Some(text)) = (file.text(), input_text(&call.input))
                    && is_standard_input(file)
                {
                    program(text, out);
                }
            }
            _ => {}
        }
    }
    let at = call.operand_at(0);
    if let Some(text) = call.operand(0).filter(|text| !by_option && text.is_one()) {
        program(text, out);
    }
    if let Some((doubt, why)) = &call.reading.unsure
        && at.is_none_or(|at| *doubt <= at)
    {
        out.push(executes(format!("may run another program: {why}"), *doubt));
    }
}

fn program(text: &Word, out: &mut Vec<Inner>) {
    if text.text().is_none_or(|text| !only_computes(text)) {
        out.push(Inner::Text { language: "awk", text: text.clone() });
    }
}

/// Whether a program can neither execute nor write: no pipe, no redirection, no function that does, nothing loaded.
///
/// Words in strings and patterns count too, so the answer errs to the other side.
fn only_computes(text: &str) -> bool {
    let plain = text.replace("||", "").replace(">=", "");
    !plain.contains(['|', '>', '@'])
        && !plain.contains("system")
        && !plain.contains("getline")
        && !plain.contains("extension")
}
