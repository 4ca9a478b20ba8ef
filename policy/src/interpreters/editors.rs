//! Editors and pagers: their commands can execute, and so can a file they are told to read commands from.

use crate::inner::Inner;
use crate::rows::{Call, Form, Means, Row, executes, executes_input, first, input_text, mixed, row, tool};
use crate::word::Word;

const VIM: &str = "c= S= s u= U= i= w= W= T= r= t= q= cmd= startuptime= log= servername= remote remote-expr= remote-send= remote-silent remote-wait socketid= nofork noplugin clean not-a-term \
                   e E A H F L M N Z R V? b d D g f h l m n o? O? p? v x y X headless embed listen= server= api-info ttyfail version help 0 1 2 3 4 5 6 7 8 9";

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(&["vim", "vi", "nvim", "ex", "view", "vimdiff", "gvim", "gview", "rvim", "rview", "evim", "vimx", "nvi", "elvis", "vile", "mvim", "neovim", "gvimdiff", "nvim-qt", "neovide", "kak", "hx", "helix"],
        mixed(VIM), &[
          ("c", Means::Text("vim")), ("cmd", Means::Text("vim")), ("remote-expr", Means::Text("vim")), ("remote-send", Means::Text("vim")),
          ("S", Means::Executes("runs the vim script in")), ("u", Means::Executes("runs the settings in")),
          ("l", Means::Executes("runs the lua program in")), ("version", Means::Nothing)], Form::Special(0, vim), &[
        ("vim -c ':!rm x' -c :q", &["text vim: :!rm x", "text vim: :q", "executes 4"]),
        ("vim '+!rm x' f", &["text vim: !rm x", "executes 2"]),
        ("vim --cmd x", &["text vim: x", "executes 2"]),
        ("vim -S x.vim", &["executes 2", "executes 2"]),
        ("ex -s f <<< !rm x", &["text vim: !rm x"]),
        ("vim -es '+:!rm x' +q", &["text vim: :!rm x", "text vim: q", "executes 3"]),
        ("vim f", &["executes 1"]),
        ("vim --version", &[]),
        ("vim.basic -c x", &["text vim: x", "executes 2"]),
    ]),
    row(&["emacs", "emacsclient", "xemacs", "zile", "jove", "mg"], mixed("eval,execute= e= f,funcall= l,load= script= batch Q,quick q,no-init-file u,user= d,display= nw t,tty c n daemon? L,directory= insert= kill x= a= s= chdir= T= version help \
              no-site-file no-splash fg-daemon? bg-daemon? debug-init init-directory="), &[
          ("eval", Means::Text("emacs lisp")), ("e", Means::Text("emacs lisp")), ("f", Means::Text("emacs lisp")), ("l", Means::Executes("runs the emacs program in")),
          ("script", Means::Executes("runs the emacs program in")), ("x", Means::Executes("runs the emacs program in")), ("u", Means::Executes("runs the settings of")), ("version", Means::Nothing)],
        Form::Special(0, editor), &[
        ("emacs --batch --eval x", &["text emacs lisp: x", "executes 3"]),
        ("emacs -batch -l x.el", &["executes 3", "executes 3"]),
        ("emacs --script x.el", &["executes 2", "executes 2"]),
        ("emacsclient -e x", &["text emacs lisp: x", "executes 2"]),
    ]),
    row(&["ed", "red", "sam", "ssam", "edbrowse"], first("s v p= E G l r q"), &[], Form::Special(0, line_editor), &[
        ("ed f", &["executes 1"]),
        ("ed -s f <<< !rm x", &["text ed: !rm x"]),
        ("ed '!rm x'", &["executes 1"]),
    ]),
    row(&["nano", "pico", "micro", "joe", "jed", "mcedit", "ne", "code", "codium", "subl", "gedit", "kate", "mc", "ranger", "nnn", "vifm", "lf", "tig", "lazygit", "gitui"],
        mixed("s,speller= r= T= c= cmd= f= e= command="), &[("s", Means::Split), ("cmd", Means::Text("program")), ("command", Means::Text("program"))], Form::Special(0, editor), &[
        ("nano f", &["executes 1"]),
        ("nano -s 'rm x' f", &["rm x", "executes 3"]),
    ]),
    tool(&["less", "more", "most", "pg"], mixed("e E f F g G i I J K L m M n N q Q r R s S u U V w W X c C a A p= P= t= T= x= y= z= j= k= o= O= b= h= d D= lesskey-src= lesskey-content= lesskey-file= \
              0 1 2 3 4 5 6 7 8 9"), &[("k", Means::Executes("reads keys from")), ("lesskey-src", Means::Executes("reads keys from")), ("lesskey-content", Means::Executes("reads the keys")), ("V", Means::Nothing)],
        Form::Special(0, pager), &[
        ("less f", &[]),
        ("less '+!rm x' f", &["text less: !rm x"]),
        ("less +G f", &[]),
    ]),
    tool(&["man"], mixed("P,pager= H,html? B= C,config-file= M,manpath= L,locale= m,systems= S,s,sections= e,extension= p,preprocessor= r,prompt= R,recode= T,troff-device? a,all d,debug D,default f,whatis k,apropos \
              l,local-file w,where,path,location W,where-cat u,update i,ignore-case I,match-case K,global-apropos 7,ascii E,encoding= t,troff X? Z V,version"), &[
          ("P", Means::Shell("sh")), ("H", Means::Executes("starts the browser")), ("C", Means::Executes("reads what to execute from"))], Form::Options, &[
        ("man ls", &[]),
        ("man -P 'rm x' ls", &["sh: rm x"]),
        ("man --html=./x ls", &["executes 1"]),
    ]),
    tool(&["bat", "batcat"], mixed("pager= p,plain? l,language= H= file-name= tabs= wrap= terminal-width= n,number color= italic-text= decorations= paging= m= theme= style= r= L A d"), &[("pager", Means::Split)], Form::Options, &[
        ("bat f", &[]),
        ("bat --pager='rm x' f", &["rm x"]),
    ]),
];

