//! Programs that change who a command is, or what it can see of the machine.

use super::env::assignment;
use super::process::inner_command;
use crate::inner::Inner;
use crate::rows::{
    Call, Form, Means, Otherwise, Row, command, dashed, executes, first, from_input, mixed, row, script, tool,
};
use crate::word::Word;

const PLAIN: Form = Form::Command(0, Otherwise::Nothing);
const OR_SHELL: Form = Form::Command(0, Otherwise::Shell);

const SUDO: &str = "A,askpass B,bell b,background C,close-from= D,chdir= E preserve-env? e,edit g,group= H,set-home h,help \
                    host= i,login K,remove-timestamp k,reset-timestamp l,list N,no-update n,non-interactive P,preserve-groups \
                    p,prompt= R,chroot= r,role= S,stdin s,shell T,command-timeout= t,type= U,other-user= u,user= V,version \
                    v,validate a,auth-type= c,login-class= j,";

/// Options and assignments that alternate are read one after the other, in no longer commands than this.
const LONGEST: usize = 400;

const SU: &str = "c,command= session-command= s,shell= m,p,preserve-environment l,login f,fast g,group= G,supp-group= P,pty T,no-pty \
                  w,whitelist-environment= u,user= h,help V,version";

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(&["sudo", "sudo-rs"], first(SUDO), &[], Form::Special(0, sudo), &[
        ("sudo rm x", &["rm x"]),
        ("sudo -u root -- rm x", &["rm x"]),
        ("sudo -nEu root A=1 rm x", &["A=1 rm x"]),
        ("sudo A=1 -u root rm x", &["A=1 rm x"]),
        ("sudo -s", &["executes 1"]),
        ("sudo -i -u me rm x", &["rm x"]),
        ("sudo -s <<< rm x", &["sh: rm x"]),
        ("sudo -e /etc/x", &["executes 2"]),
        ("sudo -l rm", &[]),
        ("sudo -v", &[]),
        ("sudo $OPTS rm x", &["$OPTS rm x", "executes 1", "rm x"]),
        ("sudo $OPTS -u root rm x", &["$OPTS -u root rm x", "executes 1", "rm x"]),
        ("sudo --frob x rm y", &["x rm y", "executes 1", "rm y"]),
    ]),
    tool(&["sudoedit"], first(SUDO), &[], Form::Always("runs an editor with other rights"),
        &[("sudoedit /etc/x", &["executes 0"])]),
    row(&["doas"], first("C= a= u= L n s"), &[("C", Means::Nothing)], Form::Special(0, doas), &[
        ("doas -u me rm x", &["rm x"]),
        ("doas -s", &["executes 1"]),
        ("doas -C f rm", &[]),
    ]),
    row(&["run0"], first("no-ask-password machine= unit= property= description= slice= slice-inherit u,user= g,group= nice= D,chdir= \
                     setenv= background= pty pipe shell-prompt-prefix= lightweight="), &[], Form::Command(0, Otherwise::Shell),
        &[("run0 -u me rm x", &["rm x"]), ("run0", &["executes 0"])]),
    row(&["please"], first("a,allowenv= c,check= d,dir= e,environment= g,group= l,list n,noprompt p,purge r,reason= t,target= u,user= w,warm"),
        &[], Form::Special(0, doas), &[("please -u me rm x", &["rm x"])]),
    row(&["su"], mixed(SU), &[("c", Means::Shell("sh")), ("session-command", Means::Shell("sh"))],
        Form::Special(0, su), &[
        ("su -c 'rm x'", &["sh: rm x"]),
        ("su - me -c 'rm x'", &["sh: rm x"]),
        ("su --command='rm x' me", &["sh: rm x"]),
        ("su me", &["executes 1"]),
        ("su me <<< rm x", &["sh: rm x"]),
        ("su me -- -c 'rm x'", &["sh -c rm x"]),
        ("su me script", &["sh script"]),
    ]),
    row(&["runuser"], first(SU), &[("c", Means::Shell("sh")), ("session-command", Means::Shell("sh"))],
        Form::Special(0, runuser), &[
        ("runuser -u me -- rm x", &["rm x"]),
        ("runuser -u me rm x", &["rm x"]),
        ("runuser -l me -c 'rm x'", &["sh: rm x"]),
        ("runuser me", &["executes 1"]),
    ]),
    row(&["sg", "newgrp"], first("c"), &[], Form::Special(1, sg), &[
        ("sg wheel 'rm x'", &["sh: rm x"]),
        ("sg wheel -c 'rm x'", &["sh: rm x"]),
        ("newgrp wheel", &["executes 1"]),
    ]),
    row(&["pkexec"], first("user= u= disable-internal-agent keep-cwd"), &[], OR_SHELL,
        &[("pkexec --user me rm x", &["rm x"])]),
    row(&["gosu", "su-exec", "setuidgid", "chuid"], first(""), &[], Form::Command(1, Otherwise::Nothing), &[
        ("gosu me rm x", &["rm x"]),
        ("su-exec me:me rm x", &["rm x"]),
    ]),
    row(&["setpriv"], first("d,dump clear-groups groups= inh-caps= ambient-caps= bounding-set= list-caps no-new-privs \
                     keep-groups init-groups rgid= egid= regid= ruid= euid= reuid= securebits= pdeathsig= ptracer= \
                     selinux-label= apparmor-profile= landlock-access= landlock-rule= seccomp-filter= reset-env"),
        &[], PLAIN, &[("setpriv --reuid=1 --clear-groups rm x", &["rm x"])]),
    row(&["chroot"], first("userspec= groups= skip-chdir u= g= G= n"), &[], Form::Command(1, Otherwise::Shell), &[
        ("chroot / rm x", &["rm x"]),
        ("chroot --userspec=a:b /x", &["executes 2"]),
        ("chroot /x <<< rm x", &["sh: rm x"]),
    ]),
    row(&["unshare"], first("m,mount? u,uts? i,ipc? n,net? p,pid? U,user? C,cgroup? T,time? f,fork mount-proc? \
                     mount-binfmt? map-user= map-group= map-users= map-groups= r,map-root-user c,map-current-user \
                     map-auto map-subids propagation= setgroups= R,root= w,wd= S,setuid= G,setgid= kill-child? \
                     keep-caps l,load-interp= monotonic= boottime= forward-signals owner="), &[], OR_SHELL, &[
        ("unshare -r rm x", &["rm x"]),
        ("unshare -Urm --fork rm x", &["rm x"]),
        ("unshare -r", &["executes 1"]),
    ]),
    row(&["nsenter"], first("a,all t,target= m,mount? u,uts? i,ipc? n,net? p,pid? C,cgroup? U,user? T,time? S,setuid= \
                     G,setgid= preserve-credentials keep-caps r,root? w,wd? W,wdns= e,env F,no-fork Z,follow-context \
                     c,join-cgroup user-parent N,net-socket="), &[], OR_SHELL, &[
        ("nsenter -t 1 -m -- rm x", &["rm x"]),
        ("nsenter --target 1 --all rm x", &["rm x"]),
    ]),
    row(&["capsh"], dashed("print decode= supports= drop= caps= inh= user= uid= gid= groups= chroot= secbits= keep= iab= \
                     addamb= delamb= noamb mode= shell= forkfor= killit= inmode= has-p= has-i= has-a= has-b= is-uid= \
                     is-gid= strict suggest= no-new-privs explain= cap-uid= current license quiet"),
        &[("shell", Means::Executes("starts"))], Form::Special(0, capsh), &[
        ("capsh -- -c 'rm x'", &["bash -c rm x"]),
        ("capsh --user=me -- -c 'rm x'", &["bash -c rm x"]),
        ("capsh --print", &[]),
        ("capsh --print == -c x", &["executes 0"]),
    ]),
    row(&["bwrap"], first(BWRAP_VALUES), &[], Form::Special(0, bwrap), &[
        ("bwrap --bind / / --dev /dev --unshare-all rm x", &["rm x"]),
        ("bwrap --setenv A b -- rm x", &["rm x"]),
        ("bwrap --args 3 rm x", &["executes 2", "rm x"]),
    ]),
    row(&["firejail"], first(""), &[], Form::Special(0, glued_options), &[
        ("firejail --net=none rm x", &["rm x"]),
        ("firejail --quiet -- rm x", &["rm x"]),
    ]),
    row(&["nsjail"], first("M,mode= C,config= x,exec_file= e,execute_fd c,chroot= rw u,user= g,group= H,hostname= D,cwd= p,port= \
                     t,time_limit= d,daemon v,verbose q,quiet Q,really_quiet l,log= R,bindmount_ro= B,bindmount= T,tmpfsmount= \
                     E,env= keep_env keep_caps rlimit_as= rlimit_cpu= rlimit_fsize= rlimit_nofile= rlimit_nproc= \
                     disable_clone_newnet disable_proc N,disable_clone_newnet s,symlink= m,mount="),
        &[("x", Means::Executes("executes")), ("C", Means::Executes("executes what the configuration says:"))], PLAIN,
        &[("nsjail -Mo --chroot / -- /bin/rm x", &["/bin/rm x"])]),
    row(&["proot"], first("r,rootfs= b,bind,m,mount= q,qemu= w,pwd,cwd= v,verbose= 0,root-id i,change-id= k,kernel-release= \
                     R= S= p,port= n,netcoop l,link2symlink kill-on-exit"), &[("q", Means::Split)], OR_SHELL,
        &[("proot -r /x -b /dev rm x", &["rm x"])]),
    row(&["choom"], first("n,adjust= p,pid="), &[], PLAIN, &[("choom -n 5 -- rm x", &["rm x"])]),
    row(&["uclampset"], first("m= M= s,system R,reset-on-fork a,all-tasks p,pid= v,verbose"), &[], PLAIN,
        &[("uclampset -m 5 rm x", &["rm x"])]),
    row(&["runcon"], first("c,compute t,type= u,user= r,role= l,range="), &[], Form::Special(0, runcon),
        &[("runcon -t x rm y", &["rm y", "y"]), ("runcon a:b:c rm x", &["a:b:c rm x", "rm x"])]),
    row(&["aa-exec"], first("p,profile= n,namespace= i,immediate v,verbose d,debug"), &[], OR_SHELL,
        &[("aa-exec -p x -- rm y", &["rm y"])]),
];

