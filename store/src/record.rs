//! Records: lists of realisations in a compact binary form.
//!
//! ```text
//! "kthw-record" 01                        magic and version
//! u32 count                               little-endian, like every number here
//! count × { u16 length, name, action (32), output tag (1), output (32) }
//! ```

use crate::digest::{ActionDigest, Output};

const MAGIC: &[u8] = b"kthw-record\x01";

/// What one named node of a plan became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordEntry {
    pub name: String,
    pub action: ActionDigest,
    pub output: Output,
}

/// A list of realisations that a root keeps alive, in the order it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    pub entries: Vec<RecordEntry>,
}

/// Bytes that are not a record of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    #[error("it does not begin as a record of version 1")]
    Magic,
    #[error("it ends within an entry")]
    Truncated,
    #[error("it goes on after its last entry")]
    Trailing,
    #[error("a name is not UTF-8")]
    Name,
    #[error("an output has an unknown tag")]
    Output,
    #[error("a name is longer than 65535 bytes")]
    LongName,
    #[error("it has more than 4294967295 entries")]
    TooMany,
}

/// The shortest entry: an empty name.
const LEAST: usize = 2 + 32 + 33;

impl Record {
    pub fn encode(&self) -> Result<Vec<u8>, RecordError> {
        let names: usize = self.entries.iter().map(|e| e.name.len()).sum();
        let size = MAGIC.len() + 4 + self.entries.len() * LEAST + names;
        let mut bytes = Vec::with_capacity(size);
        bytes.extend_from_slice(MAGIC);
        let count = u32::try_from(self.entries.len()).map_err(|_| RecordError::TooMany)?;
        bytes.extend_from_slice(&count.to_le_bytes());
        for entry in &self.entries {
            let length = u16::try_from(entry.name.len()).map_err(|_| RecordError::LongName)?;
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(entry.name.as_bytes());
            bytes.extend_from_slice(entry.action.as_bytes());
            bytes.extend_from_slice(&entry.output.to_bytes());
        }
        Ok(bytes)
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(RecordError::Magic)?;
        let count = u32::from_le_bytes(take(&mut rest)?) as usize;
        // A count that the bytes cannot hold must not reserve memory.
        let mut entries = Vec::with_capacity(count.min(rest.len() / LEAST));
        for _ in 0..count {
            let name = take_name(&mut rest)?;
            entries.push(take_entry(name, &mut rest)?);
        }
        if !rest.is_empty() {
            return Err(RecordError::Trailing);
        }
        Ok(Self { entries })
    }

    /// The entry of a name in an encoded record.
    pub fn find(bytes: &[u8], name: &str) -> Result<Option<RecordEntry>, RecordError> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(RecordError::Magic)?;
        for _ in 0..u32::from_le_bytes(take(&mut rest)?) {
            match take_name(&mut rest)? {
                found if found == name => return take_entry(found, &mut rest).map(Some),
                _ => take::<{ LEAST - 2 }>(&mut rest)?,
            };
        }
        Ok(None)
    }
}

fn take_name<'b>(rest: &mut &'b [u8]) -> Result<&'b str, RecordError> {
    let length = u16::from_le_bytes(take(rest)?);
    let (name, after) = rest.split_at_checked(length.into()).ok_or(RecordError::Truncated)?;
    *rest = after;
    std::str::from_utf8(name).map_err(|_| RecordError::Name)
}

fn take_entry(name: &str, rest: &mut &[u8]) -> Result<RecordEntry, RecordError> {
    Ok(RecordEntry {
        name: name.to_owned(),
        action: ActionDigest::from_bytes(take(rest)?),
        output: Output::from_bytes(&take(rest)?).ok_or(RecordError::Output)?,
    })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], RecordError> {
    let (head, after) = rest.split_first_chunk().ok_or(RecordError::Truncated)?;
    *rest = after;
    Ok(*head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::{Digest, Mac};
    use proptest::prelude::*;

    fn entry() -> impl Strategy<Value = RecordEntry> {
        (".{0,40}", any::<[u8; 32]>(), any::<[u8; 32]>(), 0..3_u8).prop_map(|(name, action, id, tag)| {
            RecordEntry {
                name,
                action: ActionDigest::from_bytes(action),
                output: match tag {
                    0 => Output::Public(Digest::from_bytes(id)),
                    1 => Output::Pinned(ActionDigest::from_bytes(id)),
                    _ => Output::Secret(Mac::from_bytes(id)),
                },
            }
        })
    }

    proptest! {
        #[test]
        fn a_record_reads_back(entries in prop::collection::vec(entry(), 0..20)) {
            let record = Record { entries };
            let bytes = record.encode().unwrap();
            let absent = "x".repeat(50);
            for name in record.entries.iter().map(|entry| &entry.name).chain([&absent]) {
                let first = record.entries.iter().find(|entry| entry.name == *name);
                prop_assert_eq!(Record::find(&bytes, name), Ok(first.cloned()));
            }
            prop_assert_eq!(Record::decode(&bytes), Ok(record));
        }

        #[test]
        fn hostile_bytes_are_refused_or_are_the_one_encoding_of_a_record(
            start in prop::sample::select(vec![&b""[..], MAGIC]),
            noise in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let bytes = [start, &noise].concat();
            if let Ok(record) = Record::decode(&bytes) {
                prop_assert_eq!(record.encode().unwrap(), bytes);
            }
        }

        #[test]
        fn a_changed_or_cut_record_never_panics(
            entries in prop::collection::vec(entry(), 1..5),
            at in any::<prop::sample::Index>(),
            bit in 0..8_u8,
        ) {
            let mut bytes = Record { entries }.encode().unwrap();
            let at = at.index(bytes.len());
            prop_assert!(Record::decode(&bytes[..at]).is_err());
            bytes[at] ^= 1_u8 << bit;
            let _ = Record::decode(&bytes);
        }
    }

    #[test]
    fn the_bytes_of_a_record_are_fixed() {
        let entry = RecordEntry {
            name: "pki/ca".to_owned(),
            action: ActionDigest::from_bytes([1; 32]),
            output: Output::Secret(Mac::from_bytes([2; 32])),
        };
        let bytes = Record { entries: vec![entry] }.encode().unwrap();
        let head = b"kthw-record\x01\x01\0\0\0\x06\0pki/ca";
        assert_eq!(bytes, [&head[..], &[1; 32], &[2], &[2; 32]].concat());
    }

    #[test]
    fn a_lying_count_reserves_no_memory() {
        let bytes = [MAGIC, &u32::MAX.to_le_bytes()].concat();
        assert_eq!(Record::decode(&bytes), Err(RecordError::Truncated));
    }

    #[test]
    fn a_name_that_does_not_fit_is_refused() {
        let entry = RecordEntry {
            name: "x".repeat(70_000),
            action: ActionDigest::from_bytes([0; 32]),
            output: Output::Public(Digest::of(b"")),
        };
        let record = Record { entries: vec![entry] };
        assert_eq!(record.encode(), Err(RecordError::LongName));
    }
}
