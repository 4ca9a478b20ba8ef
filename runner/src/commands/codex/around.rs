//! What stands around Codex when it is asked for: the guard, and palisade's own sandbox with a network that ends at the model.
//!
//! Both are palisade itself: `palisade run`, started in Codex's place, which then starts Codex.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use policy::diagnostic::Diagnostic;
use policy::source::Sources;
use serde::Serialize;

use crate::cli::codex::CodexRunArgs;
use crate::codex::deed::Deed;
use crate::codex::follow::Start;
use crate::codex::guarded::{Record, Rest};
use crate::codex::invocation::Mode;
use crate::codex::lines::Lines;
use crate::codex::model_host;
use crate::commands::sandbox::{complain, say};
use crate::exit;
use crate::guard::Kill;
use crate::passage::{Passage, Traffic, Way};

/// What stands around a run of Codex.
pub(super) struct Around {
    /// Where the guard writes: a file without a name, or the one that was asked for.
    record: Option<(File, PathBuf)>,
    /// The hosts that an outer sandbox lets through.
    ways: Option<Vec<Way>>,
    passage: Option<Passage>,
}

/// What the outer sandbox let through.
#[derive(Debug, Serialize)]
pub(super) struct Outer {
    hosts: Vec<Way>,
    #[serde(flatten)]
    traffic: Traffic,
}

impl Outer {
    /// In words.
    pub(super) fn text(&self) -> String {
        let hosts: Vec<String> = self.hosts.iter().map(Way::to_string).collect();
        let mut out = format!("outer sandbox: {} connections to {}\n", self.traffic.passed, hosts.join(", "));
        for (what, hosts) in [("refused", &self.traffic.refused), ("not reached", &self.traffic.failed)] {
            if !hosts.is_empty() {
                out.push_str(&format!("    {what}: {}\n", hosts.join(", ")));
            }
        }
        out
    }
}

impl Around {
    /// Prepares what the options ask for.
    pub(super) fn new(args: &CodexRunArgs, home: &Path) -> Result<Self, u8> {
        let wanted = args.guard.wanted();
        let named = args.guard.record.clone().or_else(|| Some(args.output.as_ref()?.join("guard.ndjson")));
        let record = wanted.then(|| record(named.as_deref(), args.outer)).transpose()?;
        let ways = args.outer.then(|| ways(args, home)).transpose()?;
        Ok(Self { record, ways, passage: None })
    }

    /// Whether Codex is not started directly.
    pub(super) fn any(&self) -> bool {
        self.record.is_some() || self.ways.is_some()
    }

    /// Puts what was asked for around a start.
    pub(super) fn wrap(&mut self, args: &CodexRunArgs, home: &Path, mut start: Start) -> Result<Start, u8> {
        if !self.any() {
            return Ok(start);
        }
        let failed = |error: std::io::Error| {
            say(format_args!("what is to stand around Codex cannot be set up: {error}"));
            exit::SETUP
        };
        let text = |path: &Path| {
            path.to_str().map(str::to_owned).ok_or_else(|| failed(std::io::Error::other("a path is not UTF-8")))
        };
        let mut words: Vec<String> = vec!["run".into(), "--default".into(), "allow".into()];
        let mut push = |more: &[&str]| words.extend(more.iter().map(|word| (*word).to_owned()));
        push(&["--cwd", &text(&start.cwd)?]);
        if self.ways.is_some() {
            push(&["--mode", "workspace-write", "--network", "host", "--writable", &text(home)?]);
            for (name, _) in &start.environment {
                if let Some(name) = name.to_str() {
                    push(&["--keep-env", name]);
                }
            }
        } else {
            push(&["--mode", "danger-full-access"]);
        }
        if let Some((_, path)) = &self.record {
            push(&["--record", &text(path)?]);
        }
        if args.guard.guard {
            push(&["--guard", "--guard-kill", if args.guard.guard_kill == Kill::Tree { "tree" } else { "process" }]);
            for rules in &args.rules.rules {
                push(&["--rules", &text(&crate::launch::absolute(rules))?]);
            }
            for pack in &args.rules.packs {
                push(&["--pack", pack]);
            }
        }
        push(&["--", &text(&start.program)?]);
        words.append(&mut start.words);
        start.words = words;
        start.program = std::env::current_exe().map_err(failed)?;
        if let Some(ways) = &self.ways {
            let passage = Passage::open(ways.clone()).map_err(failed)?;
            (start.program, start.words) =
                passage.words(std::mem::take(&mut start.program), std::mem::take(&mut start.words)).map_err(failed)?;
            self.passage = Some(passage);
        }
        Ok(start)
    }

