//! What each certificate says, for people: it is all in the plan, so that no key is needed to know it.

use std::collections::BTreeMap;
use std::fmt::Write;

use kthw_graph::{Graph, NodeId};

use super::text::{Entry, Text};
use crate::artifact::Artifact;
use crate::certificate_text::CertificateText;
use crate::plan;

/// Every certificate as the fields that matter, by the host that alone has it, if one does.
pub fn certificates(graph: &Graph<Artifact>) -> BTreeMap<Option<&str>, Text> {
    let mut texts: BTreeMap<Option<&str>, Text> = BTreeMap::new();
    for id in graph.order() {
        let name = graph.node(*id).name.as_str();
        if let Some(text) = entry(graph, *id) {
            let paragraphs = || Text { entries: Vec::new(), separator: "\n" };
            let entries = &mut texts.entry(plan::host_of(name)).or_insert_with(paragraphs).entries;
            entries.push(Entry { text, about: vec![*id] });
        }
    }
    for text in texts.values_mut() {
        text.entries.sort_by(|a, b| a.text.cmp(&b.text));
    }
    texts
}

fn entry(graph: &Graph<Artifact>, id: NodeId) -> Option<String> {
    let node = graph.node(id);
    let said = match &node.action {
        Artifact::Certificate(certificate) => CertificateText::from(certificate),
        Artifact::ImportedCertificate(certificate) => CertificateText::from(certificate),
        _ => return None,
    };
    let CertificateText { subject, issuer, usage, not_before, not_after, names } = said;
    let signed = node.inputs.iter().find(|(slot, _)| slot == "issuer-cert");
    let signed = signed.map(|(_, id)| graph.node(*id).name.to_string());
    let issuer = issuer.or(signed).unwrap_or_else(|| "itself".to_owned());
    let mut entry = format!("{}\n  subject  {subject}\n", node.name);
    if !names.is_empty() {
        let _ = writeln!(entry, "  names    {names}");
    }
    // What a renewal changes is kept apart from what another change may touch.
    let _ =
        writeln!(entry, "  issuer   {issuer}\n  valid    {not_before} to {not_after}\n  usage    {usage}");
    Some(entry)
}
