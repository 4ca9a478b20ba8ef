//! The machine that checks what a reviewer would forget: who may use whom, where danger may stand, how long a file may be.
//!
//! Each rule is a function from a file's name and text to complaints, and each has a test that proves it can complain.
//! The tables are data: a new module must be given its row before the tests pass, and that row is the design decision.

mod directions;

use std::fs;
use std::path::{Path, PathBuf};

use self::directions::{Directions, POLICY, RUNNER};

/// Modules that may use everything of their crate.
const ABOVE_ALL: &[&str] = &["lib", "main", "commands"];

/// Crates that only one place may name, so that replacing them stays cheap.
const ONLY_IN: &[(&str, &str)] = &[
    ("starlark", "policy/src/load"),
    ("starlark_syntax", "policy/src/load"),
    ("tree_sitter", "policy/src/codex/"),
    ("tree_sitter_bash", "policy/src/codex/"),
    ("annotate_snippets", "runner/src/render.rs"),
    ("seccompiler", "runner/src/backend/"),
    ("rusqlite", "runner/src/ledger/"),
    ("hyper", "runner/src/model/"),
    ("hyper_util", "runner/src/model/"),
    ("http_body_util", "runner/src/model/"),
    ("tokio_rustls", "runner/src/model/upstream.rs"),
    ("rustls_native_certs", "runner/src/model/upstream.rs"),
    ("palisade", "runner/"),
];

/// Where `unsafe` may be written.
const UNSAFE_IN: &[&str] = &["runner/src/sys/", "runner/src/sys.rs"];

/// The one derive that implements an unsafe marker trait; the file has no unsafe code of ours.
const UNSAFE_DERIVED_IN: &str = "policy/src/load/collector.rs";

/// Where the code may ask which system it is built for; everything else is the same everywhere.
/// A module that has a room for each system asks in one place: `elsewhere.rs` is what other systems have of it.
const TARGET_IN: &[&str] = &[
    "runner/src/sys",
    "runner/src/backend/mod.rs",
    "runner/src/bare.rs",
    "runner/src/commands/mod.rs",
    "runner/src/commands/requirements.rs",
    "runner/src/commands/run.rs",
    "runner/src/compare/mod.rs",
    "runner/src/launch.rs",
    "runner/src/lib.rs",
    "runner/src/mask.rs",
    "runner/src/probe/fixture.rs",
    "runner/src/probe/mod.rs",
];

/// Files by this name are tables: long, flat, and read by searching.
const TABLES: &[&str] = &["codes.rs", "table.rs", "tables.rs", "syscalls.rs"];
const LONGEST: usize = 500;

// ---------------------------------------------------------------------------------------------------------------- rules

/// Nothing uses what its row does not give it.
fn directions(file: &str, text: &str) -> Vec<String> {
    let Some((table, module)) = module_of(file) else { return Vec::new() };
    if ABOVE_ALL.contains(&module) || is_test(file) {
        return Vec::new();
    }
    let Some((_, may)) = table.iter().find(|(name, _)| *name == module) else {
        return vec![format!("{file}: module `{module}` has no row in the table of allowed imports")];
    };
    used_modules(&code_only(text))
        .into_iter()
        .filter(|used| used != module && table.iter().any(|(name, _)| name == used) && !may.contains(&used.as_str()))
        .map(|used| format!("{file}: `{module}` may not use `{used}`"))
        .collect()
}

/// A crate with one home is named nowhere else.
fn homes(file: &str, text: &str) -> Vec<String> {
    if !file.contains("/src/") {
        return Vec::new();
    }
    let code = code_only(text);
    ONLY_IN
        .iter()
        .filter(|(name, home)| !file.starts_with(home) && names_crate(&code, name))
        .map(|(name, home)| format!("{file}: only {home} may name `{name}`"))
        .collect()
}

/// `unsafe` stands behind its fence.
fn fence(file: &str, text: &str) -> Vec<String> {
    if UNSAFE_IN.iter().any(|home| file.starts_with(home)) || !file.contains("/src/") {
        return Vec::new();
    }
    let code = code_only(text);
    let danger = words(&code).filter(|word| *word == "unsafe").count();
    let lint = code.contains("unsafe_code") && file != UNSAFE_DERIVED_IN;
    let mut complaints = Vec::new();
    if danger > 0 {
        complaints.push(format!("{file}: `unsafe` outside of {}", UNSAFE_IN.join(", ")));
    }
    if lint {
        complaints.push(format!("{file}: only {UNSAFE_DERIVED_IN} may lift the lint on unsafe code"));
    }
    complaints
}

/// The system is asked for at the edge only.
fn targets(file: &str, text: &str) -> Vec<String> {
    let asks = words(&code_only(text)).any(|word| word == "target_os");
    if asks && file.contains("/src/") && !TARGET_IN.iter().any(|home| file.starts_with(home)) {
        return vec![format!("{file}: `target_os` outside of {}", TARGET_IN.join(", "))];
    }
    Vec::new()
}

