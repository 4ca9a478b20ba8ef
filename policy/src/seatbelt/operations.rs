//! The tree of operations, as data: `operations.tsv` beside this file, read once.
//!
//! A trailing `*` is part of the name of an inner node. What a name-only row says of its parent is inferred, and so every
//! verdict that goes through one has low confidence.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::Action;
use crate::likeness;

/// An operation: its row in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Operation(u16);

/// The root of the tree.
pub const DEFAULT: Operation = Operation(0);

/// How well a row is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Parent and built-in verdict are known for macOS 10.15.
    Structural,
    /// The name exists in macOS 14.4; the rest is inferred from it.
    Inferred,
}

#[derive(Debug)]
struct Row {
    name: &'static str,
    parent: Option<Operation>,
    builtin: Option<Action>,
    basis: Basis,
    /// What its filters may look at; for an inner node also what those of its children may.
    families: u64,
    modifiers: Vec<&'static str>,
    depth: u8,
}

struct Table {
    rows: Vec<Row>,
    by_name: FxHashMap<&'static str, Operation>,
    /// The bit of each family of filters.
    families: FxHashMap<&'static str, u64>,
    /// Those two that every question asks for.
    path: u64,
    network: u64,
}

/// Names that older or newer profiles use for an operation.
const ALIASES: &[(&str, &str)] = &[
    ("file-fsctl", "system-fsctl"),
    ("file-issue-extension*", "file-issue-extension"),
    ("file-issue-extension-read", "file-issue-extension"),
    ("file-issue-extension-write", "file-issue-extension"),
    ("file-unlink", "file-write-unlink"),
    ("file-write-mount", "file-mount"),
    ("file-write-umount", "file-unmount"),
    ("file-write-unmount", "file-unmount"),
    ("ipc-posix-sem", "ipc-posix-sem*"),
    ("ipc-posix-shm", "ipc-posix-shm*"),
    ("ipc-posix-shm-read*", "ipc-posix-shm-read-data"),
    ("ipc-sysv", "ipc-sysv*"),
    // Split in two below it on later systems.
    ("iokit-open*", "iokit-open"),
    ("managed-preference*", "managed-preference-read"),
    ("process-exec", "process-exec*"),
    ("system-misc", "system*"),
    ("time-set", "system-set-time"),
];

/// Accepted since 10.15 and without effect.
const WITHOUT_EFFECT: &[&str] = &["ipc-posix-shm-read-metadata", "mach-per-user-lookup", "qtn-download", "system-chud"];

/// Names of systems later than the table: known to be operations, and nothing else of them.
const LATER: &[&str] = &["isp-command-send", "mach-exception-port-set", "mach-task-exception-port-set"];

/// Whether it is an operation of which nothing is known.
#[must_use]
pub fn is_later(name: &str) -> bool {
    LATER.contains(&name)
}

/// What a name in a rule stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// An operation of the tree.
    Operation(Operation),
    /// A name that is accepted and does nothing.
    WithoutEffect,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| build(include_str!("operations.tsv")))
}

fn build(text: &'static str) -> Table {
    let mut table =
        Table { rows: Vec::new(), by_name: FxHashMap::default(), families: FxHashMap::default(), path: 0, network: 0 };
    let mut parents = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("operation\t")) {
        let mut columns = line.split('\t').map(str::trim);
        let Some(name) = columns.next().filter(|name| !name.is_empty()) else { continue };
        parents.push(columns.next().unwrap_or("-"));
        let builtin = match columns.next() {
            Some("allow") => Some(Action::Allow),
            Some("deny") => Some(Action::Deny),
            _ => None,
        };
        let basis = if columns.next() == Some("10.15") { Basis::Structural } else { Basis::Inferred };
        let list = |column: Option<&'static str>| {
            column.unwrap_or("-").split(',').filter(|word| !matches!(*word, "-" | "")).collect::<Vec<_>>()
        };
        let families = list(columns.next()).into_iter().fold(0, |mask, family| mask | table.family_of(family));
        let modifiers = list(columns.next());
        let id = Operation(u16::try_from(table.rows.len()).unwrap_or(u16::MAX));
        table.by_name.insert(name, id);
        table.rows.push(Row { name, parent: None, builtin, basis, families, modifiers, depth: 0 });
    }
    for (at, parent) in parents.iter().enumerate() {
        let parent = table.by_name.get(real(parent)).copied();
        if let Some(row) = table.rows.get_mut(at) {
            row.parent = parent;
        }
    }
    table.spread();
    table.path = table.families.get("path").copied().unwrap_or_default();
    table.network = table.families.get("network").copied().unwrap_or_default();
    table
}

impl Table {
    fn family_of(&mut self, name: &'static str) -> u64 {
        let next = 1 << (self.families.len() % 64);
        *self.families.entry(name).or_insert(next)
    }

