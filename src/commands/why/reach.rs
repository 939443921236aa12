//! How far a change of something would reach.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use kthw_graph::{Graph, NodeId};

use crate::artifact::Artifact;
use crate::diff::{Decider, Param, params};
use crate::names::counted;
use crate::plan;

/// Fields that decide which parameters a node has at all, which none that is there can say.
const SHAPES: [(&str, &str); 3] = [
    ("network.cni", "config/kernel-modules"),
    ("network.cni", "config/kubernetes-bootstrap.service"),
    ("network.cni", "config/kube-controller-manager.service"),
];

/// A host and one of its paths.
type Held<'g> = (&'g str, &'g str);

/// Answers for one graph.
pub struct Reach<'g> {
    graph: &'g Graph<Artifact>,
    /// Where each node is.
    held: HashMap<NodeId, Vec<Held<'g>>>,
    /// What a field or an entry has decided a part of.
    decided: HashMap<Decider, Vec<NodeId>>,
    /// Of which node a file is.
    chosen: HashMap<Decider, Vec<Held<'g>>>,
}

/// Files that would change, and the hosts that hold them.
pub struct Files {
    files: usize,
    hosts: usize,
}

impl<'g> Reach<'g> {
    pub fn new(graph: &'g Graph<Artifact>) -> Self {
        let mut held: HashMap<NodeId, Vec<Held<'_>>> = HashMap::new();
        let mut chosen: HashMap<Decider, Vec<Held<'_>>> = HashMap::new();
        for (host, path, id) in plan::files(graph) {
            held.entry(id).or_default().push((host, path));
            if matches!(graph.node(id).action, Artifact::Download(_) | Artifact::ArchiveMember(_)) {
                // There is a node for each architecture.
                let field = Decider::Spec(format!("hosts[{host}].arch"));
                chosen.entry(field).or_default().push((host, path));
            }
        }
        let mut decided: HashMap<Decider, Vec<NodeId>> = HashMap::new();
        for id in graph.order() {
            let params = params(&graph.node(*id).action);
            let deciders: BTreeSet<Decider> = params.iter().flat_map(Param::deciders).cloned().collect();
            for decider in deciders {
                decided.entry(decider).or_default().push(*id);
            }
        }
        for (field, name) in SHAPES {
            let field = Decider::Spec(field.to_owned());
            decided.entry(field).or_default().extend(graph.find(name));
        }
        Self { graph, held, decided, chosen }
    }

    /// What depends on a field or an entry; none for what the program decides.
    pub fn of_decider(&self, decider: &Decider) -> Option<Files> {
        (*decider != Decider::Program).then(|| Files::of(&self.held_by(decider)))
    }

    /// What is made from a node.
    pub fn of_node(&self, id: NodeId) -> Files {
        Files::of(&self.holders(vec![id]).collect())
    }

    /// The files of which a field, what it is in or what is in it has decided anything, or something that they are made
    /// from.
    fn held_by(&self, decider: &Decider) -> BTreeSet<Held<'g>> {
        let decided = self.decided.iter().filter(|(other, _)| decider.concerns(other));
        let chosen = self.chosen.iter().filter(|(other, _)| decider.concerns(other));
        let nodes = decided.flat_map(|(_, nodes)| nodes).copied().collect();
        self.holders(nodes).chain(chosen.flat_map(|(_, files)| files).copied()).collect()
    }

    fn holders(&self, nodes: Vec<NodeId>) -> impl Iterator<Item = Held<'g>> {
        self.made_from(nodes).into_iter().filter_map(|id| self.held.get(&id)).flatten().copied()
    }

    fn made_from(&self, mut next: Vec<NodeId>) -> BTreeSet<NodeId> {
        let mut seen: BTreeSet<NodeId> = next.iter().copied().collect();
        while let Some(id) = next.pop() {
            next.extend(self.graph.dependents(id).filter(|id| seen.insert(*id)));
        }
        seen
    }
}

impl Files {
    fn of(held: &BTreeSet<Held<'_>>) -> Self {
        let hosts: BTreeSet<&str> = held.iter().map(|(host, _)| *host).collect();
        Self { files: held.len(), hosts: hosts.len() }
    }
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", counted(self.files, "file"), counted(self.hosts, "host"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::diff::edit::{others, scalars};
    use crate::rollout::{EXAMPLES, Planned, variants};
    use crate::spec::{self, Positions};

    /// The files that both states have and that differ, and that the reach of no changed field names.
    fn missed(old: &Planned, new: &Planned, fields: &[String]) -> Vec<String> {
        let reach = Reach::new(old.graph());
        let reached: BTreeSet<Held<'_>> =
            fields.iter().flat_map(|field| reach.held_by(&Decider::Spec(field.clone()))).collect();
        let later: HashMap<Held<'_>, NodeId> =
            plan::files(new.graph()).map(|(host, path, id)| ((host, path), id)).collect();
        let differs = |(host, path, id): &(&str, &str, NodeId)| {
            later.get(&(*host, *path)).is_some_and(|later| old.output(*id) != new.output(*later))
        };
        let differing = plan::files(old.graph()).filter(differs);
        let missed = differing.filter(|(host, path, _)| !reached.contains(&(*host, *path)));
        missed.map(|(host, path, _)| format!("{host}:{path}")).collect()
    }

    #[test]
    fn a_change_of_a_field_is_felt_nowhere_but_within_its_reach() {
        let mut changed = 0;
        let mut wrong = Vec::new();
        for example in EXAMPLES {
            let (text, planned) = variants(example);
            let written: Value = serde_saphyr::from_str(text).expect("a mapping");
            let before = written.to_string();
            let old = planned(&before).expect("a good cluster");
            let mut ways = Vec::new();
            scalars(&written, "", &mut ways);
            for way in ways {
                let variant = |other: Value| {
                    let mut written = written.clone();
                    *written.pointer_mut(&way)? = other;
                    let after = written.to_string();
                    planned(&after).map(|new| (after, new))
                };
                let value = written.pointer(&way).expect("a way that was found");
                let mut others = others(value).into_iter().filter(|other| other != value);
                // Of some, such as a role, no other makes a cluster.
                let Some((after, new)) = others.find_map(variant) else { continue };
                changed += 1;
                let changes = spec::changes(&Positions::new(&before), &Positions::new(&after));
                let fields: Vec<String> = changes.into_iter().map(|change| change.path).collect();
                let missed = missed(&old, &new, &fields);
                if !missed.is_empty() {
                    wrong.push(format!("{example} {fields:?}: {missed:?}"));
                }
            }
        }
        assert!(changed > 150, "{changed}");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
