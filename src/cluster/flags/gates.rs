//! Feature gates of Kubernetes: which ones each version knows, and which of them it lets nobody set any more.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use semver::Version;

use crate::cluster::Program;

/// A feature gate as one version of a program knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gate {
    pub stage: Stage,
    /// What it is where nobody sets it.
    pub default: bool,
    /// Whether it must be what it is by default.
    pub locked: bool,
}

/// How far a feature has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Alpha,
    Beta,
    /// Generally available: the gate will go.
    Ga,
    Deprecated,
}

/// The gate `name` of `program` at `version`; `None` if that refuses to start with it.
pub fn gate(program: Program, version: &Version, name: &str) -> Option<Gate> {
    let rows = TABLE.get(name)?;
    rows.iter().find(|row| row.covers(version) && row.is_of(program)).map(|row| row.gate)
}

/// The names of all gates of `program` at `version`, sorted.
pub fn gates(program: Program, version: &Version) -> impl Iterator<Item = &'static str> {
    TABLE.keys().copied().filter(move |name| gate(program, version, name).is_some())
}

/// The gates that must be open beside others at `version`: each with the one that it needs.
pub fn gate_needs(version: &Version) -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = include_str!("feature-gate-needs.txt").lines().filter(|line| !line.starts_with('#'));
    let row = |line: &'static str| {
        let [gate, needs, since, until] = line.split(' ').collect::<Vec<_>>().try_into().ok()?;
        let minor = |text: &str| text.strip_prefix("1.")?.parse::<u64>().ok();
        let is_over = until != "-" && version.minor > minor(until)?;
        (version.major == 1 && version.minor >= minor(since)? && !is_over).then_some((gate, needs))
    };
    lines.filter_map(row)
}

/// Whether any version has a gate of this name.
pub fn is_gate(name: &str) -> bool {
    TABLE.contains_key(name)
}

/// Whether the gates of `version` are known at all.
pub fn has_gates(version: &Version) -> bool {
    version.major == 1 && rows().any(|row| version.minor >= row.since)
}

/// One line of the data file.
#[derive(Debug)]
struct Row {
    gate: Gate,
    /// The programs that have it, separated by commas, or `all`.
    programs: &'static str,
    /// The first minor of Kubernetes 1.
    since: u64,
    /// The last one.
    until: Option<u64>,
}

impl Row {
    fn covers(&self, version: &Version) -> bool {
        version.minor >= self.since && self.until.is_none_or(|until| version.minor <= until)
    }

    fn is_of(&self, program: Program) -> bool {
        self.programs == "all" || self.programs.split(',').any(|name| name == program.to_string())
    }

    /// Reads `name stage default lock programs since until`, where `-` stands for an open end.
    fn parse(line: &'static str) -> Option<(&'static str, Row)> {
        let words: Vec<_> = line.split(' ').collect();
        let [name, stage, default, lock, programs, since, until] = words.try_into().ok()?;
        let stage = match stage {
            "alpha" => Stage::Alpha,
            "beta" => Stage::Beta,
            "ga" => Stage::Ga,
            "deprecated" => Stage::Deprecated,
            _ => return None,
        };
        let locked = match lock {
            "locked" => true,
            "free" => false,
            _ => return None,
        };
        let minor = |text: &str| text.strip_prefix("1.")?.parse().ok();
        let until = if until == "-" { None } else { Some(minor(until)?) };
        let gate = Gate { stage, default: default.parse().ok()?, locked };
        Some((name, Row { gate, programs, since: minor(since)?, until }))
    }
}

static TABLE: LazyLock<BTreeMap<&'static str, Vec<Row>>> = LazyLock::new(|| {
    let mut table = BTreeMap::<_, Vec<Row>>::new();
    for (name, row) in lines().filter_map(Row::parse) {
        table.entry(name).or_default().push(row);
    }
    table
});

fn rows() -> impl Iterator<Item = &'static Row> {
    TABLE.values().flatten()
}

/// The lines of the data file but its comment; a test holds that every one is a row.
fn lines() -> impl Iterator<Item = &'static str> {
    include_str!("feature-gates.txt").lines().filter(|line| !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_data_file_is_a_row() {
        for line in lines() {
            assert!(Row::parse(line).is_some(), "{line}");
        }
        assert!(lines().is_sorted_by_key(|line| line.split(' ').next()));
    }

    #[test]
    fn gates_come_go_and_are_locked_with_versions() {
        let check = |version: &str, name, expected: Option<(Stage, bool, bool)>| {
            let gate = gate(Program::Kubelet, &version.parse().unwrap(), name);
            let found = gate.map(|Gate { stage, default, locked }| (stage, default, locked));
            assert_eq!(found, expected, "{version} {name}");
        };
        check("1.36.3", "NoSuchGate", None);
        check("1.36.3", "AllAlpha", Some((Stage::Alpha, false, false)));
        check("1.36.3", "StorageVersionAPI", Some((Stage::Alpha, false, false)));
        check("1.36.3", "SidecarContainers", Some((Stage::Ga, true, true)));
        check("1.37.2", "SidecarContainers", None);
        check("1.36.3", "HostnameOverride", Some((Stage::Beta, true, false)));
        check("1.37.2", "HostnameOverride", Some((Stage::Ga, true, true)));
    }

    #[test]
    fn gates_of_old_versions_are_not_known() {
        let check =
            |version: &str, known| assert_eq!(has_gates(&version.parse().unwrap()), known, "{version}");
        check("1.28.3", false);
        check("1.37.2", true);
    }

    #[test]
    fn not_every_program_has_every_gate() {
        let version = "1.36.3".parse().unwrap();
        let name = "ControllerManagerReleaseLeaderElectionLockOnExit";
        assert!(gate(Program::KubeControllerManager, &version, name).is_some());
        assert!(gate(Program::KubeScheduler, &version, name).is_none());
        assert!(gates(Program::KubeScheduler, &version).all(|known| known != name));
        assert!(is_gate(name));
    }

    #[test]
    fn programs_of_one_version_may_disagree_about_a_default() {
        let version = "1.34.4".parse().unwrap();
        let default = |program| gate(program, &version, "WatchListClient").map(|gate| gate.default);
        assert_eq!(default(Program::KubeControllerManager), Some(true));
        assert_eq!(default(Program::Kubelet), Some(false));
    }
}
