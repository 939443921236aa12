//! A published checksum: the algorithm and its digest.

use std::fmt;
use std::str::FromStr;

/// The hashes that upstreams publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    Sha256,
    Sha512,
}

impl Algorithm {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// How many hexadecimal digits a digest has.
    pub const fn digits(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Sha256, Self::Sha512].into_iter().find(|a| a.as_str() == text).ok_or(())
    }
}

/// A digest in lower-case hexadecimal, of the length that its algorithm gives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Checksum {
    algorithm: Algorithm,
    hex: String,
}

impl Checksum {
    /// `None` unless `hex` is exactly the right number of lower-case hexadecimal digits.
    pub fn new(algorithm: Algorithm, hex: &str) -> Option<Self> {
        let digits =
            hex.len() == algorithm.digits() && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        digits.then(|| Self { algorithm, hex: hex.to_owned() })
    }

    /// A digest whose algorithm its length tells.
    pub fn of_digits(hex: &str) -> Option<Self> {
        [Algorithm::Sha256, Algorithm::Sha512].into_iter().find_map(|algorithm| Self::new(algorithm, hex))
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub fn hex(&self) -> &str {
        &self.hex
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm, self.hex)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_lower_case_digests_are_checksums() {
        let good = "0123456789abcdef".repeat(4);
        assert!(Checksum::new(Algorithm::Sha256, &good).is_some());
        assert!(Checksum::new(Algorithm::Sha512, &good.repeat(2)).is_some());
        for (algorithm, hex) in [
            (Algorithm::Sha256, String::new()),
            (Algorithm::Sha256, good.to_uppercase()),
            (Algorithm::Sha256, good.replace('0', "g")),
            (Algorithm::Sha256, format!("{good}0")),
            (Algorithm::Sha512, good.clone()),
        ] {
            assert_eq!(Checksum::new(algorithm, &hex), None, "{algorithm} {hex}");
        }
    }
}
