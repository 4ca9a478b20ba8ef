//! Recorded commands by the million: how fast `palisade audit` is, how much memory it takes, and whether one pass, a pass that
//! was killed and resumed, and Apache Spark give the same report.
//!
//! The commands are made up here, half of them scripts: everyday shapes with names out of thousands, so that some come again
//! and again and every tenth is like no other. Nothing is random: the same number gives the same file.
//!
//! ```text
//! cargo replay [COMMANDS] [--generate FILE] [--no-spark] [--palisade PROGRAM]
//! ```
//!
//! The status is 1 when reports differ or a target is missed: 200,000 commands a second on two cores, 128 MiB. On a machine that
//! others use too, the time of the processor says more than the clock; both are printed.
#![expect(clippy::print_stdout, reason = "a bench tells people what it measured")]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde_json::Value;

/// Commands a second on two cores, and memory in KiB.
const RATE: f64 = 200_000.0;
const MEMORY: i64 = 128 << 10;

/// Words of commands; `{}` is a name.
const COMMANDS: &[&[&str]] = &[
    &["git", "status", "--short"],
    &["git", "diff", "--stat", "{}"],
    &["git", "log", "--oneline", "-n", "20", "--", "{}"],
    &["git", "push", "origin", "{}"],
    &["git", "push", "--force", "origin", "{}"],
    &["ls", "-la", "{}"],
    &["cat", "src/{}.rs"],
    &["rg", "-n", "{}", "src"],
    &["sed", "-n", "1,80p", "{}.py"],
    &["cargo", "test", "--lib", "{}"],
    &["npm", "run", "{}"],
    &["python3", "scripts/{}.py", "--verbose"],
    &["rm", "-rf", "build/{}"],
    &["env", "RUST_LOG=debug", "cargo", "run", "--bin", "{}"],
    &["docker", "ps", "--filter", "name={}"],
    &["curl", "-fsS", "https://example.org/{}"],
    &["find", ".", "-name", "{}.js", "-type", "f"],
    &["timeout", "60", "make", "{}"],
    &["bash", "-lc", "cd {} && ls"],
    &["cp", "{}.txt", "out/"],
];

/// Scripts; `{}` is a name.
const SCRIPTS: &[&str] = &[
    "git status --short && git diff --stat {} | head -n 20",
    "cd crates/{} && cargo test --all-features 2>&1 | tail -5",
    "rg -n 'fn {}' src | sort | uniq -c | sort -rn | head",
    "for f in {}/*.rs; do wc -l \"$f\"; done | sort -n | tail -n 3",
    "if [ -f {}.toml ]; then cargo build; else make all; fi",
    "echo \"built {} by $USER\" > target/stamp.txt 2>&1",
    "find {} -name '*.py' -newer setup.py -exec grep -ln foo {} +",
    "CI=true npm run {} -- --mode production && ls -la dist/",
    "cat <<'EOF' > {}.md\n# title\nsome text in a here-doc\nEOF",
    "(cd {} && python3 -m http.server 8000) & sleep 1; kill %1",
    "grep -E '^(error|warning)' {}.log | cut -d: -f1 | uniq",
    "sed -n '10,40p' src/{}.rs; git log --oneline -n 5 -- src/",
];

const RULES: &str = r#"
prefix_rule(pattern=["git", ["status", "diff", "log", "show"]])
prefix_rule(pattern=[["ls", "cat", "head", "tail", "wc", "sort", "uniq", "cut", "grep", "rg", "echo"]])
prefix_rule(pattern=["cargo", ["test", "build"]])
prefix_rule(pattern=["git", "push"], decision="prompt")
prefix_rule(pattern=["git", "push", ["-f", "--force"]], decision="forbidden")
prefix_rule(pattern=["rm"], decision="prompt")
prefix_rule(pattern=["docker"], decision="prompt")
prefix_rule(pattern=["shutdown"], decision="forbidden")
"#;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).filter(|word| word != "--bench");
    let (mut count, mut spark, mut generate) = (10_000_000_u64, true, None);
    let mut palisade = PathBuf::from(env!("CARGO_BIN_EXE_palisade"));
    while let Some(word) = arguments.next() {
        match word.as_str() {
            "--no-spark" => spark = false,
            "--generate" => generate = arguments.next().map(PathBuf::from),
            "--palisade" => palisade = arguments.next().map(PathBuf::from).unwrap_or(palisade),
            number => match number.replace(['_', ','], "").parse() {
                Ok(number) => count = number,
                Err(_) => {
                    println!("what is `{number}`? see the top of tests/bench/audit.rs");
                    return ExitCode::from(2);
                }
            },
        }
    }
    if let Some(path) = generate {
        return if write(&path, count).is_ok() { ExitCode::SUCCESS } else { ExitCode::from(2) };
    }
    match measure(&palisade, count, spark) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("could not be measured: {error}");
            ExitCode::from(2)
        }
    }
}

