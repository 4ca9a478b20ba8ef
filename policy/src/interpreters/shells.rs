//! Shells: where their text is, in every spelling they accept.

use crate::inner::Inner;
use crate::rows::{
    Call, Form, Means, Row, command, executes, executes_input, first, input_text, is_standard_input, row, script,
};
use crate::word::Word;

/// What a rule may name before it has named a file or a text.
const BOURNE: &str = "c e f h i k l m n p r s t u v x B C D E H P a b o= O= norc noprofile rcfile= init-file= login posix verbose restricted \
                      debugger noediting emulate= help version";

/// What a bash is called that expands aliases.
const WITH_ALIASES: &str = "bash with aliases";

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(&["sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "rbash", "rzsh", "rksh", "pdksh", "lksh", "oksh", "loksh", "yash", "posh", "hush", "bosh",
          "osh", "ysh", "gash", "brush", "git-bash", "lsh", "sash"],
        first(BOURNE), &[], Form::Special(0, bourne), &[
        ("bash -c 'rm x'", &["bash: rm x"]),
        ("bash -lc 'rm x' a b", &["bash: rm x | a b"]),
        ("sh -ec 'rm x'", &["sh: rm x"]),
        ("bash -euo pipefail -c 'rm x'", &["bash: rm x"]),
        ("bash -o pipefail +x -c 'rm x'", &["bash: rm x"]),
        ("bash -oc pipefail 'rm x'", &["bash: rm x"]),
        ("bash -ic 'rm x'", &["bash with aliases: rm x"]),
        ("bash --posix -c 'rm x'", &["bash with aliases: rm x"]),
        ("bash -O expand_aliases -c 'rm x'", &["bash with aliases: rm x"]),
        ("bash +O expand_aliases -o pipefail -c 'rm x'", &["bash: rm x"]),
        ("bash -i <<< rm x", &["bash with aliases: rm x"]),
        ("bash --norc --rcfile f -c 'rm x'", &["executes 3", "bash: rm x"]),
        ("bash -c -e -- 'rm x'", &["bash: rm x"]),
        ("zsh -o extendedglob -fc 'rm x'", &["zsh: rm x"]),
        ("zsh --emulate sh -c 'rm x'", &["zsh: rm x"]),
        ("bash x.sh -c y", &["executes 1"]),
        ("bash -x x.sh", &["executes 2"]),
        ("bash", &["executes 0"]),
        ("bash -s a <<< rm x", &["bash: rm x | bash a"]),
        ("bash <<< rm x", &["bash: rm x"]),
        ("bash - <<< rm x", &["bash: rm x"]),
        ("sh /dev/stdin <<< rm x", &["sh: rm x"]),
        ("bash $X", &["executes 1"]),
        ("bash -c $X", &["executes 2", "bash: $X"]),
        ("bash -c $X!", &["executes 2", "bash: $X"]),
        ("bash $OPTS -c 'rm x'", &["executes 1", "bash: rm x"]),
        ("bash -c", &[]),
        ("bash --version", &[]),
        ("/bin/bash5 -c 'rm x'", &["bash: rm x"]),
        ("BASH.EXE -c 'rm x'", &["bash: rm x"]),
    ]),
    row(&["csh", "tcsh"], first("b c d e f i l m n q s t v V x X"), &[], Form::Special(0, bourne), &[
        ("tcsh -fc 'rm x'", &["tcsh: rm x"]),
        ("csh x", &["executes 1"]),
    ]),
    row(&["fish"], first("c,command= C,init-command= d,debug= debug-output= o i,interactive l,login n,no-execute N,no-config p,profile= \
              profile-startup= P,private print-debug-categories print-rusage-self v,version h,help features= f="),
        &[("c", Means::Shell("fish")), ("C", Means::ShellFirst("fish")), ("v", Means::Nothing)], Form::File("fish"), &[
        ("fish -c 'rm x'", &["fish: rm x"]),
        ("fish --command='rm x'", &["fish: rm x"]),
        ("fish -NC 'rm x' -c 'ls'", &["fish: ls", "fish: rm x"]),
        ("fish -C ls x.fish", &["executes 3", "fish: ls"]),
        ("fish x.fish", &["executes 1"]),
    ]),
    row(&["nu", "nushell"], first("c,commands= e,execute= I,include-path= i,interactive l,login m,table-mode= error-style= no-newline n,no-config-file \
              no-history no-std-lib threads,t= testbin= config= env-config= plugin-config= plugins= stdin log-level= log-target= ide-goto-def="),
        &[("c", Means::Shell("nu")), ("e", Means::Shell("nu")), ("config", Means::Executes("runs the configuration")),
          ("env-config", Means::Executes("runs the configuration"))], Form::File("nu"), &[("nu -c 'rm x'", &["nu: rm x"])]),
    row(&["elvish"], first("c i norc rc= log= buildinfo json compileonly version"), &[], Form::Special(0, bourne),
        &[("elvish -c 'rm x'", &["elvish: rm x"])]),
    row(&["xonsh"], first("c= i l rc= no-rc script-file D= no-env cache-everything timings"), &[("c", Means::Shell("xonsh"))], Form::File("xonsh"),
        &[("xonsh -c 'rm x'", &["xonsh: rm x"])]),
    row(&["rc", "es"], first("c! e i I l n o p s v x d"), &[("c", Means::Shell("rc"))], Form::File("rc"), &[("rc -c 'rm x'", &["rc: rm x"])]),
    row(&["execlineb"], first("c= P p q w W S= s= e="), &[("c", Means::Text("execline"))], Form::File("execline"),
        &[("execlineb -Pc 'rm x'", &["text execline: rm x"])]),
    row(&["busybox", "toybox"], first("help list list-full install s"), &[], Form::Special(0, applet), &[
        ("busybox rm x", &["rm x"]),
        ("busybox sh -c 'rm x'", &["sh -c rm x"]),
        ("busybox --list", &[]),
        ("busybox $X x", &["$X x"]),
    ]),
];

