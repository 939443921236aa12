//! A report as a comment on a pull request: the summary first, what is long folded, and never too long to be posted.

use std::fmt::Write;

use super::effects::{Drain, Effects, Restart, Warning};
use super::{Entry, Report, capitalised, hosts};
use crate::diff::{CauseSet, Detail, HostChange, Input, TextChange};
use crate::rollout::counted;
use crate::visible::visible;

/// GitHub takes 65,536 characters; what posts the comment may want to add some.
const LONGEST: usize = 60_000;
/// What is left free for the note that something was left out.
const RESERVE: usize = 400;
/// Files that are changed in at most so many lines are not folded.
const SHORT: usize = 12;

/// The report in GitHub's Markdown, which GitLab reads as well.
pub fn markdown(report: &Report) -> String {
    let mut text = format!("### {}\n\n", capitalised(&report.headline()));
    let _ = writeln!(text, "From {} to {}.", code(&report.before), code(&report.after));
    if report.stand_in {
        text.push_str("The root secret is not here: keys and what is signed with them are compared by what they are made from.\n");
    }
    for warning in &report.effects.warnings {
        text.push_str(&warned(report, warning));
    }
    let mut parts = Vec::from_iter(cause_table(report));
    parts.extend(restarts(&report.effects));
    parts.extend(host_list(&report.added, "added", report));
    parts.extend(host_list(&report.removed, "removed", report));
    parts.extend(report.entries.iter().map(|entry| section(report, entry)));
    let mut left_out = 0;
    for part in parts {
        if text.len() + part.len() + RESERVE > LONGEST {
            left_out += 1;
        } else {
            text.push_str(&part);
        }
    }
    if left_out > 0 {
        let parts = counted(left_out, "part");
        let _ = writeln!(text, "\n> **{parts} did not fit into a comment.** `kthw diff` shows all of it.");
    }
    text
}

/// An alert, as GitHub and GitLab draw it; elsewhere it is a quotation.
fn warned(report: &Report, Warning { title, what, advice, causes }: &Warning) -> String {
    let why: Vec<String> = causes.iter().filter_map(|cause| report.inputs.get(*cause)).map(place).collect();
    let because = if why.is_empty() { String::new() } else { format!(" Because of {}.", why.join(", ")) };
    format!("\n> [!WARNING]\n> **{}:** {}; {}.{because}\n", capitalised(title), html(what), html(advice))
}

/// Which units restart where, and which nodes are drained: short lists open, long ones folded.
fn restarts(Effects { restarts, drains, .. }: &Effects) -> Option<String> {
    if restarts.is_empty() && drains.is_empty() {
        return None;
    }
    let units: usize = restarts.iter().map(|restart| restart.hosts.len()).sum();
    let nodes: usize = drains.iter().map(|drain| drain.hosts.len()).sum();
    let drained = match nodes {
        0 => String::new(),
        nodes => format!(", {} drained", counted(nodes, "node")),
    };
    let open = if restarts.len() <= SHORT { " open" } else { "" };
    let mut text =
        format!("\n<details{open}><summary>Restarts: {}{drained}</summary>\n\n", counted(units, "unit"));
    if !restarts.is_empty() {
        text.push_str("| wave | unit | hosts |\n|---:|---|---|\n");
    }
    for Restart { wave, unit, hosts: on } in restarts {
        let _ = writeln!(text, "| {wave} | {} | {} |", code(unit), hosts(on));
    }
    for Drain { why, hosts: on } in drains {
        let _ = writeln!(text, "\nDrained for {}: {}", html(&why.join(", ")), hosts(on));
    }
    text.push_str("\n</details>\n");
    Some(text)
}

/// What was changed, and how far each change reaches.
fn cause_table(report: &Report) -> Option<String> {
    const ROWS: usize = 50;
    if report.inputs.is_empty() {
        return None;
    }
    let mut table = "\n| change | files | hosts |\n|---|---:|---|\n".to_owned();
    for (index, input) in report.inputs.iter().enumerate().take(ROWS) {
        let entries = report.entries.iter().filter(|entry| entry.causes.all.contains(&index));
        let files: usize = entries.clone().map(|entry| entry.hosts.len().max(1)).sum();
        let come_and_go =
            report.added.iter().chain(&report.removed).filter(|host| host.causes.all.contains(&index));
        let names = entries.flat_map(|entry| entry.hosts.iter().cloned());
        let names: std::collections::BTreeSet<String> =
            names.chain(come_and_go.map(|host| host.name.clone())).collect();
        let names: Vec<String> = names.into_iter().collect();
        let _ = writeln!(table, "| {} | {files} | {} |", cell(&input.to_string()), hosts(&names));
    }
    if report.inputs.len() > ROWS {
        let _ = writeln!(table, "| and {} more changes | | |", report.inputs.len() - ROWS);
    }
    Some(table)
}

fn host_list(changed: &[HostChange], verb: &str, report: &Report) -> Option<String> {
    const SHOWN: usize = 20;
    if changed.is_empty() {
        return None;
    }
    let mut list = "\n".to_owned();
    for host in changed.iter().take(SHOWN) {
        let files = counted(host.files, "file");
        let units = host.units.iter().map(|unit| code(unit)).collect::<Vec<_>>().join(", ");
        let why = because(report, &host.causes);
        let _ = writeln!(list, "- host {} is {verb} ({why}): {files}; {units}", code(&host.name));
    }
    if changed.len() > SHOWN {
        let _ = writeln!(list, "- and {} more hosts are {verb}", changed.len() - SHOWN);
    }
    Some(list)
}

fn because(report: &Report, causes: &CauseSet) -> String {
    causes.words(|list| {
        let places = list.iter().filter_map(|cause| report.inputs.get(*cause)).map(place);
        places.collect::<Vec<_>>().join(", ")
    })
}

