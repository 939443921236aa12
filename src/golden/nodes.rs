//! The list of all nodes, each with its kind and what it yields: the one golden file that tells of keys and secrets.

use std::collections::{HashMap, HashSet};

use kthw_graph::{Action, Graph, NodeId};

use super::text::{Entry, Text};
use crate::artifact::Artifact;
use crate::side;
use crate::side::Side;

/// What stands for an output that is not known.
const UNKNOWN: &str = "-";

/// Every node, by name. What follows from a key also says what it is made from, for those who do not have the root secret.
pub fn nodes(side: Side<'_>, keyed: &HashSet<NodeId>) -> Text {
    let recipes = side::recipes(side, keyed, &HashMap::new());
    let line = |id: &NodeId| {
        let output = side.output(*id).map_or_else(|| UNKNOWN.to_owned(), |output| output.to_string());
        let recipe = recipes.get(id).map(|recipe| format!(" {recipe}")).unwrap_or_default();
        let text = format!("{} {} {output}{recipe}\n", side.name(*id), side.action(*id).kind());
        Entry { text, about: vec![*id] }
    };
    let mut entries: Vec<Entry> = side.graph.order().iter().map(line).collect();
    entries.sort_by(|a, b| a.text.cmp(&b.text));
    Text::lines(entries)
}

/// A written list as it would be if nothing were known of what these nodes yield.
pub fn without_outputs(list: &str, graph: &Graph<Artifact>, of: &HashSet<NodeId>) -> String {
    let line = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            [name, kind, _, recipe] if graph.find(name).is_some_and(|id| of.contains(&id)) => {
                format!("{name} {kind} {UNKNOWN} {recipe}\n")
            }
            _ => format!("{line}\n"),
        }
    };
    list.lines().map(line).collect()
}

/// What a line of a written list says of a node: its name and what it yields.
pub fn name_and_output(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split(' ');
    Some((words.next()?, words.nth(1)?))
}
