//! The identities that everything is named by.

use std::fmt;
use std::str::FromStr;

/// A text that is not a digest of the wanted form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {wanted}")]
pub struct ParseDigestError {
    text: String,
    wanted: &'static str,
}

/// Declares a 32-byte identity with its textual form `<prefix><64 lower-case hex digits>`.
macro_rules! identity {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// The digits alone, as they stand in file names.
            pub fn to_hex(&self) -> String {
                blake3::Hash::from_bytes(self.0).to_hex().to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseDigestError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let wrong = || ParseDigestError {
                    text: text.to_owned(),
                    wanted: concat!("`", $prefix, "` and 64 lower-case hexadecimal digits"),
                };
                let hex = text.strip_prefix($prefix).ok_or_else(wrong)?;
                if hex.bytes().any(|b| b.is_ascii_uppercase()) {
                    return Err(wrong());
                }
                blake3::Hash::from_hex(hex).map(|h| Self(*h.as_bytes())).map_err(|_| wrong())
            }
        }
    };
}

identity! {
    /// The BLAKE3 identity of some bytes.
    Digest, "b3:"
}
identity! {
    /// The identity of what a node would do: its kind, its parameters and the identities of its inputs.
    ActionDigest, "action:"
}
identity! {
    /// The identity of a secret: a hash keyed by the cluster's root secret, so that it tells equal from
    /// different and nothing else.
    Mac, "mac:"
}
identity! {
    /// The SHA-256 of some bytes, recorded beside [`Digest`] for the outside world.
    Sha256, "sha256:"
}

impl Digest {
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl Sha256 {
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }
}

/// So many hexadecimal digits tell outputs apart.
const SHORT: usize = 12;

/// What an action yields, as other actions see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Output {
    /// Bytes that anyone may see, named by themselves.
    Public(Digest),
    /// A download, or a member of one, named by the action that pins it: known before it is fetched.
    Pinned(ActionDigest),
    /// Bytes that are never stored.
    Secret(Mac),
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public(digest) => digest.fmt(f),
            Self::Pinned(action) => write!(f, "pinned:{}", action.to_hex()),
            Self::Secret(mac) => mac.fmt(f),
        }
    }
}

impl FromStr for Output {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let public = || text.parse().map(Self::Public);
        let secret = || text.parse().map(Self::Secret);
        let pinned = || format!("action:{}", text.strip_prefix("pinned:")?).parse().map(Self::Pinned).ok();
        public().or_else(|_| secret()).ok().or_else(pinned).ok_or_else(|| ParseDigestError {
            text: text.to_owned(),
            wanted: "`b3:`, `mac:` or `pinned:` and 64 lower-case hexadecimal digits",
        })
    }
}

impl Output {
    /// Enough of it for people to tell it from another.
    pub fn short(self) -> String {
        let text = self.to_string();
        let end = text.find(':').map_or(0, |colon| colon + 1) + SHORT;
        text[..end].to_owned()
    }

    /// A fixed-length form for canonical encodings: one tag byte and 32 bytes.
    pub fn to_bytes(self) -> [u8; 33] {
        let (tag, id) = match self {
            Self::Public(digest) => (0, digest.0),
            Self::Pinned(action) => (1, action.0),
            Self::Secret(mac) => (2, mac.0),
        };
        let mut bytes = [tag; 33];
        bytes[1..].copy_from_slice(&id);
        bytes
    }

    /// The inverse of [`Output::to_bytes`].
    pub fn from_bytes(bytes: &[u8; 33]) -> Option<Self> {
        let id: [u8; 32] = bytes[1..].try_into().ok()?;
        match bytes[0] {
            0 => Some(Self::Public(Digest(id))),
            1 => Some(Self::Pinned(ActionDigest(id))),
            2 => Some(Self::Secret(Mac(id))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_back_from_its_text() {
        let digest = Digest::of(b"etcd");
        assert_eq!(digest.to_string().parse::<Digest>(), Ok(digest));
        assert_eq!(digest.to_string(), format!("b3:{}", blake3::hash(b"etcd").to_hex()));
    }

    #[test]
    fn a_short_output_is_the_beginning_of_its_text() {
        let digest = Digest::of(b"etcd");
        let outputs = [
            (Output::Public(digest), "b3:".len()),
            (Output::Secret(Mac::from_bytes(digest.0)), "mac:".len()),
            (Output::Pinned(ActionDigest::from_bytes(digest.0)), "pinned:".len()),
        ];
        for (output, prefix) in outputs {
            assert_eq!(output.short(), output.to_string()[..prefix + 12]);
            assert_eq!(output.to_string().parse(), Ok(output));
        }
    }

    #[test]
    fn foreign_text_is_refused() {
        for text in ["", "b3:", "b3:00", "sha256:00", &Digest::of(b"").to_string().to_uppercase()] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
        assert!(Sha256::of(b"").to_string().parse::<Digest>().is_err());
    }

    #[test]
    fn sha256_is_the_published_one() {
        // RFC 6234, the empty message.
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Sha256::of(b"").to_string(), empty);
    }

    #[test]
    fn an_output_reads_back_from_its_bytes() {
        let id = *Digest::of(b"x").as_bytes();
        for output in [
            Output::Public(Digest::from_bytes(id)),
            Output::Pinned(ActionDigest::from_bytes(id)),
            Output::Secret(Mac::from_bytes(id)),
        ] {
            assert_eq!(Output::from_bytes(&output.to_bytes()), Some(output));
        }
        assert_eq!(Output::from_bytes(&[9; 33]), None);
    }
}
