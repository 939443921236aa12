//! The tables of fields and values by minor of Kubernetes, read from the data files beside this one.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use semver::Version;

use super::node::Node;
use super::values::Values;
use crate::cluster::Program;

/// The fields of a configuration, such as `KubeletConfiguration`, at a version; `None` where they are not known.
pub fn root(document: &str, version: &Version) -> Option<&'static Node> {
    CONFIGURATIONS.get(document)?.get(&version.minor).filter(|_| version.major == 1)
}

/// The version itself, or the nearest one whose fields are known: for documents that have been the same for long.
pub fn nearest(version: Option<&Version>) -> Version {
    let minor = version.map_or(NEWEST, |version| version.minor.clamp(OLDEST, NEWEST));
    version.filter(|version| version.minor == minor).cloned().unwrap_or_else(|| Version::new(1, minor, 0))
}

/// Whether any version of a configuration has a field of this name, wherever it is.
pub fn is_field(document: &str, name: &str) -> bool {
    let rows = rows(include_str!("configurations.txt")).filter(|row| row.name == document);
    rows.into_iter().any(|row| row.path.split('.').any(|step| step.trim_end_matches("[]") == name))
}

/// The scheduler's plugins that do something at an extension point.
pub fn scheduler_plugins(point: &str, version: &Version) -> Vec<&'static str> {
    let lines = include_str!("plugins.txt").lines().filter(|line| !line.starts_with('#'));
    let plugin = |line: &'static str| {
        let [at, plugin, since, until] = line.split(' ').collect::<Vec<_>>().try_into().ok()?;
        let minor = |text: &str| text.strip_prefix("1.")?.parse::<u64>().ok();
        let is_over = until != "-" && version.minor > minor(until)?;
        (at == point && version.minor >= minor(since)? && !is_over).then_some(plugin)
    };
    lines.filter_map(plugin).collect()
}

/// The settings that containerd 2 reads of a plugin, or under the name `containerd` at the top of its file.
pub fn containerd(plugin: &str) -> Option<&'static Node> {
    CONTAINERD.get(plugin)
}

/// The whole names of containerd's plugins, sorted.
pub fn containerd_plugins() -> impl Iterator<Item = &'static str> {
    CONTAINERD.keys().copied().filter(|name| name.contains('.'))
}

/// The values of a flag that a program takes at a version; all where nothing is known.
pub fn flag_values(program: Program, version: &Version, flag: &str) -> &'static Values {
    let rows = FLAGS.get(&*program.to_string()).and_then(|flags| flags.get(flag));
    let row = rows.into_iter().flatten().find(|row| row.covers(version));
    row.map_or(&Values::All, |row| &row.values)
}

/// One line of a data file: `name path kind values since until`, where `-` stands for all values or an open end.
#[derive(Debug)]
struct Row {
    /// The configuration, or the program.
    name: &'static str,
    /// The field, or the flag.
    path: &'static str,
    kind: &'static str,
    values: Values,
    major: u64,
    /// The first minor, and the last one.
    since: u64,
    until: Option<u64>,
}

impl Row {
    fn covers(&self, version: &Version) -> bool {
        version.major == self.major
            && version.minor >= self.since
            && self.until.is_none_or(|until| version.minor <= until)
    }

    fn parse(line: &'static str) -> Option<Row> {
        let words: Vec<_> = line.split(' ').collect();
        let [name, path, kind, values, since, until] = words.try_into().ok()?;
        let (major, since) = since.split_once('.')?;
        let minor = |text: &str| text.strip_prefix(major)?.strip_prefix('.')?.parse().ok();
        let until = if until == "-" { None } else { Some(minor(until)?) };
        let values = Values::parse(kind, values)?;
        Some(Row { name, path, kind, values, major: major.parse().ok()?, since: since.parse().ok()?, until })
    }
}

/// The rows of a data file; a test holds that every line but the comment is one.
fn rows(text: &'static str) -> impl Iterator<Item = Row> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(Row::parse)
}

/// The minors that the tables know.
const OLDEST: u64 = 34;
const NEWEST: u64 = 37;

