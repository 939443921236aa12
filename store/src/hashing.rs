//! Both hashes of a stream at once, on a thread of their own: the stream's thread has the reading and writing to do.

use std::io::{self, Read as _};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use sha2::Digest as _;

use crate::digest::{Digest, Sha256};
use crate::written::Written;

/// The size of a full buffer: large enough to hand over rarely, small enough to stay in the processor's cache.
pub(crate) const BUFFER: usize = 256 * 1024;

/// How far hashing may lag behind, in buffers.
const LAG: usize = 8;

/// A running computation of both hashes.
#[derive(Debug)]
pub(crate) struct Hashing {
    size: u64,
    full: SyncSender<Vec<u8>>,
    empty: Receiver<Vec<u8>>,
    hashes: JoinHandle<(Digest, Sha256)>,
}

impl Hashing {
    pub(crate) fn start() -> io::Result<Self> {
        let (full, to_hash) = sync_channel::<Vec<u8>>(LAG);
        let (hashed, empty) = sync_channel(LAG + 2);
        let hash = move || {
            let (mut blake3, mut sha256) = (blake3::Hasher::new(), sha2::Sha256::new());
            for mut buffer in to_hash {
                blake3.update(&buffer);
                sha256.update(&buffer);
                buffer.clear();
                // The other side may be gone or have enough of them.
                let _ = hashed.try_send(buffer);
            }
            let digest = Digest::from_bytes(*blake3.finalize().as_bytes());
            (digest, Sha256::from_bytes(sha256.finalize().into()))
        };
        let hashes = thread::Builder::new().name("hashing".to_owned()).spawn(hash)?;
        Ok(Self { size: 0, full, empty, hashes })
    }

    /// Hashes a buffer and returns an empty one to fill next.
    pub(crate) fn feed(&mut self, buffer: Vec<u8>) -> Vec<u8> {
        self.size += buffer.len() as u64;
        self.full.send(buffer).expect("the hashing thread lives as long as its channel");
        self.empty.try_recv().unwrap_or_else(|_| Vec::with_capacity(BUFFER))
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn finish(self) -> Written {
        drop(self.full);
        let (digest, sha256) = self.hashes.join().expect("hashing does not panic");
        Written { digest, sha256, size: self.size }
    }
}

/// Reads to the end into a running computation.
pub(crate) fn feed_all(hashing: &mut Hashing, source: &mut impl io::Read) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(BUFFER);
    loop {
        source.by_ref().take(BUFFER as u64).read_to_end(&mut buffer)?;
        if buffer.is_empty() {
            return Ok(());
        }
        buffer = hashing.feed(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_has_the_hashes_of_its_bytes() {
        for size in [0, 1, BUFFER - 1, BUFFER, BUFFER + 1, 20 * BUFFER + 7] {
            let bytes: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
            let mut hashing = Hashing::start().unwrap();
            feed_all(&mut hashing, &mut bytes.as_slice()).unwrap();
            assert_eq!(hashing.finish(), Written::of(&bytes), "{size}");
        }
    }
}
