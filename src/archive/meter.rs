//! Counting what is unpacked, so that neither a whole archive nor the headers of one entry grow without limit.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overrun {
    /// That of the whole archive.
    Limit,
    /// That of what precedes one entry, which is held in memory.
    Headers,
}

impl fmt::Display for Overrun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?} exceeded")
    }
}

impl std::error::Error for Overrun {}

impl Overrun {
    /// The overrun that a read failed with.
    pub(super) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref().and_then(|inner| inner.downcast_ref()).copied()
    }
}

/// A reader that fails beyond its limits.
pub(super) struct Meter<R> {
    inner: R,
    position: u64,
    limit: u64,
    gauge: Gauge,
}

/// The handle that moves the nearer limit while the meter is lent out.
#[derive(Clone)]
pub(super) struct Gauge(Rc<Cell<u64>>);

impl Gauge {
    /// Reading may go on to this position.
    pub(super) fn allow_until(&self, position: u64) {
        self.0.set(position);
    }

    pub(super) fn allow_all(&self) {
        self.0.set(u64::MAX);
    }
}

impl<R: Read> Meter<R> {
    pub(super) fn new(inner: R, limit: u64) -> (Self, Gauge) {
        let gauge = Gauge(Rc::new(Cell::new(u64::MAX)));
        (Self { inner, position: 0, limit, gauge: gauge.clone() }, gauge)
    }

    /// How many bytes have been read.
    pub(super) fn position(&self) -> u64 {
        self.position
    }
}

impl<R: Read> Read for Meter<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.position += count as u64;
        if self.position > self.limit {
            return Err(io::Error::other(Overrun::Limit));
        }
        if self.position > self.gauge.0.get() {
            return Err(io::Error::other(Overrun::Headers));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearer_limit_fails_first() {
        let read = |limit, near| {
            let (mut meter, gauge) = Meter::new(&[0u8; 100][..], limit);
            gauge.allow_until(near);
            let result = io::copy(&mut meter, &mut io::sink());
            result.map_err(|error| Overrun::of(&error))
        };
        assert_eq!(read(100, 100).ok(), Some(100));
        assert_eq!(read(99, 100).unwrap_err(), Some(Overrun::Limit));
        assert_eq!(read(100, 99).unwrap_err(), Some(Overrun::Headers));
    }
}
