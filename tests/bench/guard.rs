//! What the guard costs, or looking for denials: builds with and without it, interleaved, and the median of the ratios of each round.
//!
//! The speed of a machine drifts within minutes by more than the guard costs; the two runs of a round lie side by side.
//!
//! `cargo guard` builds a small crate with cargo, and a C program of 200 files with `make -j2`, in workspace-write with and
//! without, so that nothing but the guard differs. A ratio above 1.05 fails; the status is 1 then, and 2 when something could not
//! be measured. With `--bypass` both are in bypass, where every process is traced from its beginning to its end. With
//! `--denials` it is `run --denials`, and 1.15.
//!
//! ```text
//! cargo guard [--bypass | --denials] [--runs N] [--only cargo|make] [--palisade PROGRAM]
//! ```

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// What is measured.
struct Measured {
    /// The mode of both sides.
    mode: &'static str,
    /// What the second side has more.
    more: Vec<String>,
    /// How long it may take, as a share of the first.
    target: f64,
}

/// Rules as a project may have them: a few programs restricted, the rest at the default.
const RULES: &str = r#"
prefix_rule(pattern=[["rm", "shred", "dd", "mkfs"]], decision="forbidden", justification="destroys")
prefix_rule(pattern=["git", "push"], decision="prompt")
prefix_rule(pattern=[["cc", "gcc", "make", "cargo", "rustc"]], decision="allow")
"#;

/// A build that can be repeated from the start.
struct Build {
    name: &'static str,
    folder: PathBuf,
    command: Vec<&'static str>,
    /// What an earlier run left.
    leftovers: &'static str,
}

fn cargo_build(scratch: &Path) -> std::io::Result<Build> {
    let folder = scratch.join("crate");
    std::fs::create_dir_all(folder.join("src"))?;
    std::fs::write(
        folder.join("Cargo.toml"),
        "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n",
    )?;
    let mut text = String::new();
    for number in 0..40 {
        let _ = writeln!(
            text,
            "#[derive(Debug, Clone, PartialEq)]\npub struct T{number} {{ pub a: u64, pub b: String, pub c: Vec<u32> }}\n\
             impl T{number} {{ pub fn sum(&self) -> u64 {{ self.c.iter().map(|n| u64::from(*n)).sum::<u64>() + self.a }} }}"
        );
    }
    text.push_str("fn main() { println!(\"{}\", T0 { a: 1, b: String::new(), c: vec![2] }.sum()); }\n");
    std::fs::write(folder.join("src/main.rs"), text)?;
    Ok(Build {
        name: "cargo build of a small crate",
        folder,
        command: vec!["cargo", "build", "--offline", "--quiet"],
        leftovers: "target",
    })
}

fn make_build(scratch: &Path) -> std::io::Result<Build> {
    let folder = scratch.join("c");
    std::fs::create_dir_all(&folder)?;
    let mut objects = String::new();
    for number in 0..200 {
        let text = format!(
            "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\nint part{number}(int n) {{\n\
             char text[64]; snprintf(text, sizeof text, \"%d\", n * {number}); return (int)strlen(text); }}\n"
        );
        std::fs::write(folder.join(format!("part{number}.c")), text)?;
        let _ = write!(objects, " out/part{number}.o");
    }
    std::fs::write(folder.join("main.c"), "int part0(int); int main(void) { return part0(0) != 1; }\n")?;
    let makefile = format!(
        "all: out/program\nout/program: out/main.o{objects}\n\tcc -o $@ $^\nout/%.o: %.c | out\n\tcc -O1 -c -o $@ $<\nout:\n\tmkdir out\n"
    );
    std::fs::write(folder.join("Makefile"), makefile)?;
    Ok(Build { name: "make -j2 of 200 C files", folder, command: vec!["make", "-s", "-j2"], leftovers: "out" })
}

