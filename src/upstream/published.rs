//! Checksums that upstream projects have published, for locking without a network.

use super::{Need, find};
use crate::lock::{Checksum, Pin};

/// Lines of name, version, architecture and SHA-256 or SHA-512; `#` begins a comment.
const PUBLISHED: &str = include_str!("published.txt");

/// The pin of what is needed, if its checksum is known to this program.
pub fn published(need: &Need) -> Option<Pin> {
    let version = need.version.to_string();
    let lines = PUBLISHED.lines().filter(|line| !line.starts_with('#'));
    let digest = lines.map(|line| line.split(' ').collect::<Vec<_>>()).find_map(|line| match line[..] {
        [name, v, arch, digest] if (name, v, arch) == (&*need.name, &*version, &*need.arch) => Some(digest),
        _ => None,
    })?;
    Some(Pin {
        name: need.name.clone(),
        version: need.version.clone(),
        os: "linux".to_owned(),
        arch: need.arch.clone(),
        url: find(&need.name)?.url(&need.version, &need.arch),
        checksum: Checksum::of_digits(digest)?,
        published: None,
        measured: false,
    })
}

/// What the publisher of a pin published instead, as far as this program knows; none where the pin is that.
pub fn published_instead(pin: &Pin) -> Option<Checksum> {
    let Pin { name, version, arch, .. } = pin;
    let need = Need { name: name.clone(), version: version.clone(), arch: arch.clone() };
    let published = published(&need).filter(|published| published.os == pin.os)?;
    (published.checksum != pin.checksum).then_some(published.checksum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_pin() {
        for line in PUBLISHED.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split(' ').collect();
            let [name, version, arch, digest] = words[..] else { panic!("{line}") };
            let version = version.parse().expect("a version");
            let need = Need { name: name.to_owned(), version, arch: arch.to_owned() };
            let pin = published(&need).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(pin.checksum.hex(), digest);
        }
    }
}
