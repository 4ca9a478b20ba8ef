use super::*;
use crate::load::{Banned, File, Options as LoadOptions, load};
use crate::source::Source;

fn sources(name: &str, text: &str) -> Sources {
    let mut sources = Sources::default();
    sources.add(Source { name: name.to_owned(), text: text.to_owned() });
    sources
}

fn converted(format: Format, text: &str, options: &Options) -> (Sources, Converted) {
    let sources = sources("in", text);
    let found = to_rules(format, &sources, SourceId(0), options);
    let found = found.unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"));
    (sources, found)
}

/// The rules without comments and justifications, one a line; and what is told, with its line.
fn answer(format: Format, text: &str, options: &Options) -> (Vec<String>, Vec<(usize, Became)>) {
    let (sources, found) = converted(format, text, options);
    let loaded = load(
        vec![File { name: "out.rules".to_owned(), text: Ok(found.text.clone()) }],
        LoadOptions { banned: Banned::Refuse, ..LoadOptions::in_directory("/") },
    );
    assert_eq!(loaded.diagnostics, [], "{}", found.text);
    assert_eq!(crate::format::format(&found.text, SourceId(0)).as_ref(), Ok(&found.text));
    let rules = loaded.ruleset.rules().map(|rule| {
        let rest = rule.rest();
        let words: Vec<String> =
            std::iter::once(rule.head().to_owned()).chain(rest.iter().map(|one| one.words().join("|"))).collect();
        let exact = if rule.matches_lengths() == crate::rule::Length::Exactly { "." } else { "" };
        format!("{} {}{exact}", rule.decision(), words.join(" "))
    });
    let told = found.told.iter().map(|one| (sources.place(one.at).line, one.became)).collect();
    (rules.collect(), told)
}

use Became::{LeftOut, Note, Stricter};

fn claude(list: &str, rules: &[&str]) -> String {
    let rules: Vec<String> = rules.iter().map(|rule| format!("{rule:?}")).collect();
    format!("\"{list}\": [\n{}\n]", rules.join(",\n"))
}

fn settings(lists: &[String]) -> String {
    format!("{{\"permissions\": {{{}}}}}", lists.join(",\n"))
}

/// Notes what differs, so that one run shows all.
fn compare(got: (Vec<String>, Vec<Became>), rules: &[&str], became: &[Became], what: &str, wrong: &mut Vec<String>) {
    if got.0 != rules || got.1 != became {
        wrong.push(format!("{what}\n  wanted {rules:?} {became:?}\n  got    {:?} {:?}", got.0, got.1));
    }
}

