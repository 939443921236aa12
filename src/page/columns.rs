//! The data of a page as columns: where there are 100,000 nodes, no field's name should be written 100,000 times.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use serde::Serialize;

use super::{Changes, Group, Home, NodeState, Page, Text};

/// What the page reads when it opens: enough to draw and to search.
#[derive(Serialize)]
pub struct Overview<'a> {
    title: &'a str,
    /// What repeats: kinds, schemes of outputs and slots, by index.
    words: Vec<&'a str>,
    groups: Vec<&'static Group>,
    hosts: Hosts<'a>,
    nodes: Nodes<'a>,
    inputs: Inputs,
    /// The nodes that do not stay the same.
    states: BTreeMap<NodeState, Vec<usize>>,
    changes: Option<&'a Changes>,
}

#[derive(Serialize)]
struct Hosts<'a> {
    name: Vec<&'a str>,
    bundle: Vec<usize>,
    folds: Vec<Vec<usize>>,
}

#[derive(Serialize)]
struct Nodes<'a> {
    name: Vec<&'a str>,
    kind: Vec<usize>,
    /// What an output is named by: the word before its colon.
    scheme: Vec<usize>,
    /// The group, or the host's index counted down from -1.
    home: Vec<isize>,
}

/// The inputs of all nodes, one after the other.
#[derive(Serialize)]
struct Inputs {
    /// How many each node has.
    count: Vec<usize>,
    slot: Vec<usize>,
    node: Vec<usize>,
}

impl<'a> Overview<'a> {
    pub fn of(page: &'a Page) -> Self {
        let (mut words, mut groups) = (Interned::default(), Interned::default());
        let mut nodes = Nodes { name: Vec::new(), kind: Vec::new(), scheme: Vec::new(), home: Vec::new() };
        let mut inputs = Inputs { count: Vec::new(), slot: Vec::new(), node: Vec::new() };
        let mut states: BTreeMap<NodeState, Vec<usize>> = BTreeMap::new();
        for (index, node) in page.nodes.iter().enumerate() {
            nodes.name.push(&node.name);
            nodes.kind.push(words.index(node.kind));
            nodes.scheme.push(words.index(node.output.split(':').next().unwrap_or_default()));
            nodes.home.push(match node.home {
                Home::Shared(group) => groups.index(group).cast_signed(),
                Home::Host(host) => -1 - host.cast_signed(),
            });
            inputs.count.push(node.inputs.len());
            for (slot, input) in &node.inputs {
                inputs.slot.push(words.index(slot));
                inputs.node.push(*input);
            }
            if node.state != NodeState::Same {
                states.entry(node.state).or_default().push(index);
            }
        }
        let hosts = Hosts {
            name: page.hosts.iter().map(|host| &*host.name).collect(),
            bundle: page.hosts.iter().map(|host| host.bundle).collect(),
            folds: page.folds(),
        };
        let (title, changes) = (&page.title, page.changes.as_ref());
        Self { title, words: words.all, groups: groups.all, hosts, nodes, inputs, states, changes }
    }
}

/// What the page reads when a node is opened.
#[derive(Serialize)]
pub struct Details<'a> {
    output: Vec<&'a str>,
    words: Vec<&'a str>,
    /// Name, value and place, or -1 for no place: each by its word.
    parameters: Vec<[isize; 3]>,
    lists: Vec<Vec<usize>>,
    /// For each node, the list of its parameters.
    list: Vec<usize>,
    texts: Vec<&'a str>,
    reasons: Vec<&'a str>,
    /// For each node, its text, or why there is none, counted down from -1.
    text: Vec<isize>,
}

impl<'a> Details<'a> {
    pub fn of(page: &'a Page) -> Self {
        let (mut words, mut parameters, mut lists) =
            (Interned::default(), Interned::default(), Interned::default());
        let (mut texts, mut reasons) = (Interned::default(), Interned::default());
        let (mut output, mut list, mut text) = (Vec::new(), Vec::new(), Vec::new());
        for node in &page.nodes {
            output.push(&*node.output);
            let own = node.parameters.iter().map(|parameter| {
                let mut word = |text: &'a str| words.index(text).cast_signed();
                let (name, value) = (word(&parameter.name), word(&parameter.value));
                parameters.index([name, value, parameter.place.as_deref().map_or(-1, word)])
            });
            let own = own.collect::<Vec<usize>>();
            list.push(lists.index(own));
            text.push(match &node.text {
                Text::Shown(shown) => texts.index(&**shown).cast_signed(),
                Text::Withheld(reason) => -1 - reasons.index(*reason).cast_signed(),
            });
        }
        Self {
            output,
            words: words.all,
            parameters: parameters.all,
            lists: lists.all,
            list,
            texts: texts.all,
            reasons: reasons.all,
            text,
        }
    }
}

/// Things that are kept once and spoken of by number.
struct Interned<T> {
    numbers: HashMap<T, usize>,
    all: Vec<T>,
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Self { numbers: HashMap::new(), all: Vec::new() }
    }
}

impl<T: Clone + Eq + Hash> Interned<T> {
    fn index(&mut self, thing: T) -> usize {
        if let Some(number) = self.numbers.get(&thing) {
            return *number;
        }
        self.numbers.insert(thing.clone(), self.all.len());
        self.all.push(thing);
        self.all.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::example::page;

    #[test]
    fn what_repeats_is_written_once() {
        let page = page();
        let overview = Overview::of(&page);
        assert_eq!(overview.words.iter().filter(|word| **word == "unit").count(), 1);
        assert_eq!(overview.inputs.count.iter().sum::<usize>(), overview.inputs.node.len());
        let details = Details::of(&page);
        assert!(details.texts.len() < page.nodes.len());
        assert_eq!(details.text.len(), page.nodes.len());
    }

    #[test]
    fn only_nodes_that_change_have_a_state() {
        let page = page();
        let states = Overview::of(&page).states;
        assert!(!states.contains_key(&NodeState::Same));
        assert_eq!(states[&NodeState::Cause].len(), 1);
    }

    #[test]
    fn a_node_has_the_text_and_parameters_that_it_was_given() {
        let page = page();
        let details = Details::of(&page);
        for (node, given) in page.nodes.iter().enumerate() {
            match &given.text {
                Text::Shown(text) => assert_eq!(details.texts[details.text[node].cast_unsigned()], &**text),
                Text::Withheld(reason) => {
                    assert_eq!(details.reasons[(-1 - details.text[node]).cast_unsigned()], *reason);
                }
            }
            let words: Vec<&str> = details.lists[details.list[node]]
                .iter()
                .map(|parameter| details.words[details.parameters[*parameter][1].cast_unsigned()])
                .collect();
            assert_eq!(words, given.parameters.iter().map(|p| &*p.value).collect::<Vec<_>>());
        }
    }
}
