//! Long work, as bars on a terminal and as lines elsewhere.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use kthw_graph::{Event, NodeName, Resource};

use crate::visible::visible;

/// Draws a session's events.
pub struct Progress {
    drawing: Option<Mutex<Drawing>>,
}

/// What is on the terminal.
struct Drawing {
    bars: MultiProgress,
    total: ProgressBar,
    transfers: HashMap<NodeName, ProgressBar>,
}

impl Progress {
    pub(super) fn new(fancy: bool) -> Self {
        Self { drawing: fancy.then(|| Mutex::new(Drawing::new())) }
    }

    /// Shows one event.
    pub fn show(&self, event: Event<'_>) {
        match &self.drawing {
            Some(drawing) => lock(drawing).show(event),
            None => write_line(event),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(drawing) = &self.drawing {
            lock(drawing).total.finish_and_clear();
        }
    }
}

fn lock(drawing: &Mutex<Drawing>) -> MutexGuard<'_, Drawing> {
    drawing.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drawing {
    fn new() -> Self {
        let bars = MultiProgress::new();
        let style =
            ProgressStyle::with_template("{bar:24} {pos}/{len} {wide_msg}").expect("a valid template");
        let total = bars.add(ProgressBar::new(0).with_style(style));
        Self { bars, total, transfers: HashMap::new() }
    }

    fn show(&mut self, event: Event<'_>) {
        match event {
            Event::Begun { nodes } => self.total.set_length(nodes as u64),
            Event::Waiting { holder } => self.total.set_message(visible(&format!("waiting for {holder}"))),
            Event::Started { name, kind } => {
                self.total.set_message(visible(name.as_str()));
                if kind.resource == Resource::Network {
                    self.begin_transfer(name);
                }
            }
            Event::Transferred { name, transfer } => {
                if let Some(bar) = self.transfers.get(name) {
                    bar.set_length(transfer.total.unwrap_or(transfer.bytes));
                    bar.set_position(transfer.bytes);
                }
            }
            Event::Realised { name, .. } => {
                self.total.inc(1);
                if let Some(bar) = self.transfers.remove(name) {
                    bar.finish_and_clear();
                }
            }
        }
    }

    fn begin_transfer(&mut self, name: &NodeName) {
        let template = "{bar:24} {bytes:>10}/{total_bytes:10} {bytes_per_sec:>12} {wide_msg}";
        let style = ProgressStyle::with_template(template).expect("a valid template");
        let bar = ProgressBar::new(0).with_style(style).with_message(visible(name.as_str()));
        self.transfers.insert(name.clone(), self.bars.insert_before(&self.total, bar));
    }
}

/// Off a terminal only what takes long is worth a line.
fn write_line(event: Event<'_>) {
    let line = match event {
        Event::Waiting { holder } => visible(&format!("waiting for {holder}")),
        Event::Started { name, kind } if kind.resource == Resource::Network => {
            visible(&format!("fetching {name}"))
        }
        _ => return,
    };
    let _ = std::io::Write::write_all(&mut anstream::stderr().lock(), format!("{line}\n").as_bytes());
}
