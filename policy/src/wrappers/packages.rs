//! Package managers and environment managers: they run scripts of a project, or programs of packages.

use crate::inner::Inner;
use crate::rows::{Call, Form, Means, Otherwise, Row, Sub, command, executes, first, mixed, risky, row, sub, tool};
use crate::word::Word;

const PLAIN: Form = Form::Command(0, Otherwise::Nothing);
const INSTALL: Form = Form::Always("installs packages and runs their install scripts");
const SCRIPT: Form = Form::Names("runs the script of package.json");
const SCRIPTS: Form = Form::Always("runs the scripts of package.json");

const NPM: &str = "C,prefix= w,workspace= workspaces ws g,global silent s loglevel= registry= userconfig= script-shell= node-options= y,yes p,package= \
                   c,call= no-install quiet q if-present ignore-scripts foreground-scripts json cache= omit= include= save-dev D save S E \
                   f,force legacy-peer-deps no-audit no-fund prefer-offline offline filter= F= r,recursive dir= cwd= B bun b shell-mode \
                   no verbose";
const NPM_MEANS: &[(&str, Means)] = &[
    ("c", Means::Shell("sh")),
    ("script-shell", Means::Executes("runs scripts with")),
    ("node-options", Means::Executes("gives node the options")),
];

const HARMLESS: Sub = sub(
    &[
        "ls",
        "list",
        "la",
        "ll",
        "view",
        "v",
        "info",
        "show",
        "search",
        "outdated",
        "audit",
        "config",
        "c",
        "get",
        "set",
        "help",
        "version",
        "why",
        "explain",
        "root",
        "prefix",
        "bin",
        "whoami",
        "ping",
        "fund",
        "doctor",
        "cache",
        "store",
        "login",
        "logout",
        "licenses",
        "versions",
        "workspaces",
        "workspace-list",
        "docs",
        "repo",
        "bugs",
        "owner",
        "dist-tag",
        "deprecate",
        "token",
        "team",
        "profile",
        "unpublish",
        "completion",
        "pm",
        "-v",
        "node",
        "import",
        "patch-commit",
        "remove",
        "rm",
        "uninstall",
        "un",
        "unlink",
        "prune",
        "policies",
    ],
    mixed(NPM),
    NPM_MEANS,
    Form::Options,
);

/// `npm`.
const NPM_SUBS: &[Sub] = &[
    risky(&["run", "run-script", "rum", "urn"], first(NPM), NPM_MEANS, SCRIPT),
    sub(&["test", "t", "tst", "start", "stop", "restart", "install-test", "it", "cit"], mixed(NPM), NPM_MEANS, SCRIPTS),
    risky(&["exec", "x"], first(NPM), NPM_MEANS, Form::Fetched),
    risky(&["create", "init", "innit"], first(NPM), NPM_MEANS, Form::Names("fetches and runs the initialiser")),
    sub(
        &[
            "install",
            "i",
            "in",
            "ins",
            "add",
            "ci",
            "clean-install",
            "ic",
            "update",
            "up",
            "upgrade",
            "rebuild",
            "rb",
            "link",
            "ln",
            "dedupe",
            "ddp",
            "pack",
            "publish",
        ],
        mixed(NPM),
        NPM_MEANS,
        INSTALL,
    ),
    HARMLESS,
];

/// `pnpm` and `yarn`: what is no sub-command is a script, or a program of a package.
const PNPM_SUBS: &[Sub] = &[
    risky(&["run", "run-script"], first(NPM), NPM_MEANS, SCRIPT),
    sub(&["test", "t", "start", "stop", "restart", "install-test", "it", "build"], mixed(NPM), NPM_MEANS, SCRIPTS),
    risky(&["exec"], first(NPM), NPM_MEANS, PLAIN),
    risky(&["dlx"], first(NPM), NPM_MEANS, Form::Fetched),
    risky(&["create"], first(NPM), NPM_MEANS, Form::Names("fetches and runs the initialiser")),
    sub(
        &[
            "install", "i", "add", "update", "up", "upgrade", "rebuild", "rb", "link", "dedupe", "pack", "publish",
            "init", "set", "import", "fetch", "deploy", "patch", "global", "plugin",
        ],
        mixed(NPM),
        NPM_MEANS,
        INSTALL,
    ),
    sub(&["workspace"], first(""), &[], Form::Names("runs a script of the workspace")),
    HARMLESS,
];

