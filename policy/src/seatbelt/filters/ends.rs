//! `(local …)` and `(remote …)`: one end of a connection.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::super::operations::Operation;
use super::super::query::{Endpoint, Protocol, Query, Where};
use super::super::truth::{Confidence, Notes, Truth};
use super::names::end_name;
use super::{Asked, Filter, ends_at};

/// A filter on one end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Which end.
    pub end: Where,
    /// What kind of connection.
    pub kind: Kind,
    /// Only loopback addresses.
    pub loopback: bool,
    /// Only this port.
    pub port: Option<u16>,
    /// For Unix sockets: only where this holds for the path.
    pub path: Option<Arc<Filter>>,
}

/// What kind of connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A Unix socket.
    Unix,
    /// IP of a version and a protocol; none for any.
    Ip {
        /// 4 or 6.
        version: Option<u8>,
        /// The protocol.
        protocol: Option<Protocol>,
    },
}

impl Kind {
    /// The kind of this name.
    pub(in super::super) fn parse(name: &str) -> Option<Self> {
        let (protocol, version) = match name {
            "unix" | "unix-socket" => return Some(Self::Unix),
            name if name.starts_with("ip") => (None, name.get(2..)?),
            name if name.starts_with("tcp") => (Some(Protocol::Tcp), name.get(3..)?),
            name if name.starts_with("udp") => (Some(Protocol::Udp), name.get(3..)?),
            _ => return None,
        };
        let version = match version {
            "" => None,
            "4" => Some(4),
            "6" => Some(6),
            _ => return None,
        };
        Some(Self::Ip { version, protocol })
    }
}

/// Reads `HOST:PORT`; the host may be `*` or `localhost` only.
pub(in super::super) fn address(text: &str) -> Result<(bool, Option<u16>), String> {
    let (host, port) = text.rsplit_once(':').ok_or_else(|| format!("`{text}` is not HOST:PORT"))?;
    let loopback = match host {
        "*" => false,
        "localhost" => true,
        host => return Err(format!("the host is `{host}`, and may be `*` or `localhost` only")),
    };
    let port = match port {
        "*" => None,
        port => match port.parse::<u16>() {
            Ok(number) if number > 0 && port.bytes().all(|byte| byte.is_ascii_digit()) => Some(number),
            _ => return Err(format!("the port is `{port}`, and may be `*` or 1 to 65535 only")),
        },
    };
    Ok((loopback, port))
}

impl End {
    pub(super) fn holds(&self, query: &Query, named: Operation, notes: &mut Notes) -> Truth {
        let other = match self.end {
            Where::Local => Where::Remote,
            Where::Remote => Where::Local,
        };
        match (query.end(self.end), query.end(other)) {
            (Some(Endpoint::Unix(_)), _) => self.unix(query, named, notes),
            (Some(Endpoint::Ip { ip, port, protocol }), _) => {
                if self.end == Where::Local && ends_at(query) == Where::Remote {
                    notes.doubt(Confidence::Medium, "a local filter looks at the near end alone");
                }
                self.ip(Some(*ip), version(*ip), *port, *protocol, notes)
            }
            // The near end of a connection is of the family and protocol of its far end; more is not known of it.
            (None, Some(Endpoint::Ip { ip, protocol, .. })) if ends_at(query) != self.end => {
                self.ip(None, version(*ip), None, *protocol, notes)
            }
            (None, Some(_)) if self.kind != Kind::Unix => Truth::False,
            (None, _) => notes.missing(end_name(self.end)),
        }
    }

    fn unix(&self, query: &Query, named: Operation, notes: &mut Notes) -> Truth {
        match (&self.kind, &self.path) {
            (Kind::Ip { .. }, _) => Truth::False,
            (Kind::Unix, None) => Truth::True,
            (Kind::Unix, Some(filter)) => {
                let socket = query.end(self.end).and_then(|end| match end {
                    Endpoint::Unix(path) => Some(path.as_str()),
                    Endpoint::Ip { .. } => None,
                });
                filter.holds_of(Asked { query, socket }, named, notes)
            }
        }
    }

    fn ip(
        &self,
        ip: Option<IpAddr>,
        version: u8,
        port: Option<u16>,
        protocol: Option<Protocol>,
        notes: &mut Notes,
    ) -> Truth {
        let Kind::Ip { version: wanted, protocol: over } = self.kind else { return Truth::False };
        let mut truth = Truth::True;
        let mut both = |holds: Truth| truth = least(truth, holds);
        both(wanted.is_none_or(|wanted| wanted == version).into());
        both(match (over, protocol) {
            (None, _) => Truth::True,
            (Some(over), Some(protocol)) => (over == protocol).into(),
            (Some(_), None) => notes.missing("the protocol (tcp or udp)"),
        });
        both(match (self.loopback, ip) {
            (false, _) => Truth::True,
            (true, Some(ip)) => loopback(ip, notes).into(),
            (true, None) => notes.missing(end_name(self.end)),
        });
        both(match (self.port, port) {
            (None, _) => Truth::True,
            (Some(wanted), Some(port)) => (wanted == port).into(),
            (Some(_), None) => notes.missing("the port"),
        });
        truth
    }
}

const fn least(one: Truth, other: Truth) -> Truth {
    match (one, other) {
        (Truth::False, _) | (_, Truth::False) => Truth::False,
        (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
        (Truth::True, Truth::True) => Truth::True,
    }
}

const fn version(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 4 } else { 6 }
}

/// `localhost` is 127.0.0.1 and ::1.
fn loopback(ip: IpAddr, notes: &mut Notes) -> bool {
    if let IpAddr::V6(six) = ip
        && six.to_ipv4_mapped().is_some_and(|four| four.is_loopback())
    {
        notes.doubt(Confidence::Medium, "an IPv4-mapped loopback address is not `localhost`");
    }
    ip == IpAddr::V4(Ipv4Addr::LOCALHOST) || ip == IpAddr::V6(Ipv6Addr::LOCALHOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_of_two_hosts_and_a_port() {
        assert_eq!(address("localhost:80"), Ok((true, Some(80))));
        assert_eq!(address("*:*"), Ok((false, None)));
        for wrong in ["127.0.0.1:*", "*:0", "*:65536", "*", "example.com:80", "*:+8", "::1:1", "*:"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn kinds_are_read() {
        assert_eq!(Kind::parse("tcp6"), Some(Kind::Ip { version: Some(6), protocol: Some(Protocol::Tcp) }));
        assert_eq!(Kind::parse("unix-socket"), Some(Kind::Unix));
        assert_eq!(Kind::parse("tcp5"), None);
    }
}
