//! Interpreters of smaller languages, of other systems, and of debuggers.

use crate::inner::Inner;
use crate::rows::{
    Call, Form, Means, Row, command, dashed, dashed_mixed, executes, executes_input, first, input_text, mixed, row,
    script, tool,
};
use crate::word::Word;

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(&["expect", "expectk"], first("c= b d D= f= i n N v"), &[("c", Means::Text("expect")), ("f", Means::Executes("runs the expect script in"))], Form::File("expect"), &[
        ("expect -c 'spawn rm x'", &["text expect: spawn rm x"]),
        ("expect x.exp", &["executes 1"]),
    ]),
    row(&["tclsh", "wish", "jimsh", "jtclsh", "tixwish"], dashed("encoding= c= e= use= display= name="), &[("e", Means::Text("tcl")), ("c", Means::Text("tcl"))], Form::File("tcl"), &[
        ("tclsh x.tcl", &["executes 1"]),
        ("tclsh8.6 <<< exec rm x", &["text tcl: exec rm x"]),
    ]),
    row(&["osascript"], first("e= l= i s="), &[("e", Means::Text("AppleScript"))], Form::File("AppleScript"), &[
        ("osascript -e 'do shell script \"rm x\"'", &["text AppleScript: do shell script \"rm x\""]),
        ("osascript x.scpt", &["executes 1"]),
    ]),
    row(&["pwsh", "powershell", "pwsh-preview"], first(""), &[], Form::Special(0, powershell), &[
        ("pwsh -c 'rm x'", &["text powershell: rm x"]),
        ("powershell.exe -NoProfile -Command rm x", &["text powershell: rm x"]),
        ("pwsh -EncodedCommand cgBtAA==", &["text powershell: cgBtAA=="]),
        ("pwsh -File x.ps1", &["executes 2"]),
        ("pwsh -ExecutionPolicy Bypass x.ps1", &["executes 3"]),
        ("pwsh -", &["executes 1"]),
        ("pwsh", &["executes 0"]),
        ("pwsh -Version", &[]),
    ]),
    row(&["cmd"], first(""), &[], Form::Special(1, cmd), &[
        ("cmd /c del x", &["del x", "text cmd: del x"]),
        ("cmd.exe /s /k 'del x & dir'", &["text cmd: del x & dir"]),
        ("cmd", &["executes 0"]),
    ]),
    row(&["wscript", "cscript", "mshta", "rundll32", "regsvr32", "msiexec", "forfiles", "wmic"], first(""), &[], Form::Names("runs"), &[("cscript x.vbs", &["executes 1"])]),
    row(&["gdb", "cgdb", "gdb-multiarch"], dashed("x= ex= eval-command= ix= iex= init-command= init-eval-command= command= p= pid= c= core= s= symbols= e= exec= se= d= directory= data-directory= D= \
              cd= tty= batch n nx nh q quiet silent args! nw tui w interpreter= i= readnow version help l= b= return-child-result batch-silent"), &[
          ("ex", Means::Text("gdb")), ("eval-command", Means::Text("gdb")), ("iex", Means::Text("gdb")), ("init-eval-command", Means::Text("gdb")),
          ("x", Means::Executes("runs the commands in")), ("command", Means::Executes("runs the commands in")), ("ix", Means::Executes("runs the commands in")),
          ("init-command", Means::Executes("runs the commands in")), ("data-directory", Means::Executes("loads scripts from"))], Form::Special(0, debugger), &[
        ("gdb --args rm x", &["rm x", "executes 2"]),
        ("gdb -batch -ex 'shell rm x'", &["text gdb: shell rm x", "executes 3"]),
        ("gdb -x f rm", &["executes 2", "rm", "executes 3"]),
        ("gdb --version", &[]),
    ]),
    row(&["lldb"], first("o,one-line= O,one-line-before-file= k,one-line-on-crash= K,source-on-crash= s,source= S,source-before-file= b,batch Q,source-quietly p,attach-pid= n,attach-name= w f,file= c,core= a,arch= \
              x,no-lldbinit r,repl? l,script-language= X no-use-colors P,python-path v,version h,help d,debug e,editor"), &[
          ("o", Means::Text("lldb")), ("O", Means::Text("lldb")), ("k", Means::Text("lldb")), ("s", Means::Executes("runs the commands in")), ("S", Means::Executes("runs the commands in")),
          ("K", Means::Executes("runs the commands in")), ("P", Means::Nothing), ("v", Means::Nothing)], Form::Special(0, debugger), &[
        ("lldb -o 'platform shell rm x'", &["text lldb: platform shell rm x", "executes 2"]),
        ("lldb -- rm x", &["rm x", "executes 2"]),
    ]),
    row(&["bpftrace", "dtrace", "stap"], first("e= c= p= l d v o= f= B= I= n= s= i= m= P= q w x= C Z A F G D= unsafe usdt-file-activation no-feature= k t="), &[
          ("e", Means::Text("trace program")), ("n", Means::Text("trace program")), ("c", Means::Split), ("s", Means::Executes("runs the trace program in"))], Form::File("trace program"), &[
        ("bpftrace -e 'x'", &["text trace program: x"]),
        ("dtrace -c 'rm x' -n y", &["rm x", "text trace program: y"]),
    ]),
    row(&["m4", "gm4"], mixed("D,define= U,undefine= I,include= s,synclines P,prefix-builtins E,fatal-warnings? F,freeze-state= R,reload-state= e,interactive i Q,quiet G,traditional d,debug? t,trace= o,error-output= \
              l,arglength= L,nesting-limit= W B= S= T= H,hashsize= g,gnu"), &[("D", Means::Touches("defines"))], Form::File("m4"), &[
        ("m4 x.m4", &["executes 1"]),
        ("m4 <<< syscmd(rm x)", &["text m4: syscmd(rm x)"]),
        ("m4 -D 'a=syscmd(x)' f", &["touches 2", "executes 3"]),
    ]),
    row(&["dc"], mixed("e,expression= f,file= i x V,version h,help s d C P"), &[("e", Means::Text("dc")), ("f", Means::Executes("runs the dc program in"))], Form::File("dc"), &[
        ("dc -e '!rm x'", &["text dc: !rm x"]),
        ("dc <<< !rm x", &["text dc: !rm x"]),
    ]),
    row(&["gnuplot"], mixed("e= p,persist c! s d V,version h,help default-settings slow"), &[("e", Means::Text("gnuplot")), ("c", Means::Executes("runs the script"))], Form::File("gnuplot"), &[
        ("gnuplot -e 'system(\"rm x\")'", &["text gnuplot: system(\"rm x\")"]),
        ("gnuplot x.gp", &["executes 1"]),
    ]),
    row(&["tex", "latex", "pdflatex", "xelatex", "lualatex", "luatex", "pdftex", "context", "latexmk", "etex", "xetex", "uplatex", "platex", "mf", "mpost"],
        dashed_mixed("shell-escape enable-write18 shell-restricted no-shell-escape interaction= output-directory= jobname= halt-on-error file-line-error e= r= pdf pdfxe pdflua \
              draftmode fmt= ini synctex= cnf-line= lua= luaonly recorder version help usepretex= pdflatex= latex= outdir= auxdir= cd c C f g silent quiet pv pvc"), &[
          ("shell-escape", Means::Executes("lets the document execute commands")), ("enable-write18", Means::Executes("lets the document execute commands")),
          ("e", Means::Text("perl")), ("r", Means::Executes("runs")), ("cnf-line", Means::Executes("sets")), ("lua", Means::Executes("runs")), ("pdflatex", Means::Shell("sh")), ("latex", Means::Shell("sh")),
          ("version", Means::Nothing), ("help", Means::Nothing)], Form::File("TeX"), &[
        ("pdflatex -shell-escape x.tex", &["executes 1", "executes 2"]),
        ("pdflatex '\\write18{rm x}'", &["executes 1"]),
    ]),
    row(&["gs", "ghostscript", "ps2pdf"], dashed_mixed("c! f= dNOSAFER dSAFER sDEVICE? sOutputFile? o= q dBATCH dNOPAUSE r? I= d? s? D? S? g? P version help"), &[
          ("c", Means::Text("postscript")), ("dNOSAFER", Means::Executes("lets the document execute commands")), ("version", Means::Nothing)], Form::File("postscript"), &[
        ("gs -c '(%pipe%rm x) (w) file'", &["text postscript: (%pipe%rm x) (w) file"]),
        ("gs -dNOSAFER x.ps", &["executes 1", "executes 2"]),
    ]),
    row(&["xsltproc"], mixed("o,output= param= stringparam= path= maxdepth= nonet novalid html xinclude"), &[], Form::OnlyFile("XSLT"), &[("xsltproc x.xsl y.xml", &["executes 1"])]),
    tool(&["php-fpm", "uwsgi", "gunicorn", "uvicorn", "flask", "celery", "django-admin", "rails", "rackup", "puma", "unicorn", "thin", "streamlit", "jupyter", "jupyter-notebook", "jupyter-lab", "mitmproxy", "mitmdump",
           "locust", "scrapy", "pytest", "py.test", "nosetests", "mocha", "jest", "vitest", "ava", "rspec", "phpunit", "behat", "karma", "playwright", "cypress", "bats", "robot"],
        mixed("c,config= r,require= p= b= k= m= n= x v q s w= l= e= o= eval= exec= j= t= f= g= i= u= d="), &[
          ("eval", Means::Text("program")), ("exec", Means::Shell("sh"))], Form::Names("runs programs of the project:"), &[
        ("pytest tests", &["executes 1"]),
        ("pytest", &["executes 0"]),
        ("uwsgi --exec 'rm x'", &["sh: rm x"]),
    ]),
    row(&["mail", "mailx", "mutt", "neomutt", "elm", "pine", "alpine"], mixed("s= a= A= b= c= e= E= f= F= H= i= m= n p= Q= q= S= r= u= X= N"), &[
          ("e", Means::Text("mail program")), ("X", Means::Text("mail program")), ("F", Means::Executes("reads the settings in")), ("S", Means::Touches("sets"))], Form::Special(0, mail), &[
        ("mail -s x me", &["executes 3"]),
        ("mutt -e 'set x' me", &["text mail program: set x", "executes 3"]),
    ]),
];

