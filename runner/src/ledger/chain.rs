//! The chain: the hash of a record. Pure.
//!
//! The hash is no key: whoever can write the file can compute a whole chain anew. That shows only against a head that was kept
//! elsewhere, and so does a tail that was cut off together with its count.

/// What the first record of all has in place of a hash before it.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A record with everything that is hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link<'a> {
    pub(super) before: &'a str,
    pub(super) seq: i64,
    pub(super) time: &'a str,
    pub(super) run: &'a str,
    pub(super) kind: &'a str,
    pub(super) body: &'a str,
}

impl Link<'_> {
    /// BLAKE3 over all fields, each with its length, so that no two records have the same bytes.
    pub(super) fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let seq = self.seq.to_string();
        for field in ["palisade-ledger-1", self.before, &seq, self.time, self.run, self.kind, self.body] {
            hasher.update(&(field.len() as u64).to_le_bytes());
            hasher.update(field.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// The end of a chain: the number and the hash of its last record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number.
    pub seq: i64,
    /// The hash.
    pub hash: String,
}

impl Head {
    /// Reads `NUMBER:HASH`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (seq, hash) = text.split_once(':')?;
        let fits = hash.len() == GENESIS.len() && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some(Self { seq: seq.parse().ok().filter(|seq| *seq > 0)?, hash: fits.then(|| hash.to_lowercase())? })
    }
}

impl std::fmt::Display for Head {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}", self.seq, self.hash)
    }
}
