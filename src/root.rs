//! The root secret of a cluster, from which every other secret is derived.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use kthw_graph::Secret;
use zeroize::Zeroizing;

/// These separate the uses of the root from each other. Changing one changes all that comes from it.
const DERIVE: &str = "kthw.dev 2026-11-20 secret from root v1";
const MAC_KEY: &str = "kthw.dev 2026-11-20 mac key from root v1";
const FINGERPRINT: &str = "kthw.dev 2026-11-20 root fingerprint v1";
const STAND_IN: &str = "kthw.dev 2026-11-21 stand-in for a root v1";

const FORMAT: &str = "kthw-root-v1";
const WARNING: &str = "# PUBLIC EXAMPLE ROOT: never use for a real host";

/// 32 bytes that every private key, token and encryption key of one cluster comes from.
///
/// A root that says that it is a public example says so in everything derived from it: without its
/// warning it is another root, with another fingerprint.
pub struct RootSecret {
    bytes: Secret<[u8; 32]>,
    public_example: bool,
}

/// Why a text is not a root secret. The text itself is never repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RootError {
    #[error("it holds no line `{FORMAT} <64 hexadecimal digits>`; restore it from your backup")]
    Missing,
    #[error("line {0} is not `{FORMAT} <64 lower-case hexadecimal digits>`; restore it from your backup")]
    Malformed(usize),
    #[error("line {0} is a second root; keep the one whose fingerprint the lock records")]
    Second(usize),
    #[error("line {0} is a root in a format other than {FORMAT}; use the kthw that wrote it, or a newer one")]
    Format(usize),
    #[error("it is encrypted with age; decrypt it with `age --decrypt` first")]
    Encrypted,
}

impl RootSecret {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self { bytes: Secret::new(bytes), public_example: false }
    }

    /// A root that stands in for the one of this fingerprint where that must not be: what is made with it is of the same
    /// shape, changes when the other would change, and is of no use to anyone.
    pub fn stand_in(fingerprint: &str) -> Self {
        Self::public_example(blake3::derive_key(STAND_IN, fingerprint.as_bytes()))
    }

    /// A root that anyone may read, for examples and tests.
    pub fn public_example(bytes: [u8; 32]) -> Self {
        Self { public_example: true, ..Self::new(bytes) }
    }

    /// Reads a root file: comments and one line `kthw-root-v1 <64 hexadecimal digits>`.
    pub fn parse(text: &str) -> Result<Self, RootError> {
        let mut public_example = false;
        let mut bytes = None;
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            match line {
                "" => {}
                WARNING => public_example = true,
                comment if comment.starts_with('#') => {}
                _ if bytes.is_some() => return Err(RootError::Second(number)),
                line => bytes = Some(root_line(line, number)?),
            }
        }
        let bytes = bytes.ok_or(RootError::Missing)?;
        Ok(Self { bytes: Secret::new(*bytes), public_example })
    }

    /// The root file, as [`RootSecret::parse`] reads it.
    pub fn render(&self) -> Secret<String> {
        let digits = Zeroizing::new(HEXLOWER.encode(self.bytes.expose()));
        let warning = if self.public_example { [WARNING, "\n"].concat() } else { String::new() };
        Secret::new([&warning, FORMAT, " ", &digits, "\n"].concat())
    }

    /// Whether anyone may know this root, so that no real host may depend on it.
    pub fn is_public_example(&self) -> bool {
        self.public_example
    }

    /// What may be told about the root: enough to recognise it.
    pub fn fingerprint(&self) -> RootFingerprint {
        let hash = self.hasher(FINGERPRINT).finalize();
        let (head, _) = hash.as_bytes().split_first_chunk().expect("a hash is longer than a fingerprint");
        RootFingerprint(*head)
    }

    /// Refuses every root but the recorded one, before anything is derived from it.
    pub fn require(&self, wanted: RootFingerprint) -> Result<(), WrongRoot> {
        let found = self.fingerprint();
        if found == wanted { Ok(()) } else { Err(WrongRoot { found, wanted }) }
    }

    /// The secret of one purpose and label in one cluster. Every part counts, and no part can borrow
    /// from the next.
    pub fn derive(&self, cluster: &str, purpose: &str, label: &str, generation: u32) -> Secret<[u8; 32]> {
        let mut hasher = self.hasher(DERIVE);
        for part in [cluster, purpose, label] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.update(&generation.to_le_bytes());
        Secret::new(hasher.finalize().into())
    }

    /// The key of the hashes that name secrets.
    pub fn mac_key(&self) -> Secret<[u8; 32]> {
        Secret::new(self.hasher(MAC_KEY).finalize().into())
    }

    fn hasher(&self, context: &str) -> blake3::Hasher {
        let mut hasher = blake3::Hasher::new_derive_key(context);
        hasher.update(self.bytes.expose());
        hasher.update(&[u8::from(self.public_example)]);
        hasher
    }
}

fn root_line(line: &str, number: usize) -> Result<Zeroizing<[u8; 32]>, RootError> {
    if line.starts_with("age-encryption.org/") || line == "-----BEGIN AGE ENCRYPTED FILE-----" {
        return Err(RootError::Encrypted);
    }
    let malformed = RootError::Malformed(number);
    let (format, digits) = line.split_once(' ').ok_or(malformed)?;
    if format != FORMAT {
        return Err(if format.starts_with("kthw-root-") { RootError::Format(number) } else { malformed });
    }
    let mut bytes = Zeroizing::new([0; 32]);
    if digits.len() != 2 * bytes.len() {
        return Err(malformed);
    }
    HEXLOWER.decode_mut(digits.as_bytes(), bytes.as_mut()).map_err(|_| malformed)?;
    Ok(bytes)
}