/// What a shell's words say before its text or file.
struct Head {
    /// The first word after the options.
    rest: usize,
    text: bool,
    input: bool,
    /// It expands aliases, which bash does where it is interactive, keeps to POSIX or is told to.
    aliases: bool,
}

/// Bourne shells and C shells: `-c` in a cluster says that the first operand is text.
fn bourne(call: &Call<'_>, out: &mut Vec<Inner>) {
    if matches!(call.words, [_, Word::Known(word)] if matches!(word.as_str(), "--version" | "--help")) {
        return;
    }
    let shell = shell_name(call);
    let head = head(call, shell, out);
    let shell = if head.aliases && matches!(shell, "bash" | "rbash") { WITH_ALIASES } else { shell };
    let rest = call.words.get(head.rest..).unwrap_or(&[]);
    let many = |word: &Word| !word.is_one();
    match (rest, head) {
        ([text, arguments @ ..], Head { text: true, rest, .. }) => {
            if text.text().is_none() {
                out.push(executes(format!("`{}` is shell text that is not known", text.written()), rest));
            }
            out.push(Inner::Script { shell: shell.to_owned(), text: text.clone(), arguments: arguments.to_vec() });
        }
        ([], Head { text: true, .. }) => {}
        ([Word::Known(file), arguments @ ..], Head { input: false, rest, .. }) if is_standard_input(file) => {
            from_standard_input(call, shell, arguments, rest, out);
        }
        ([file, ..], Head { input: false, rest, .. }) => {
            // An option may hide in a word that is not known; that was told.
            if !out.iter().any(|inner| matches!(inner, Inner::Executes { word, .. } if *word == rest)) || !many(file) {
                out.push(executes(format!("runs the shell script in `{}`", file.written()), rest));
            }
        }
        (arguments, _) => from_standard_input(call, shell, arguments, call.last(), out),
    }
}

