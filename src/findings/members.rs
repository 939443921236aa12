//! What is left to be done where hosts come, go or move.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use super::Decisions;
use super::advice::{Act, Advice};
use super::finding::{Finding, Kind, field, fields};
use crate::cluster::{Cluster, Host, Role};
use crate::diff::Inputs;
use crate::names;

pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let [before, after] = decisions.clusters;
    let renamed = renamed(decisions);
    let is_renamed =
        |host: &Host| renamed.iter().any(|(old, new)| [&old.name, &new.name].contains(&&host.name));
    let only_in = |these, those, role| -> Vec<&Host> {
        only_in(these, those, role).into_iter().filter(|host| !is_renamed(host)).collect()
    };
    let mut findings = Vec::new();
    let cause = |hosts: &[&Host]| -> Vec<usize> {
        fields(inputs, hosts.iter().map(|host| format!("hosts[{}]", host.name)))
    };
    let names = |hosts: &[&Host]| names::hosts(hosts.iter().map(|host| host.name.as_str()));
    for (old, new) in &renamed {
        if decisions.host(&old.name)[1].is_some() {
            findings.push(inherited(old, new, cause(&[old, new])));
            continue;
        }
        let what = format!(
            "{} to be {} at the same address {}: one machine would be joined as the new host and wiped as the old one",
            old.name, new.name, new.address
        );
        let member = if old.is(Role::Etcd) { " (`etcdctl member remove ID` for its member)" } else { "" };
        let advice = Advice::from(format!("keep the name {}; or ", old.name))
            .act(Act::RemoveHost { host: old.name.clone() })
            .say(format!(" first, roll that out{member}, "))
            .act(Act::Wipe { host: old.name.clone() })
            .say(", and only then ")
            .act(Act::AddHost { host: new.name.clone() });
        findings.push(Finding::new(Kind::Forbidden, what, advice).because(cause(&[old, new])));
    }
    findings.extend(virtual_addresses(decisions, inputs));
    let joining = only_in(after, before, Role::Etcd);
    if !joining.is_empty() {
        let what = format!(
            "{} to join etcd: started without more, it would found an etcd of its own",
            names(&joining)
        );
        let advice = "one at a time: `etcdctl member add NAME --learner --peer-urls=https://ADDRESS:2380` on a member, the \
                      lines ETCD_INITIAL_CLUSTER and ETCD_INITIAL_CLUSTER_STATE that it prints into \
                      /var/lib/kthw/etcd-members.env of the host, start etcd there with an empty data directory, then \
                      `etcdctl member promote ID`";
        findings.push(Finding::new(Kind::ByHand, what, advice).because(cause(&joining)));
    }
    let leaving = only_in(before, after, Role::Etcd);
    if !leaving.is_empty() {
        let what = format!("{} to leave etcd", names(&leaving));
        let mut advice = "`etcdctl member remove ID` on a member that stays, one at a time: whoever is dead is not waited for; \
                          its data stays in /var/lib/etcd"
            .to_owned();
        let (had, stay) = (before.etcd_members().count(), before.etcd_members().count() - leaving.len());
        if stay < had / 2 + 1 {
            advice +=
                "; if they are dead, the others are no quorum and can remove nobody: docs/etcd-restore.md";
        }
        // Whoever has the role for want of others loses it when one is given it.
        let causes = match cause(&leaving) {
            none if none.is_empty() => cause(&joining),
            causes => causes,
        };
        findings.push(Finding::new(Kind::ByHand, what, advice).because(causes));
    }
    findings.extend(replaced(decisions, cause));
    findings.extend(tolerance(decisions, inputs));
    let idle = only_in(before, after, Role::Worker);
    if !idle.is_empty() {
        let what = format!("{} to be drained, stopped and deleted from Kubernetes", names(&idle));
        let advice = "`kubectl drain NAME --ignore-daemonsets --delete-emptydir-data`, stop its units, `kubectl delete node NAME`; \
                      of a host that is dead just the last";
        findings.push(Finding::new(Kind::ByHand, what, advice).because(cause(&idle)));
    }
    let gone = before.hosts.iter().filter(|host| decisions.host(&host.name)[1].is_none());
    let gone: Vec<&Host> = gone.filter(|host| !is_renamed(host)).collect();
    if !gone.is_empty() {
        let what = format!(
            "{} to be switched off, and what is on it wiped: its keys are good until they expire",
            names(&gone)
        );
        let advice = "nothing can revoke a certificate in Kubernetes; erase the disks";
        findings.push(Finding::new(Kind::ByHand, what, advice).because(cause(&gone)));
    }
    findings.extend(moved(decisions, inputs));
    findings
}

