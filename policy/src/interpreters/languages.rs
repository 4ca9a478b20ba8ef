//! Interpreters of general languages: which options carry text, which run a file or a module, which load one first.

use crate::inner::Inner;
use crate::rows::{Call, Form, Means, Row, dashed, executes, executes_input, first, mixed, risky, row, sub};
use crate::word::Word;

const NODE: &str = "e,eval= p,print pe= c,check i,interactive r,require= import= loader,experimental-loader= C,conditions= input-type= \
                    max-old-space-size= max-semi-space-size= stack-size= inspect? inspect-brk? inspect-wait? inspect-port= watch watch-path= watch-preserve-output \
                    test test-only test-name-pattern= test-reporter= test-reporter-destination= test-concurrency= env-file= \
                    env-file-if-exists= title= trace-warnings no-warnings disable-warning= enable-source-maps experimental-vm-modules \
                    experimental-strip-types experimental-transform-types experimental-modules preserve-symlinks expose-gc \
                    expose_gc use-strict throw-deprecation no-deprecation pending-deprecation run= unhandled-rejections= dns-result-order= icu-data-dir= \
                    openssl-config= redirect-warnings= report-dir= heapsnapshot-signal= heap-prof cpu-prof prof v8-options v,version h,help \
                    harmony abort-on-uncaught-exception snapshot-blob= build-snapshot experimental-sqlite permission allow-fs-read= \
                    allow-fs-write= allow-child-process allow-worker";
const NODE_MEANS: &[(&str, Means)] = &[
    ("e", Means::Text("javascript")),
    ("pe", Means::Text("javascript")),
    ("p", Means::Operand("javascript")),
    ("r", Means::Executes("loads")),
    ("import", Means::Executes("loads")),
    ("loader", Means::Executes("loads")),
    ("env-file", Means::Executes("takes options from")),
    ("openssl-config", Means::Executes("may load the engine of")),
    ("run", Means::Executes("runs the script of package.json")),
    ("test", Means::Executes("runs the tests it finds")),
    ("v", Means::Nothing),
];

const DENO: &str = "A,allow-all allow-read? allow-write? allow-net? allow-env? allow-run? allow-sys? allow-ffi? R? W? N? E? S? no-check? check? \
                    c,config= import-map= r,reload? lock? no-lock no-remote cached-only L,log-level= q,quiet unstable seed= v8-flags= watch? \
                    no-npm node-modules-dir? p,print ext= inspect? inspect-brk? env-file? location= no-prompt T,ts preload=";
const DENO_MEANS: &[(&str, Means)] =
    &[("preload", Means::Executes("loads")), ("c", Means::Touches("uses the configuration"))];

