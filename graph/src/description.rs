//! The canonical encoding of an action: what is hashed, and what is stored.
//!
//! ```text
//! description = kind, version, parameter…, input…
//! kind        = text              version = u32
//! parameter   = 'p' text ('t' text | 'n' u64 | 'b' u8)
//! input       = 'i' text output   (sorted by slot)
//! text        = u32 length, UTF-8 bytes
//! output      = 33 bytes, see `Output::to_bytes`
//! ```
//!
//! Numbers are little-endian. Every part carries its length, so two different actions never encode alike.

use kthw_store::{ActionDigest, Output};

use crate::action::Kind;
use crate::manifest::{Manifest, Origin, Value};

/// Separates these hashes from every other use of BLAKE3. Changing it renames every action.
const DOMAIN: &str = "kthw.dev 2026-11-20 action digest v1";

/// Writes the canonical encoding; the buffer and the hasher are reused from action to action.
pub struct Encoder {
    bytes: Vec<u8>,
    /// To take in the domain costs as much as a small action, and so does a copy of the hasher.
    hasher: blake3::Hasher,
}

impl Default for Encoder {
    fn default() -> Self {
        Self { bytes: Vec::new(), hasher: blake3::Hasher::new_derive_key(DOMAIN) }
    }
}

impl Encoder {
    /// Starts a new description.
    pub fn begin(&mut self, kind: &Kind) {
        self.bytes.clear();
        self.text(kind.name);
        self.bytes.extend(kind.version.to_le_bytes());
    }

