//! What `codex exec` and `codex resume` need before anything runs: prompt, program, home, environment, prices.

use std::ffi::OsString;
use std::io::{IsTerminal, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use policy::diagnostic::Diagnostic;
use policy::source::{Source, Sources};

use crate::cli::codex::{CodexRunArgs, WhichCodex};
use crate::codex::binary;
use crate::codex::invocation::{Mode, Release};
use crate::codex::package::{self, Around};
use crate::codex::price::{Billing, Prices};
use crate::commands::sandbox::{complain, say};
use crate::exit;
use crate::launch::absolute;

/// Variables that pass by themselves, and the beginning of others.
const KEPT: &[&str] = &["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TERM", "TZ", "TMPDIR"];
const KEPT_BEGINNING: &str = "LC_";

/// No prompt is larger; what is larger is a mistake, or a device. In bytes.
const LONGEST_PROMPT: u64 = 64 << 20;

/// The prompt: given, from a file, or from standard input.
pub(super) fn prompt(args: &CodexRunArgs, given: Option<&str>) -> Result<String, u8> {
    let wrong = |why: String| {
        let found = Diagnostic::error("prompt", why)
            .help("give it as an argument, with `--prompt-file FILE`, or on standard input");
        complain(&[found], &Sources::default());
        exit::USAGE
    };
    let (name, from): (String, Box<dyn Read>) = match (&args.prompt_file, given) {
        (Some(path), _) => match std::fs::File::open(path) {
            Ok(file) => (path.display().to_string(), Box::new(file)),
            Err(error) => return Err(wrong(format!("`{}` cannot be read: {error}", path.display()))),
        },
        (None, Some(text)) if text != "-" => (String::new(), Box::new(text.as_bytes())),
        (None, None) if std::io::stdin().is_terminal() => return Err(wrong("there is no prompt".into())),
        (None, _) => ("standard input".into(), Box::new(std::io::stdin())),
    };
    let mut bytes = Vec::new();
    if let Err(error) = from.take(LONGEST_PROMPT + 1).read_to_end(&mut bytes) {
        return Err(wrong(format!("`{name}` cannot be read: {error}")));
    }
    if bytes.len() as u64 > LONGEST_PROMPT {
        return Err(wrong(format!("`{name}` is longer than {} MiB", LONGEST_PROMPT >> 20)));
    }
    let Ok(prompt) = String::from_utf8(bytes) else { return Err(wrong(format!("`{name}` is not UTF-8"))) };
    if prompt.trim().is_empty() {
        return Err(wrong("the prompt is empty".into()));
    }
    Ok(prompt)
}

/// The program and its version.
pub(in crate::commands) fn program(which: &WhichCodex) -> Result<(PathBuf, Release), u8> {
    let (found, what, help) = match (&which.codex, which.codex_version) {
        (Some(named), _) => {
            let named = absolute(named);
            let what = format!("`{}` is no program", named.display());
            (Some(named), what, "install it with `npm install -g @openai/codex`, or name another".to_owned())
        }
        (None, Some(wanted)) => {
            let around = Around::here(&which.codex_packages);
            let install = format!("install it with `{}`", around.install(wanted));
            match package::find(wanted, &around) {
                Ok(program) => (Some(program), String::new(), install),
                Err(why) => (None, why, install),
            }
        }
        (None, None) => {
            let found = std::env::var_os("PATH").and_then(|path| binary::on(&path));
            let help = "install it with `npm install -g @openai/codex`, or name it with `--codex PATH`";
            (found, "there is no `codex` on PATH".into(), help.to_owned())
        }
    };
    let Some(program) = found.filter(|program| binary::executable(program)) else {
        complain(&[Diagnostic::error("codex", what).help(help)], &Sources::default());
        return Err(exit::NOT_FOUND);
    };
    let release = binary::release(&program).and_then(|release| match which.codex_version {
        Some(wanted) if wanted != release => {
            Err(format!("`{}` is {release} and not {wanted}, whatever its package says", program.display()))
        }
        _ => Ok(release),
    });
    match release {
        Ok(release) => Ok((program, release)),
        Err(why) => {
            let wrong = Diagnostic::error("codex", why)
                .help("`codex --version` should print `codex-cli` and its version; install it anew, or name another with `--codex PATH`");
            complain(&[wrong], &Sources::default());
            Err(exit::SETUP)
        }
    }
}

/// Where Codex keeps its things. Below the temporary directory its sandbox finds no helper, and every command fails.
pub(super) fn home(args: &CodexRunArgs) -> Result<PathBuf, u8> {
    let wrong = |why: String, help: &str| {
        complain(&[Diagnostic::error("codex-home", why).help(help)], &Sources::default());
        exit::SETUP
    };
    let of_user = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".codex"));
    let named = args.codex_home.clone().or_else(|| std::env::var_os("CODEX_HOME").map(PathBuf::from));
    let Some(home) = named.or_else(of_user) else {
        return Err(wrong("neither CODEX_HOME nor HOME is set".into(), "name a directory with `--codex-home DIR`"));
    };
    let home = absolute(&home);
    if let Err(error) = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&home) {
        return Err(wrong(
            format!("`{}` cannot be made: {error}", home.display()),
            "name another with `--codex-home DIR`",
        ));
    }
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let temporary = environment_value(args, "TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
    if args.mode != Mode::Bypass && real(&home).starts_with(real(&temporary)) {
        let why = format!(
            "`{}` is below the temporary directory, where no sandboxed command of Codex can run",
            home.display()
        );
        return Err(wrong(why, "name a directory elsewhere with `--codex-home DIR`"));
    }
    Ok(home)
}

