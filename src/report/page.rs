//! A report as what a page shows of a change.

use std::collections::{BTreeSet, HashMap};

use super::effects::{Drain, Restart, Warning};
use super::{Entry, Report, capitalised};
use crate::diff::{Area, CauseSet, Detail, HostChange, Line, TextChange};
use crate::names::counted;
use crate::page::{self, Arrival, ChangeGroup, ChangeKind, Changes, FieldRow, Hosts, Page, Whose};

/// How many bytes of lines are on a page, and how many of one file: a browser opens that much at once.
const ALL_LINES: usize = 2 << 20;
const FILE_LINES: usize = 256 << 10;
/// So many causes are named before the rest is counted.
const CAUSES: usize = 12;

/// The changes of a page that has every host and node that the report names.
pub fn changes(report: &Report, page: &Page) -> Changes {
    let shown = Shown {
        report,
        hosts: page.hosts.iter().enumerate().map(|(n, host)| (&*host.name, n)).collect(),
        nodes: page.nodes.iter().enumerate().map(|(n, node)| (&*node.name, n)).collect(),
    };
    let mut room = ALL_LINES;
    let mut facts = vec![format!("From {} to {}.", report.before, report.after)];
    if report.stand_in {
        facts.push("The root secret was not here: keys and what is signed with them are compared by what they are made from.".to_owned());
    }
    let arrivals = [(&report.added, ChangeKind::Added), (&report.removed, ChangeKind::Removed)];
    let arrivals = arrivals.into_iter().flat_map(|(hosts, kind)| hosts.iter().map(move |host| (host, kind)));
    Changes {
        headline: capitalised(&report.headline()),
        facts,
        warnings: report.effects.warnings.iter().map(|warning| shown.warning(warning)).collect(),
        inputs: report.inputs.iter().map(ToString::to_string).collect(),
        hosts: shown.touched(),
        arrivals: arrivals.filter_map(|(host, kind)| shown.arrival(host, kind)).collect(),
        groups: report.entries.iter().map(|entry| shown.group(entry, &mut room)).collect(),
        restarts: report.effects.restarts.iter().map(|restart| shown.restart(restart)).collect(),
        drains: report.effects.drains.iter().map(|drain| shown.drain(drain)).collect(),
    }
}

/// A report, and where on the page each of its names is.
struct Shown<'a> {
    report: &'a Report,
    hosts: HashMap<&'a str, usize>,
    nodes: HashMap<&'a str, usize>,
}

impl Shown<'_> {
    fn on(&self, names: &[String]) -> Hosts {
        names.iter().filter_map(|name| self.hosts.get(name.as_str()).copied()).collect()
    }

    fn touched(&self) -> Hosts {
        let entries = self.report.entries.iter().filter(|entry| entry.area == Area::Host);
        let arrivals = self.report.added.iter().chain(&self.report.removed).map(|host| &host.name);
        let names: BTreeSet<&String> = entries.flat_map(|entry| &entry.hosts).chain(arrivals).collect();
        names.into_iter().filter_map(|name| self.hosts.get(name.as_str()).copied()).collect()
    }

    fn causes(&self, causes: &CauseSet) -> Vec<String> {
        let inputs = causes.all.iter().filter_map(|index| self.report.inputs.get(*index));
        let mut shown: Vec<String> = inputs.map(ToString::to_string).collect();
        if let more @ 1.. = shown.len().saturating_sub(CAUSES) {
            shown.truncate(CAUSES);
            shown.push(format!("and {more} more"));
        }
        if let unsure @ 1.. = causes.unsure.len() {
            shown.push(format!("of which {unsure} could not be told apart: not all of them need be causes"));
        }
        shown
    }

    fn warning(&self, Warning { kind, what, advice, causes }: &Warning) -> page::Warning {
        let causes = self.causes(causes);
        page::Warning { title: capitalised(kind.title()), what: what.clone(), advice: advice.clone(), causes }
    }

    fn restart(&self, Restart { wave, unit, hosts }: &Restart) -> page::Restart {
        page::Restart { unit: unit.clone(), hosts: self.on(hosts), wave: *wave }
    }

    fn drain(&self, Drain { why, hosts }: &Drain) -> page::Drain {
        page::Drain { why: why.clone(), hosts: self.on(hosts) }
    }

    fn arrival(&self, host: &HostChange, kind: ChangeKind) -> Option<Arrival> {
        let HostChange { name, files, units, causes } = host;
        let host = *self.hosts.get(name.as_str())?;
        Some(Arrival { host, kind, files: *files, units: units.clone(), causes: self.causes(causes) })
    }

    fn group(&self, entry: &Entry, room: &mut usize) -> ChangeGroup {
        let mut notes = Vec::new();
        if let Some((before, after)) = &entry.permissions {
            notes.push(format!("Mode and owner: {before} → {after}."));
        }
        if let (true, Some(first)) = (entry.own, entry.hosts.first()) {
            notes.push(format!("Shown for {first}; on the others the same with values of their own."));
        }
        if !entry.through.is_empty() {
            notes.push(format!("Through {}.", entry.through.join(" → ")));
        }
        ChangeGroup {
            path: entry.path.clone(),
            whose: match entry.area {
                Area::Host => Whose::Host,
                Area::Machine => Whose::Machine,
                Area::Cluster => Whose::Cluster,
            },
            hosts: self.on(&entry.hosts),
            kind: entry.kind,
            node: self.nodes.get(entry.node.as_str()).copied(),
            detail: detail(&entry.detail, room),
            causes: self.causes(&entry.causes),
            notes,
        }
    }
}

fn detail(detail: &Detail, room: &mut usize) -> page::Detail {
    match detail {
        Detail::Text(change) => lines(change, room),
        Detail::Fields { rows, .. } => {
            let row = |row: &crate::diff::Row| {
                let crate::diff::Row { name, before, after } = row.clone();
                FieldRow { name, before, after }
            };
            page::Detail::Fields(rows.iter().map(row).collect())
        }
        Detail::Permissions => page::Detail::Withheld("Its bytes are the same.".to_owned()),
    }
}

/// The lines of a text's change, if there is room for them.
fn lines(change: &TextChange, room: &mut usize) -> page::Detail {
    let mut lines = Vec::new();
    for hunk in &change.hunks {
        lines.push(hunk.header.clone());
        lines.extend(hunk.lines.iter().map(Line::seen));
    }
    let size = lines.iter().map(String::len).sum();
    match room.checked_sub(size) {
        Some(left) if size <= FILE_LINES => {
            *room = left;
            page::Detail::Lines(lines)
        }
        _ => {
            let (added, removed) = change.counts();
            page::Detail::Withheld(format!(
                "{} come and {} go, which is too much for a page; `kthw diff` shows them.",
                counted(added, "line"),
                counted(removed, "line")
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_room_for_so_much_and_says_what_is_left_out() {
        let text = |lines: usize| "a line of text\n".repeat(lines);
        let of = |lines: usize| TextChange::new("", Some(""), Some(&text(lines)));
        let is_shown = |detail| matches!(detail, page::Detail::Lines(_));
        let mut room = ALL_LINES;
        assert!(is_shown(lines(&of(1000), &mut room)));
        assert!(room < ALL_LINES);
        let left = room;
        let page::Detail::Withheld(why) = lines(&of(30_000), &mut room) else {
            panic!("a file that long is no page");
        };
        assert!(why.starts_with("30,000 lines come and 0 lines go"), "{why}");
        assert_eq!(room, left, "what is left out takes no room");
        assert!(!is_shown(lines(&of(1000), &mut 100)));
    }
}
