//! How many commands a second are judged, and how that depends on the number of rules: it should not.
//!
//! `cargo bench -p palisade-policy --bench judge`. The stream of commands is the same for every rule set; the figure to
//! compare is the items per second.

use divan::Bencher;
use divan::counter::ItemsCount;
use policy::decision::Decision;
use policy::judge::judge;
use policy::load::{Banned, File, Language, Limits, Options, load};
use policy::pattern::{Comparison, PatternElement};
use policy::request::{Identity, Matching, Request};
use policy::rule::{Length, NewRule, Origin};
use policy::ruleset::{RuleSet, RuleSetBuilder};
use policy::source::{SourceId, Span};

fn main() {
    divan::main();
}

const SIZES: &[usize] = &[10, 1_000, 10_000, 100_000];

fn word(text: &str) -> PatternElement {
    PatternElement::Word(text.to_owned())
}

fn rule(head: String, rest: Vec<PatternElement>, decision: Decision) -> NewRule {
    let at = Span { source: SourceId(0), start: 0, end: 1 };
    NewRule {
        heads: vec![head],
        rest,
        decision,
        justification: None,
        comparison: Comparison::Exact,
        length: Length::AtLeast,
        reviewer: None,
        origin: Origin { at, via: Vec::new() },
    }
}

/// Rules that the stream meets, and as many others as asked for, spread over programs or all of one program.
fn rules(count: usize, one_program: Option<&str>) -> RuleSet {
    let mut builder = RuleSetBuilder::new();
    let any = |words: &[&str]| PatternElement::AnyOf(words.iter().map(|text| (*text).to_owned()).collect());
    let met = [
        rule("git".into(), vec![any(&["status", "log", "diff"])], Decision::Allow),
        rule("git".into(), vec![word("push"), any(&["-f", "--force"])], Decision::Forbidden),
        rule("cargo".into(), vec![any(&["build", "test", "check"])], Decision::Allow),
        rule("rm".into(), vec![any(&["-rf", "-fr", "-r"])], Decision::Forbidden),
        rule("npm".into(), vec![word("install")], Decision::Prompt),
        rule("ls".into(), vec![], Decision::Allow),
        rule("docker".into(), vec![word("run"), word("--privileged")], Decision::Forbidden),
        rule("python3".into(), vec![word("-c")], Decision::Prompt),
    ];
    for new in &met {
        builder.rule(new);
    }
    for number in met.len()..count {
        let head = one_program.map_or_else(|| format!("tool{}", number % 5_000), str::to_owned);
        let rest = vec![word(&format!("sub{number}")), any(&["a", "b", "--all"])];
        builder.rule(&rule(head, rest, Decision::Prompt));
    }
    builder.build()
}

/// Commands of three to five words, as agents run them: some matched, some not, some by no program known.
fn stream() -> Vec<Vec<String>> {
    [
        "git status --short",
        "git push --force origin",
        "git push origin main",
        "git log --oneline -5",
        "cargo test -p policy",
        "cargo build --release --locked",
        "rm -rf target/debug",
        "rm build/output.txt notes.txt",
        "npm install left-pad --save",
        "npm run build",
        "ls -la src tests",
        "docker run --privileged alpine sh",
        "docker ps -a",
        "python3 -c pass",
        "python3 scripts/report.py --all",
        "rg --files -g *.rs",
        "sed -n 1,20p README.md",
        "find . -name *.toml",
        "make -j4 all",
        "go test ./... -run X",
    ]
    .iter()
    .map(|line| line.split(' ').map(str::to_owned).collect())
    .collect()
}

fn judged(bencher: Bencher<'_, '_>, set: &RuleSet) {
    judged_on(bencher, set, &stream());
}

fn lines(lines: &[&str]) -> Vec<Vec<String>> {
    lines.iter().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

fn judged_on(bencher: Bencher<'_, '_>, set: &RuleSet, commands: &[Vec<String>]) {
    let identities: Vec<Identity> = commands
        .iter()
        .map(|argv| {
            let path = Some(format!("/usr/bin/{}", argv[0]));
            Identity { resolved: path.clone(), real: path.clone(), lookup: path, ..Identity::default() }
        })
        .collect();
    let requests: Vec<Request<'_>> = commands
        .iter()
        .zip(&identities)
        .map(|(argv, identity)| Request {
            argv,
            identity: Some(identity),
            matching: Matching::Strict,
            default: Decision::Prompt,
        })
        .collect();
    bencher.counter(ItemsCount::new(requests.len())).bench_local(|| {
        for request in &requests {
            divan::black_box(judge(divan::black_box(set), divan::black_box(request)));
        }
    });
}

#[divan::bench(args = SIZES)]
fn spread_over_programs(bencher: Bencher<'_, '_>, count: usize) {
    judged(bencher, &rules(count, None));
}

#[divan::bench(args = SIZES)]
fn one_program_owns_all(bencher: Bencher<'_, '_>, count: usize) {
    judged(bencher, &rules(count, Some("git")));
}

/// Commands without any option, of which nothing but the spelling is asked.
#[divan::bench(args = SIZES)]
fn without_options(bencher: Bencher<'_, '_>, count: usize) {
    let commands = lines(&[
        "git status",
        "git push origin main",
        "cargo build",
        "rm build/output.txt notes.txt",
        "npm install left-pad",
        "npm run build",
        "ls src tests",
        "docker ps",
        "python3 scripts/report.py",
        "make all",
    ]);
    judged_on(bencher, &rules(count, Some("git")), &commands);
}

/// Commands whose options must be read, because some rule restricts their program.
#[divan::bench(args = SIZES)]
fn read_for_their_meaning(bencher: Bencher<'_, '_>, count: usize) {
    let commands = lines(&[
        "git -C /p push --no-verify origin",
        "git --no-pager push origin main -f",
        "rm target --recursive --force",
        "rm -v a b",
        "npm --prefix x install left-pad",
        "docker --context c run -it --privileged alpine sh",
        "docker run --rm -v /a:/b -w /b alpine sh",
        "python3 -B -c pass",
    ]);
    judged_on(bencher, &rules(count, Some("git")), &commands);
}

/// Without facts about the program, as in `policy` alone.
#[divan::bench(args = SIZES)]
fn without_identity(bencher: Bencher<'_, '_>, count: usize) {
    let set = rules(count, None);
    let commands = stream();
    let requests: Vec<Request<'_>> = commands.iter().map(|argv| Request::strict(argv)).collect();
    bencher.counter(ItemsCount::new(requests.len())).bench_local(|| {
        for request in &requests {
            divan::black_box(judge(divan::black_box(&set), divan::black_box(request)));
        }
    });
}

/// Loading text: parsing, evaluating, examples, index.
#[divan::bench(args = [10, 1_000, 10_000], sample_count = 20)]
fn load_rules(bencher: Bencher<'_, '_>, count: usize) {
    use std::fmt::Write;
    let mut text = String::new();
    for number in 0..count {
        let tool = number % 997;
        let _ = writeln!(
            text,
            "prefix_rule(pattern=[\"tool{tool}\", \"sub{number}\", [\"a\", \"b\"]], decision=\"prompt\", \
             match=[\"tool{tool} sub{number} a x\"])"
        );
    }
    bencher
        .counter(ItemsCount::new(count))
        .with_inputs(|| vec![File { name: "bench.rules".into(), text: Ok(text.clone()) }])
        .bench_local_values(|files| {
            let options = Options {
                language: Language::Extended,
                banned: Banned::Ignore,
                cwd: "/",
                home: None,
                limits: Limits::default(),
                progress: None,
            };
            load(files, options)
        });
}