fn sudo(call: &Call<'_>, out: &mut Vec<Inner>) {
    let reading = &call.reading;
    if reading.has("l") || reading.has("V") || reading.has("h") && reading.operands.is_empty() {
        return;
    }
    if reading.has("e") {
        out.push(executes("runs an editor with other rights", call.last()));
        return;
    }
    let mut environment = Vec::new();
    let mut at = reading.operands.first().copied().unwrap_or(call.words.len());
    while let Some((name, value)) = call.words.get(at).and_then(assignment) {
        environment.push((name, value));
        at += 1;
    }
    if !environment.is_empty() && call.words.len() > LONGEST {
        out.push(executes("executes a command too long to be read", at.saturating_sub(1)));
        return;
    }
    if !environment.is_empty() {
        // Options and further assignments may follow; what stands before is passed over.
        let rest = call.words.get(at - 1..).unwrap_or(&[]);
        let mut inner = Vec::new();
        sudo(&Call { words: rest, input: call.input, reading: first(SUDO).read(rest) }, &mut inner);
        for one in inner {
            out.push(match one {
                Inner::Command { words, environment: more } => {
                    Inner::Command { words, environment: environment.iter().cloned().chain(more).collect() }
                }
                Inner::Executes { what, word } => executes(what, word + at - 1),
                other => other,
            });
        }
        return;
    }
    command_or_shell(call, out);
    again_without_doubt(call, SUDO, sudo, out);
}

