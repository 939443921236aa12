//! The table of flags by program and version, read from the data files beside this one.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use semver::Version;

use crate::cluster::Program;

/// A flag as one version of a program knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// The name without dashes.
    pub name: &'static str,
    pub kind: Kind,
    pub deprecated: bool,
}

/// What a flag takes as its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Bool,
    Int,
    Float,
    /// A Go duration such as `1h30m`.
    Duration,
    /// One word or line that only the program can judge.
    Text,
    /// Values separated by commas.
    List,
    /// One value, but the flag may be given again.
    Repeated,
}

impl Kind {
    /// Reads a kind as the data files write it.
    fn parse(word: &str) -> Option<Kind> {
        Some(match word {
            "bool" => Kind::Bool,
            "int" => Kind::Int,
            "float" => Kind::Float,
            "duration" => Kind::Duration,
            "string" => Kind::Text,
            "list" => Kind::List,
            "repeated" => Kind::Repeated,
            _ => return None,
        })
    }

    /// The kind in words, for messages.
    pub fn describe(self) -> &'static str {
        match self {
            Kind::Bool => "true or false",
            Kind::Int => "a whole number",
            Kind::Float => "a number",
            Kind::Duration => "a duration such as 1h30m",
            Kind::Text | Kind::Repeated => "a string",
            Kind::List => "a list",
        }
    }
}

/// The flag `name` of `program` at `version`.
pub fn lookup(program: Program, version: &Version, name: &str) -> Option<Flag> {
    let rows = TABLES.get(&program)?.get(name)?;
    let row = rows.iter().find(|row| row.covers(version))?;
    Some(Flag { name: row.name, kind: row.kind, deprecated: row.is_deprecated(version) })
}

/// The names of all flags of `program` at `version`, sorted.
pub fn names(program: Program, version: &Version) -> impl Iterator<Item = &'static str> {
    let rows = TABLES.get(&program).into_iter().flat_map(BTreeMap::values);
    rows.filter_map(move |rows| rows.iter().find(|row| row.covers(version))).map(|row| row.name)
}

/// Whether any version of `program` knows the flag.
pub fn known(program: Program, name: &str) -> bool {
    TABLES.get(&program).is_some_and(|table| table.contains_key(name))
}

/// One line of a data file.
#[derive(Debug)]
struct Row {
    name: &'static str,
    kind: Kind,
    /// The first version with the flag.
    since: Release,
    /// The last minor with the flag, whatever the patch.
    until: Option<Release>,
    deprecated: Option<Release>,
}

/// Major, minor and patch.
type Release = (u64, u64, u64);

impl Row {
    fn covers(&self, version: &Version) -> bool {
        release(version) >= self.since
            && self.until.is_none_or(|(major, minor, _)| (version.major, version.minor) <= (major, minor))
    }

    fn is_deprecated(&self, version: &Version) -> bool {
        self.deprecated.is_some_and(|since| release(version) >= since)
    }

    /// Reads `name kind since until deprecated-since`, where `-` stands for an open end.
    fn parse(line: &'static str) -> Option<Row> {
        let words: Vec<_> = line.split_whitespace().collect();
        let [name, kind, since, until, deprecated] = words.try_into().ok()?;
        Some(Row {
            name,
            kind: Kind::parse(kind)?,
            since: parse_release(since)?,
            until: parse_open(until)?,
            deprecated: parse_open(deprecated)?,
        })
    }
}

fn release(version: &Version) -> Release {
    (version.major, version.minor, version.patch)
}

/// Reads `1.28` or `3.5.16`.
fn parse_release(text: &str) -> Option<Release> {
    let mut numbers = text.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??, numbers.next().unwrap_or(Some(0))?))
}

fn parse_open(text: &str) -> Option<Option<Release>> {
    match text {
        "-" => Some(None),
        _ => parse_release(text).map(Some),
    }
}

type Table = BTreeMap<&'static str, Vec<Row>>;

static TABLES: LazyLock<BTreeMap<Program, Table>> =
    LazyLock::new(|| SOURCES.iter().map(|(program, text)| (*program, parse_table(text))).collect());

const SOURCES: &[(Program, &str)] = &[
    (Program::KubeApiserver, include_str!("kube-apiserver.txt")),
    (Program::KubeControllerManager, include_str!("kube-controller-manager.txt")),
    (Program::KubeScheduler, include_str!("kube-scheduler.txt")),
    (Program::Kubelet, include_str!("kubelet.txt")),
    (Program::KubeProxy, include_str!("kube-proxy.txt")),
    (Program::Etcd, include_str!("etcd.txt")),
    (Program::Containerd, include_str!("containerd.txt")),
];

