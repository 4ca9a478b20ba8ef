//! A host and its port, as the command line names them.

use serde::Serialize;

/// A host that may be reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Way {
    /// Its name or address.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Way {
    /// Reads `HOST` or `HOST:PORT`; 443 where no port is said.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no HOST or HOST:PORT");
        let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, rest)) => (host, rest.strip_prefix(':')),
            None => match text.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        let letter = |letter: char| letter.is_ascii_alphanumeric() || "-._:".contains(letter);
        if host.is_empty() || !host.chars().all(letter) {
            return Err(wrong());
        }
        let port = port.map_or(Ok(443), str::parse).map_err(|_| wrong())?;
        Ok(Self { host: host.to_ascii_lowercase(), port })
    }

    /// Whether it is on this machine, where a proxy is not asked.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let address = self.host.parse::<std::net::IpAddr>();
        self.host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}

impl std::fmt::Display for Way {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_read_with_and_without_its_port() {
        for (text, host, port, loopback) in [
            ("api.openai.com", "api.openai.com", 443, false),
            ("Model.Example:8443", "model.example", 8443, false),
            ("127.0.0.1:80", "127.0.0.1", 80, true),
            ("localhost:1", "localhost", 1, true),
            ("[::1]:5", "::1", 5, true),
        ] {
            let way = Way::parse(text).expect(text);
            assert_eq!((way.host.as_str(), way.port, way.is_loopback()), (host, port, loopback), "{text}");
        }
        for text in ["", ":80", "a b", "host:port", "host:99999", "http://x", "a/b"] {
            assert!(Way::parse(text).is_err(), "{text}");
        }
    }
}