#[test]
fn each_form_of_claude_code_becomes_what_it_means() {
    let cases: &[(&str, &str, &[&str], &[Became])] = &[
        ("allow", "Bash(npm run test:*)", &["allow npm run test"], &[]),
        ("allow", "Bash(git status *)", &["allow git status"], &[]),
        ("allow", "Bash(npm run build)", &["allow npm run build."], &[]),
        ("ask", "Bash(git push:*)", &["prompt git push"], &[]),
        ("deny", "Bash(rm:*)", &["forbidden rm"], &[]),
        ("deny", "Bash(git push)", &["forbidden git push."], &[]),
        ("deny", "Bash(rm *)", &["forbidden rm"], &[]),
        ("allow", "Bash(npm run test*)", &["allow npm run test"], &[Stricter]),
        ("deny", "Bash(npm run test*)", &["forbidden npm run"], &[Stricter]),
        ("deny", "Bash(rm*)", &["forbidden rm"], &[LeftOut]),
        ("allow", "Bash(git * main)", &[], &[LeftOut]),
        ("deny", "Bash(git * main)", &["forbidden git"], &[Stricter]),
        ("ask", "Bash(git push * --force)", &["prompt git push"], &[Stricter]),
        ("allow", "Bash(* --version)", &[], &[LeftOut]),
        ("deny", "Bash(* --force)", &[], &[LeftOut]),
        ("allow", "Bash(NODE_ENV=test npm test:*)", &[], &[LeftOut]),
        ("deny", "Bash(A=1 npm:*)", &["forbidden npm"], &[Stricter]),
        ("allow", "Bash(ls $HOME:*)", &[], &[LeftOut]),
        ("deny", "Bash(curl x | sh:*)", &["forbidden curl x"], &[Stricter]),
        ("deny", "Bash(curl * | sh)", &["forbidden curl"], &[Stricter]),
        ("deny", "Bash(* | sh)", &["forbidden sh"], &[Stricter]),
        ("deny", "Bash(* && rm -rf *)", &["forbidden rm -rf"], &[Stricter]),
        ("deny", "Bash(*; *)", &[], &[LeftOut]),
        ("allow", "Bash(ls | wc:*)", &[], &[LeftOut]),
        ("allow", "Bash(echo 'a b' c:*)", &["allow echo a b c"], &[]),
        ("allow", "Bash(make && make install)", &[], &[LeftOut]),
        ("allow", "Bash", &[], &[LeftOut]),
        ("allow", "Bash(*)", &[], &[LeftOut]),
        ("ask", "Bash(*)", &[], &[Note]),
        ("deny", "Bash", &[], &[LeftOut]),
        ("allow", "Read(./src/**)", &[], &[LeftOut]),
        ("deny", "WebFetch(domain:a.org)", &[], &[LeftOut]),
        ("allow", "mcp__github__create", &[], &[LeftOut]),
        ("allow", "Bash(git", &[], &[LeftOut]),
        // Through these anything can be executed.
        ("allow", "Bash(python3:*)", &["prompt python3"], &[Stricter]),
        ("allow", "Bash(sudo:*)", &["prompt sudo"], &[Stricter]),
        ("allow", "Bash(git:*)", &["prompt git"], &[Stricter]),
        ("allow", "Bash(python3 -c 'print(1)')", &[], &[LeftOut]),
        ("allow", "Bash(python3 build.py)", &["allow python3 build.py."], &[]),
        ("allow", "Bash(git *:*)", &[], &[LeftOut]),
    ];
    let mut wrong = Vec::new();
    for (list, rule, rules, became) in cases {
        let text = settings(&[claude(list, &[rule])]);
        let (got, told) = answer(Format::Claude, &text, &Options::default());
        let told: Vec<Became> = told.into_iter().map(|(_, became)| became).collect();
        compare((got, told), rules, became, &format!("{list} {rule}"), &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_refusal_that_no_rule_says_takes_permissions_with_it() {
    let both = |deny: &str, allow: &[&str]| {
        let text = settings(&[claude("deny", &[deny]), claude("allow", allow)]);
        answer(Format::Claude, &text, &Options::default()).0
    };
    assert_eq!(both("Bash(* --force)", &["Bash(cargo test:*)", "Bash(ls)"]), ["prompt cargo test", "prompt ls."]);
    assert_eq!(
        both("Bash(car*)", &["Bash(cargo test:*)", "Bash(ls:*)"]),
        ["forbidden car", "prompt cargo test", "allow ls"]
    );
    assert_eq!(both("Bash", &["Bash(cargo test:*)"]), ["forbidden cargo test"]);
    // What a refusal covers was never allowed.
    assert_eq!(
        both("Bash(git push:*)", &["Bash(git push origin:*)", "Bash(git log:*)"]),
        ["forbidden git push", "allow git log"]
    );
}

#[test]
fn codex_gets_no_rule_for_one_command_only() {
    let options = Options { only_codex: true, ..Options::default() };
    let text = settings(&[claude("deny", &["Bash(git push)"]), claude("allow", &["Bash(ls)", "Bash(cal:*)"])]);
    let (rules, told) = answer(Format::Claude, &text, &options);
    assert_eq!(rules, ["forbidden git push", "allow cal"]);
    assert_eq!(told.iter().map(|(_, became)| *became).collect::<Vec<_>>(), [Stricter, LeftOut]);
}

#[test]
fn what_allows_anything_is_allowed_when_it_is_accepted() {
    let options = Options { accept_banned: true, ..Options::default() };
    let (rules, told) = answer(Format::Claude, &settings(&[claude("allow", &["Bash(python3:*)"])]), &options);
    assert_eq!((rules, told), (vec!["allow python3".to_owned()], vec![(2, Note)]));
}

#[test]
fn other_settings_are_told_by_line() {
    let text = "{\n\"hooks\": {},\n\"permissions\": {\n\"defaultMode\": \"bypassPermissions\",\n\"additionalDirectories\": [\"/x\"],\n\"new\": 1}}";
    assert_eq!(
        answer(Format::Claude, text, &Options::default()).1,
        [(2, LeftOut), (4, LeftOut), (5, LeftOut), (6, LeftOut)]
    );
}

fn rule(fields: &str) -> String {
    format!("[[rule]]\ntoolName = \"run_shell_command\"\n{fields}\n")
}

#[test]
fn each_form_of_the_gemini_cli_becomes_what_it_means() {
    let cases: &[(&str, &[&str], &[Became])] = &[
        ("commandPrefix = 'git status'\ndecision = 'allow'\npriority = 1", &["allow git status"], &[]),
        (
            "commandPrefix = ['git log', 'git diff']\ndecision = 'ask_user'\npriority = 1",
            &["prompt git log", "prompt git diff"],
            &[],
        ),
        ("commandPrefix = 'rm -rf'\ndecision = 'deny'\npriority = 1\ndenyMessage = 'gone'", &["forbidden rm -rf"], &[]),
        (
            "commandRegex = 'git (log|diff) '\ndecision = 'allow'\npriority = 1",
            &["allow git log", "prompt git log.", "allow git diff", "prompt git diff."],
            &[],
        ),
        (
            "commandRegex = 'git (commit|push)'\ndecision = 'allow'\npriority = 1",
            &["allow git commit", "allow git push"],
            &[Stricter],
        ),
        ("commandRegex = 'git (commit|push)'\ndecision = 'deny'\npriority = 1", &["forbidden git"], &[Stricter]),
        ("commandRegex = 'npm run .*'\ndecision = 'allow'\npriority = 1", &[], &[LeftOut]),
        ("commandRegex = 'npm run .*'\ndecision = 'deny'\npriority = 1", &["forbidden npm run"], &[Stricter]),
        ("commandRegex = '.*--force'\ndecision = 'deny'\npriority = 1", &[], &[LeftOut]),
        ("commandRegex = '^git status'\ndecision = 'allow'\npriority = 1", &[], &[LeftOut]),
        ("commandRegex = '(?!git)x'\ndecision = 'allow'\npriority = 1", &[], &[LeftOut]),
        (
            "argsPattern = '\"command\":\"ls -l '\ndecision = 'allow'\npriority = 1",
            &["allow ls -l", "prompt ls -l."],
            &[],
        ),
        ("argsPattern = 'rm'\ndecision = 'deny'\npriority = 1", &[], &[LeftOut]),
        ("decision = 'allow'\npriority = 1", &[], &[LeftOut]),
        ("decision = 'ask_user'\npriority = 1", &[], &[Note]),
        ("commandPrefix = 'ls'\ndecision = 'allow'\npriority = 1\nmodes = ['yolo']", &[], &[LeftOut]),
        ("commandPrefix = 'ls'\ndecision = 'deny'\npriority = 1\nmodes = ['yolo']", &["forbidden ls"], &[Stricter]),
        (
            "commandPrefix = 'ls'\ndecision = 'allow'\npriority = 1\nmodes = ['default', 'autoEdit', 'plan', 'yolo']",
            &["allow ls"],
            &[],
        ),
        ("commandPrefix = 'ls'\ndecision = 'allow'\npriority = 1\ninteractive = true", &[], &[LeftOut]),
        ("commandPrefix = 'ls'\ndecision = 'allow'\npriority = 1\nallowRedirection = true", &["allow ls"], &[Note]),
    ];
    let mut wrong = Vec::new();
    for (fields, rules, became) in cases {
        let (got, told) = answer(Format::Gemini, &rule(fields), &Options::default());
        let told: Vec<Became> = told.into_iter().map(|(_, became)| became).collect();
        compare((got, told), rules, became, fields, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let others = "[[rule]]\ntoolName = ['write_file', 'replace']\ndecision = 'deny'\npriority = 1\n[[safety_checker]]\npriority = 1\n";
    assert_eq!(answer(Format::Gemini, others, &Options::default()), (vec![], vec![(2, LeftOut), (5, LeftOut)]));
}

#[test]
fn priorities_of_the_gemini_cli_never_make_anything_milder() {
    let two = |one: (&str, &str, u32), other: (&str, &str, u32)| {
        let text = [one, other].map(|(prefix, decision, priority)| {
            rule(&format!("commandPrefix = '{prefix}'\ndecision = '{decision}'\npriority = {priority}"))
        });
        answer(Format::Gemini, &text.concat(), &Options::default())
    };
    // An exception from a refusal cannot be said.
    let (rules, told) = two(("git", "deny", 10), ("git status", "allow", 100));
    assert_eq!((rules, told), (vec!["forbidden git".to_owned()], vec![(8, LeftOut)]));
    let (rules, told) = two(("cargo test", "allow", 100), ("cargo test --release", "deny", 10));
    assert_eq!(rules, ["allow cargo test", "forbidden cargo test --release"]);
    assert_eq!(told, [(3, Stricter)]);
    let (rules, told) = two(("cargo test", "allow", 10), ("cargo test", "deny", 100));
    assert_eq!((rules, told), (vec!["forbidden cargo test".to_owned()], vec![(3, Note)]));
    // Of equals the first decides.
    let (_, told) = two(("cargo test", "allow", 10), ("cargo test", "deny", 10));
    assert_eq!(told, [(3, LeftOut)]);
    let lower =
        [rule("commandPrefix = 'ls'\ndecision = 'allow'\npriority = 9"), rule("decision = 'deny'\npriority = 1")]
            .concat();
    assert_eq!(answer(Format::Gemini, &lower, &Options::default()).0, ["allow ls"]);
    let higher =
        [rule("commandPrefix = 'ls'\ndecision = 'allow'\npriority = 1"), rule("decision = 'deny'\npriority = 9")]
            .concat();
    assert_eq!(answer(Format::Gemini, &higher, &Options::default()).0, ["forbidden ls"]);
}

#[test]
fn each_form_of_sudoers_becomes_what_it_means() {
    let cases: &[(&str, &[&str], &[Became])] = &[
        ("a ALL = NOPASSWD: /bin/ls", &["allow /bin/ls"], &[]),
        ("a ALL = /bin/ls", &["prompt /bin/ls", "prompt ls"], &[]),
        ("a ALL = NOPASSWD: /bin/ls \"\"", &["allow /bin/ls."], &[]),
        ("a ALL=(root) NOPASSWD: /bin/systemctl restart app", &["allow /bin/systemctl restart app."], &[]),
        (
            "a ALL=(ALL:ALL) NOPASSWD: /bin/systemctl restart *",
            &["allow /bin/systemctl restart", "prompt /bin/systemctl restart."],
            &[],
        ),
        ("a ALL = NOPASSWD: /bin/systemctl restart app*", &[], &[LeftOut]),
        ("a ALL = NOPASSWD: /bin/cat /var/log/*", &[], &[LeftOut]),
        (
            "a ALL = NOPASSWD: /bin/ls, !/bin/ls /root",
            &["allow /bin/ls", "forbidden /bin/ls /root.", "forbidden ls /root."],
            &[],
        ),
        ("a ALL = NOPASSWD: /bin/ls, !/bin/ls /root*", &["forbidden /bin/ls", "forbidden ls"], &[LeftOut, Stricter]),
        ("a ALL = NOPASSWD: ALL, !/bin/su", &["forbidden /bin/su", "forbidden su"], &[LeftOut]),
        ("a ALL = !/bin/su, NOPASSWD: /bin/su", &["forbidden /bin/su", "forbidden su"], &[LeftOut]),
        ("a ALL = NOPASSWD: /usr/bin/*", &[], &[LeftOut]),
        ("a ALL = NOPASSWD: /usr/sbin/", &[], &[LeftOut]),
        ("a ALL = NOPASSWD: /bin/ls, !/bin/l*", &["prompt /bin/ls", "prompt ls"], &[Stricter, LeftOut]),
        ("a ALL = NOPASSWD: sha256:abc /bin/ls", &[], &[LeftOut]),
        ("a ALL = NOPASSWD: sha224:abc, sha256:def /bin/ls, /bin/cal", &["allow /bin/cal"], &[LeftOut]),
        ("a ALL = NOPASSWD: sudoedit /etc/hosts", &[], &[LeftOut]),
        ("a ALL = (www) NOPASSWD: /bin/ls", &["allow /bin/ls"], &[Note]),
        (
            "a ALL = NOPASSWD: NOEXEC: /bin/ls, EXEC: /bin/cal",
            &["prompt /bin/ls", "prompt ls", "allow /bin/cal"],
            &[Stricter],
        ),
        ("a ALL = NOTAFTER=20300101Z NOPASSWD: /bin/ls", &[], &[LeftOut]),
        ("a ALL = NOPASSWD: /bin/ls, PASSWD: /bin/cal", &["allow /bin/ls", "prompt /bin/cal", "prompt cal"], &[]),
        ("a ALL = NOPASSWD: /bin/ls ^-l .*$", &[], &[LeftOut]),
        ("a ALL = NOPASSWD: /bin/ls a\\,b", &["allow /bin/ls a,b."], &[]),
        ("a ALL = NOPASSWD: \\\n  /bin/ls, \\\n  /bin/cal # no /bin/dd", &["allow /bin/ls", "allow /bin/cal"], &[]),
        (
            "Cmnd_Alias X = /bin/ls, Y : Y = /bin/cal\na ALL = NOPASSWD: X, !Y",
            &["allow /bin/ls", "forbidden /bin/cal", "forbidden cal"],
            &[Note],
        ),
        ("a ALL = NOPASSWD: MISSING", &[], &[LeftOut]),
        ("a ALL = NOPASSWD: /bin/ls, !MISSING", &["prompt /bin/ls", "prompt ls"], &[Stricter, LeftOut, LeftOut]),
        ("@include /x\n#includedir /y\na ALL = /bin/ls", &["prompt /bin/ls", "prompt ls"], &[LeftOut, LeftOut]),
        ("Defaults !authenticate\na ALL = /bin/ls", &["allow /bin/ls"], &[Note]),
        ("Defaults env_reset\na ALL = /bin/ls", &["prompt /bin/ls", "prompt ls"], &[Note]),
        ("a here = NOPASSWD: /bin/ls", &[], &[LeftOut]),
        ("a ALL = NOPASSWD: /bin/sh", &["prompt /bin/sh", "prompt sh"], &[Stricter]),
        ("#1000 ALL = NOPASSWD: /bin/ls", &["allow /bin/ls"], &[]),
        ("a ALL = NOPASSWD: /bin/ls -l \"\"", &[], &[LeftOut]),
    ];
    let mut wrong = Vec::new();
    for (text, rules, became) in cases {
        let (got, told) = answer(Format::Sudoers, text, &Options::default());
        let told: Vec<Became> = told.into_iter().map(|(_, became)| became).collect();
        compare((got, told), rules, became, text, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn users_and_hosts_of_sudoers_are_chosen() {
    let text = "User_Alias TEAM = a, b\nHost_Alias WEB = w1, w2\nTEAM WEB = NOPASSWD: /bin/ls : ALL = NOPASSWD: /bin/cal\n%dev ALL = NOPASSWD: /bin/df\n\
ALL, !a ALL = NOPASSWD: /bin/du\n";
    let sources = sources("in", text);
    let wrong = to_rules(Format::Sudoers, &sources, SourceId(0), &Options::default()).expect_err("several users");
    assert!(wrong[0].help.as_deref().is_some_and(|help| help.contains("TEAM; %dev; ALL, !a")), "{wrong:?}");
    let of = |users: &[&str], host: Option<&str>| {
        let options = Options {
            users: users.iter().map(|user| (*user).to_owned()).collect(),
            host: host.map(str::to_owned),
            ..Options::default()
        };
        answer(Format::Sudoers, text, &options).0
    };
    assert_eq!(of(&["a"], Some("w1")), ["allow /bin/ls", "allow /bin/cal"]);
    assert_eq!(of(&["b"], None), ["allow /bin/cal", "allow /bin/du"]);
    assert_eq!(of(&["c", "%dev"], Some("w9")), ["allow /bin/df", "allow /bin/du"]);
    let nobody = Options { users: vec!["x".to_owned()], ..Options::default() };
    assert!(to_rules(Format::Sudoers, &super::tests::sources("in", "a ALL = /bin/ls"), SourceId(0), &nobody).is_err());
}

#[test]
fn wrong_texts_are_errors_with_places() {
    for (format, text, line) in [
        (Format::Claude, "", 1),
        (Format::Claude, "{\n\"permissions\": {\n\"allow\": [1]}}", 3),
        (Format::Claude, "{\n\"permissions\":\n{\"allow\": \"Bash\"}}", 3),
        (Format::Claude, "{\n\"a\": 1,,\n}", 2),
        (Format::Claude, "{\n\"permissions\": [\n]}", 2),
        (Format::Claude, "{}", 1),
        (Format::Gemini, "x =", 1),
        (Format::Gemini, "\n[[rule]]\ndecision = 'alow'\npriority = 1", 3),
        (Format::Gemini, "\n[[rule]]\ndecision = 'allow'\n", 2),
        (Format::Gemini, "[[rule]]\ndecision = 'allow'\npriority = 1000", 3),
        (Format::Gemini, "rule = [1]", 1),
        (Format::Sudoers, "\nnonsense", 2),
        (Format::Sudoers, "a ALL =", 1),
        (Format::Sudoers, "\nCmnd_Alias X /bin/ls", 2),
    ] {
        let sources = sources("in", text);
        let wrong = to_rules(format, &sources, SourceId(0), &Options::default()).expect_err(text);
        let at = wrong[0].labels.first().unwrap_or_else(|| panic!("{wrong:?}")).span;
        assert_eq!(sources.place(at).line, line, "{text}: {wrong:?}");
    }
}

#[test]
fn rules_become_permissions() {
    let text = "prefix_rule(['git', ['log', 'diff']])\nprefix_rule(['cal'], exact = True)\nprefix_rule(['git', 'push'], 'prompt')\n\
prefix_rule([['rm', 'dd'], '-f'], 'forbidden', justification = 'no')\nprefix_rule(['echo', 'a b'])\nprefix_rule(['ls', '*.c'])\n\
prefix_rule(['chmod', '*'], 'prompt')\nprefix_rule(['Cal', 'x'], 'forbidden', canonical_matching = True)\nnetwork_rule('a.org', 'https', 'allow')\n\
host_executable('git', ['/usr/bin/git'])\nprefix_rule(['x', ''], 'prompt', reviewer = 'auto_review')\n";
    let loaded = load(
        vec![File { name: "a.rules".to_owned(), text: Ok(text.to_owned()) }],
        LoadOptions { banned: Banned::Warn, ..LoadOptions::in_directory("/") },
    );
    assert_eq!(loaded.diagnostics, []);
    let found = to_claude(&loaded.ruleset);
    let settings: serde_json::Value = serde_json::from_str(&found.text).expect("json");
    let permissions = &settings["permissions"];
    assert_eq!(
        permissions["allow"],
        serde_json::json!(["Bash(git log:*)", "Bash(git diff:*)", "Bash(cal)", "Bash(echo 'a b':*)"])
    );
    assert_eq!(permissions["ask"], serde_json::json!(["Bash(git push:*)", "Bash(chmod *:*)", "Bash(x '':*)"]));
    assert_eq!(permissions["deny"], serde_json::json!(["Bash(rm -f:*)", "Bash(dd -f:*)", "Bash(Cal x:*)"]));
    let told: Vec<(usize, Became)> =
        found.told.iter().map(|one| (loaded.sources.place(one.at).line, one.became)).collect();
    assert_eq!(
        told,
        [
            (1, Note),
            (1, LeftOut),
            (4, Note),
            (5, Stricter),
            (6, LeftOut),
            (7, Stricter),
            (8, LeftOut),
            (9, LeftOut),
            (10, Note),
            (11, Stricter)
        ]
    );
    assert_eq!(found.exact, 4);
}

/// Whether a rule of Claude Code fits the text of a command: told again from its documentation, and more slowly.
fn fits(rule: &str, command: &str) -> bool {
    fn glob(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|at| glob(rest, &text[at..])),
            Some((letter, rest)) => text.split_first().is_some_and(|(first, text)| first == letter && glob(rest, text)),
        }
    }
    if rule == "*" {
        return true;
    }
    let prefix = rule.strip_suffix(":*").or_else(|| rule.strip_suffix(" *").filter(|before| !before.contains('*')));
    match prefix {
        Some(prefix) => command == prefix || command.starts_with(&format!("{prefix} ")),
        None => glob(rule.as_bytes(), command.as_bytes()),
    }
}

/// Made-up settings, every command of up to three words of a small alphabet: never milder, and the same where nothing is told.
#[test]
fn made_up_settings_never_become_milder() {
    use crate::judge::judge;
    use crate::request::{BasenameFallback, CodexMatching, Matching, Request};
    const WORDS: &[&str] = &["a", "ab", "b"];
    let mut commands: Vec<Vec<String>> = WORDS.iter().map(|word| vec![(*word).to_owned()]).collect();
    for _ in 0..2 {
        let longer = commands.clone();
        commands.extend(longer.iter().flat_map(|before| {
            WORDS.iter().map(|word| before.iter().cloned().chain([(*word).to_owned()]).collect::<Vec<_>>())
        }));
    }
    let mut state = 0x1234_5678_9abc_def1_u64;
    let mut draw = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap_or(0)
    };
    let (mut same, mut cut) = (0, 0);
    for _ in 0..400 {
        let mut lists: [Vec<String>; 3] = Default::default();
        for _ in 0..draw(4) + 1 {
            let mut rule: Vec<&str> = (0..=draw(3)).map(|_| ["a", "ab", "b", "a", "b", "*"][draw(6)]).collect();
            let end = ["", "", "*", ":*", " *"][draw(5)];
            let text = format!("{}{end}", rule.join(" "));
            rule.clear();
            // Two ways to say it at once are no pattern that people write.
            if !["**", "*:*", "* *"].iter().any(|end| text.ends_with(end)) {
                lists[draw(3)].push(text);
            }
        }
        let quoted = |list: &[String]| list.iter().map(|rule| format!("Bash({rule})")).collect::<Vec<_>>();
        let names = ["allow", "ask", "deny"];
        let written: Vec<String> = names
            .iter()
            .zip(&lists)
            .map(|(name, list)| claude(name, &quoted(list).iter().map(String::as_str).collect::<Vec<_>>()))
            .collect();
        let text = settings(&written);
        let (_, found) = converted(Format::Claude, &text, &Options::default());
        let loaded = load(
            vec![File { name: "out.rules".to_owned(), text: Ok(found.text.clone()) }],
            LoadOptions { banned: Banned::Refuse, ..LoadOptions::in_directory("/") },
        );
        assert_eq!(loaded.diagnostics, [], "{}", found.text);
        let worst = found.told.iter().map(|one| one.became).max();
        for argv in &commands {
            let command = argv.join(" ");
            let fit = |list: usize| lists[list].iter().any(|rule| fits(rule, &command));
            let there = match (fit(2), fit(1), fit(0)) {
                (true, _, _) => Decision::Forbidden,
                (_, true, _) => Decision::Prompt,
                (_, _, true) => Decision::Allow,
                _ => Decision::Prompt,
            };
            let codex = CodexMatching { basename_fallback: BasenameFallback::Off, cwd: "/", home: None };
            let request = Request { argv, identity: None, matching: Matching::Codex(codex), default: Decision::Prompt };
            let here = judge(&loaded.ruleset, &request).decision();
            let least = if worst >= Some(LeftOut) { there.min(Decision::Prompt) } else { there };
            assert!(here >= least, "{command}: {there} there, {here} here\n{text}\n{}", found.text);
            if worst <= Some(Note) {
                assert_eq!(here, there, "{command}\n{text}\n{}", found.text);
                same += 1;
            } else {
                cut += 1;
            }
        }
    }
    assert!(same > 1_000 && cut > 1_000, "{same} {cut}");
}