const BUN: &str = "watch hot smol r,preload= inspect? inspect-wait? inspect-brk? if-present no-install install= i e,eval= p,print= prefer-offline \
                   prefer-latest port= u,origin= conditions= fetch-preconnect= silent v,version revision filter= F= b,bun shell= env-file= cwd= \
                   c,config? h,help tsconfig-override= d,define= l,loader= external= title= require= import=";
const BUN_MEANS: &[(&str, Means)] = &[
    ("e", Means::Text("javascript")),
    ("p", Means::Text("javascript")),
    ("r", Means::Executes("loads")),
    ("require", Means::Executes("loads")),
    ("import", Means::Executes("loads")),
];

const UV: &str = "q,quiet v,verbose color= native-tls offline allow-insecure-host= no-progress directory= project= config-file= no-config \
                  cache-dir= n,no-cache python-preference= h,help V,version";
const UV_RUN: &str = "extra= all-extras no-extra= no-dev group= no-group= only-group= all-groups m,module no-editable inexact env-file= no-env-file \
                      with= with-editable= with-requirements= isolated active no-sync locked frozen s,script gui-script all-packages package= \
                      no-project i,index-url= index= default-index= extra-index-url= f,find-links= U,upgrade P,upgrade-package= p,python= \
                      refresh no-cache n q v directory= project= from= w= c,constraints= b= offline native-tls cache-dir= color= only-dev dev";

const CONDA_RUN: &str = "n,name= p,prefix= v,verbose dev debug-wrapper-scripts cwd= no-capture-output live-stream s a,attach= e,env= clean-env";

