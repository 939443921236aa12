//! The program that gives the cluster its bootstrap manifests.

use kthw_graph::{ActionError, Content, Kind, Manifest, Reads, Resource, Yields};

use super::{Ingredients, Make};

/// A shell script that waits for the API server, applies manifests, and offers defaults that people may change.
pub struct BootstrapProgram;

impl Make for BootstrapProgram {
    const KIND: Kind = Kind {
        name: "bootstrap-program",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, _: &mut dyn Manifest) {}

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(include_bytes!("bootstrap.sh").to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::text;
    use crate::judge::{approved, file, judge};

    /// A change here wants another `KIND.version`.
    #[test]
    fn the_program_is_pinned() {
        insta::assert_snapshot!(text(BootstrapProgram, &[]));
    }

    #[test]
    fn a_shell_reads_it() {
        let script = file(&text(BootstrapProgram, &[]));
        let Some(mut sh) = judge("dash") else { return };
        approved(sh.arg("-n").arg(script.path()));
    }
}
