//! The table of filters on names and numbers, and of what is known but not simulated.

use serde::Serialize;

use super::super::operations::{self, Operation};
use super::super::pattern::Pattern;
use super::super::query::Query;
use super::super::truth::{Confidence, Notes, Truth};
use super::{Where, any};

/// A filter on one name or number.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// The family of operations it means something for; none: all.
    pub family: Option<&'static str>,
    /// What its values are.
    pub takes: Takes,
}

/// What the values of a filter are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Text; there are `-prefix` and `-regex` forms.
    Text,
    /// A number or a named constant.
    Number,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Permission bits.
    Bits,
}

/// A value of a filter with how it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// Exactly this.
    Is(Value),
    /// Beginning with this.
    Prefix(String),
    /// Holding this pattern.
    Regex(Pattern),
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Text, a word or a constant whose number is not known.
    Text(String),
    /// A number.
    Number(i64),
}

const VNODES: &[&str] =
    &["REGULAR-FILE", "DIRECTORY", "BLOCK-DEVICE", "CHARACTER-DEVICE", "SYMLINK", "SOCKET", "FIFO", "TTY"];
const TARGETS: &[&str] = &["self", "same-sandbox", "pgrp", "children", "others", "initproc"];

const fn row(name: &'static str, family: Option<&'static str>, takes: Takes) -> Row {
    Row { name, family, takes }
}

/// Every filter on a name or a number.
static ROWS: &[Row] = &[
    row("appleevent-destination", Some("ae-destination"), Takes::Text),
    row("boot-arg", Some("boot-arg"), Takes::Text),
    row("control-name", Some("socket"), Takes::Text),
    row("extension-class", Some("extension-class"), Takes::Text),
    row("file-mode", Some("file-mode"), Takes::Bits),
    row("fsctl-command", Some("fsctl"), Takes::Number),
    row("global-name", Some("mach"), Takes::Text),
    row("info-type", Some("info"), Takes::Text),
    row("ioctl-command", Some("ioctl"), Takes::Number),
    row("iokit-connection", Some("iokit-connection"), Takes::Text),
    row("iokit-property", Some("iokit-property"), Takes::Text),
    row("iokit-registry-entry-class", Some("iokit-user-client"), Takes::Text),
    row("ipc-posix-name", Some("posix-ipc"), Takes::Text),
    row("kext-bundle-id", Some("kext-bundle-id"), Takes::Text),
    row("local-name", Some("mach"), Takes::Text),
    row("mac-policy-name", None, Takes::Text),
    row("mac-syscall-number", None, Takes::Number),
    row("notification-name", Some("notification"), Takes::Text),
    row("nvram-variable", Some("nvram"), Takes::Text),
    row("preference-domain", Some("preference-domain"), Takes::Text),
    row("right-name", Some("auth-right-name"), Takes::Text),
    row("socket-domain", Some("socket"), Takes::Number),
    row("socket-protocol", Some("socket"), Takes::Number),
    row("socket-type", Some("socket"), Takes::Number),
    row("syscall-number", None, Takes::Number),
    row("sysctl-name", Some("sysctl"), Takes::Text),
    row("target", Some("target"), Takes::Word(TARGETS)),
    row("vnode-type", Some("vnode-type"), Takes::Word(VNODES)),
    row("xattr", Some("xattr"), Takes::Text),
    row("xpc-service-name", Some("mach"), Takes::Text),
];

/// Other names for filters.
const ALIASES: &[(&str, &str)] = &[
    ("iokit-user-client-class", "iokit-registry-entry-class"),
    ("xpc-service", "xpc-service-name"),
    ("vnode", "vnode-type"),
];

/// Filters that look at a process, the system or a device; a beginning ends in `*`.
pub(in super::super) const UNMODELLED: &[&str] = &[
    "%entitlement-*",
    "application-group",
    "container",
    "csr",
    "debug-mode",
    "device-*",
    "entitlement-*",
    "executable-bundle",
    "file-attribute",
    "fs-*",
    "host-special-port",
    "iokit-method-number",
    "iokit-async-method-number",
    "iokit-trap-number",
    "iokit-user-client-type",
    "kernel-mig-routine",
    "machtrap-number",
    "message-number",
    "mount-relative-*",
    "necp-client-action",
    "privilege-id",
    "process-*",
    "profile-flag",
    "quarantine*",
    "reboot-flags",
    "require-entitlement",
    "rootless-*",
    "sandbox-*",
    "semaphore-owner",
    "signal-number",
    "signing-identifier*",
    "socket-option-*",
    "state-flag",
    "storage-class*",
    "system-attribute",
    "system-container",
    "system-group",
    "uid",
    "upcall-*",
];

