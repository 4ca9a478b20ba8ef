//! Made-up machines and invocations for the truth test: from a number to layers, flags and a way of asking. The same number
//! gives the same combination, so that a difference can be asked for again.
//!
//! The pieces are in `combinations/tables.rs`; most are right and some are not, since refusals are to be compared too.

mod tables;

use super::flags::{CommandLine, Surface, Typed};
use super::keys::IMPLIES;
use super::release::Release;
use super::scene::{Client, Document, HOME, Kind, Machine, PROJECT, Scene};
use super::shown::Way;
use super::value::{Table, Value};
use crate::source::{Source, Sources, Span};
use tables::Group;

/// One combination.
#[derive(Clone, Debug)]
pub struct Made {
    /// The number it was made from.
    pub seed: u64,
    /// Layers: what each stands for, its folder, its name, its text.
    pub files: Vec<(Kind, String, String, String)>,
    /// How Codex is asked.
    pub way: Way,
    /// The flags.
    pub flags: Vec<String>,
    /// What a client sends with `thread/start`: name and word.
    pub client: Vec<(&'static str, &'static str)>,
    /// The host name.
    pub host: &'static str,
}

/// A stream of numbers from a seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(all.len()).ok().filter(|count| *count > 0)?;
        all.get(usize::try_from(self.next() % count).unwrap_or(0))
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }
}

/// The combination of a number, for a release: what a release does not know is asked of it less often.
#[must_use]
pub fn combination(seed: u64, release: &Release) -> Made {
    let mut dice = Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x5eed);
    dice.next();
    let newest = release.permission_profiles;
    let way = way(&mut dice);
    let etc = || "/etc/codex".to_owned();
    let codex = || format!("{HOME}/.codex");
    let mut files = Vec::new();
    let mut file = |dice: &mut Dice, kind: Kind, folder: String, name: &str, groups: &[&[Group]], chance: u64| {
        if dice.chance(chance) {
            let text = text(dice, groups, newest);
            files.push((kind, folder, name.to_owned(), text));
        }
    };
    let wanted: &[&[Group]] = match way {
        Way::Servers => &[tables::SERVERS_DEMANDED, tables::REQUIREMENTS],
        Way::Features(_) => &[tables::FEATURES_DEMANDED, tables::REQUIREMENTS],
        _ => &[tables::REQUIREMENTS, tables::FURTHER],
    };
    let config: &[&[Group]] = match way {
        Way::Servers => &[tables::SERVERS, tables::CONFIG],
        Way::Features(_) => &[tables::FEATURES, tables::CONFIG],
        _ => &[tables::CONFIG],
    };
    let trusting: &[&[Group]] = &[tables::TRUST, config.first().copied().unwrap_or_default(), tables::CONFIG];
    let trusting = if config.len() > 1 { trusting } else { trusting.get(..2).unwrap_or_default() };
    file(&mut dice, Kind::Requirements, etc(), "requirements.toml", wanted, 80);
    file(&mut dice, Kind::Managed, etc(), "managed_config.toml", &[tables::MANAGED], 30);
    file(&mut dice, Kind::System, etc(), "config.toml", config, 20);
    file(&mut dice, Kind::User, codex(), "config.toml", trusting, 75);
    file(
        &mut dice,
        Kind::Project(PROJECT.into()),
        format!("{PROJECT}/.codex"),
        "config.toml",
        &[tables::PROJECT, tables::CONFIG],
        35,
    );
    file(
        &mut dice,
        Kind::Profile("work".into()),
        codex(),
        "work.config.toml",
        &[tables::CONFIG],
        if newest { 15 } else { 0 },
    );
    let (flags, client) = flags(&mut dice, &way, newest);
    let host = dice.of(&["devbox-07.corp.example", "laptop"]).copied().unwrap_or("laptop");
    Made { seed, files, way, flags, client, host }
}

fn way(dice: &mut Dice) -> Way {
    let features = || {
        let mut names: Vec<String> = tables::FEATURE_NAMES.iter().map(|name| (*name).to_owned()).collect();
        names.extend(IMPLIES.iter().flat_map(|row| [row.feature.to_owned(), row.needs.to_owned()]));
        names.sort();
        names.dedup();
        names
    };
    match dice.next() % 100 {
        0..55 => Way::Session,
        55..72 => Way::Exec,
        72..84 => Way::Screen,
        84..92 => Way::Servers,
        _ => Way::Features(features()),
    }
}

