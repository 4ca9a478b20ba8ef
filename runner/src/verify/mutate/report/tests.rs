use super::{About, is_good, json, page, text};
use crate::report::Outcome;
use crate::verify::mutate::{Fate, Mutant, Mutation};

const ABOUT: About<'_> = About { subject: "native", uid: 7, at_least: 95.0 };

fn mutation(profile: &str, fates: &[Fate]) -> Mutation {
    let mutant = |(number, fate): (usize, &Fate)| Mutant {
        name: format!("part {number}"),
        layer: "seccomp",
        fate: *fate,
        noticed_by: if matches!(fate, Fate::Noticed | Fate::Covered) { vec!["FW-03"] } else { Vec::new() },
        covered_by: if *fate == Fate::Covered { vec!["layer landlock".to_owned()] } else { Vec::new() },
        reason: matches!(fate, Fate::Survived | Fate::NotApplicable).then(|| "why".to_owned()),
    };
    Mutation { profile: profile.to_owned(), mutants: fates.iter().enumerate().map(mutant).collect() }
}

const MIXED: [Fate; 4] = [Fate::Noticed, Fate::Covered, Fate::Survived, Fate::NotApplicable];

#[test]
fn the_text_names_survivors_first_and_gives_the_score_last() {
    let expected = "\
survived        part 2  why (a, b)

covered         part 1  by layer landlock: without both, FW-03 (a, b)

not-applicable  part 3  this host refuses by itself: why (a, b)

native, uid 7, a: 4 mutants: 1 noticed, 1 covered, 1 survived, 1 not-applicable: score 2/3, 66.7 %
native, uid 7, b: 4 mutants: 1 noticed, 1 covered, 1 survived, 1 not-applicable: score 2/3, 66.7 %
";
    assert_eq!(text(&ABOUT, &[mutation("a", &MIXED), mutation("b", &MIXED)]), expected);
}

#[test]
fn a_score_below_what_was_asked_is_not_good() {
    let (good, mixed) = (mutation("a", &MIXED[..2]), mutation("b", &MIXED));
    assert!(is_good(std::slice::from_ref(&good), 95.0) && is_good(&[], 95.0));
    assert!(!is_good(&[good, mixed.clone()], 95.0) && is_good(&[mixed], 66.0));
}

#[test]
fn machines_get_the_numbers_and_a_check_for_each_mutant() {
    let mixed = [mutation("a", &MIXED)];
    let value: serde_json::Value = serde_json::from_str(&json(&ABOUT, &mixed)).expect("JSON");
    assert_eq!(value["mutations"][0]["counts"]["not-applicable"], 1);
    assert_eq!(value["mutations"][0]["score"]["found"], 2);
    assert_eq!(value["mutations"][0]["mutants"][1]["covered_by"][0], "layer landlock");
    let outcomes: Vec<Outcome> = page(&ABOUT, &mixed).items.into_iter().map(|item| item.outcome).collect();
    assert_eq!(outcomes, [Outcome::Pass, Outcome::Pass, Outcome::Fail, Outcome::Skipped]);
}
