//! Build tools: what they execute is in a file, or comes with their options.

use crate::inner::{Inner, Input};
use crate::rows::{
    Call, Form, Means, Otherwise, Row, Sub, command, dashed, dashed_mixed, executes, executes_input, first,
    is_standard_input, mixed, risky, row, script, sub, tool,
};
use crate::word::Word;

const PLAIN: Form = Form::Command(0, Otherwise::Nothing);

const CARGO: &str = "config= C= Z= v,verbose q,quiet color= locked offline frozen list explain= V,version h,help";
const CARGO_SUB: &str = "config= p,package= workspace all exclude= lib bin= bins example= examples test= tests bench= benches \
                         all-targets F,features= all-features no-default-features r,release profile= target= target-dir= \
                         manifest-path= message-format= v,verbose q,quiet color= j,jobs= Z= locked offline frozen no-run \
                         no-fail-fast doc fix allow-dirty allow-staged";
const CARGO_MEANS: &[(&str, Means)] = &[("config", Means::Executes("configures what is built and executed:"))];

const fn cargo_sub(names: &'static [&'static str]) -> Sub {
    sub(
        names,
        mixed(CARGO_SUB),
        CARGO_MEANS,
        Form::Always("builds, and runs build scripts and programs of the workspace"),
    )
}

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(&["make", "gmake", "bmake", "remake", "mingw32-make"], mixed("f,file,makefile= C,directory= I,include-dir= j,jobs? l,load-average? \
              o,old-file,assume-old= W,what-if,new-file,assume-new= E,eval= B,always-make n,just-print,dry-run,recon k,keep-going \
              s,silent,quiet t,touch i,ignore-errors p,print-data-base q,question r,no-builtin-rules R,no-builtin-variables \
              S,no-keep-going v,version w,print-directory no-print-directory d debug? e,environment-overrides \
              L,check-symlink-times b m O,output-sync? warn-undefined-variables trace shuffle? h,help jobserver-style="),
        &[("f", Means::Executes("runs what is in the makefile")), ("E", Means::Text("make")), ("v", Means::Nothing)],
        Form::Special(0, make), &[
        ("make test", &["executes 1"]),
        ("make -j4 test CC=gcc", &["executes 2"]),
        ("make", &["executes 0"]),
        ("make -f -", &["executes 2", "executes 2"]),
        ("make SHELL=/tmp/x all", &["executes 1", "executes 2"]),
        ("make --eval='$(shell rm x)'", &["text make: $(shell rm x)", "executes 1"]),
        ("make a b", &["executes 1"]),
        ("make $X", &["executes 1"]),
        ("make --version", &[]),
    ]),
    row(&["ninja", "samu", "just", "task", "go-task", "rake", "scons", "waf", "gulp", "grunt", "invoke", "inv", "fab", "nox", "tox",
          "doit", "mage", "ant", "buck", "buck2", "meson", "xmake", "premake5", "pre-commit", "act", "turbo", "nx", "lerna", "rush",
          "hatch", "pdm", "sbt", "lein", "stack", "cabal", "dune", "mix", "rebar3", "zig", "swift", "xcodebuild", "pod", "fastlane",
          "earthly", "dagger", "skaffold", "tilt", "overmind", "foreman", "honcho", "goreman", "moon", "bazel", "bazelisk", "pants"],
        mixed("C= f,file,justfile= d,working-directory= j,jobs= k= l= t= v n e= g q s r p"), &[
          ("f", Means::Executes("runs what is in"))], Form::Names("runs, as the project's files say,"), &[
        ("ninja", &["executes 0"]),
        ("ninja -C build test", &["executes 3"]),
        ("just -f x build", &["executes 2", "executes 3"]),
    ]),
    row(&["gradle", "gradlew", "mvn", "mvnw", "mvnd"], dashed_mixed("I= init-script= b= build-file= f= file= s= settings= p= project-dir= D? P? pl= T= t"),
        &[("I", Means::Executes("runs the script")), ("init-script", Means::Executes("runs the script")),
          ("b", Means::Executes("runs the build file")), ("build-file", Means::Executes("runs the build file")),
          ("f", Means::Executes("runs the build file")), ("file", Means::Executes("runs the build file"))],
        Form::Names("runs the build file's"), &[
        ("gradle test", &["executes 1"]),
        ("./gradlew -I evil.gradle test", &["executes 2", "executes 3"]),
        ("mvn -q package", &["executes 2", "executes 1"]),
    ]),
    row(&["cargo"], first(CARGO), CARGO_MEANS, Form::Verbs(cargo, CARGO_SUBS), &[
        ("cargo build", &["executes 1"]),
        ("cargo +nightly test", &["executes 2"]),
        ("cargo --config 'target.x.runner=\"rm\"' run", &["executes 2", "executes 3"]),
        ("cargo test --config build.rustc-wrapper=x", &["executes 3", "executes 1"]),
        ("cargo fmt", &[]),
        ("cargo frob", &["executes 1"]),
        ("cargo --version", &[]),
    ]),
    tool(&["rustc", "rustdoc", "clippy-driver"], mixed("C,codegen= L= l= o= Z= O g linker= crate-type= crate-name= edition= emit= out-dir= \
              extern= target= test-runtool= runtool="), &[("test-runtool", Means::Split)], Form::Special(0, rustc), &[
        ("rustc x.rs", &[]),
        ("rustc -C linker=/tmp/x x.rs", &["/tmp/x"]),
        ("rustc -Clinker=/tmp/x x.rs", &["/tmp/x"]),
    ]),
    tool(&["rustup"], first("v q"), &[], Form::Subcommands(&[
        risky(&["run"], first("install"), &[], Form::Command(1, Otherwise::Nothing)),
    ], ""), &[("rustup run nightly rm x", &["rm x"]), ("rustup show", &[])]),
    row(&["go"], first("C="), &[], Form::Subcommands(&[
        risky(&["run"], dashed(GO), GO_MEANS, Form::Names("builds and runs")),
        sub(&["test", "generate"], dashed_mixed(GO), GO_MEANS, Form::Always("builds and runs programs of the module")),
        sub(&["tool"], first("n"), &[], Form::Names("runs the tool")),
        sub(&["build", "install", "vet", "list", "get"], dashed_mixed(GO), GO_MEANS, Form::Options),
    ], ""), &[
        ("go run .", &["executes 2"]),
        ("go test ./...", &["executes 1"]),
        ("go test -exec 'rm x' ./...", &["rm x", "executes 1"]),
        ("go build -toolexec /tmp/x", &["/tmp/x"]),
        ("go vet -vettool=/tmp/x", &["/tmp/x"]),
        ("go version", &[]),
    ]),
    row(&["dotnet"], first(""), &[], Form::Subcommands(&[
        risky(&["run", "watch", "exec", "script", "fsi", "msbuild"], mixed("p,project= c,configuration= f,framework="), &[],
            Form::Names("builds and runs")),
        sub(&["test", "build", "publish", "pack", "restore"], mixed(""), &[], Form::Always("runs what the project says")),
        sub(&["new", "clean", "list", "add", "remove", "sln", "nuget", "--info", "format", "help"], first(""), &[], Form::Options),
    ], "runs"), &[
        ("dotnet run", &["executes 1"]),
        ("dotnet test", &["executes 1"]),
        ("dotnet x.dll", &["executes 1"]),
    ]),
    tool(&["cmake"], dashed_mixed("P! E! D? S= B= G= A= T= C= build= install= open= N L preset= toolchain= U? W? j? version help t= target= config= parallel?"),
        &[("P", Means::Executes("runs the script")), ("build", Means::Executes("builds what is in")), ("C", Means::Executes("runs the script")),
          ("toolchain", Means::Executes("runs the script")), ("install", Means::Executes("runs the install rules in"))],
        Form::Special(0, cmake), &[
        ("cmake -P x.cmake", &["executes 2"]),
        ("cmake -E env A=1 rm x", &["env A=1 rm x"]),
        ("cmake -E time rm x", &["rm x"]),
        ("cmake -E rm x", &["rm x"]),
        ("cmake -E chdir d rm x", &["rm x"]),
        ("cmake --build b", &["executes 2"]),
        ("cmake -S . -B b", &["executes 4"]),
        ("cmake --version", &[]),
    ]),
    tool(&["ctest"], dashed_mixed("S! C= T= D= M= R= E= L= j= build-and-test script= V N"), &[("S", Means::Executes("runs the script"))],
        Form::Always("runs the tests of a build folder"), &[("ctest", &["executes 0"])]),
    tool(&["gcc", "g++", "cc", "c++", "clang", "clang++", "cpp", "gfortran"], dashed_mixed("wrapper= B= fplugin= o= I= L= l= D= include= x= std= \
              MF= MT= isystem= O? W? f? m? g? c E S Xclang= load= specs= fuse-ld= T= u= z= arch= target= v"), &[
          ("fplugin", Means::Executes("loads the plugin")), ("B", Means::Executes("takes the compiler's programs from")),
          ("specs", Means::Executes("reads what to execute from")), ("load", Means::Executes("loads the plugin"))],
        Form::Special(0, compiler), &[
        ("gcc -O2 -Wall -c x.c -o x.o", &[]),
        ("gcc -wrapper /tmp/x,a x.c", &["/tmp/x a"]),
        ("gcc -fplugin=./x.so x.c", &["executes 1"]),
        ("gcc -B/tmp x.c", &["executes 1"]),
        ("clang -Xclang -load -Xclang ./x.so x.c", &["executes 2"]),
        ("gcc -fuse-ld=/tmp/x x.c", &["executes 1"]),
    ]),
    tool(&["ccache", "sccache", "distcc", "icecc", "fastbuild", "bear", "intercept-build", "scan-build", "compiledb", "libtool"],
        first("o= output= append mode= tag= v s,show-stats C,clear c,cleanup z F= M= p x"), &[], PLAIN, &[
        ("ccache gcc -c x.c", &["gcc -c x.c"]),
        ("bear -- make", &["make"]),
    ]),
    tool(&["tar", "gtar", "bsdtar"], mixed("A c d delete r t u x,extract,get to-command= checkpoint? checkpoint-action= I,use-compress-program= \
              rsh-command= rmt-command= F,info-script,new-volume-script= f,file= C,directory= T,files-from= X,exclude-from= exclude= b= \
              L,tape-length= g,listed-incremental= N,newer= K,starting-file= V,label= H,format= owner= group= mode= mtime= transform,xform= \
              strip-components= suffix= sort= level= no-recursion j J z Z a l k m M n o O p s S U v w W h i B G P R use-compress? \
              keep-old-files overwrite wildcards anchored totals? verbose one-file-system zstd lzma gzip bzip2 xz create list append update"),
        &[("to-command", Means::Shell("sh")), ("I", Means::Shell("sh")), ("F", Means::Shell("sh")),
          ("rsh-command", Means::Split), ("rmt-command", Means::Split)], Form::Special(0, tar), &[
        ("tar xf a.tar", &[]),
        ("tar czf a.tgz dir", &[]),
        ("tar xf a --to-command=sh", &["sh: sh"]),
        ("tar -cf /dev/null f --checkpoint=1 --checkpoint-action=exec='rm x'", &["sh: rm x"]),
        ("tar cf x --checkpoint-act exec=sh f", &["sh: sh"]),
        ("tar -I 'rm x' -cf a b", &["sh: rm x"]),
        ("tar cIf 'rm x' a b", &["sh: rm x"]),
        ("tar --use-compress-program 'rm x' -xf a", &["sh: rm x"]),
        ("tar cf a $FILES", &["executes 3"]),
        ("tar cf a -- $FILES", &[]),
        ("tar --rsh-command=/tmp/x -xf h:a", &["/tmp/x"]),
    ]),
    tool(&["cpio"], mixed("rsh-command= i o p F= H= D= I= O="), &[("rsh-command", Means::Split)], Form::Options,
        &[("cpio -i --rsh-command=/tmp/x", &["/tmp/x"])]),
    tool(&["zip"], mixed("T,test TT,unzip-command= b= r 9 0 1 2 3 4 5 6 7 8 j q x! i! P= t= tt= n= s= m u f d y X e v z @ A D F FF l ll o S"),
        &[], Form::Special(0, zip), &[
        ("zip -r a b", &[]),
        ("zip a b -T -TT 'rm x'", &["sh: rm x"]),
        ("zip a b -T --unzip-command='rm x'", &["sh: rm x"]),
    ]),
];