    /// What the outer sandbox let through, if there was one.
    pub(super) fn outer(&self) -> Option<Outer> {
        let hosts = self.ways.clone()?;
        let traffic = self.passage.as_ref().map(Passage::traffic).unwrap_or_default();
        Some(Outer { hosts, traffic })
    }

    /// Gives the deeds what the guard saw of them.
    pub(super) fn join(&mut self, deeds: &mut [Deed]) -> Option<Rest> {
        let (file, path) = self.record.as_mut()?;
        let mut record = Record::default();
        let read = file.rewind().and_then(|()| {
            let (mut lines, mut from) = (Lines::default(), BufReader::new(file));
            let mut chunk = vec![0; 1 << 16];
            loop {
                match from.read(&mut chunk)? {
                    0 => break,
                    count => lines.push(chunk.get(..count).unwrap_or_default(), |line| record.take(line.kept)),
                }
            }
            lines.finish(|line| record.take(line.kept));
            Ok(())
        });
        if let Err(error) = read {
            say(format_args!("the record `{}` cannot be read: {error}", path.display()));
        }
        Some(record.join(deeds))
    }
}

/// The file of the guard's record, and the name under which `palisade run` opens it.
fn record(named: Option<&Path>, outer: bool) -> Result<(File, PathBuf), u8> {
    let open = |path: &Path| File::options().read(true).write(true).create(true).truncate(true).open(path);
    let wrong = |path: &Path, error: std::io::Error| {
        let found = Diagnostic::error("record", format!("`{}` cannot be written: {error}", path.display()))
            .help("the guard writes there what is started; name another with `--record FILE`");
        complain(&[found], &Sources::default());
        exit::SETUP
    };
    if let Some(named) = named {
        let path = crate::launch::absolute(named);
        return open(&path).map(|file| (file, path.clone())).map_err(|error| wrong(&path, error));
    }
    let path = std::env::temp_dir().join(format!("palisade-record-{}", std::process::id()));
    let file =
        File::options().read(true).write(true).create_new(true).open(&path).map_err(|error| wrong(&path, error))?;
    // Without a name nobody else finds it, and it goes when this process does.
    std::fs::remove_file(&path).map_err(|error| wrong(&path, error))?;
    // From within a user namespace nobody sees the descriptors of this process, so there the file is handed down.
    let whose = if outer { "self".to_owned() } else { std::process::id().to_string() };
    if outer {
        fcntl(&file, FcntlArg::F_SETFD(FdFlag::empty())).map_err(|errno| wrong(&path, errno.into()))?;
    }
    let path = PathBuf::from(format!("/proc/{whose}/fd/{}", file.as_raw_fd()));
    Ok((file, path))
}

/// The hosts of the model: those that were named, or those of the configuration.
fn ways(args: &CodexRunArgs, home: &Path) -> Result<Vec<Way>, u8> {
    let wrong = |why: String| {
        let found = Diagnostic::error("outer", why).help("name the model's host with `--model-host HOST:PORT`");
        complain(&[found], &Sources::default());
        exit::USAGE
    };
    if args.mode != Mode::Bypass {
        let found = Diagnostic::error("outer", "Codex cannot build its own sandbox inside of another")
            .help("use `--outer` with `--mode bypass`, whose place it takes");
        complain(&[found], &Sources::default());
        return Err(exit::USAGE);
    }
    if !args.model_host.is_empty() {
        return Ok(args.model_host.clone());
    }
    let config = match std::fs::read_to_string(home.join("config.toml")) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(wrong(format!("config.toml cannot be read: {error}"))),
    };
    let servers = model_host::servers(&config, &args.config).map_err(&wrong)?;
    let hosts = servers.iter().map(|url| {
        let host = model_host::host(url).ok_or_else(|| format!("`{url}` is no address of a server"))?;
        Way::parse(&host)
    });
    hosts.collect::<Result<_, _>>().map_err(wrong)
}
