//! Programs that execute a command many times: for each line, each file, each second.

use super::process::inner_command;
use crate::inner::Inner;
use crate::rows::{Call, Form, Means, Row, command, executes_input, first, joined_script, row, script, split, tool};
use crate::word::{Fields, Opaque, Word};

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(&["xargs", "gxargs"], first("0,null a,arg-file= d,delimiter= E= e,eof? I= i,replace? J= L= l,max-lines? \
                            n,max-args= o,open-tty P,max-procs= p,interactive process-slot-var= R= r,no-run-if-empty \
                            S= s,max-chars= t,verbose x,exit show-limits"), &[], Form::Special(0, xargs), &[
        ("xargs rm x", &["rm x …"]),
        ("xargs -0 -n1 -P4 rm -f", &["rm -f …"]),
        ("xargs -I{} rm a{}b", &["rm a{}b"]),
        ("xargs -I % sh -c 'rm %'", &["sh -c rm %"]),
        ("xargs -i mv {} x", &["mv {} x"]),
        ("xargs", &[]),
        ("xargs $CMD", &["$CMD …", "executes 1", "echo …"]),
    ]),
    row(&["parallel", "env_parallel", "sem"], first("a,arg-file= j,jobs,max-procs,P= n,max-args= N,max-replace-args= \
                            I= L,max-lines= l? i? d,delimiter= 0,null C,colsep= k,keep-order u,ungroup v,verbose t \
                            q,quote S,sshlogin= X m x,exit r,no-run-if-empty s,max-chars= bar progress eta dry-run \
                            halt= joblog= resume retries= timeout= delay= load= memfree= results= tag tagstring= \
                            line-buffer,linebuffer,lb pipe,spreadstdin block= recstart= recend= workdir,wd= env= \
                            nice= shuf semaphore id= fg bg wait will-cite citation no-notice tmpdir= compress \
                            compress-program= colour? link xapply group header= max-line-length-allowed ctrlc"), &[],
        Form::Special(0, parallel), &[
        ("parallel rm ::: x", &["rm …"]),
        ("parallel -j4 rm {} ::: x y", &["rm …"]),
        ("parallel 'rm {}; ls' ::: x", &["sh: rm \"$input\"; ls"]),
        ("parallel ::: 'rm x' ls", &["sh: rm x", "sh: ls"]),
        ("parallel {} x ::: rm", &["… x"]),
        ("parallel rm -f", &["rm -f …"]),
        ("parallel <<< rm x", &["sh: rm x"]),
        ("parallel", &["executes 0"]),
    ]),
    row(&["watch"], first("b,beep c,color C,no-color d,differences? e,errexit g,chgexit n,interval= p,precise q,equexit= \
                           r,no-rerun t,no-title w,no-wrap x,exec"), &[], Form::Special(0, watch), &[
        ("watch -n1 rm x", &["sh: rm x"]),
        ("watch -x rm x", &["rm x"]),
        ("watch -d 'rm x; ls'", &["sh: rm x; ls"]),
    ]),
    row(&["entr"], first("a c d n p r s x z"), &[], Form::Special(0, entr), &[
        ("entr -r rm x", &["rm x"]),
        ("entr -rs 'rm x'", &["sh: rm x"]),
    ]),
    row(&["pee"], first("ignore-sigpipe no-ignore-sigpipe ignore-write-errors no-ignore-write-errors"), &[],
        Form::Special(0, each_is_shell_text), &[("pee 'rm x' ls", &["sh: rm x", "sh: ls"])]),
    row(&["hyperfine"], first("w,warmup= m,min-runs= M,max-runs= r,runs= s,setup= p,prepare= C,conclude= c,cleanup= \
                            P,parameter-scan! D,parameter-step-size= L,parameter-list! S,shell= N i,ignore-failure \
                            style= sort= u,time-unit= export-asciidoc= export-csv= export-json= export-markdown= \
                            export-orgmode= show-output output= input= n,command-name= reference="),
        &[("s", Means::Shell("sh")), ("p", Means::Shell("sh")), ("C", Means::Shell("sh")), ("c", Means::Shell("sh")),
          ("reference", Means::Shell("sh"))],
        Form::Special(0, each_is_shell_text), &[
        ("hyperfine -w 3 'rm x' ls", &["sh: rm x", "sh: ls"]),
        ("hyperfine -p 'rm x' ls", &["sh: rm x", "sh: ls"]),
        ("hyperfine -n one 'rm x' -n two ls", &["sh: rm x", "sh: ls"]),
    ]),
    tool(&["run-parts"], first("test list v,verbose report reverse exit-on-error umask= a,arg= u lsbsysinit regex="),
        &[], Form::Names("runs every program in"), &[("run-parts /etc/x", &["executes 1"])]),
];

/// The words that follow at run time.
fn later(why: &str, written: &str, fields: Fields) -> Word {
    Word::Opaque(Opaque { written: written.to_owned(), prefix: String::new(), fields, why: why.to_owned() })
}

/// A word in which a place holder is filled in at run time.
fn filled(word: &Word, holder: &str, why: &str) -> Word {
    let known = word.prefix();
    match (known.find(holder), word) {
        (Some(at), _) if !holder.is_empty() => Word::Opaque(Opaque {
            written: word.written().to_owned(),
            prefix: known.get(..at).unwrap_or("").to_owned(),
            fields: Fields::One,
            why: why.to_owned(),
        }),
        (None, Word::Opaque(opaque)) if opaque.written.contains(holder) => word.clone(),
        _ => word.clone(),
    }
}