/// Reads a command again without the opaque word in front of which its options were lost.
fn again_without_doubt(
    call: &Call<'_>,
    grammar: &'static str,
    read: fn(&Call<'_>, &mut Vec<Inner>),
    out: &mut Vec<Inner>,
) {
    let Some((doubt, _)) = call.reading.unsure else { return };
    if !matches!(call.words.get(doubt), Some(Word::Opaque(_))) || call.words.len() > 64 {
        return;
    }
    let shorter: Vec<Word> =
        call.words.iter().enumerate().filter(|(at, _)| *at != doubt).map(|(_, word)| word.clone()).collect();
    let reading = first(grammar).read(&shorter);
    let mut other = Vec::new();
    read(&Call { words: &shorter, input: call.input, reading }, &mut other);
    // What begins with a dash was only the likely reading while the word was there.
    out.retain(|inner| !matches!(inner, Inner::Command { words, .. } if words.first().is_some_and(|word| word.prefix().starts_with('-'))));
    for inner in other {
        if !matches!(inner, Inner::Executes { .. }) && !out.contains(&inner) {
            out.push(inner);
        }
    }
}

fn command_or_shell(call: &Call<'_>, out: &mut Vec<Inner>) {
    let reading = &call.reading;
    if reading.operands.is_empty() && (reading.has("s") || reading.has("i")) {
        out.push(from_input("sh", call));
    } else {
        inner_command(call, 0, out);
    }
}

fn doas(call: &Call<'_>, out: &mut Vec<Inner>) {
    command_or_shell(call, out);
}

/// `su [-] [user [arguments of the shell…]]`.
fn su(call: &Call<'_>, out: &mut Vec<Inner>) {
    let dash = usize::from(call.operand(0).and_then(Word::text) == Some("-"));
    let arguments = call.operands(dash + 1);
    let text = call.reading.has("c") || call.reading.has("session-command");
    if !arguments.is_empty() {
        let shell = call.reading.value("s").cloned().unwrap_or_else(|| Word::from("sh"));
        out.push(command(std::iter::once(shell).chain(arguments).collect()));
    } else if !text {
        out.push(from_input("sh", call));
    }
    call.doubt_before(call.last(), out);
}

fn runuser(call: &Call<'_>, out: &mut Vec<Inner>) {
    if call.reading.has("u") {
        return inner_command(call, 0, out);
    }
    // The options may follow the user here.
    let again = Call { words: call.words, input: call.input, reading: mixed(SU).read(call.words) };
    for name in ["c", "session-command"] {
        if let (None, Some(text)) = (call.reading.value(name), again.reading.value(name)) {
            out.push(script("sh", text.clone()));
        }
    }
    su(&again, out);
}

fn sg(call: &Call<'_>, out: &mut Vec<Inner>) {
    let skip = if call.operand(1).and_then(Word::text) == Some("-c") { 2 } else { 1 };
    match call.operand(skip) {
        Some(text) => out.push(script("sh", text.clone())),
        None => out.push(from_input("sh", call)),
    }
    call.doubt_before(call.last(), out);
}

/// `capsh -- arguments of bash`.
fn capsh(call: &Call<'_>, out: &mut Vec<Inner>) {
    let again = call.words.iter().any(|word| matches!(word.text(), Some("==" | "=" | "--=")));
    if let Some(at) = call.words.iter().position(|word| word.text() == Some("--")) {
        let arguments = call.words.get(at + 1..).unwrap_or(&[]).iter().cloned();
        out.push(command(std::iter::once(Word::from("bash")).chain(arguments).collect()));
    } else if again || call.words.iter().any(|word| word.text().is_none()) {
        out.push(executes("executes itself or a shell once more", 0));
    }
}

/// bubblewrap: some options take two or three words.
fn bwrap(call: &Call<'_>, out: &mut Vec<Inner>) {
    const TWO: &[&str] = &[
        "--bind",
        "--ro-bind",
        "--bind-try",
        "--dev-bind",
        "--dev-bind-try",
        "--ro-bind-try",
        "--symlink",
        "--setenv",
        "--file",
        "--bind-data",
        "--ro-bind-data",
        "--chmod",
        "--bind-fd",
        "--ro-bind-fd",
    ];
    let mut at = 1;
    while let Some(word) = call.words.get(at) {
        match word {
            Word::Known(text) if text == "--" => {
                at += 1;
                break;
            }
            Word::Known(text) if TWO.contains(&text.as_str()) => at += 3,
            Word::Known(text) if text == "--overlay" => at += 4,
            Word::Known(text) if text == "--args" => {
                out.push(executes("reads options from a file descriptor", at + 1));
                at += 2;
            }
            Word::Known(text) if text.starts_with("--") => {
                let two = [Word::from("bwrap"), word.clone(), Word::from("value")];
                let takes = first(BWRAP_VALUES)
                    .read(&two)
                    .options
                    .first()
                    .map_or(0, |found| found.value_at.saturating_sub(found.word));
                at += 1 + takes;
            }
            Word::Known(_) => break,
            Word::Opaque(_) => {
                out.push(executes(format!("`{}` may be options or a command", word.written()), at));
                break;
            }
        }
    }
    if let Some(words) = call.words.get(at..).filter(|words| !words.is_empty()) {
        out.push(command(words.to_vec()));
    }
}

const BWRAP_VALUES: &str = "args= argv0= userns= userns2= pidns= uid= gid= hostname= chdir= unsetenv= lock-file= sync-fd= \
                            remount-ro= exec-label= file-label= proc= dev= tmpfs= mqueue= dir= seccomp= add-seccomp-fd= block-fd= \
                            userns-block-fd= info-fd= json-status-fd= cap-add= cap-drop= perms= size= overlay-src= \
                            ro-overlay= tmp-overlay=";

/// All values are glued to their options.
fn glued_options(call: &Call<'_>, out: &mut Vec<Inner>) {
    let mut at = 1;
    while let Some(word) = call.words.get(at) {
        match word.prefix() {
            "--" => {
                at += 1;
                break;
            }
            "" => {
                out.push(executes(format!("`{}` may be an option", word.written()), at));
                break;
            }
            text if text.starts_with('-') => at += 1,
            _ => break,
        }
    }
    match call.words.get(at..) {
        Some(words) if !words.is_empty() => out.push(command(words.to_vec())),
        _ => out.push(from_input("sh", call)),
    }
}

/// A context or a command comes first.
fn runcon(call: &Call<'_>, out: &mut Vec<Inner>) {
    for start in [0, 1] {
        if call.operand_at(start).is_some() {
            out.push(command(call.operands(start)));
        }
    }
    call.doubt_before(call.last(), out);
}
