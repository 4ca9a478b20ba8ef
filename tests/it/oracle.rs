//! The oracle: scripts made up from a seed are run by the real shell in the sandbox, under the recorder, and every exec
//! that is seen must be one of the commands the script was decomposed into, or come from an opaque part of it.
//!
//! `cargo oracle` is this alone. `PALISADE_ORACLE=20000` runs that many scripts, `PALISADE_ORACLE=forever` runs until
//! something is missed; `PALISADE_ORACLE_SEED` is the first seed.

mod cover;
mod grammar;
mod hidden;
mod record;
mod templates;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use policy::shell::{Dialect, Part, Settings, decompose};
use policy::word::Word;

use cover::{Cover, Tree};
use grammar::{Statement, render, script, smaller};
use record::{ARGUMENTS, Exec};

/// How many scripts are run together.
const BATCH: usize = 250;

/// How many are run in the test suite, of bash and of `sh`.
const BASH: usize = 4_000;
const SH: usize = 1_000;

/// How often a script that shows a miss is made smaller.
const ROUNDS: usize = 12;

/// What was found, over many scripts.
#[derive(Default)]
struct Sum {
    scripts: usize,
    execs: usize,
    /// Scripts that executed something, by how the weakest of their execs was covered.
    exact: usize,
    opaque: usize,
    /// Scripts without any opaque part.
    plain: usize,
    reasons: BTreeMap<String, usize>,
    missed: Vec<Miss>,
}

/// An exec that the decomposer did not foresee.
struct Miss {
    seed: u64,
    script: Vec<Statement>,
    exec: Exec,
}

fn dialect(shell: &str) -> Dialect {
    Dialect::of(shell).unwrap()
}

fn parts(text: &str, number: usize, shell: &str, home: &str) -> Vec<Part> {
    let zero = format!("oracle-{number}");
    let arguments: Vec<Word> =
        std::iter::once(zero.as_str()).chain(ARGUMENTS.iter().copied()).map(Word::known).collect();
    decompose(text, dialect(shell), &Settings { arguments: Some(&arguments), home: Some(home) })
}

/// Runs the scripts of these seeds and adds up what was found.
fn batch(shell: &str, seeds: &[u64], sum: &Mutex<Sum>) {
    let scripts: Vec<Vec<Statement>> = seeds.iter().map(|seed| script(*seed, shell != "bash")).collect();
    let texts: Vec<String> = scripts.iter().map(|script| render(script)).collect();
    let seen = record::run(shell, &texts);
    let mut sum = sum.lock().unwrap();
    for (at, ((seed, script), execs)) in seeds.iter().zip(scripts).zip(&seen.execs).enumerate() {
        let tree = Tree::new(&parts(&texts[at], at, shell, &seen.home), &seen.home);
        sum.scripts += 1;
        sum.execs += execs.len();
        sum.plain += usize::from(tree.opaque.is_empty());
        let covers: Vec<Cover> = execs.iter().map(|exec| tree.covers(exec)).collect();
        if let Some(at) = covers.iter().position(|cover| *cover == Cover::Missed) {
            sum.missed.push(Miss { seed: *seed, script, exec: execs[at].clone() });
        } else if covers.contains(&Cover::Opaque) {
            sum.opaque += 1;
            let mut reasons = tree.opaque.clone();
            reasons.sort();
            reasons.dedup();
            for reason in reasons {
                *sum.reasons.entry(reason).or_default() += 1;
            }
        } else if !covers.is_empty() {
            sum.exact += 1;
        }
    }
}

/// Runs many scripts, on as many threads as there are cores.
fn run(shell: &str, seeds: std::ops::Range<u64>) -> Sum {
    let seeds: Vec<u64> = seeds.collect();
    let chunks: Vec<&[u64]> = seeds.chunks(BATCH).collect();
    let (next, sum) = (AtomicUsize::new(0), Mutex::new(Sum::default()));
    let threads = std::thread::available_parallelism().map_or(2, usize::from).min(4);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(chunk) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    batch(shell, chunk, &sum);
                }
            });
        }
    });
    sum.into_inner().unwrap()
}