fn xargs(call: &Call<'_>, out: &mut Vec<Inner>) {
    let replaced = call.reading.options.iter().rev().find(|found| ["I", "i", "J"].contains(&found.name.as_str()));
    let holder = replaced.map(|found| found.value.as_ref().map_or("{}", Word::prefix));
    let build = |mut words: Vec<Word>| {
        match holder {
            Some(holder) => {
                words = words.iter().map(|word| filled(word, holder, "a word read by `xargs`")).collect();
            }
            None => words.push(later("words read by `xargs`", "…", Fields::Many)),
        }
        command(words)
    };
    let words = call.operands(0);
    let Some(at) = call.operand_at(0) else {
        call.doubt_before(call.last(), out);
        return;
    };
    out.push(build(words));
    if call.reading.unsure.as_ref().is_some_and(|(doubt, _)| *doubt <= at) {
        call.doubt_before(at, out);
        let rest = call.operands(1);
        out.push(build(if rest.is_empty() { vec![Word::from("echo")] } else { rest }));
    }
}

/// `parallel template… ::: values…`; the template is shell text, and without one each value is.
fn parallel(call: &Call<'_>, out: &mut Vec<Inner>) {
    let words = call.operands(0);
    let separator = |word: &Word| matches!(word.text(), Some(":::" | "::::" | ":::+" | "::::+"));
    let end = words.iter().position(separator).unwrap_or(words.len());
    let (template, values) = words.split_at_checked(end).unwrap_or((&[], &[]));
    let why = "a value given to `parallel`";
    if template.is_empty() {
        let mut unknown = values.is_empty();
        for group in values.chunk_by(|_, next| !separator(next)) {
            for value in group.iter().filter(|value| !separator(value)) {
                match group.first().and_then(Word::text) {
                    Some(":::" | ":::+") if value.text().is_some() => out.push(script("sh", value.clone())),
                    _ => unknown = true,
                }
            }
        }
        if unknown && let Some(text) = crate::rows::input_text(&call.input) {
            out.push(script("sh", text.clone()));
        } else if unknown {
            out.push(executes_input("executes each line it reads as shell text", call.last(), &call.input));
        }
        return;
    }
    let holds = |word: &Word| word.prefix().contains('{') && word.prefix().contains('}');
    let shell =
        |text: &str| text.contains(|letter: char| letter.is_whitespace() || "$`\"'\\;&|<>()*?[]~#!".contains(letter));
    let piped = call.reading.has("pipe");
    if template.iter().all(|word| word.text().is_some_and(|text| !shell(text))) {
        let mut inner: Vec<Word> = Vec::new();
        let mut used = piped;
        for word in template {
            if holds(word) {
                used = true;
                let at = word.prefix().find('{').unwrap_or(0);
                let prefix = word.prefix().get(..at).unwrap_or("").to_owned();
                inner
                    .push(Word::Opaque(Opaque { written: "…".into(), prefix, fields: Fields::One, why: why.into() }));
            } else {
                inner.push(word.clone());
            }
        }
        if !used {
            inner.push(later(why, "…", Fields::One));
        }
        out.push(command(inner));
    } else {
        // The values are quoted for the shell; a variable stands for them.
        let fill = |word: &Word| match word {
            Word::Known(text) => Word::Known(fill_in(text)),
            opaque @ Word::Opaque(_) => opaque.clone(),
        };
        let mut words: Vec<Word> = template.iter().map(fill).collect();
        if !piped && !template.iter().any(holds) {
            words.push(Word::from("\"$input\""));
        }
        joined_script("sh", &words, out);
    }
    call.doubt_before(call.operand_at(0).unwrap_or(0), out);
}

/// A template with a shell variable in place of each `{…}`.
fn fill_in(template: &str) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let Some(length) = rest.get(open..).and_then(|tail| tail.find('}')) else { break };
        out.push_str(rest.get(..open).unwrap_or(""));
        out.push_str("\"$input\"");
        rest = rest.get(open + length + 1..).unwrap_or("");
    }
    out.push_str(rest);
    out
}

fn watch(call: &Call<'_>, out: &mut Vec<Inner>) {
    if call.reading.has("x") {
        return inner_command(call, 0, out);
    }
    if let Some(at) = call.operand_at(0) {
        joined_script("sh", &call.operands(0), out);
        call.doubt_before(at, out);
    } else {
        call.doubt_before(call.last(), out);
    }
}

/// A command, or with `-s` text for a shell.
fn entr(call: &Call<'_>, out: &mut Vec<Inner>) {
    match call.operand(0).filter(|_| call.reading.has("s")) {
        Some(text) => out.push(script("sh", text.clone())),
        None => inner_command(call, 0, out),
    }
}

/// Each operand is shell text; options stand between them.
fn each_is_shell_text(call: &Call<'_>, out: &mut Vec<Inner>) {
    let direct = call.reading.has("N") || call.reading.value("S").and_then(Word::text) == Some("none");
    let mut rest = call.operands(0);
    while let Some(word) = rest.first().cloned() {
        if word.prefix().starts_with('-') {
            // An option after the first operand: its value may be a command or not, so it is taken for one too unless it
            // only names or counts.
            let skipped =
                matches!(word.prefix(), "-n" | "--command-name" | "-w" | "-r" | "-m" | "-M" | "--warmup" | "--runs");
            rest.drain(..rest.len().min(if skipped { 2 } else { 1 }));
            continue;
        }
        match (&word, direct) {
            (Word::Known(text), true) => out.push(command(split(text))),
            _ => out.push(script("sh", word)),
        }
        rest.remove(0);
    }
    call.doubt_before(call.last(), out);
}
