//! What each certificate says, for people: it is all in the plan, so that no key is needed to know it.

use std::collections::BTreeMap;
use std::fmt::Write;

use kthw_graph::{Graph, NodeId};

use super::text::{Entry, Text};
use crate::artifact::{Artifact, Certificate, ImportedCertificate};
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
    let name = node.name.as_str();
    match &node.action {
        Artifact::Certificate(certificate) => {
            let issuer = node.inputs.iter().find(|(slot, _)| slot == "issuer-cert");
            let issuer = issuer.map(|(_, id)| graph.node(*id).name.as_str());
            Some(own(name, certificate, issuer))
        }
        Artifact::ImportedCertificate(certificate) => Some(imported(name, certificate)),
        _ => None,
    }
}

fn own(name: &str, certificate: &Certificate, issuer: Option<&str>) -> String {
    let groups = certificate.organisations.iter().map(|group| format!(", O={group}")).collect::<String>();
    let validity = certificate.validity;
    let mut entry = format!("{name}\n  subject  CN={}{groups}\n", certificate.common_name);
    let _ = writeln!(entry, "  issuer   {}", issuer.unwrap_or("itself"));
    let _ = writeln!(entry, "  usage    {}", certificate.profile);
    let _ = writeln!(entry, "  valid    {} to {}", date(validity.not_before()), date(validity.not_after()));
    let addresses = certificate.addresses.iter().map(ToString::to_string);
    let names: Vec<String> = certificate.dns_names.iter().cloned().chain(addresses).collect();
    if !names.is_empty() {
        let _ = writeln!(entry, "  names    {}", names.join(" "));
    }
    entry
}

fn imported(name: &str, certificate: &ImportedCertificate) -> String {
    let imported = &certificate.imported;
    let (begins, ends) = (date(imported.authority.not_before), date(imported.authority.not_after));
    format!(
        "{name}\n  subject  {}\n  issuer   {}, elsewhere\n  usage    authority\n  valid    {begins} to {ends}\n",
        imported.subject(),
        imported.issuer(),
    )
}

/// A second since 1970 as a date.
pub fn date(seconds: u64) -> String {
    let moment = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    moment.map_or_else(|| format!("second {seconds}"), |moment| moment.to_string())
}
