//! A report for programs. docs/commands.md describes the fields; they only ever become more.

use serde_json::{Value, json as object};

use super::effects::{Drain, Restart, Warning};
use super::{Entry, Report};
use crate::diff::{Area, Detail, HostChange, Input, TextChange};
use crate::lock::EntryChange;
use crate::redaction::redacted;
use crate::spec::FieldChange;
use crate::visible::visible_json;

/// The report as one JSON document.
pub fn json(report: &Report) -> String {
    let document = object!({
        "cluster": report.cluster,
        "before": report.before,
        "after": report.after,
        "rootIsHere": !report.stand_in,
        "summary": report.headline(),
        "warnings": report.effects.warnings.iter().map(warning).collect::<Vec<_>>(),
        "restarts": report.effects.restarts.iter().map(restart).collect::<Vec<_>>(),
        "drains": report.effects.drains.iter().map(drain).collect::<Vec<_>>(),
        "inputs": report.inputs.iter().map(input).collect::<Vec<_>>(),
        "hostsAdded": report.added.iter().map(host).collect::<Vec<_>>(),
        "hostsRemoved": report.removed.iter().map(host).collect::<Vec<_>>(),
        "files": report.entries.iter().map(entry).collect::<Vec<_>>(),
    });
    let mut text =
        visible_json(&serde_json::to_string_pretty(&document).expect("strings and numbers serialise"));
    text.push('\n');
    text
}

fn input(input: &Input) -> Value {
    match input {
        Input::Field(change) => {
            let mut value = field(change);
            value["file"] = "cluster.yaml".into();
            value
        }
        Input::Entry(EntryChange { entry, before, after }) => {
            let (before, after) = (before.as_deref().map(redacted), after.as_deref().map(redacted));
            object!({"file": "kthw.lock", "entry": entry, "before": before, "after": after})
        }
        Input::File { field, path } => object!({"file": redacted(path), "field": field}),
        Input::Program { kind } => object!({"program": "kthw", "kind": kind}),
    }
}

fn field(FieldChange { path, also, before, after, is_order }: &FieldChange) -> Value {
    let mut value = object!({
        "field": redacted(path),
        "before": before.as_ref().map(|written| redacted(&written.value)),
        "after": after.as_ref().map(|written| redacted(&written.value)),
        "lineBefore": before.as_ref().map(|written| written.line),
        "lineAfter": after.as_ref().map(|written| written.line),
    });
    if !also.is_empty() {
        value["also"] = also.iter().map(|path| redacted(path)).collect();
    }
    if *is_order {
        value["order"] = true.into();
    }
    value
}

fn warning(Warning { kind, what, advice, causes }: &Warning) -> Value {
    object!({"kind": kind, "title": kind.title(), "what": what, "advice": advice, "causes": causes.all})
}

fn restart(Restart { wave, unit, hosts }: &Restart) -> Value {
    object!({"wave": wave, "unit": unit, "hosts": hosts})
}

fn drain(Drain { why, hosts }: &Drain) -> Value {
    object!({"why": why, "hosts": hosts})
}

fn host(host: &HostChange) -> Value {
    object!({"name": host.name, "files": host.files, "units": host.units, "causes": host.causes.all, "unsure": host.causes.unsure})
}

fn entry(entry: &Entry) -> Value {
    let area = match entry.area {
        Area::Host => "host",
        Area::Machine => "machine",
        Area::Cluster => "cluster",
    };
    let mut value = object!({
        "area": area,
        "path": entry.path,
        "node": entry.node,
        "hosts": entry.hosts,
        "change": entry.kind.as_str(),
        "ownValues": entry.own,
        "causes": entry.causes.all,
        "unsure": entry.causes.unsure,
        "through": entry.through,
    });
    if let Some((before, after)) = &entry.permissions {
        value["permissions"] = object!({"before": before, "after": after});
    }
    match &entry.detail {
        Detail::Text(change) => value["text"] = text(change),
        Detail::Fields { what, rows } => {
            let row = |row: &crate::diff::Row| object!({"name": row.name, "before": row.before, "after": row.after});
            value["fields"] = object!({"of": what, "rows": rows.iter().map(row).collect::<Vec<_>>()});
        }
        Detail::Permissions => {}
    }
    value
}

fn text(change: &TextChange) -> Value {
    let lines = |line: &crate::diff::Line| format!("{}{}", line.mark(), line.text());
    let hunk = |hunk: &crate::diff::Hunk| object!({"header": hunk.header, "lines": hunk.lines.iter().map(lines).collect::<Vec<_>>()});
    let (added, removed) = change.counts();
    object!({
        "added": added,
        "removed": removed,
        "hunks": change.hunks.iter().map(hunk).collect::<Vec<_>>(),
        "keys": change.keys.iter().map(field).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::trial::report;
    use super::*;

    #[test]
    fn the_document_is_pinned() {
        insta::assert_snapshot!(json(&report()));
    }
}