fn from_standard_input(call: &Call<'_>, shell: &str, arguments: &[Word], word: usize, out: &mut Vec<Inner>) {
    match input_text(&call.input) {
        Some(text) => {
            let mut all: Vec<Word> = Vec::new();
            if !arguments.is_empty() {
                all.push(Word::known(shell));
                all.extend(arguments.iter().cloned());
            }
            out.push(Inner::Script { shell: shell.to_owned(), text: text.clone(), arguments: all });
        }
        None => {
            out.push(executes_input(format!("`{shell}` reads its commands from standard input"), word, &call.input))
        }
    }
}

/// The shell by its plain name.
fn shell_name(call: &Call<'_>) -> &'static str {
    let word = call.words.first().map(Word::written).unwrap_or_default();
    let name = word.trim_end_matches('/').rsplit('/').next().unwrap_or(word);
    let names = ROWS.iter().flat_map(|row| row.names).copied();
    let plain = crate::rows::plain_name(name);
    names.into_iter().find(|known| *known == name || *known == plain).unwrap_or("sh")
}

fn head(call: &Call<'_>, shell: &str, out: &mut Vec<Inner>) -> Head {
    let mut head = Head { rest: call.words.len(), text: false, input: false, aliases: false };
    let mut at = 1;
    while let Some(word) = call.words.get(at) {
        let prefix = word.prefix();
        if let Word::Opaque(opaque) = word {
            let operand = word.is_one() && !prefix.is_empty() && !prefix.starts_with(['-', '+']);
            if operand || head.text {
                head.rest = at;
                return head;
            }
            out.push(executes(format!("`{}` may be an option or a script: {}", word.written(), opaque.why), at));
            // The likely reading is options when more of them follow, and a script when not.
            let more = call.words.get(at + 1).is_some_and(|next| next.prefix().starts_with('-'));
            if !more {
                head.rest = at;
                return head;
            }
            at += 1;
            continue;
        }
        let Some((sign, letters)) = prefix.chars().next().filter(|sign| matches!(sign, '-' | '+')).zip(prefix.get(1..))
        else {
            break;
        };
        if prefix == "--" || prefix == "-" {
            at += 1;
            break;
        }
        if let Some(long) = prefix.strip_prefix("--") {
            match long {
                "rcfile" | "init-file" | "rc" => {
                    out.push(executes("runs another file first", at + 1));
                    at += 1;
                }
                "emulate" | "log" => at += 1,
                "command" => head.text = true,
                "posix" => head.aliases = true,
                _ => {}
            }
            if let Some(text) = word.without("--command=".len()).filter(|_| long.starts_with("command=")) {
                out.push(script("sh", text));
            }
            if long.starts_with("rcfile=") || long.starts_with("init-file=") {
                out.push(executes("runs another file first", at));
            }
            at += 1;
            continue;
        }
        let mut values = 0;
        for (n, letter) in letters.char_indices() {
            match letter {
                'c' if sign == '-' => head.text = true,
                's' => head.input = true,
                'i' if sign == '-' => head.aliases = true,
                // In zsh and ksh the name of an option may be glued.
                'o' if matches!(shell, "zsh" | "rzsh") && n + 1 < letters.len() => break,
                'o' | 'O' => values += 1,
                _ => {}
            }
        }
        let told = |word: &Word| word.text().is_none_or(|option| matches!(option, "posix" | "expand_aliases"));
        head.aliases |= sign == '-' && call.words.iter().skip(at + 1).take(values).any(told);
        at += 1 + values;
    }
    head.rest = at.min(call.words.len());
    head
}

/// `busybox applet words…`.
fn applet(call: &Call<'_>, out: &mut Vec<Inner>) {
    if call.reading.has("list") || call.reading.has("list-full") || call.reading.has("help") {
        return;
    }
    let words = call.words.get(1..).unwrap_or(&[]);
    if !words.is_empty() {
        out.push(command(words.to_vec()));
    }
}