const GO: &str = "exec= toolexec= vettool= C= o= p= run= bench= count= timeout= tags= ldflags= gcflags= asmflags= mod= modfile= overlay= \
                  coverprofile= cpuprofile= covermode= coverpkg= parallel= cpu= race v a n x work json short cover failfast i m u t f= e deps \
                  buildvcs? pgo= trimpath";
const GO_MEANS: &[(&str, Means)] = &[("exec", Means::Split), ("toolexec", Means::Split), ("vettool", Means::Split)];

/// The targets, and the variables that say what executes.
fn make(call: &Call<'_>, out: &mut Vec<Inner>) {
    let mut target = None;
    for at in &call.reading.operands {
        let Some(word) = call.words.get(*at) else { continue };
        match word.prefix().split_once('=') {
            Some((name, value)) => {
                let name = name.trim_end_matches([':', '?', '+', '!']);
                let shell =
                    matches!(name, "SHELL" | ".SHELLFLAGS" | "MAKEFLAGS" | "GNUMAKEFLAGS" | "MAKEFILES" | "MAKE");
                if shell || value.contains("$(") || value.contains("${") || word.text().is_none() {
                    out.push(executes(format!("`{}` decides what the makefile's commands are", word.written()), *at));
                }
            }
            // A number is what a blank has cut from `-j`.
            None if word.prefix().bytes().all(|byte| byte.is_ascii_digit()) && word.text().is_some() => {}
            None => target = target.or(Some(*at)),
        }
    }
    let script = call.reading.value("f").and_then(Word::text);
    if script.is_some_and(is_standard_input) {
        match &call.input {
            Input::Text(text) => out.push(Inner::Text { language: "make", text: (*text).clone() }),
            Input::Unknown => out.push(executes_input("runs what standard input says", call.last(), &call.input)),
            Input::Inherited => {}
        }
    }
    let what = match target.and_then(|at| call.words.get(at)) {
        Some(word) => format!("runs what the makefile says for `{}`", word.written()),
        None => "runs what the makefile says".to_owned(),
    };
    out.push(executes(what, target.unwrap_or(call.last())));
}

