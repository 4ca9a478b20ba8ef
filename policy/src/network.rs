//! Network rules: hosts, protocols, and how a host is brought into one form.
//!
//! They never take part in judging a command; a proxy, a lint or a report reads them from the rule set.

use serde::{Deserialize, Serialize};

use crate::decision::Decision;
use crate::rule::Origin;

/// The protocols a network rule may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Plain HTTP.
    Http,
    /// HTTPS, also spelled `https_connect` and `http-connect`.
    Https,
    /// SOCKS 5 over TCP.
    Socks5Tcp,
    /// SOCKS 5 over UDP.
    Socks5Udp,
}

impl Protocol {
    /// Every protocol.
    pub const ALL: &'static [Self] = &[Self::Http, Self::Https, Self::Socks5Tcp, Self::Socks5Udp];

    /// Every word a rule file may use.
    pub const WORDS: &'static [&'static str] =
        &["http", "https", "socks5_tcp", "socks5_udp", "https_connect", "http-connect"];

    /// The word of a rule file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5Tcp => "socks5_tcp",
            Self::Socks5Udp => "socks5_udp",
        }
    }

    /// Reads the word of a rule file; case matters.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "http" => Some(Self::Http),
            "https" | "https_connect" | "http-connect" => Some(Self::Https),
            "socks5_tcp" => Some(Self::Socks5Tcp),
            "socks5_udp" => Some(Self::Socks5Udp),
            _ => None,
        }
    }
}

/// One `network_rule` call, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkRule {
    /// The host in its one form.
    pub host: String,
    /// The protocol.
    pub protocol: Protocol,
    /// What a connection to it gets.
    pub decision: Decision,
    /// Why, in the author's words.
    pub justification: Option<String>,
    /// Where it was written.
    pub origin: Origin,
}

/// Brings a host into its one form: no brackets, no port, no final dots, ASCII letters lowered.
///
/// # Errors
/// Says in words what is wrong with it.
pub fn normal_host(written: &str) -> Result<String, &'static str> {
    let host = written.trim();
    if host.is_empty() {
        return Err("the host is empty");
    }
    if host.contains("://") || host.contains(['/', '?', '#']) {
        return Err("a host is a name or an address, without scheme, path or query");
    }
    let host = if let Some(bracketed) = host.strip_prefix('[') {
        let Some((inside, after)) = bracketed.split_once(']') else {
            return Err("the bracket is not closed");
        };
        let port = after.strip_prefix(':').is_some_and(digits);
        if !after.is_empty() && !port {
            return Err("only a port may follow the bracket");
        }
        inside
    } else {
        match host.split_once(':') {
            Some((name, port)) if !name.is_empty() && digits(port) => name,
            _ => host,
        }
    };
    let host = host.trim_end_matches('.').trim().to_ascii_lowercase();
    if host.is_empty() {
        return Err("nothing is left of the host");
    }
    if host.contains('*') {
        return Err("a host has no wildcards; write one rule per host");
    }
    if host.contains(char::is_whitespace) {
        return Err("a host has no spaces");
    }
    Ok(host)
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::normal_host;

    #[test]
    fn a_host_has_one_form() {
        assert_eq!(normal_host(" Example.ORG.:443").as_deref(), Ok("example.org"));
        assert_eq!(normal_host("[::1]:80").as_deref(), Ok("::1"));
        assert_eq!(normal_host("[::1]").as_deref(), Ok("::1"));
        assert_eq!(normal_host("a.com:").as_deref(), Ok("a.com:"));
        assert_eq!(normal_host(":80").as_deref(), Ok(":80"));
        assert_eq!(normal_host("::1").as_deref(), Ok("::1"));
        for bad in ["", " . ", "*.a", "a b", "http://a", "a/b", "a?b", "a#b", "[::1", "[::1]443", "[]"] {
            assert!(normal_host(bad).is_err(), "{bad}");
        }
    }
}
