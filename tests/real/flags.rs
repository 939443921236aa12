//! The tables of flags and feature gates, compared with what the real programs register.
//!
//! `INSTA_UPDATE=always`, as `just accept` sets it, writes them instead; what they say of older versions stays.

#![expect(clippy::disallowed_methods, reason = "tests read and accept their own files")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::printers;
use crate::programs::Programs;
use crate::ran::Ran;

const KUBERNETES: [&str; 5] =
    ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet"];

/// The minors that are built for other tests too.
const NEIGHBOURS: &[&str] = &["1.36", "1.37"];
/// Every minor whose tables come from its programs.
const ALL: &[&str] = &["1.34", "1.35", "1.36", "1.37"];

#[test]
fn flags_of_kubernetes_are_those_that_its_programs_register() {
    flags_are_registered(NEIGHBOURS);
}

#[test]
#[ignore = "it builds two more releases of Kubernetes: `just tables`"]
fn flags_and_feature_gates_of_every_minor_are_those_that_its_programs_register() {
    flags_are_registered(ALL);
    let Some(said) = gates(ALL) else { return };
    printers::holds("flags/feature-gates.txt", &rows(&said));
    let needs = ALL.iter().map(|minor| Some((*minor, needs(minor)?)));
    let Some(needs) = needs.collect::<Option<BTreeMap<_, _>>>() else { return };
    printers::holds("flags/feature-gate-needs.txt", &runs(&needs));
}

