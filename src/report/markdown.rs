//! A report as a comment on a pull request: the summary first, what is long folded, and never too long to be posted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::arrivals::{Arrivals, arrivals};
use super::effects::{Drain, Effects, Restart, Warning};
use super::{Entry, Report, capitalised, hosts};
use crate::diff::{CauseSet, Detail, TextChange};
use crate::findings::Kind;
use crate::names::{self, counted};
use crate::visible::visible;

/// GitHub takes 65,536 characters; what posts the comment may want to add some.
const LONGEST: usize = 60_000;
/// What is left free for the note that something was left out.
const RESERVE: usize = 400;
/// Files that are changed in at most so many lines are not folded.
const SHORT: usize = 12;

/// The report in GitHub's Markdown, which GitLab reads as well.
pub fn markdown(report: &Report) -> String {
    let mut text = format!("### {}\n\n", prose(&capitalised(&report.headline())));
    let Report { cluster, before, after, .. } = report;
    let _ = writeln!(text, "Cluster {}, from {} to {}.", code(cluster), code(before), code(after));
    if report.stand_in {
        text.push_str("The root secret is not here: keys and what is signed with them are compared by what they are made from.\n");
    }
    let mut left_out: BTreeMap<&str, usize> = BTreeMap::new();
    for (noun, part) in parts(report) {
        if text.len() + part.len() + RESERVE > LONGEST {
            *left_out.entry(noun).or_default() += 1;
        } else {
            text.push_str(&part);
        }
    }
    if !left_out.is_empty() {
        let left_out: Vec<String> = left_out.iter().map(|(noun, count)| counted(*count, noun)).collect();
        let _ = writeln!(
            text,
            "\n> **Too long for a comment:** {} left out. `kthw diff` shows all of it.",
            left_out.join(", ")
        );
    }
    text
}

/// What follows the summary, the most important first, each with what to call it where it has no room.
fn parts(report: &Report) -> Vec<(&'static str, String)> {
    let warnings = report.effects.warnings.iter().map(|warning| ("warning", warned(report, warning)));
    let tables =
        cause_table(report).into_iter().chain(restarts(&report.effects)).map(|table| ("table", table));
    let hosts = host_list(report).map(|list| ("list of hosts", list));
    let files = report.entries.iter().map(|entry| ("file", section(report, entry)));
    warnings.chain(tables).chain(hosts).chain(files).collect()
}

/// An alert, as GitHub and GitLab draw it; elsewhere it is a quotation.
fn warned(report: &Report, Warning { kind, what, advice, causes }: &Warning) -> String {
    let alert = match kind {
        Kind::Forbidden => "CAUTION",
        Kind::ByHand | Kind::Meanwhile => "IMPORTANT",
        Kind::Lasting | Kind::Breaking => "WARNING",
    };
    let because = match causes.is_empty() {
        true => String::new(),
        false => format!("> Because of {}.\n", places(report, causes)),
    };
    let (title, what, advice) = (capitalised(kind.title()), prose(what), prose(&capitalised(advice)));
    format!("\n> [!{alert}]\n> **{title}:** {what}.\n>\n> **What to do:** {advice}.\n>\n{because}")
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
        let _ = writeln!(text, "\nDrained for {}: {}", prose(&why.join(", ")), hosts(on));
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
    let mut table = "\n| what was changed | files | on |\n|---|---:|---|\n".to_owned();
    for (index, input) in report.inputs.iter().enumerate().take(ROWS) {
        let entries = report.entries.iter().filter(|entry| entry.causes.all.contains(&index));
        let files: usize = entries.clone().map(|entry| entry.hosts.len().max(1)).sum();
        let come_and_go =
            report.added.iter().chain(&report.removed).filter(|host| host.causes.all.contains(&index));
        let names = entries.flat_map(|entry| &entry.hosts).chain(come_and_go.map(|host| &host.name));
        let mut names = Vec::from_iter(names.map(String::as_str).collect::<BTreeSet<&str>>());
        names.sort_unstable_by(|a, b| names::order(a, b));
        let _ = writeln!(table, "| {} | {files} | {} |", code(&input.to_string()), names::hosts(names));
    }
    if let more @ 1.. = report.inputs.len().saturating_sub(ROWS) {
        let _ = writeln!(table, "| and {} | | |", counted(more, "more change"));
    }
    Some(table)
}

fn host_list(report: &Report) -> Option<String> {
    const SHOWN: usize = 20;
    let all = arrivals(report);
    let mut list = String::new();
    for Arrivals { verb, names, files, units, causes } in all.iter().take(SHOWN) {
        let (noun, each) = if names.len() == 1 { ("Host", "") } else { ("Hosts", " each") };
        let (files, names) = (counted(*files, "file"), names::hosts(names.iter().copied()));
        let units = units.iter().map(|unit| code(unit)).collect::<Vec<_>>().join(", ");
        let why = places(report, causes);
        let _ = writeln!(list, "- {noun} {verb}: {names}. {files}{each}, units {units}. Because of {why}.");
    }
    if let more @ 1.. = all.len().saturating_sub(SHOWN) {
        let _ = writeln!(list, "- and {}", counted(more, "more group") + " of hosts");
    }
    (!list.is_empty()).then(|| format!("\n{list}"))
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
                let side = |side: &Option<String>| side.as_deref().map(code).unwrap_or_default();
                let _ =
                    writeln!(body, "| {} | {} | {} |", prose(&row.name), side(&row.before), side(&row.after));
            }
        }
        Detail::Permissions => {}
    }
    let why = places(report, &entry.causes);
    let through = match entry.through.first() {
        Some(_) => format!(
            ", through {}",
            entry.through.iter().map(|node| code(node)).collect::<Vec<_>>().join(" → ")
        ),
        None => String::new(),
    };
    let open = if lines <= SHORT { " open" } else { "" };
    let title =
        format!("{} {} on {}{extent}", code(&entry.path), entry.kind.as_str(), prose(&entry.holders()));
    format!("\n<details{open}><summary>{title}</summary>\n\nBecause of {why}{through}.\n{body}\n</details>\n")
}

