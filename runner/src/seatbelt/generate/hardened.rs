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
const MINIMAL: &str = include_str!("../../../../sandbox-profiles/seatbelt/minimal.sbpl");

/// Every way to change what is at a path, and the two that give it another name.
const CHANGES: &str = "file-write* file-write-create file-write-data file-write-unlink file-write-mode file-write-owner \
file-write-flags file-write-times file-write-xattr file-write-acl file-mknod file-link file-clone";
/// Every way to learn what is at a path.
const READS: &str = "file-read* file-read-data file-read-metadata file-read-xattr file-test-existence \
file-map-executable process-exec* process-exec-interpreter";

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
            page.line("; Addresses only: an unfiltered rule would open every Unix socket of the machine as well.");
            page.line("(allow network-outbound (remote ip \"*:*\"))");
            page.line("(allow network-inbound (local ip \"*:*\"))");
            page.line("(allow network-outbound (remote unix-socket (literal \"/private/var/run/mDNSResponder\")))");
        }
        Network::Proxy { ports, local_binding } => {
            for port in ports {
                page.line(&format!("(allow network-outbound (remote ip \"localhost:{port}\"))"));
            }
            if *local_binding {
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

/// With the network on, sockets where the command may write: its own servers and clients.
fn own_sockets(page: &mut Page, wanted: &Wanted) -> bool {
    let (Network::On, Writing::Roots(roots)) = (&wanted.network, &wanted.write) else { return false };
    page.line("; Unix sockets in the writable trees.");
    for (at, root) in roots.iter().enumerate() {
        let param = page.param(&format!("WRITABLE_ROOT_{at}"), &root.place.path);
        page.line(&format!("(allow network-bind (local unix-socket (subpath {param})))"));
        page.line(&format!("(allow network-outbound (remote unix-socket (subpath {param})))"));
    }
    !roots.is_empty()
}

fn denied(page: &mut Page, wanted: &Wanted) {
    if wanted.private_dev {
        page.piece(DEVICES);
    }
    for (at, place) in wanted.deny_read.iter().enumerate() {
        page.because(place);
        let param = page.param(&format!("DENIED_{at}"), &place.path);
        page.line(&format!("(deny {READS}\n  (literal {param}) (subpath {param}))"));
        page.line(&format!("(deny {CHANGES}\n  (literal {param}) (subpath {param}))"));
        page.line(&format!("(deny network-outbound network-bind (literal {param}) (subpath {param}))"));
        keep_in_place(page, &param, &place.path, wanted);
    }
    for place in &wanted.deny_globs {
        page.because(place);
        let pattern = raw(&glob(&place.path));
        page.line(&format!("(deny {READS}\n  (regex {pattern}))"));
        page.line(&format!("(deny {CHANGES}\n  (regex {pattern}))"));
        page.line(&format!("(deny network-outbound network-bind (regex {pattern}))"));
    }
}

/// Nothing above a path may be moved away, up to the writable root; else its rules would be left behind.
fn keep_in_place(page: &mut Page, param: &str, path: &str, wanted: &Wanted) {
    let Writing::Roots(roots) = &wanted.write else {
        if wanted.write == Writing::Everything {
            page.line(&format!("(deny file-write-unlink file-write* (path-ancestors {param}))"));
        }
        return;
    };
    let ancestors = ancestors(path, roots);
    deny_moving(page, &ancestors);
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

fn deny_moving(page: &mut Page, ancestors: &BTreeSet<String>) {
    for path in ancestors {
        let number = page.parameters.len();
        let param = page.param(&format!("ANCESTOR_{number}"), path);
        page.line(&format!("(deny file-write-unlink file-clone (literal {param}))"));
    }
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
    for (at, place) in places.iter().enumerate() {
        page.because(place);
        let param = page.param(&format!("PROTECTED_{at}"), &place.path);
        page.line(&format!("(deny {CHANGES}\n  (literal {param}) (subpath {param}))"));
        if wanted.network == Network::On || wanted.sockets != Sockets::None {
            page.line(&format!("(deny network-bind (literal {param}) (subpath {param}))"));
        }
        above.extend(ancestors(&place.path, roots));
    }
    if !above.is_empty() {
        page.line("; What holds a protected name stays where it is: moved away, the name would be protected no more.");
        deny_moving(page, &above);
    }
}