/// All that Codex and its commands see of the environment.
pub(super) fn environment(args: &CodexRunArgs, home: &Path) -> Vec<(OsString, OsString)> {
    let passes = |name: &OsString| {
        name.to_str().is_some_and(|name| {
            KEPT.contains(&name) || name.starts_with(KEPT_BEGINNING) || args.keep_env.iter().any(|kept| kept == name)
        })
    };
    let mut environment: Vec<(OsString, OsString)> = std::env::vars_os().filter(|(name, _)| passes(name)).collect();
    environment.extend(args.environment.iter().map(|(name, value)| (name.into(), value.into())));
    environment.push(("CODEX_HOME".into(), home.into()));
    for name in &args.keep_env {
        if std::env::var_os(name).is_none() {
            say(format_args!("`--keep-env {name}`: there is no such variable"));
        }
    }
    environment
}

fn environment_value(args: &CodexRunArgs, name: &str) -> Option<OsString> {
    let given = args.environment.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.into());
    given.or_else(|| std::env::var_os(name)).filter(|value| !value.is_empty())
}

/// Who pays, as far as Codex's login says.
pub(super) fn billing(home: &Path) -> Billing {
    std::fs::read_to_string(home.join("auth.json")).map_or(Billing::Unknown, |text| Billing::read(&text))
}

/// Makes the folder for what a run leaves.
pub(super) fn folder(folder: &Path) -> Result<(), u8> {
    std::fs::create_dir_all(folder).map_err(|error| {
        let wrong = Diagnostic::error("output", format!("`{}` cannot be made: {error}", folder.display()));
        complain(&[wrong.help("name another directory with `--output DIR`")], &Sources::default());
        exit::USAGE
    })
}

/// The table of prices, if one was named.
pub(super) fn prices(args: &CodexRunArgs) -> Result<Option<Prices>, u8> {
    let Some(path) = &args.prices else { return Ok(None) };
    let mut sources = Sources::default();
    let read = std::fs::read_to_string(path)
        .map_err(|error| Diagnostic::error("prices", format!("`{}` cannot be read: {error}", path.display())));
    let prices = read.and_then(|text| {
        let id = sources.add(Source { name: path.display().to_string(), text: text.clone() });
        Prices::parse(&text, id)
    });
    prices.map(Some).map_err(|wrong| {
        complain(&[wrong], &sources);
        exit::USAGE
    })
}

/// The directory to run in.
pub(super) fn cwd(args: &CodexRunArgs) -> Result<PathBuf, u8> {
    let cwd = absolute(args.cwd.as_deref().unwrap_or_else(|| Path::new(".")));
    let cwd = if args.cwd.is_none() { std::env::current_dir().unwrap_or(cwd) } else { cwd };
    if cwd.is_dir() {
        return Ok(cwd);
    }
    let wrong = Diagnostic::error("cwd", format!("`{}` is no directory", cwd.display()));
    complain(&[wrong.help("name one that is there with `--cwd DIR`")], &Sources::default());
    Err(exit::USAGE)
}