fn powershell(call: &Call<'_>, out: &mut Vec<Inner>) {
    const VALUES: &[&str] = &[
        "executionpolicy",
        "ep",
        "ex",
        "exec",
        "configurationname",
        "configurationfile",
        "custompipename",
        "inputformat",
        "if",
        "outputformat",
        "of",
        "o",
        "settingsfile",
        "settings",
        "version",
        "v",
        "windowstyle",
        "w",
        "workingdirectory",
        "wd",
        "psconsolefile",
    ];
    let mut at = 1;
    while let Some(word) = call.words.get(at) {
        let Some(text) = word.text() else {
            out.push(executes(format!("`{}` may be program text", word.written()), at));
            return;
        };
        let Some(name) = text.strip_prefix(['-', '/']).filter(|name| !name.is_empty()) else { break };
        let name = name.trim_start_matches('-').to_ascii_lowercase();
        let begins = |long: &str, least: usize| long.starts_with(&name) && name.len() >= least;
        let rest = call.words.get(at + 1..).unwrap_or(&[]);
        if begins("command", 1) || begins("commandwithargs", 8) || name == "cwa" {
            if !rest.is_empty() {
                out.push(Inner::Text { language: "powershell", text: crate::rows::joined(rest) });
            }
            return;
        }
        if begins("encodedcommand", 1) && !name.starts_with("ep") && !VALUES.contains(&name.as_str()) || name == "ec" {
            if let Some(text) = rest.first() {
                out.push(Inner::Text { language: "powershell", text: text.clone() });
            }
            return;
        }
        if begins("file", 1) {
            out.push(executes("runs the powershell script", (at + 1).min(call.last())));
            return;
        }
        if matches!(name.as_str(), "version" | "help" | "h" | "?") && rest.is_empty() {
            return;
        }
        at += if VALUES.contains(&name.as_str()) { 2 } else { 1 };
    }
    match call.words.get(at) {
        Some(word) if word.text() != Some("-") => out.push(executes(format!("runs `{}`", word.written()), at)),
        _ => match input_text(&call.input) {
            Some(text) => out.push(Inner::Text { language: "powershell", text: text.clone() }),
            None => out.push(executes_input("runs the powershell program on standard input", call.last(), &call.input)),
        },
    }
}