/// One file.
fn section(report: &Report, entry: &Entry) -> String {
    let mut body = String::new();
    if let Some((before, after)) = &entry.permissions {
        let _ = writeln!(body, "\nMode and owner: {} → {}", code(before), code(after));
    }
    if let (true, Some(first)) = (entry.own, entry.hosts.first()) {
        let _ =
            writeln!(body, "\nShown for {}; on the others the same with values of their own.", code(first));
    }
    let mut lines = 0;
    let mut extent = String::new();
    match &entry.detail {
        Detail::Text(change) => {
            let (added, removed) = change.counts();
            lines = change.hunks.iter().map(|hunk| hunk.lines.len()).sum();
            extent = format!(", +{added} −{removed}");
            body.push_str(&block(change));
        }
        Detail::Fields { rows, .. } => {
            body.push_str("\n| | before | after |\n|---|---|---|\n");
            for row in rows {
                let side = |side: &Option<String>| side.as_deref().map(cell).unwrap_or_default();
                let _ = writeln!(
                    body,
                    "| {} | {} | {} |",
                    in_table(&row.name),
                    side(&row.before),
                    side(&row.after)
                );
            }
        }
        Detail::Permissions => {}
    }
    let why = because(report, &entry.causes);
    let through = match entry.through.first() {
        Some(_) => format!(
            ", through {}",
            entry.through.iter().map(|node| code(node)).collect::<Vec<_>>().join(" → ")
        ),
        None => String::new(),
    };
    let open = if lines <= SHORT { " open" } else { "" };
    let title = format!(
        "<code>{}</code> {} on {}{extent}",
        html(&entry.path),
        entry.change.as_str(),
        html(&entry.holders())
    );
    format!("\n<details{open}><summary>{title}</summary>\n\nBecause of {why}{through}.\n{body}\n</details>\n")
}

/// A unified diff that nothing in it can end early.
fn block(change: &TextChange) -> String {
    let mut lines = String::new();
    for hunk in &change.hunks {
        let _ = writeln!(lines, "{}", hunk.header);
        for line in &hunk.lines {
            let _ = writeln!(lines, "{}{}", line.mark(), visible(&line.text()));
        }
    }
    let mut longest = 0;
    let mut run = 0;
    for c in lines.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(3.max(longest + 1));
    format!("\n{fence}diff\n{lines}{fence}\n")
}

/// Where a change was made, in short.
fn place(input: &Input) -> String {
    code(&input.place())
}

/// Text of a table's cell, exactly as it is.
fn cell(text: &str) -> String {
    format!("<code>{}</code>", in_table(text))
}

fn in_table(text: &str) -> String {
    html(text).replace('|', "&#124;")
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", html(text))
}

/// Within a line, and never more than it: what follows an empty line is Markdown again.
fn html(text: &str) -> String {
    let mut escaped = String::new();
    for c in visible(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // What Markdown would take for its own, within a line.
            '`' | '*' | '_' | '[' | ']' | '~' | '\\' | '@' | '#' => {
                _ = write!(escaped, "&#{};", u32::from(c))
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::trial::report;
    use super::super::{Change, Entry};
    use super::*;
    use crate::diff::Area;

    #[test]
    fn a_comment_begins_with_the_summary() {
        insta::assert_snapshot!(markdown(&report()));
    }

    #[test]
    fn a_comment_is_never_too_long() {
        let entry = |n: usize| Entry {
            area: Area::Host,
            path: format!("/etc/{n}"),
            node: "config/n".to_owned(),
            hosts: vec!["a".to_owned()],
            own: false,
            change: Change::Changed,
            permissions: None,
            causes: [0].into_iter().collect(),
            through: Vec::new(),
            detail: Detail::Text(TextChange::new("", Some(""), Some(&"a line of text\n".repeat(100)))),
        };
        let long = Report { entries: (0..100).map(entry).collect(), ..report() };
        let text = markdown(&long);
        assert!(text.len() <= LONGEST, "{}", text.len());
        assert!(text.contains("did not fit into a comment"), "{}", &text[text.len() - 200..]);
        assert_eq!(text.matches("<details").count(), text.matches("</details>").count());
    }

    #[test]
    fn inputs_that_change_no_file_are_listed() {
        let full = report();
        let (added, entries, effects) = (Vec::new(), Vec::new(), Effects::default());
        let text = markdown(&Report { added, entries, effects, ..full });
        assert!(text.contains("| <code>cluster.yaml:13 network.services: 10.96.0.0/16 →"), "{text}");
        let (added, entries, effects, inputs) = (Vec::new(), Vec::new(), Effects::default(), Vec::new());
        let text = markdown(&Report { added, entries, effects, inputs, ..report() });
        assert!(text.starts_with("### Nothing changes\n") && !text.contains('|'), "{text}");
    }

    #[test]
    fn no_name_ends_its_line() {
        let mut report = report();
        let name = "a\n\n# b | <img src=x>";
        report.entries[0].path = name.to_owned();
        let row = |name: &str| crate::diff::Row { name: name.to_owned(), before: None, after: None };
        report.entries[1].detail = Detail::Fields { what: "certificate", rows: vec![row(name)] };
        report.inputs[0] = Input::File { field: name.to_owned(), path: name.to_owned() };
        let text = markdown(&report);
        assert!(text.contains(r"a&#92;n&#92;n&#35; b &#124; &lt;img src=x&gt; |"), "{text}");
        assert!(!text.contains("\n# b") && !text.contains("<img"), "{text}");
    }

    #[test]
    fn no_content_ends_its_block() {
        let change = TextChange::new("", Some(""), Some("````\n"));
        assert!(block(&change).starts_with("\n`````diff\n"));
    }
}
