//! Which entries are looked at: by time, session and directory. What is left out is counted by why.

use policy::audit::{Entry, LeftOut};
use serde::{Deserialize, Serialize};

/// The filters; what is empty asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Select {
    /// From this time on, in milliseconds since 1970.
    pub since: Option<i64>,
    /// Before this time.
    pub until: Option<i64>,
    /// Sessions by their names, or by how they begin.
    pub sessions: Vec<String>,
    /// Directories: those and what is below them.
    pub directories: Vec<String>,
}

impl Select {
    /// Whether an entry is looked at; else it is counted in `out`.
    pub fn takes(&self, entry: &Entry, out: &mut LeftOut) -> bool {
        if self.since.is_some() || self.until.is_some() {
            match entry.time {
                None => {
                    out.without_time += 1;
                    return false;
                }
                Some(time)
                    if self.since.is_some_and(|since| time < since)
                        || self.until.is_some_and(|until| time >= until) =>
                {
                    out.by_time += 1;
                    return false;
                }
                Some(_) => {}
            }
        }
        if !self.sessions.is_empty() {
            match &entry.session {
                None => {
                    out.without_session += 1;
                    return false;
                }
                Some(name) if !self.sessions.iter().any(|wanted| name.starts_with(wanted.as_str())) => {
                    out.by_session += 1;
                    return false;
                }
                Some(_) => {}
            }
        }
        if !self.directories.is_empty() {
            match &entry.cwd {
                None => {
                    out.without_directory += 1;
                    return false;
                }
                Some(cwd) if !self.directories.iter().any(|wanted| is_below(cwd, wanted)) => {
                    out.by_directory += 1;
                    return false;
                }
                Some(_) => {}
            }
        }
        true
    }
}

fn is_below(cwd: &str, wanted: &str) -> bool {
    let wanted = wanted.trim_end_matches('/');
    cwd.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_itself_and_what_is_below() {
        for (cwd, wanted, is) in [("/a/b", "/a", true), ("/a", "/a/", true), ("/ab", "/a", false), ("/x", "/", true)] {
            assert_eq!(is_below(cwd, wanted), is, "{cwd} {wanted}");
        }
    }
}