const CONSTANTS: &[(&str, i64)] = &[
    ("AF_UNSPEC", 0),
    ("AF_UNIX", 1),
    ("AF_LOCAL", 1),
    ("AF_INET", 2),
    ("AF_ROUTE", 17),
    ("AF_NDRV", 27),
    ("AF_INET6", 30),
    ("AF_SYSTEM", 32),
    ("SOCK_STREAM", 1),
    ("SOCK_DGRAM", 2),
    ("SOCK_RAW", 3),
    ("SOCK_SEQPACKET", 5),
    ("IPPROTO_ICMP", 1),
    ("IPPROTO_TCP", 6),
    ("IPPROTO_UDP", 17),
    ("IPPROTO_ICMPV6", 58),
    ("SYSPROTO_EVENT", 1),
    ("SYSPROTO_CONTROL", 2),
    // Of terminals and descriptors, as `sys/ttycom.h` and `sys/filio.h` number them.
    ("FIOCLEX", 0x2000_6601),
    ("FIONBIO", 0x8004_667e),
    ("FIONCLEX", 0x2000_6602),
    ("FIONREAD", 0x4004_667f),
    ("TIOCEXCL", 0x2000_740d),
    ("TIOCGETA", 0x4048_7413),
    ("TIOCGPGRP", 0x4004_7477),
    ("TIOCGWINSZ", 0x4008_7468),
    ("TIOCNOTTY", 0x2000_7471),
    ("TIOCNXCL", 0x2000_740e),
    ("TIOCOUTQ", 0x4004_7473),
    ("TIOCPTYGNAME", 0x4080_7453),
    ("TIOCPTYGRANT", 0x2000_7454),
    ("TIOCPTYUNLK", 0x2000_7452),
    ("TIOCSCTTY", 0x2000_7461),
    ("TIOCSETA", 0x8048_7414),
    ("TIOCSETAF", 0x8048_7416),
    ("TIOCSETAW", 0x8048_7415),
    ("TIOCSPGRP", 0x8004_7476),
    ("TIOCSTI", 0x8001_7472),
    ("TIOCSWINSZ", 0x8008_7467),
];

/// The value of a named constant; one whose number is not known stays a name.
pub(in super::super) fn number_of(name: &str) -> Value {
    let known = CONSTANTS.iter().find(|(known, _)| *known == name);
    known.map_or_else(|| Value::Text(name.to_owned()), |(_, number)| Value::Number(*number))
}

/// The form of a filter's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Form {
    Is,
    Prefix,
    Regex,
}

/// The row and the form a filter's name stands for.
pub(in super::super) fn find(name: &str) -> Option<(&'static Row, Form)> {
    let exact = |name: &str| {
        let real = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, real)| *real);
        ROWS.iter().find(|row| row.name == real)
    };
    if let Some(row) = exact(name).filter(|_| name != "vnode") {
        return Some((row, Form::Is));
    }
    let (base, form) = match name.strip_suffix("-prefix") {
        Some(base) => (base, Form::Prefix),
        None => (name.strip_suffix("-regex")?, Form::Regex),
    };
    exact(base).filter(|row| row.takes == Takes::Text).map(|row| (row, form))
}

/// Every name of a filter on a name or number.
pub fn names() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|row| row.name)
}

/// A fact for a question.
pub(in super::super) fn fact(name: &str, value: &str) -> Result<(&'static str, Value), String> {
    let real = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, real)| *real);
    let Some(row) = ROWS.iter().find(|row| row.name == real) else {
        let facts: Vec<&str> = ["path", "local", "remote", "extension"].into_iter().chain(names()).collect();
        return Err(format!("there is no fact `{name}`; the facts are {}", facts.join(", ")));
    };
    let value = match row.takes {
        Takes::Text => Value::Text(value.to_owned()),
        Takes::Word(words) => match words.iter().find(|word| word.eq_ignore_ascii_case(value)) {
            Some(word) => Value::Text((*word).to_owned()),
            None => return Err(format!("`{value}` is no `{name}`; it is one of {}", words.join(", "))),
        },
        Takes::Bits => match i64::from_str_radix(value.trim_start_matches("0o"), 8) {
            Ok(bits) => Value::Number(bits),
            Err(_) => return Err(format!("`{value}` is no file mode; write it in octal, as `644`")),
        },
        Takes::Number => value.parse().map_or_else(|_| number_of(value), Value::Number),
    };
    Ok((row.name, value))
}

