//! What is kept in the kernel of a host: one unit for each thing, and the program that keeps it.

use super::flags::path;
use super::planner::{HostFiles, Planner};
use crate::artifact::{DecidedBy, KernelProgram, Section, Unit};

/// The program, which all hosts share.
const PROGRAM: &str = "config/kernel-program";

impl Planner<'_> {
    /// For whoever keeps something.
    pub(super) fn place_kernel_program(&mut self, files: &mut HostFiles<'_>) {
        let program = match self.graph.find(PROGRAM) {
            Some(program) => program,
            None => self.define(PROGRAM, KernelProgram, []),
        };
        files.program(path::KERNEL_PROGRAM, program);
    }
}

/// A unit that has started once a thing is in the kernel, and keeps it there for as long as it runs.
pub fn unit(
    description: &'static str,
    documentation: &'static str,
    thing: &str,
    decided_by: &DecidedBy,
) -> Unit {
    keeper(description, documentation, thing, decided_by).hardened()
}

/// The same of a thing that has kernel settings.
pub fn unit_with_settings(
    description: &'static str,
    documentation: &'static str,
    thing: &str,
    decided_by: &DecidedBy,
) -> Unit {
    keeper(description, documentation, thing, decided_by)
        .set(Section::Service, "ProtectKernelTunables", "no")
        .hardened()
}

fn keeper(
    description: &'static str,
    documentation: &'static str,
    thing: &str,
    decided_by: &DecidedBy,
) -> Unit {
    Unit::keeper(description, documentation, path::KERNEL_PROGRAM, thing, decided_by).set(
        Section::Service,
        "CapabilityBoundingSet",
        "CAP_NET_ADMIN",
    )
}
