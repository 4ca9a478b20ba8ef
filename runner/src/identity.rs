//! What this machine knows about the program a command would start: facts for the judge, gathered once.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use policy::decision::Decision;
use policy::judge::judge;
use policy::request::{Identity, Matching, Request, absolute, last_component};
use policy::ruleset::RuleSet;
use policy::verdict::Verdict;

/// Judges a command strictly, with this machine's facts about its program.
#[must_use]
pub fn judge_here(rules: &RuleSet, argv: &[String], cwd: &Path, default: Decision) -> Verdict {
    let identity = argv.first().and_then(|word| of(word, cwd, &search_path()));
    judge(rules, &Request { argv, identity: identity.as_ref(), matching: Matching::Strict, default })
}

/// The directories of `PATH`, as they stand there.
#[must_use]
pub fn search_path() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

/// The facts about the program `word` names, seen from `cwd`; `None` where they cannot be put in text.
#[must_use]
pub fn of(word: &str, cwd: &Path, path: &[PathBuf]) -> Option<Identity> {
    let here = cwd.to_str()?;
    let looked_up = last_component(word).and_then(|name| search(name, cwd, path));
    let lookup = looked_up.as_ref().and_then(|(found, _)| found.to_str()).map(|found| absolute(found, here));
    if word.contains('/') {
        let real = fs::canonicalize(cwd.join(word)).ok();
        return Some(Identity {
            resolved: Some(absolute(word, here)),
            real: real.and_then(|real| real.to_str().map(str::to_owned)),
            lookup,
            through_relative_path: looked_up.is_some_and(|(_, relative)| relative),
            ..Identity::default()
        });
    }
    let real = looked_up.as_ref().and_then(|(found, _)| fs::canonicalize(found).ok());
    Some(Identity {
        resolved: lookup.clone(),
        real: real.and_then(|real| real.to_str().map(str::to_owned)),
        lookup,
        through_relative_path: looked_up.is_some_and(|(_, relative)| relative),
        ..Identity::default()
    })
}

/// The first executable file of that name, and whether a relative entry led to it.
#[must_use]
pub fn search(name: &str, cwd: &Path, path: &[PathBuf]) -> Option<(PathBuf, bool)> {
    path.iter().find_map(|directory| {
        let found = cwd.join(directory).join(name);
        let about = fs::metadata(&found).ok()?;
        (about.is_file() && about.permissions().mode() & 0o111 != 0).then(|| (found, !directory.is_absolute()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_known_by_the_file_behind_it_and_a_relative_entry_is_told() {
        let root = tempfile::tempdir().expect("a directory");
        let real_root = fs::canonicalize(root.path()).expect("it exists");
        let tool = real_root.join("tool");
        fs::write(&tool, "").expect("written");
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).expect("executable");
        std::os::unix::fs::symlink(&tool, real_root.join("other")).expect("linked");
        fs::write(real_root.join("plain"), "").expect("written");

        let known = of("other", &real_root, std::slice::from_ref(&real_root)).expect("facts");
        assert_eq!(known.resolved.as_deref(), real_root.join("other").to_str());
        assert_eq!(known.real.as_deref(), tool.to_str());
        assert!(!known.through_relative_path);
        let known = of("tool", &real_root, &[PathBuf::from(".")]).expect("facts");
        assert!(known.through_relative_path && known.resolved.as_deref() == tool.to_str());
        assert_eq!(of("plain", &real_root, std::slice::from_ref(&real_root)).expect("facts").resolved, None);
        let known = of("./other", &real_root, &[]).expect("facts");
        assert_eq!(
            (known.resolved.as_deref(), known.real.as_deref()),
            (real_root.join("other").to_str(), tool.to_str())
        );
    }
}
