//! The bodies of the fuzz targets, and a way to run them without libFuzzer.

pub mod bodies;
pub mod mutate;

use std::io::Read;
use std::time::{Duration, Instant};

/// Runs a body over standard input (`-`), or over a number of made-up inputs: `NUMBER [SEED [FILE...]]`.
pub fn alone(body: fn(&[u8])) {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next().unwrap_or_else(|| "-".into());
    if first == "-" {
        let mut data = Vec::new();
        std::io::stdin().read_to_end(&mut data).expect("standard input can be read");
        body(&data);
        return;
    }
    let count: u64 = first.parse().expect("a number of inputs, or `-`");
    let seed: u64 = arguments.next().map_or(1, |seed| seed.parse().expect("a seed"));
    let corpus: Vec<Vec<u8>> = arguments.map(|name| std::fs::read(name).expect("a file")).collect();
    for number in seed..seed + count {
        let data = mutate::input(&mut mutate::Numbers(number << 20), &corpus, 70_000);
        let start = Instant::now();
        body(&data);
        if start.elapsed() > Duration::from_secs(1) {
            println!("seed {number}: {:?} for {} bytes", start.elapsed(), data.len());
        }
    }
    println!("seeds {seed}..{}: no crash", seed + count);
}
