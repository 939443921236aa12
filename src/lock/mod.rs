//! `kthw.lock`: everything about a cluster that is decided once and then only read.
//!
//! It holds what no pure function could know (which bytes upstream published, when each certificate class
//! was issued, which generation each key is in), so that everything else can be computed from it.
//! Only `kthw lock` writes pins; [`Lock::parse`] refuses any other edit of one. Epochs and generations are edited by hand.

mod changes;
mod checksum;
mod epoch;
mod merge;
mod pin;
mod place;
mod problem;
mod read;
mod section;
mod write;

use std::collections::BTreeMap;

use semver::Version;

pub use changes::EntryChange;
pub use checksum::{Algorithm, Checksum};
pub use epoch::{Epoch, Epochs};
pub use pin::{Pin, PinKey};
pub use place::places;
pub use problem::LockProblem;

/// The layout of the file that this program reads and writes.
const FORMAT: i64 = 1;

/// The decided facts of one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// The cluster's id: a label that every derived secret depends on.
    pub cluster: String,
    /// The fingerprint of the root secret that belongs to this cluster.
    pub root: String,
    pub epochs: Epochs,
    /// Generations of the encryption key, each once: the first encrypts, the others still decrypt.
    pub encryption: Vec<u32>,
    /// Generation of each key by its label; a key that is not named is in its first generation.
    pub generations: BTreeMap<String, u32>,
    /// Ordered by [`Pin::key`], no key twice.
    pins: Vec<Pin>,
}

impl Lock {
    /// A lock of a cluster that has no pins yet.
    pub fn new(cluster: impl Into<String>, root: impl Into<String>, epochs: Epochs) -> Self {
        Self {
            cluster: cluster.into(),
            root: root.into(),
            epochs,
            encryption: vec![1],
            generations: BTreeMap::new(),
            pins: Vec::new(),
        }
    }

    /// Reads the text of a lock, or says everything that is wrong with it, in the order of the file.
    pub fn parse(text: &str) -> Result<Self, Vec<LockProblem>> {
        read::lock(text)
    }

    /// Reads the text of a lock whose pins are about to be made anew: what is wrong with a pin only drops it.
    pub fn parse_for_locking(text: &str) -> Result<Self, Vec<LockProblem>> {
        read::trusted(text)
    }

    /// Reads a text that a merge has left in conflict as what both sides together decided; none if it has no conflict.
    pub fn merged(text: &str) -> Option<Result<Self, Vec<LockProblem>>> {
        merge::merged(text)
    }

    /// The one text of this lock: equal locks give equal bytes, and [`Lock::parse`] reads them back.
    pub fn render(&self) -> String {
        write::lock(self)
    }

    pub fn pins(&self) -> &[Pin] {
        &self.pins
    }

    /// Replaces all pins; of two with the same key the later one counts.
    pub fn set_pins(&mut self, pins: impl IntoIterator<Item = Pin>) {
        let by_key: BTreeMap<_, _> = pins.into_iter().map(|pin| (pin.key(), pin)).collect();
        self.pins = by_key.into_values().collect();
    }

    pub fn pin(&self, name: &str, version: &Version, os: &str, arch: &str) -> Option<&Pin> {
        self.pins
            .iter()
            .find(|pin| pin.name == name && pin.version == *version && pin.os == os && pin.arch == arch)
    }

