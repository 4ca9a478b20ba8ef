//! The shape that Codex builds: one allow a section, carve-outs negated inside of it.

use super::{Network, Page, Place, Root, Sockets, Wanted, Writing, glob, named, raw, within};

const BASE: &str = include_str!("../../../../sandbox-profiles/seatbelt/base.sbpl");
const NETWORK: &str = include_str!("../../../../sandbox-profiles/seatbelt/network.sbpl");
const MINIMAL: &str = include_str!("../../../../sandbox-profiles/seatbelt/minimal.sbpl");
const OWN_MINIMAL: &str = include_str!("../../../../sandbox-profiles/seatbelt/codex-minimal.sbpl");

pub(super) fn write(page: &mut Page, wanted: &Wanted) {
    page.section("base");
    page.line("(allow process-exec)");
    page.line("(allow process-fork)");
    page.piece(BASE);
    page.section("reading");
    read(page, wanted);
    page.section("writing");
    writing(page, wanted);
    for place in &wanted.deny_globs {
        page.because(place);
        let pattern = raw(&glob(&place.path));
        page.line(&format!("(deny file-read* (regex {pattern}))"));
        page.line(&format!("(deny file-write-unlink (regex {pattern}))"));
    }
    network(page, wanted);
    services(page, wanted);
    if wanted.minimal && wanted.read.is_some() {
        page.section("system");
        page.piece(MINIMAL);
        page.piece(OWN_MINIMAL);
    }
}

/// `(require-all (subpath ROOT) (require-not …) …)`
fn carved(page: &mut Page, name: &str, root: &str, without: &[&Place]) -> String {
    let mut out = format!("(require-all (subpath {})", page.param(name, root));
    for (at, place) in without.iter().enumerate() {
        let param = page.param(&format!("{name}_EXCLUDED_{at}"), &place.path);
        out.push_str(&format!("\n    (require-not (literal {param})) (require-not (subpath {param}))"));
    }
    out.push(')');
    out
}

fn read(page: &mut Page, wanted: &Wanted) {
    match &wanted.read {
        None if wanted.deny_read.is_empty() => page.line("(allow file-read*)"),
        None => {
            let without: Vec<&Place> = wanted.deny_read.iter().collect();
            let whole = carved(page, "READABLE_ROOT_0", "/", &without);
            page.line(&format!("(allow file-read*\n  {whole})"));
        }
        Some(roots) => {
            for (at, root) in roots.iter().enumerate() {
                page.because(root);
                let without: Vec<&Place> =
                    wanted.deny_read.iter().filter(|place| within(&place.path, &root.path)).collect();
                let tree = carved(page, &format!("READABLE_ROOT_{at}"), &root.path, &without);
                page.line(&format!("(allow file-read*\n  {tree})"));
            }
        }
    }
}

fn writing(page: &mut Page, wanted: &Wanted) {
    let roots = match &wanted.write {
        Writing::Nothing => return page.line("; nothing"),
        Writing::Everything => return page.line("(allow file-write* (regex #\"^/\"))"),
        Writing::Roots(roots) => roots,
    };
    // What is a writable root itself was granted by name.
    let granted = |place: &&Place| !roots.iter().any(|root| root.place.path == place.path);
    let protected = roots.iter().flat_map(|root| &root.protected).filter(granted);
    let explicit: Vec<&Place> = protected.chain(&wanted.deny_read).collect();
    let mut alternatives = Vec::new();
    for (at, root) in roots.iter().enumerate() {
        let names = names(root, roots);
        let mut without: Vec<&Place> =
            explicit.iter().copied().filter(|place| within(&place.path, &root.place.path)).chain(&names).collect();
        let mut seen = std::collections::BTreeSet::new();
        without.retain(|place| seen.insert(place.path.clone()));
        alternatives.push(carved(page, &format!("WRITABLE_ROOT_{at}"), &root.place.path, &without));
    }
    page.line(&format!("(allow file-write*\n  {})", alternatives.join("\n  ")));
}

/// The protected names at the top of a root, but for those that are writable roots themselves.
fn names(root: &Root, roots: &[Root]) -> Vec<Place> {
    let top = root.place.path.trim_end_matches('/');
    root.names
        .iter()
        .map(|name| Place::new(format!("{top}/{name}"), "protected name"))
        .filter(|place| !roots.iter().any(|other| other.place.path == place.path))
        .collect()
}

fn network(page: &mut Page, wanted: &Wanted) {
    let sockets = wanted.sockets != Sockets::None;
    if wanted.network == Network::Off && !sockets {
        return;
    }
    page.section("network");
    match &wanted.network {
        Network::Off => {}
        Network::On => {
            page.line("(allow network-outbound)");
            page.line("(allow network-inbound)");
        }
        Network::Proxy { ports, local_binding } => {
            for port in ports {
                page.line(&format!("(allow network-outbound (remote ip \"localhost:{port}\"))"));
            }
            if *local_binding {
                page.line("(allow network-bind (local ip \"*:*\"))");
                page.line("(allow network-inbound (local ip \"localhost:*\"))");
                page.line("(allow network-outbound (remote ip \"localhost:*\"))");
                if !ports.is_empty() {
                    page.line("(allow network-outbound (remote ip \"*:53\"))");
                }
            }
        }
    }
    page.piece(NETWORK);
    unix(page, &wanted.sockets);
}

/// Services and kernel variables that are asked for by name; the same in both layouts.
pub(super) fn services(page: &mut Page, wanted: &Wanted) {
    if wanted.mach.is_empty() && wanted.sysctls.is_empty() {
        return;
    }
    page.section("allowed: services and kernel variables");
    for (line, operation, filter, names) in [
        ("macos.mach_services", "mach-lookup", "global-name", &wanted.mach),
        ("macos.sysctls", "sysctl-read", "sysctl-name", &wanted.sysctls),
    ] {
        if !names.is_empty() {
            let filters: Vec<String> = names.iter().map(|name| named(filter, name)).collect();
            page.line(&format!("; {line}"));
            page.line(&format!("(allow {operation}\n  {})", filters.join("\n  ")));
        }
    }
}

/// Unix sockets that are listed; the same in both layouts.
pub(super) fn unix(page: &mut Page, sockets: &Sockets) {
    if *sockets == Sockets::None {
        return;
    }
    page.line("(allow system-socket (socket-domain AF_UNIX))");
    match sockets {
        Sockets::None => {}
        Sockets::All => {
            page.line("(allow network-bind (local unix-socket))");
            page.line("(allow network-outbound (remote unix-socket))");
        }
        Sockets::Below(places) => {
            for (at, place) in places.iter().enumerate() {
                page.because(place);
                let param = page.param(&format!("UNIX_SOCKET_PATH_{at}"), &place.path);
                page.line(&format!("(allow network-bind (local unix-socket (subpath {param})))"));
                page.line(&format!("(allow network-outbound (remote unix-socket (subpath {param})))"));
            }
        }
    }
}
