//! The golden files of a cluster: every public byte that its hosts will hold, and three summaries.

use std::collections::BTreeMap;
use std::fmt::Write;

use kthw_graph::{Action, Content, Executor, Graph, NodeFailure, NodeId, Session};
use kthw_store::Output;

use crate::artifact::{Artifact, Certificate, ImportedCertificate};
use crate::plan;

/// Relative path to content.
pub type GoldenFiles = BTreeMap<String, Vec<u8>>;

/// Renders the golden files of a realised cluster.
pub fn render<X: Executor<Artifact>>(session: &Session<Artifact, X>) -> Result<GoldenFiles, NodeFailure> {
    let graph = session.graph();
    let mut golden = GoldenFiles::new();
    for (host, path, id) in plan::files(graph) {
        if let Some(bytes) = public(session, id)? {
            golden.insert(format!("hosts/{host}{path}"), bytes);
        }
    }
    for host in &plan::hosts(graph) {
        let bundle = graph.find(&plan::bundle_name(host)).expect("every host has a bundle");
        golden.extend(public(session, bundle)?.map(|bytes| (format!("bundles/{host}.json"), bytes)));
    }
    for (path, id) in plan::machine_files(graph) {
        // A disk is no text to review: the summary of the graph has its digest.
        if let Some(bytes) = public(session, id)?.filter(|bytes| std::str::from_utf8(bytes).is_ok()) {
            golden.insert(format!("machines/{path}"), bytes);
        }
    }
    for id in graph.order().iter().copied() {
        let name = graph.node(id).name.as_str();
        if plan::is_for_monitoring(name) {
            golden.extend(public(session, id)?.map(|bytes| (name.to_owned(), bytes)));
        }
    }
    golden.insert("graph.txt".to_owned(), graph_summary(session).into_bytes());
    golden.insert("pki.txt".to_owned(), pki_summary(graph).into_bytes());
    Ok(golden)
}

/// The bytes of a public output; a secret or a download has none here.
fn public<X: Executor<Artifact>>(
    session: &Session<Artifact, X>,
    id: NodeId,
) -> Result<Option<Vec<u8>>, NodeFailure> {
    if !matches!(session.realised(id).map(|realised| realised.output), Some(Output::Public(_))) {
        return Ok(None);
    }
    match session.content(id)? {
        Content::Public(bytes) => Ok(Some(bytes.to_vec())),
        Content::Secret(_) | Content::Stored(_) => Ok(None),
    }
}

/// Every node with its kind and its output, by name.
fn graph_summary<X: Executor<Artifact>>(session: &Session<Artifact, X>) -> String {
    let graph = session.graph();
    let mut lines: Vec<String> = graph
        .order()
        .iter()
        .filter_map(|id| Some((graph.node(*id), session.realised(*id)?.output)))
        .map(|(node, output)| format!("{} {} {output}\n", node.name, node.action.kind()))
        .collect();
    lines.sort();
    lines.concat()
}

/// Every certificate as the fields that matter.
fn pki_summary(graph: &Graph<Artifact>) -> String {
    let mut entries: Vec<String> = graph
        .order()
        .iter()
        .filter_map(|id| {
            let node = graph.node(*id);
            let name = node.name.as_str();
            let certificate = match &node.action {
                Artifact::Certificate(certificate) => certificate,
                Artifact::ImportedCertificate(certificate) => return Some(imported_entry(name, certificate)),
                _ => return None,
            };
            let issuer = node.inputs.iter().find(|(slot, _)| slot == "issuer-cert");
            let issuer = issuer.map(|(_, id)| graph.node(*id).name.as_str());
            Some(pki_entry(name, certificate, issuer))
        })
        .collect();
    entries.sort();
    entries.join("\n")
}

fn pki_entry(name: &str, certificate: &Certificate, issuer: Option<&str>) -> String {
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

fn imported_entry(name: &str, certificate: &ImportedCertificate) -> String {
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