/// What the lock records of a root: it tells equal from different and nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RootFingerprint([u8; 16]);

/// The root secret at hand is not the one that the lock speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the root secret is {found} and the lock says {wanted}; put the recorded one back")]
pub struct WrongRoot {
    pub found: RootFingerprint,
    pub wanted: RootFingerprint,
}

/// A text that is not the fingerprint of a root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not `root:` and 32 lower-case hexadecimal digits")]
pub struct FingerprintError(String);

impl fmt::Display for RootFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "root:{}", HEXLOWER.encode_display(&self.0))
    }
}

impl fmt::Debug for RootFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RootFingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("root:").and_then(|hex| HEXLOWER.decode(hex.as_bytes()).ok());
        let bytes = digits.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| FingerprintError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits() -> String {
        "0123456789abcdef".repeat(4)
    }

    fn derived(root: &RootSecret, parts: (&str, &str, &str, u32)) -> String {
        let (cluster, purpose, label, generation) = parts;
        HEXLOWER.encode(root.derive(cluster, purpose, label, generation).expose())
    }

    #[test]
    fn what_is_written_is_read_back() {
        for (root, lines) in [(RootSecret::new([7; 32]), 1), (RootSecret::public_example([7; 32]), 2)] {
            let text = root.render();
            let read = RootSecret::parse(text.expose()).expect("own text");
            assert_eq!(text.expose().lines().count(), lines);
            assert_eq!(read.is_public_example(), root.is_public_example());
            assert_eq!(read.fingerprint(), root.fingerprint());
        }
    }

    #[test]
    fn comments_and_line_endings_do_not_matter() {
        let plain = RootSecret::parse(&format!("kthw-root-v1 {}\n", digits())).expect("a root");
        let spaced = format!("# mine\r\n\r\nkthw-root-v1 {}\r\n# end", digits());
        assert_eq!(RootSecret::parse(&spaced).expect("a root").fingerprint(), plain.fingerprint());
    }

    #[test]
    fn every_other_text_is_refused_and_not_repeated() {
        let line = format!("kthw-root-v1 {}", digits());
        for (text, error) in [
            ("", RootError::Missing),
            (WARNING, RootError::Missing),
            ("kthw-root-v1", RootError::Malformed(1)),
            (&line[..line.len() - 1], RootError::Malformed(1)),
            (&format!("{line}0"), RootError::Malformed(1)),
            (&line.to_uppercase(), RootError::Malformed(1)),
            (&line.replace('a', "A"), RootError::Malformed(1)),
            (&line.replace('a', "ü"), RootError::Malformed(1)),
            (&digits(), RootError::Malformed(1)),
            (&format!("# x\n{line}\n{line}"), RootError::Second(3)),
            (&line.replace("v1", "v2"), RootError::Format(1)),
            ("age-encryption.org/v1\n-> X25519", RootError::Encrypted),
            ("-----BEGIN AGE ENCRYPTED FILE-----\nYWdl", RootError::Encrypted),
        ] {
            assert_eq!(RootSecret::parse(text).err(), Some(error), "{text:?}");
            assert!(!error.to_string().contains("0123"));
        }
    }

    #[test]
    fn an_example_without_its_warning_is_another_root() {
        let example = RootSecret::public_example([7; 32]);
        let text = example.render();
        let bare = text.expose().replace(WARNING, "# it is fine");
        let bare = RootSecret::parse(&bare).expect("a root");
        let parts = ("c", "p", "l", 1);
        assert_ne!(bare.fingerprint(), example.fingerprint());
        assert_ne!(derived(&bare, parts), derived(&example, parts));
    }

    #[test]
    fn every_part_counts_and_none_borrows_from_the_next() {
        let root = RootSecret::new([7; 32]);
        let mut seen: Vec<String> = [
            ("c", "p", "l", 1),
            ("d", "p", "l", 1),
            ("c", "q", "l", 1),
            ("c", "p", "m", 1),
            ("c", "p", "l", 2),
            ("cp", "", "l", 1),
            ("", "cp", "l", 1),
            ("c", "pl", "", 1),
        ]
        .map(|parts| derived(&root, parts))
        .into();
        seen.push(derived(&RootSecret::new([8; 32]), ("c", "p", "l", 1)));
        seen.push(HEXLOWER.encode(root.mac_key().expose()));
        let all = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), all);
    }

    /// A change here is a change of every secret of every cluster.
    #[test]
    fn derivation_is_frozen() {
        let root = RootSecret::new([7; 32]);
        insta::assert_debug_snapshot!([
            derived(&root, ("cluster", "ecdsa-p256/0", "pki/ca", 1)),
            HEXLOWER.encode(root.mac_key().expose()),
            root.fingerprint().to_string(),
            RootSecret::public_example([7; 32]).fingerprint().to_string(),
        ]);
    }

    #[test]
    fn only_the_recorded_root_will_do() {
        let [root, other] = [[7; 32], [8; 32]].map(RootSecret::new);
        let (found, wanted) = (root.fingerprint(), other.fingerprint());
        assert_eq!(root.require(found), Ok(()));
        assert_eq!(root.require(wanted), Err(WrongRoot { found, wanted }));
    }

    #[test]
    fn a_fingerprint_reads_back() {
        let fingerprint = RootSecret::new([7; 32]).fingerprint();
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        for bad in ["", "root:", "root:00", "b3:00", &fingerprint.to_string().to_uppercase()] {
            assert!(bad.parse::<RootFingerprint>().is_err(), "{bad:?}");
        }
    }
}
