//! A report for a terminal: what changes, where, why, and the lines themselves.

use std::fmt::Write;

use super::arrivals::{Arrivals, arrivals};
use super::effects::{Drain, Effects, Restart, Warning};
use super::{Entry, Report, hosts};
use crate::diff::{CauseSet, Detail, Input, Line, LineKind, Row, TextChange};
use crate::findings::Kind;
use crate::names::{self, counted};
use crate::visible::visible;

/// So many changes are listed before the rest is counted.
const LISTED: usize = 50;

/// How the lines stand out.
struct Style {
    removed: &'static str,
    added: &'static str,
    marked: &'static str,
    bold: &'static str,
    dim: &'static str,
    end: &'static str,
}

const PLAIN: Style = Style { removed: "", added: "", marked: "", bold: "", dim: "", end: "" };
const COLOURED: Style = Style {
    removed: "\u{1b}[31m",
    added: "\u{1b}[32m",
    marked: "\u{1b}[7m",
    bold: "\u{1b}[1m",
    dim: "\u{1b}[2m",
    end: "\u{1b}[0m",
};

/// The report as text, in colours if there is someone to see them.
pub fn text(report: &Report, coloured: bool) -> String {
    let style = if coloured { &COLOURED } else { &PLAIN };
    let mut text = format!("{}{}{}\n", style.bold, report.headline(), style.end);
    let _ = writeln!(text, "from {} to {}", visible(&report.before), visible(&report.after));
    if report.stand_in {
        text.push_str("the root secret is not here: keys and what is signed with them are compared by what they are made from\n");
    }
    for warning in &report.effects.warnings {
        write_warning(&mut text, report, warning, style);
    }
    write_inputs(&mut text, report, style);
    write_restarts(&mut text, report, style);
    for arrivals in arrivals(report) {
        write_arrivals(&mut text, report, &arrivals, style);
    }
    for entry in &report.entries {
        write_entry(&mut text, report, entry, style);
    }
    text
}

fn write_warning(text: &mut String, report: &Report, warning: &Warning, style: &Style) {
    let Warning { kind, what, advice, causes: found } = warning;
    let mark = if *kind == Kind::ByHand { "" } else { "warning: " };
    let _ = writeln!(text, "\n{}{mark}{}: {}{}", style.bold, kind.title(), visible(what), style.end);
    let _ = writeln!(text, "  {}", visible(advice));
    if !found.is_empty() {
        causes(text, report, found, &[], style);
    }
}

fn write_inputs(text: &mut String, Report { inputs, .. }: &Report, style: &Style) {
    if !inputs.is_empty() {
        let _ = writeln!(text, "\n{}what was changed{}", style.bold, style.end);
    }
    for input in inputs.iter().take(LISTED) {
        let _ = writeln!(text, "  {input}");
    }
    if let more @ 1.. = inputs.len().saturating_sub(LISTED) {
        let _ = writeln!(text, "  and {}", counted(more, "more change"));
    }
}

fn write_arrivals(text: &mut String, report: &Report, arrivals: &Arrivals<'_>, style: &Style) {
    let Arrivals { verb, names, files, units, causes: found } = arrivals;
    let mark = if *verb == "added" { '+' } else { '-' };
    let (noun, each) = if names.len() == 1 { ("host", "") } else { ("hosts", " each") };
    let names = names::hosts(names.iter().copied());
    let _ = writeln!(text, "\n{}{mark} {noun} {verb}: {names}{}", style.bold, style.end);
    let _ = writeln!(text, "  {}{each}, units {}", counted(*files, "file"), units.join(", "));
    causes(text, report, found, &[], style);
}

fn write_restarts(text: &mut String, report: &Report, style: &Style) {
    let Effects { restarts, drains, .. } = &report.effects;
    if !restarts.is_empty() {
        let _ = writeln!(text, "\n{}restarts{}", style.bold, style.end);
    }
    for Restart { wave, unit, hosts: on } in restarts {
        let _ = writeln!(text, "  wave {wave}: {unit} on {}", hosts(on));
    }
    if !drains.is_empty() {
        let _ = writeln!(text, "\n{}drains{}", style.bold, style.end);
    }
    for Drain { why, hosts: on } in drains {
        let _ = writeln!(text, "  {} for {}", hosts(on), visible(&why.join(", ")));
    }
}

