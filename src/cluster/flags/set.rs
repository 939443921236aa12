//! The flags one program is started with: kthw's defaults, then the user's changes.

use std::collections::BTreeMap;

use semver::Version;

use super::table::{self, Kind};
use crate::cluster::{Component, FlagValue, Program};

/// Flags sorted by name, all known to the version they are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagSet {
    program: Program,
    version: Version,
    flags: BTreeMap<String, SetFlag>,
}

/// A flag with its value and where that came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetFlag {
    pub value: FlagValue,
    pub origin: Origin,
}

/// Who decided a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// kthw itself.
    Default,
    /// The cluster file, at this path.
    Spec(String),
}

impl FlagSet {
    /// No flags yet, for `program` at `version`.
    pub fn new(program: Program, version: &Version) -> FlagSet {
        FlagSet { program, version: version.clone(), flags: BTreeMap::new() }
    }

    /// Sets a default of kthw, unless this version lacks the flag or has deprecated it.
    pub fn set(&mut self, name: &str, value: impl Into<FlagValue>, origin: Origin) -> &mut FlagSet {
        debug_assert!(table::known(self.program, name), "no version of {} has --{name}", self.program);
        if table::lookup(self.program, &self.version, name).is_some_and(|flag| !flag.deprecated) {
            self.insert(name, value.into(), origin);
        }
        self
    }

    /// Applies the user's changes, which `spec::resolve` has checked.
    pub fn change(&mut self, component: &Component) -> &mut FlagSet {
        for (name, value) in &component.flags {
            match value {
                Some(value) => {
                    let path = format!("components.{}.flags.{name}", self.program);
                    self.insert(name, value.clone(), Origin::Spec(path));
                }
                None => {
                    self.flags.remove(name);
                }
            }
        }
        self
    }

    fn insert(&mut self, name: &str, value: FlagValue, origin: Origin) {
        self.flags.insert(name.to_owned(), SetFlag { value, origin });
    }

    /// The flag of that name.
    pub fn get(&self, name: &str) -> Option<&SetFlag> {
        self.flags.get(name)
    }

    /// All flags by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SetFlag)> {
        self.flags.iter().map(|(name, flag)| (name.as_str(), flag))
    }

    /// All flags by name, each with what follows `--name=`, once for each time that it is given.
    pub fn rendered(&self) -> impl Iterator<Item = (&str, Vec<String>, &Origin)> {
        self.iter().map(|(name, flag)| (name, self.values(name, &flag.value), &flag.origin))
    }

    fn values(&self, name: &str, value: &FlagValue) -> Vec<String> {
        match value {
            FlagValue::Bool(value) => vec![value.to_string()],
            FlagValue::Text(value) => vec![value.clone()],
            FlagValue::List(values) if self.is_repeated(name) => values.clone(),
            FlagValue::List(values) => vec![values.join(",")],
        }
    }

    fn is_repeated(&self, name: &str) -> bool {
        table::lookup(self.program, &self.version, name).is_some_and(|flag| flag.kind == Kind::Repeated)
    }
}