fn flags_are_registered(minors: &[&'static str]) {
    for program in KUBERNETES {
        let mut said = Vec::new();
        for &minor in minors {
            let Some(registered) = kubernetes(minor, program) else { return };
            said.push((minor, registered.flags));
        }
        printers::holds(&format!("flags/{program}.txt"), &merged(&table(&format!("{program}.txt")), &said));
    }
}

#[test]
fn flags_of_etcd_are_those_that_it_registers() {
    let mut said = Vec::new();
    for (minor, module) in [("3.6", "etcd"), ("3.7", "etcd-3.7")] {
        let Some(mut registered) = registered(module, &["etcd"]) else { return };
        let Some(programs) = Programs::of(module) else { return };
        let etcd = programs.program("etcd").expect("a program of this module");
        for (name, deprecated) in help(&Ran::of(Command::new(etcd).arg("--help")).result()) {
            // The help of 3.7 still tells of flags that are gone.
            if let Some(flag) = registered.flags.get_mut(&name) {
                flag.1 |= deprecated;
            }
        }
        said.push((minor, registered.flags));
    }
    printers::holds("flags/etcd.txt", &merged(&table("etcd.txt"), &said));
}

#[test]
fn flags_of_containerd_are_those_that_it_prints() {
    let Some(programs) = Programs::of("containers") else { return };
    let containerd = programs.program("containerd").expect("a program of this module");
    let version = programs.version("github.com/containerd/containerd/v2").expect("a module of it");
    let printed = Ran::of(Command::new(containerd).arg("--help")).result();
    let (_, options) = printed.split_once("GLOBAL OPTIONS:").expect("a list of options");
    let names = options.lines().filter_map(|line| {
        let mut words = line.trim().strip_prefix("--")?.split([' ', ',']);
        let name = words.next()?;
        // Those are no flags of a daemon.
        (!["help", "version"].contains(&name)).then(|| {
            assert!(matches!(words.next(), Some("string" | "value")), "--{name} has a value");
            (name.to_owned(), ("string", false))
        })
    });
    let minor = format!("{}.{}", version.major, version.minor);
    printers::holds("flags/containerd.txt", &merged(&table("containerd.txt"), &[(&minor, names.collect())]));
}

#[test]
fn feature_gates_are_those_that_programs_register() {
    let Some(said) = gates(NEIGHBOURS) else { return };
    let text = fs::read_to_string(folder().join("feature-gates.txt")).expect("a table");
    for (release, gates) in said {
        let covers = |row: &str| {
            let (_, until) = row.rsplit_once(' ')?;
            let (gate, since) = row.strip_suffix(until)?.trim_end().rsplit_once(' ')?;
            let is_open = until == "-" || minor(release) <= minor(until);
            (minor(since) <= minor(release) && is_open).then(|| gate.to_owned())
        };
        let found: BTreeSet<String> =
            text.lines().filter(|l| !l.starts_with('#')).filter_map(covers).collect();
        let expected = gates
            .iter()
            .flat_map(|(name, alike)| alike.iter().map(move |gate| format!("{name} {gate}")))
            .collect();
        assert_eq!(found, expected, "feature-gates.txt at {release}");
    }
}

#[test]
fn gates_need_those_that_programs_say() {
    let text = fs::read_to_string(folder().join("feature-gate-needs.txt")).expect("a table");
    for release in NEIGHBOURS {
        let Some(expected) = needs(release) else { return };
        let covers = |row: &str| {
            let (row, until) = row.rsplit_once(' ')?;
            let (pair, since) = row.rsplit_once(' ')?;
            let is_open = until == "-" || minor(release) <= minor(until);
            (minor(since) <= minor(release) && is_open).then(|| pair.to_owned())
        };
        let found: BTreeSet<String> =
            text.lines().filter(|l| !l.starts_with('#')).filter_map(covers).collect();
        assert_eq!(found, expected, "feature-gate-needs.txt at {release}");
    }
}

/// The pairs of gates of which the first is only opened beside the second, of all programs of a minor.
fn needs(minor: &str) -> Option<BTreeSet<String>> {
    let mut needs = BTreeSet::new();
    for program in KUBERNETES {
        needs.extend(kubernetes(minor, program)?.needs);
    }
    Some(needs)
}

/// Lines of a table, one for each run of minors in which a pair is there.
fn runs(said: &BTreeMap<&str, BTreeSet<String>>) -> Vec<String> {
    let last = *said.keys().last().expect("some minors");
    let pairs: BTreeSet<&String> = said.values().flatten().collect();
    let run = |pair: &&String| {
        let minors: Vec<&str> =
            said.iter().filter(|(_, pairs)| pairs.contains(*pair)).map(|(minor, _)| *minor).collect();
        let (since, until) = (minors[0], minors[minors.len() - 1]);
        let until = if until == last { "-" } else { until };
        format!("{pair} {since} {until}")
    };
    pairs.iter().map(run).collect()
}

/// The gates of each minor, by name: more than one where programs register one name in different ways.
type Gates = BTreeMap<&'static str, BTreeMap<String, Vec<Gate>>>;

/// What programs of these minors register, each gate once.
fn gates(minors: &[&'static str]) -> Option<Gates> {
    let mut said = Gates::new();
    for &minor in minors {
        let gates = said.entry(minor).or_default();
        for program in KUBERNETES {
            for (name, (stage, default, lock)) in kubernetes(minor, program)?.gates {
                let alike = gates.entry(name).or_default();
                let known =
                    alike.iter_mut().find(|g| (&g.stage, &g.default, &g.lock) == (&stage, &default, &lock));
                match known {
                    Some(gate) => gate.programs.insert(program),
                    None => {
                        alike.push(Gate { stage, default, lock, programs: BTreeSet::from([program]) });
                        true
                    }
                };
            }
        }
    }
    Some(said)
}

/// The lines of the table of gates, one for each run of minors in which a gate is the same.
fn rows(said: &Gates) -> Vec<String> {
    let last = *said.keys().last().expect("some minors");
    let names: BTreeSet<&String> = said.values().flat_map(BTreeMap::keys).collect();
    let mut lines = Vec::new();
    for name in names {
        let mut runs: Vec<(&str, &str, &Gate)> = Vec::new();
        let mut previous = None;
        for (&minor, gates) in said {
            for gate in gates.get(name).into_iter().flatten() {
                match runs.iter_mut().find(|(_, until, before)| Some(*until) == previous && *before == gate) {
                    Some((_, until, _)) => *until = minor,
                    None => runs.push((minor, minor, gate)),
                }
            }
            previous = Some(minor);
        }
        lines.extend(runs.into_iter().map(|(since, until, gate)| {
            let until = if until == last { "-" } else { until };
            format!("{name} {gate} {since} {until}")
        }));
    }
    lines
}

/// A feature gate at one version.
#[derive(PartialEq, Eq)]
struct Gate {
    stage: String,
    default: String,
    lock: String,
    programs: BTreeSet<&'static str>,
}

impl std::fmt::Display for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Gate { stage, default, lock, programs } = self;
        let programs = match programs.len() {
            all if all == KUBERNETES.len() => "all".to_owned(),
            _ => programs.iter().copied().collect::<Vec<_>>().join(","),
        };
        write!(f, "{stage} {default} {lock} {programs}")
    }
}

/// Kind and deprecation by name.
type Flags = BTreeMap<String, (&'static str, bool)>;

/// What a program registers: kind and deprecation of each flag, stage, default and lock of each gate.
#[derive(Default)]
struct Registered {
    flags: Flags,
    gates: BTreeMap<String, (String, String, String)>,
    /// Pairs of gates of which the first needs the second.
    needs: BTreeSet<String>,
}

fn kubernetes(minor: &str, program: &str) -> Option<Registered> {
    registered(&format!("kubernetes-{minor}"), &["kubernetes", &program.replace('-', "_")])
}

/// What these files of `programs/flags` print, built within a module; `None` where there is no Go.
fn registered(module: &str, files: &[&str]) -> Option<Registered> {
    let printed = printers::printed(module, "flags", files)?;
    let mut registered = Registered::default();
    for line in printed.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let known = match words[..] {
            ["flag", name, kind] => {
                registered.flags.insert(name.to_owned(), (self::kind(kind), false)).is_none()
            }
            ["flag", name, kind, "deprecated"] => {
                registered.flags.insert(name.to_owned(), (self::kind(kind), true)).is_none()
            }
            ["gate", name, stage, default, lock] => {
                let gate = [stage, default, lock].map(str::to_owned).into();
                registered.gates.insert(name.to_owned(), gate).is_none()
            }
            ["needs", name, other] => registered.needs.insert(format!("{name} {other}")),
            _ => false,
        };
        assert!(known, "{module}: {line}");
    }
    Some(registered)
}

