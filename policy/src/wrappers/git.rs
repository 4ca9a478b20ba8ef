//! Git: settings that execute, sub-commands that execute, and places that are commands (`ext::…`).
//!
//! What a setting in a file or an alias of the repository executes is not in the words and not told here.

use crate::inner::Inner;
use crate::rows::{
    Call, Form, Means, Otherwise, Row, Sub, command, executes, first, mixed, risky, row, run, script, split, sub,
    text_or_words,
};
use crate::word::Word;

const GIT: &str = "C= c= exec-path? html-path man-path info-path p,paginate P,no-pager no-replace-objects no-lazy-fetch \
                   no-optional-locks no-advice bare git-dir= work-tree= namespace= super-prefix= config-env= literal-pathspecs \
                   glob-pathspecs noglob-pathspecs icase-pathspecs list-cmds= attr-source= v,version h,help";
const FETCH: &str = "a,all append atomic depth= deepen= shallow-since= shallow-exclude= unshallow update-shallow negotiation-tip= \
                     dry-run f,force k,keep p,prune P,prune-tags n,no-tags t,tags refmap= recurse-submodules? no-recurse-submodules \
                     j,jobs= submodule-prefix= u,update-head-ok upload-pack,exec= progress q,quiet v,verbose server-option= o= 4 6 \
                     r,rebase? no-rebase ff-only ff no-ff s,strategy= X,strategy-option= autostash stat commit edit e S?";
const PUSH: &str = "all mirror tags follow-tags atomic n,dry-run receive-pack,exec= force-with-lease? f,force force-if-includes \
                    repo= u,set-upstream thin no-thin q,quiet v,verbose progress recurse-submodules= no-verify verify signed? \
                    o,push-option= d,delete prune porcelain 4 6 branches no-signed";
const CLONE: &str = "l,local no-hardlinks s,shared reference= reference-if-able= dissociate q,quiet v,verbose progress server-option= \
                     n,no-checkout bare sparse filter= mirror o,origin= b,branch= revision= u,upload-pack= template= c,config= depth= \
                     shallow-since= shallow-exclude= single-branch no-single-branch no-tags recurse-submodules? recursive? \
                     shallow-submodules separate-git-dir= ref-format= j,jobs= bundle-uri= remote-submodules also-filter-submodules \
                     reject-shallow 4 6";