/// Writes so many recorded commands.
fn write(path: &Path, count: u64) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut seed = 1_u64;
    let mut dice = move |sides: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % sides
    };
    for number in 0..count {
        // Some names are used again and again, and every tenth never again.
        let name = match dice(10) {
            0 => format!("only-{number}"),
            1..=3 => format!("name-{}", dice(5_000)),
            _ => format!("name-{}", dice(50)),
        };
        let about = format!(
            "\"session\":\"s{}\",\"cwd\":\"/srv/p{}\",\"time\":{}",
            number / 2000,
            dice(40),
            1_790_000_000 + number / 10
        );
        if number % 2 == 0 {
            let words = COMMANDS[dice(COMMANDS.len() as u64) as usize];
            let words: Vec<String> = words.iter().map(|word| word.replace("{}", &name)).collect();
            writeln!(out, "{{\"argv\":{},{about}}}", serde_json::to_string(&words)?)?;
        } else {
            let script = SCRIPTS[dice(SCRIPTS.len() as u64) as usize].replace("{}", &name);
            writeln!(out, "{{\"script\":{},{about}}}", serde_json::to_string(&script)?)?;
        }
    }
    out.flush()
}

/// A run of a program: its report, time of the clock and of the processor, and the most memory any run has had, in KiB.
struct Ran {
    report: Value,
    wall: Duration,
    user: Duration,
    memory: i64,
}

fn run(command: &mut Command) -> std::io::Result<Ran> {
    let used = || getrusage(UsageWho::RUSAGE_CHILDREN).map_err(std::io::Error::from);
    let before = used()?.user_time();
    let start = Instant::now();
    let output = command.stderr(Stdio::inherit()).output()?;
    let wall = start.elapsed();
    let after = used()?;
    let user = Duration::from_micros((after.user_time() - before).num_microseconds().unsigned_abs());
    let mut report: Value = serde_json::from_slice(&output.stdout).map_err(std::io::Error::other)?;
    // Where lines came from is not the same for a part of a file.
    report.as_object_mut().map(|report| report.remove("sources"));
    Ok(Ran { report, wall, user, memory: after.max_rss() })
}

fn measure(palisade: &Path, count: u64, spark: bool) -> std::io::Result<bool> {
    let scratch = tempfile::tempdir()?;
    let at = |name: &str| scratch.path().join(name);
    std::fs::write(at("team.rules"), RULES)?;
    let start = Instant::now();
    write(&at("commands.ndjson"), count)?;
    let size = std::fs::metadata(at("commands.ndjson"))?.len();
    println!("{count} commands, {} MB, written in {:.0} s", size / 1_000_000, start.elapsed().as_secs_f64());
    let audit = |sources: &[&str], more: &[&str]| {
        let mut command = Command::new(palisade);
        command.current_dir(scratch.path()).args(["audit", "--rules", "team.rules", "--format", "json", "--jobs", "2"]);
        command.args(more).args(sources);
        command
    };
    let whole = run(&mut audit(&["commands.ndjson"], &[]))?;
    let rate = count as f64 / whole.wall.as_secs_f64();
    let by_processor = 2.0 * count as f64 / whole.user.as_secs_f64();
    println!(
        "one pass: {:.1} s, {:.1} s of the processor; {rate:.0} commands a second, {by_processor:.0} by the time of two processors, target {RATE:.0}: {}",
        whole.wall.as_secs_f64(),
        whole.user.as_secs_f64(),
        verdict(rate >= RATE || by_processor >= RATE)
    );
    println!(
        "peak memory: {} MiB, target {} MiB: {}",
        whole.memory >> 10,
        MEMORY >> 10,
        verdict(whole.memory <= MEMORY)
    );
    let mut good = (rate >= RATE || by_processor >= RATE) && whole.memory <= MEMORY;

    // Stopped after a third, then killed in the middle of what is left, then resumed.
    let third = (count / 3).to_string();
    audit(&["commands.ndjson"], &["--state", "state", "--stop-after", &third]).stdout(Stdio::null()).status()?;
    let mut child = audit(&["commands.ndjson"], &["--state", "state"]).stdout(Stdio::null()).spawn()?;
    std::thread::sleep(whole.wall / 3);
    child.kill()?;
    child.wait()?;
    let resumed = run(&mut audit(&["commands.ndjson"], &["--state", "state"]))?;
    good &= same("a stopped, killed and resumed pass", &whole, &resumed);

    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/peers/spark/bin/python");
    if spark && python.exists() {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/peers/audit_in_spark.py");
        let start = Instant::now();
        let status = Command::new(&python)
            .arg(example)
            .args(["commands.ndjson", "tallies", "--rules", "team.rules"])
            .env("PALISADE", palisade)
            .current_dir(scratch.path())
            .stdout(Stdio::null())
            .status()?;
        if !status.success() {
            return Err(std::io::Error::other("Spark failed"));
        }
        println!("Spark: {:.1} s", start.elapsed().as_secs_f64());
        let spread = run(&mut audit(&["tallies"], &[]))?;
        good &= same("Spark", &whole, &spread);
    } else {
        println!("Spark: not measured");
    }
    Ok(good)
}

fn same(name: &str, one: &Ran, other: &Ran) -> bool {
    let same = one.report == other.report;
    println!("the report of {name} is the same: {}", verdict(same));
    same
}

fn verdict(met: bool) -> &'static str {
    if met { "pass" } else { "MISS" }
}