const JAVA: &str = "cp,classpath,class-path= p,module-path= m,module! jar! add-modules= add-exports= add-opens= add-reads= agentlib? agentpath? javaagent? \
                    upgrade-module-path= source= enable-preview version showversion server client X? D? verbose? ea? da? esa dsa \
                    splash? enable-native-access= J?";

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(&["python", "pypy", "pythonw", "py", "pyw", "jython", "ironpython", "ipy", "micropython", "circuitpython", "graalpy", "cpython", "brython", "bpython",
          "ptpython", "ipython"],
        first("c! m! b d B E h i I O P q s S t u v V x W= X= check-hash-based-pycs= R version help 0 1 2 3 4 5 6 7 8 9 . -"), &[
          ("c", Means::Text("python")), ("m", Means::Executes("runs the python module")),
          ("i", Means::Executes("reads more of the program from standard input")), ("V", Means::Nothing)], Form::File("python"), &[
        ("python3 -c 'import os'", &["text python: import os"]),
        ("python3.11 -Ic x -m y", &["text python: x"]),
        ("python -m pip install x", &["executes 2"]),
        ("python -mhttp.server", &["executes 1"]),
        ("python x.py -c y", &["executes 1"]),
        ("python -u x.py", &["executes 2"]),
        ("python -", &["executes 1"]),
        ("python", &["executes 0"]),
        ("python3 - <<< import os", &["text python: import os"]),
        ("python -i x.py", &["executes 1", "executes 2"]),
        ("py -3 x.py", &["executes 2"]),
        ("/usr/bin/PYTHON3.EXE -c x", &["text python: x"]),
        ("python3 --version", &[]),
        ("python3 -c $X", &["text python: $X", "executes 2"]),
    ]),
    row(&["perl", "cperl", "raku", "rakudo"], first("e= E= M= m= I= F= x? i? d? D? C? V? a c f n p s S t T u U v w W X l g h 0 1 2 3 4 5 6 7 8 9 version help"), &[
          ("e", Means::Text("perl")), ("E", Means::Text("perl")), ("M", Means::Executes("loads the module")), ("m", Means::Executes("loads the module")),
          ("d", Means::Executes("loads the debugger")), ("v", Means::Nothing), ("V", Means::Nothing)], Form::File("perl"), &[
        ("perl -e 'unlink 1'", &["text perl: unlink 1"]),
        ("perl -lane 'print' f", &["text perl: print"]),
        ("perl -pi.bak -e 's/a/b/' f", &["text perl: s/a/b/"]),
        ("perl -0777 -ne x f", &["text perl: x"]),
        ("perl -MFoo -e x", &["executes 1", "text perl: x"]),
        ("perl x.pl", &["executes 1"]),
        ("perl5.36 -E x", &["text perl: x"]),
        ("perl <<< unlink 1", &["text perl: unlink 1"]),
        ("perl -v", &[]),
    ]),
    row(&["ruby", "jruby", "truffleruby", "mruby"], first("e= r= I= C= E= F? K? T? W? x? i? 0? a c d h l n p s S v w y U encoding= external-encoding= internal-encoding= \
          enable= disable= jit? yjit? dump= version help verbose copyright debug"), &[
          ("e", Means::Text("ruby")), ("r", Means::Executes("loads"))], Form::File("ruby"), &[
        ("ruby -e x", &["text ruby: x"]),
        ("ruby -rjson -e x", &["executes 1", "text ruby: x"]),
        ("ruby -v -e x", &["text ruby: x"]),
        ("ruby x.rb", &["executes 1"]),
        ("ruby -ne 'x' f", &["text ruby: x"]),
    ]),
    row(&["irb", "pry"], first("r= I= f e= d w U"), &[("r", Means::Executes("loads")), ("e", Means::Text("ruby"))], Form::File("ruby"),
        &[("irb", &["executes 0"])]),
    row(&["node", "nodejs", "iojs", "electron"], first(NODE), NODE_MEANS, Form::File("javascript"), &[
        ("node -e x", &["text javascript: x"]),
        ("node --eval=x", &["text javascript: x"]),
        ("node -p 1+1", &["text javascript: 1+1"]),
        ("node -pe 1+1", &["text javascript: 1+1"]),
        ("node -r ./x y.js", &["executes 2", "executes 3"]),
        ("node x.js -e y", &["executes 1"]),
        ("node --run build", &["executes 2"]),
        ("node --test", &["executes 1"]),
        ("node --max-old-space-size=1 x.js", &["executes 2"]),
        ("node", &["executes 0"]),
        ("node --version", &[]),
    ]),
    row(&["ts-node", "tsx", "babel-node", "esrun", "vite-node", "jiti", "swc-node", "ts-node-esm", "esno", "coffee", "qjs", "d8", "jsc", "jjs", "duk", "hermes", "mujs", "jsshell"],
        first("e,eval= p,print r,require= P,project= T,transpile-only C,compiler= O,compiler-options= I,ignore= files swc esm cwd-mode i,interactive watch \
               tsconfig= no-cache import= m,module std script-mode"),
        &[("e", Means::Text("javascript")), ("p", Means::Operand("javascript")), ("r", Means::Executes("loads")), ("import", Means::Executes("loads"))],
        Form::File("javascript"), &[
        ("tsx x.ts", &["executes 1"]),
        ("ts-node -e x", &["text javascript: x"]),
    ]),
    row(&["deno"], first(DENO), &[], Form::Subcommands(&[
        risky(&["run", "serve"], first(DENO), DENO_MEANS, Form::File("javascript")),
        risky(&["eval"], first(DENO), DENO_MEANS, Form::Program("javascript")),
        risky(&["repl"], first("eval= eval-file="), &[("eval", Means::Text("javascript"))], Form::Always("starts an interpreter")),
        risky(&["x"], first(DENO), &[], Form::Fetched),
        risky(&["task"], first(DENO), &[], Form::Names("runs the task")),
        sub(&["test", "bench"], mixed(DENO), &[], Form::Always("runs the tests of the project")),
        sub(&["install", "i", "add", "compile"], mixed(""), &[], Form::Always("installs programs")),
        sub(&["fmt", "lint", "check", "info", "types", "doc", "cache", "upgrade", "help", "completions", "init", "lsp", "publish", "remove", "outdated",
              "clean", "coverage", "uninstall"], mixed(""), &[], Form::Options),
    ], "runs"), &[
        ("deno run -A x.ts", &["executes 3"]),
        ("deno eval 'x'", &["text javascript: x"]),
        ("deno x.ts", &["executes 1"]),
        ("deno task build", &["executes 2"]),
        ("deno fmt", &[]),
    ]),
    row(&["php", "php-cgi", "hhvm"], first("a,interactive c,php-ini= n,no-php-ini d,define= e f,file= h,help i,info l,syntax-check m,modules r,run= B,process-begin= \
          R,process-code= F,process-file= E,process-end= H S,server= t,docroot= s,syntax-highlight v,version w,strip z,zend-extension= ini rf= rc= re= ri= T? b= C q"), &[
          ("r", Means::Text("php")), ("B", Means::Text("php")), ("R", Means::Text("php")), ("E", Means::Text("php")),
          ("F", Means::Executes("runs the php program in")), ("f", Means::Executes("runs the php program in")),
          ("S", Means::Executes("serves and runs the php programs of a folder on")), ("z", Means::Executes("loads the extension")),
          ("d", Means::Touches("sets")), ("v", Means::Nothing), ("i", Means::Nothing), ("m", Means::Nothing)], Form::Special(0, php), &[
        ("php -r 'unlink(1);'", &["text php: unlink(1);"]),
        ("php x.php", &["executes 1"]),
        ("php -f x.php", &["executes 2"]),
        ("php -d auto_prepend_file=x y.php", &["touches 2", "executes 2", "executes 3"]),
        ("php8.2 -v", &[]),
        ("php <<< <?php x", &["text php: <?php x"]),
    ]),
    row(&["lua", "luajit", "luau", "texlua", "lluv", "nlua", "moonjit", "wlua", "tarantool", "resty"], first("e= l= i v E W b= j= O? -"), &[
          ("e", Means::Text("lua")), ("l", Means::Executes("loads the module"))], Form::File("lua"), &[
        ("lua -e x", &["text lua: x"]),
        ("lua5.4 x.lua", &["executes 1"]),
        ("lua -l m x.lua", &["executes 2", "executes 3"]),
        ("luajit -", &["executes 1"]),
    ]),
    row(&["java", "javaw"], dashed(JAVA), &[
          ("jar", Means::Executes("runs the java archive")), ("m", Means::Executes("runs the java module")),
          ("agentlib", Means::Executes("loads an agent")), ("agentpath", Means::Executes("loads an agent")),
          ("javaagent", Means::Executes("loads an agent")), ("version", Means::Nothing)], Form::Special(0, java), &[
        ("java -jar x.jar a", &["executes 2"]),
        ("java -cp a Main", &["executes 3"]),
        ("java X.java", &["executes 1"]),
        ("java -version", &[]),
    ]),
    row(&["jshell", "groovysh"], dashed("s q v feedback= class-path= module-path= add-modules= startup= R? C? execution= i?"), &[("startup", Means::Executes("runs"))],
        Form::File("java"), &[("jshell x.jsh", &["executes 1"])]),
    row(&["groovy", "scala", "scala-cli", "amm", "kotlin", "kotlinc", "clojure", "clj", "bb", "babashka", "joker", "planck", "lumo", "nbb"],
        first("e,eval= i= r a= m= M? X? A? T? P S? cp,classpath= script= howtorun= l= p,print J? D? F? s d f,file= expression= main= n,no-lang S,scala= deps= Sdeps="), &[
          ("e", Means::Text("program")), ("expression", Means::Text("program")), ("p", Means::Text("program")), ("i", Means::Executes("loads")), ("m", Means::Executes("runs")),
          ("f", Means::Executes("runs")), ("M", Means::Executes("runs")), ("X", Means::Executes("runs")),
          ("script", Means::Executes("runs the script"))], Form::File("program"), &[
        ("groovy -e x", &["text program: x"]),
        ("scala x.scala", &["executes 1"]),
        ("clojure -M:run", &["executes 1"]),
    ]),
    row(&["ghci", "runghc", "runhaskell", "ghc"], dashed("e= f= i? package= v? O? X? o= c make fno-code Wall W pgmF= F opt? ghc-arg= threaded"), &[
          ("e", Means::Text("haskell")), ("pgmF", Means::Executes("executes"))], Form::File("haskell"), &[
        ("runghc x.hs", &["executes 1"]),
        ("ghc -e x", &["text haskell: x"]),
    ]),
    row(&["ocaml", "utop", "ocamlrun", "fsi", "fsharpi", "dotnet-script", "csi", "csharp", "poly", "sml", "mosml", "polyc"],
        dashed("e= init= I= noinit nostdlib stdin w= exec exec: use: quiet r: load: nologo"), &[("e", Means::Text("program")), ("init", Means::Executes("runs"))],
        Form::File("program"), &[("ocaml x.ml", &["executes 1"]), ("ocaml -e x", &["text program: x"])]),
    row(&["erl", "werl", "escript"], dashed("eval= run! s! noshell noinput sname= name= pa= pz= boot= config= args_file= detached c= i= n= setcookie= smp= mode= remsh= \
              hidden heart emu_args version extra! init_debug"), &[
          ("eval", Means::Text("erlang")), ("run", Means::Executes("runs the function of")), ("s", Means::Executes("runs the function of")),
          ("args_file", Means::Executes("takes options from")), ("config", Means::Executes("uses the configuration"))], Form::Special(0, erl), &[
        ("erl -noshell -eval x -s init stop", &["text erlang: x", "executes 5"]),
        ("escript x", &["executes 1"]),
        ("erl", &["executes 0"]),
    ]),
    row(&["elixir", "iex"], first("e,eval= r= S= pr= pa= pz= p= erl= cookie= sname= name= logger-otp-reports= no-halt rpc-eval= v,version h,help dot-iex= remsh= werl w hidden \
              pipe-to= vm-args= boot= short-version app="), &[
          ("e", Means::Text("elixir")), ("rpc-eval", Means::Text("elixir")), ("r", Means::Executes("loads")), ("pr", Means::Executes("loads")),
          ("S", Means::Executes("runs the script")), ("dot-iex", Means::Executes("loads")), ("vm-args", Means::Executes("takes options from"))],
        Form::File("elixir"), &[("elixir -e x", &["text elixir: x"]), ("iex -S mix", &["executes 2"]), ("elixir x.exs", &["executes 1"])]),
    row(&["guile", "racket", "sbcl", "clisp", "ecl", "ccl", "abcl", "chicken", "gambit", "gsi", "mit-scheme", "scheme", "chez", "gosh", "chibi-scheme", "bigloo",
          "lisp", "ros", "newlisp", "picolisp", "pil", "janet", "fennel", "hy", "gxi", "stklos"],
        first("c= e,eval= x= l,load= s! f,script= i,init= I= L= r,require= p= m,module= u= t,main= k noinform non-interactive disable-debugger no-userinit no-sysinit quit \
               no-init q,quiet end-toplevel-options userinit= sysinit= core= dynamic-space-size= n b j d w P= C= use-srfi= no-auto-compile no-debug debug batch load= shell version help"), &[
          ("c", Means::Text("lisp")), ("e", Means::Text("lisp")), ("x", Means::Text("lisp")), ("l", Means::Executes("loads")), ("s", Means::Executes("runs the script")),
          ("f", Means::Executes("runs the script")), ("i", Means::Executes("loads")), ("r", Means::Executes("loads")), ("t", Means::Executes("loads")),
          ("m", Means::Executes("runs the module")), ("p", Means::Executes("loads")), ("u", Means::Executes("loads")),
          ("userinit", Means::Executes("loads")), ("core", Means::Executes("starts the image"))], Form::File("lisp"), &[
        ("guile -c x", &["text lisp: x"]),
        ("sbcl --script x.lisp", &["executes 2"]),
        ("sbcl --noinform --eval x", &["text lisp: x"]),
        ("racket x.rkt", &["executes 1"]),
    ]),
    row(&["R", "rscript", "littler", "radian"], first("e= f,file= g,gui= d,debugger= vanilla no-save save no-environ no-site-file no-init-file restore no-restore q,quiet,silent \
              s,no-echo slave verbose default-packages= interactive encoding= args! version help max-ppsize= l= i t p"), &[
          ("e", Means::Text("R")), ("f", Means::Executes("runs the R program in")), ("d", Means::Executes("starts"))], Form::Special(0, r_language), &[
        ("Rscript -e x", &["text R: x"]),
        ("R --no-save -e x", &["text R: x"]),
        ("R -f x.R", &["executes 2"]),
        ("R CMD BATCH x.R", &["executes 1"]),
        ("Rscript x.R", &["executes 1"]),
        ("R --version", &[]),
    ]),
    row(&["julia", "julialauncher"], first("e,eval= E,print= L,load= J,sysimage= m,module= H,home= p,procs= t,threads= project? C= O? q i banner? color? startup-file? history-file? \
              machine-file= compile= bug-report= depwarn= v h g?"), &[
          ("e", Means::Text("julia")), ("E", Means::Text("julia")), ("L", Means::Executes("loads")), ("m", Means::Executes("runs the module")), ("J", Means::Executes("starts the image"))],
        Form::File("julia"), &[("julia -e x", &["text julia: x"]), ("julia --project x.jl", &["executes 2"])]),
    row(&["octave", "octave-cli", "matlab", "scilab", "scilab-cli", "maxima", "sage", "wolframscript", "magma"],
        first("eval= e,code= c= r= f= l= b= batch= batch-string= run= nodisplay nosplash nodesktop q,quiet,silent p,path= W H i persist no-gui gui no-init-file norc no-window-system \
               no-line-editing traditional built-in-docstrings-file= file= script= s"), &[
          ("eval", Means::Text("program")), ("e", Means::Text("program")), ("c", Means::Text("program")), ("r", Means::Text("program")), ("batch", Means::Text("program")),
          ("batch-string", Means::Text("program")), ("run", Means::Text("program")), ("f", Means::Executes("runs")), ("l", Means::Executes("runs")), ("b", Means::Executes("runs")),
          ("file", Means::Executes("runs")), ("script", Means::Executes("runs"))],
        Form::File("program"), &[("octave --eval x", &["text program: x"]), ("octave x.m", &["executes 1"])]),
    row(&["swipl", "gprolog", "yap", "scryer-prolog", "xsb"], first("g= t= f= l= s= x= c! o= q O p= query-goal= consult-file= init-goal= entry-goal= F= quiet"), &[
          ("g", Means::Text("prolog")), ("t", Means::Text("prolog")), ("query-goal", Means::Text("prolog")), ("init-goal", Means::Text("prolog")), ("entry-goal", Means::Text("prolog")),
          ("f", Means::Executes("loads")), ("l", Means::Executes("loads")), ("s", Means::Executes("loads")), ("consult-file", Means::Executes("loads")), ("x", Means::Executes("starts the image"))],
        Form::File("prolog"), &[("swipl -g x", &["text prolog: x"])]),
    row(&["crystal", "nim", "dart", "haxe", "odin", "rdmd", "dub", "cling", "gforth", "factor", "gst", "pharo", "squeak", "wren", "gravity", "chaiscript"],
        first("e= eval= r= c= s= p= o= d= l= q b f="), &[("e", Means::Text("program")), ("eval", Means::Text("program"))],
        Form::Names("builds and runs, or runs,"), &[("crystal eval x", &["executes 1"]), ("rdmd x.d", &["executes 1"])]),
];

