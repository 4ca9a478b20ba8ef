use super::expect::{Mode, Word};
use super::{Class, PROBES, all};

#[test]
fn every_part_of_the_catalogue_is_complete() {
    let counted: Vec<_> = PROBES.iter().map(|part| part.len()).collect();
    // As the catalogue has them, the two after those of terminals together its section N; the last are ours.
    assert_eq!(counted, [44, 15, 15, 46, 6, 28, 15, 23, 32, 13, 32, 9, 6, 5, 5, 71]);
    assert_eq!(all().count(), 294 + 71);
}

#[test]
fn identifiers_are_sorted_within_their_part_and_of_one_prefix() {
    for part in PROBES {
        assert!(part.windows(2).all(|pair| pair[0].id < pair[1].id), "{}", part[0].id);
        assert!(part.iter().all(|probe| probe.id[..3] == part[0].id[..3] && probe.id.len() == 5), "{}", part[0].id);
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
            "FD" => Class::Descriptors,
            "PS" => Class::KernelFiles,
            "DV" => Class::Devices,
            "PT" => Class::Processes,
            "NS" => Class::Namespaces,
            "CP" => Class::Privilege,
            "KS" => Class::Kernel,
            "IP" => Class::Ipc,
            "TT" => Class::Terminal,
            "XP" => Class::Parts,
            _ => Class::Resources,
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
            let known = super::fixture::STRAYS.contains(&place) || super::fixture::IN_TMP.contains(&place);
            assert!(known || !place.starts_with('/'), "{}: {place}", probe.id);
        }
    }
}

#[test]
fn the_scenarios_are_complete_and_every_row_is_filled() {
    let rows = super::scenario::all();
    let ids: Vec<String> = (1..=46).map(|number| format!("SC-{number:02}")).collect();
    assert_eq!(rows.iter().map(|scenario| scenario.row.id).collect::<Vec<_>>(), ids);
    for scenario in rows {
        let (row, id) = (scenario.row, scenario.row.id);
        assert!(row.asks.ends_with('?') && row.asks.len() > 20, "{id}: {}", row.asks);
        assert!(row.layer.len() > 3 && scenario.topic.len() > 3, "{id}");
        assert_eq!(row.class, Class::Scenarios, "{id}");
    }
}
