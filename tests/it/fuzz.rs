//! The bodies of the fuzz targets (tests/fuzz) for some seconds, and the inputs that hurt most.
//!
//! The long mode: `PALISADE_FUZZ=60 tests/run --release -- fuzz` gives each target that many seconds, and says how many inputs that
//! were; with `PALISADE_FUZZ_SEED` from another seed on.

#[path = "../fuzz/src/bodies.rs"]
#[expect(unreachable_pub, reason = "the file is a module of another crate as well")]
mod bodies;
#[path = "../fuzz/src/mutate.rs"]
#[expect(unreachable_pub, reason = "the file is a module of another crate as well")]
mod mutate;

use std::time::{Duration, Instant};

/// How many made-up inputs each target gets.
const INPUTS: u64 = 400;

/// How long one input may take without optimisation; with it, a second.
const LONGEST: Duration = Duration::from_secs(60);

fn timed(name: &str, what: &str, body: fn(&[u8]), data: &[u8]) {
    let start = Instant::now();
    body(data);
    assert!(start.elapsed() < LONGEST, "`{name}` takes {:?} for {what}", start.elapsed());
}

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number, not `{text}`")))
}

/// Texts that a target starts from besides what is made up: profiles of the cases, and those that are generated.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    if name != "seatbelt" {
        return Vec::new();
    }
    let cases = include_str!("../cases/seatbelt/cases.jsonl").lines().filter_map(|line| {
        let case: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(case["profile"].as_str()?.as_bytes().to_vec())
    });
    let generated = include_bytes!("../cases/seatbelt/generated/custom.sbpl").to_vec();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/cases/seatbelt/profiles");
    let mut whole: Vec<_> = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect();
    whole.retain(|path| path.extension().is_some_and(|ending| ending == "sb"));
    whole.sort();
    assert!(!whole.is_empty());
    cases.chain([generated]).chain(whole.into_iter().map(|path| std::fs::read(path).unwrap())).collect()
}

#[test]
#[expect(clippy::print_stdout, reason = "the long mode tells how far it came")]
fn made_up_inputs_end_no_target() {
    let long = variable("PALISADE_FUZZ").map(Duration::from_secs);
    let first = variable("PALISADE_FUZZ_SEED").unwrap_or(0);
    for (name, body) in bodies::TARGETS {
        let (corpus, start) = (corpus(name), Instant::now());
        let mut seed = first;
        while long.map_or(seed < first + INPUTS, |long| start.elapsed() < long) {
            let data = mutate::input(&mut mutate::Numbers(seed << 20), &corpus, 3_000);
            timed(name, &format!("seed {seed}"), *body, &data);
            seed += 1;
        }
        if long.is_some() {
            println!("{name}: seeds {first}..{seed} in {:?}", start.elapsed());
        }
    }
}

#[test]
fn hostile_inputs_end_no_target() {
    let many = |text: &str, bytes: usize| text.repeat(bytes / text.len()).into_bytes();
    let inputs = [
        ("10 MB of parentheses", many("(", 10 << 20)),
        ("10 MB of open substitutions", many("$(", 10 << 20)),
        ("10 MB of lines", many("a\n", 10 << 20)),
        ("one word of 1 MB", many("a", 1 << 20)),
        ("one quoted word of 1 MB", many("'a", 1 << 20)),
        ("NUL bytes", many("rm\0", 1 << 20)),
        ("what is not UTF-8", vec![0xff; 1 << 20]),
        ("every byte", (0..=255).cycle().take(1 << 20).collect()),
        ("unbalanced quotes", many("\"'`", 1 << 20)),
        ("unbalanced brackets", many(")]}", 1 << 20)),
        ("unbalanced words", many("fi done esac ", 1 << 20)),
        ("open here-documents", many("a <<E\n", 60 << 10)),
        ("nested lists of rules", many("prefix_rule(pattern=[", 1 << 20)),
        ("wrappers in wrappers", many("env\n", 1 << 18)),
        ("nested expansions", many("${a:-", 60 << 10)),
        ("backslashes", many("\\", 1 << 20)),
        ("nested filters", many("(version 1)(allow file-read* (require-not ", 1 << 20)),
        ("a long name of an operation", [b"(version 1)(allow " as &[u8], &many("file-", 60 << 10), b")"].concat()),
        (
            "a long name of a filter",
            [b"(version 1)(allow signal (" as &[u8], &many("prefix", 60 << 10), b"))"].concat(),
        ),
        ("quotes of forms", many("(version 1)'", 1 << 20)),
        ("rules of patterns", many("(version 1)(deny file-read* (regex #\"^(a*)*$\"))", 1 << 16)),
    ];
    for (name, body) in bodies::TARGETS {
        for (what, data) in &inputs {
            timed(name, what, *body, data);
        }
    }
}
