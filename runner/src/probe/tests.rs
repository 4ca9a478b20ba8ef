use super::expect::{Mode, Word};
use super::{Class, PROBES, all};

#[test]
fn every_part_of_the_catalogue_is_complete() {
    let counted: Vec<_> = PROBES.iter().map(|part| part.len()).collect();
    assert_eq!(counted, [44, 15, 15, 46, 6]);
}

#[test]
fn identifiers_are_consecutive_within_their_part() {
    for part in PROBES {
        let prefix = &part[0].id[..3];
        for (at, probe) in part.iter().enumerate() {
            assert_eq!(probe.id, format!("{prefix}{:02}", at + 1));
        }
    }
}

#[test]
fn every_row_is_filled() {
    for probe in all() {
        assert!(probe.asks.ends_with('?') && probe.asks.len() > 20, "{}: {}", probe.id, probe.asks);
        assert!(probe.layer.len() > 3, "{}: no layer", probe.id);
        let class = match &probe.id[..2] {
            "FW" => Class::FilesWrite,
            "FR" => Class::FilesRead,
            "PM" => Class::Protected,
            "NW" => Class::Network,
            _ => Class::Descriptors,
        };
        assert_eq!(probe.class, class, "{}", probe.id);
    }
}

#[test]
fn only_a_refusal_names_errnos() {
    for probe in all() {
        for mode in Mode::ALL {
            for root in [false, true] {
                let wanted = probe.expect.of(mode, root);
                let refusal = matches!(wanted.word, Word::MustRefuse | Word::ShouldRefuse);
                assert!(refusal || wanted.errnos.is_empty(), "{} in {mode}", probe.id);
            }
        }
    }
}

#[test]
fn whatever_may_appear_on_the_host_is_removed_again() {
    use super::effect::Effect;
    for probe in all() {
        if let Effect::Appears(place) | Effect::Changes(place) = probe.effect {
            let known = super::fixture::STRAYS.contains(&place) || place == super::fixture::IN_TMP;
            assert!(known || !place.starts_with('/'), "{}: {place}", probe.id);
        }
    }
}
