//! How fast a run of Codex is followed, and in how much memory: a stand-in writes a stream of the recordings' lines, 2 GB of it, and a
//! hundred others replay a recording at once.
//!
//! ```text
//! cargo bench --locked --package palisade --bench follow -- [--megabytes N] [--runs N] [--palisade PROGRAM]
//! ```
//! Under 200 MB a second, over 30 MiB for one of the hundred, or an event that is lost gives the status 1.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use serde_json::Value;

/// What one second must hold, in bytes.
const FASTEST: f64 = 200e6;
/// What one of many may take, in KiB.
const SMALLEST: u64 = 30 << 10;
/// How long the piece is that is written again and again, in bytes.
const PIECE: usize = 32 << 20;

fn main() -> ExitCode {
    match measure() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            say(&format!("{why}\n"));
            ExitCode::from(2)
        }
    }
}

fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn measure() -> Result<bool, String> {
    let text = |error: std::io::Error| error.to_string();
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| arguments.iter().position(|word| word == name).and_then(|at| arguments.get(at + 1));
    let number = |name: &str, otherwise: usize| {
        after(name).map_or(Ok(otherwise), |word| word.parse().map_err(|_| format!("{name} N")))
    };
    let (megabytes, runs) = (number("--megabytes", 2000)?, number("--runs", 100)?);
    let palisade = after("--palisade").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_palisade")), PathBuf::from);
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).map_err(text)?;
    let lines = recorded(scratch.path())?;
    let piece = scratch.path().join("piece");
    let mut whole = Vec::new();
    while whole.len() < PIECE {
        whole.extend_from_slice(&lines);
    }
    std::fs::write(&piece, &whole).map_err(text)?;
    let times = (megabytes * 1_000_000).div_ceil(whole.len());
    let count = whole.iter().filter(|byte| **byte == b'\n').count() * times;

    let peak = "sed -n s/^VmHWM://p /proc/$(cut -d' ' -f4 /proc/$PPID/stat)/status > $here/peak.$$";
    let stand_in = codex(
        scratch.path(),
        "one",
        &format!("n=0; while [ $n -lt {times} ]; do cat {}; n=$((n+1)); done; {peak}", piece.display()),
    )?;
    follow(&palisade, &stand_in, 0)?.wait().map_err(text)?;
    let report = told(&stand_in, 0)?;
    let seconds = report["milliseconds"].as_f64().unwrap_or(f64::MAX) / 1e3;
    let speed = (whole.len() * times) as f64 / seconds;
    let peaks = self::peaks(&stand_in)?;
    say(&format!(
        "one stream of {} MB: {:.0} MB/s, {} KiB, {} of {count} lines\n",
        whole.len() * times / 1_000_000,
        speed / 1e6,
        peaks.iter().max().copied().unwrap_or_default(),
        report["traces"][0]["lines"]
    ));
    let mut well = speed >= FASTEST && report["traces"][0]["lines"] == count;

    let small = scratch.path().join("small");
    std::fs::write(&small, &lines).map_err(text)?;
    let count = lines.iter().filter(|byte| **byte == b'\n').count();
    let stand_in = codex(scratch.path(), "many", &format!("cat {}; {peak}", small.display()))?;
    let children: Vec<Child> = (0..runs).map(|run| follow(&palisade, &stand_in, run)).collect::<Result<_, _>>()?;
    let mut lost = 0;
    for (run, mut child) in children.into_iter().enumerate() {
        child.wait().map_err(text)?;
        lost += usize::from(told(&stand_in, run)?["traces"][0]["lines"] != count);
    }
    let peaks = self::peaks(&stand_in)?;
    let most = peaks.iter().max().copied().unwrap_or_default();
    say(&format!("{runs} at once, {count} lines each: {most} KiB at most, {lost} of them lost a line\n"));
    well &= most <= SMALLEST && lost == 0 && peaks.len() == runs;
    Ok(well)
}

/// The lines of all recorded event streams of today's generation, those of huge outputs left out.
fn recorded(scratch: &Path) -> Result<Vec<u8>, String> {
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/codex/recordings.tar.gz");
    let status = Command::new("tar").arg("-xzf").arg(&packed).arg("-C").arg(scratch).status();
    status
        .map_err(|error| error.to_string())
        .and_then(|status| status.success().then_some(()).ok_or("tar failed".to_owned()))?;
    let (mut folders, mut all) = (vec![scratch.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).map_err(|error| error.to_string())?.flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".jsonl")
                && name.matches('.').count() == 1
                && !path.to_string_lossy().contains("legacy")
            {
                let text = std::fs::read(&path).map_err(|error| error.to_string())?;
                if text.len() < 200_000 && text.ends_with(b"\n") {
                    all.extend_from_slice(&text);
                }
            }
        }
    }
    if all.is_empty() { Err("no recording was found".into()) } else { Ok(all) }
}

/// A stand-in for Codex in a folder of its own.
fn codex(scratch: &Path, name: &str, does: &str) -> Result<PathBuf, String> {
    let folder = scratch.join(name);
    let file = folder.join("codex");
    let text = format!(
        "#!/bin/sh\nif [ \"$1\" = --version ]; then echo codex-cli 0.169.0; exit; fi\nhere={}\n{does}\n",
        folder.display()
    );
    std::fs::create_dir(&folder)
        .and_then(|()| std::fs::write(&file, text))
        .and_then(|()| std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)))
        .map_err(|error| error.to_string())?;
    Ok(folder)
}

fn follow(palisade: &Path, stand_in: &Path, run: usize) -> Result<Child, String> {
    Command::new(palisade)
        .args(["codex", "exec", "--timeout", "3000", "--codex"])
        .arg(stand_in.join("codex"))
        .arg("--codex-home")
        .arg(stand_in.join("home"))
        .arg("--cwd")
        .arg(stand_in)
        .arg("--report")
        .arg(stand_in.join(format!("report.{run}")))
        .arg("hello")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())
}

/// The report of a run.
fn told(stand_in: &Path, run: usize) -> Result<Value, String> {
    let text = std::fs::read_to_string(stand_in.join(format!("report.{run}")));
    let text = text.map_err(|error| format!("run {run} has no report: {error}"))?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

/// The largest memory of each palisade, in KiB, as its stand-in saw it when it had written everything.
fn peaks(stand_in: &Path) -> Result<Vec<u64>, String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(stand_in).map_err(|error| error.to_string())?.flatten() {
        if entry.file_name().to_string_lossy().starts_with("peak.") {
            let text = std::fs::read_to_string(entry.path()).map_err(|error| error.to_string())?;
            found.push(text.trim().trim_end_matches("kB").trim().parse().map_err(|_| format!("no memory: {text}"))?);
        }
    }
    Ok(found)
}
