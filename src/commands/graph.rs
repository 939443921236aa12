//! `kthw graph`: print the graph.

use std::collections::BTreeMap;
use std::fmt::Write;

use kthw_graph::{Action, Goal, Graph, NodeId};
use serde::Serialize;

use super::{output, picture};
use crate::artifact::Artifact;
use crate::cli::{GraphArgs, GraphFormat};
use crate::failure::Failure;
use crate::opened::{Opened, realise};
use crate::plan;
use crate::sources::Folder;
use crate::spec::Positions;
use crate::ui::Ui;
use crate::visible::visible_json;

pub fn run(folder: Folder, args: GraphArgs, ui: &Ui) -> Result<(), Failure> {
    output::check(&folder, args.output.as_deref())?;
    let opened = Opened::read(folder.clone(), ui)?;
    let graph = &opened.plan.graph;
    let text = match args.format {
        GraphFormat::Tree => tree(graph),
        GraphFormat::Dot => dot(graph),
        GraphFormat::Mermaid => mermaid(graph),
        GraphFormat::Json => json(graph),
        GraphFormat::Html => html(opened, ui)?,
    };
    output::deliver(&folder, args.output.as_deref(), &text, ui)
}

/// The page shows outputs and texts, so unlike the other forms it needs a store.
fn html(opened: Opened, ui: &Ui) -> Result<String, Failure> {
    let title = opened.cluster.name.clone();
    let (session, bound) = opened.session(ui)?;
    let all = bound.makeable(session.graph().order().iter().copied());
    realise(&session, &bound, Goal::Identify, &all, ui)?;
    Ok(picture::page(&*session, title, &Positions::new(&bound.spec))?.render())
}

fn name(graph: &Graph<Artifact>, id: NodeId) -> &str {
    graph.node(id).name.as_str()
}

/// The nodes by name, so that the picture does not depend on the order of planning.
fn sorted(graph: &Graph<Artifact>) -> Vec<NodeId> {
    let mut ids = graph.order().to_vec();
    ids.sort_by_key(|id| name(graph, *id));
    ids
}

/// Hosts, their files, and the node behind each file.
fn tree(graph: &Graph<Artifact>) -> String {
    let mut hosts: BTreeMap<&str, Vec<(&str, NodeId)>> = BTreeMap::new();
    for (host, path, id) in plan::files(graph) {
        hosts.entry(host).or_default().push((path, id));
    }
    let mut text = format!("{}: {} nodes\n", plan::CLUSTER, graph.len());
    let hosts_left = hosts.len();
    for (n, (host, files)) in hosts.into_iter().enumerate() {
        let last_host = n + 1 == hosts_left;
        let (branch, stem) = if last_host { ("└─", "  ") } else { ("├─", "│ ") };
        let _ = writeln!(text, "{branch} {host}");
        for (m, (path, id)) in files.iter().enumerate() {
            let branch = if m + 1 == files.len() { "└─" } else { "├─" };
            let kind = graph.node(*id).action.kind();
            let _ = writeln!(text, "{stem} {branch} {path}  {} ({kind})", name(graph, *id));
        }
    }
    text
}

fn dot(graph: &Graph<Artifact>) -> String {
    let mut text = "digraph kthw {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
    for id in sorted(graph) {
        let _ =
            writeln!(text, "  \"{0}\" [label=\"{0}\\n{1}\"];", name(graph, id), graph.node(id).action.kind());
        for (slot, input) in &graph.node(id).inputs {
            let _ = writeln!(
                text,
                "  \"{}\" -> \"{}\" [label=\"{slot}\"];",
                name(graph, *input),
                name(graph, id)
            );
        }
    }
    text.push_str("}\n");
    text
}

fn mermaid(graph: &Graph<Artifact>) -> String {
    let ids = sorted(graph);
    let numbers: BTreeMap<NodeId, usize> = ids.iter().enumerate().map(|(n, id)| (*id, n)).collect();
    let mut text = "flowchart LR\n".to_owned();
    for id in &ids {
        let _ = writeln!(text, "  n{}[\"{}\"]", numbers[id], name(graph, *id));
    }
    for id in &ids {
        for (_, input) in &graph.node(*id).inputs {
            let _ = writeln!(text, "  n{} --> n{}", numbers[input], numbers[id]);
        }
    }
    text
}

#[derive(Serialize)]
struct JsonNode<'a> {
    name: &'a str,
    kind: &'static str,
    /// Slot to node.
    inputs: BTreeMap<&'a str, &'a str>,
}

fn json(graph: &Graph<Artifact>) -> String {
    let node = |id: NodeId| JsonNode {
        name: name(graph, id),
        kind: graph.node(id).action.kind().name,
        inputs: graph.node(id).inputs.iter().map(|(slot, input)| (&**slot, name(graph, *input))).collect(),
    };
    let nodes: Vec<JsonNode<'_>> = sorted(graph).into_iter().map(node).collect();
    let mut text = visible_json(
        &serde_json::to_string_pretty(&serde_json::json!({ "nodes": nodes })).expect("names serialise"),
    );
    text.push('\n');
    text
}
