//! The rule packs shipped with palisade, part of the binary: add one by adding a file under `rules/` and a row.

use policy::diagnostic::Diagnostic;
use policy::load::File;

/// One shipped pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pack {
    /// The name after `--pack`.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// The rules.
    pub text: &'static str,
}

macro_rules! pack {
    ($name:literal, $about:literal) => {
        Pack { name: $name, about: $about, text: include_str!(concat!("../../rules/", $name, ".rules")) }
    };
}

/// Every pack, sorted by name.
pub const PACKS: &[Pack] = &[
    pack!("containers", "container and cluster tools that reach the host or delete state"),
    pack!("files", "commands that destroy or hide files"),
    pack!("git", "git commands that rewrite history, lose work or publish it"),
    pack!("network", "tools that fetch, send or listen"),
    pack!("packages", "package managers that install, remove or publish"),
    pack!("privilege", "becoming somebody else, and changing what is permitted"),
    pack!("system", "services, kernel, disks and shutdown"),
];

/// The names of all shipped packs.
pub fn names() -> impl Iterator<Item = &'static str> {
    PACKS.iter().map(|pack| pack.name)
}

/// A pack as a rule file.
///
/// # Errors
/// There is no such pack; the diagnostic names those there are.
pub fn find(name: &str) -> Result<File, Diagnostic> {
    let found = PACKS.iter().find(|pack| pack.name == name).ok_or_else(|| {
        let all = PACKS.iter().map(|pack| format!("`{}`", pack.name)).collect::<Vec<_>>().join(", ");
        Diagnostic::error("unknown-pack", format!("there is no pack `{name}`")).help(format!("the packs are {all}"))
    })?;
    Ok(File { name: format!("pack:{name}"), text: Ok(found.text.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::PACKS;
    use policy::load::{Options, load};

    #[test]
    fn packs_are_sorted_and_load_without_findings() {
        assert!(PACKS.windows(2).all(|pair| pair[0].name < pair[1].name));
        for pack in PACKS {
            let file = super::find(pack.name).expect("it is in the table");
            let loaded = load(vec![file], Options::in_directory("/"));
            assert_eq!(loaded.diagnostics, [], "{}", pack.name);
            assert!(!loaded.ruleset.is_empty(), "{}", pack.name);
            for rule in loaded.ruleset.rules() {
                assert!(rule.justification().is_some(), "{}: {}", pack.name, rule.head());
                assert!(rule.decision() > policy::decision::Decision::Allow, "{}: {}", pack.name, rule.head());
            }
        }
    }
}
