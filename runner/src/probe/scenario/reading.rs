//! What a profile hides: other names of it, other places, places that are not there yet.

use super::super::Probe;
use super::super::attempt::{Attempt, Setup, worked};
use super::ground::{Ground, set};
use super::{LEAVES, ROW, Scenario, no, not_here};

const HIDDEN: Probe = Probe { layer: "mask", ..ROW };

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        row: Probe { id: "SC-21", asks: "can it read, list, write, rename or link what must not be read?", ..HIDDEN },
        topic: "deny-read",
        attempt: |ground| {
            ground
                .file("ws/secret", "told\n")
                .and_then(|()| ground.file("ws/folder/secret", "told\n"))
                .setup("no bait")?;
            let script = "cat secret folder/secret; ls folder; mv secret moved; ln secret linked; cat moved linked; \
                          echo written >> secret";
            denied(ground, &["ws/secret", "ws/folder"], script, &["told", "secret\n"])
        },
    },
    Scenario {
        row: Probe {
            id: "SC-22",
            asks: "can it read what must not be read by renaming the directory above?",
            layer: "mask that follows",
            ..HIDDEN
        },
        topic: "deny-read",
        attempt: |ground| {
            ground.file("ws/above/secret", "told\n").setup("no bait")?;
            denied(ground, &["ws/above/secret"], "mv above other; cat other/secret above/secret", &["told"])
        },
    },
    Scenario {
        row: Probe {
            id: "SC-23",
            asks: "is it told at the start that what must not be read has another name, which stays readable?",
            expect: LEAVES,
            layer: "none can: only a word about it",
            ..ROW
        },
        topic: "deny-read",
        attempt: |ground| {
            ground.file("ws/secret", "told\n").setup("no bait")?;
            std::fs::hard_link(ground.at("ws/secret"), ground.at("ws/other")).setup("no bait")?;
            let start = hiding(ground, &["ws/secret"], "true")?;
            if ground.is_bare() {
                return not_here("nothing is hidden without a sandbox");
            }
            let ended = start.run()?;
            if ended.errors.contains("names") { worked() } else { no(ended.told()) }
        },
    },
    Scenario {
        row: Probe {
            id: "SC-24",
            asks: "is it told that a file made later is not covered by a pattern of what must not be read?",
            expect: LEAVES,
            layer: "none can: only a word about it",
            ..ROW
        },
        topic: "deny-read",
        attempt: |_| {
            not_here("a profile of palisade's names places, never patterns; no other launcher is told any here")
        },
    },
    Scenario {
        row: Probe {
            id: "SC-25",
            asks: "can it create what must not be read and is not there yet?",
            layer: "mask on the first part that is missing",
            ..HIDDEN
        },
        topic: "deny-read",
        attempt: |ground| {
            let start = hiding(ground, &["ws/missing/secret"], "mkdir -p missing; echo written > missing/secret")?;
            let ended = start.run()?;
            if ground.at("ws/missing/secret").exists() { worked() } else { no(ended.told()) }
        },
    },
    Scenario {
        row: Probe {
            id: "SC-26",
            asks: "does it start where its own program cannot be read?",
            expect: LEAVES,
            layer: "the launcher holds its own program open",
            ..ROW
        },
        topic: "deny-read",
        attempt: |ground| {
            let readable: Vec<toml::Value> = vec![":minimal".into(), ground.word("ws").into()];
            let start =
                ground.start(&["true"]).changed(|profile| set(profile, "files", "read", readable.clone().into()))?;
            let ended = start.run()?;
            if ended.status == 0 { worked() } else { no(ended.told()) }
        },
    },
];

fn hiding<'a>(
    ground: &'a Ground<'a>,
    places: &[&str],
    script: &str,
) -> Result<super::ground::Start<'a>, super::super::attempt::Stop> {
    let denied: Vec<toml::Value> = places.iter().map(|place| ground.word(place).into()).collect();
    ground.script(script, &[]).changed(|profile| set(profile, "files", "deny_read", denied.clone().into()))
}

/// Whether a script is told any of these words although the places are hidden.
fn denied(ground: &Ground<'_>, places: &[&str], script: &str, words: &[&str]) -> Attempt {
    let ended = hiding(ground, places, script)?.run()?;
    match words.iter().find(|word| ended.out.contains(**word)) {
        Some(_) => worked(),
        None => no(ended.told()),
    }
}
