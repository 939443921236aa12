//! Blobs written as a stream.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write};
use std::mem;

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempPath;

use crate::blob::SMALL;
use crate::error::{At as _, Result};
use crate::file;
use crate::hashing::{BUFFER, Hashing, feed_all};
use crate::store::Store;
use crate::written::Written;

/// A blob of any size while it is written. Dropped without [`BlobWriter::finish`] it leaves nothing, except for the
/// partial file of a resumed one, which waits to be resumed again.
#[derive(Debug)]
pub struct BlobWriter {
    store: Store,
    buffer: Vec<u8>,
    /// Where the bytes go once they are too many for the buffer.
    stream: Option<Stream>,
}

#[derive(Debug)]
struct Stream {
    file: File,
    path: TempPath,
    hashing: Hashing,
}

/// A fully written blob that is not yet in the store: to be kept once its hashes are those expected. Dropped, it is gone.
#[derive(Debug)]
pub struct Sealed {
    store: Store,
    written: Written,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Memory(Vec<u8>),
    File(File, TempPath),
}

impl Store {
    /// Begins a blob of any size.
    pub fn writer(&self) -> Result<BlobWriter> {
        self.require_write()?;
        Ok(BlobWriter { store: self.clone(), buffer: Vec::new(), stream: None })
    }

    /// Begins a blob, or goes on with one, whose bytes so far survive in [`Store::partial_path`]: see
    /// [`BlobWriter::size`] for how many there are. The caller holds the transfer lock of what it downloads.
    pub fn resume(&self, name: &str) -> Result<BlobWriter> {
        self.require_write()?;
        let path = self.partial_path(name);
        let mut stream = Stream::start(file::open_own(&path).at("open", &path)?, &path)?;
        stream.path.disable_cleanup(true);
        feed_all(&mut stream.hashing, &mut stream.file).at("read", &path)?;
        Ok(BlobWriter { store: self.clone(), buffer: Vec::with_capacity(BUFFER), stream: Some(stream) })
    }
}

impl Stream {
    fn start(file: File, path: &Utf8Path) -> Result<Self> {
        Ok(Self {
            file,
            path: TempPath::try_from_path(path).at("name", path)?,
            hashing: Hashing::start().at("start hashing", path)?,
        })
    }

    fn create(store: &Store) -> Result<Self> {
        let folder = store.layout().tmp();
        let temporary = file::create_temporary(&folder)?;
        let (file, path) = temporary.into_parts();
        Ok(Self { file, path, hashing: Hashing::start().at("start hashing", &folder)? })
    }
}

impl BlobWriter {
    /// How many bytes it has so far.
    pub fn size(&self) -> u64 {
        let streamed = self.stream.as_ref().map_or(0, |s| s.hashing.size());
        streamed + self.buffer.len() as u64
    }

    /// Stores the blob.
    pub fn finish(self) -> Result<Written> {
        self.seal()?.keep()
    }

    /// Ends writing without storing the blob yet, for who expects certain hashes.
    pub fn seal(mut self) -> Result<Sealed> {
        let buffer = mem::take(&mut self.buffer);
        let (written, body) = match self.stream.take() {
            None => (Written::of(&buffer), Body::Memory(buffer)),
            Some(mut stream) => {
                stream.write(buffer)?;
                stream.path.disable_cleanup(false);
                (stream.hashing.finish(), Body::File(stream.file, stream.path))
            }
        };
        Ok(Sealed { store: self.store.clone(), written, body })
    }

    /// Adds bytes at the end.
    pub fn append(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let limit = if self.stream.is_some() { BUFFER } else { SMALL };
            let (head, tail) = bytes.split_at(bytes.len().min(limit - self.buffer.len()));
            self.buffer.extend_from_slice(head);
            if self.buffer.len() == limit {
                self.pass_on()?;
            }
            bytes = tail;
        }
        Ok(())
    }

    fn pass_on(&mut self) -> Result<()> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => none.insert(Stream::create(&self.store)?),
        };
        self.buffer = stream.write(mem::take(&mut self.buffer))?;
        Ok(())
    }
}

impl Stream {
    /// Writes and hashes a buffer; returns an empty one.
    fn write(&mut self, buffer: Vec<u8>) -> Result<Vec<u8>> {
        let written = self.file.write_all(&buffer);
        written.at("write", &name(&self.path))?;
        Ok(self.hashing.feed(buffer))
    }
}

impl Write for BlobWriter {
    /// A failure wraps a [`crate::StoreError`].
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.append(bytes).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    /// Nothing is durable before [`BlobWriter::finish`], so there is nothing to flush.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for BlobWriter {
    /// What a partial file misses need not be downloaded again.
    fn drop(&mut self) {
        if let Some(stream) = &mut self.stream {
            // The file is only shorter when this fails.
            let _ = stream.file.write_all(&self.buffer);
        }
    }
}

impl Sealed {
    pub fn written(&self) -> Written {
        self.written
    }

    /// Stores the blob.
    pub fn keep(self) -> Result<Written> {
        match self.body {
            Body::Memory(bytes) => self.store.insert_small(&self.written, &bytes)?,
            Body::File(file, path) if self.written.size < SMALL as u64 => {
                let bytes = read_back(file).at("read", &name(&path))?;
                self.store.insert_small(&self.written, &bytes)?;
            }
            Body::File(file, path) => {
                let layout = self.store.layout();
                let place = layout.blob(&self.written.digest);
                file::publish(&file, path, &place, file::readers(&layout.database()))?;
                self.store.insert_large(&[self.written])?;
            }
        }
        Ok(self.written)
    }
}

fn read_back(mut file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn name(path: &TempPath) -> Utf8PathBuf {
    Utf8PathBuf::from(path.to_string_lossy().into_owned())
}
