//! palisade's own shape: unfiltered rules, then allows, then denies, each deny on every name that is allowed anywhere.
//!
//! INVARIANT: an operation that any rule here or in a shared piece allows is named by the denies below when it is about a
//! path; the property tests hold the text against the simulator.

use std::collections::BTreeSet;

use super::codex::{services, unix};
use super::{Network, Page, Place, Root, Sockets, Wanted, Writing, glob, raw, within};

const BASE: &str = include_str!("../../../../sandbox-profiles/seatbelt/base.sbpl");
const OPEN: &str = include_str!("../../../../sandbox-profiles/seatbelt/open.sbpl");
const NETWORK: &str = include_str!("../../../../sandbox-profiles/seatbelt/network.sbpl");
const DEVICES: &str = include_str!("../../../../sandbox-profiles/seatbelt/devices.sbpl");
const SINKS: &str = include_str!("../../../../sandbox-profiles/seatbelt/sinks.sbpl");
const TERMINAL: &str = include_str!("../../../../sandbox-profiles/seatbelt/terminal.sbpl");
const MINIMAL: &str = include_str!("../../../../sandbox-profiles/seatbelt/minimal.sbpl");

/// Every way to change what is at a path, and the two that give it another name.
const CHANGES: &str = "file-write* file-write-create file-write-data file-write-unlink file-write-mode file-write-owner
      file-write-flags file-write-times file-write-xattr file-write-acl file-mknod file-link file-clone";
/// Every way to learn what is at a path.
const READS: &str = "file-read* file-read-data file-read-metadata file-read-xattr file-test-existence
      file-map-executable process-exec* process-exec-interpreter";
/// What gives another name to what stays where it is.
const MOVES: &str = "file-write-unlink file-clone";
/// Why a directory that nobody names is named.
const HOLDS: &str = "stays where it is";
/// Why it does.
const STAYS: &str = "What holds any of it is not moved away or copied as a whole: the rules would be left behind.";
/// Unix sockets at a path.
const SOCKETS: &str = "network-outbound network-bind";

/// Sockets of daemons that do what a caller says, as root or as the user outside of the sandbox.
const CONTROL_SOCKETS: &[&str] = &[
    "/docker[^/]*\\.sock$",
    "/containerd[^/]*\\.sock$",
    "/podman[^/]*\\.sock$",
    "/colima/",
    "/\\.orbstack/",
    "/\\.lima/",
    "/com\\.apple\\.launchd\\.[^/]*/Listeners$",
    "/S\\.gpg-agent",
    "/ssh-[^/]*/agent\\.",
];

pub(super) fn write(page: &mut Page, wanted: &Wanted) {
    page.section("rules without a filter");
    page.line("(allow process-exec)");
    page.line("(allow process-fork)");
    if wanted.read.is_none() {
        page.line("; files.read: everything");
        page.line("(allow file-read*)");
    }
    page.piece(OPEN);
    page.section("allowed: what every program needs");
    page.piece(BASE);
    page.piece(SINKS);
    page.section("allowed: reading");
    read(page, wanted);
    page.section("allowed: writing");
    writing(page, wanted);
    network(page, wanted);
    services(page, wanted);
    page.section("denied, whatever is allowed above");
    denied(page, wanted);
    if let Writing::Roots(roots) = &wanted.write {
        protected(page, wanted, roots);
    }
}

fn read(page: &mut Page, wanted: &Wanted) {
    let Some(roots) = &wanted.read else { return page.line("; everything, above") };
    for (at, root) in roots.iter().enumerate() {
        page.because(root);
        let param = page.param(&format!("READABLE_ROOT_{at}"), &root.path);
        page.line(&format!("(allow file-read* (subpath {param}))"));
        page.line(&format!("(allow file-read-metadata (path-ancestors {param}))"));
    }
    if wanted.minimal {
        page.piece(MINIMAL);
    }
}

fn writing(page: &mut Page, wanted: &Wanted) {
    match &wanted.write {
        Writing::Nothing => page.line("; nothing"),
        Writing::Everything => page.line("(allow file-write* file-link (subpath \"/\"))"),
        Writing::Roots(roots) => {
            for (at, root) in roots.iter().enumerate() {
                page.because(&root.place);
                let param = page.param(&format!("WRITABLE_ROOT_{at}"), &root.place.path);
                page.line(&format!("(allow file-write* file-link (subpath {param}))"));
                if wanted.read.is_some() {
                    page.line(&format!("(allow file-read* (subpath {param}))"));
                    page.line(&format!("(allow file-read-metadata (path-ancestors {param}))"));
                }
            }
        }
    }
}