const SUBS: &[Sub] = &[
    sub(
        &["rebase"],
        mixed(
            "x,exec= i,interactive onto= s,strategy= X,strategy-option= C= whitespace= empty= S? r,rebase-merges? \
          autosquash autostash keep-base root continue abort skip quit q,quiet v,verbose n,no-stat f,force-rebase",
        ),
        &[("x", Means::Shell("sh"))],
        Form::Options,
    ),
    sub(
        &["bisect"],
        first(""),
        &[],
        Form::Subcommands(
            &[
                risky(&["run"], first(""), &[], Form::Command(0, Otherwise::Nothing)),
                sub(&["replay"], first(""), &[], Form::Options),
            ],
            "",
        ),
    ),
    sub(
        &["submodule"],
        first("q,quiet cached"),
        &[],
        Form::Subcommands(
            &[
                risky(&["foreach"], first("recursive q,quiet"), &[], Form::Special(0, text_or_words)),
                sub(
                    &["add"],
                    mixed("b,branch= f,force name= reference= depth= q,quiet"),
                    &[],
                    Form::Special(0, places),
                ),
            ],
            "",
        ),
    ),
    sub(
        &["filter-branch"],
        first(
            "setup= subdirectory-filter= env-filter= tree-filter= index-filter= parent-filter= msg-filter= \
          commit-filter= tag-name-filter= original= d= f,force prune-empty state-branch= remap-to-ancestor",
        ),
        &[
            ("setup", Means::Shell("sh")),
            ("env-filter", Means::Shell("sh")),
            ("tree-filter", Means::Shell("sh")),
            ("index-filter", Means::Shell("sh")),
            ("parent-filter", Means::Shell("sh")),
            ("msg-filter", Means::Shell("sh")),
            ("commit-filter", Means::Shell("sh")),
            ("tag-name-filter", Means::Shell("sh")),
        ],
        Form::Options,
    ),
    sub(
        &["difftool", "mergetool"],
        mixed("x,extcmd= t,tool= g,gui y,no-prompt prompt d,dir-diff symlinks tool-help O="),
        &[("x", Means::Shell("sh")), ("tool-help", Means::Nothing)],
        Form::Always("starts the configured tool"),
    ),
    sub(
        &["fetch", "pull", "ls-remote", "fetch-pack", "remote-update"],
        mixed(FETCH),
        &[("upload-pack", Means::Shell("sh"))],
        Form::Special(0, places),
    ),
    sub(&["push", "send-pack"], mixed(PUSH), &[("receive-pack", Means::Shell("sh"))], Form::Special(0, places)),
    sub(
        &["clone"],
        mixed(CLONE),
        &[("u", Means::Shell("sh")), ("template", Means::Executes("copies the hooks of"))],
        Form::Special(0, places),
    ),
    sub(
        &["init"],
        mixed("q,quiet bare template= separate-git-dir= object-format= b,initial-branch= shared?"),
        &[("template", Means::Executes("copies the hooks of"))],
        Form::Options,
    ),
    sub(
        &["archive"],
        mixed("remote= exec= format= prefix= o,output= l,list v,verbose add-file= worktree-attributes"),
        &[("exec", Means::Shell("sh"))],
        Form::Options,
    ),
    sub(
        &["remote"],
        first("v,verbose"),
        &[],
        Form::Subcommands(
            &[sub(
                &["add", "set-url"],
                mixed("t= m= f tags no-tags mirror? push delete add"),
                &[],
                Form::Special(0, places),
            )],
            "",
        ),
    ),
    sub(&["remote-ext", "remote-fd"], first(""), &[], Form::Special(0, remote_ext)),
    sub(
        &["send-email"],
        mixed("sendmail-cmd= to-cmd= cc-cmd= header-cmd= smtp-server= smtp-server-option="),
        &[
            ("sendmail-cmd", Means::Shell("sh")),
            ("to-cmd", Means::Shell("sh")),
            ("cc-cmd", Means::Shell("sh")),
            ("header-cmd", Means::Shell("sh")),
            ("smtp-server", Means::Executes("sends through")),
        ],
        Form::Options,
    ),
    sub(
        &["hook"],
        first(""),
        &[],
        Form::Subcommands(&[sub(&["run"], mixed(""), &[], Form::Names("runs the hook"))], ""),
    ),
    sub(&["for-each-repo"], first("config= keep-going"), &[], Form::Special(0, each_repository)),
    sub(&["daemon"], mixed("access-hook="), &[("access-hook", Means::Split)], Form::Options),
    sub(
        &["instaweb", "web--browse"],
        mixed("b,browser= d,httpd= c,config= t,tool="),
        &[("b", Means::Executes("starts")), ("d", Means::Executes("starts"))],
        Form::Options,
    ),
    sub(&["shell"], first("c="), &[("c", Means::Executes("executes"))], Form::Options),
];

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(&["git"], first(GIT), &[], Form::Verbs(git, SUBS), &[
        ("git status", &[]),
        ("git -C /p push", &[]),
        ("git -c a.b=c push", &[]),
        ("git -c alias.z='!rm x' z", &["sh: rm x"]),
        ("git -c alias.z='push -f' z", &["git push -f"]),
        ("git -c core.pager='rm x' -p log", &["sh: rm x"]),
        ("git -c core.pager=cat log", &[]),
        ("git -c Core.SshCommand='rm x' fetch", &["sh: rm x"]),
        ("git -c core.fsmonitor=true status", &[]),
        ("git -c core.fsmonitor=./x status", &["sh: ./x"]),
        ("git -c core.hooksPath=/tmp/h commit", &["executes 2"]),
        ("git -c credential.helper='!rm x' fetch", &["sh: rm x"]),
        ("git -c credential.helper=store fetch", &["git credential-store"]),
        ("git -c filter.x.clean='rm x' add .", &["sh: rm x"]),
        ("git -c include.path=/x log", &["executes 2"]),
        ("git -c diff.external=./x diff", &["sh: ./x"]),
        ("git -c $X status", &["executes 2", "executes 2"]),
        ("git $X status", &["executes 1"]),
        ("git --exec-path=/tmp status", &["executes 1"]),
        ("git --exec-path", &[]),
        ("git --config-env=core.pager=X log", &["executes 1"]),
        ("git --config-env user.name=X log", &[]),
        ("git rebase -x 'rm x' main", &["sh: rm x"]),
        ("git rebase --exec='rm x' main", &["sh: rm x"]),
        ("git bisect run rm x", &["rm x"]),
        ("git submodule foreach --recursive 'rm x'", &["sh: rm x"]),
        ("git submodule foreach rm x", &["rm x", "sh: rm x"]),
        ("git filter-branch --tree-filter 'rm x' HEAD", &["sh: rm x"]),
        ("git difftool -y -x 'rm x'", &["sh: rm x", "executes 1"]),
        ("git clone ext::'sh -c rm' d", &["sh -c rm"]),
        ("git clone -u 'rm x' a b", &["sh: rm x"]),
        ("git clone -c core.pager='rm x' a", &["sh: rm x"]),
        ("git clone https://a/b", &[]),
        ("git fetch --upload-pack='rm x' origin", &["sh: rm x"]),
        ("git fetch-pack --exec='rm x' host", &["sh: rm x"]),
        ("git push --receive-pack 'rm x' origin", &["sh: rm x"]),
        ("git push origin $BRANCH", &["executes 3"]),
        ("git push origin HEAD:$BRANCH!", &[]),
        ("git commit -m 'stop using rm'", &[]),
        ("git -c url.ext::x.insteadOf=https: fetch", &["executes 2"]),
    ]),
];

