//! A question: an operation and the facts it is asked with. What is not told is not known.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::filters::{self, Value};
use super::operations::{self, Named, Operation};

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// What is asked for.
    pub operation: Operation,
    /// The path it is asked for, as the kernel sees it.
    pub path: Option<String>,
    /// The near end of a connection.
    pub local: Option<Endpoint>,
    /// The far end of a connection.
    pub remote: Option<Endpoint>,
    /// Classes of extensions the process holds.
    pub extensions: Vec<String>,
    /// Everything else, by the name of its filter.
    pub facts: BTreeMap<&'static str, Value>,
}

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// An address.
    Ip {
        /// The address.
        ip: IpAddr,
        /// The port, if it is known.
        port: Option<u16>,
        /// The protocol, if it is known.
        protocol: Option<Protocol>,
    },
    /// A Unix socket.
    Unix(String),
}

/// A protocol over IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// Which end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// The near end.
    Local,
    /// The far end.
    Remote,
}

impl Query {
    /// A question about an operation, by any of its names, without facts.
    ///
    /// # Errors
    /// Why there is no such operation, with names much like it.
    pub fn new(operation: &str) -> Result<Self, String> {
        match operations::find(operation) {
            Some(Named::Operation(operation)) => Ok(Self {
                operation,
                path: None,
                local: None,
                remote: None,
                extensions: Vec::new(),
                facts: BTreeMap::new(),
            }),
            Some(Named::WithoutEffect) => {
                Err(format!("`{operation}` is accepted in profiles, but nothing asks for it since macOS 10.15"))
            }
            None => match operations::alike(operation).as_slice() {
                [] => Err(format!("there is no operation `{operation}`")),
                near => Err(format!("there is no operation `{operation}`; did you mean {}", quoted(near))),
            },
        }
    }

    /// Tells one fact by name: `path`, `local`, `remote`, `extension`, or the name of a filter such as `global-name`.
    ///
    /// # Errors
    /// A name or a value that means nothing.
    pub fn tell(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "path" => self.path = Some(rooted(value)?),
            "local" => self.local = Some(endpoint(value)?),
            "remote" => self.remote = Some(endpoint(value)?),
            "extension" => self.extensions.push(value.to_owned()),
            name => {
                let (name, value) = filters::fact(name, value)?;
                self.facts.insert(name, value);
            }
        }
        Ok(())
    }

    /// Tells the one fact that an operation of this kind is mostly asked with.
    ///
    /// # Errors
    /// An operation that has no such fact, or a value that means nothing.
    pub fn tell_main(&mut self, value: &str) -> Result<(), String> {
        if value.starts_with('/') && self.operation.families() & operations::family("network") == 0 {
            return self.tell("path", value);
        }
        match filters::main_fact(self.operation) {
            Some(name) => self.tell(name, value),
            None => Err(format!("`{}` has no usual argument: name the fact, as in `target=self`", self.operation)),
        }
    }

    /// The end of a connection.
    #[must_use]
    pub const fn end(&self, end: Where) -> Option<&Endpoint> {
        match end {
            Where::Local => self.local.as_ref(),
            Where::Remote => self.remote.as_ref(),
        }
    }
}

fn quoted(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(" or ")
}

fn rooted(path: &str) -> Result<String, String> {
    if path.contains('\0') {
        return Err("a path cannot hold a NUL".into());
    }
    if !path.starts_with('/') {
        return Err(format!("`{path}` is no absolute path; the kernel sees no other"));
    }
    Ok(path.to_owned())
}

/// An IP address with an optional protocol and port: `tcp:127.0.0.1:80`, `udp:[::1]:53`, `198.51.100.7`; or
/// `unix:/path`, or a path alone.
///
/// # Errors
/// What it is instead.
fn endpoint(text: &str) -> Result<Endpoint, String> {
    if let Some(path) = text.strip_prefix("unix:") {
        return rooted(path).map(Endpoint::Unix);
    }
    if text.starts_with('/') {
        return rooted(text).map(Endpoint::Unix);
    }
    let (protocol, rest) = match text.split_once(':') {
        Some(("tcp", rest)) => (Some(Protocol::Tcp), rest),
        Some(("udp", rest)) => (Some(Protocol::Udp), rest),
        Some(("ip", rest)) => (None, rest),
        _ => (None, text),
    };
    let none =
        || format!("`{text}` is no end of a connection: write `tcp:127.0.0.1:80`, `udp:[::1]:53` or `unix:/path`");
    if let Ok(ip) = rest.trim_start_matches('[').trim_end_matches(']').parse() {
        return Ok(Endpoint::Ip { ip, port: None, protocol });
    }
    let (host, port) = rest.rsplit_once(':').ok_or_else(none)?;
    let host = if host == "localhost" { "127.0.0.1" } else { host.trim_start_matches('[').trim_end_matches(']') };
    let port = if port == "*" { None } else { Some(port.parse().map_err(|_| none())?) };
    Ok(Endpoint::Ip { ip: host.parse().map_err(|_| none())?, port, protocol })
}

/// An end of a connection from its parts, as case files write it.
///
/// # Errors
/// What is no address or protocol.
pub fn address(ip: &str, port: Option<u16>, protocol: Option<&str>) -> Result<Endpoint, String> {
    let protocol = match protocol {
        None => None,
        Some("tcp") => Some(Protocol::Tcp),
        Some("udp") => Some(Protocol::Udp),
        Some(other) => return Err(format!("`{other}` is no protocol: `tcp` and `udp` are")),
    };
    let ip = ip.parse().map_err(|_| format!("`{ip}` is no IP address"))?;
    Ok(Endpoint::Ip { ip, port, protocol })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_connections_are_read_in_every_spelling() {
        let ip = |ip: &str, port, protocol| Endpoint::Ip { ip: ip.parse().unwrap(), port, protocol };
        assert_eq!(endpoint("tcp:127.0.0.1:80"), Ok(ip("127.0.0.1", Some(80), Some(Protocol::Tcp))));
        assert_eq!(endpoint("udp:[::1]:53"), Ok(ip("::1", Some(53), Some(Protocol::Udp))));
        assert_eq!(endpoint("198.51.100.7"), Ok(ip("198.51.100.7", None, None)));
        assert_eq!(endpoint("::1"), Ok(ip("::1", None, None)));
        assert_eq!(endpoint("localhost:9"), Ok(ip("127.0.0.1", Some(9), None)));
        assert_eq!(endpoint("/run/x"), Ok(Endpoint::Unix("/run/x".into())));
        for wrong in ["example.com:80", "tcp:1.2.3.4:99999", "unix:x", "", ":"] {
            assert!(endpoint(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_usual_argument_follows_the_operation() {
        let asked = |operation: &str, value: &str| {
            let mut query = Query::new(operation).unwrap();
            query.tell_main(value).map(|()| query)
        };
        assert_eq!(asked("file-read-data", "/a").unwrap().path.as_deref(), Some("/a"));
        assert!(asked("network-outbound", "/a").unwrap().remote.is_some());
        assert!(asked("network-bind", "tcp:0.0.0.0:1").unwrap().local.is_some());
        assert!(asked("mach-lookup", "com.x").unwrap().facts.contains_key("global-name"));
        assert!(asked("signal", "self").unwrap().facts.contains_key("target"));
        assert!(asked("sysctl-read", "kern.x").unwrap().facts.contains_key("sysctl-name"));
        assert!(asked("process-fork", "x").is_err());
        assert!(asked("signal", "nobody").is_err());
        assert!(Query::new("file-raed-data").unwrap_err().contains("file-read-data"));
    }
}
