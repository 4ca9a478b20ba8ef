//! Where the real programs are that palisade is compared with. A test that needs one fails by name without it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::sandboxed::{User, program};

/// The native `codex` of a version: below `$PALISADE_PEERS`, or `tests/peers/node_modules` of this repository, in a
/// package whose path names the version (an npm alias such as `codex-0.169.0`, or a folder such as `0.169.0/`).
pub(crate) fn codex(version: &str) -> PathBuf {
    let root = std::env::var_os("PALISADE_PEERS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/peers/node_modules"), PathBuf::from);
    let alias = [format!("codex-{version}"), version.to_owned()];
    let mut found = Vec::new();
    for folder in alias.iter().map(|name| root.join(name)) {
        search(&folder, 0, &mut found);
    }
    // An alias' platform package may be hoisted beside it; its own manifest then names the version.
    if found.is_empty() {
        search_hoisted(&root, version, &mut found);
    }
    found.sort();
    found.into_iter().next().unwrap_or_else(|| {
        panic!(
            "the real codex {version} is not below {}: run `npm ci` in tests/peers, or set PALISADE_PEERS to a folder \
             that holds `codex-{version}`",
            root.display()
        )
    })
}

/// sandbox-runtime's `srt`, which `tests/run` fetches.
pub(crate) fn sandbox_runtime() -> PathBuf {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/peers/node_modules/.bin/srt");
    program.canonicalize().unwrap_or_else(|_| panic!("{} is missing: run `npm ci` in tests/peers", program.display()))
}

/// The same for a user: where an ordinary one cannot go, the whole package is linked to where everybody can.
pub(crate) fn codex_for(user: User, version: &str) -> PathBuf {
    static LINKING: Mutex<()> = Mutex::new(());
    let codex = codex(version).canonicalize().expect("a program");
    let open = |path: &Path| std::fs::metadata(path).is_ok_and(|data| data.permissions().mode() & 0o001 != 0);
    if user == User::Own || codex.ancestors().all(open) {
        return codex;
    }
    let vendor = codex.ancestors().find(|folder| folder.ends_with("vendor")).expect("a package");
    let copy = program().with_file_name(format!("codex-{version}"));
    let _held = LINKING.lock().unwrap_or_else(PoisonError::into_inner);
    if !copy.exists() {
        let copied =
            |how: &str| Command::new("cp").arg(how).arg(vendor).arg(&copy).output().expect("cp").status.success();
        // Linked where that goes; else it is some hundred megabytes.
        assert!(copied("-al") || copied("-a"), "{} cannot be copied", vendor.display());
    }
    copy.join(codex.strip_prefix(vendor).expect("in it"))
}

/// Native binaries called `codex` below a `vendor` folder.
fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() && depth < 10 {
            search(&path, depth + 1, found);
        } else if entry.file_name() == "codex"
            && path.components().any(|part| part.as_os_str() == "vendor")
            && is_native(&path)
        {
            found.push(path);
        }
    }
}

fn search_hoisted(root: &Path, version: &str, found: &mut Vec<PathBuf>) {
    let Ok(scope) = std::fs::read_dir(root.join("@openai")) else { return };
    for package in scope.flatten().map(|entry| entry.path()) {
        let manifest = std::fs::read_to_string(package.join("package.json")).unwrap_or_default();
        if manifest.contains(&format!("\"version\": \"{version}")) {
            search(&package, 0, found);
        }
    }
}

fn is_native(path: &Path) -> bool {
    use std::io::Read;
    let mut magic = [0; 4];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *b"\x7fELF"
}