/// The kind, as the tables name it, of a flag that is registered with a type of Go.
fn kind(registered: &str) -> &'static str {
    match registered {
        "bool" | "flag.boolValue" => "bool",
        "int" | "int32" | "int64" | "uint" | "Level" | "flag.intValue" | "flag.int64Value"
        | "flag.uintValue" | "flag.uint64Value" | "flags.uint32Value" => "int",
        "float32" | "float64" => "float",
        "duration" | "flag.durationValue" => "duration",
        "stringArray" | "namedCertKey" | "mapStringStringNoSplit" => "repeated",
        "stringSlice"
        | "int32Slice"
        | "stringToString"
        | "mapStringString"
        | "mapStringBool"
        | "colonSeparatedMultimapStringString"
        | "featuregate.featureGate"
        | "flags.StringsValue"
        | "flags.UniqueStringsValue"
        | "flags.UniqueURLs" => "list",
        "string" | "ip" | "ipport" | "portRange" | "quantity" | "version" | "pattern=N,..." | "LocalMode"
        | "ProxyMode" | "[]v1.Taint" | "reserved-memory" | "flag.stringValue" => "string",
        other => panic!("no kind is known for flags of the type {other}"),
    }
}

/// The flags that etcd's help tells of, and whether it calls them deprecated.
fn help(printed: &str) -> Vec<(String, bool)> {
    let mut flags: Vec<(String, bool)> = Vec::new();
    for line in printed.lines() {
        match line.strip_prefix("  --").map(|rest| rest.split([' ', '=']).next().unwrap_or(rest)) {
            Some(name) => flags.push((name.to_owned(), false)),
            None => {
                let deprecated = line.to_lowercase().contains("deprecated");
                if let Some((_, known)) = flags.last_mut() {
                    *known |= deprecated;
                }
            }
        }
    }
    assert!(flags.len() > 50, "a help of another form:\n{printed}");
    flags
}

/// A line of a table of flags.
#[derive(Clone)]
struct Row {
    kind: String,
    since: String,
    until: String,
    deprecated: String,
}

type Table = BTreeMap<String, Vec<Row>>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cluster/flags")
}

fn table(file: &str) -> Table {
    let text = fs::read_to_string(folder().join(file)).expect("a table");
    let mut table = Table::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let [name, kind, since, until, deprecated] = words.try_into().expect("five words");
        table.entry(name).or_default().push(Row { kind, since, until, deprecated });
    }
    table
}

/// The lines of a table after the programs of some minors, one after the other, have said what they register.
fn merged(table: &Table, said: &[(&str, Flags)]) -> Vec<String> {
    let (first, last) = (said[0].0, said[said.len() - 1].0);
    let names: BTreeSet<&String> =
        table.keys().chain(said.iter().flat_map(|(_, flags)| flags.keys())).collect();
    let mut lines = Vec::new();
    for name in names {
        let before: &[Row] = table.get(name).map_or(&[], Vec::as_slice);
        let mut rows: Vec<Row> = Vec::new();
        for row in before.iter().filter(|row| minor(&row.since) < minor(first)) {
            let mut row = row.clone();
            if row.until == "-" || minor(&row.until) >= minor(first) {
                row.until = previous(first);
            }
            if row.deprecated != "-" && minor(&row.deprecated) >= minor(first) {
                row.deprecated = "-".to_owned();
            }
            rows.push(row);
        }
        for (release, flags) in said {
            let Some((kind, deprecated)) = flags.get(name) else { continue };
            let goes_on = rows.last_mut().filter(|row| {
                row.until == previous(release) && row.kind == *kind && (*deprecated || row.deprecated == "-")
            });
            if let Some(row) = goes_on {
                row.until = (*release).to_owned();
                if *deprecated && row.deprecated == "-" {
                    row.deprecated = (*release).to_owned();
                }
            } else {
                // A patch that added a flag is not forgotten.
                let patch = before.iter().map(|row| &row.since).find(|since| minor(since) == minor(release));
                let since = patch.map_or_else(|| (*release).to_owned(), Clone::clone);
                let deprecated = if *deprecated { since.clone() } else { "-".to_owned() };
                rows.push(Row { kind: (*kind).to_owned(), since, until: (*release).to_owned(), deprecated });
            }
        }
        for Row { kind, since, until, deprecated } in rows {
            let until = if until == last { "-" } else { &until };
            lines.push(format!("{name} {kind} {since} {until} {deprecated}"));
        }
    }
    lines
}

fn minor(release: &str) -> (u64, u64) {
    let mut numbers = release.split('.').map(|number| number.parse().expect("a number"));
    (numbers.next().expect("a major"), numbers.next().expect("a minor"))
}

fn previous(release: &str) -> String {
    let (major, minor) = minor(release);
    format!("{major}.{}", minor - 1)
}
