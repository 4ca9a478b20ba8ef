//! Whole processes against their peers: what a person waits for, from the call to the exit.
//!
//! `cargo bench --bench processes` prints, for each pair, medians of interleaved runs, the ratio of the medians and the
//! target it has to meet; the status is 1 when a target is missed and 2 when something could not be measured. Times move
//! with the machine, ratios much less; run it on a quiet one. The peers come from `tests/run --prepare`.
//!
//! ```text
//! cargo bench --bench processes -- [--runs N] [--only launch|check] [--palisade PROGRAM]
//! ```
//!
//! `--palisade` measures another build, such as one of the `distribution` profile.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// One program with its arguments, in one place.
struct Subject {
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
    folder: PathBuf,
    environment: Vec<(&'static str, PathBuf)>,
    /// How long palisade may take, as a share of this subject; none for palisade itself.
    target: Option<f64>,
}

impl Subject {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.folder).stdin(Stdio::null());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs once and insists on success, so that a failure is never timed.
    fn rehearse(&self) -> Result<(), String> {
        let output = self.command().output().map_err(|error| format!("{}: {error}", self.program.display()))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("{}: {}: {}", self.name, output.status, said.lines().next().unwrap_or("no word")))
    }

    fn time(&self) -> Result<Duration, String> {
        let mut command = self.command();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let start = Instant::now();
        let status = command.status().map_err(|error| format!("{}: {error}", self.name))?;
        let taken = start.elapsed();
        if status.success() { Ok(taken) } else { Err(format!("{}: {status} in a later run", self.name)) }
    }
}

/// The two that are compared everywhere.
struct Programs {
    palisade: PathBuf,
    codex: PathBuf,
}

/// One group of comparisons: the programs, the number of runs, and where to count what came of it.
type Part = fn(&Programs, u32, &mut Score) -> std::io::Result<String>;

/// What came of the comparisons.
#[derive(Default)]
struct Score {
    met: u32,
    missed: u32,
    unmeasured: u32,
}

/// Times the subjects in turn, each round beginning with another one; the first subject is palisade.
fn compare(title: &str, subjects: &[Subject], runs: u32, score: &mut Score) -> String {
    let mut page = format!("{title}, {runs} interleaved runs\n");
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); subjects.len()];
    let targets = u32::try_from(subjects.iter().filter(|subject| subject.target.is_some()).count()).unwrap_or(0);
    let measured = subjects.iter().try_for_each(Subject::rehearse).and_then(|()| {
        for round in 0..runs as usize {
            for turn in 0..subjects.len() {
                let which = (round + turn) % subjects.len();
                times[which].push(subjects[which].time()?);
            }
        }
        Ok(())
    });
    if let Err(why) = measured {
        score.unmeasured += targets;
        let _ = writeln!(page, "  not measured: {why}");
        return page;
    }
    let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
    for ((subject, median), times) in subjects.iter().zip(&medians).zip(&times) {
        let least = times.iter().min().copied().unwrap_or_default().as_secs_f64() * 1e3;
        let _ = write!(page, "  {:32} {median:9.3} ms  (least {least:.3})", subject.name);
        if let Some(target) = subject.target {
            let ratio = medians[0] / median;
            let word = if ratio <= target { "pass" } else { "fail" };
            if ratio <= target {
                score.met += 1
            } else {
                score.missed += 1
            }
            let _ = write!(page, "  ratio {ratio:.3}, target {target:.3}: {word}");
        }
        page.push('\n');
    }
    page
}

/// The middle, in milliseconds.
fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1e3
}

/// Where everything of one measurement lies: a workspace, two folders that stand for `/tmp` and `$TMPDIR`, Codex's home.
struct Scratch {
    folder: tempfile::TempDir,
    cache: tempfile::TempDir,
}

