//! Hosts that come or go, told once where they are alike.

use super::Report;
use crate::diff::{CauseSet, HostChange};

/// Hosts with as many files and the same units.
pub struct Arrivals<'r> {
    /// "added" or "removed".
    pub verb: &'static str,
    pub names: Vec<&'r str>,
    pub files: usize,
    pub units: &'r [String],
    pub causes: CauseSet,
}

/// All of a report, those that come first.
pub fn arrivals(report: &Report) -> Vec<Arrivals<'_>> {
    let mut found = alike(&report.added, "added");
    found.extend(alike(&report.removed, "removed"));
    found
}

fn alike<'r>(hosts: &'r [HostChange], verb: &'static str) -> Vec<Arrivals<'r>> {
    let mut found: Vec<Arrivals<'r>> = Vec::new();
    for HostChange { name, files, units, causes } in hosts {
        let known = found.iter_mut().find(|known| known.files == *files && known.units == units);
        match known {
            Some(known) => {
                known.names.push(name);
                known.causes.extend(causes);
            }
            None => {
                let (names, causes) = (vec![name.as_str()], causes.clone());
                found.push(Arrivals { verb, names, files: *files, units, causes });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_are_alike_are_one() {
        let host = |name: &str, files, unit: &str, cause| HostChange {
            name: name.to_owned(),
            files,
            units: vec![unit.to_owned()],
            causes: [0, cause].into_iter().collect(),
        };
        let hosts = [host("a", 3, "x", 1), host("b", 4, "x", 2), host("c", 3, "x", 3), host("d", 3, "y", 4)];
        let found = alike(&hosts, "added");
        let shown: Vec<_> = found
            .iter()
            .map(|found| (found.names.join(" "), Vec::from_iter(found.causes.all.clone())))
            .collect();
        let expected = [("a c", vec![0, 1, 3]), ("b", vec![0, 2]), ("d", vec![0, 4])];
        assert_eq!(shown, expected.map(|(names, causes)| (names.to_owned(), causes)));
    }
}
