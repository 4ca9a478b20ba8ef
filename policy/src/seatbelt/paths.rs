//! Paths as the kernel sees them: links followed, the long spelling of firmlinks made short.

use std::collections::BTreeMap;

/// Links that every macOS has.
const ALIASES: &[(&str, &str)] = &[
    ("/tmp", "/private/tmp"),
    ("/var", "/private/var"),
    ("/etc", "/private/etc"),
    ("/home", "/System/Volumes/Data/home"),
];

/// Where the data volume is mounted.
const DATA: &str = "/System/Volumes/Data";

/// What of the data volume is seen in its short form.
const FIRMLINKS: &[&str] = &[
    "/AppleInternal",
    "/Applications",
    "/Library",
    "/System/Library/Assets",
    "/System/Library/AssetsV2",
    "/System/Library/Caches",
    "/System/Library/CoreServices/CoreTypes.bundle/Contents/Library",
    "/System/Library/PreinstalledAssets",
    "/System/Library/PreinstalledAssetsV2",
    "/System/Library/Speech",
    "/Users",
    "/Volumes",
    "/cores",
    "/opt",
    "/private",
    "/usr/libexec/cups",
    "/usr/local",
    "/usr/share/snmp",
];

/// How many links are followed, as the kernel has it (MAXSYMLINKS).
const MOST_LINKS: usize = 32;

/// A path that was followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// Where it ends.
    pub path: String,
    /// The links on the way, in order.
    pub crossed: Vec<Crossed>,
    /// Whether a firmlink was made short.
    pub shortened: bool,
}

/// A link on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossed {
    /// The link itself.
    pub link: String,
    /// Where it leads.
    pub target: String,
}

/// Follows the links of macOS and those given, each from a whole path to its target.
///
/// # Errors
/// More links than the kernel follows, with the path where it gives up.
pub fn resolve(path: &str, links: &BTreeMap<String, String>) -> Result<Resolved, String> {
    let mut crossed: Vec<Crossed> = Vec::new();
    let mut shortened = false;
    let mut rest: Vec<String> = components(path).rev().map(str::to_owned).collect();
    let mut done = String::new();
    while let Some(name) = rest.pop() {
        if name == ".." {
            done.truncate(done.rfind('/').unwrap_or(0));
            continue;
        }
        let next = format!("{done}/{name}");
        let (short, was_long) = shorten(&next);
        shortened |= was_long;
        let alias = ALIASES.iter().find(|(link, _)| *link == short).map(|(_, target)| *target);
        let Some(target) = links.get(short).map(String::as_str).or(alias) else {
            done = short.to_owned();
            continue;
        };
        crossed.push(Crossed { link: short.to_owned(), target: target.to_owned() });
        if crossed.len() > MOST_LINKS {
            return Err(short.to_owned());
        }
        if target.starts_with('/') {
            done.clear();
        }
        rest.extend(components(target).rev().map(str::to_owned));
    }
    if done.is_empty() {
        done.push('/');
    }
    Ok(Resolved { path: done, crossed, shortened })
}

fn components(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|name| !matches!(*name, "" | "."))
}

/// The short form of a path on the data volume below a firmlink.
fn shorten(path: &str) -> (&str, bool) {
    let Some(rest) = path.strip_prefix(DATA) else { return (path, false) };
    let below = |link: &str| rest.strip_prefix(link).is_some_and(|tail| tail.is_empty() || tail.starts_with('/'));
    if FIRMLINKS.iter().any(|link| below(link)) { (rest, true) } else { (path, false) }
}

/// The physical path of one that begins with an alias, or with the long form of a firmlink: such a pattern matches nothing.
pub(super) fn physical(path: &str) -> Option<String> {
    let resolved = resolve(path.trim_end_matches('/'), &BTreeMap::new()).ok()?;
    (resolved.shortened || !resolved.crossed.is_empty()).then_some(resolved.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(path: &str, links: &[(&str, &str)]) -> String {
        let links = links.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        resolve(path, &links).map_or_else(|at| format!("too many links at {at}"), |resolved| resolved.path)
    }

    #[test]
    fn links_are_followed_wherever_they_stand() {
        assert_eq!(follow("/tmp/a", &[]), "/private/tmp/a");
        assert_eq!(follow("/tmp", &[]), "/private/tmp");
        assert_eq!(follow("/tmpfile", &[]), "/tmpfile");
        assert_eq!(follow("/w/link", &[("/w/link", "/etc/passwd")]), "/private/etc/passwd");
        assert_eq!(follow("/w/link/a/b", &[("/w/link", "../real")]), "/real/a/b");
        assert_eq!(follow("/a/b", &[("/a", "/c"), ("/c/b", "/d")]), "/d");
        assert_eq!(follow("/", &[]), "/");
        assert_eq!(follow("/a//./b/../c/", &[]), "/a/c");
        assert!(follow("/a", &[("/a", "/a")]).starts_with("too many"));
    }

    #[test]
    fn only_what_a_firmlink_covers_is_made_short() {
        assert_eq!(follow("/System/Volumes/Data/private/tmp/x", &[]), "/private/tmp/x");
        assert_eq!(follow("/System/Volumes/Data/Users/u", &[]), "/Users/u");
        assert_eq!(follow("/System/Volumes/Data/Userspace", &[]), "/System/Volumes/Data/Userspace");
        assert_eq!(follow("/home/u", &[]), "/System/Volumes/Data/home/u");
        assert_eq!(follow("/Users/l", &[("/Users/l", "/System/Volumes/Data/opt/x")]), "/opt/x");
    }

    #[test]
    fn patterns_on_aliases_have_a_physical_form() {
        assert_eq!(physical("/tmp/x").as_deref(), Some("/private/tmp/x"));
        assert_eq!(physical("/var/").as_deref(), Some("/private/var"));
        assert_eq!(physical("/private/tmp"), None);
    }
}