impl Scratch {
    /// Not below `/tmp`: Codex refuses to put its helpers there.
    fn new() -> std::io::Result<Self> {
        let folder = tempfile::tempdir_in("/var/tmp")?;
        for name in ["workspace", "tmp", "tmpdir", "codex"] {
            std::fs::create_dir(folder.path().join(name))?;
        }
        // palisade keeps no cache below a directory that others or a sandbox may write.
        let cache = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        Ok(Self { folder, cache })
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn subject(&self, name: &str, program: &Path, arguments: Vec<String>, target: Option<f64>) -> Subject {
        Subject {
            name: name.to_owned(),
            program: program.to_owned(),
            arguments,
            folder: self.at("workspace"),
            environment: vec![
                ("TMPDIR", self.at("tmpdir")),
                ("CODEX_HOME", self.at("codex")),
                ("XDG_CACHE_HOME", self.cache.path().to_owned()),
            ],
            target,
        }
    }
}

fn owned(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|&argument| argument.to_owned()).collect()
}

/// The arguments Codex 0.169.0 gives bubblewrap for workspace-write, read off its `execve`; `/tmp` is one of our folders
/// here, because plain bubblewrap leaves the mount points it creates behind.
fn codex_bubblewrap_arguments(scratch: &Scratch) -> std::io::Result<Vec<String>> {
    let [tmp, tmpdir, workspace] = ["tmp", "tmpdir", "workspace"].map(|name| scratch.at(name));
    let [daemon, targets] = [tmp.join("codex-daemon-0"), tmpdir.join("codex-bwrap-synthetic-mount-targets-0")];
    std::fs::create_dir(&daemon)?;
    std::fs::create_dir(&targets)?;
    let mut arguments = owned(&["--as-pid-1", "--new-session", "--die-with-parent"]);
    arguments.extend(owned(&["--ro-bind", "/", "/", "--dev", "/dev"]));
    let cover = |arguments: &mut Vec<String>, mode: &str, path: &Path| {
        let path = path.to_string_lossy();
        arguments.extend(owned(&["--perms", mode, "--tmpfs", &path, "--remount-ro", &path]));
    };
    let bind = |arguments: &mut Vec<String>, how: &str, path: &Path| {
        let path = path.to_string_lossy();
        arguments.extend(owned(&[how, &path, &path]));
    };
    cover(&mut arguments, "000", &daemon);
    for root in [&tmp, &workspace, &tmpdir] {
        bind(&mut arguments, "--bind", root);
        if *root == tmp {
            cover(&mut arguments, "000", &daemon);
        }
        for name in [".git", ".agents", ".codex", ".aws"] {
            cover(&mut arguments, "555", &root.join(name));
        }
    }
    bind(&mut arguments, "--ro-bind", &targets);
    arguments.extend(owned(&["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-net", "--proc", "/proc"]));
    arguments.extend(owned(&["--cap-drop", "ALL", "--", "/bin/true"]));
    Ok(arguments)
}

fn launch(programs: &Programs, runs: u32, score: &mut Score) -> std::io::Result<String> {
    let scratch = Scratch::new()?;
    let ours = owned(&["run", "--mode", "workspace-write", "--backend", "native", "--", "/bin/true"]);
    let theirs = owned(&["sandbox", "-c", "sandbox_mode=\"workspace-write\"", "--", "/bin/true"]);
    let bwrap = codex_bubblewrap_arguments(&scratch)?;
    let subjects = [
        scratch.subject("palisade run, native", &programs.palisade, ours, None),
        scratch.subject("bwrap with Codex's arguments", Path::new("/usr/bin/bwrap"), bwrap, Some(0.75)),
        scratch.subject("codex sandbox 0.169.0", &programs.codex, theirs, Some(1.0 / 8.0)),
    ];
    Ok(compare("launch of /bin/true in workspace-write", &subjects, runs, score))
}

