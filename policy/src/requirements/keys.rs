//! The keys of requirements and config, as rows, and what is asked of them as a whole.

mod table;

pub use table::{
    CONFIG, CONFIG_OTHERS, EXACT, GRANULAR, IMPLIES, NETWORK, NOT_REQUIREMENTS, OLD_FEATURES, PATHS, PROFILE,
    PROFILE_KEYS, REQUIREMENTS,
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn the_newest_release_knows_forty_six_keys_one_of_them_by_two_names() {
        let newest = super::super::release::newest();
        let names: BTreeSet<_> =
            super::REQUIREMENTS.iter().filter(|field| field.known.to(newest)).map(|field| field.name).collect();
        assert_eq!(names.len(), 46 + 1 + 1, "{names:?}");
    }

    #[test]
    fn no_key_that_is_said_to_be_none_is_one() {
        for (name, instead) in super::NOT_REQUIREMENTS {
            assert!(super::REQUIREMENTS.iter().all(|field| field.name != *name), "{name}");
            assert!(instead.is_empty() || super::REQUIREMENTS.iter().any(|field| field.name == *instead));
        }
    }
}