fn network(page: &mut Page, wanted: &Wanted) {
    if wanted.network == Network::Off && wanted.sockets == Sockets::None {
        return;
    }
    page.section("allowed: network");
    match &wanted.network {
        Network::Off => {}
        Network::On => {
            page.line("; network.access: on. Addresses only: an unfiltered rule would open every Unix socket of the machine as well.");
            page.line("(allow network-outbound (remote ip \"*:*\"))");
            page.line("(allow network-inbound (local ip \"*:*\"))");
            page.line("(allow network-outbound (remote unix-socket (literal \"/private/var/run/mDNSResponder\")))");
        }
        Network::Proxy { ports, local_binding } => {
            if ports.is_empty() && !local_binding {
                page.line("; No port of a proxy is known: nothing is reached.");
            }
            for port in ports {
                page.line(&format!("; macos.proxy_ports {port}"));
                page.line(&format!("(allow network-outbound (remote ip \"localhost:{port}\"))"));
            }
            if *local_binding {
                page.line("; macos.local_binding");
                page.line("(allow network-bind (local ip \"*:*\"))");
                page.line("(allow network-inbound (local ip \"localhost:*\"))");
                page.line("(allow network-outbound (remote ip \"localhost:*\"))");
            }
        }
    }
    page.piece(NETWORK);
    let own = own_sockets(page, wanted);
    if wanted.sockets == Sockets::All {
        unix(page, &wanted.sockets);
    }
    if own || wanted.sockets == Sockets::All {
        page.line("; But not those through which others act on the caller's behalf.");
        for socket in CONTROL_SOCKETS {
            page.line(&format!("(deny network-outbound (remote unix-socket (regex {})))", raw(socket)));
        }
    }
    if wanted.sockets != Sockets::All {
        unix(page, &wanted.sockets);
    }
}

/// With the network on, sockets in trees of its own: those of its servers and their clients.
fn own_sockets(page: &mut Page, wanted: &Wanted) -> bool {
    if wanted.network != Network::On {
        return false;
    }
    for (at, place) in wanted.own_sockets.iter().enumerate() {
        page.because(place);
        let param = page.param(&format!("OWN_SOCKETS_{at}"), &place.path);
        page.line(&format!("(allow network-bind (local unix-socket (subpath {param})))"));
        page.line(&format!("(allow network-outbound (remote unix-socket (subpath {param})))"));
    }
    !wanted.own_sockets.is_empty()
}

fn denied(page: &mut Page, wanted: &Wanted) {
    page.piece(TERMINAL);
    if wanted.private_dev {
        page.piece(DEVICES);
    }
    let (mut shut, mut fixed, mut held) = (Vec::new(), BTreeSet::new(), Vec::new());
    for (at, place) in wanted.deny_read.iter().enumerate() {
        let param = page.param(&format!("DENIED_{at}"), &place.path);
        shut.push((place.clone(), format!("(literal {param}) (subpath {param})")));
        match &wanted.write {
            Writing::Roots(roots) => fixed.extend(ancestors(&place.path, roots)),
            Writing::Everything => held.push((place.clone(), format!("(path-ancestors {param})"))),
            Writing::Nothing => {}
        }
    }
    for place in &wanted.deny_globs {
        shut.push((place.clone(), format!("(regex {})", raw(&glob(&place.path)))));
        held.extend(directories(place, &wanted.write));
    }
    page.deny("Hidden: not read, not executed, and nothing is told of it.", READS, &shut);
    // What asks for a place is said once.
    let quiet: Vec<_> = shut.into_iter().map(|(place, filter)| (Place::new(place.path, ""), filter)).collect();
    page.deny("What is hidden is not changed and not linked either,", CHANGES, &quiet);
    page.deny("and no socket in it is offered or reached.", SOCKETS, &quiet);
    held.extend(in_place(page, &fixed));
    let mut seen = BTreeSet::new();
    held.retain(|(_, filter)| seen.insert(filter.clone()));
    page.deny(STAYS, MOVES, &held);
}

/// The directories of a pattern, as far as it names them one by one and they can be moved.
fn directories(place: &Place, write: &Writing) -> Vec<(Place, String)> {
    let movable = |path: &str| match write {
        Writing::Nothing => false,
        Writing::Everything => true,
        Writing::Roots(roots) => {
            path.contains(['*', '?', '[']) || roots.iter().any(|root| within(path, &root.place.path))
        }
    };
    let mut prefix = String::new();
    let mut held = Vec::new();
    let names: Vec<&str> = place.path.split('/').skip(1).collect();
    for name in names.iter().take(names.len().saturating_sub(1)).take_while(|name| !name.contains("**")) {
        prefix.push('/');
        prefix.push_str(name);
        if movable(&prefix) {
            // What has no star names a tree as a pattern; here the directory itself is meant.
            let pattern = glob(&prefix);
            let pattern = pattern.strip_suffix("(/.*)?$").map_or(pattern.clone(), |alone| format!("{alone}$"));
            held.push((Place::new(prefix.clone(), HOLDS), format!("(regex {})", raw(&pattern))));
        }
    }
    held
}

