//! What the guard costs, or looking for denials: builds with and without it, interleaved, and the median of the ratios of each round.
//!
//! The speed of a machine drifts within minutes by more than the guard costs; the two runs of a round lie side by side.
//!
//! `cargo guard` builds a small crate with cargo, and a C program of 200 files with `make -j2`, in workspace-write with and
//! without, so that nothing but the guard differs. A ratio above 1.05 fails; the status is 1 then, and 2 when something could not
//! be measured. With `--bypass` both are in bypass, where every process is traced from its beginning to its end. With
//! `--denials` it is `run --denials`, and 1.15.
//!
//! The files of that program are as long as those of real ones are. `--only tiny` has 200 files of four lines, where starting
//! programs is most of the work: it shows what each costs and has no target. `--project FOLDER` builds a copy of a project of yours,
//! configured and clean, with `make -s -j2`.
//!
//! ```text
//! cargo guard [--bypass | --denials] [--runs N] [--only cargo|make|tiny | --project FOLDER] [--palisade PROGRAM]
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

/// How many parts a file has for about 200 lines; at the median those of OpenSSH 9.2 have 232 lines, those of tmux 3.3 have 161.
const USUAL: usize = 4;

/// Rules as a project may have them: a few programs restricted that no build starts, the rest at the default.
const RULES: &str = r#"
prefix_rule(pattern=[["shred", "dd", "mkfs"]], decision="forbidden", justification="destroys")
prefix_rule(pattern=["git", "push"], decision="prompt")
prefix_rule(pattern=[["cc", "gcc", "make", "cargo", "rustc"]], decision="allow")
"#;

/// A build that can be repeated from the start.
struct Build {
    name: String,
    folder: PathBuf,
    command: Vec<&'static str>,
    fresh: Fresh,
    /// Whether it is to meet the target, or only shows what the worst costs.
    bound: bool,
}

/// How the start is reached again.
enum Fresh {
    /// By removing what an earlier run left there.
    Without(&'static str),
    /// By copying this over it.
    CopyOf(PathBuf),
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
        name: "cargo build of a small crate".to_owned(),
        folder,
        command: vec!["cargo", "build", "--offline", "--quiet"],
        fresh: Fresh::Without("target"),
        bound: true,
    })
}

/// A C program of 200 files, each with this many parts.
fn make_build(scratch: &Path, parts: usize) -> std::io::Result<Build> {
    let folder = scratch.join(format!("c{parts}"));
    std::fs::create_dir_all(&folder)?;
    let (mut objects, mut lines) = (String::new(), 0);
    for number in 0..200 {
        let text = c_file(number, parts);
        lines = text.lines().count();
        std::fs::write(folder.join(format!("part{number}.c")), text)?;
        let _ = write!(objects, " out/part{number}.o");
    }
    std::fs::write(folder.join("main.c"), "int part0(int); int main(void) { return part0(0) != 1; }\n")?;
    let makefile = format!(
        "all: out/program\nout/program: out/main.o{objects}\n\tcc -o $@ $^\nout/%.o: %.c | out\n\tcc -O2 -c -o $@ $<\nout:\n\tmkdir out\n"
    );
    std::fs::write(folder.join("Makefile"), makefile)?;
    Ok(Build {
        name: format!("make -j2 of 200 C files of {lines} lines"),
        folder,
        command: vec!["make", "-s", "-j2"],
        fresh: Fresh::Without("out"),
        bound: parts > 0,
    })
}

/// A file with one small function, and this many parts of the kind that programs are made of: a table, its search, growth and text.
fn c_file(number: usize, parts: usize) -> String {
    let mut text = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n".to_owned();
    let _ = writeln!(
        text,
        "int part{number}(int n) {{ char text[64]; snprintf(text, sizeof text, \"%d\", n * {number}); return (int)strlen(text); }}"
    );
    for function in 0..parts {
        let _ = write!(
            text,
            r#"
struct table_{number}_{function} {{
    char *names[{room}];
    long values[{room}];
    size_t count;
}};

static size_t place_{number}_{function}(const struct table_{number}_{function} *table, const char *name)
{{
    size_t low = 0, high = table->count;
    while (low < high) {{
        size_t middle = low + (high - low) / 2;
        int order = strcmp(table->names[middle], name);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }}
    return low;
}}

int put_{number}_{function}(struct table_{number}_{function} *table, const char *name, long value)
{{
    size_t at = place_{number}_{function}(table, name);
    if (at < table->count && strcmp(table->names[at], name) == 0) {{
        table->values[at] += value;
        return 0;
    }}
    if (table->count == {room})
        return -1;
    char *copy = malloc(strlen(name) + 1);
    if (copy == NULL)
        return -1;
    strcpy(copy, name);
    memmove(&table->names[at + 1], &table->names[at], (table->count - at) * sizeof table->names[0]);
    memmove(&table->values[at + 1], &table->values[at], (table->count - at) * sizeof table->values[0]);
    table->names[at] = copy;
    table->values[at] = value;
    table->count++;
    return 1;
}}

void show_{number}_{function}(const struct table_{number}_{function} *table, FILE *out)
{{
    for (size_t at = 0; at < table->count; at++) {{
        switch (table->values[at] % {number_after}) {{
        case 0: fprintf(out, "%s: none\n", table->names[at]); break;
        case 1: fprintf(out, "%s: one\n", table->names[at]); break;
        default: fprintf(out, "%-20s %ld\n", table->names[at], table->values[at]); break;
        }}
    }}
}}
"#,
            room = 64 + function,
            number_after = number + 3,
        );
    }
    text
}