const CARGO_SUBS: &[Sub] = &[
    risky(&["run", "r"], mixed(CARGO_SUB), CARGO_MEANS, Form::Always("builds and runs the program of the workspace")),
    cargo_sub(&[
        "build", "b", "test", "t", "bench", "check", "c", "clippy", "doc", "d", "rustc", "rustdoc", "fix", "install",
        "package", "publish", "miri", "nextest",
    ]),
    sub(
        &[
            "fmt",
            "add",
            "clean",
            "config",
            "fetch",
            "generate-lockfile",
            "help",
            "info",
            "init",
            "locate-project",
            "login",
            "logout",
            "metadata",
            "new",
            "owner",
            "pkgid",
            "remove",
            "rm",
            "report",
            "search",
            "tree",
            "uninstall",
            "update",
            "vendor",
            "verify-project",
            "version",
            "yank",
        ],
        mixed(CARGO_SUB),
        CARGO_MEANS,
        Form::Options,
    ),
];

/// `cargo [+toolchain] [options] sub-command`.
fn cargo(call: &Call<'_>, out: &mut Vec<Inner>) {
    let toolchain = call.operand(0).is_some_and(|word| word.prefix().starts_with('+'));
    let Some(at) = call.operand_at(usize::from(toolchain)) else {
        call.doubt_before(call.last(), out);
        return;
    };
    let rest = call.words.get(at..).unwrap_or(&[]);
    call.doubt_before(at, out);
    let Some(name) = rest.first().and_then(Word::text) else { return };
    if toolchain && name.starts_with('-') && call.words.len() > 400 {
        out.push(executes("executes a command too long to be read", at));
        return;
    }
    if toolchain && name.starts_with('-') {
        let mut inner = Vec::new();
        let before = at - 1;
        let rest = call.words.get(before..).unwrap_or(&[]);
        let again = Call { words: rest, input: call.input, reading: first(CARGO).read(rest) };
        for found in again.reading.options.iter().filter(|found| found.name == "config") {
            inner.push(executes("configures what is built and executed", found.value_at));
        }
        cargo(&again, &mut inner);
        out.extend(shifted(inner, before));
        return;
    }
    match CARGO_SUBS.iter().find(|sub| sub.names.contains(&name)) {
        Some(sub) => out.extend(shifted(crate::rows::run(&sub.part, rest, call.input), at)),
        None => out.push(executes(format!("runs the program `cargo-{name}` or an alias"), at)),
    }
}