/// The smallest script found that still shows a miss.
fn shrunk(shell: &str, miss: &Miss) -> (String, Exec, Vec<Part>) {
    let (mut best, mut exec, mut home) = (miss.script.clone(), miss.exec.clone(), String::new());
    for _ in 0..ROUNDS {
        let candidates = smaller(&best);
        let texts: Vec<String> = candidates.iter().map(|script| render(script)).collect();
        if texts.is_empty() {
            break;
        }
        let seen = record::run(shell, &texts);
        home = seen.home.clone();
        let found = texts.iter().zip(&seen.execs).enumerate().filter_map(|(at, (text, execs))| {
            let tree = Tree::new(&parts(text, at, shell, &seen.home), &seen.home);
            let missed = execs.iter().find(|exec| tree.covers(exec) == Cover::Missed)?;
            Some((text.len(), at, missed.clone()))
        });
        let Some((_, at, missed)) = found.min_by_key(|(length, at, _)| (*length, *at)) else { break };
        best = candidates[at].clone();
        exec = missed;
    }
    let text = render(&best);
    let parts = parts(&text, 0, shell, &home);
    (text, exec, parts)
}

fn shown(parts: &[Part]) -> String {
    let word = |word: &Word| match word {
        Word::Known(text) => format!("{text:?}"),
        Word::Opaque(opaque) => format!("‹{}›", opaque.written),
    };
    let line = |part: &Part| match part {
        Part::Opaque(opaque) => format!("    ! {}\n", opaque.what),
        Part::Command(command) => {
            format!("    {}\n", command.words.iter().map(word).collect::<Vec<_>>().join(" "))
        }
    };
    parts.iter().map(line).collect()
}

/// Fails with what was missed; says the figures.
fn judge(shell: &str, first: u64, sum: &Sum) {
    let ran = (sum.exact + sum.opaque + sum.missed.len()).max(1);
    let share = |part: usize, whole: usize| part as f64 * 100.0 / whole.max(1) as f64;
    let figures = format!(
        "{shell}: seeds {first}..{}: {} scripts, {} execs; of {ran} that executed something {:.1} % are covered exactly and \
         {:.1} % rest on an opaque part; {:.1} % of all have no opaque part; {} missed",
        first + sum.scripts as u64,
        sum.scripts,
        sum.execs,
        share(sum.exact, ran),
        share(sum.opaque, ran),
        share(sum.plain, sum.scripts),
        sum.missed.len(),
    );
    note(&figures);
    if std::env::var_os("PALISADE_ORACLE_REASONS").is_some() {
        let mut reasons: Vec<_> = sum.reasons.iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (reason, count) in reasons.iter().take(60) {
            note(&format!("  {count} {reason}"));
        }
    }
    let reports: Vec<String> = sum.missed.iter().take(20).map(|miss| report(shell, miss)).collect();
    assert!(reports.is_empty(), "{figures}\n{}", reports.join("\n"));
    assert!(share(sum.exact, ran) >= 60.0, "{figures}");
}

fn report(shell: &str, miss: &Miss) -> String {
    let (text, exec, parts) = shrunk(shell, miss);
    format!(
        "seed {}: `{}` as {:?} was executed and not foreseen\n--- {shell}\n{text}\n---\n{}",
        miss.seed,
        exec.program,
        exec.argv,
        shown(&parts)
    )
}

#[expect(clippy::print_stderr, reason = "the figures are what the run is for")]
fn note(line: &str) {
    eprintln!("{line}");
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[test]
fn whatever_a_script_executes_was_foreseen() {
    let first = variable("PALISADE_ORACLE_SEED").and_then(|seed| seed.parse().ok()).unwrap_or(1_u64);
    match variable("PALISADE_ORACLE").as_deref() {
        Some("forever") => {
            for first in (first..).step_by(10 * BATCH) {
                for shell in ["bash", "dash"] {
                    judge(shell, first, &run(shell, first..first + 10 * BATCH as u64));
                }
            }
        }
        asked => {
            let count = asked.map_or(BASH + SH, |count| count.parse().expect("a number of scripts, or `forever`"));
            let sh = count * SH / (BASH + SH);
            let bash = run("bash", first..first + (count - sh) as u64);
            let dash = run("dash", first..first + sh as u64);
            judge("bash", first, &bash);
            judge("dash", first, &dash);
        }
    }
}

/// A decomposer that does not know a construct is found out within 500 scripts.
#[test]
fn a_construct_that_is_not_followed_shows() {
    let scripts: Vec<String> = (1..501).map(|seed| render(&script(seed, false))).collect();
    let seen = record::run("bash", &scripts);
    for (construct, within) in hidden::CONSTRUCTS {
        let shows = scripts.iter().zip(&seen.execs).enumerate().any(|(at, (text, execs))| {
            let left = hidden::without(&parts(text, at, "bash", &seen.home), text, *within);
            let tree = Tree::new(&left, &seen.home);
            execs.iter().any(|exec| tree.covers(exec) == Cover::Missed)
        });
        assert!(shows, "without {construct} nothing is missed");
    }
}
