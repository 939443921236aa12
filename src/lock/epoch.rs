//! The moments that certificates count from, so that no clock enters a hash.

use std::fmt;

use jiff::Timestamp;

/// A whole second since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(Timestamp);

impl Epoch {
    /// `None` before 1970 and from 9900 on: certificates last a hundred years at most, and have no dates after 9999.
    pub fn from_unix(seconds: i64) -> Option<Self> {
        /// 9900-01-01.
        const END: i64 = 250_246_627_200;
        let moment = Timestamp::from_second(seconds).ok()?;
        (0..END).contains(&seconds).then_some(Self(moment))
    }

    /// Reads an RFC 3339 date and time; `None` when it has no offset, a fraction or is out of range.
    pub fn parse(text: &str) -> Option<Self> {
        let moment: Timestamp = text.parse().ok()?;
        let whole = moment.subsec_nanosecond() == 0;
        Self::from_unix(moment.as_second()).filter(|_| whole)
    }

    pub fn unix(self) -> i64 {
        self.0.as_second()
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The epoch of each class of certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epochs {
    /// The certificate authorities.
    pub ca: Epoch,
    /// Everything they sign.
    pub leaf: Epoch,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_is_written_in_utc_and_reads_back() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_795_132_800, "2026-11-20T00:00:00Z"),
            (250_246_627_199, "9899-12-31T23:59:59Z"),
        ] {
            let epoch = Epoch::from_unix(seconds).unwrap();
            assert_eq!(epoch.to_string(), text);
            assert_eq!(Epoch::parse(text), Some(epoch));
        }
    }

    #[test]
    fn what_is_not_a_whole_second_of_a_known_offset_is_refused() {
        for text in [
            "",
            "2026-11-20",
            "2026-11-20T00:00:00",
            "2026-11-20T00:00:00.5Z",
            "9900-01-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
        ] {
            assert_eq!(Epoch::parse(text), None, "{text}");
        }
        assert_eq!((Epoch::from_unix(-1), Epoch::from_unix(i64::MAX)), (None, None));
    }
}