/// A file from its pieces: keys first, tables after.
fn text(dice: &mut Dice, groups: &[&[Group]], newest: bool) -> String {
    let (mut keys, mut rest) = (String::new(), String::new());
    for group in groups.iter().copied().flatten() {
        if group.newest && !newest && !dice.chance(25) {
            continue;
        }
        if !dice.chance(group.chance) {
            continue;
        }
        let Some(piece) = dice.of(group.pieces) else { continue };
        let mut below = false;
        for line in piece.lines() {
            below = below || line.starts_with('[');
            let into = if below { &mut rest } else { &mut keys };
            into.push_str(line);
            into.push('\n');
        }
    }
    keys + &rest
}

fn flags(dice: &mut Dice, way: &Way, newest: bool) -> (Vec<String>, Vec<(&'static str, &'static str)>) {
    let pool: &[&[&str]] = match way {
        Way::Exec | Way::Turn(_) => tables::EXEC_FLAGS,
        Way::Session | Way::Servers | Way::Features(_) => tables::SERVER_FLAGS,
        Way::Screen => tables::SCREEN_FLAGS,
    };
    let mut flags: Vec<String> = Vec::new();
    let count = dice.next() % 3;
    let mut used: Vec<&str> = Vec::new();
    for _ in 0..count {
        let Some(words) = dice.of(pool) else { continue };
        let Some(first) = words.first() else { continue };
        let removed = newest && *first == "--full-auto" && !dice.chance(10);
        let unknown = !newest && *first == "--approve-for-me" && !dice.chance(10);
        if removed || unknown || (used.contains(first) && !matches!(*first, "-c" | "--enable" | "--disable")) {
            continue;
        }
        used.push(first);
        flags.extend(words.iter().map(|word| (*word).to_owned()));
    }
    let mut client = Vec::new();
    if *way == Way::Session {
        for (name, words, chance) in tables::CLIENT {
            if dice.chance(*chance)
                && let Some(word) = dice.of(words)
            {
                client.push((*name, *word));
            }
        }
    }
    (flags, client)
}

impl Made {
    /// Its scene, every file under the name it has in the box.
    #[must_use]
    pub fn scene(&self) -> Scene {
        let mut sources = Sources::default();
        let mut documents = Vec::new();
        for (kind, folder, name, text) in &self.files {
            let name = format!("{folder}/{name}");
            documents.push(Document::new(&mut sources, kind.clone(), &name, folder, text.clone()));
        }
        let surface = match self.way {
            Way::Exec | Way::Turn(_) => Surface::Exec,
            Way::Screen => Surface::Interactive,
            _ => Surface::AppServer,
        };
        let line = CommandLine::new(&mut sources, surface, &self.flags);
        let client = (self.way == Way::Session).then(|| {
            let source = sources.add(Source { name: "thread/start".into(), text: format!("{:?}", self.client) });
            let span = Span { source, start: 0, end: 1 };
            let typed = |key: &str| {
                let found = self.client.iter().find(|(name, _)| *name == key);
                found.map(|(_, word)| Typed { value: Value::Text((*word).into()), span })
            };
            Client {
                approval: typed("approvalPolicy"),
                sandbox: typed("sandbox"),
                reviewer: typed("approvalsReviewer"),
                config: Table::new(),
            }
        });
        let machine = Machine::made_up(self.host);
        Scene { sources, documents, machine, line, client }
    }
}

#[cfg(test)]
mod tests {
    use super::super::release::RELEASES;
    use super::super::resolve::resolve;
    use super::combination;

    #[test]
    fn a_number_gives_one_combination_and_most_of_them_start() {
        for release in RELEASES {
            let starts = |seed: &u64| resolve(&combination(*seed, release).scene(), release).effective.is_ok();
            let count = (0..400).filter(starts).count();
            assert!((160..390).contains(&count), "{} of 400 start {}", count, release.name);
            let twice = [combination(7, release), combination(7, release)].map(|made| format!("{made:?}"));
            assert_eq!(twice[0], twice[1]);
        }
    }
}
