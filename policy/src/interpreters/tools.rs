//! Tools with one odd option that executes or loads.

use crate::inner::Inner;
use crate::rows::{Call, Form, Means, Row, dashed, dashed_mixed, executes, first, mixed, tool};
use crate::word::Word;

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    tool(&["openssl"], dashed_mixed("engine= engine_impl= provider= provider-path= config= in= out= inkey= passin= passout= pass= k= K= iv= kfile= CAfile= CApath= connect= cert= key= days= subj= rand="), &[
          ("engine", Means::Executes("loads the engine")), ("provider", Means::Executes("loads the provider")), ("provider-path", Means::Executes("loads providers from")), ("config", Means::Executes("reads what to load from"))],
        Form::Options, &[
        ("openssl version", &[]),
        ("openssl req -engine ./x.so", &["executes 3"]),
    ]),
    tool(&["terraform", "tofu", "pulumi", "terragrunt", "packer"], dashed("chdir= version help C= cwd="), &[], Form::Subcommands(&[
        crate::rows::sub(&["apply", "destroy", "plan", "import", "refresh", "test", "console", "init", "up", "preview", "build", "run", "run-all"], mixed(""), &[], Form::Always("runs what the configuration says")),
    ], ""), &[("terraform apply", &["executes 1"]), ("terraform -chdir=prod apply", &["executes 2"]), ("terraform fmt", &[])]),
    tool(&["systemctl"], mixed("H,host= M,machine= t,type= state= p,property= n,lines= o,output= s,signal= root= job-mode= what= kill-whom= user system q,quiet f,force now no-pager no-block no-reload a,all l,full"), &[], Form::Special(0, systemctl), &[
        ("systemctl status x", &[]),
        ("systemctl start x", &["executes 1"]),
        ("systemctl edit x", &["executes 1"]),
    ]),
    tool(&["logrotate"], mixed("s,state= l,log= m,mail= f,force d,debug v"), &[("m", Means::Split)], Form::OnlyFile("logrotate"), &[("logrotate f", &["executes 1"]), ("logrotate -m ./x f", &["./x", "executes 3"])]),
    tool(&["husky", "lint-staged"], mixed("c,config= s,shell="), &[("s", Means::Split)], Form::Always("runs what the configuration says"), &[("lint-staged", &["executes 0"])]),
    tool(&["xdotool", "ydotool", "wtype", "xte"], first(""), &[], Form::Always("types into another program"), &[("xdotool type x", &["executes 0"])]),
    tool(&["gpg", "gpg-agent", "gpgsm"], mixed("photo-viewer= exec-path= agent-program= dirmngr-program= pinentry-program= homedir= options= o,output= u= r= keyserver= load-extension="), &[
          ("photo-viewer", Means::Shell("sh")), ("exec-path", Means::Executes("takes programs from")), ("agent-program", Means::Split), ("dirmngr-program", Means::Split),
          ("pinentry-program", Means::Split), ("options", Means::Executes("reads options from")), ("load-extension", Means::Executes("loads"))], Form::Options, &[
        ("gpg --photo-viewer 'rm x' --list-keys", &["sh: rm x"]),
        ("gpg --version", &[]),
    ]),
    tool(&["dosbox", "wine", "wine64", "mono", "box64", "box86", "qemu-x86_64", "qemu-i386", "qemu-aarch64", "qemu-arm", "fex", "darling", "wasmtime", "wasmer", "wasmedge"],
        first("L= E= U= s= cpu= g= c= conf= debug d= B= R= p= strace dir= env= mapdir= invoke="), &[("c", Means::Text("dos"))], Form::Names("executes the program"), &[
        ("wine x.exe", &["executes 1"]),
        ("qemu-x86_64 -L / /bin/rm x", &["executes 3"]),
    ]),
];

fn systemctl(call: &Call<'_>, out: &mut Vec<Inner>) {
    const STARTS: &[&str] = &[
        "start",
        "restart",
        "reload",
        "try-restart",
        "reload-or-restart",
        "enable",
        "reenable",
        "link",
        "edit",
        "isolate",
        "set-environment",
        "import-environment",
        "switch-root",
        "default",
        "rescue",
        "emergency",
        "preset",
        "preset-all",
        "daemon-reexec",
    ];
    match call.operand(0) {
        Some(Word::Known(verb)) if !STARTS.contains(&verb.as_str()) => {}
        Some(_) => out.push(executes("starts services, or changes what they execute", call.operand_at(0).unwrap_or(0))),
        None => {}
    }
    call.doubt_before(call.last(), out);
}