/// Programs of this topic.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    row(&["npm"], first(NPM), NPM_MEANS, Form::Subcommands(NPM_SUBS, ""), &[
        ("npm run clean", &["executes 2"]),
        ("npm run", &["executes 1"]),
        ("npm test", &["executes 1"]),
        ("npm --prefix x run build", &["executes 4"]),
        ("npm install left-pad", &["executes 1"]),
        ("npm exec -- rimraf x", &["executes 3", "rimraf x"]),
        ("npm exec -c 'rm x'", &["sh: rm x"]),
        ("npm ls", &[]),
        ("npm run --script-shell=/tmp/x a", &["executes 2", "executes 3"]),
    ]),
    row(&["pnpm", "yarn", "yarnpkg", "cnpm"], first(NPM), NPM_MEANS, Form::Subcommands(PNPM_SUBS, "runs the script or program"), &[
        ("pnpm run clean", &["executes 2"]),
        ("yarn build", &["executes 1"]),
        ("yarn frob", &["executes 1"]),
        ("pnpm dlx rimraf x", &["executes 2", "rimraf x"]),
        ("pnpm exec rm x", &["rm x"]),
        ("yarn why x", &[]),
    ]),
    row(&["npx", "pnpx", "bunx", "pnx"], first(NPM), NPM_MEANS, Form::Fetched, &[
        ("npx rimraf x", &["executes 1", "rimraf x"]),
        ("npx -y -p a b x", &["executes 4", "b x"]),
        ("npx -c 'rm x'", &["sh: rm x"]),
    ]),
    row(&["bun"], first(BUN), BUN_MEANS, Form::Verbs(bun, BUN_SUBS), &[
        ("bun run clean", &["executes 2"]),
        ("bun x rimraf x", &["executes 2", "rimraf x"]),
        ("bun -e 'x'", &["text javascript: x"]),
        ("bun x.ts", &["executes 1"]),
        ("bun install", &["executes 1"]),
        ("bun test", &["executes 1"]),
        ("bun --version", &[]),
    ]),
    row(&["corepack"], first(""), &[], PLAIN, &[("corepack pnpm run x", &["pnpm run x"])]),
    row(&["uv"], first(UV), &[], Form::Subcommands(&[
        risky(&["run"], first(UV_RUN), &[("m", Means::Operand("python module"))], Form::Special(0, uv_run)),
        risky(&["x"], first(UV_RUN), &[], Form::Fetched),
        sub(&["tool"], first(UV), &[], Form::Subcommands(&[
            risky(&["run"], first(UV_RUN), &[], Form::Fetched),
            sub(&["install", "upgrade"], mixed(""), &[], INSTALL),
        ], "")),
        sub(&["pip"], first(UV), &[], Form::Subcommands(&[risky(&["install", "sync"], mixed(""), &[], INSTALL)], "")),
        sub(&["add", "sync", "build", "lock"], mixed(""), &[], INSTALL),
    ], ""), &[
        ("uv run pytest", &["pytest"]),
        ("uv run --with a python x.py", &["python x.py"]),
        ("uv run x.py", &["python x.py"]),
        ("uv run -m pytest", &["text python module: pytest"]),
        ("uv tool run ruff x", &["executes 3", "ruff x"]),
        ("uv pip install x", &["executes 2"]),
        ("uv pip list", &[]),
    ]),
    row(&["uvx"], first(UV_RUN), &[], Form::Fetched, &[("uvx ruff check", &["executes 1", "ruff check"])]),
    row(&["pipx"], first(""), &[], Form::Subcommands(&[
        risky(&["run"], first("spec= python= pip-args= index-url= i= no-cache verbose pypackages system-site-packages with="), &[], Form::Fetched),
        sub(&["install", "inject", "upgrade", "upgrade-all", "reinstall"], mixed(""), &[], INSTALL),
        sub(&["runpip"], first(""), &[], Form::Names("runs pip of")),
    ], ""), &[("pipx run black x", &["executes 2", "black x"]), ("pipx list", &[])]),
    tool(&["pip"], first("python= cache-dir= proxy= require-virtualenv q v isolated"), &[], Form::Subcommands(&[
        risky(&["install", "download", "wheel"], mixed("r,requirement= e,editable= c= t,target= i,index-url= extra-index-url= f= U"),
            &[("e", Means::Executes("runs the set-up of"))], INSTALL),
    ], ""), &[
        ("pip install x", &["executes 1"]),
        ("pip3 install -r requirements.txt", &["executes 1"]),
        ("pip list", &[]),
    ]),
    row(&["poetry", "pipenv", "rye", "pixi"], first("q v n,no-interaction C,directory= P,project= ansi no-ansi python= p="), &[], Form::Subcommands(&[
        risky(&["run"], first(""), &[], PLAIN),
        sub(&["shell"], first(""), &[], Form::Always("starts a shell")),
        sub(&["install", "add", "update", "lock", "sync", "build"], mixed(""), &[], INSTALL),
    ], ""), &[
        ("poetry run rm x", &["rm x"]),
        ("pipenv run python x.py", &["python x.py"]),
        ("poetry show", &[]),
    ]),
    row(&["bundle", "bundler"], first("no-color r,retry= V,verbose"), &[], Form::Subcommands(&[
        risky(&["exec", "e"], first("keep-file-descriptors gemfile="), &[], PLAIN),
        sub(&["install", "update", "add"], mixed(""), &[], INSTALL),
        sub(&["console"], first(""), &[], Form::Always("starts an interpreter")),
    ], ""), &[("bundle exec rm x", &["rm x"]), ("bundle install", &["executes 1"]), ("bundle list", &[])]),
    tool(&["gem"], first(""), &[], Form::Subcommands(&[
        risky(&["exec"], first("g,gem= v,version="), &[], Form::Fetched),
        sub(&["install", "i", "update", "build"], mixed(""), &[], INSTALL),
    ], ""), &[("gem install x", &["executes 1"]), ("gem exec x y", &["executes 2", "x y"])]),
    row(&["composer"], first("d,working-dir= n q v"), &[], Form::Subcommands(&[
        risky(&["exec"], first("l,list"), &[], PLAIN),
        risky(&["run-script", "run"], first(""), &[], SCRIPT),
        sub(&["install", "update", "require", "create-project", "global"], mixed(""), &[], INSTALL),
    ], ""), &[("composer exec rm x", &["rm x"]), ("composer run-script x", &["executes 2"])]),
    row(&["direnv"], first(""), &[], Form::Subcommands(&[
        risky(&["exec"], first(""), &[], Form::Special(1, direnv)),
        sub(&["allow", "reload", "edit"], first(""), &[], Form::Always("runs what `.envrc` says")),
    ], ""), &[("direnv exec . rm x", &["executes 2", "rm x"]), ("direnv allow", &["executes 1"])]),
    row(&["mise", "rtx"], first("C,cd= E,env= j,jobs= q v y"), &[], Form::Subcommands(&[
        risky(&["exec", "x"], mixed("c,command= C= j= raw"), &[("c", Means::Shell("sh"))], Form::Special(0, behind_dashes)),
        risky(&["run", "r", "tasks"], first(""), &[], Form::Names("runs the task")),
        sub(&["install", "i", "use"], mixed(""), &[], INSTALL),
    ], ""), &[
        ("mise exec node@20 -- rm x", &["rm x"]),
        ("mise x -c 'rm x'", &["sh: rm x"]),
        ("mise run build", &["executes 2"]),
    ]),
    row(&["asdf", "rbenv", "pyenv", "nodenv", "goenv", "jenv"], first(""), &[], Form::Subcommands(&[
        risky(&["exec"], first(""), &[], PLAIN),
        sub(&["install"], mixed(""), &[], INSTALL),
        sub(&["env"], first(""), &[], Form::Command(1, Otherwise::Nothing)),
    ], ""), &[("asdf exec rm x", &["rm x"]), ("pyenv exec python x.py", &["python x.py"])]),
    row(&["nvm", "fnm", "volta", "nodist", "rvm", "chruby-exec", "sdk"], first("q,quiet silent using= log-level= arch= node= npm= yarn="), &[], Form::Subcommands(&[
        risky(&["exec", "run", "in", "do"], first("silent using= node= npm="), &[], Form::Special(0, with_version)),
        sub(&["install", "i"], mixed(""), &[], INSTALL),
    ], ""), &[
        ("nvm exec 20 rm x", &["20 rm x", "rm x"]),
        ("fnm exec --using=20 rm x", &["rm x", "x"]),
        ("nvm ls", &[]),
    ]),
    row(&["conda", "mamba", "micromamba"], first(""), &[], Form::Subcommands(&[
        risky(&["run"], first(CONDA_RUN), &[], PLAIN),
        sub(&["install", "create", "update", "env"], mixed(""), &[], INSTALL),
    ], ""), &[("conda run -n env --no-capture-output rm x", &["rm x"]), ("conda list", &[])]),
    tool(&["apt", "apt-get", "aptitude"], mixed("o,option= c,config-file= y q,quiet? t,target-release= f s d m u b V no-install-recommends"),
        &[("c", Means::Executes("reads hooks from"))], Form::Special(0, apt), &[
        ("apt-get -o APT::Update::Pre-Invoke::='rm x' update", &["executes 2", "executes 3"]),
        ("apt-get install x", &["executes 1"]),
        ("apt list", &[]),
    ]),
    tool(&["dpkg", "rpm", "dnf", "yum", "zypper", "pacman", "apk", "brew", "snap", "flatpak", "port", "emerge", "xbps-install", "pkg", "choco", "scoop",
           "winget", "nix-env"], mixed("pre-invoke= post-invoke= eval= E= define= D= pipe= hookdir= config= c= setopt= root= r= p= dbpath="),
        &[("pre-invoke", Means::Shell("sh")), ("post-invoke", Means::Shell("sh")), ("eval", Means::Text("rpm macro")), ("pipe", Means::Shell("sh")),
          ("E", Means::Text("rpm macro")), ("define", Means::Executes("defines the macro")), ("D", Means::Executes("defines")),
          ("hookdir", Means::Executes("runs the hooks in")), ("config", Means::Executes("reads hooks from"))], Form::Special(0, installs), &[
        ("rpm --eval '%(rm x)'", &["text rpm macro: %(rm x)"]),
        ("dpkg --pre-invoke='rm x' -i a.deb", &["sh: rm x", "executes 2"]),
        ("brew install x", &["executes 1"]),
        ("brew list", &[]),
        ("dpkg -l", &[]),
    ]),
];