fn git(call: &Call<'_>, out: &mut Vec<Inner>) {
    for found in &call.reading.options {
        match (found.name.as_str(), &found.value) {
            ("c", Some(value)) => setting(value, found.value_at, out),
            ("exec-path", Some(value)) => {
                out.push(executes(format!("takes git's own programs from `{}`", value.written()), found.word));
            }
            ("config-env", Some(value)) => {
                let name = value.text().and_then(|text| text.rsplit_once('=')).map(|(name, _)| name);
                if name.is_none_or(|name| kind(name) != Kind::Harmless) {
                    out.push(executes(
                        format!("the value of the setting `{}` is not known", value.written()),
                        found.value_at,
                    ));
                }
            }
            _ => {}
        }
    }
    let Some(at) = call.operand_at(0) else {
        call.doubt_before(call.last(), out);
        return;
    };
    call.doubt_before(at, out);
    let rest = call.words.get(at..).unwrap_or(&[]);
    let Some(name) = rest.first().and_then(Word::text) else { return };
    if let Some(sub) = SUBS.iter().find(|sub| sub.names.contains(&name)) {
        out.extend(run(&sub.part, rest, call.input).into_iter().map(|inner| match inner {
            Inner::Executes { what, word } => executes(what, word + at),
            Inner::Touches { what, word } => Inner::Touches { what, word: word + at },
            other => other,
        }));
    }
}

/// What the value of a setting is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Harmless,
    /// Shell text.
    Shell,
    /// A name for something that executes.
    Executes,
    Alias,
    Helper,
}

/// What a setting does, by its name; section and last part are in any case.
fn kind(name: &str) -> Kind {
    let lower = name.to_ascii_lowercase();
    let section = lower.split('.').next().unwrap_or("");
    let last = lower.rsplit('.').next().unwrap_or("");
    match (section, last) {
        ("alias", _) => Kind::Alias,
        ("credential", "helper") => Kind::Helper,
        ("core", "pager" | "editor" | "sshcommand" | "askpass" | "gitproxy" | "fsmonitor" | "alternaterefscommand")
        | ("pager", _)
        | ("sequence", "editor")
        | ("diff", "external" | "command" | "textconv")
        | ("difftool" | "mergetool" | "browser" | "man" | "guitool", "cmd" | "path")
        | ("merge", "driver")
        | ("filter", "clean" | "smudge" | "process")
        | ("gpg", "program" | "defaultkeycommand")
        | ("interactive", "difffilter")
        | ("uploadpack", "packobjectshook")
        | ("receive", "procreceiverefs")
        | ("remote", "uploadpack" | "receivepack")
        | ("sendemail", "sendmailcmd" | "tocmd" | "cccmd" | "headercmd" | "smtpserver")
        | ("imap", "tunnel")
        | ("trailer", "command" | "cmd")
        | ("tar", "command")
        | ("instaweb", "httpd" | "browser")
        | ("web", "browser")
        | ("help", "browser") => Kind::Shell,
        ("core", "hookspath" | "attributesfile" | "worktree")
        | ("include" | "includeif", "path")
        | ("init", "templatedir")
        | ("protocol", "allow")
        | ("submodule", "update")
        | ("remote", "vcs" | "url" | "pushurl")
        | ("url", _)
        | ("hook", _) => Kind::Executes,
        ("extensions", "worktreeconfig") => Kind::Executes,
        _ => Kind::Harmless,
    }
}