/// A unified diff that nothing in it can end early.
fn block(change: &TextChange) -> String {
    let mut lines = String::new();
    for hunk in &change.hunks {
        let _ = writeln!(lines, "{}", hunk.header);
        for line in &hunk.lines {
            let _ = writeln!(lines, "{}", line.seen());
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

/// Where the changes were made, in short.
fn places(report: &Report, causes: &CauseSet) -> String {
    report.places(causes, |input| code(&input.place()))
}

/// Text exactly as it is. Nobody is mentioned and nothing referred to by what is code.
fn code(text: &str) -> String {
    format!("<code>{}</code>", html(text))
}

/// A sentence with code between backticks, in which nothing else is anything but text.
fn prose(text: &str) -> String {
    let mut shown = String::new();
    for (at, part) in text.split('`').enumerate() {
        match at % 2 {
            0 => shown.push_str(&plain(part)),
            _ => shown.push_str(&code(part)),
        }
    }
    shown
}

/// GitHub and GitLab look for people and for issues in what is shown, whatever it was written as: a space without a width
/// keeps them from what only looks like one.
fn plain(text: &str) -> String {
    let mut escaped = html(text);
    for mark in ["&#64;", "&#35;", "&#33;"] {
        escaped = escaped.replace(mark, &format!("{mark}&#8203;"));
    }
    escaped
}

/// Within a line or a cell of a table, and never more than it: what follows an empty line is Markdown again.
fn html(text: &str) -> String {
    let mut escaped = String::new();
    for c in visible(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // What Markdown would take for its own, within a line.
            '`' | '*' | '_' | '[' | ']' | '~' | '\\' | '|' | '@' | '#' | '!' | '$' => {
                _ = write!(escaped, "&#{};", u32::from(c))
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::Entry;
    use super::super::trial::report;
    use super::*;
    use crate::diff::{Area, Input};
    use crate::page::ChangeKind;

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
            kind: ChangeKind::Changed,
            permissions: None,
            causes: [0].into_iter().collect(),
            through: Vec::new(),
            detail: Detail::Text(TextChange::new("", Some(""), Some(&"a line of text\n".repeat(100)))),
        };
        let long = Report { entries: (0..100).map(entry).collect(), ..report() };
        let text = markdown(&long);
        assert!(text.len() <= LONGEST, "{}", text.len());
        assert!(
            text.ends_with("files left out. `kthw diff` shows all of it.\n"),
            "{}",
            &text[text.len() - 200..]
        );
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
        assert!(text.contains(r"a&#92;n&#92;n&#35;&#8203; b &#124; &lt;img src=x&gt; |"), "{text}");
        assert!(!text.contains("\n# b") && !text.contains("<img"), "{text}");
    }

    #[test]
    fn no_content_ends_its_block() {
        let change = TextChange::new("", Some(""), Some("````\n"));
        assert!(block(&change).starts_with("\n`````diff\n"));
    }

    #[test]
    fn warnings_are_never_too_long_either() {
        let mut report = report();
        let warning = report.effects.warnings[0].clone();
        report.effects.warnings = vec![Warning { advice: "a word ".repeat(2000), ..warning }; 9];
        let text = markdown(&report);
        assert!(text.len() <= LONGEST, "{}", text.len());
        assert!(
            text.contains("**Too long for a comment:** 5 warnings left out."),
            "{}",
            &text[text.len() - 200..]
        );
        assert!(text.contains("| what was changed |"), "what is short has room still");
    }

    #[test]
    fn nobody_is_mentioned_and_nothing_referred_to() {
        let check = |text: &str, expected: &str| assert_eq!(prose(text), expected);
        check("ask @team or #12, !13", "ask &#64;&#8203;team or &#35;&#8203;12, &#33;&#8203;13");
        check("run `kubectl a@b | c`, now", "run <code>kubectl a&#64;b &#124; c</code>, now");
        check("$x$ **a** _b_ <b>", "&#36;x&#36; &#42;&#42;a&#42;&#42; &#95;b&#95; &lt;b&gt;");
        let mut report = report();
        let name = "a|b @team `x` #12 </code></details>";
        report.entries[0].path = name.to_owned();
        report.before = name.to_owned();
        report.effects.warnings[0].what = name.to_owned();
        report.inputs[0] = Input::File { field: name.to_owned(), path: name.to_owned() };
        let row = crate::diff::Row { name: name.to_owned(), before: Some(name.to_owned()), after: None };
        report.entries[1].detail = Detail::Fields { what: "certificate", rows: vec![row] };
        let text = markdown(&report);
        assert!(!text.contains("@team") && !text.contains("#12 "), "{text}");
        assert_eq!(text.matches("<details").count(), text.matches("</details>").count());
        let cells = |line: &str| line.matches('|').count();
        let table = text.lines().filter(|line| line.starts_with('|'));
        assert!(table.clone().count() > 5 && table.clone().all(|line| cells(line) == 4), "{text}");
    }
}
