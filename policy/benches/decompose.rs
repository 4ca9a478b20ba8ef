//! How many scripts are decomposed in a second on one core, and whether memory stays flat.
//!
//!     cargo bench -p palisade-policy --bench decompose -- [SCRIPTS]
//!
//! The scripts are an everyday mix of about 60 bytes each; 10,000,000 of them take a minute or two.
#![expect(clippy::print_stdout, reason = "a bench tells people what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock, and the kernel's account of its own memory")]

use std::hint::black_box;
use std::time::Instant;

use policy::shell::{Dialect, Settings, decompose};

const SCRIPTS: &[&str] = &[
    "git status --short && git diff --stat HEAD~1 | head -n 20",
    "cd crates/core && cargo test --all-features 2>&1 | tail -5",
    "rg -n \"fn main\" src | sort | uniq -c | sort -rn | head",
    "for f in *.rs; do wc -l \"$f\"; done | sort -n | tail -n 3",
    "if [ -f Cargo.toml ]; then cargo build; else make all; fi",
    "echo \"built $(date +%F) by $USER\" > target/stamp.txt 2>&1",
    "find . -name '*.py' -newer setup.py -exec grep -ln foo {} +",
    "CI=true npm run build -- --mode production && ls -la dist/",
    "cat <<'EOF' > notes.md\n# title\nsome text in a here-doc\nEOF",
    "(cd docs && python3 -m http.server 8000) & sleep 1; kill %1",
    "grep -E \"^(error|warning)\" build.log | cut -d: -f1 | uniq",
    "sed -n '10,40p' src/lib.rs; git log --oneline -n 5 -- src/",
];

fn main() {
    let asked = std::env::args().skip(1).find_map(|word| word.replace(['_', ','], "").parse::<usize>().ok());
    let count = asked.unwrap_or(1_000_000);
    let bytes: usize = SCRIPTS.iter().map(|script| script.len()).sum();
    let settings = Settings { arguments: None, home: Some("/home/user") };
    // The first thousands warm the allocator, so that what grows afterwards grows with the scripts.
    run(count.min(50_000), &settings);
    let before = resident_kib();
    let start = Instant::now();
    let parts = run(count, &settings);
    let seconds = start.elapsed().as_secs_f64();
    let rate = count as f64 / seconds;
    println!("{count} scripts of {} bytes on average, {parts} parts, {seconds:.2} s", bytes / SCRIPTS.len());
    println!("{:.0} scripts a second, target 100000: {}", rate, verdict(rate >= 100_000.0));
    let after = resident_kib();
    println!("resident memory {before} KiB before, {after} KiB after: {}", verdict(after <= before + 1024));
}

fn verdict(met: bool) -> &'static str {
    if met { "pass" } else { "MISS" }
}

fn run(count: usize, settings: &Settings<'_>) -> usize {
    (0..count).map(|at| decompose(black_box(SCRIPTS[at % SCRIPTS.len()]), Dialect::Bash, settings).len()).sum()
}

/// `VmRSS` of this process, `proc(5)`.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
