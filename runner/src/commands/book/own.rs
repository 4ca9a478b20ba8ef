//! palisade's own program and its hash, which records name beside rules and profiles.
//!
//! A hook answers in milliseconds and cannot read tens of megabytes each time. So the hash is kept beside the compiled rules, under what
//! the kernel says of the file: device, inode, size and times. The time of the last change of the inode nobody can set (`inode(7)`).

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::rule_cache;

/// A file that has changed within this time may change once more under the same time.
const SETTLED: Duration = Duration::from_secs(2);

/// The program that is running, with its hash.
pub(in crate::commands) fn palisade() -> Value {
    let path = std::env::current_exe().ok();
    json!({ "kind": "palisade", "path": path, "blake3": path.as_deref().and_then(hash) })
}

fn hash(path: &Path) -> Option<String> {
    // What runs, also when another has taken its name by now.
    let image = Some(PathBuf::from("/proc/self/exe")).filter(|image| image.exists()).unwrap_or_else(|| path.to_owned());
    let facts = std::fs::metadata(&image).ok()?;
    let kept = settled(&facts).then(|| rule_cache::text(&named(&facts))).flatten();
    if let Some(hash) = kept.as_ref().and_then(rule_cache::Entry::read_text) {
        return Some(hash);
    }
    let hash = super::hash(&image)?;
    if let Some(kept) = kept {
        kept.write_text(&hash);
    }
    Some(hash)
}

fn named(facts: &Metadata) -> String {
    let times = (facts.mtime(), facts.mtime_nsec(), facts.ctime(), facts.ctime_nsec());
    format!("palisade {} {} {} {times:?}", facts.dev(), facts.ino(), facts.size())
}

fn settled(facts: &Metadata) -> bool {
    let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(facts.ctime()).unwrap_or_default());
    SystemTime::now().duration_since(changed).is_ok_and(|age| age > SETTLED)
}
