//! Whose settings they are.

use std::fmt;

use crate::artifact::Artifact;
use crate::cluster::Program;

/// Whose settings they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Program(Program),
    /// By the values that its chart is given.
    Cilium,
}

impl Subject {
    #[cfg(test)]
    pub const fn program(self) -> Option<Program> {
        match self {
            Self::Program(program) => Some(program),
            Self::Cilium => None,
        }
    }

    /// Whether hosts may differ in it; the others are the cluster's.
    pub const fn is_of_one_host(self) -> bool {
        matches!(self, Self::Program(Program::Kubelet | Program::Containerd | Program::KubeProxy))
    }

    /// Where people write its flags.
    pub fn flags(self) -> String {
        format!("components.{self}.flags")
    }

    /// Where people write its configuration.
    pub fn config(self) -> String {
        match self {
            Self::Program(program) => format!("components.{program}.config"),
            Self::Cilium => "addons.cilium.values".to_owned(),
        }
    }

    /// What its version is called.
    pub const fn version(self) -> &'static str {
        match self {
            Self::Program(Program::Etcd) => "etcd",
            Self::Program(Program::Containerd) => "containerd",
            Self::Program(_) => "kubernetes",
            Self::Cilium => "cilium",
        }
    }

    /// Whether it starts anew with what is done to a host; Cilium is told by whatever the bootstrap applies.
    pub fn starts(self, units: &[&str]) -> bool {
        match self {
            Self::Program(program) => {
                units.iter().any(|unit| unit.strip_suffix(".service") == Some(program.as_str()))
            }
            Self::Cilium => true,
        }
    }

    /// Whose unit or configuration this is.
    pub fn of(action: &Artifact) -> Option<Self> {
        let program = match action {
            Artifact::Unit(unit) => {
                let program = unit.commands().last()?.program.rsplit('/').next()?;
                *Program::ALL.iter().find(|known| known.as_str() == program)?
            }
            Artifact::KubeletConfig(_) => Program::Kubelet,
            Artifact::KubeProxyConfig(_) => Program::KubeProxy,
            Artifact::SchedulerConfig(_) => Program::KubeScheduler,
            Artifact::ContainerdConfig(_) => Program::Containerd,
            Artifact::CiliumValues(_) => return Some(Self::Cilium),
            _ => return None,
        };
        Some(Self::Program(program))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program(program) => program.fmt(f),
            Self::Cilium => f.write_str("Cilium"),
        }
    }
}
