//! What objects of the cluster keep, whatever files say: nodes, and what a new cluster was given.

use std::collections::BTreeMap;

use super::Decisions;
use super::finding::{Finding, Kind, field, fields};
use crate::cluster::{Cluster, Cni, Host, KUBELET_LABELS, Role};
use crate::diff::Inputs;
use crate::field_path;
use crate::names;

pub fn findings(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let mut findings = nodes(decisions, inputs, "labels", labels);
    findings.extend(nodes(decisions, inputs, "taints", taints));
    findings.extend(bridges(decisions, inputs));
    findings.extend(priority_classes(decisions, inputs));
    findings.extend(left_behind(decisions, inputs));
    findings
}

/// The workers that stay, as they were and as they are to be.
fn workers<'c>(decisions: &Decisions<'c>) -> impl Iterator<Item = (&'c Host, &'c Host)> {
    let pairs = decisions.clusters[1].workers().map(|new| (decisions.host(&new.name)[0], new));
    pairs.filter_map(|(old, new)| Some((old.filter(|old| old.is(Role::Worker))?, new)))
}

/// What a kubelet gives its node only when it registers it, with the command for each group of nodes.
fn nodes(
    decisions: &Decisions<'_>,
    inputs: &Inputs,
    name: &str,
    difference: fn(&Host, &Host) -> Vec<(String, String)>,
) -> Vec<Finding> {
    let mut groups: BTreeMap<String, Vec<(&str, Vec<String>)>> = BTreeMap::new();
    for (old, new) in workers(decisions) {
        let (fields, words): (Vec<String>, Vec<String>) = difference(old, new).into_iter().unzip();
        if !words.is_empty() {
            groups.entry(words.join(" ")).or_default().push((&new.name, fields));
        }
    }
    let finding = |(words, hosts): (String, Vec<(&str, Vec<String>)>)| {
        let names: Vec<&str> = hosts.iter().map(|(host, _)| *host).collect();
        let what = format!(
            "{name} of {} to be changed: a kubelet gives them to its node only when it registers it",
            names::hosts(names.iter().copied())
        );
        let verb = name.trim_end_matches('s');
        let advice = format!("`kubectl {verb} nodes {} {words} --overwrite`", names.join(" "));
        let paths = hosts
            .iter()
            .flat_map(|(host, fields)| fields.iter().map(move |field| format!("hosts[{host}].{field}")));
        Finding::new(Kind::ByHand, what, advice).because(fields(inputs, paths))
    };
    groups.into_iter().map(finding).collect()
}

/// The labels that differ, as fields of the host, with what to tell kubectl of them. What a kubelet sets by itself it takes
/// away from no node.
fn labels(old: &Host, new: &Host) -> Vec<(String, String)> {
    let set = new.labels.iter().filter(|(key, value)| {
        old.labels.get(*key) != Some(value) && !KUBELET_LABELS.contains(&key.as_str())
    });
    let gone = old.labels.keys().filter(|key| !new.labels.contains_key(*key));
    let words = set
        .map(|(key, value)| (key, format!("{key}={value}")))
        .chain(gone.map(|key| (key, format!("{key}-"))));
    words.map(|(key, word)| (field_path::join("labels", key), word)).collect()
}

/// The same of taints, which are one field.
fn taints(old: &Host, new: &Host) -> Vec<(String, String)> {
    let all = |host: &Host| -> BTreeMap<String, String> {
        let taints = host.taints.iter().map(|taint| {
            (
                format!("{}:{}", taint.key, taint.effect),
                format!("{}={}:{}", taint.key, taint.value, taint.effect),
            )
        });
        taints.collect()
    };
    let (old, new) = (all(old), all(new));
    let set = new.iter().filter(|(key, taint)| old.get(*key) != Some(taint)).map(|(_, taint)| taint.clone());
    let gone = old.keys().filter(|key| !new.contains_key(*key)).map(|key| format!("{key}-"));
    set.chain(gone).map(|word| ("taints".to_owned(), word)).collect()
}