impl Build {
    fn time(&self, palisade: &Path, mode: &str, more: &[String]) -> Result<Duration, String> {
        let leftovers = self.folder.join(self.leftovers);
        if leftovers.exists() {
            std::fs::remove_dir_all(&leftovers).map_err(|error| error.to_string())?;
        }
        let mut command = Command::new(palisade);
        command.args(["run", "--mode", mode]).args(more).arg("--").args(&self.command);
        command.current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.env_remove("CARGO_TARGET_DIR").env_remove("CARGO_BUILD_TARGET");
        let start = Instant::now();
        let output = command.output().map_err(|error| format!("{}: {error}", palisade.display()))?;
        let taken = start.elapsed();
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() { Ok(taken) } else { Err(format!("{}: {}", output.status, said.trim())) }
    }

    /// Runs in turn with and without, each round beginning with the other; gives the page and whether the target is met.
    fn measure(&self, palisade: &Path, measured: &Measured, runs: usize) -> Result<(String, bool), String> {
        let Measured { mode, more, target } = measured;
        let sides: [&[String]; 2] = [&[], more];
        let mut times = [Vec::new(), Vec::new()];
        self.time(palisade, mode, more)?;
        for round in 0..runs {
            for turn in 0..2 {
                let which = (round + turn) % 2;
                times[which].push(self.time(palisade, mode, sides[which])?);
            }
        }
        let [without, with] = &times;
        let mut ratios: Vec<_> =
            without.iter().zip(with).map(|(without, with)| with.div_duration_f64(*without)).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let ratio = ratios.get(ratios.len() / 2).copied().unwrap_or(f64::INFINITY);
        let [without, with] = times.each_mut().map(|times| median(times));
        let word = if ratio <= *target { "PASS" } else { "FAIL" };
        let page = format!(
            "{}, {runs} interleaved runs\n  without {without:9.1} ms\n  with    {with:9.1} ms  ratio {ratio:.3}, target {target:.2}: {word}\n",
            self.name
        );
        Ok((page, ratio <= *target))
    }
}

/// The middle, in milliseconds.
fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1e3
}

fn run(arguments: &[String]) -> Result<u8, String> {
    let after = |flag: &str| arguments.iter().position(|word| word == flag).and_then(|at| arguments.get(at + 1));
    let runs = match after("--runs") {
        Some(word) => word.parse().ok().filter(|&runs| runs > 0).ok_or(format!("--runs: not a number: `{word}`"))?,
        None => 11,
    };
    let only = after("--only").map(String::as_str);
    let palisade = after("--palisade").map_or(env!("CARGO_BIN_EXE_palisade"), String::as_str);
    let palisade = Path::new(palisade).canonicalize().map_err(|error| format!("`{palisade}`: {error}"))?;
    let scratch = tempfile::tempdir_in("/var/tmp").map_err(|error| error.to_string())?;
    let rules = scratch.path().join("bench.rules");
    std::fs::write(&rules, RULES).map_err(|error| error.to_string())?;
    let measured = if arguments.iter().any(|word| word == "--denials") {
        Measured { mode: "workspace-write", more: vec!["--denials".to_owned()], target: 1.15 }
    } else {
        let rules = rules.to_string_lossy();
        let more = ["--guard", "--default", "allow", "--rules", &rules].map(str::to_owned).to_vec();
        let bypass = arguments.iter().any(|word| word == "--bypass");
        Measured { mode: if bypass { "bypass" } else { "workspace-write" }, more, target: 1.05 }
    };
    let mut status = 0;
    for (name, build) in [("cargo", cargo_build(scratch.path())), ("make", make_build(scratch.path()))] {
        if only.is_some_and(|only| only != name) {
            continue;
        }
        let build = build.map_err(|error| error.to_string())?;
        let (page, met) = build.measure(&palisade, &measured, runs)?;
        std::io::stdout().write_all(page.as_bytes()).map_err(|error| error.to_string())?;
        status |= u8::from(!met);
    }
    Ok(status)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(status) => ExitCode::from(status),
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "guard: {why}");
            ExitCode::from(2)
        }
    }
}
