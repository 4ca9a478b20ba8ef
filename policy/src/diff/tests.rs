use super::*;
use crate::judge::judge;
use crate::network::NetworkRule;
use crate::pattern::{Comparison, PatternElement};
use crate::request::{BasenameFallback, CodexMatching, Matching, Request};
use crate::rule::{Length, NewRule, Origin};
use crate::ruleset::{HostExecutable, RuleSetBuilder};
use crate::source::{SourceId, Span};
use crate::tree::{self, Subject, Surroundings};
use crate::word::known;

fn origin() -> Origin {
    Origin { at: Span { source: SourceId(0), start: 0, end: 0 }, via: Vec::new() }
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

/// A rule from words, `a|b` standing for alternatives; `~` before them folds case, `=` fixes the length.
fn rule(line: &str) -> NewRule {
    let (decision, pattern) = line.split_once(' ').expect("a decision first");
    let (comparison, pattern) = match pattern.strip_prefix('~') {
        Some(pattern) => (Comparison::Canonical, pattern),
        None => (Comparison::Exact, pattern),
    };
    let (length, pattern) = match pattern.strip_prefix('=') {
        Some(pattern) => (Length::Exactly, pattern),
        None => (Length::AtLeast, pattern),
    };
    let mut elements = pattern.split(' ').map(|element| {
        let alternatives: Vec<String> = element.split('|').map(str::to_owned).collect();
        match alternatives.as_slice() {
            [one] => PatternElement::Word(one.clone()),
            _ => PatternElement::AnyOf(alternatives),
        }
    });
    NewRule {
        heads: elements.next().map(|head| head.words().to_vec()).unwrap_or_default(),
        rest: elements.collect(),
        decision: Decision::parse(decision).expect("a decision"),
        justification: None,
        comparison,
        length,
        reviewer: None,
        origin: origin(),
    }
}

fn set(lines: &[&str]) -> RuleSet {
    let mut builder = RuleSetBuilder::new();
    for line in lines {
        builder.rule(&rule(line));
    }
    builder.build()
}

const STRICT: Settings = Settings { world: World::Strict, default: Decision::Prompt };

fn compared(old: &[&str], new: &[&str]) -> Difference {
    diff(&set(old), &set(new), STRICT).expect("few places")
}

fn shown(difference: &Difference) -> Vec<String> {
    let prefix = |prefix: &Prefix| {
        let position = |position: &Position| {
            let any = position.any_case.iter().map(|folded| format!("{}~", folded.like));
            position.words.iter().cloned().chain(any).collect::<Vec<_>>().join("|")
        };
        let end = match prefix.extent {
            Extent::AtLeast => "*",
            Extent::Exactly => ".",
            Extent::Longer => "+",
        };
        let words = prefix.positions.iter().map(position).collect::<Vec<_>>().join(" ");
        format!("{words} {end}")
    };
    let entry = |entry: &Entry| {
        let except: Vec<String> = entry.except.iter().map(|except| format!(" but {}", prefix(except))).collect();
        format!(
            "{:?} {:?}: {}{} ({} to {}), {}",
            entry.way,
            entry.change,
            prefix(&entry.prefix),
            except.concat(),
            entry.old.decision,
            entry.new.decision,
            entry.witness.join(" ")
        )
    };
    difference.entries.iter().map(entry).collect()
}

#[test]
fn a_group_is_a_prefix_with_what_is_excepted_from_it_and_a_witness() {
    let difference = compared(&["prompt git push"], &["allow git", "forbidden git push -f|--force"]);
    assert_eq!(
        shown(&difference),
        [
            "Looser Decision: git * but git push --force|-f * (prompt to allow), git",
            "Stricter Decision: git push --force|-f * (prompt to forbidden), git push --force",
        ]
    );
    let rules = difference.entries.iter().map(|entry| (entry.old.rule, entry.new.rule));
    let (none, id) = (None, |id| Some(RuleId(id)));
    assert_eq!(rules.collect::<Vec<_>>(), [(none, id(0)), (id(0), id(1))]);
}

#[test]
fn groups_that_differ_in_the_program_alone_are_one() {
    assert_eq!(
        shown(&compared(&[], &["forbidden nc|ncat -e"])),
        ["Stricter Decision: nc|ncat -e * (prompt to forbidden), nc -e"]
    );
}

#[test]
fn a_rule_for_one_length_changes_that_length_only() {
    assert_eq!(shown(&compared(&[], &["allow =ls -l"])), ["Looser Decision: ls -l . (prompt to allow), ls -l"]);
    assert_eq!(
        shown(&compared(&["allow =ls -l"], &["allow ls -l"])),
        ["Looser Decision: ls -l + (prompt to allow), ls -l x"]
    );
}

#[test]
fn a_rule_that_folds_case_changes_the_other_spellings() {
    assert_eq!(
        shown(&compared(&["forbidden rm"], &["forbidden ~rm"])),
        ["Stricter Decision: RM~ * (prompt to forbidden), RM"]
    );
}

#[test]
fn sets_that_say_the_same_in_other_words_are_equal() {
    for (one, other) in [
        (&["prompt git push"][..], &["prompt git push", "prompt git push -f"][..]),
        (&["forbidden a x|y"], &["forbidden a x", "forbidden a y"]),
        (&["allow cal", "allow cal -y"], &["allow cal"]),
        (&["forbidden rm", "allow rm"], &["forbidden rm"]),
        (&[], &[]),
    ] {
        assert_eq!(compared(one, other), Difference::default(), "{one:?} {other:?}");
        assert!(compared(other, one).is_equal());
    }
}

#[test]
fn what_differs_only_beyond_the_words_is_told() {
    // Asking because a rule says so still asks where `sudo ls` is allowed; asking by default does not.
    assert_eq!(shown(&compared(&[], &["prompt ls"])), ["Stricter Beyond: ls * (prompt to prompt), ls"]);
    // `sort` alone does not allow `sort -o`.
    assert_eq!(
        shown(&compared(&["allow sort"], &["allow sort", "allow sort -o"])),
        ["Looser Beyond: sort -o * (allow to allow), sort -o"]
    );
    // The first forbids `x -a b` wherever -a stands; the second forbids these words only.
    let difference = compared(&["forbidden x -a b"], &["forbidden =x -a b", "forbidden x -a b c"]);
    assert!(difference.goes(Way::Looser));
}

#[test]
fn a_rule_without_a_counterpart_is_not_called_equal() {
    // Both spellings there are get the same; that the two rules reach as far as the one is not shown.
    let difference = compared(&["forbidden ~x1"], &["forbidden x1", "forbidden X1"]);
    assert_eq!(difference.entries, []);
    assert_eq!(difference.unproven, [Unproven { way: Way::Looser, rule: RuleId(0) }]);
    assert!(difference.goes(Way::Looser) && !difference.goes(Way::Stricter));
}

#[test]
fn places_of_programs_and_connections_are_compared() {
    let make = |paths: Option<&[&str]>, network: &[(&str, Decision)]| {
        let mut builder = RuleSetBuilder::new();
        builder.rule(&rule("allow git status"));
        if let Some(paths) = paths {
            let paths = paths.iter().map(|path| (*path).to_owned()).collect();
            builder.host_executable("git".to_owned(), HostExecutable { paths, origin: origin() });
        }
        for (host, decision) in network {
            builder.network(NetworkRule {
                host: (*host).to_owned(),
                protocol: Protocol::Https,
                decision: *decision,
                justification: None,
                origin: origin(),
            });
        }
        builder.build()
    };
    let ways = |old: &RuleSet, new: &RuleSet| {
        let difference = diff(old, new, STRICT).expect("few places");
        (difference.goes(Way::Looser), difference.goes(Way::Stricter), difference.is_equal())
    };
    let (open, one, two) =
        (make(None, &[]), make(Some(&["/bin/git"]), &[]), make(Some(&["/usr/bin/git", "/bin/git"]), &[]));
    assert_eq!(ways(&open, &one), (false, true, false));
    assert_eq!(ways(&one, &two), (true, false, false));
    assert_eq!(ways(&two, &make(Some(&["/bin/git", "/usr/bin/git"]), &[])), (false, false, true));
    let allowed = make(None, &[("a.org", Decision::Allow)]);
    assert_eq!(ways(&open, &allowed), (true, false, false));
    assert_eq!(ways(&allowed, &make(None, &[("a.org", Decision::Forbidden)])), (false, true, false));
    // The last rule for a host counts.
    let moved = make(None, &[("a.org", Decision::Forbidden), ("a.org", Decision::Allow)]);
    assert_eq!(ways(&allowed, &moved), (false, false, true));
}

#[test]
fn overlapping_alternatives_that_multiply_are_given_up_and_not_cut() {
    let mut lines = Vec::new();
    for position in 0..24 {
        let mut pattern = vec!["a|b"; 24];
        pattern[position] = "a";
        lines.push(format!("prompt p {}", pattern.join(" ")));
    }
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let found = walk::entries(&set(&[]), &set(&lines), STRICT, 10_000);
    assert_eq!(found, Err(TooMany { places: 10_000 }));
}

/// A small generator of numbers, the same on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn rules(&mut self, heads: &[&str], words: &[&str]) -> Vec<String> {
        (0..self.below(5))
            .map(|_| {
                let mut line = format!("{} ", self.one(&["allow", "prompt", "forbidden"]));
                line.push_str(self.one(&["", "", "", "~"]));
                line.push_str(self.one(&["", "", "", "="]));
                line.push_str(self.one(heads));
                for _ in 0..self.below(3) {
                    line.push(' ');
                    line.push_str(self.one(words));
                    while self.below(3) == 0 {
                        line.push('|');
                        line.push_str(self.one(words));
                    }
                }
                line
            })
            .collect()
    }
}

