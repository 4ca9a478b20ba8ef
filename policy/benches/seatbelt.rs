//! How many questions a second the Seatbelt simulator decides on one core, for a profile of 300 rules: a million is the aim.
//!
//! `cargo bench -p palisade-policy --bench seatbelt`. The profile has what real ones have: many trees and files, carve-outs
//! with `require-not`, patterns, names of services, connections. The stream of questions meets all of it; the figure to read
//! is the items per second. `patterns` and `one_operation` are nothing but patterns and nothing but trees, all on one
//! operation; `loose_patterns` are patterns that may match anywhere, `one_folder` patterns below one.

#![expect(clippy::print_stdout, reason = "a bench tells people what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use divan::Bencher;
use divan::counter::ItemsCount;
use policy::seatbelt::{Outcome, Profile, Query, Settings, decide, load};
use policy::source::Source;

fn main() {
    divan::main();
    target();
}

/// Decisions a second on one core, for a profile of 300 rules.
const TARGET: f64 = 1_000_000.0;

/// Says whether the target is met: the best of some short measurements, since other work only ever makes one slower.
fn target() {
    let profile = mixed();
    let questions = questions(&profile);
    let rate = |_| {
        let (start, mut decided) = (Instant::now(), 0_u32);
        while start.elapsed() < Duration::from_millis(100) {
            questions.iter().for_each(|query| drop(divan::black_box(decide(&profile, divan::black_box(query), None))));
            decided += u32::try_from(questions.len()).unwrap_or(0);
        }
        f64::from(decided) / start.elapsed().as_secs_f64()
    };
    let best = (0..10).map(rate).fold(0.0, f64::max);
    let word = if best >= TARGET { "met" } else { "missed" };
    println!("three_hundred_rules: {best:.0} decisions a second, target {TARGET:.0}: {word}");
}

fn profile(text: &str) -> Profile {
    let source = Source { name: "bench.sb".into(), text: text.into() };
    let loaded = load(source, &Settings { parameters: &BTreeMap::new(), import: &|_| None });
    loaded.profile.unwrap_or_else(|why| panic!("{}", why.found.message))
}

/// 300 rules, as a generated profile for a build with many roots would have them.
fn mixed() -> Profile {
    let mut text =
        String::from("(version 1)(deny default)(allow process-exec)(allow process-fork)(deny process-info*)");
    for at in 0..80 {
        let _ = write!(text, "(allow file-read* (subpath \"/opt/tool{at}\") (literal \"/etc/tool{at}.conf\"))");
    }
    for at in 0..60 {
        let _ = write!(
            text,
            "(allow file-write* (require-all (subpath \"/work/root{at}\") (require-not (subpath \"/work/root{at}/.git\"))))"
        );
    }
    for at in 0..40 {
        let _ = write!(text, "(deny file-read* file-write* (subpath \"/work/root{at}/secret\"))");
        let _ = write!(text, "(deny file-write-unlink (literal \"/work/root{at}\"))");
    }
    for at in 0..10 {
        let _ = write!(text, "(deny file-read* (regex #\"^/work/root{at}/(.*/)?[^/]*\\.pem$\"))");
    }
    for at in 0..40 {
        let _ = write!(text, "(allow mach-lookup (global-name \"com.example.service{at}\"))");
    }
    for at in 0..19 {
        let _ = write!(text, "(allow network-outbound (remote ip \"localhost:{}\"))", 3000 + at);
    }
    text.push_str("(allow sysctl-read (sysctl-name \"hw.ncpu\" \"hw.memsize\") (sysctl-name-prefix \"hw.perflevel\"))");
    text.push_str("(allow signal (target same-sandbox))(allow process-info* (target same-sandbox))");
    text.push_str(
        "(allow file-write-data (require-all (literal \"/dev/null\") (vnode-type CHARACTER-DEVICE)))(allow file-ioctl (regex #\"^/dev/ttys[0-9]+\"))",
    );
    text.push_str("(allow network-bind (local ip \"localhost:*\"))(allow user-preference-read)");
    let profile = profile(&text);
    assert_eq!(profile.rules.len(), 300, "the profile is what it says");
    profile
}