fn shifted(inner: Vec<Inner>, by: usize) -> impl Iterator<Item = Inner> {
    inner.into_iter().map(move |one| match one {
        Inner::Executes { what, word } => executes(what, word + by),
        Inner::Touches { what, word } => Inner::Touches { what, word: word + by },
        other => other,
    })
}

fn rustc(call: &Call<'_>, out: &mut Vec<Inner>) {
    for found in call.reading.options.iter().filter(|found| found.name == "C") {
        if let Some(program) = found.value.as_ref().and_then(|value| value.prefix().strip_prefix("linker=")) {
            out.push(command(vec![Word::known(program)]));
        }
    }
    call.doubt_before(call.last(), out);
}

fn cmake(call: &Call<'_>, out: &mut Vec<Inner>) {
    if let Some(tool) = call.reading.value("E") {
        let words = call.operands(0);
        match tool.text() {
            Some("time") => out.push(command(words)),
            Some("chdir") => out.push(command(words.into_iter().skip(1).collect())),
            _ => out.push(command(std::iter::once(tool.clone()).chain(words).collect())),
        }
        return;
    }
    let building = ["P", "build", "install", "open", "version", "help"].iter().any(|name| call.reading.has(name));
    if !building {
        out.push(executes("runs the build description", call.last()));
    }
    call.doubt_before(call.last(), out);
}