static CONFIGURATIONS: LazyLock<BTreeMap<&'static str, BTreeMap<u64, Node>>> = LazyLock::new(|| {
    let mut trees = BTreeMap::<_, BTreeMap<u64, Node>>::new();
    for row in rows(include_str!("configurations.txt")) {
        for minor in row.since..=row.until.unwrap_or(NEWEST) {
            let tree = trees.entry(row.name).or_default().entry(minor).or_default();
            tree.insert(row.path, row.kind, &row.values);
        }
    }
    trees
});

static CONTAINERD: LazyLock<BTreeMap<&'static str, Node>> = LazyLock::new(|| {
    let mut trees = BTreeMap::<_, Node>::new();
    for (name, path, kind) in settings() {
        trees.entry(name).or_default().insert(path, kind, &Values::All);
    }
    trees
});

/// The lines of containerd's table: plugin, path and kind.
fn settings() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let lines = include_str!("containerd.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let (name, rest) = line.split_once(' ')?;
        let (path, kind) = rest.split_once(' ')?;
        Some((name, path, kind))
    })
}

static FLAGS: LazyLock<BTreeMap<&'static str, BTreeMap<&'static str, Vec<Row>>>> = LazyLock::new(|| {
    let mut table = BTreeMap::<_, BTreeMap<_, Vec<Row>>>::new();
    for row in rows(include_str!("flags.txt")).chain(rows(include_str!("daemons.txt"))) {
        table.entry(row.name).or_default().entry(row.path).or_default().push(row);
    }
    table
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_data_files_is_a_row() {
        for line in include_str!("daemons.txt").lines().filter(|line| !line.starts_with('#')) {
            assert!(Row::parse(line).is_some(), "{line}");
        }
        for text in [include_str!("configurations.txt"), include_str!("flags.txt")] {
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                let row = Row::parse(line).unwrap_or_else(|| panic!("{line}"));
                assert!(Node::default().insert(row.path, row.kind, &row.values).is_some(), "{line}");
                assert!(row.until.is_none_or(|until| until <= NEWEST), "{line}");
            }
        }
        for (name, path, kind) in settings() {
            assert!(Node::default().insert(path, kind, &Values::All).is_some(), "{name} {path} {kind}");
        }
        assert!(settings().count() > 200);
    }

    #[test]
    fn fields_come_and_go_with_versions() {
        let check = |version: &str, field: &str, expected: bool| {
            let root = root("KubeletConfiguration", &version.parse().unwrap());
            assert_eq!(root.is_some_and(|root| root.member(field).is_some()), expected, "{version} {field}");
        };
        check("1.36.3", "maxPods", true);
        check("1.37.2", "maxPods", true);
        check("1.36.3", "maxPod", false);
        check("1.33.0", "maxPods", false);
        assert!(is_field("KubeletConfiguration", "swapBehavior"));
        assert!(!is_field("KubeletConfiguration", "scheduler"));
    }

    #[test]
    fn flags_take_what_their_programs_take() {
        let check = |program, flag: &str, value: &str, taken: bool| {
            let values = flag_values(program, &Version::new(1, 36, 3), flag);
            assert_eq!(values.has(&value.into()), taken, "{program} --{flag}={value}");
        };
        check(Program::KubeApiserver, "authorization-mode", "Webhook", true);
        check(Program::KubeApiserver, "authorization-mode", "webhook", false);
        check(Program::KubeApiserver, "audit-log-format", "json", true);
        check(Program::KubeApiserver, "audit-log-format", "yaml", false);
        check(Program::KubeApiserver, "audit-log-path", "/anything", true);
        check(Program::KubeControllerManager, "controllers", "-nodeipam", true);
        check(Program::KubeControllerManager, "controllers", "*", true);
        check(Program::KubeControllerManager, "controllers", "nodeipan", false);
        check(Program::KubeScheduler, "logging-format", "xml", false);
        let etcd = |version: &str, value: &str| {
            flag_values(Program::Etcd, &version.parse().unwrap(), "log-level").has(&value.into())
        };
        assert!(etcd("3.6.14", "warn") && !etcd("3.6.14", "warning") && etcd("3.7.3", "warning"));
        assert!(etcd("3.5.9", "anything"), "it was not asked");
    }
}
