//! `kthw graph`: the same graph in four forms.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::cluster_folder::ClusterFolder;
use crate::judge::judge;
use crate::ran::Ran;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Graph {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Node {
    name: String,
    kind: String,
    inputs: BTreeMap<String, String>,
}

fn json(folder: &ClusterFolder) -> Graph {
    serde_json::from_str(&folder.kthw(&["graph", "--format", "json"]).result()).expect("JSON")
}

#[test]
fn json_names_every_node_once_and_every_input_exists() {
    let folder = ClusterFolder::single();
    let graph = json(&folder);
    let names: BTreeSet<&str> = graph.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names.len(), graph.nodes.len());
    assert_eq!(names.len(), folder.build().nodes);
    for node in &graph.nodes {
        assert!(!node.kind.is_empty(), "{}", node.name);
        for input in node.inputs.values() {
            assert!(names.contains(input.as_str()), "{} takes {input}", node.name);
        }
    }
}

#[test]
fn the_tree_names_every_file_of_every_host() {
    let folder = ClusterFolder::single();
    let tree = folder.kthw(&["graph"]).result();
    let bundles = json(&folder).nodes.into_iter().filter(|node| node.kind == "bundle");
    let files: Vec<(String, String)> = bundles.flat_map(|bundle| bundle.inputs).collect();
    assert!(files.len() > 80, "{}", files.len());
    for (path, node) in files {
        assert!(tree.contains(&format!(" {path}  {node} (")), "{path} {node}\n{tree}");
    }
}

#[test]
fn graphviz_draws_every_node_and_edge() {
    let folder = ClusterFolder::single();
    let text = folder.kthw(&["graph", "--format", "dot"]).result();
    folder.write("graph.dot", &text);
    let Some(mut dot) = judge("dot") else { return };
    let plain = Ran::of(dot.arg("-Tplain").arg(folder.path().join("graph.dot"))).result();
    let count = |word: &str| plain.lines().filter(|line| line.starts_with(word)).count();
    let graph = json(&folder);
    assert_eq!(count("node "), graph.nodes.len());
    assert_eq!(count("edge "), graph.nodes.iter().map(|node| node.inputs.len()).sum::<usize>());
}

#[test]
fn mermaid_has_every_node_and_edge() {
    let folder = ClusterFolder::single();
    let text = folder.kthw(&["graph", "--format", "mermaid"]).result();
    assert!(text.starts_with("flowchart LR\n"), "{text}");
    let graph = json(&folder);
    assert_eq!(text.matches("[\"").count(), graph.nodes.len());
    assert_eq!(
        text.matches(" --> ").count(),
        graph.nodes.iter().map(|node| node.inputs.len()).sum::<usize>()
    );
}

#[test]
fn a_graph_needs_no_store() {
    let folder = ClusterFolder::single();
    folder.kthw(&["graph"]).exits(0);
    assert!(!folder.exists(".kthw"));
}
