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
    /// The kind of a flag whose help names this type.
    fn from_type(word: &str) -> Option<Kind> {
        Some(match word {
            "bool" => Kind::Bool,
            "int" | "int32" | "uint" => Kind::Int,
            "float" | "float32" => Kind::Float,
            "duration" => Kind::Duration,
            "strings" | "int32Slice" | "stringToString" | "mapStringString" | "mapStringBool" => {
                Kind::List
            }
            "colonSeparatedMultimapStringString" => Kind::List,
            "stringArray" | "namedCertKey" => Kind::Repeated,
            "string" | "ip" | "cidr" | "portRange" | "quantity" | "pattern" | "Level"
            | "version" | "traceLocation" => Kind::Text,
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
    let minor = (version.major, version.minor);
    let rows = TABLES.get(&program)?.get(name)?;
    let row = rows.iter().find(|row| row.covers(minor))?;
    Some(Flag {
        name: row.name,
        kind: row.kind,
        deprecated: row.deprecated.is_some_and(|since| minor >= since),
    })
}

/// The names of all flags of `program` at `version`, sorted.
pub fn names(program: Program, version: &Version) -> impl Iterator<Item = &'static str> {
    let minor = (version.major, version.minor);
    let rows = TABLES.get(&program).into_iter().flat_map(BTreeMap::values);
    rows.filter_map(move |rows| rows.iter().find(|row| row.covers(minor)))
        .map(|row| row.name)
}

/// Whether any version of `program` knows the flag.
pub fn known(program: Program, name: &str) -> bool {
    TABLES
        .get(&program)
        .is_some_and(|table| table.contains_key(name))
}

/// Major and minor version.
type Minor = (u64, u64);

/// One line of a data file.
#[derive(Debug)]
struct Row {
    name: &'static str,
    kind: Kind,
    since: Minor,
    until: Option<Minor>,
    deprecated: Option<Minor>,
}

impl Row {
    fn covers(&self, minor: Minor) -> bool {
        minor >= self.since && self.until.is_none_or(|until| minor <= until)
    }

    /// Reads `name type since until deprecated-since`, where `-` stands for an open end.
    fn parse(line: &'static str) -> Option<Row> {
        let [name, kind, since, until, deprecated] = line
            .split_whitespace()
            .collect::<Vec<_>>()
            .try_into()
            .ok()?;
        Some(Row {
            name,
            kind: Kind::from_type(kind)?,
            since: parse_minor(since)?,
            until: parse_open(until)?,
            deprecated: parse_open(deprecated)?,
        })
    }
}

fn parse_minor(text: &str) -> Option<Minor> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn parse_open(text: &str) -> Option<Option<Minor>> {
    match text {
        "-" => Some(None),
        _ => parse_minor(text).map(Some),
    }
}

type Table = BTreeMap<&'static str, Vec<Row>>;

static TABLES: LazyLock<BTreeMap<Program, Table>> = LazyLock::new(|| {
    SOURCES
        .iter()
        .map(|(program, text)| (*program, parse_table(text)))
        .collect()
});

const SOURCES: &[(Program, &str)] = &[
    (Program::KubeApiserver, include_str!("kube-apiserver.txt")),
    (
        Program::KubeControllerManager,
        include_str!("kube-controller-manager.txt"),
    ),
    (Program::KubeScheduler, include_str!("kube-scheduler.txt")),
    (Program::Kubelet, include_str!("kubelet.txt")),
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
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
}