fn commands(call: &Call<'_>, language: &'static str, out: &mut Vec<Inner>) {
    for word in call.operands(0) {
        if let Some(text) = word.prefix().strip_prefix('+').filter(|text| !text.is_empty() || word.text().is_none())
            && !text.bytes().all(|byte| byte.is_ascii_digit())
            && let Some(text) = word.without(1)
        {
            out.push(Inner::Text { language, text });
        }
    }
}

fn vim(call: &Call<'_>, out: &mut Vec<Inner>) {
    commands(call, "vim", out);
    editor_as("vim", call, out);
}

/// An editor that is started reads commands from the terminal, or from standard input.
fn editor(call: &Call<'_>, out: &mut Vec<Inner>) {
    editor_as("editor", call, out);
}

fn editor_as(language: &'static str, call: &Call<'_>, out: &mut Vec<Inner>) {
    if matches!(call.words, [_, Word::Known(word)] if matches!(word.as_str(), "--version" | "--help" | "-version" | "-h"))
    {
        return;
    }
    match input_text(&call.input) {
        Some(text) => out.push(Inner::Text { language, text: text.clone() }),
        None => out.push(executes_input("reads commands that can execute anything", call.last(), &call.input)),
    }
}

fn line_editor(call: &Call<'_>, out: &mut Vec<Inner>) {
    editor_as("ed", call, out);
}

/// `+command`: only one that is no position or search is told.
fn pager(call: &Call<'_>, out: &mut Vec<Inner>) {
    for word in call.operands(0) {
        let text = word.prefix();
        let command = text.strip_prefix("++").or_else(|| text.strip_prefix('+'));
        if command
            .is_some_and(|command| command.contains(['!', '|', 'v', '#', 's', 'o', 'O']) && !command.starts_with('/'))
        {
            out.push(Inner::Text { language: "less", text: word.without(1).unwrap_or_else(|| word.clone()) });
        }
    }
    if let Some((at, why)) = &call.reading.unsure
        && call.words.get(*at).is_some_and(|word| word.text().is_none())
    {
        out.push(executes(format!("may be given a command: {why}"), *at));
    }
}