/// A bridge keeps the address that it was given by the first pod.
fn bridges(decisions: &Decisions<'_>, inputs: &Inputs) -> Option<Finding> {
    if decisions.clusters.iter().any(|cluster| cluster.network.cni != Cni::Bridge) {
        return None;
    }
    let moved = workers(decisions).filter(|(old, new)| old.pod_cidr != new.pod_cidr);
    let moved: Vec<&str> = moved.map(|(_, new)| new.name.as_str()).collect();
    if moved.is_empty() {
        return None;
    }
    let what = format!(
        "another pod range on {}: cni0 keeps its address of the old one, and no pod gets a network beside it",
        names::hosts(moved.iter().copied())
    );
    let advice = "between drain and uncordon: reboot the host, or `ip link delete cni0`";
    let own = moved.iter().map(|host| format!("hosts[{host}].podCIDR"));
    // Ranges that are not written follow from the cluster's and from the order of the hosts.
    let paths = own.chain(["network.pods", "network.podMask", "hosts"].map(str::to_owned));
    Some(Finding::new(Kind::ByHand, what, advice).because(fields(inputs, paths)))
}

fn priority_classes(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let [before, after] = decisions.clusters.map(|cluster| &cluster.priority_classes);
    let finding = |old: &crate::cluster::PriorityClass| {
        let name = &old.name;
        let (what, when) = match after.iter().find(|new| new.name == *name) {
            None => {
                (format!("the priority class {name} stays in the cluster: nothing deletes it"), "afterwards")
            }
            Some(new) if new.value != old.value || new.preemption_policy != old.preemption_policy => (
                format!(
                    "the priority class {name} to be made anew: its value and policy cannot be changed, so \
                     kubernetes-bootstrap.service fails, and pods keep what they have"
                ),
                "before that",
            ),
            Some(_) => return None,
        };
        let advice = format!("`kubectl delete priorityclass {name}` {when}");
        let causes = field(inputs, &format!("priorityClasses[{name}]"));
        Some(Finding::new(Kind::ByHand, what, advice).because(causes))
    };
    before.iter().filter_map(finding).collect()
}

/// What a cluster was given at some time, as long as it has it.
struct Given {
    what: &'static str,
    path: &'static str,
    has: fn(&Cluster) -> bool,
    advice: &'static str,
}

const GIVEN: [Given; 4] = [
    Given {
        what: "CoreDNS stays in the cluster: it is applied no more, and nothing deletes it",
        path: "addons.coreDNS",
        has: |cluster| cluster.addons.core_dns.is_some(),
        advice: "once another DNS answers: `kubectl delete -n kube-system deployment/coredns service/kube-dns \
                 configmap/coredns serviceaccount/coredns` and `kubectl delete clusterrole,clusterrolebinding system:coredns`",
    },
    Given {
        what: "Cilium stays in the cluster: its agents go on with the network that they make on every worker, and nothing \
               deletes them",
        path: "network.cni",
        has: |cluster| cluster.network.cni == Cni::Cilium,
        advice: "once every worker has its other network: `cilium uninstall`, and reboot one worker after the other, drained",
    },
    Given {
        what: "the rights of who watches the cluster stay in it: nothing deletes them",
        path: "monitoring",
        has: |cluster| cluster.monitoring.is_some(),
        advice: "afterwards: delete the objects of the manifest that goes, with `kubectl delete --filename` of its last state in \
                 the golden files",
    },
    Given {
        what: "the rights of the cloud's controllers stay in the cluster: nothing deletes them",
        path: "cloudProvider",
        has: |cluster| cluster.cloud_provider.is_some(),
        advice: "afterwards: delete the objects of the manifest that goes, with `kubectl delete --filename` of its last state in \
                 the golden files",
    },
];

