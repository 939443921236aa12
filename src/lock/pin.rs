//! A pin: which bytes a name, version, operating system and architecture stand for.

use std::fmt;

use kthw_store::Digest;
use semver::Version;

use super::Checksum;

/// What tells one pin from another, in the order in which pins are written.
pub type PinKey = (String, Version, String, String);

/// One upstream file, decided by its checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    pub name: String,
    pub version: Version,
    pub os: String,
    pub arch: String,
    /// Where upstream publishes it; mirrors hold the same file, so this names no bytes.
    pub url: String,
    pub checksum: Checksum,
    /// What its publisher published instead of these bytes, which somebody has accepted all the same.
    pub published: Option<Checksum>,
    /// Whether it is what a mirror holds, and nobody knew what was published.
    pub measured: bool,
}

impl Pin {
    pub fn key(&self) -> PinKey {
        (self.name.clone(), self.version.clone(), self.os.clone(), self.arch.clone())
    }

    /// The hash over all fields that is written beside them, so that a field edited by hand is noticed.
    pub fn seal(&self) -> Digest {
        let Self { name, version, os, arch, url, checksum, published, measured } = self;
        let mut hasher = blake3::Hasher::new_derive_key("kthw.dev 2026 lock pin v1");
        let version = version.to_string();
        let own = [name, &version, os, arch, url, checksum.algorithm().as_str(), checksum.hex()];
        let other = published.as_ref().map(Checksum::hex);
        // No digits: not to be taken for what was published.
        let measured = measured.then_some("measured");
        for field in own.into_iter().chain(other).chain(measured) {
            hasher.update(&(field.len() as u64).to_le_bytes());
            hasher.update(field.as_bytes());
        }
        Digest::from_bytes(*hasher.finalize().as_bytes())
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, version, os, arch, .. } = self;
        write!(f, "{name} {version} {os}/{arch}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::etcd;
    use super::*;

    #[test]
    fn the_seal_is_a_fixed_function_of_the_fields() {
        // A change of this value breaks every lock in use: it is a change of the lock's format.
        insta::assert_snapshot!(etcd("amd64").seal(), @"b3:53985c7b2e2856b71c452a0ce6c45b5ccca9d6ff35062375a0db66521e9e4ef1");
    }

    #[test]
    fn the_seal_covers_every_field_and_its_end() {
        let pin = etcd("amd64");
        let other = pin.checksum.hex().replace('f', "0");
        let edits: [fn(&mut Pin); 5] = [
            |pin| pin.name.push('x'),
            |pin| pin.version.patch += 1,
            |pin| pin.os.push('x'),
            |pin| pin.arch.push('x'),
            |pin| pin.url.push('x'),
        ];
        let mut seals: Vec<_> = edits
            .iter()
            .map(|edit| {
                let mut pin = pin.clone();
                edit(&mut pin);
                pin.seal()
            })
            .collect();
        let checksum = Checksum::new(pin.checksum.algorithm(), &other).unwrap();
        seals.push(Pin { checksum, ..pin.clone() }.seal());
        let moved = Pin { os: "linu".into(), arch: "xamd64".into(), ..pin.clone() };
        let accepted = Pin { published: Some(pin.checksum.clone()), ..pin.clone() };
        let measured = Pin { measured: true, ..pin.clone() };
        let both = Pin { measured: true, ..accepted.clone() };
        seals.extend([moved, accepted, measured, both, pin].map(|pin| pin.seal()));
        let count = seals.len();
        seals.sort();
        seals.dedup();
        assert_eq!(seals.len(), count);
    }
}
