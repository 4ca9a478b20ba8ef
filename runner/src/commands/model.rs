//! `palisade model`: a scripted model, or the recorder before a real one, until its command or a signal ends it.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use policy::diagnostic::Diagnostic;
use policy::source::Sources;
use tokio::signal::unix::{SignalKind, signal};

use super::sandbox::{complain, say};
use crate::cli::model::ModelArgs;
use crate::exit;
use crate::launch::absolute;
use crate::model::home;
use crate::model::play::{Log, Play};
use crate::model::record::Recorder;
use crate::model::script::Script;
use crate::model::serve::{Behind, Server};
use crate::model::upstream::Upstream;
use crate::refused::Refused;
use crate::state;

/// How long a command may take to end after it was told to.
const GRACE: Duration = Duration::from_secs(3);

/// Serves; gives the exit status.
pub(super) fn main(args: &ModelArgs) -> u8 {
    match run(args) {
        Ok(status) | Err(status) => status,
    }
}

fn run(args: &ModelArgs) -> Result<u8, u8> {
    match (&args.script, &args.upstream, &args.record) {
        (Some(path), ..) => scripted(args, path),
        (None, Some(url), Some(record)) => recorded(args, url, record),
        // The command line does not let this through.
        _ => Err(exit::USAGE),
    }
}

/// A script, read and checked.
pub(super) fn read(path: &Path) -> Result<Script, u8> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        let wrong = Diagnostic::error("script-read", format!("the script `{name}` cannot be read: {error}"));
        complain(&[wrong.help("name a TOML file; `palisade model --help` says what it may hold")], &Sources::default());
        exit::USAGE
    })?;
    Script::parse(&name, &text).map_err(|Refused { found, sources }| {
        complain(&found, &sources);
        exit::USAGE
    })
}

fn scripted(args: &ModelArgs, path: &Path) -> Result<u8, u8> {
    let script = read(path)?;
    let (kind, rules) = (script.kind, script.rules.clone());
    let play = Arc::new(Mutex::new(Play::new(script, args.mode, log(args)?, None)));
    let server = start(args.port, Behind::Script(Arc::clone(&play)))?;
    let made = Home::of(args)?;
    if let Some(home) = &made.path {
        home::write(home, &server.url(), kind, rules.as_deref()).map_err(|error| cannot_write(home, &error))?;
    }
    let status = until_the_end(args, &server, made.path.as_deref())?;
    drop(server);
    let played = play.lock().unwrap_or_else(PoisonError::into_inner).finish();
    let mut failed = false;
    for told in &played.calls {
        for failure in &told.failures {
            say(format_args!("{}: {failure}", told.id));
            failed = true;
        }
    }
    if !played.unplayed.is_empty() && played.exchanges > 0 {
        say(format_args!("never made or never answered: {}", played.unplayed.join(", ")));
        failed = true;
    }
    if let Some(why) = &played.log {
        say(format_args!("the log ended too early: {why}"));
        return Err(exit::SETUP);
    }
    Ok(if status == exit::OK && failed { exit::FINDINGS } else { status })
}

fn recorded(args: &ModelArgs, url: &str, record: &Path) -> Result<u8, u8> {
    let recorder = Arc::new(Mutex::new(Recorder::new(record, log(args)?)));
    let upstream = Upstream::new(url, Arc::clone(&recorder)).map_err(|why| {
        let wrong = Diagnostic::error("upstream", why).help("for example `--upstream https://api.openai.com/v1`");
        complain(&[wrong], &Sources::default());
        exit::USAGE
    })?;
    let server = start(args.port, Behind::Upstream(Arc::new(upstream)))?;
    let status = until_the_end(args, &server, None)?;
    drop(server);
    let (steps, problems) = recorder.lock().unwrap_or_else(PoisonError::into_inner).finish();
    for problem in &problems {
        say(problem);
    }
    say(format_args!("{steps} steps are in `{}`", record.display()));
    Ok(if status == exit::OK && !problems.is_empty() { exit::FINDINGS } else { status })
}

fn start(port: u16, behind: Behind) -> Result<Server, u8> {
    Server::start(port, behind).map_err(|error| {
        say(format_args!("cannot listen on 127.0.0.1:{port}: {error}"));
        exit::SETUP
    })
}

