//! The program that keeps in the kernel what Kubernetes needs there.

use kthw_graph::{ActionError, Content, Kind, Manifest, Reads, Resource, Yields};

use super::{Ingredients, Make};

/// A shell script: routes, rules of nftables, settings and addresses are what it is told, and stay so.
pub struct KernelProgram;

impl Make for KernelProgram {
    const KIND: Kind = Kind {
        name: "kernel-program",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, _: &mut dyn Manifest) {}

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(include_bytes!("kernel_program.sh").to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::text;

    /// A change here wants another `KIND.version`.
    #[test]
    fn the_program_is_pinned() {
        insta::assert_snapshot!(text(KernelProgram, &[]));
    }
}
