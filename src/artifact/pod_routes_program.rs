//! The program that follows the pod routes.

use kthw_graph::{ActionError, Content, Kind, Manifest, Reads, Resource, Yields};

use super::{Ingredients, Make};

/// A shell script that makes the routes of a host those of its file of pod routes.
pub struct PodRoutesProgram;

impl Make for PodRoutesProgram {
    const KIND: Kind = Kind {
        name: "pod-routes-program",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, _: &mut dyn Manifest) {}

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(include_bytes!("pod_routes.sh").to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::text;

    /// A change here wants another `KIND.version`.
    #[test]
    fn the_program_is_pinned() {
        insta::assert_snapshot!(text(PodRoutesProgram, &[]));
    }
}