/// A file fits a head.
fn length(file: &str, text: &str) -> Vec<String> {
    let lines = text.lines().count();
    let table = TABLES.iter().any(|name| file.ends_with(&format!("/{name}")));
    if lines > LONGEST && !table && !is_test(file) && Path::new(file).extension().is_some_and(|kind| kind == "rs") {
        return vec![format!("{file}: {lines} lines; split it before {LONGEST}")];
    }
    Vec::new()
}

/// What is left to do is an issue and not a comment.
fn leftovers(file: &str, text: &str) -> Vec<String> {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| words(line).any(|word| marks.contains(&word)))
        .map(|(number, line)| format!("{file}:{}: {}", number + 1, line.trim()))
        .collect()
}

/// The README quotes the table of exit codes.
fn exit_table(file: &str, text: &str) -> Vec<String> {
    if file == "README.md" && !text.contains(&palisade::exit::table()) {
        return vec![format!("{file}: the exit table differs from exit::table():\n{}", palisade::exit::table())];
    }
    Vec::new()
}

// -------------------------------------------------------------------------------------------------------------- reading

/// The table and the module a file belongs to; none for what is not a source file of ours.
fn module_of(file: &str) -> Option<(Directions, &str)> {
    let (table, rest) = match file.split_once("/src/")? {
        ("policy", rest) => (POLICY, rest),
        ("runner", rest) => (RUNNER, rest),
        _ => return None,
    };
    Some((table, rest.split('/').next()?.trim_end_matches(".rs")))
}

fn is_test(file: &str) -> bool {
    file.ends_with("/tests.rs") || file.starts_with("tests/") || file.contains("/tests/")
}

/// Every `x` of `crate::x` and `crate::{x, …}`.
fn used_modules(code: &str) -> Vec<String> {
    let mut used = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut names = String::new();
            for letter in group.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    letter if depth == 0 => names.push(letter),
                    _ => {}
                }
            }
            used.extend(names.split(',').filter_map(|name| words(name).next().map(str::to_owned)));
        } else {
            used.extend(words(rest).next().map(str::to_owned));
        }
    }
    used.sort();
    used.dedup();
    used
}

/// Whether a path begins with this crate: `name::`, or `use name;`.
fn names_crate(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back().unwrap_or(' ');
        let inside = code[..at].ends_with("::") && !code[..at].trim_end_matches("::").ends_with(char::is_whitespace);
        let starts = !before.is_alphanumeric() && before != '_' && !inside;
        let after = &code[at + name.len()..];
        let used = after.starts_with("::") || (after.starts_with(';') && code[..at].ends_with("use "));
        starts && used
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty())
}

/// The text without comments and without what is in quotes; lines stay where they are.
fn code_only(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if letter == '"' {
            quoted(rest)
        } else if let Some(hashes) = raw_string(&out, rest) {
            let close = format!("\"{}", "#".repeat(hashes));
            let open = hashes + 2;
            rest[open..].find(&close).map_or(rest.len(), |end| open + end + close.len())
        } else if letter == '\'' {
            character(rest)
        } else {
            0
        };
        if skipped == 0 {
            out.push(letter);
            rest = &rest[letter.len_utf8()..];
        } else {
            out.extend(rest[..skipped].chars().filter(|letter| *letter == '\n'));
            out.push(' ');
            rest = &rest[skipped..];
        }
    }
    out
}

/// The length of a string literal that starts here.
fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// How many hashes a raw string has that starts here, if one does.
fn raw_string(before: &str, rest: &str) -> Option<usize> {
    let hashes = rest.strip_prefix('r')?.chars().take_while(|letter| *letter == '#').count();
    let part_of_a_word = before.chars().next_back().is_some_and(|letter| letter.is_alphanumeric() && letter != 'b');
    (!part_of_a_word && rest[hashes + 1..].starts_with('"')).then_some(hashes)
}

/// The length of a character literal that starts here; 0 for a lifetime.
fn character(rest: &str) -> usize {
    let mut letters = rest.char_indices().skip(1);
    match letters.next() {
        Some((_, '\\')) => rest[3.min(rest.len())..].find('\'').map_or(0, |end| end + 4),
        Some((at, letter)) if rest[at + letter.len_utf8()..].starts_with('\'') => at + letter.len_utf8() + 1,
        _ => 0,
    }
}

/// Every text file of ours, by its name from the top.
fn ours() -> Vec<(String, String)> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("runner/ is below the top").to_owned();
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = vec![top.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a readable folder").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let kind = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !["target", "node_modules", "spark", ".git"].contains(&name.as_str()) {
                folders.push(path);
            } else if ["rs", "toml", "md", "rules", "sh"].contains(&kind.as_str()) || ["run", "where"].contains(&&*name)
            {
                let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let name = path.strip_prefix(&top).expect("below the top").to_string_lossy().into_owned();
                files.push((name, text));
            }
        }
    }
    files.sort();
    assert!(files.iter().any(|(name, _)| name == "README.md"), "the walk has lost its way: {}", top.display());
    files
}