fn php(call: &Call<'_>, out: &mut Vec<Inner>) {
    for found in call.reading.options.iter().filter(|found| found.name == "d") {
        let name = found.value.as_ref().map_or("", Word::prefix);
        if ["auto_prepend", "auto_append", "extension", "zend_extension", "ffi.", "opcache.preload", "mail", "sendmail"]
            .iter()
            .any(|odd| name.starts_with(odd))
            || found.value.as_ref().is_some_and(|value| value.text().is_none())
        {
            out.push(executes("the setting decides what is executed", found.value_at));
        }
    }
    let by_option = ["r", "R", "B", "E", "F", "f", "S"].iter().any(|name| call.reading.has(name));
    match (call.operand_at(0), call.operand(0)) {
        _ if by_option => {}
        (Some(at), Some(file)) => out.push(executes(format!("runs the php program in `{}`", file.written()), at)),
        _ => match crate::rows::input_text(&call.input) {
            Some(text) => out.push(Inner::Text { language: "php", text: text.clone() }),
            None => out.push(executes_input("runs the php program on standard input", call.last(), &call.input)),
        },
    }
    call.doubt_before(call.operand_at(0).unwrap_or(call.last()), out);
}

fn java(call: &Call<'_>, out: &mut Vec<Inner>) {
    let named = call.reading.has("jar") || call.reading.has("m");
    if let Some(at) = call.operand_at(0).filter(|_| !named) {
        out.push(executes("runs a java program", at));
    }
    for (at, word) in call.words.iter().enumerate().skip(1) {
        let text = word.prefix();
        if text.starts_with("-XX:OnError")
            || text.starts_with("-XX:OnOutOfMemoryError")
            || text.starts_with('@') && !named
        {
            out.push(executes(format!("`{}` executes a command or holds options", word.written()), at));
        }
    }
    call.doubt_before(call.operand_at(0).unwrap_or(call.last()), out);
}

fn erl(call: &Call<'_>, out: &mut Vec<Inner>) {
    let script = call.words.first().is_some_and(|word| word.prefix().ends_with("escript"));
    let told = ["eval", "run", "s"].iter().any(|name| call.reading.has(name));
    match call.operand_at(0) {
        Some(at) if script => out.push(executes("runs the erlang program", at)),
        _ if told => {}
        _ => out.push(executes_input("starts an interpreter that reads standard input", call.last(), &call.input)),
    }
    call.doubt_before(call.last(), out);
}

fn r_language(call: &Call<'_>, out: &mut Vec<Inner>) {
    if matches!(call.words, [_, Word::Known(word)] if matches!(word.as_str(), "--version" | "--help")) {
        return;
    }
    let told = call.reading.has("e") || call.reading.has("f");
    match call.operand_at(0) {
        _ if told => {}
        Some(at) => out.push(executes("runs an R program or a tool of R", at)),
        None => match crate::rows::input_text(&call.input) {
            Some(text) => out.push(Inner::Text { language: "R", text: text.clone() }),
            None => out.push(executes_input("runs the R program on standard input", call.last(), &call.input)),
        },
    }
    call.doubt_before(call.operand_at(0).unwrap_or(call.last()), out);
}
