//! Pins of other bytes than were published, and of bytes of which nobody knows whether they were.

use super::Decisions;
use super::finding::{Finding, Kind};

/// Told each time, however long they are pinned.
pub fn findings(decisions: &Decisions<'_>) -> Vec<Finding> {
    let pins = decisions.locks[1].pins();
    let other = pins.iter().filter_map(|pin| {
        let published = pin.published.as_ref()?;
        Some(format!("{pin}: {}, published was {published}", pin.checksum))
    });
    let measured = pins.iter().filter(|pin| pin.measured).map(|pin| format!("{pin}: {}", pin.checksum));
    let finding = |what: &str, advice: &str, pins: Vec<String>| {
        let what = format!("{what} {}", pins.join("; "));
        (!pins.is_empty()).then(|| Finding::new(Kind::ByHand, what, advice.to_owned()).standing())
    };
    let found = [
        finding(
            "kthw.lock pins other bytes than were published of",
            "see that they are meant: somebody accepted them with `kthw lock --accept-unpublished`",
            other.collect(),
        ),
        finding(
            "kthw.lock pins what a mirror holds, since kthw knows no published checksum of",
            "compare them with the checksum lists of their publishers",
            measured.collect(),
        ),
    ];
    found.into_iter().flatten().collect()
}