/// `-c name=value`.
fn setting(value: &Word, at: usize, out: &mut Vec<Inner>) {
    let Some((name, text)) = value.prefix().split_once('=') else {
        if value.text().is_none() {
            out.push(executes(format!("the setting `{}` is not known", value.written()), at));
        }
        return;
    };
    let kind = kind(name);
    let Some(rest) = value.without(name.len() + 1) else { return };
    if kind != Kind::Harmless && rest.text().is_none() {
        out.push(executes(format!("the value of the setting `{}` is not known", value.written()), at));
        return;
    }
    match kind {
        Kind::Harmless => {}
        // These are the programs' own words for no program at all, and the pager that agents ask for.
        Kind::Shell if matches!(text, "" | "cat" | "true" | "false" | "0" | "1" | "yes" | "no") => {}
        Kind::Shell => out.push(script("sh", rest)),
        Kind::Alias => match text.strip_prefix('!') {
            Some(text) => out.push(script("sh", Word::known(text))),
            None => out.push(command(std::iter::once(Word::from("git")).chain(split(text)).collect())),
        },
        Kind::Helper => match text.strip_prefix('!') {
            _ if text.is_empty() => {}
            Some(text) => out.push(script("sh", Word::known(text))),
            None if text.starts_with('/') => out.push(script("sh", rest)),
            None => {
                let mut words = split(&format!("credential-{text}"));
                words.insert(0, Word::from("git"));
                out.push(command(words));
            }
        },
        Kind::Executes => out.push(executes(format!("the setting `{name}` decides what git executes"), at)),
    }
}

/// Operands that may be a place to talk to: `ext::command` executes.
fn places(call: &Call<'_>, out: &mut Vec<Inner>) {
    for found in call.reading.options.iter().filter(|found| found.name == "c") {
        if let Some(value) = &found.value {
            setting(value, found.value_at, out);
        }
    }
    for at in &call.reading.operands {
        let Some(word) = call.words.get(*at) else { continue };
        match word {
            Word::Known(text) => match text.strip_prefix("ext::") {
                Some(text) => out.push(command(split(text))),
                None if text.starts_with("fd::") => out.push(executes("talks to a file descriptor", *at)),
                None => {}
            },
            Word::Opaque(opaque) if "ext::".starts_with(&opaque.prefix) || opaque.prefix.starts_with("ext::") => {
                out.push(executes(format!("`{}` may be an option or a place that executes", word.written()), *at));
            }
            Word::Opaque(_) => {}
        }
    }
    if let Some((at, why)) = &call.reading.unsure
        && call.words.get(*at).is_some_and(|word| word.prefix().starts_with('-') && word.text().is_none())
    {
        out.push(executes(format!("may execute another program: {why}"), *at));
    }
}

fn remote_ext(call: &Call<'_>, out: &mut Vec<Inner>) {
    match call.operand(1) {
        Some(Word::Known(text)) => out.push(command(split(text))),
        _ => out.push(executes("talks to a program that is not known", call.last())),
    }
}

fn each_repository(call: &Call<'_>, out: &mut Vec<Inner>) {
    if call.operand_at(0).is_some() {
        out.push(command(std::iter::once(Word::from("git")).chain(call.operands(0)).collect()));
    }
    call.doubt_before(call.last(), out);
}
