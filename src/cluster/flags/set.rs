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

#[cfg(test)]
mod tests {
    use super::*;

    fn component(flags: &[(&str, Option<FlagValue>)]) -> Component {
        let flags = flags.iter().cloned();
        Component {
            flags: flags.map(|(name, value)| (name.to_owned(), value)).collect(),
            ..Component::default()
        }
    }

    fn args(set: &FlagSet) -> Vec<String> {
        let each = |(name, values, _): (&str, Vec<String>, &Origin)| {
            values.into_iter().map(|value| format!("--{name}={value}")).collect::<Vec<_>>()
        };
        set.rendered().flat_map(each).collect()
    }

    #[test]
    fn defaults_are_overridden_added_to_and_removed() {
        let mut set = FlagSet::new(Program::KubeApiserver, &Version::new(1, 35, 1));
        let ours = Origin::Default;
        set.set("profiling", false, ours.clone());
        set.set("event-ttl", "1h", ours.clone());
        set.set("allow-privileged", true, ours);
        set.change(&component(&[
            ("event-ttl", Some("2h".into())),
            ("allow-privileged", None),
            ("v", Some("4".into())),
        ]));
        assert_eq!(args(&set), ["--event-ttl=2h", "--profiling=false", "--v=4"]);
        let origin = |name| set.get(name).map(|flag| flag.origin.clone());
        assert_eq!(origin("profiling"), Some(Origin::Default));
        let path = "components.kube-apiserver.flags.v".to_owned();
        assert_eq!(origin("v"), Some(Origin::Spec(path)));
        assert_eq!(origin("allow-privileged"), None);
    }

    #[test]
    fn a_flag_that_a_version_lacks_or_deprecates_is_not_set() {
        let check = |version, expected: &[&str]| {
            let mut set = FlagSet::new(Program::Etcd, &version);
            set.set("name", "a", Origin::Default);
            set.set("feature-gates", "A=true", Origin::Default);
            set.set("experimental-initial-corrupt-check", true, Origin::Default);
            assert_eq!(args(&set), expected);
        };
        check(Version::new(3, 5, 33), &["--experimental-initial-corrupt-check=true", "--name=a"]);
        check(Version::new(3, 6, 14), &["--feature-gates=A=true", "--name=a"]);
    }

    #[test]
    fn a_list_is_joined_unless_the_flag_is_to_be_repeated() {
        let mut set = FlagSet::new(Program::KubeApiserver, &Version::new(1, 35, 1));
        let list = || vec!["a".to_owned(), "b".to_owned()];
        set.set("authorization-mode", list(), Origin::Default);
        set.set("service-account-key-file", list(), Origin::Default);
        assert_eq!(
            args(&set),
            ["--authorization-mode=a,b", "--service-account-key-file=a", "--service-account-key-file=b",]
        );
    }
}