/// What is applied no more goes on all the same.
fn left_behind(decisions: &Decisions<'_>, inputs: &Inputs) -> Vec<Finding> {
    let is_left = |given: &&Given| {
        let [had, has] = decisions.clusters.map(given.has);
        had && !has
    };
    let finding = |given: &Given| {
        Finding::new(Kind::ByHand, given.what, given.advice).because(field(inputs, given.path))
    };
    GIVEN.iter().filter(is_left).map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use crate::rollout::Trial;

    #[track_caller]
    fn check(trial: &Trial, expected: &[(&str, &str)]) {
        let findings = trial.rollout().findings;
        let found: Vec<_> = findings.iter().filter(|finding| finding.kind == Kind::ByHand).collect();
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (finding, (start, advice)) in found.iter().zip(expected) {
            assert!(finding.what.starts_with(start) && finding.advice.contains(advice), "{finding:?}");
            assert!(!finding.causes.is_empty(), "{finding:?}");
        }
    }

    const WORKER: &str = "  - name: worker-node-1\n";

    #[test]
    fn a_node_keeps_its_labels_and_taints() {
        let with =
            |more: &'static str| move |text: String| text.replace(WORKER, &format!("{WORKER}    {more}\n"));
        let single = || Trial::of("single");
        let label = "`kubectl label nodes worker-node-1 disk=ssd --overwrite`";
        check(&single().after(with("labels: {disk: ssd}")), &[("labels of worker-node-1 ", label)]);
        let label = "`kubectl label nodes worker-node-1 disk- --overwrite`";
        check(&single().before(with("labels: {disk: ssd}")), &[("labels of worker-node-1 ", label)]);
        let zone = "labels: {topology.kubernetes.io/zone: a}";
        check(&single().after(with(zone)), &[]);
        let both = "labels: {topology.kubernetes.io/zone: a, disk: ssd}";
        let change = |text: String| text.replace("zone: a, disk: ssd", "zone: b, disk: hdd");
        let findings = single().both(with(both)).after(change).rollout().findings;
        let [found] = findings.as_slice() else { panic!("{findings:#?}") };
        assert_eq!(found.causes.len(), 1, "a zone needs no hand: {found:?}");
        let label = "nodes worker-node-1 topology.kubernetes.io/zone- --overwrite`";
        check(&single().before(with(zone)), &[("labels of worker-node-1 ", label)]);
        let taint = |value: &str| format!("taints: [{{key: gpu, value: '{value}', effect: NoSchedule}}]");
        let (one, two): (&str, &str) = (taint("a").leak(), taint("b").leak());
        let taint = "`kubectl taint nodes worker-node-1 gpu=b:NoSchedule --overwrite`";
        check(&single().before(with(one)).after(with(two)), &[("taints of worker-node-1 ", taint)]);
        let taint = "`kubectl taint nodes worker-node-1 gpu:NoSchedule- --overwrite`";
        check(&single().before(with(one)), &[("taints of worker-node-1 ", taint)]);
    }

    #[test]
    fn a_bridge_keeps_its_address() {
        let other = |text: String| text.replace(WORKER, &format!("{WORKER}    podCIDR: 10.200.77.0/24\n"));
        let expected = [("another pod range on worker-node-1: ", "`ip link delete cni0`")];
        check(&Trial::of("single").after(other), &expected);
        let pods = |text: String| text.replace("pods: 10.200.0.0/16", "pods: 10.201.0.0/16");
        let expected = [("another pod range on worker-node-1, worker-node-2: ", "reboot")];
        check(&Trial::of("single").after(pods), &expected);
    }

    #[test]
    fn what_a_cluster_was_given_stays_until_it_is_deleted() {
        let class = |value: u32| {
            move |text: String| {
                text + &format!("priorityClasses: [{{name: urgent, value: {value}, description: x}}]\n")
            }
        };
        let single = || Trial::of("single");
        let (anew, delete) =
            ("the priority class urgent to be made anew", "`kubectl delete priorityclass urgent`");
        check(&single().before(class(10)).after(class(20)), &[(anew, delete)]);
        check(&single().before(class(10)), &[("the priority class urgent stays", delete)]);
        check(&single().both(class(10)), &[]);
        let no_dns = |text: String| text + "addons: {coreDNS: false}\n";
        check(&single().after(no_dns), &[("CoreDNS stays in the cluster", "deployment/coredns")]);
        let bridge = |text: String| text.replace("cni: cilium", "cni: none");
        let left = [("Cilium stays in the cluster", "`cilium uninstall`")];
        check(&Trial::of("cilium").after(bridge), &left);
    }
}
