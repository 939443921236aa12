//! Virtual machines that are there: no file of a host reaches what they are made of.

use super::Decisions;
use super::finding::{Finding, Kind, fields};
use crate::cluster::Machine;
use crate::diff::Inputs;
use crate::names;

/// A machine is started as it is planned then, and its disk is made once.
pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let [Some(before), Some(after)] = decisions.clusters.map(|cluster| cluster.machines.as_ref()) else {
        return Vec::new();
    };
    let is_other = |differs: &dyn Fn(&Machine, &Machine) -> bool| -> Vec<&str> {
        let pairs = after.each.iter().filter_map(|(host, new)| Some((host, before.each.get(host)?, new)));
        pairs.filter(|(_, old, new)| differs(old, new)).map(|(host, ..)| host.as_str()).collect()
    };
    let disks = is_other(&|old, new| before.image != after.image || old.disk != new.disk);
    let others = is_other(&|old, new| (old.cpus, old.memory) != (new.cpus, new.memory));
    let because = |hosts: &[&str], keys: &[&str]| {
        let of_all = keys.iter().map(|key| format!("machines.{key}"));
        let own =
            hosts.iter().flat_map(|host| keys.iter().map(move |key| format!("hosts[{host}].machine.{key}")));
        fields(inputs, of_all.chain(own))
    };
    let mut findings = Vec::new();
    if !disks.is_empty() {
        let what = format!(
            "{} to have another disk: `kthw vm up` refuses the one that is there",
            names::hosts(disks.iter().copied())
        );
        let advice = "`kthw vm up --recreate HOST` throws the old one away with all that is on it: one host at a time, as if it went \
                      and a new one came";
        findings.push(Finding::new(Kind::ByHand, what, advice).because(because(&disks, &["disk", "image"])));
    }
    if !others.is_empty() {
        let what = format!(
            "{} to have other memory or processors: a machine has what was planned when it was started",
            names::hosts(others.iter().copied())
        );
        let advice = "one at a time, drained if it is a worker: `kthw vm down HOST`, `kthw vm up HOST`";
        findings
            .push(Finding::new(Kind::ByHand, what, advice).because(because(&others, &["memory", "cpus"])));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use crate::rollout::Trial;

    #[test]
    fn machines_that_are_there_are_as_they_were_started() {
        let check = |from: &str, to: &str, expected: Option<&str>| {
            let findings = Trial::of("ha-ipvs").after(|text| text.replace(from, to)).rollout().findings;
            let found: Vec<_> =
                findings.iter().filter(|found| found.advice.contains("`kthw vm up")).collect();
            assert_eq!(found.len(), usize::from(expected.is_some()), "{findings:#?}");
            for (found, start) in found.iter().zip(expected) {
                assert!(found.what.starts_with(start) && found.kind == Kind::ByHand, "{found:?}");
                assert_eq!(found.causes.len(), 1, "{found:?}");
            }
        };
        let all = "control0, control1, control2, gateway, worker0, worker1 and 1 more (7 hosts) to have ";
        check("memory: 3GiB", "memory: 4GiB", Some(&format!("{all}other memory or processors: ")));
        check("memory: 3GiB", "memory: 3GiB\n  disk: 30GiB", Some(&format!("{all}another disk: ")));
        let own = "name: worker2\n    machine: {cpus: 4}";
        check("name: worker2", own, Some("worker2 to have other memory or processors: "));
        check("name: worker2", "name: worker3", None);
        check("domain: kubevms", "domain: elsewhere", None);
    }
}