    /// Depths, and the families of children into their inner nodes.
    fn spread(&mut self) {
        for at in 0..self.rows.len() {
            let Some(own) = self.rows.get(at).map(|row| row.families) else { continue };
            let mut depth = 0;
            let mut up = self.rows.get(at).and_then(|row| row.parent);
            while let Some(parent) = up {
                depth += 1;
                let Some(row) = self.rows.get_mut(usize::from(parent.0)) else { break };
                row.families |= own;
                up = row.parent.filter(|_| depth < 16);
            }
            if let Some(row) = self.rows.get_mut(at) {
                row.depth = depth;
            }
        }
    }
}

/// The operation a name in a rule or a question stands for.
#[must_use]
pub fn find(name: &str) -> Option<Named> {
    match table().by_name.get(real(name)) {
        Some(found) => Some(Named::Operation(*found)),
        None if WITHOUT_EFFECT.contains(&name) => Some(Named::WithoutEffect),
        None => None,
    }
}

/// The name in the table that a name stands for.
fn real(name: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, real)| *real)
}

/// Names of operations that read much like this one, the nearest first.
#[must_use]
pub fn alike(name: &str) -> Vec<&'static str> {
    let mut near = likeness::alike(name, table().rows.iter().map(|row| row.name));
    near.truncate(3);
    near
}

/// Every operation of the tree.
pub fn all() -> impl Iterator<Item = Operation> {
    (0..table().rows.len()).map(|at| Operation(u16::try_from(at).unwrap_or(u16::MAX)))
}

/// The bit of a family of filters; 0 for a family that no operation has.
#[must_use]
pub fn family(name: &str) -> u64 {
    table().families.get(name).copied().unwrap_or_default()
}

/// The bit of the family of filters on paths.
pub(super) fn path_family() -> u64 {
    table().path
}

/// The bit of the family of filters on connections.
pub(super) fn network_family() -> u64 {
    table().network
}

impl Operation {
    fn row(self) -> Option<&'static Row> {
        table().rows.get(usize::from(self.0))
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().map_or("?", |row| row.name)
    }

    /// The operation that is asked when no rule on this one decides; none for `default`.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        self.row().and_then(|row| row.parent)
    }

    /// The verdict it has unless a profile names it; none where its parent is asked.
    #[must_use]
    pub fn builtin(self) -> Option<Action> {
        self.row().filter(|_| self != DEFAULT).and_then(|row| row.builtin)
    }

    /// How well it is known.
    #[must_use]
    pub fn basis(self) -> Basis {
        self.row().map_or(Basis::Inferred, |row| row.basis)
    }

    /// The families of filters that mean something for it, as bits.
    #[must_use]
    pub fn families(self) -> u64 {
        self.row().map_or(0, |row| row.families)
    }

    /// Whether it is not known which filters mean something for it.
    #[must_use]
    pub fn takes_unknown_filters(self) -> bool {
        self.basis() == Basis::Inferred && self.families() == 0
    }

    /// Modifiers that only operations such as this take.
    #[must_use]
    pub fn modifiers(self) -> &'static [&'static str] {
        self.row().map_or(&[], |row| &row.modifiers)
    }

    /// Its place in tables that are indexed by operation.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Whether it is this one or lies below it.
    #[must_use]
    pub fn is_within(self, above: Self) -> bool {
        let mut at = Some(self);
        for _ in 0..16 {
            match at {
                Some(operation) if operation == above => return true,
                Some(operation) => at = operation.parent(),
                None => return false,
            }
        }
        false
    }
}

impl std::fmt::Display for Operation {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Operation {
        match find(name) {
            Some(Named::Operation(operation)) => operation,
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn every_operation_leads_to_default() {
        assert!(all().count() > 180);
        for operation in all() {
            assert!(operation.is_within(DEFAULT), "{operation}");
            assert!(operation == DEFAULT || operation.parent().is_some(), "{operation}");
        }
        assert!(table().families.len() <= 64);
    }

    #[test]
    fn bind_is_below_inbound_and_setugid_is_not_below_write() {
        assert!(named("network-bind").is_within(named("network-inbound")));
        assert!(!named("network-bind").is_within(named("network-outbound")));
        assert!(!named("file-write-setugid").is_within(named("file-write*")));
        assert_eq!(named("file-write-setugid").builtin(), Some(Action::Deny));
        assert_eq!(named("nvram-get").builtin(), None);
    }

    #[test]
    fn old_names_are_the_new_operations_and_a_star_is_no_glob() {
        for (alias, real) in ALIASES {
            assert_eq!(named(alias), named(real));
        }
        // Later systems split it; a rule on the old name holds for what is below.
        assert!(named("iokit-open-user-client").is_within(named("iokit-open")));
        assert_eq!(find("system-chud"), Some(Named::WithoutEffect));
        assert_eq!(find("file-read-d*"), None);
        assert!(alike(&"file-".repeat(10_000)).is_empty());
        assert_eq!(alike("file-raed-data").first(), Some(&"file-read-data"));
    }
}
