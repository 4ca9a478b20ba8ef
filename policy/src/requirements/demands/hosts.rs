//! Names of hosts against the patterns of `remote_sandbox_config`.

/// Whether a whole host name fits a pattern of `*` and `?`; case and one last dot do not matter.
pub(super) fn host_fits(pattern: &str, host: &str) -> bool {
    let plain = |text: &str| text.strip_suffix('.').unwrap_or(text).to_lowercase().chars().collect::<Vec<_>>();
    let (pattern, host) = (plain(pattern), plain(host));
    // `reached[n]`: whether the pattern so far fits the first n letters.
    let mut reached: Vec<bool> = (0..=host.len()).map(|at| at == 0).collect();
    for letter in pattern {
        let mut next = vec![false; host.len() + 1];
        let mut any = false;
        for (at, slot) in next.iter_mut().enumerate() {
            any = any || reached.get(at).copied().unwrap_or(false);
            let before = at.checked_sub(1);
            *slot = match letter {
                '*' => any,
                letter => before.is_some_and(|before| {
                    reached.get(before).copied().unwrap_or(false)
                        && (letter == '?' || host.get(before).is_some_and(|found| *found == letter))
                }),
            };
        }
        reached = next;
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