const BUN_SUBS: &[Sub] = &[
    risky(&["run"], first(BUN), BUN_MEANS, Form::Names("runs the script or file")),
    risky(&["x"], first(NPM), NPM_MEANS, Form::Fetched),
    risky(&["exec"], first(BUN), BUN_MEANS, Form::Joined(0, Otherwise::Nothing)),
    risky(&["repl"], first(BUN), BUN_MEANS, Form::Always("starts an interpreter")),
    sub(&["test", "build"], mixed(BUN), BUN_MEANS, Form::Always("runs what the project says")),
    sub(&["install", "i", "add", "a", "update", "link", "create", "c", "init", "patch"], mixed(""), &[], INSTALL),
    sub(
        &["pm", "outdated", "remove", "rm", "unlink", "upgrade", "discord", "help", "publish", "audit", "why", "info"],
        mixed(""),
        &[],
        Form::Options,
    ),
];

/// `bun [options] sub-command`, or a file or script by its name.
fn bun(call: &Call<'_>, out: &mut Vec<Inner>) {
    let text = call.reading.has("e") || call.reading.has("p");
    let Some(at) = call.operand_at(0).filter(|_| !text) else {
        call.doubt_before(call.last(), out);
        return;
    };
    call.doubt_before(at, out);
    let rest = call.words.get(at..).unwrap_or(&[]);
    match rest.first().and_then(|name| BUN_SUBS.iter().find(|sub| sub.names.contains(&name.written()))) {
        Some(sub) => out.extend(crate::rows::run(&sub.part, rest, call.input).into_iter().map(|inner| match inner {
            Inner::Executes { what, word } => executes(what, word + at),
            other => other,
        })),
        None => out.push(executes("runs a script or file of the project", at)),
    }
}