/// Reads a data file, passing over comments and what is no row; a test holds that every line is one.
fn parse_table(text: &'static str) -> Table {
    let mut table = Table::new();
    for row in rows(text).filter_map(Row::parse) {
        table.entry(row.name).or_default().push(row);
    }
    table
}

fn rows(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_data_files_is_a_row() {
        for (program, text) in SOURCES {
            for line in rows(text) {
                assert!(Row::parse(line).is_some(), "{program}: {line}");
            }
            let names: Vec<_> = rows(text).map(|line| line.split(' ').next()).collect();
            assert!(names.is_sorted(), "{program} is not sorted by name");
        }
    }

    #[test]
    fn no_version_sees_two_rows_of_a_flag() {
        for table in TABLES.values() {
            for rows in table.values() {
                for pair in rows.windows(2) {
                    let until = pair[0].until.expect("only the last row is open");
                    assert!((until.0, until.1) < (pair[1].since.0, pair[1].since.1));
                }
            }
        }
    }

    /// Later versions are compared with the programs themselves, by `tests/real`.
    #[test]
    fn the_table_agrees_with_what_old_etcds_print_in_their_help() {
        let check = |version: &str, help: &str| {
            let version = version.parse().unwrap();
            for line in help.lines() {
                let name = line.trim_start_matches("--");
                assert!(lookup(Program::Etcd, &version, name).is_some(), "etcd {version} lacks --{name}");
            }
        };
        check("3.4.23", include_str!("help/etcd-3.4.txt"));
        check("3.5.16", include_str!("help/etcd-3.5.txt"));
    }

    #[test]
    fn flags_come_and_go_with_versions() {
        let check = |program, version: &str, name, expected: Option<bool>| {
            let flag = lookup(program, &version.parse().unwrap(), name);
            assert_eq!(flag.map(|flag| flag.deprecated), expected, "{version} --{name}");
        };
        check(Program::KubeApiserver, "1.35.1", "event-ttl", Some(false));
        check(Program::KubeApiserver, "1.28.3", "authorization-config", None);
        check(Program::KubeApiserver, "1.29.0", "authorization-config", Some(false));
        check(Program::KubeApiserver, "1.28.3", "cloud-provider", Some(false));
        check(Program::KubeApiserver, "1.33.0", "cloud-provider", None);
        check(Program::KubeApiserver, "1.36.0", "apiserver-count", Some(true));
        check(Program::KubeApiserver, "1.36.3", "enable-logs-handler", Some(true));
        check(Program::KubeApiserver, "1.37.2", "enable-logs-handler", Some(false));
        check(Program::KubeControllerManager, "1.28.3", "pod-eviction-timeout", None);
        check(Program::Kubelet, "1.34.0", "pod-infra-container-image", Some(true));
        check(Program::Kubelet, "1.35.1", "pod-infra-container-image", None);
        check(Program::Kubelet, "1.35.1", "container-runtime", None);
        check(Program::Kubelet, "1.36.3", "containerd", Some(true));
        check(Program::Kubelet, "1.37.2", "containerd", None);
        check(Program::Etcd, "3.4.23", "tls-min-version", None);
        check(Program::Etcd, "3.4.25", "tls-min-version", Some(false));
        check(Program::Etcd, "3.5.7", "tls-min-version", None);
        check(Program::Etcd, "3.5.33", "feature-gates", None);
        check(Program::Etcd, "3.6.14", "feature-gates", Some(false));
        check(Program::Etcd, "3.6.14", "enable-v2", None);
        check(Program::Etcd, "3.6.14", "experimental-corrupt-check-time", Some(true));
        check(Program::Etcd, "3.7.3", "experimental-corrupt-check-time", None);
        check(Program::Etcd, "3.7.3", "corrupt-check-time", Some(false));
        check(Program::Containerd, "2.2.7", "log-level", Some(false));
    }

    #[test]
    fn names_are_those_of_one_version() {
        let names = |version: &str| -> Vec<_> {
            let version = version.parse().unwrap();
            names(Program::Etcd, &version).collect()
        };
        assert!(names("3.5.33").contains(&"enable-v2"));
        assert!(!names("3.6.14").contains(&"enable-v2"));
        assert!(names("3.6.14").is_sorted());
    }
}