fn assert_tidy(rule: fn(&str, &str) -> Vec<String>, only_code: bool) {
    let complaints: Vec<String> = ours()
        .iter()
        .filter(|(name, _)| !only_code || Path::new(name).extension().is_some_and(|kind| kind == "rs"))
        .flat_map(|(name, text)| rule(name, text))
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

// ---------------------------------------------------------------------------------------------------------------- tests

#[test]
fn modules_use_only_what_their_row_allows() {
    assert_tidy(directions, true);
}

#[test]
fn a_module_that_uses_what_it_may_not_is_found() {
    assert_eq!(
        directions("policy/src/decision.rs", "use crate::verdict::Verdict;"),
        ["policy/src/decision.rs: `decision` may not use `verdict`"]
    );
    assert_eq!(directions("runner/src/sys/mount.rs", "use crate::{exit, plan::{Plan, Step}};").len(), 2);
    assert_eq!(directions("runner/src/plan/danger.rs", "fn f() { crate::backend::apply() }").len(), 1);
    assert_eq!(directions("runner/src/unheard_of.rs", "").len(), 1);
    assert!(directions("policy/src/decision.rs", "// see crate::verdict\nlet a = \"crate::verdict\";").is_empty());
}

#[test]
fn every_row_names_modules_that_have_a_row() {
    for table in [POLICY, RUNNER] {
        for (module, may) in table {
            for used in *may {
                assert!(table.iter().any(|(name, _)| name == used), "`{module}` may use `{used}`, which has no row");
            }
        }
    }
}

#[test]
fn crates_with_one_home_are_named_only_there() {
    assert_tidy(homes, true);
}

#[test]
fn a_crate_named_outside_its_home_is_found() {
    assert_eq!(homes("policy/src/rule.rs", "use starlark::values::Value;").len(), 1);
    assert_eq!(homes("policy/src/judge.rs", "fn f() { palisade::plan::plan() }").len(), 1);
    assert_eq!(homes("policy/src/judge.rs", "pub use ::starlark::eval;").len(), 1);
    assert!(homes("policy/src/load/mod.rs", "use starlark::values::Value;").is_empty());
    assert!(homes("policy/src/rule.rs", "use crate::starlark::not_the_crate;").is_empty());
}

#[test]
fn unsafe_stands_behind_its_fence() {
    assert_tidy(fence, true);
}

#[test]
fn unsafe_outside_its_fence_is_found() {
    assert_eq!(fence("runner/src/plan.rs", "fn f() { unsafe { g() } }").len(), 1);
    assert_eq!(fence("policy/src/rule.rs", "#![expect(unsafe_code, reason = \"no\")]").len(), 1);
    assert!(fence("runner/src/plan.rs", "// unsafe is not here\nlet word = \"unsafe\";").is_empty());
    assert!(fence("runner/src/sys/mount.rs", "unsafe { g() }").is_empty());
}

#[test]
fn the_system_is_asked_for_at_the_edge() {
    assert_tidy(targets, true);
}

#[test]
fn a_question_for_the_system_elsewhere_is_found() {
    assert_eq!(targets("runner/src/plan.rs", "#[cfg(target_os = \"linux\")] fn f() {}").len(), 1);
    assert!(targets("runner/src/sys/trial.rs", "#[cfg(target_os = \"linux\")] mod host;").is_empty());
}

#[test]
fn no_file_is_too_long() {
    assert_tidy(length, true);
}

#[test]
fn a_long_file_is_found() {
    let long = "\n".repeat(LONGEST + 1);
    assert_eq!(length("runner/src/plan.rs", &long).len(), 1);
    assert!(length("runner/src/plan/tests.rs", &long).is_empty());
    assert!(length("policy/src/codes.rs", &long).is_empty());
}

#[test]
fn nothing_is_left_to_do_in_comments() {
    assert_tidy(leftovers, false);
}

#[test]
fn a_leftover_is_found() {
    let text = format!("fn f() {{}}\n// {}: later\n", concat!("TO", "DO"));
    assert_eq!(leftovers("runner/src/plan.rs", &text).len(), 1);
}

#[test]
fn the_readme_quotes_the_exit_codes() {
    assert_tidy(exit_table, false);
}

#[test]
fn a_readme_with_another_exit_table_is_found() {
    let wrong = palisade::exit::table().replace("126", "125");
    assert_eq!(exit_table("README.md", &wrong).len(), 1);
}

#[test]
fn comments_and_quotes_are_not_code() {
    let text = "a // b\n/* c\n d */ e \"f \\\" g\" h r#\"i \" j\"# k 'l' m '\\'' n &'static o";
    assert_eq!(words(&code_only(text)).collect::<Vec<_>>(), ["a", "e", "h", "k", "m", "n", "static", "o"]);
    assert_eq!(code_only("\"x\ny\" z").lines().count(), 2);
}