/// A command; a file that ends in `.py` is given to python.
fn uv_run(call: &Call<'_>, out: &mut Vec<Inner>) {
    let mut words = call.operands(0);
    let Some(at) = call.operand_at(0) else {
        call.doubt_before(call.last(), out);
        return;
    };
    let file = words.first().is_some_and(|word| word.written().ends_with(".py") || matches!(word.text(), Some("-")));
    if file || call.reading.has("s") {
        words.insert(0, Word::from("python"));
    }
    out.push(command(words));
    call.doubt_before(at, out);
}

fn direnv(call: &Call<'_>, out: &mut Vec<Inner>) {
    if let Some(at) = call.operand_at(0) {
        out.push(executes("runs what `.envrc` says", at));
    }
    if call.operand_at(1).is_some() {
        out.push(command(call.operands(1)));
    }
    call.doubt_before(call.last(), out);
}

pub(super) fn behind_dashes(call: &Call<'_>, out: &mut Vec<Inner>) {
    if call.reading.has("c") {
        return;
    }
    let marked = call.words.iter().position(|word| word.text() == Some("--"));
    match marked.and_then(|at| call.words.get(at + 1..)).filter(|words| !words.is_empty()) {
        Some(words) => out.push(command(words.to_vec())),
        None => out.push(executes("executes a command in another environment", call.last())),
    }
}

/// A version may come first.
fn with_version(call: &Call<'_>, out: &mut Vec<Inner>) {
    for start in [0, 1] {
        if call.operand_at(start).is_some() {
            out.push(command(call.operands(start)));
        }
    }
    call.doubt_before(call.last(), out);
}

fn apt(call: &Call<'_>, out: &mut Vec<Inner>) {
    for found in call.reading.options.iter().filter(|found| found.name == "o") {
        let Some(value) = &found.value else { continue };
        let name = value.prefix().split('=').next().unwrap_or("").to_ascii_lowercase();
        let odd = [
            "invoke",
            "dir::bin",
            "hook",
            "proxy-auto-detect",
            "dpkg::options",
            "pager",
            "solver",
            "dir::etc",
            "methods",
            "planner",
        ];
        if value.text().is_none() || odd.iter().any(|part| name.contains(part)) {
            out.push(executes(
                format!("the setting `{}` may decide what is executed", value.written()),
                found.value_at,
            ));
        }
    }
    installs(call, out);
}

/// Installing runs scripts of the package.
fn installs(call: &Call<'_>, out: &mut Vec<Inner>) {
    const VERBS: &[&str] = &[
        "install",
        "upgrade",
        "dist-upgrade",
        "full-upgrade",
        "update",
        "reinstall",
        "remove",
        "purge",
        "autoremove",
        "build-dep",
        "add",
        "localinstall",
        "in",
        "up",
        "dup",
        "rm",
        "emerge",
    ];
    const LETTERS: &[&str] =
        &["i", "U", "install", "upgrade", "r", "purge", "configure", "unpack", "S", "R", "F", "Sy", "e"];
    let plain = call.words.iter().enumerate().skip(1).find_map(|(at, word)| {
        let text = word.text()?;
        let letters = text.trim_start_matches('-');
        let by_letter = text.starts_with("--") && LETTERS.contains(&letters)
            || (text.starts_with('-')
                && !text.starts_with("--")
                && letters.starts_with(['i', 'U', 'S', 'F'])
                && !letters.starts_with("Ss"));
        (VERBS.contains(&text) || by_letter).then_some(at)
    });
    match plain {
        Some(at) => out.push(executes("installs or removes packages, and runs their scripts", at)),
        None => {
            if let Some(at) = call.words.iter().position(|word| word.text().is_none() && word.prefix().is_empty()) {
                out.push(executes("may install packages and run their scripts", at));
            }
        }
    }
}