    /// Adds an input. Inputs come after all parameters, sorted by slot.
    pub fn input(&mut self, slot: &str, output: Output) {
        self.bytes.push(b'i');
        self.text(slot);
        self.bytes.extend(output.to_bytes());
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn digest(&mut self) -> ActionDigest {
        let digest = *self.hasher.update(&self.bytes).finalize().as_bytes();
        self.hasher.reset();
        ActionDigest::from_bytes(digest)
    }

    fn text(&mut self, text: &str) {
        let length = u32::try_from(text.len()).expect("a parameter is shorter than 4 GiB");
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend(text.as_bytes());
    }
}

impl Manifest for Encoder {
    fn param(&mut self, name: &str, value: Value<'_>, _origin: Origin<'_>) {
        self.bytes.push(b'p');
        self.text(name);
        match value {
            Value::Text(text) => {
                self.bytes.push(b't');
                self.text(text);
            }
            Value::Number(number) => {
                self.bytes.push(b'n');
                self.bytes.extend(number.to_le_bytes());
            }
            Value::Flag(flag) => self.bytes.extend([b'b', u8::from(flag)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::{Reads, Resource, Yields};
    use kthw_store::Digest;
    use proptest::prelude::*;

    const KIND: Kind = Kind {
        name: "unit",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Contents,
        resource: Resource::Cpu,
    };

    fn encoded(params: &[(String, Value<'_>)], inputs: &[(String, Output)]) -> Encoder {
        let mut encoder = Encoder::default();
        encoder.begin(&KIND);
        for (name, value) in params {
            encoder.param(name, *value, Origin::Program);
        }
        for (slot, output) in inputs {
            encoder.input(slot, *output);
        }
        encoder
    }

    /// A description read back, which shows that no two have one encoding.
    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Description<'a> {
        kind: &'a str,
        version: u32,
        /// In the order in which the action gave them; a list is one name several times.
        params: Vec<(&'a str, Value<'a>)>,
        /// Sorted by slot.
        inputs: Vec<(&'a str, Output)>,
    }

    impl<'a> Description<'a> {
        /// Reads a stored description. `None` where the bytes are not one.
        fn decode(bytes: &'a [u8]) -> Option<Self> {
            let mut reader = Reader(bytes);
            let mut description = Self {
                kind: reader.text()?,
                version: u32::from_le_bytes(reader.array()?),
                params: Vec::new(),
                inputs: Vec::new(),
            };
            while let Some(tag) = reader.byte() {
                let name = reader.text()?;
                match tag {
                    b'p' => description.params.push((name, reader.value()?)),
                    b'i' => description.inputs.push((name, Output::from_bytes(&reader.array()?)?)),
                    _ => return None,
                }
            }
            Some(description)
        }
    }

    struct Reader<'a>(&'a [u8]);

    impl<'a> Reader<'a> {
        fn byte(&mut self) -> Option<u8> {
            let (first, rest) = self.0.split_first()?;
            self.0 = rest;
            Some(*first)
        }

        fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
            let (head, rest) = self.0.split_first_chunk::<N>()?;
            self.0 = rest;
            Some(*head)
        }

        fn text(&mut self) -> Option<&'a str> {
            let length = u32::from_le_bytes(self.array()?) as usize;
            let (head, rest) = self.0.split_at_checked(length)?;
            self.0 = rest;
            std::str::from_utf8(head).ok()
        }

        fn value(&mut self) -> Option<Value<'a>> {
            match self.byte()? {
                b't' => Some(Value::Text(self.text()?)),
                b'n' => Some(Value::Number(u64::from_le_bytes(self.array()?))),
                b'b' => match self.byte()? {
                    0 => Some(Value::Flag(false)),
                    1 => Some(Value::Flag(true)),
                    _ => None,
                },
                _ => None,
            }
        }
    }

    /// Golden vectors: if one of these changes, every stored action is renamed. That is a format change.
    #[test]
    fn the_encoding_is_frozen() {
        let output = Output::Public(Digest::of(b"bytes"));
        let digests = [
            encoded(&[], &[]),
            encoded(&[("a".into(), Value::Text("b"))], &[]),
            encoded(&[("a".into(), Value::Number(1))], &[]),
            encoded(&[("a".into(), Value::Flag(true))], &[]),
            encoded(&[], &[("ca".into(), output)]),
        ]
        .map(|mut encoder| encoder.digest().to_string());
        insta::assert_snapshot!(digests.join("\n"), @"
        action:d6e189e8d84ffa5517f7fcd1113774e1e639a33a695cc8e9ccadc710ed0ceaae
        action:9fc99bece6083676148cc7aaedbcd73a1fcd2f41383647d4e4a5bbba7476815d
        action:913dac5f695866727b5903bbaeb2c8f7ccfcc1b158cff9c811a79826be7179d7
        action:a17524e54dfa71b6ab65eefac53a833941a1cafb7aac840d3cb04f56f13b137a
        action:2022348a2b7c28b939acc0af76598ed72257b5edf9e1f25566f55c8448fa6293
        ");
    }

    #[test]
    fn a_name_cannot_borrow_from_its_value() {
        let mut ab = encoded(&[("ab".into(), Value::Text("c"))], &[]);
        let mut a = encoded(&[("a".into(), Value::Text("bc"))], &[]);
        assert_ne!(ab.digest(), a.digest());
    }

    #[derive(Debug, Clone, PartialEq)]
    enum Owned {
        Text(String),
        Number(u64),
        Flag(bool),
    }

    impl Owned {
        fn value(&self) -> Value<'_> {
            match self {
                Self::Text(text) => Value::Text(text),
                Self::Number(number) => Value::Number(*number),
                Self::Flag(flag) => Value::Flag(*flag),
            }
        }
    }

    fn any_value() -> impl Strategy<Value = Owned> {
        prop_oneof![
            any::<String>().prop_map(Owned::Text),
            any::<u64>().prop_map(Owned::Number),
            any::<bool>().prop_map(Owned::Flag),
        ]
    }

    proptest! {
        #[test]
        fn a_description_reads_back(
            params in prop::collection::vec((any::<String>(), any_value()), 0..8),
            inputs in prop::collection::vec((any::<String>(), any::<[u8; 32]>()), 0..8),
        ) {
            let params: Vec<_> = params.iter().map(|(n, v)| (n.clone(), v.value())).collect();
            let inputs: Vec<_> = inputs
                .into_iter()
                .map(|(slot, id)| (slot, Output::Public(Digest::from_bytes(id))))
                .collect();
            let encoder = encoded(&params, &inputs);
            let read = Description::decode(encoder.bytes()).expect("own encoding");
            prop_assert_eq!(read.kind, "unit");
            prop_assert!(read.params.iter().map(|(n, v)| (n.to_string(), *v)).eq(params));
            prop_assert!(read.inputs.iter().map(|(s, o)| (s.to_string(), *o)).eq(inputs));
        }

        #[test]
        fn hostile_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Description::decode(&bytes);
        }
    }
}