/// A policy as long ones are: many programs, a few subcommands each, some alternatives, one line a rule.
fn rules(count: u32) -> String {
    let mut text = String::new();
    for number in 0..count {
        let (program, verb) = (number / 8, number % 8);
        let decision = ["allow", "prompt", "forbidden"][number as usize % 3];
        let _ = writeln!(
            text,
            "prefix_rule(pattern=[\"tool{program}\", [\"verb{verb}\", \"alias{verb}\"], \"--flag\"], \
             decision=\"{decision}\", justification=\"generated {number}\")"
        );
    }
    text
}

fn check(programs: &Programs, runs: u32, score: &mut Score) -> std::io::Result<String> {
    let mut page = String::new();
    for (count, target) in [(10, 1.0 / 4.0), (1_000, 1.0 / 4.0), (10_000, 1.0 / 8.0)] {
        let scratch = Scratch::new()?;
        let file = scratch.at("generated.rules");
        std::fs::write(&file, rules(count))?;
        let program = format!("tool{}", count / 16);
        let file = file.to_string_lossy();
        let arguments = owned(&["execpolicy", "check", "--rules", &file, "--", &program, "verb0", "--flag", "x"]);
        let mut first = scratch.subject("the same, not compiled before", &programs.palisade, arguments.clone(), None);
        first.environment.push(("XDG_CACHE_HOME", PathBuf::from("/proc/no-cache")));
        let subjects = [
            scratch.subject("palisade execpolicy check", &programs.palisade, arguments.clone(), None),
            first,
            scratch.subject("codex execpolicy check 0.169.0", &programs.codex, arguments, Some(target)),
        ];
        let said = subjects.each_ref().map(|subject| subject.command().output().map(|output| output.stdout));
        if let [Ok(ours), Ok(first), Ok(theirs)] = &said
            && (ours != theirs || first != theirs)
        {
            score.unmeasured += 1;
            let _ = writeln!(page, "cold check, {count} rules\n  not measured: the two answers differ");
            continue;
        }
        page.push_str(&compare(&format!("cold check, {count} rules"), &subjects, runs, score));
    }
    Ok(page)
}

/// The native program of the pinned Codex.
fn codex() -> Result<PathBuf, String> {
    let finder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/peers/where");
    let output = Command::new(finder).arg("0.169.0").output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

fn run(arguments: &[String]) -> Result<u8, String> {
    let after = |flag: &str| arguments.iter().position(|word| word == flag).and_then(|at| arguments.get(at + 1));
    let runs = match after("--runs") {
        Some(word) => word.parse().ok().filter(|&runs| runs > 0).ok_or(format!("--runs: not a number: `{word}`"))?,
        None => 100_u32,
    };
    let only = after("--only").map(String::as_str);
    if only.is_some_and(|part| !["launch", "check"].contains(&part)) {
        return Err("--only: `launch` or `check`".to_owned());
    }
    let palisade = after("--palisade").map_or(env!("CARGO_BIN_EXE_palisade"), String::as_str);
    let palisade = Path::new(palisade).canonicalize().map_err(|error| format!("`{palisade}`: {error}"))?;
    let programs = Programs { palisade, codex: codex()? };
    let mut score = Score::default();
    let mut stdout = std::io::stdout().lock();
    let parts: [(&str, Part); 2] = [("launch", launch), ("check", check)];
    for (name, part) in parts {
        if only.is_none_or(|only| only == name) {
            let page = part(&programs, runs, &mut score).map_err(|error| format!("{name}: {error}"))?;
            stdout.write_all(page.as_bytes()).map_err(|error| error.to_string())?;
        }
    }
    let Score { met, missed, unmeasured } = score;
    writeln!(stdout, "{met} targets met, {missed} missed, {unmeasured} not measured")
        .map_err(|error| error.to_string())?;
    Ok(if unmeasured > 0 { 2 } else { u8::from(missed > 0) })
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(status) => ExitCode::from(status),
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "processes: {why}");
            ExitCode::from(2)
        }
    }
}