fn commands(heads: &[&str], words: &[&str], longest: usize) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = heads.iter().map(|head| vec![(*head).to_owned()]).collect();
    let mut from = 0;
    for _ in 1..longest {
        let to = all.len();
        for at in from..to {
            for word in words {
                let mut longer = all[at].clone();
                longer.push((*word).to_owned());
                all.push(longer);
            }
        }
        from = to;
    }
    all
}

fn owned(lines: &[String]) -> RuleSet {
    set(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Every command of a bounded length gets the change that the groups say, and no other; each witness is of its group.
fn agrees_with_brute_force(world: World, pairs: usize, heads: &[&str]) {
    let mut random = Random(0x5eed_0000_0000_0001 ^ pairs as u64);
    let all = commands(&[heads, &["A", "z"]].concat(), &["p", "q", "P", "z"], 4);
    let mut changed = 0;
    for _ in 0..pairs {
        let lines = (random.rules(heads, &["p", "q"]), random.rules(heads, &["p", "q"]));
        let (old, new) = (owned(&lines.0), owned(&lines.1));
        let default = [Decision::Allow, Decision::Prompt, Decision::Forbidden][random.below(3)];
        let difference = diff(&old, &new, Settings { world, default }).expect("few places");
        let matching = match world {
            World::Strict => Matching::Strict,
            World::Codex => {
                Matching::Codex(CodexMatching { basename_fallback: BasenameFallback::Off, cwd: "/", home: None })
            }
        };
        let decide = |set: &RuleSet, argv: &[String]| {
            judge(set, &Request { argv, identity: None, matching, default }).decision()
        };
        for entry in &difference.entries {
            assert!(entry.holds(&entry.witness), "{lines:?} {entry:?}");
            let decisions = (decide(&old, &entry.witness), decide(&new, &entry.witness));
            assert_eq!(decisions, (entry.old.decision, entry.new.decision), "{lines:?} {entry:?}");
        }
        // A path that no rule names is the program its last component names: what changes for that changes for it.
        let named = |argv: &&Vec<String>| {
            let head = &argv[0];
            !head.contains('/') || lines.0.iter().chain(&lines.1).any(|line| line.contains(head.as_str()))
        };
        for argv in all.iter().filter(named) {
            let told: Vec<&Entry> = difference
                .entries
                .iter()
                .filter(|entry| entry.change == Change::Decision && entry.holds(argv))
                .collect();
            let (was, is) = (decide(&old, argv), decide(&new, argv));
            let wanted: Vec<(Decision, Decision)> = if was == is { Vec::new() } else { vec![(was, is)] };
            let got: Vec<_> = told.iter().map(|entry| (entry.old.decision, entry.new.decision)).collect();
            assert_eq!(got, wanted, "{argv:?} of {lines:?}: {:?}", shown(&difference));
            changed += usize::from(was != is);
        }
    }
    assert!(changed > pairs, "the sets must differ for this to mean anything: {changed}");
}

#[test]
fn ten_thousand_pairs_agree_with_brute_force_by_words() {
    agrees_with_brute_force(World::Codex, 10_000, &["a", "b", "/x/a"]);
}

#[test]
fn pairs_agree_with_brute_force_strictly() {
    agrees_with_brute_force(World::Strict, 2_000, &["a", "b", "/x/a"]);
}

/// Whatever a command is, with options, wrappers and scripts: where the whole judgement gets milder or stricter, the
/// difference goes that way.
#[test]
fn no_verdict_changes_in_a_way_that_is_not_told() {
    let mut random = Random(0x5eed_0000_0000_0002);
    let heads = ["sort", "git", "ls", "sudo", "env", "x", "/usr/bin/ls"];
    let options = ["-o", "--output", "-C", "push", "-f", "ls", "f"];
    let scripts: Vec<String> = (0..120)
        .map(|_| {
            let mut script = String::new();
            for part in 0..=random.below(2) {
                script.push_str(if part > 0 { "; " } else { "" });
                script.push_str(random.one(&["", "", "sudo ", "env ", "A=1 ", "xargs "]));
                script.push_str(random.one(&heads));
                for _ in 0..random.below(4) {
                    script.push(' ');
                    script.push_str(random.one(&[&options[..], &["$X", "-fo", "--out"]].concat()));
                }
                script.push_str(random.one(&["", "", " > f"]));
            }
            script
        })
        .collect();
    let (mut equal, mut differs) = (0, 0);
    for _ in 0..400 {
        let mut lines = (random.rules(&heads, &options), random.rules(&heads, &options));
        // Half of the pairs are near to each other, so that equality is met too.
        if random.below(2) == 0 {
            lines.1 = lines.0.clone();
            lines.1.extend(random.rules(&heads, &options).into_iter().take(1));
        }
        let (old, new) = (owned(&lines.0), owned(&lines.1));
        let default = [Decision::Allow, Decision::Prompt, Decision::Forbidden][random.below(3)];
        let difference = diff(&old, &new, Settings { default, ..STRICT }).expect("few places");
        equal += usize::from(difference.is_equal());
        let around = Surroundings { identify: &|_| None, home: None, default };
        let decide = |set: &RuleSet, script: &str| {
            let dialect = crate::shell::Dialect::Bash;
            let as_script = tree::judge(set, Subject::Script { text: script, dialect }, &around).decision();
            let as_words = tree::judge(set, Subject::Command(&known(&words(script))), &around).decision();
            (as_script, as_words)
        };
        for script in &scripts {
            let (was, is) = (decide(&old, script), decide(&new, script));
            let looser = is.0 < was.0 || is.1 < was.1;
            let stricter = is.0 > was.0 || is.1 > was.1;
            differs += usize::from(looser || stricter);
            let told = (!looser || difference.goes(Way::Looser)) && (!stricter || difference.goes(Way::Stricter));
            assert!(told, "`{script}` {was:?} {is:?} of {lines:?} by default {default}: {difference:?}");
        }
    }
    assert!(equal > 20 && differs > 1_000, "equal {equal}, differs {differs}");
}