/// An etcd of which no member stays: nobody who joins finds it, and its data goes with it.
fn replaced(decisions: &Decisions<'_>, cause: impl Fn(&[&Host]) -> Vec<usize>) -> Option<Finding> {
    let [before, after] = decisions.clusters;
    let stays = |host: &&Host| decisions.host(&host.name)[1].is_some_and(|host| host.is(Role::Etcd));
    if before.etcd_members().any(|host| stays(&host)) {
        return None;
    }
    let members: Vec<&Host> = before.etcd_members().chain(after.etcd_members()).collect();
    let (old, new) = (names_of(before), names_of(after));
    let what = format!(
        "no member of etcd stays: {new} to begin an etcd of their own, without anything that is in that of {old}"
    );
    let is_free =
        |host: &&Host| after.hosts.iter().all(|new| new.name == host.name || new.address != host.address);
    let kept: Vec<String> = before.etcd_members().filter(is_free).map(|host| host.name.clone()).collect();
    let advice = match kept.is_empty() {
        false => {
            let joining = after.etcd_members().map(|host| host.name.clone());
            Advice::from("in two rollouts: first ")
                .act(Act::SpreadEtcd { hosts: kept.into_iter().chain(joining).collect() })
                .say(", and once all of them have joined, let the old ones go")
        }
        true => Advice::from("one member after the other, each in rollouts of its own").meaning(Act::Keep),
    };
    Some(Finding::new(Kind::Forbidden, what, advice).because(cause(&members)))
}

fn names_of(cluster: &Cluster) -> String {
    names::hosts(cluster.etcd_members().map(|host| host.name.as_str()))
}