fn compiler(call: &Call<'_>, out: &mut Vec<Inner>) {
    for found in &call.reading.options {
        match (found.name.as_str(), found.value.as_ref().and_then(Word::text)) {
            ("wrapper", Some(text)) => out.push(command(text.split(',').map(Word::known).collect())),
            ("Xclang", Some("-load" | "-add-plugin")) => out.push(executes("loads a plugin", found.value_at)),
            ("fuse-ld", Some(program)) if program.contains('/') => {
                out.push(executes(format!("links with `{program}`"), found.value_at))
            }
            _ => {}
        }
    }
    for (at, word) in call.words.iter().enumerate().skip(1) {
        let text = word.prefix();
        if text.len() > 2 && text.starts_with("-B") {
            out.push(executes(format!("takes the compiler's programs from `{}`", word.written()), at));
        } else if text.starts_with('@') {
            out.push(executes(format!("reads options from `{}`", word.written()), at));
        } else if matches!(word, Word::Opaque(_)) && (text.is_empty() || text == "-") {
            out.push(executes(format!("`{}` may be an option that executes", word.written()), at));
        }
    }
}

/// `tar`: actions at checkpoints, and options without a dash in the first word.
fn tar(call: &Call<'_>, out: &mut Vec<Inner>) {
    for found in call.reading.options.iter().filter(|found| found.name == "checkpoint-action") {
        if let Some(value) = &found.value {
            match value.prefix().strip_prefix("exec=") {
                Some(text) => out.push(script(
                    "sh",
                    value.without(value.prefix().len() - text.len()).unwrap_or_else(|| value.clone()),
                )),
                None if value.text().is_none() => {
                    out.push(executes("an action at checkpoints is not known", found.value_at))
                }
                None => {}
            }
        }
    }
    // `tar cIf program archive`: the letters take their values from the words that follow, in order.
    if let Some(letters) = call.words.get(1).and_then(Word::text).filter(|text| !text.starts_with('-')) {
        let takes = letters.chars().filter(|letter| "fICTXbLgNKVHF".contains(*letter));
        for (value, letter) in call.words.iter().skip(2).zip(takes) {
            if matches!(letter, 'I' | 'F') {
                out.push(script("sh", value.clone()));
            }
        }
    }
    let end = call.words.iter().position(|word| word.text() == Some("--")).unwrap_or(call.words.len());
    for at in call.reading.operands.iter().filter(|at| **at < end) {
        if let Some(word @ Word::Opaque(opaque)) = call.words.get(*at)
            && (opaque.prefix.is_empty() || opaque.prefix.starts_with('-') || !word.is_one())
        {
            out.push(executes(format!("`{}` may be an option that executes", word.written()), *at));
        }
    }
    for found in call.reading.options.iter().filter(|found| found.word == found.value_at) {
        if let Some(word @ Word::Opaque(_)) = call.words.get(found.word)
            && found.value.is_none()
        {
            out.push(executes(format!("`{}` may be an option that executes", word.written()), found.word));
        }
    }
}

fn zip(call: &Call<'_>, out: &mut Vec<Inner>) {
    for (at, word) in call.words.iter().enumerate().skip(1) {
        let text = word.prefix();
        let value = match text {
            "-TT" => call.words.get(at + 1).cloned(),
            _ if text.starts_with("-TT") => word.without(3),
            "--unzip-command" => call.words.get(at + 1).cloned(),
            _ if text.starts_with("--unzip-command=") => word.without("--unzip-command=".len()),
            _ => None,
        };
        if let Some(value) = value {
            out.push(script("sh", value));
        } else if matches!(word, Word::Opaque(_)) && (text.is_empty() || text.starts_with('-')) {
            out.push(executes(format!("`{}` may be an option that executes", word.written()), at));
        }
    }
}