fn log(args: &ModelArgs) -> Result<Option<Log>, u8> {
    let Some(path) = &args.log else { return Ok(None) };
    let file = OpenOptions::new().create(true).append(true).open(path).map_err(|error| cannot_write(path, &error))?;
    Ok(Some(Log::new(Box::new(file))))
}

fn cannot_write(path: &Path, error: &std::io::Error) -> u8 {
    say(format_args!("`{}` cannot be written: {error}", path.display()));
    exit::SETUP
}

/// The CODEX_HOME of the run; one that nobody named goes with it.
struct Home {
    path: Option<PathBuf>,
    _ours: Option<state::Held>,
}

impl Home {
    fn of(args: &ModelArgs) -> Result<Self, u8> {
        if let Some(named) = &args.home {
            return Ok(Self { path: Some(absolute(named)), _ours: None });
        }
        if args.command.is_empty() || args.upstream.is_some() {
            return Ok(Self { path: None, _ours: None });
        }
        // Not below the temporary directory: no sandboxed command of Codex runs then.
        let Some(state) = state::directory() else {
            say("neither XDG_STATE_HOME nor HOME is set; name a directory with `--home DIR`");
            return Err(exit::SETUP);
        };
        let ours = state::Held::new(&state, "model").map_err(|error| cannot_write(&state, &error))?;
        Ok(Self { path: Some(ours.path().to_owned()), _ours: Some(ours) })
    }
}

/// Until the command has ended, or a signal ends everything.
fn until_the_end(args: &ModelArgs, server: &Server, home: Option<&Path>) -> Result<u8, u8> {
    let failed = |error: std::io::Error| {
        say(format_args!("cannot be set up: {error}"));
        exit::SETUP
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    runtime.block_on(async {
        let mut signals =
            (signal(SignalKind::interrupt()).map_err(failed)?, signal(SignalKind::terminate()).map_err(failed)?);
        let ended = async move {
            tokio::select! {
                _ = signals.0.recv() => 2,
                _ = signals.1.recv() => 15,
            }
        };
        let Some((program, words)) = args.command.split_first() else {
            let mut out = std::io::stdout();
            let _ = writeln!(out, "{}", server.url()).and_then(|()| out.flush());
            let _ = ended.await;
            return Ok(exit::OK);
        };
        // Orphans of the command are ours to end.
        match crate::sys::process::adopt_orphans() {
            // Where no system has that, they are init's.
            Ok(()) | Err(nix::errno::Errno::ENOSYS) => {}
            Err(errno) => return Err(failed(errno.into())),
        }
        let mut command = tokio::process::Command::new(program);
        command.args(words.iter().map(|word| {
            // A word that is not UTF-8 holds no address.
            word.to_str().map_or_else(|| word.clone(), |word| word.replace("{}", &server.url()).into())
        }));
        if let Some(home) = home {
            command.env("CODEX_HOME", home);
        }
        let mut child = command.kill_on_drop(true).spawn().map_err(|error| {
            say(format_args!("`{}` cannot be started: {error}", program.display()));
            if error.kind() == std::io::ErrorKind::NotFound { exit::NOT_FOUND } else { exit::REFUSED }
        })?;
        let status = tokio::select! {
            status = child.wait() => status.map_err(failed)?,
            signal = ended => {
                if let (2 | 15, Some(pid)) = (signal, child.id()) {
                    let pid = nix::unistd::Pid::from_raw(pid.cast_signed());
                    let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
                }
                match tokio::time::timeout(GRACE, child.wait()).await {
                    Ok(status) => status.map_err(failed)?,
                    Err(_) => {
                        let _ = child.start_kill();
                        child.wait().await.map_err(failed)?
                    }
                }
            }
        };
        crate::sys::process::hunt();
        Ok(status_of(status))
    })
}

fn status_of(status: ExitStatus) -> u8 {
    match (status.code(), status.signal()) {
        (Some(code), _) => u8::try_from(code).unwrap_or(u8::MAX),
        (None, signal) => 128u8.saturating_add(u8::try_from(signal.unwrap_or_default()).unwrap_or_default()),
    }
}
