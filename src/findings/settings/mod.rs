//! Settings of programs that change on hosts which stay, and what that does to what they keep.
//!
//! What is compared is what programs are told: so a field of the cluster's file and the same thing written as a flag or
//! into a configuration lead to the same finding.

mod api_server;
mod cilium;
mod controllers;
mod etcd;
mod program;
mod row;
mod subject;
mod worker;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Decisions;
use super::advice::{Act, Advice};
use super::finding::{Finding, Kind, fields, version};
use crate::diff::{Causes, Inputs};
use crate::field_path::join;
use crate::names;

use program::told;
use row::{Row, When};
use subject::Subject;

/// Every row, by program.
const TABLE: [&[Row]; 5] = [etcd::ROWS, api_server::ROWS, controllers::ROWS, worker::ROWS, cilium::ROWS];

/// A setting that is another on some hosts, each time from the same value to the same.
pub struct Moved<'a> {
    row: &'static Row,
    old: String,
    new: String,
    hosts: BTreeSet<&'a str>,
    /// Whether the program runs on one host alone afterwards.
    is_alone: bool,
    /// The fields that decided it on either side.
    fields: BTreeSet<String>,
}

/// Every setting of the table that is another where its program stays, or dangerous where it starts anew. `units` says which
/// units of a host take up new files.
pub fn moved<'a>(
    decisions: &Decisions<'a>,
    causes: &Causes<'a>,
    units: &HashMap<&str, Vec<&str>>,
) -> Vec<Moved<'a>> {
    let mut found: BTreeMap<(usize, String, String), Moved<'a>> = BTreeMap::new();
    let mut runs: BTreeMap<Subject, usize> = BTreeMap::new();
    for host in &decisions.clusters[1].hosts {
        for (subject, [old, new]) in told(causes, &host.name, units.get(&*host.name), &mut runs) {
            let rows = TABLE.into_iter().flatten().enumerate().filter(|(_, row)| row.subject == subject);
            for (at, row) in rows {
                let [was, is] = [&old, &new].map(|told| told.value(row));
                if !row.when.concerns(&was, &is) {
                    continue;
                }
                let moved = found.entry((at, was.clone(), is.clone())).or_insert_with(|| Moved {
                    row,
                    old: was,
                    new: is,
                    hosts: BTreeSet::new(),
                    is_alone: false,
                    fields: BTreeSet::new(),
                });
                moved.hosts.insert(&host.name);
                moved.fields.extend(old.deciders(row).chain(new.deciders(row)));
            }
        }
    }
    let mut found: Vec<Moved<'a>> = found.into_values().collect();
    for moved in &mut found {
        moved.is_alone = runs.get(&moved.row.subject).is_none_or(|count| *count < 2);
    }
    found
}