fn write_entry(text: &mut String, report: &Report, entry: &Entry, style: &Style) {
    let Entry { path, kind, own, .. } = entry;
    let what = match &entry.detail {
        Detail::Fields { what, .. } => format!(" ({what})"),
        _ => String::new(),
    };
    let kind = kind.as_str();
    let _ =
        writeln!(text, "\n{}{}{what} {kind} on {}{}", style.bold, visible(path), entry.holders(), style.end);
    causes(text, report, &entry.causes, &entry.through, style);
    if let Some((before, after)) = &entry.permissions {
        let _ = writeln!(text, "  mode and owner: {before} → {after}");
    }
    if let (true, Some(first)) = (own, entry.hosts.first()) {
        let _ = writeln!(text, "  shown for {first}; on the others the same with values of their own");
    }
    match &entry.detail {
        Detail::Text(change) => write_text(text, change, style),
        Detail::Fields { rows, .. } => rows.iter().for_each(|row| write_row(text, row, style)),
        Detail::Permissions => {}
    }
}

/// Why it changes: the places of the changes that are listed at the top.
fn causes(text: &mut String, report: &Report, causes: &CauseSet, through: &[String], style: &Style) {
    let because = report.places(causes, Input::place);
    let way = if through.is_empty() { String::new() } else { format!(", through {}", through.join(" → ")) };
    let _ = writeln!(text, "  {}because of {because}{way}{}", style.dim, style.end);
}

fn write_text(text: &mut String, change: &TextChange, style: &Style) {
    if !change.keys.is_empty() {
        let keys: Vec<&str> = change.keys.iter().map(|key| key.path.as_str()).collect();
        let _ = writeln!(text, "  keys: {}", visible(&keys.join(", ")));
    }
    for hunk in &change.hunks {
        let _ = writeln!(text, "{}{}{}", style.dim, hunk.header, style.end);
        for line in &hunk.lines {
            write_line(text, line, style);
        }
    }
}

fn write_line(text: &mut String, line: &Line, style: &Style) {
    let colour = match line.kind {
        LineKind::Same | LineKind::Unended => "",
        LineKind::Removed => style.removed,
        LineKind::Added => style.added,
    };
    let _ = write!(text, "{colour}{}", line.mark());
    for (marked, word) in line.shown() {
        match marked && !style.marked.is_empty() {
            true => _ = write!(text, "{}{word}{}{colour}", style.marked, style.end),
            false => text.push_str(&word),
        }
    }
    let _ = writeln!(text, "{}", if colour.is_empty() { "" } else { style.end });
}

fn write_row(text: &mut String, row: &Row, style: &Style) {
    let _ = writeln!(text, "  {}", visible(&row.name));
    for (side, mark, colour) in [(&row.before, '-', style.removed), (&row.after, '+', style.added)] {
        if let Some(value) = side {
            let _ = writeln!(
                text,
                "{colour}{mark}   {}{}",
                visible(value),
                if colour.is_empty() { "" } else { style.end }
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::report;
    use super::*;

    #[test]
    fn a_text_says_what_where_and_why() {
        insta::assert_snapshot!(text(&report(), false));
    }

    #[test]
    fn nothing_of_a_change_steers_the_terminal() {
        const HIDDEN: &str = "\u{1b}[2J\u{7}\u{202e}";
        let mut report = report();
        report.before += HIDDEN;
        report.effects.warnings[0].what += HIDDEN;
        report.effects.warnings[0].advice += HIDDEN;
        report.effects.drains[0].why[0] += HIDDEN;
        for entry in &mut report.entries {
            entry.path += HIDDEN;
            if let Detail::Fields { rows, .. } = &mut entry.detail {
                rows[0].name += HIDDEN;
                rows[0].after = Some(HIDDEN.to_owned());
            }
        }
        let (was, is) = ("a: 1\nb: 2\n", format!("a: 1\nb: \"2{HIDDEN}\"\n"));
        report.entries[0].detail = Detail::Text(TextChange::new("/a.txt", Some(was), Some(&is)));
        let text = text(&report, false);
        assert!(!text.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{text:?}");
        assert_eq!(text.matches(r"\u{1b}[2J\u{7}\u{202e}").count(), 4 + 3 + 2 + 1, "{text}");
    }

    #[test]
    fn words_stand_out_in_colours() {
        let coloured = text(&report(), true);
        let line =
            coloured.lines().find(|line| line.starts_with("\u{1b}[32m+dns")).expect("the changed line");
        assert!(line.contains("\u{1b}[7m"), "{line:?}");
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), text(&report(), false));
    }
}
