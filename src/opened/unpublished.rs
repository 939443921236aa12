//! Pins of other bytes than their publisher published: refused, unless somebody has accepted them, and then told each time.

use std::sync::Arc;

use crate::lock::{Checksum, Lock, Pin};
use crate::sources::LOCK;
use crate::ui::Diagnostic;
use crate::upstream;

const COMPARE: &str = "compare them with the checksum lists of their publishers; or remove them from kthw.lock and run `kthw lock` with a network, which asks the publishers";

/// An error for each pin whose mark is not what this program knows of it: whoever replaces a checksum by hand can make
/// everything else of a pin fit, but not what was published.
pub fn refused(text: &Arc<str>, lock: &Lock) -> Vec<Diagnostic> {
    let refusal = |pin: &Pin| {
        let published = upstream::published(&need(pin))?.checksum;
        let instead = upstream::published_instead(pin);
        if pin.published == instead {
            return None;
        }
        let message =
            format!("{pin}: kthw.lock pins {}, and its publisher published {published}", pin.checksum);
        let help = match instead {
            Some(_) => {
                "run `kthw lock`, which pins what was published; other bytes are accepted with `kthw lock --mirror URL --accept-unpublished`"
            }
            None => "run `kthw lock`: it is marked as if these were other bytes",
        };
        let line = 1 + text.lines().position(|line| line.contains(pin.checksum.hex())).unwrap_or(0);
        Some(Diagnostic::error(message).at(LOCK, text, line, 1, 1).help(Some(help)))
    };
    lock.pins().iter().filter_map(refusal).collect()
}

/// A warning of each kind of pin that has to be told each time.
pub fn standing(lock: &Lock) -> Vec<Diagnostic> {
    accepted(lock).into_iter().chain(measured(lock)).collect()
}

/// A warning of all pins that were accepted though they are not what was published.
fn accepted(lock: &Lock) -> Option<Diagnostic> {
    let lines: Vec<String> = marked(lock).map(|(pin, published)| line(pin, published)).collect();
    let text = format!("kthw.lock pins other bytes than were published of\n  {}", lines.join("\n  "));
    let help = "somebody accepted them with `kthw lock --accept-unpublished`";
    (!lines.is_empty()).then(|| Diagnostic::warning_of_lines(&text).help(Some(help)))
}

/// A warning of all pins of which nobody knew what was published.
fn measured(lock: &Lock) -> Option<Diagnostic> {
    let pins = lock.pins().iter().filter(|pin| pin.measured);
    let lines: Vec<String> = pins.map(|pin| format!("{pin}: {}", pin.checksum)).collect();
    let text = format!(
        "kthw.lock pins what a mirror holds, since kthw knows no published checksum of\n  {}",
        lines.join("\n  ")
    );
    (!lines.is_empty()).then(|| Diagnostic::warning_of_lines(&text).help(Some(COMPARE)))
}

/// The pins that are marked, each with what was published.
fn marked(lock: &Lock) -> impl Iterator<Item = (&Pin, &Checksum)> {
    lock.pins().iter().filter_map(|pin| Some((pin, pin.published.as_ref()?)))
}

fn line(pin: &Pin, published: &Checksum) -> String {
    format!("{pin}: {}, published was {published}", pin.checksum)
}

fn need(pin: &Pin) -> upstream::Need {
    upstream::Need { name: pin.name.clone(), version: pin.version.clone(), arch: pin.arch.clone() }
}