/// `cmd /c text…`.
fn cmd(call: &Call<'_>, out: &mut Vec<Inner>) {
    let says = |word: &Word| {
        word.text().is_some_and(|text| {
            text.starts_with('/') && matches!(text.as_bytes().get(1), Some(b'c' | b'C' | b'k' | b'K' | b'r' | b'R'))
        })
    };
    if let Some(at) = call.words.iter().position(says) {
        let mut rest = call.words.get(at + 1..).unwrap_or(&[]).to_vec();
        if let Some(glued) = call.words.get(at).and_then(|word| word.without(2)).filter(|word| word.text() != Some(""))
        {
            rest.insert(0, glued);
        }
        if rest.len() > 1 {
            out.push(command(rest.clone()));
        }
        if !rest.is_empty() {
            out.push(Inner::Text { language: "cmd", text: crate::rows::joined(&rest) });
        }
    } else {
        out.push(executes("starts an interpreter that reads standard input", call.last()));
    }
}

/// A debugger starts the program it is given, and reads commands.
fn debugger(call: &Call<'_>, out: &mut Vec<Inner>) {
    let mut words: Vec<Word> = call.reading.value("args").cloned().into_iter().collect();
    words.extend(call.operands(0));
    if !words.is_empty() {
        out.push(command(words));
    }
    if call.words.len() > 2
        || !matches!(call.words.get(1).and_then(Word::text), Some("--version" | "--help" | "-version" | "-help"))
    {
        let given = call.reading.options.iter().find(|found| found.name == "args").map(|found| found.value_at);
        let at = given.or_else(|| call.operand_at(0));
        out.push(executes("reads commands that can execute anything", at.unwrap_or(call.last())));
    }
    call.doubt_before(call.last(), out);
}

/// A message from a terminal or a file can hold `~!command`.
fn mail(call: &Call<'_>, out: &mut Vec<Inner>) {
    out.push(executes("reads a message that can hold commands", call.last()));
    if let Some(text) = input_text(&call.input) {
        for line in text.written().lines() {
            if let Some(text) = line.strip_prefix("~!").or_else(|| line.strip_prefix("~|")) {
                out.push(script("sh", Word::known(text)));
            }
        }
    }
}