/// The fact an operation is mostly asked with.
pub(in super::super) fn main_fact(operation: Operation) -> Option<&'static str> {
    const BY_FAMILY: &[(&str, &str)] = &[
        ("path", "path"),
        ("mach", "global-name"),
        ("sysctl", "sysctl-name"),
        ("target", "target"),
        ("posix-ipc", "ipc-posix-name"),
        ("iokit-user-client", "iokit-registry-entry-class"),
        ("preference-domain", "preference-domain"),
        ("nvram", "nvram-variable"),
        ("notification", "notification-name"),
        ("ae-destination", "appleevent-destination"),
        ("auth-right-name", "right-name"),
        ("kext-bundle-id", "kext-bundle-id"),
        ("info", "info-type"),
        ("fsctl", "fsctl-command"),
        ("extension-class", "extension-class"),
        ("socket", "socket-domain"),
        ("boot-arg", "boot-arg"),
    ];
    let has = |family: &str| operation.families() & operations::family(family) != 0;
    if has("network") {
        return Some(if operation.name() == "network-outbound" { "remote" } else { "local" });
    }
    if has("path") && has("target") {
        return Some("target");
    }
    BY_FAMILY.iter().find(|(family, _)| has(family)).map(|(_, name)| *name)
}

/// Names that are kinds of one thing: who told one has told that the others are not there.
const MACH: &[&str] = &["global-name", "local-name", "xpc-service-name"];

/// Whether what was told says that this fact is not there.
pub(in super::super) fn is_told(row: &Row, query: &Query) -> bool {
    MACH.contains(&row.name) && MACH.iter().any(|name| query.facts.contains_key(name))
}

impl Row {
    pub(super) fn holds(&self, scalars: &[Scalar], query: &Query, notes: &mut Notes) -> Truth {
        let Some(told) = query.facts.get(self.name) else {
            return if is_told(self, query) { Truth::False } else { notes.missing(self.name) };
        };
        any(scalars, |scalar| match (self.takes, scalar) {
            (Takes::Bits, Scalar::Is(Value::Number(bits))) => {
                notes.doubt(Confidence::Medium, "a file mode matches when all of its bits are set");
                matches!(told, Value::Number(mode) if mode & bits == *bits).into()
            }
            (Takes::Word(words), Scalar::Is(Value::Text(word))) => match told {
                Value::Text(told) if words == TARGETS => target(word, told, notes),
                Value::Text(told) => vnode(word, told, notes),
                Value::Number(_) => Truth::False,
            },
            (_, Scalar::Is(Value::Number(number))) => match told {
                Value::Number(told) => (told == number).into(),
                Value::Text(name) => notes.missing(&format!("the number of `{name}`")),
            },
            (Takes::Number, Scalar::Is(Value::Text(name))) => match told {
                Value::Text(told) if told == name => Truth::True,
                _ => notes.missing(&format!("the number of `{name}`")),
            },
            (_, Scalar::Is(value)) => (told == value).into(),
            (_, Scalar::Prefix(prefix)) => {
                matches!(told, Value::Text(told) if told.starts_with(prefix.as_str())).into()
            }
            (_, Scalar::Regex(pattern)) => match told {
                Value::Text(told) => match pattern.find(told) {
                    Ok(found) => found.into(),
                    Err(why) => notes.missing(&format!("the pattern `{}`: {why}", pattern.written)),
                },
                Value::Number(_) => Truth::False,
            },
        })
    }
}

/// Whether a process that is `told` is one that is `asked` for.
fn target(asked: &str, told: &str, notes: &mut Notes) -> Truth {
    match (asked, told) {
        (asked, told) if asked == told => Truth::True,
        ("same-sandbox" | "pgrp", "self") => Truth::True,
        ("self", _) | ("others" | "children" | "initproc", "self") | ("same-sandbox", "others" | "initproc") => {
            Truth::False
        }
        ("others", "same-sandbox") => notes.missing("whether `others` includes other members of the same sandbox"),
        _ => notes.missing(&format!("whether a process that is `{told}` is also `{asked}`")),
    }
}

/// A terminal is a character device as well; which of both is asked is not known.
fn vnode(asked: &str, told: &str, notes: &mut Notes) -> Truth {
    match (asked, told) {
        ("TTY", "CHARACTER-DEVICE") | ("CHARACTER-DEVICE", "TTY") => {
            notes.missing("whether the character device is a terminal")
        }
        _ => (asked == told).into(),
    }
}

/// The name of an end, for messages.
pub(super) const fn end_name(end: Where) -> &'static str {
    match end {
        Where::Local => "local",
        Where::Remote => "remote",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_its_families_exist() {
        for pair in ROWS.windows(2) {
            assert!(pair[0].name < pair[1].name, "{}", pair[1].name);
        }
        for row in ROWS {
            assert!(row.family.is_none_or(|family| operations::family(family) != 0), "{}", row.name);
        }
    }

    #[test]
    fn names_have_three_forms_and_numbers_one() {
        assert_eq!(find("global-name-prefix").map(|(row, form)| (row.name, form)), Some(("global-name", Form::Prefix)));
        assert_eq!(find("iokit-user-client-class-regex").map(|(row, _)| row.name), Some("iokit-registry-entry-class"));
        assert!(find("socket-domain-prefix").is_none());
        assert!(find("vnode").is_none());
    }
}
