//! A comparison as a page: the graph of the later state, with what becomes of every node, and the change itself.

use std::collections::HashMap;

use kthw_graph::{Action, Graph, NodeId};
use kthw_store::Output;

use super::super::picture::{self, Outputs};
use crate::artifact::Artifact;
use crate::comparison::{Comparison, State};
use crate::diff::Causes;
use crate::failure::Failure;
use crate::page::{NodeState, Page, PageHost, PageNode, Text};
use crate::plan;
use crate::report::{self, Report};
use crate::spec::Positions;

const GONE: &str = "It is no longer made.";

pub fn page(comparison: &Comparison, report: &Report) -> Result<Page, Failure> {
    let Comparison { before, after, .. } = comparison;
    let title = after.bound.cluster.name.clone();
    let mut page = picture::page(after, title, &Positions::new(&after.bound.spec))?;
    comparison.explain(|causes| mark(&mut page, &causes));
    add_removed(&mut page, before, after);
    page.changes = Some(report::changes(report, &page));
    Ok(page)
}

impl Outputs for State {
    fn secret(&self) -> &'static str {
        if self.bound.is_stand_in { picture::KEYED } else { picture::SECRET }
    }

    fn graph(&self) -> &Graph<Artifact> {
        self.session.graph()
    }

    fn output(&self, id: NodeId) -> Option<Output> {
        self.realised(id).map(|realised| realised.output)
    }

    fn bytes(&self, id: NodeId) -> Result<Option<Vec<u8>>, Failure> {
        self.text(id)
    }
}

/// Says of each node of the later state what becomes of it.
fn mark(page: &mut Page, causes: &Causes<'_>) {
    for node in &mut page.nodes {
        node.state = match causes.change(&node.name) {
            _ if causes.before.graph.find(&node.name).is_none() => NodeState::Added,
            None => NodeState::Same,
            Some(change) if change.kind || !change.params.is_empty() => NodeState::Cause,
            Some(_) => NodeState::Cascade,
        };
    }
}

/// Adds the hosts and nodes that the later state has no more, inputs first.
fn add_removed(page: &mut Page, before: &State, after: &State) {
    let (old, new) = (before.session.graph(), after.session.graph());
    let positions = Positions::new(&before.bound.spec);
    let gone: Vec<NodeId> =
        old.order().iter().copied().filter(|id| new.find(old.node(*id).name.as_str()).is_none()).collect();
    let mut index: HashMap<String, usize> =
        page.nodes.iter().enumerate().map(|(n, node)| (node.name.clone(), n)).collect();
    for (place, id) in gone.iter().enumerate() {
        index.insert(old.node(*id).name.to_string(), page.nodes.len() + place);
    }
    for name in plan::hosts(old).difference(&plan::hosts(new)) {
        page.hosts.push(PageHost { name: name.clone(), bundle: index[&plan::bundle_name(name)] });
    }
    let names: Vec<String> = page.hosts.iter().map(|host| host.name.clone()).collect();
    let hosts: HashMap<&str, usize> = names.iter().enumerate().map(|(n, name)| (&**name, n)).collect();
    for id in gone {
        let node = old.node(id);
        let inputs = node.inputs.iter();
        page.nodes.push(PageNode {
            name: node.name.to_string(),
            kind: node.action.kind().name,
            home: picture::home(node.name.as_str(), &hosts),
            inputs: inputs
                .map(|(slot, input)| (slot.to_string(), index[old.node(*input).name.as_str()]))
                .collect(),
            output: before.output(id).map_or_else(String::new, |output| output.to_string()),
            parameters: picture::parameters(&node.action, &positions),
            text: Text::Withheld(GONE),
            state: NodeState::Removed,
        });
    }
}