fn project(scratch: &Path, from: &str) -> std::io::Result<Build> {
    let named = |error: std::io::Error| std::io::Error::new(error.kind(), format!("`{from}`: {error}"));
    let from = Path::new(from).canonicalize().map_err(named)?;
    if !from.is_dir() {
        return Err(std::io::Error::new(
            std::io::ErrorKind::NotADirectory,
            format!("`{}` is no folder", from.display()),
        ));
    }
    Ok(Build {
        name: format!("make -j2 in a copy of {}", from.display()),
        folder: scratch.join("project"),
        command: vec!["make", "-s", "-j2"],
        fresh: Fresh::CopyOf(from),
        bound: true,
    })
}

/// Removes a folder, where it is.
fn remove(folder: &Path) -> Result<(), String> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(format!("{}: {error}", folder.display())),
        _ => Ok(()),
    }
}

impl Build {
    fn make_fresh(&self) -> Result<(), String> {
        match &self.fresh {
            Fresh::Without(leftovers) => remove(&self.folder.join(leftovers)),
            Fresh::CopyOf(from) => {
                remove(&self.folder)?;
                // With owners and times: make decides by these, and nothing may be built because it was copied.
                let copied = Command::new("cp").arg("-a").args([from, &self.folder]).status();
                match copied {
                    Ok(status) if status.success() => Ok(()),
                    Ok(status) => Err(format!("cp: {status}")),
                    Err(error) => Err(format!("cp: {error}")),
                }
            }
        }
    }

    fn time(&self, palisade: &Path, mode: &str, more: &[String]) -> Result<Duration, String> {
        self.make_fresh()?;
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
        let met = ratio <= *target || !self.bound;
        let word = match (self.bound, met) {
            (false, _) => "no target".to_owned(),
            (true, true) => format!("target {target:.2}: PASS"),
            (true, false) => format!("target {target:.2}: FAIL"),
        };
        let page = format!(
            "{}, {runs} interleaved runs\n  without {without:9.1} ms\n  with    {with:9.1} ms  ratio {ratio:.3}, {word}\n",
            self.name
        );
        Ok((page, met))
    }
}

/// The middle, in milliseconds.
fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1e3
}

fn run(arguments: &[String]) -> Result<u8, String> {
    let after = |flag: &str| match arguments.iter().position(|word| word == flag) {
        // cargo puts an option of its own behind all others.
        Some(at) => match arguments.get(at + 1).filter(|word| !word.starts_with("--")) {
            Some(value) => Ok(Some(value.as_str())),
            None => Err(format!("{flag}: a value is missing")),
        },
        None => Ok(None),
    };
    let runs = match after("--runs")? {
        Some(word) => word.parse().ok().filter(|&runs| runs > 0).ok_or(format!("--runs: not a number: `{word}`"))?,
        None => 11,
    };
    let palisade = after("--palisade")?.unwrap_or(env!("CARGO_BIN_EXE_palisade"));
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
    let scratch = scratch.path();
    let builds = match (after("--project")?, after("--only")?) {
        (Some(folder), _) => vec![project(scratch, folder)],
        (None, None) => vec![cargo_build(scratch), make_build(scratch, USUAL)],
        (None, Some("cargo")) => vec![cargo_build(scratch)],
        (None, Some("make")) => vec![make_build(scratch, USUAL)],
        (None, Some("tiny")) => vec![make_build(scratch, 0)],
        (None, Some(other)) => return Err(format!("--only: `{other}` is none of cargo, make, tiny")),
    };
    let mut status = 0;
    for build in builds {
        let (page, met) = build.map_err(|error| error.to_string())?.measure(&palisade, &measured, runs)?;
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