/// Ancestors of a path that lie in a writable root, the root itself included.
fn ancestors(path: &str, roots: &[Root]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut at = path;
    while let Some((parent, _)) = at.rsplit_once('/') {
        if parent.is_empty() {
            break;
        }
        if roots.iter().any(|root| within(parent, &root.place.path)) {
            found.insert(parent.to_owned());
        }
        at = parent;
    }
    found
}

/// Nothing above a denied or protected path may be moved away, up to the writable root; else its rules would be left behind.
fn in_place(page: &mut Page, ancestors: &BTreeSet<String>) -> Vec<(Place, String)> {
    let mut held = Vec::new();
    for path in ancestors {
        let number = page.parameters.iter().filter(|(name, _)| name.starts_with("ANCESTOR_")).count();
        let param = page.param(&format!("ANCESTOR_{number}"), path);
        held.push((Place::new(path, HOLDS), format!("(literal {param})")));
    }
    held
}

fn protected(page: &mut Page, wanted: &Wanted, roots: &[Root]) {
    let mut places: Vec<Place> = Vec::new();
    for root in roots {
        let top = root.place.path.trim_end_matches('/');
        let names = root.names.iter().map(|name| Place::new(format!("{top}/{name}"), "files.protect"));
        for place in root.protected.iter().cloned().chain(names) {
            // What is a writable root itself was asked for by name.
            let granted = roots.iter().any(|other| other.place.path == place.path);
            if !granted && !places.iter().any(|known| known.path == place.path) {
                places.push(place);
            }
        }
    }
    let mut above = BTreeSet::new();
    let mut kept = Vec::new();
    for (at, place) in places.into_iter().enumerate() {
        let param = page.param(&format!("PROTECTED_{at}"), &place.path);
        above.extend(ancestors(&place.path, roots));
        kept.push((place, format!("(literal {param}) (subpath {param})")));
    }
    page.deny(
        "Protected: whoever writes these makes later commands, outside of any sandbox, run what they like.",
        CHANGES,
        &kept,
    );
    if wanted.network == Network::On || wanted.sockets != Sockets::None {
        let quiet: Vec<_> = kept.into_iter().map(|(place, filter)| (Place::new(place.path, ""), filter)).collect();
        page.deny("No socket is offered in their place.", "network-bind", &quiet);
    }
    let held = in_place(page, &above);
    page.deny(STAYS, MOVES, &held);
    let other: Vec<_> = roots.iter().filter_map(|root| other_letters(page, root, roots)).collect();
    page.deny("Where case does not count, other letters make the same name.", CHANGES, &other);
}

/// Protected names at the top of a tree in other letters. Where case does not count they are the same names, and one that is
/// not there yet can be made in any; a literal would not know it.
fn other_letters(page: &mut Page, root: &Root, roots: &[Root]) -> Option<(Place, String)> {
    let top = root.place.path.trim_end_matches('/');
    let granted = |name: &String| roots.iter().any(|other| other.place.path == format!("{top}/{name}"));
    let has_letters = |name: &&String| name.contains(|letter: char| letter.is_ascii_alphabetic());
    let names: Vec<String> =
        root.names.iter().filter(|name| !granted(name)).filter(has_letters).map(|name| any_case(name)).collect();
    if names.is_empty() {
        return None;
    }
    let below = raw(&format!("/({})(/|$)", names.join("|")));
    let pattern = if top.is_empty() {
        raw(&format!("^/({})(/|$)", names.join("|")))
    } else {
        let number = page.parameters.iter().filter(|(name, _)| name.starts_with("NAMES_")).count();
        let param = page.param(&format!("NAMES_{number}"), top);
        format!("(string-append \"^\" (regex-quote {param}) {below})")
    };
    Some((Place::new(root.place.path.clone(), "files.protect, in other letters"), format!("(regex {pattern})")))
}

/// A name as a pattern that matches it in any letters.
fn any_case(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_ascii_alphabetic() {
            out.extend(['[', letter.to_ascii_lowercase(), letter.to_ascii_uppercase(), ']']);
        } else {
            if "^.[$()|*+?{\\]}".contains(letter) {
                out.push('\\');
            }
            out.push(letter);
        }
    }
    out
}