fn questions(profile: &Profile) -> Vec<Query> {
    let mut questions = Vec::new();
    let mut ask = |operation: &str, argument: &str| {
        let mut query = Query::new(operation).expect("an operation");
        query.tell_main(argument).expect("an argument");
        if operation.starts_with("file-") {
            query.tell("vnode-type", "REGULAR-FILE").expect("a fact");
        }
        assert_ne!(decide(profile, &query, None).outcome, Outcome::Unknown, "{operation} {argument}");
        questions.push(query);
    };
    for at in [0, 7, 39, 59, 79, 200] {
        ask("file-read-data", &format!("/opt/tool{at}/lib/python3/site-packages/a.py"));
        ask("file-read-metadata", &format!("/etc/tool{at}.conf"));
        ask("file-read-data", &format!("/work/root{at}/secret/key"));
        ask("file-read-data", &format!("/work/root{at}/certificates/server.pem"));
        ask("file-write-create", &format!("/work/root{at}/target/debug/deps/x.o"));
        ask("file-write-data", &format!("/work/root{at}/.git/config"));
        ask("file-write-unlink", &format!("/work/root{at}"));
        ask("mach-lookup", &format!("com.example.service{at}"));
        ask("network-outbound", &format!("tcp:127.0.0.1:{}", 3000 + at));
    }
    ask("network-outbound", "tcp:198.51.100.7:443");
    ask("process-exec*", "/usr/bin/git");
    ask("sysctl-read", "hw.perflevel0.physicalcpu");
    ask("signal", "others");
    questions
}

#[divan::bench]
fn three_hundred_rules(bencher: Bencher) {
    let profile = mixed();
    run(bencher, &profile, &questions(&profile));
}

/// All of the rules on one operation, and the question met by none.
#[divan::bench]
fn one_operation(bencher: Bencher) {
    let mut text = String::from("(version 1)(deny default)");
    for at in 0..299 {
        let _ = write!(text, "(allow file-read* (subpath \"/opt/tool{at}\"))");
    }
    let profile = profile(&text);
    let mut query = Query::new("file-read-data").expect("an operation");
    query.tell_main("/Users/somebody/project/src/main.rs").expect("a path");
    run(bencher, &profile, &[query]);
}

/// Nothing but anchored patterns.
#[divan::bench]
fn patterns(bencher: Bencher) {
    let mut text = String::from("(version 1)(deny default)");
    for at in 0..299 {
        let _ = write!(text, "(allow file-read* (regex #\"^/opt/tool{at}/(.*/)?[^/]*\\.py$\"))");
    }
    let profile = profile(&text);
    let mut query = Query::new("file-read-data").expect("an operation");
    query.tell_main("/opt/tool150/lib/python3/site-packages/a.py").expect("a path");
    run(bencher, &profile, &[query]);
}

/// Patterns that may match anywhere.
#[divan::bench]
fn loose_patterns(bencher: Bencher) {
    let mut text = String::from("(version 1)(deny default)");
    for at in 0..299 {
        let _ = write!(text, "(allow file-read* (regex #\"/tool{at}/[^/]*\\.py$\"))");
    }
    let profile = profile(&text);
    let mut query = Query::new("file-read-data").expect("an operation");
    query.tell_main("/opt/tool150/lib/python3/site-packages/a.py").expect("a path");
    run(bencher, &profile, &[query]);
}

/// Patterns that all ask for the same folder, with one that matches.
#[divan::bench]
fn one_folder(bencher: Bencher) {
    let mut text = String::from("(version 1)(deny default)");
    for at in 0..299 {
        let _ = write!(text, "(allow file-read* (regex #\"^/Users/[^/]+/Library/Caches/tool{at}(/|$)\"))");
    }
    let profile = profile(&text);
    let mut query = Query::new("file-read-data").expect("an operation");
    query.tell_main("/Users/somebody/Library/Caches/tool150/http/index").expect("a path");
    run(bencher, &profile, &[query]);
}

fn run(bencher: Bencher, profile: &Profile, questions: &[Query]) {
    bencher.counter(ItemsCount::new(questions.len())).bench_local(|| {
        for query in questions {
            divan::black_box(decide(profile, divan::black_box(query), None));
        }
    });
}
