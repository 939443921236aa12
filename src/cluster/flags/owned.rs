//! The flags whose value follows from other fields of the cluster file or from kthw's own layout.

use crate::cluster::Program;

/// Who decides the value of a flag instead of `components.*.flags`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owned {
    /// A field of the cluster file.
    Field(&'static str),
    /// kthw, which puts the file or the address there.
    Kthw,
}

/// Who owns the flag `name` of `program`; nobody owns what users may set freely.
pub fn owned(program: Program, name: &str) -> Option<Owned> {
    OWNED
        .iter()
        .find(|(owner, flag, _)| *owner == program && *flag == name)
        .map(|(_, _, owned)| *owned)
}

const OWNED: &[(Program, &str, Owned)] = &[];
