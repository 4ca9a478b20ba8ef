//! Names of hosts against the patterns of `remote_sandbox_config`.

/// Whether a whole host name fits a pattern of `*` and `?`; case and one last dot do not matter.
pub(super) fn host_fits(pattern: &str, host: &str) -> bool {
    let dotless = |text: &'_ str| text.len() - usize::from(text.ends_with('.'));
    let part = |text: &'_ str| text.chars().flat_map(char::to_lowercase).collect::<Vec<_>>();
    let host = part(host.get(..dotless(host)).unwrap_or_default());
    let pattern = pattern.get(..dotless(pattern)).unwrap_or_default();
    // `reached[n]`: whether the pattern so far fits the first n letters.
    let mut reached: Vec<bool> = (0..=host.len()).map(|at| at == 0).collect();
    for letter in pattern.chars().flat_map(char::to_lowercase) {
        let mut any = false;
        // Whether the pattern before this letter fits one letter less.
        let mut before = false;
        for (at, slot) in reached.iter_mut().enumerate() {
            let fitted = *slot;
            any = any || fitted;
            let this = at.checked_sub(1).and_then(|at| host.get(at));
            *slot = match letter {
                '*' => any,
                letter => before && this.is_some_and(|found| letter == '?' || *found == letter),
            };
            before = fitted;
        }
    }
    reached.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::host_fits;

    #[test]
    fn host_patterns_take_stars_question_marks_any_case_and_a_last_dot() {
        assert!(host_fits("DEVBOX-0?.Corp.Example.", "devbox-07.corp.example"));
        assert!(host_fits("*.corp.*", "a.b.corp.example"));
        assert!(!host_fits("devbox", "devbox-07"));
        assert!(!host_fits("", "a"));
    }
}
