//! Which known words an unknown one may have been meant to be.

/// Longer than any word that is known. How alike two are is counted by the product of their lengths.
const LONGEST: usize = 64;

/// From here on a word is like another, where 1 is the same (Jaro-Winkler).
const ALIKE: f64 = 0.85;

/// The known words that are like this one, the most like first; of equals the earlier.
#[must_use]
pub fn alike<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    if word.len() > LONGEST {
        return Vec::new();
    }
    let mut near: Vec<_> = known.map(|name| (strsim::jaro_winkler(word, name), name)).collect();
    near.retain(|(likeness, _)| *likeness > ALIKE);
    near.sort_by(|left, right| right.0.total_cmp(&left.0));
    near.into_iter().map(|(_, name)| name).collect()
}

/// The known word most like this one, if any is.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    alike(word, known).first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_like_is_the_nearest_and_a_word_that_is_like_none_has_none() {
        let known = ["allow", "prompt", "forbidden", "deny_read", "deny_write"];
        let nearest = |word: &str| nearest(word, known.iter().copied());
        for (word, meant) in
            [("alow", "allow"), ("promt", "prompt"), ("forbiden", "forbidden"), ("deny_reed", "deny_read")]
        {
            assert_eq!(nearest(word), Some(meant), "{word}");
        }
        assert_eq!((nearest("zzz"), nearest("")), (None, None));
        assert_eq!(nearest(&"deny_read".repeat(10_000)), None);
        assert_eq!(alike("deny_rite", known.iter().copied()), ["deny_write", "deny_read"]);
    }
}
