//! Where the parameters of a node were decided.

use kthw_graph::{Action, Manifest, NodeId, Origin, Value};

use super::opened::ClusterSession;
use crate::page::Parameter;
use crate::sources::{LOCK, SPEC};
use crate::spec::Positions;

/// The second reader of a description: it keeps what the hash leaves out.
pub struct Origins<'a> {
    positions: &'a Positions<'a>,
    pub parameters: Vec<Parameter>,
}

impl<'a> Origins<'a> {
    pub fn read(session: &ClusterSession, id: NodeId, positions: &'a Positions<'a>) -> Self {
        let mut origins = Self { positions, parameters: Vec::new() };
        session.graph().node(id).action.describe(&mut origins);
        origins
    }

    /// Where a parameter of this name, and of this value if one has it, was decided.
    pub fn place(&self, name: &str, value: &str) -> Option<&str> {
        let named = || self.parameters.iter().filter(|parameter| parameter.name == name);
        let parameter = named().find(|parameter| parameter.value == value).or_else(|| named().next_back());
        parameter?.place.as_deref()
    }
}

impl Manifest for Origins<'_> {
    fn param(&mut self, name: &str, value: Value<'_>, origin: Origin<'_>) {
        let place = match origin {
            Origin::Spec(path) => {
                let path = path.to_string();
                Some(match self.positions.exact(&path) {
                    Some(place) => format!("{SPEC}:{} {path}", place.line),
                    None => format!("default of {path}"),
                })
            }
            Origin::Lock(entry) => Some(format!("{LOCK} {entry}")),
            Origin::Program => None,
        };
        self.parameters.push(Parameter { name: name.to_owned(), value: value.to_string(), place });
    }
}