pub fn findings(moved: &[Moved<'_>], inputs: &Inputs) -> Vec<Finding> {
    moved.iter().filter_map(|moved| moved.finding(inputs)).collect()
}

impl Moved<'_> {
    /// Whether pods have to leave a host for it.
    pub fn drains(&self, host: &str) -> bool {
        self.row.drains && self.hosts.contains(host)
    }

    /// `rootDirectory /var/lib/kubelet → /srv/kubelet`
    pub fn name(&self) -> String {
        let named = |value: &str| if value.is_empty() { "nothing".to_owned() } else { value.to_owned() };
        match self.old == self.new {
            true => format!("{} {}", self.row.name(), named(&self.new)),
            false => format!("{} {} → {}", self.row.name(), named(&self.old), named(&self.new)),
        }
    }

    fn finding(&self, inputs: &Inputs) -> Option<Finding> {
        let row = self.row;
        let kind = if self.is_alone { row.alone? } else { row.kind };
        let where_to = match row.subject.is_of_one_host() {
            true => format!(" on {}", names::hosts(self.hosts.iter().copied())),
            false => String::new(),
        };
        let what = format!("{} {}{where_to}: {}", row.subject, self.changed(), row.what);
        let advice = Advice::from(format!("{} ({})", row.advice, row.source));
        let advice = if kind == Kind::Forbidden { advice.meaning(Act::Keep) } else { advice };
        Some(Finding::new(kind, what, advice).because(self.causes(inputs)))
    }

    /// The values, or of a list what comes and goes.
    fn changed(&self) -> String {
        match self.row.when {
            When::Loses | When::Gains | When::Withdraws => {
                let [old, new] = [&self.old, &self.new].map(|value| row::items(value));
                let gone = old.difference(&new).map(|item| format!("-{item}"));
                let added = new.difference(&old).map(|item| format!("+{item}"));
                let items: Vec<String> = gone.chain(added).collect();
                format!("{} {}", self.row.name(), names::first_few(items.iter().map(String::as_str)))
            }
            _ => self.name(),
        }
    }

    fn causes(&self, inputs: &Inputs) -> Vec<usize> {
        let row = self.row;
        let flag = (!row.flag.is_empty()).then(|| join(&row.subject.flags(), row.flag));
        let config = row.fields.iter().map(|pointer| {
            let steps = pointer.split('/').skip(1).take_while(|step| *step != "*");
            steps.fold(row.subject.config(), |path, step| join(&path, step))
        });
        let paths = flag.into_iter().chain(config).chain(self.fields.iter().cloned());
        match fields(inputs, paths) {
            // kthw itself gives another to another version.
            none if none.is_empty() => version(inputs, row.subject.version()),
            causes => causes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Kind;
    use super::TABLE;
    use crate::rollout::Trial;

    fn with(section: &str) -> impl Fn(String) -> String {
        let section = format!("components: {{{section}}}\n");
        move |text: String| {
            assert!(!text.contains("\ncomponents:"), "the example has the section");
            text + &section
        }
    }

    /// The finding about one program, from one section to another.
    fn found(example: &str, before: &str, after: &str, part: &str) -> Option<(Kind, usize)> {
        let rollout = Trial::of(example).before(with(before)).after(with(after)).rollout();
        let mut found = rollout.findings.iter().filter(|finding| finding.what.contains(part));
        let first = found.next()?;
        assert!(found.next().is_none(), "{part} is told twice: {:#?}", rollout.findings);
        assert!(!first.causes.is_empty(), "{first:?}");
        Some((first.kind, rollout.drains().count()))
    }

    #[track_caller]
    fn check(example: &str, section: &str, part: &str, kind: Kind) {
        let there = found(example, "", section, part);
        assert_eq!(there.map(|(kind, _)| kind), Some(kind), "{section}");
        assert_eq!(found(example, section, section, part), None, "{section}");
    }

    #[test]
    fn what_loses_or_forks_the_data_of_etcd_is_refused() {
        let ha = "ha-haproxy";
        check(ha, "etcd: {flags: {force-new-cluster: true}}", "force-new-cluster", Kind::Forbidden);
        check("single", "etcd: {flags: {force-new-cluster: true}}", "force-new-cluster", Kind::Breaking);
        check(ha, "etcd: {flags: {unsafe-no-fsync: true}}", "unsafe-no-fsync", Kind::Forbidden);
        check(ha, "etcd: {flags: {max-learners: 0}}", "max-learners 1 → 0", Kind::Breaking);
        assert_eq!(found(ha, "etcd: {flags: {max-learners: 0}}", "", "max-learners"), None);
        let gates = "etcd: {flags: {feature-gates: InitialCorruptCheck=false}}";
        check(ha, gates, "feature-gates", Kind::Breaking);
        check(ha, "etcd: {flags: {max-request-bytes: 100000}}", "max-request-bytes", Kind::Breaking);
        let prefix = "kube-apiserver: {flags: {etcd-prefix: /elsewhere}}";
        check(ha, prefix, "etcd-prefix", Kind::Forbidden);
        assert_eq!(found(ha, prefix, "", "etcd-prefix").map(|(kind, _)| kind), Some(Kind::Forbidden));
        let both = "etcd: {flags: {force-new-cluster: true, log-level: debug}}";
        let again = Trial::of(ha).before(with("etcd: {flags: {force-new-cluster: true}}")).after(with(both));
        let refused =
            again.rollout().refusals().any(|finding| finding.what.contains("force-new-cluster true: "));
        assert!(refused, "whoever restarts leaves the others once more");
        let off = found(ha, "etcd: {flags: {unsafe-no-fsync: true}}", "", "unsafe-no-fsync");
        assert_eq!(off, None, "it is the way back");
    }

    #[test]
    fn what_moves_state_under_running_pods_is_told_and_drained_for() {
        let drained = |section: &str, part: &str| {
            let (_, drains) = found("single", "", section, part).unwrap_or_else(|| panic!("{section}"));
            assert_eq!(drains, 2, "{section}");
        };
        drained("kubelet: {flags: {root-dir: /srv/kubelet}}", "root-dir");
        drained("containerd: {config: {root: /srv/containerd}}", "containerd root");
        drained("containerd: {config: {state: /run/elsewhere}}", "containerd state");
        let images = "plugins: {io.containerd.cri.v1.images: {snapshotter: native}}";
        drained(&format!("containerd: {{config: {{{images}}}}}"), "snapshotter");
        drained("kubelet: {config: {topologyManagerPolicy: restricted}}", "topologyManagerPolicy");
        drained("kubelet: {config: {cgroupRoot: /pods}}", "cgroupRoot");
    }

    #[test]
    fn a_flag_and_a_field_of_a_configuration_say_the_same() {
        let text = |section: &str, part: &str| {
            let findings = Trial::of("single").after(with(section)).rollout().findings;
            let found = findings.into_iter().find(|finding| finding.what.contains(part));
            found.map(|finding| (finding.kind, finding.what, finding.advice)).expect(section)
        };
        let part = "topologyManagerPolicy";
        assert_eq!(
            text("kubelet: {flags: {topology-manager-policy: restricted}}", part),
            text("kubelet: {config: {topologyManagerPolicy: restricted}}", part)
        );
        let part = "staticPodPath";
        assert_eq!(
            text("kubelet: {flags: {pod-manifest-path: /srv/pods}}", part),
            text("kubelet: {config: {staticPodPath: /srv/pods}}", part)
        );
    }

    #[test]
    fn lists_are_told_by_what_comes_and_goes() {
        let check = |section: &str, part: &str, kind: Kind| check("ha-haproxy", section, part, kind);
        let api = |flag: &str| format!("kube-apiserver: {{flags: {{{flag}}}}}");
        check(&api("authorization-mode: [Node]"), "authorization-mode -RBAC", Kind::Breaking);
        check(&api("disable-admission-plugins: [LimitRanger]"), "+LimitRanger", Kind::Breaking);
        check(&api("runtime-config: [batch/v1=false]"), "+batch/v1=false", Kind::Breaking);
        assert_eq!(found("ha-haproxy", "", &api("runtime-config: [api/all=true]"), "runtime-config"), None);
        let plugins = |text: String| text + "controlPlane: {admissionPlugins: [AlwaysPullImages]}\n";
        let findings = Trial::of("ha-haproxy").before(plugins).rollout().findings;
        assert!(findings.iter().any(|finding| finding.what.contains("-AlwaysPullImages")), "{findings:#?}");
    }

    #[test]
    fn leaders_are_more_than_one_only_where_there_are_several() {
        let off = "kube-controller-manager: {flags: {leader-elect: false}}";
        check("ha-haproxy", off, "leader-elect", Kind::Breaking);
        assert_eq!(found("single", "", off, "leader-elect"), None);
        let other = "kube-scheduler: {config: {profiles: [{schedulerName: other}]}}";
        check("single", other, "profiles[].schedulerName -default-scheduler", Kind::Breaking);
        let more = "kube-scheduler: {config: {profiles: [{schedulerName: default-scheduler}, {schedulerName: other}]}}";
        assert_eq!(found("single", "", more, "schedulerName"), None);
        let scheduler = "kube-scheduler: {config: {leaderElection: {leaderElect: false}}}";
        check("ha-haproxy", scheduler, "leaderElection.leaderElect", Kind::Breaking);
        let flags = [
            ("leader-elect: false", "leaderElection.leaderElect true → false"),
            ("leader-elect-resource-name: mine", "leaderElection.resourceName kube-scheduler → mine"),
            ("leader-elect-resource-namespace: mine", "leaderElection.resourceNamespace kube-system → mine"),
        ];
        for (flag, part) in flags {
            check("ha-haproxy", &format!("kube-scheduler: {{flags: {{{flag}}}}}"), part, Kind::Breaking);
        }
    }

    #[test]
    fn another_name_of_the_cluster_is_told() {
        let renamed = Trial::of("ha-haproxy").after(|text| text.replacen("name: ", "name: other-", 1));
        let findings = renamed.rollout().findings;
        for part in ["initial-cluster-token", "cluster-name"] {
            let found = findings.iter().find(|finding| finding.what.contains(part));
            assert!(found.is_some_and(|found| found.causes.len() == 1), "{part}: {findings:#?}");
        }
    }

    #[test]
    fn every_row_names_a_setting_a_source_and_an_advice() {
        for row in TABLE.into_iter().flatten() {
            assert!(!row.flag.is_empty() || !row.fields.is_empty());
            assert!(row.source.starts_with("https://"), "{}", row.name());
            assert!(!row.what.is_empty() && !row.advice.is_empty(), "{}", row.name());
            assert!(row.fields.iter().all(|field| field.starts_with('/')), "{}", row.name());
            if let Some(program) = row.subject.program().filter(|_| !row.flag.is_empty()) {
                assert!(crate::cluster::flags::known(program, row.flag), "{program} has no --{}", row.flag);
            }
        }
    }
}