/// Of what fewer may fail afterwards.
fn tolerance(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let [before, after] = decisions.clusters;
    let members = |cluster: &Cluster| cluster.etcd_members().count();
    let planes = |cluster: &Cluster| cluster.control_planes().count();
    let balancers = |cluster: &Cluster| cluster.load_balancers().count();
    let spare_of_members = |count: usize| count.saturating_sub(1) / 2;
    let spare = |count: usize| count.saturating_sub(1);
    let fewer = |what: &str, role, counts: [usize; 2], spares: [usize; 2], stops: &str| {
        let ([old, new], [could, can]) = (counts, spares);
        if can >= could || new == 0 {
            return None;
        }
        let what = format!(
            "{what}: {old} → {new}, so {} may fail where {could} might, and with one more {stops}",
            if can == 0 { "none".to_owned() } else { can.to_string() }
        );
        let gone = only_in(before, after, role);
        let advice = "bring another host of that role in soon, in a rollout of its own";
        let mut causes = fields(inputs, gone.iter().map(|host| format!("hosts[{}]", host.name)));
        if causes.is_empty() {
            causes = field(inputs, "hosts");
        }
        Some(Finding::new(Kind::Breaking, what, advice).because(causes))
    };
    let [m, p, b] =
        [members as fn(&Cluster) -> usize, planes, balancers].map(|count| [count(before), count(after)]);
    [
        fewer("members of etcd", Role::Etcd, m, m.map(spare_of_members), "nothing can be read or written"),
        fewer("control planes", Role::ControlPlane, p, p.map(spare), "there is no API"),
        fewer("load balancers", Role::LoadBalancer, b, b.map(spare), "the endpoint does not answer"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// An address that is another's while the host that had it is still there.
fn inherited(old: &Host, new: &Host, causes: Vec<usize>) -> Finding {
    let what = format!(
        "{} to be {}'s, where it was {}'s, which moves: until both have moved, whoever asks for one finds the other",
        new.address, new.name, old.name
    );
    let advice = Advice::from("keep the addresses; or in two rollouts: first ")
        .act(Act::MoveAway { host: old.name.clone() })
        .say(format!(", and then {} comes", new.name));
    Finding::new(Kind::Forbidden, what, advice).because(causes)
}

/// A virtual address that is taken over from a host, or by one: balancers and hosts change in different waves.
fn virtual_addresses(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let [before, after] = decisions.clusters;
    let virtual_address = |cluster: &Cluster| cluster.api.load_balancer.as_ref()?.virtual_address();
    let host = |cluster: &'_ Cluster, address| -> Option<String> {
        cluster.hosts.iter().find(|host| Some(host.address) == address).map(|host| host.name.clone())
    };
    let forbidden = |what: String, name: &str, instead: String| {
        let mut causes = fields(inputs, [format!("hosts[{name}]"), "api".to_owned()]);
        if causes.is_empty() {
            causes = field(inputs, "hosts");
        }
        Finding::new(Kind::Forbidden, what, Advice::from(instead).meaning(Act::Keep)).because(causes)
    };
    let taken = virtual_address(after).and_then(|address| Some((address, host(before, Some(address))?)));
    let taken = taken.map(|(address, name)| {
        let what = format!(
            "{address} to be the virtual address of the API, where it is {name}'s: until that host is gone, two machines \
             have it"
        );
        forbidden(what, &name, "choose an address that no host has or had".to_owned())
    });
    let given = virtual_address(before).and_then(|address| Some((address, host(after, Some(address))?)));
    let given = given.map(|(address, name)| {
        let what = format!(
            "{address} to be {name}'s, where it is the virtual address of the API: until nobody holds it any longer, whoever \
             asks for {name} finds a control plane"
        );
        forbidden(what, &name, format!("give {name} an address that nobody has or had"))
    });
    taken.into_iter().chain(given).collect()
}

/// The hosts that have an address which was another's, with those others.
fn renamed<'c>(decisions: &Decisions<'c>) -> Vec<(&'c Host, &'c Host)> {
    let [before, after] = decisions.clusters;
    let had: HashMap<IpAddr, &Host> = before.hosts.iter().map(|host| (host.address, host)).collect();
    let pairs = after.hosts.iter().filter_map(|new| Some((*had.get(&new.address)?, new)));
    pairs.filter(|(old, new)| old.name != new.name).collect()
}

/// The hosts that have a role in one cluster and not in the other.
fn only_in<'c>(these: &'c Cluster, those: &Cluster, role: Role) -> Vec<&'c Host> {
    let others: BTreeSet<&str> =
        those.hosts.iter().filter(|host| host.is(role)).map(|host| host.name.as_str()).collect();
    these.hosts.iter().filter(|host| host.is(role) && !others.contains(host.name.as_str())).collect()
}

