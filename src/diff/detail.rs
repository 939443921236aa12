//! What a change of one file looks like to whoever reviews it.

use std::collections::BTreeSet;

use kthw_graph::{Action, NodeId, Yields};
use kthw_store::Output;

use super::compare::File;
use super::param::params;
use super::text_change::TextChange;
use crate::artifact::{Artifact, Download};
use crate::certificate_text::CertificateText;
use crate::side::Side;

/// A changed file: as text where it is one, else by what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    Text(TextChange),
    /// A certificate, a program, a secret: never its bytes.
    Fields {
        what: &'static str,
        rows: Vec<Row>,
    },
    /// The bytes are the same; mode or owner are not.
    Permissions,
}

/// One thing that a file says, before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub name: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// What a file says, if its bytes are not to be shown: what it is, and its rows.
pub fn described(side: Side<'_>, id: NodeId) -> (&'static str, Vec<(String, String)>) {
    let action = side.action(id);
    let mut rows = match action {
        Artifact::Certificate(certificate) => CertificateText::from(certificate).rows(),
        Artifact::ImportedCertificate(certificate) => {
            let mut rows = CertificateText::from(certificate).rows();
            // Another certificate may say all of this too.
            rows.push(("certificate".to_owned(), called(side, id)));
            rows
        }
        Artifact::Download(download) => return ("program", download_rows(download)),
        Artifact::ArchiveMember(member) => {
            let archive = side.graph.node(id).inputs.first().map(|(_, archive)| side.action(*archive));
            let mut rows = match archive {
                Some(Artifact::Download(download)) => download_rows(download),
                _ => Vec::new(),
            };
            rows.push(("member".to_owned(), member.path.clone()));
            return ("program", rows);
        }
        _ => param_rows(action),
    };
    for (slot, input) in &side.graph.node(id).inputs {
        rows.push((slot.to_string(), called(side, *input)));
    }
    (action.kind().name, rows)
}

/// Whether a file is shown by what it says although its bytes are no secret.
pub fn is_described(action: &Artifact) -> bool {
    matches!(action.kind().yields, Yields::Secret | Yields::Pinned | Yields::Declassified)
        || matches!(action, Artifact::ImportedCertificate(_))
}

/// The rows in which two files differ, or all of one that is alone.
pub fn rows(before: Option<Vec<(String, String)>>, after: Option<Vec<(String, String)>>) -> Vec<Row> {
    let of = |side: &Option<Vec<(String, String)>>, name: &str| {
        side.iter().flatten().find(|(found, _)| found == name).map(|(_, value)| value.clone())
    };
    let mut seen = BTreeSet::new();
    let names = after.iter().chain(&before).flatten().map(|(name, _)| name.clone());
    let names: Vec<String> = names.filter(|name| seen.insert(name.clone())).collect();
    let row = |name: String| Row { before: of(&before, &name), after: of(&after, &name), name };
    let rows = names.into_iter().map(row).filter(|row| row.before != row.after);
    rows.map(|row| if row.name == CertificateText::NAMES { of_lists(row) } else { row }).collect()
}

/// A row of lists with only what came and went.
fn of_lists(row: Row) -> Row {
    let (Some(before), Some(after)) = (&row.before, &row.after) else { return row };
    let lone = |side: &str, other: &str| {
        let others: BTreeSet<&str> = other.split(' ').collect();
        let lone: Vec<&str> = side.split(' ').filter(|name| !others.contains(name)).collect();
        (!lone.is_empty()).then(|| lone.join(" "))
    };
    Row { before: lone(before, after), after: lone(after, before), name: row.name }
}

/// The change of a file that is not shown as text.
pub fn fields(before: Side<'_>, old: Option<File>, after: Side<'_>, new: Option<File>) -> Detail {
    let outputs = [old, new].map(|file| file.map(|file| file.output.short()));
    let old = old.map(|file| described(before, file.node));
    let new = new.map(|file| described(after, file.node));
    let what = new.as_ref().or(old.as_ref()).map_or("file", |(what, _)| *what);
    let mut rows = rows(old.map(|(_, rows)| rows), new.map(|(_, rows)| rows));
    if rows.is_empty() {
        // Another kthw made other bytes of the same.
        let [before, after] = outputs;
        rows.push(Row { name: "digest".to_owned(), before, after });
    }
    Detail::Fields { what, rows }
}

fn download_rows(download: &Download) -> Vec<(String, String)> {
    let pin = &download.pin;
    vec![
        ("release".to_owned(), format!("{} {}/{}", pin.name, pin.os, pin.arch)),
        ("version".to_owned(), pin.version.to_string()),
        ("checksum".to_owned(), pin.checksum.to_string()),
    ]
}

/// The parameters, lists on one line.
fn param_rows(action: &Artifact) -> Vec<(String, String)> {
    let mut rows: Vec<(String, String)> = Vec::new();
    for param in params(action) {
        match rows.iter_mut().find(|(name, _)| *name == param.name) {
            Some((_, value)) => *value = format!("{value}, {}", param.value),
            None => rows.push((param.name, param.value)),
        }
    }
    rows
}

/// An input as people tell it from another.
fn called(side: Side<'_>, id: NodeId) -> String {
    let short = side.output(id).map(Output::short).unwrap_or_default();
    match side.action(id) {
        Artifact::PrivateKey(key) => format!("ecdsa-p256 key, generation {} ({short})", key.generation),
        _ => format!("{} ({short})", side.name(id)),
    }
}
