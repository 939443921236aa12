//! The resources that Kubernetes itself has, by minor, and which of them etcd holds.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use semver::Version;

/// A resource as one version of Kubernetes has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// Whether etcd holds its objects; others are answers to a question, such as a review of a token.
    pub stored: bool,
}

/// The resource of this name, with its group after a dot, at a version.
pub fn resource(version: &Version, name: &str) -> Option<Resource> {
    let row = TABLE.get(name)?.iter().find(|row| row.covers(version))?;
    Some(Resource { stored: row.stored })
}

/// The names of all resources that etcd holds at a version, sorted.
pub fn stored(version: &Version) -> impl Iterator<Item = &'static str> {
    let is_stored = |name: &&str| resource(version, name).is_some_and(|resource| resource.stored);
    TABLE.keys().copied().filter(is_stored)
}

/// Whether any version has a resource of this name.
pub fn is_resource(name: &str) -> bool {
    TABLE.contains_key(name)
}

/// Whether Kubernetes itself has this group of resources in any version; the core's is empty.
pub fn is_group(group: &str) -> bool {
    TABLE.keys().any(|name| name.split_once('.').map_or("", |(_, group)| group) == group)
}

/// Whether the resources of `version` are known at all.
pub fn are_known(version: &Version) -> bool {
    version.major == 1 && TABLE.values().flatten().any(|row| version.minor >= row.since)
}

/// One line of the data file.
#[derive(Debug)]
struct Row {
    stored: bool,
    since: u64,
    until: Option<u64>,
}

impl Row {
    fn covers(&self, version: &Version) -> bool {
        version.minor >= self.since && self.until.is_none_or(|until| version.minor <= until)
    }

    /// Reads `name stored|passing since until`, where `-` stands for an open end.
    fn parse(line: &'static str) -> Option<(&'static str, Row)> {
        let words: Vec<_> = line.split(' ').collect();
        let [name, stored, since, until] = words.try_into().ok()?;
        let stored = match stored {
            "stored" => true,
            "passing" => false,
            _ => return None,
        };
        let minor = |text: &str| text.strip_prefix("1.")?.parse().ok();
        let until = if until == "-" { None } else { Some(minor(until)?) };
        Some((name, Row { stored, since: minor(since)?, until }))
    }
}

static TABLE: LazyLock<BTreeMap<&'static str, Vec<Row>>> = LazyLock::new(|| {
    let mut table = BTreeMap::<_, Vec<Row>>::new();
    for (name, row) in lines().filter_map(Row::parse) {
        table.entry(name).or_default().push(row);
    }
    table
});

/// The lines of the data file but its comment; a test holds that every one is a row.
fn lines() -> impl Iterator<Item = &'static str> {
    include_str!("resources.txt").lines().filter(|line| !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_data_file_is_a_row() {
        for line in lines() {
            assert!(Row::parse(line).is_some(), "{line}");
        }
    }

    #[test]
    fn resources_come_with_versions() {
        let check = |version: &str, name, stored: Option<bool>| {
            let found = resource(&version.parse().unwrap(), name);
            assert_eq!(found.map(|resource| resource.stored), stored, "{version} {name}");
        };
        check("1.36.3", "secrets", Some(true));
        check("1.36.3", "secrets.apps", None);
        check("1.36.3", "tokenreviews.authentication.k8s.io", Some(false));
        check("1.35.1", "podgroups.scheduling.k8s.io", None);
        check("1.36.3", "podgroups.scheduling.k8s.io", Some(true));
        check("1.30.1", "secrets", None);
        assert!(is_group("") && is_group("apps") && !is_group("example.org"));
    }
}