    /// The generation of the key with this label.
    pub fn generation(&self, label: &str) -> u32 {
        self.generations.get(label).copied().unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(super) fn etcd(arch: &str) -> Pin {
        let digest = "ffe840ff9295808e88cce2794a18a5ac87f12a5203c8314d0bf6aa119b41bac5";
        Pin {
            name: "etcd".into(),
            version: Version::new(3, 6, 14),
            os: "linux".into(),
            arch: arch.into(),
            url: format!("https://github.com/etcd-io/etcd/{arch}.tar.gz"),
            checksum: Checksum::new(Algorithm::Sha256, digest).expect("64 digits"),
            published: None,
            measured: false,
        }
    }

    pub(super) fn example() -> Lock {
        let epoch = Epoch::from_unix(1_795_132_800).expect("in range");
        let epochs = Epochs { ca: epoch, leaf: epoch };
        let mut lock = Lock::new("hard-way-1f2e", "root:000102030405060708090a0b0c0d0e0f", epochs);
        lock.set_pins([etcd("arm64"), etcd("amd64")]);
        lock
    }

    #[test]
    fn a_pin_is_found_by_its_whole_key() {
        let lock = example();
        let version = Version::new(3, 6, 14);
        assert_eq!(lock.pin("etcd", &version, "linux", "amd64"), Some(&etcd("amd64")));
        for (name, version, os, arch) in [
            ("etcdctl", version.clone(), "linux", "amd64"),
            ("etcd", Version::new(3, 6, 15), "linux", "amd64"),
            ("etcd", version.clone(), "darwin", "amd64"),
            ("etcd", version.clone(), "linux", "riscv64"),
        ] {
            assert_eq!(lock.pin(name, &version, os, arch), None);
        }
    }

    #[test]
    fn a_key_without_a_generation_is_in_its_first() {
        let mut lock = example();
        lock.generations.insert("pki/ca".into(), 3);
        assert_eq!((lock.generation("pki/ca"), lock.generation("pki/etcd-ca")), (3, 1));
    }

    fn checksum() -> impl Strategy<Value = Checksum> {
        let sha256 = "[0-9a-f]{64}".prop_map(|hex| (Algorithm::Sha256, hex));
        let sha512 = "[0-9a-f]{128}".prop_map(|hex| (Algorithm::Sha512, hex));
        prop_oneof![sha256, sha512].prop_map(|(a, hex)| Checksum::new(a, &hex).expect("digits"))
    }

    fn pin() -> impl Strategy<Value = Pin> {
        let version = (0..40u64, 0..40u64, 0..40u64).prop_map(|(a, b, c)| Version::new(a, b, c));
        let words = ("[a-z][a-z0-9-]{0,8}[a-z0-9]", "[a-z]{1,6}", "[a-z0-9]{1,6}");
        let marks = (prop::option::of(checksum()), any::<bool>());
        (words, version, "https://[a-z][!-~]{0,30}", checksum(), marks).prop_map(
            |((name, os, arch), version, url, checksum, (published, measured))| Pin {
                name,
                version,
                os,
                arch,
                url,
                checksum,
                published,
                measured,
            },
        )
    }

    fn lock() -> impl Strategy<Value = Lock> {
        let epoch = || (0..250_246_627_200i64).prop_map(|s| Epoch::from_unix(s).expect("in range"));
        let generations = prop::collection::btree_map("[a-z/ .\"]{1,12}", 1..9u32, 0..4);
        let encryption = prop::collection::btree_set(1..30u32, 1..4)
            .prop_map(|set| set.into_iter().collect::<Vec<_>>())
            .prop_shuffle();
        let pins = prop::collection::vec(pin(), 0..6);
        ("[a-z][a-z0-9-]{0,70}[a-z0-9]", "root:[0-9a-f]{32}", epoch(), epoch(), encryption, generations, pins)
            .prop_map(|(cluster, root, ca, leaf, encryption, generations, pins)| {
                let mut lock = Lock::new(cluster, root, Epochs { ca, leaf });
                lock.encryption = encryption;
                lock.generations = generations;
                lock.set_pins(pins);
                lock
            })
    }

    proptest! {
        #[test]
        fn what_is_rendered_reads_back(lock in lock()) {
            let text = lock.render();
            prop_assert_eq!(Lock::parse(&text), Ok(lock.clone()), "{}", text);
            prop_assert_eq!(Lock::parse(&text).map(|l| l.render()), Ok(text));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,200}|([a-z\\[\\]=\"'{}#.\n0-9 -]{0,200})") {
            let _ = Lock::parse(&text);
        }

        #[test]
        fn any_edit_of_a_byte_of_a_pin_is_refused(at in 0usize..2000, byte in b'!'..b'~') {
            let text = example().render();
            let start = text.find("[[pin]]").expect("has pins");
            let at = start + at % (text.len() - start);
            let mut edited = text.clone().into_bytes();
            let unchanged = edited[at] == byte || edited[at].is_ascii_whitespace() || byte == b'#';
            edited[at] = byte;
            let edited = String::from_utf8(edited).expect("ascii");
            // White space and quotes may change without changing a value.
            let same_meaning = Lock::parse(&edited) == Ok(example());
            prop_assert!(unchanged || same_meaning || Lock::parse(&edited).is_err(), "{}", edited);
        }
    }
}