/// Hosts of the same name that are elsewhere, or another machine.
fn moved(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let mut findings = Vec::new();
    for new in &decisions.clusters[1].hosts {
        let [Some(old), _] = decisions.host(&new.name) else { continue };
        let cause = |name: &str| field(inputs, &format!("hosts[{}].{name}", new.name));
        if old.address != new.address {
            let what = format!("{} moves from {} to {}", new.name, old.address, new.address);
            let advice = match old.is(Role::Etcd) && new.is(Role::Etcd) {
                true => {
                    "give the host its new address, and tell etcd with `etcdctl member update ID \
                     --peer-urls=https://ADDRESS:2380` before its member starts there"
                }
                false => {
                    "give the host its new address; until then nothing that is told the new one reaches it"
                }
            };
            findings.push(Finding::new(Kind::ByHand, what, advice).because(cause("address")));
        }
        if old.arch != new.arch {
            let what = format!("{} is {} where it was {}: another machine", new.name, new.arch, old.arch);
            let advice = "give it another name and address, so that the old host goes and the new one comes";
            findings.push(Finding::new(Kind::Breaking, what, advice).because(cause("arch")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use crate::rollout::Trial;

    fn check(trial: &Trial, expected: &[&str]) {
        let findings = trial.rollout().findings;
        let found: Vec<_> = findings.iter().filter(|finding| finding.kind != Kind::Meanwhile).collect();
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (finding, part) in found.iter().zip(expected) {
            assert!(finding.what.contains(part), "{finding:?}");
            assert!(!finding.causes.is_empty(), "{finding:?}");
        }
    }

    #[test]
    fn whoever_comes_goes_or_moves_is_told_what_to_do() {
        let production = || Trial::of("production");
        let other = |text: String| {
            text.replace("name: etcd-3\n    address: 10.20.0.23", "name: etcd-4\n    address: 10.20.0.24")
        };
        let replaced = production().after(other);
        check(&replaced, &["etcd-4 to join etcd", "etcd-3 to leave etcd", "etcd-3 to be switched off"]);
        let other = |text: String| {
            text.replace(
                "name: worker-2\n    address: 10.20.0.102",
                "name: worker-3\n    address: 10.20.0.103",
            )
        };
        let replaced = production().after(other);
        check(&replaced, &["worker-2 to be drained", "worker-2 to be switched off"]);
        let moved = production().after(|text| text.replace("10.20.0.23", "10.20.0.24"));
        check(&moved, &["etcd-3 moves from 10.20.0.23 to 10.20.0.24"]);
        let other = production().after(|text| text.replace("    arch: arm64\n", ""));
        check(&other, &["worker-2 is amd64 where it was arm64"]);
    }

    #[test]
    fn addresses_are_not_exchanged_at_once() {
        let exchanged = Trial::of("production").after(|text| {
            let text = text.replace("10.20.0.101", "10.20.0.1xx").replace("10.20.0.102", "10.20.0.101");
            text.replace("10.20.0.1xx", "10.20.0.102")
        });
        let findings = exchanged.rollout().findings;
        let refused: Vec<_> = findings.iter().filter(|finding| finding.kind == Kind::Forbidden).collect();
        assert_eq!(refused.len(), 2, "{refused:#?}");
        for finding in refused {
            assert!(
                finding.advice.starts_with("keep the addresses; ") && finding.causes.len() == 2,
                "{finding:?}"
            );
        }
    }

    #[test]
    fn a_virtual_address_is_not_taken_over_at_once() {
        let (haproxy, keepalived) =
            ("kind: haproxy", "kind: keepalived\n    address: 10.240.0.40\n    interface: eth0");
        let balancer = "  - name: lb-0\n    address: 10.240.0.40\n    roles: [load-balancer]\n";
        let without = |text: String| text.replace(haproxy, keepalived).replace(balancer, "");
        let forbidden = |trial: Trial| {
            let findings = trial.rollout().findings;
            let of_address =
                findings.into_iter().filter(|finding| finding.what.starts_with("10.240.0.40 to be "));
            of_address.map(|finding| (finding.kind, finding.what)).collect::<Vec<_>>()
        };
        let found = forbidden(Trial::of("ha-haproxy").after(without));
        assert!(found.len() == 1 && found[0].0 == Kind::Forbidden, "{found:?}");
        assert!(found[0].1.contains("the virtual address of the API, where it is lb-0's"), "{found:?}");
        let found = forbidden(Trial::of("ha-haproxy").before(without));
        assert!(found.len() == 1 && found[0].0 == Kind::Forbidden, "{found:?}");
        assert!(found[0].1.contains("lb-0's, where it is the virtual address"), "{found:?}");
    }

    #[test]
    fn a_machine_is_not_joined_and_wiped_at_once() {
        let check = |from: &str, to: &str, advice: &str| {
            let renamed = Trial::of("production").after(|text| text.replace(from, to));
            check(&renamed, &[" at the same address "]);
            let found = renamed.rollout().findings.remove(0);
            assert_eq!((found.kind, &*found.advice), (Kind::Forbidden, advice));
        };
        check(
            "name: worker-2",
            "name: worker-3",
            "keep the name worker-2; or take worker-2 out of hosts first, roll that out, wipe the machine, and only then \
             add worker-3",
        );
        check(
            "name: etcd-3",
            "name: etcd-4",
            "keep the name etcd-3; or take etcd-3 out of hosts first, roll that out (`etcdctl member remove ID` for its \
             member), wipe the machine, and only then add etcd-4",
        );
    }
}
