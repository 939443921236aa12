//! Which files of which hosts differ, gathered into groups that are one change.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use kthw_graph::{Action, NodeId, Slot};
use kthw_store::Output;

use super::cause::{Causes, ParamChange};
use super::cause_set::CauseSet;
use super::param::Decider;
use crate::artifact::Artifact;
use crate::names;
use crate::plan;
use crate::side::Side;
use crate::tree::Permissions;

/// Whose files they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// In the tree of a host.
    Host,
    /// Of a virtual machine, before it starts for the first time.
    Machine,
    /// Of nobody: what all machines share, and what a Prometheus is given.
    Cluster,
}

/// A file on one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    pub node: NodeId,
    pub output: Output,
    /// Of a host's file.
    pub permissions: Option<Permissions>,
}

/// One change of one path, on all hosts where it is the same.
#[derive(Debug, Clone)]
pub struct Group {
    pub area: Area,
    pub path: String,
    /// In order of their names; one without a name where the file is the cluster's.
    pub holders: Vec<Holder>,
    /// Whether the hosts differ in values that are each host's own.
    pub own: bool,
    /// Indices into the changes of inputs.
    pub causes: CauseSet,
    /// The nodes between the file and what changed by itself, nearest first.
    pub through: Vec<String>,
}

/// A host's file on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub host: String,
    pub before: Option<File>,
    pub after: Option<File>,
}

/// A host that is on one side alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostChange {
    pub name: String,
    pub files: usize,
    pub units: Vec<String>,
    pub causes: CauseSet,
}

/// Everything that differs.
#[derive(Debug, Clone, Default)]
pub struct Differences {
    pub added: Vec<HostChange>,
    pub removed: Vec<HostChange>,
    pub groups: Vec<Group>,
}

/// Compares two sides.
pub fn compare(causes: &mut Causes<'_>) -> Differences {
    let (before, after) = (causes.before, causes.after);
    let (old_hosts, new_hosts) = (plan::hosts(before.graph), plan::hosts(after.graph));
    let mut groups = Groups::default();
    for host in old_hosts.intersection(&new_hosts) {
        let (old, new) = (bundle(before, host), bundle(after, host));
        if before.known(old).output != after.known(new).output {
            groups.add_all(causes, Area::Host, host, files_of(before, old), files_of(after, new));
        }
    }
    let (mut old_files, mut new_files) = (machine_files(before), machine_files(after));
    for ((area, host), files) in std::mem::take(&mut old_files) {
        // The machine of a host that comes or goes is part of that.
        let new = new_files.remove(&(area, host.clone()));
        if host.is_empty() || (old_hosts.contains(&host) && new_hosts.contains(&host)) {
            groups.add_all(causes, area, &host, files, new.unwrap_or_default());
        }
    }
    for ((area, host), files) in new_files {
        if host.is_empty() || old_hosts.contains(&host) {
            groups.add_all(causes, area, &host, BTreeMap::new(), files);
        }
    }
    Differences {
        added: lone_hosts(causes, after, new_hosts.difference(&old_hosts)),
        removed: lone_hosts(causes, before, old_hosts.difference(&new_hosts)),
        groups: groups.finish(),
    }
}

fn bundle(side: Side<'_>, host: &str) -> NodeId {
    side.graph.find(&plan::bundle_name(host)).expect("every host has a bundle")
}

fn lone_hosts<'h>(
    causes: &mut Causes<'_>,
    side: Side<'_>,
    hosts: impl Iterator<Item = &'h String>,
) -> Vec<HostChange> {
    let mut hosts: Vec<HostChange> = hosts.map(|host| host_change(causes, side, host)).collect();
    hosts.sort_by(|a, b| names::order(&a.name, &b.name));
    hosts
}

fn host_change(causes: &mut Causes<'_>, side: Side<'_>, host: &str) -> HostChange {
    let id = bundle(side, host);
    let (files, units) = match side.action(id) {
        Artifact::Bundle(bundle) => {
            (bundle.files.len(), bundle.services.iter().map(|service| service.unit.to_string()).collect())
        }
        _ => (0, Vec::new()),
    };
    let name = plan::bundle_name(host);
    let own = causes.inputs.of_host(host);
    let causes = if own.is_empty() { (*causes.of(&name)).clone() } else { own.into_iter().collect() };
    HostChange { name: host.to_owned(), files, units, causes }
}

fn files_of(side: Side<'_>, bundle: NodeId) -> BTreeMap<String, File> {
    let Artifact::Bundle(permissions) = side.action(bundle) else { return BTreeMap::new() };
    let inputs = side.graph.node(bundle).inputs.iter();
    let file = |(path, node): &(Slot, NodeId)| {
        let permissions = permissions.files.get(path).copied();
        (path.to_string(), File { node: *node, output: side.known(*node).output, permissions })
    };
    inputs.map(file).collect()
}

/// The files that are no host's: of machines by host, and of the cluster.
fn machine_files(side: Side<'_>) -> BTreeMap<(Area, String), BTreeMap<String, File>> {
    let mut found: BTreeMap<(Area, String), BTreeMap<String, File>> = BTreeMap::new();
    let file = |node| File { node, output: side.known(node).output, permissions: None };
    for (path, node) in plan::machine_files(side.graph) {
        let (area, host, path) = match path.strip_prefix("hosts/").and_then(|path| path.split_once('/')) {
            Some((host, rest)) => (Area::Machine, host.to_owned(), rest.to_owned()),
            None => (Area::Cluster, String::new(), format!("machines/{path}")),
        };
        found.entry((area, host)).or_default().insert(path, file(node));
    }
    for node in side.graph.order().iter().copied() {
        let name = side.name(node);
        if plan::is_for_monitoring(name) {
            let files = found.entry((Area::Cluster, String::new())).or_default();
            files.insert(name.to_owned(), file(node));
        }
    }
    found
}

/// What makes changes of several hosts one change.
#[derive(PartialEq, Eq, Hash)]
struct Likeness {
    area: Area,
    path: String,
    permissions: (Option<String>, Option<String>),
    kind: (Option<&'static str>, Option<&'static str>),
    /// The parameters that changed, without values that are each host's own.
    params: Vec<ParamChange>,
    /// With what is in them, by names that leave out the host.
    slots: Vec<(String, [Option<String>; 2])>,
    causes: Rc<CauseSet>,
    /// Where no more is known than that they are other bytes.
    outputs: Option<(Option<Output>, Option<Output>)>,
}

#[derive(Default)]
struct Groups {
    known: HashMap<Likeness, usize>,
    groups: Vec<Group>,
}

impl Groups {
    fn add_all(
        &mut self,
        causes: &mut Causes<'_>,
        area: Area,
        host: &str,
        before: BTreeMap<String, File>,
        mut after: BTreeMap<String, File>,
    ) {
        for (path, old) in before {
            let new = after.remove(&path);
            self.add(causes, area, host, path, Some(old), new);
        }
        for (path, new) in after {
            self.add(causes, area, host, path, None, Some(new));
        }
    }

    fn add(
        &mut self,
        causes: &mut Causes<'_>,
        area: Area,
        host: &str,
        path: String,
        before: Option<File>,
        after: Option<File>,
    ) {
        let same = match (&before, &after) {
            (Some(old), Some(new)) => old.output == new.output && old.permissions == new.permissions,
            _ => false,
        };
        if same {
            return;
        }
        let likeness = likeness(causes, area, host, &path, before, after);
        let holder = Holder { host: host.to_owned(), before, after };
        if let Some(known) = self.known.get(&likeness) {
            self.groups[*known].holders.push(holder);
            return;
        }
        let name = node_name(causes, before, after);
        let through = causes.way(&name, &likeness.causes);
        let found = (*likeness.causes).clone();
        let holders = vec![holder];
        self.groups.push(Group { area, path, holders, own: false, causes: found, through });
        self.known.insert(likeness, self.groups.len() - 1);
    }

    fn finish(mut self) -> Vec<Group> {
        let outputs =
            |holder: &Holder| [holder.before, holder.after].map(|file| file.map(|file| file.output));
        for group in &mut self.groups {
            group.holders.sort_by(|a, b| names::order(&a.host, &b.host));
            group.own = group.holders.iter().any(|holder| outputs(holder) != outputs(&group.holders[0]));
        }
        let key = |group: &Group| (group.area, group.path.clone(), group.holders[0].host.clone());
        self.groups.sort_by_cached_key(key);
        self.groups
    }
}

/// The node that explains the change of a file: the later one, if there is one.
fn node_name(causes: &Causes<'_>, before: Option<File>, after: Option<File>) -> String {
    match (before, after) {
        (_, Some(file)) => causes.after.name(file.node).to_owned(),
        (Some(file), None) => causes.before.name(file.node).to_owned(),
        (None, None) => unreachable!("a change has a side"),
    }
}

fn likeness(
    causes: &mut Causes<'_>,
    area: Area,
    host: &str,
    path: &str,
    before: Option<File>,
    after: Option<File>,
) -> Likeness {
    let name = node_name(causes, before, after);
    let mut found = causes.of(&name);
    let change = causes.change(&name);
    let outputs = found.is_empty().then(|| (before.map(|file| file.output), after.map(|file| file.output)));
    let held = |side: Side<'_>, file: Option<File>| {
        file.map(|file| (side.name(file.node).to_owned(), file.permissions))
    };
    let (old, new) = (held(causes.before, before), held(causes.after, after));
    if area == Area::Host && old != new {
        // It is the bundle that has come to hold another node, or none.
        let mut all = causes.of_presence(host, path);
        all.extend(&found);
        if let (Some((old, _)), Some(_)) = (&old, &new) {
            all.extend(&causes.of(old));
        }
        found = Rc::new(all);
    }
    let is_of_host = ["host", "machine"].iter().any(|kind| {
        let rest = name.strip_prefix(kind).and_then(|rest| rest.strip_prefix('/'));
        rest.and_then(|rest| rest.strip_prefix(host)).is_some_and(|rest| rest.starts_with('/'))
    });
    let change = change.unwrap_or_default();
    let is_own = |items: &[Vec<Decider>]| {
        let decided = || items.iter().filter_map(|item| item.first());
        let own = format!("hosts[{host}]");
        let is_own = |d: &Decider| matches!(d, Decider::Spec(path) if path.starts_with(&own));
        // A value that is derived for this host, from what was changed for all.
        is_of_host && decided().any(is_own) && !decided().any(|decider| !causes.inputs.of(decider).is_empty())
    };
    let params = change.params.iter().map(|(param, deciders)| match is_own(deciders) {
        true => ParamChange { name: param.name.clone(), before: Vec::new(), after: Vec::new() },
        false => param.clone(),
    });
    let shown = |file: Option<File>| {
        file.and_then(|file| file.permissions).map(|permissions| permissions.to_string())
    };
    let kind = |side: Side<'_>, file: Option<File>| file.map(|file| side.action(file.node).kind().name);
    Likeness {
        area,
        path: path.to_owned(),
        permissions: (shown(before), shown(after)),
        kind: (kind(causes.before, before), kind(causes.after, after)),
        params: params.collect(),
        slots: change.slots.iter().map(|slot| (slot.clone(), inputs_of(causes, &name, slot, host))).collect(),
        causes: found,
        outputs,
    }
}

/// What a slot holds on both sides, by a name that is the same for every host.
fn inputs_of(causes: &Causes<'_>, name: &str, slot: &str, host: &str) -> [Option<String>; 2] {
    [causes.before, causes.after].map(|side| {
        let input = side.graph.find(name).and_then(|id| side.input(id, slot))?;
        Some(side.name(input).replace(&format!("/{host}/"), "/*/"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::trial::{HOST, Node, compared};
    use super::*;
    use crate::rollout::Trial;

    /// The way from a file to its cause, where `key` is another and whatever reads it follows.
    fn way(reads: &[&str], others: &[Node<'_>]) -> Vec<String> {
        let before = [
            &[("/file", &[] as &[_], reads), ("key", &[("x", "network.pods")] as &[_], &[] as &[_])],
            others,
        ]
        .concat();
        let after = [
            &[("/file", &[] as &[_], reads), ("key", &[("y", "network.pods")] as &[_], &[] as &[_])],
            others,
        ]
        .concat();
        let groups = compared(&before, &after, &["network.pods"], |causes| compare(causes).groups);
        let [group] = groups.as_slice() else { panic!("{groups:?}") };
        assert_eq!((group.path.as_str(), group.holders[0].host.as_str()), ("/file", HOST));
        assert_eq!(group.causes, [0].into_iter().collect());
        group.through.clone()
    }

    #[test]
    fn the_way_to_a_cause_is_the_shortest_and_then_the_first_by_name() {
        let cert: Node<'_> = ("cert", &[], &["key"]);
        assert_eq!(way(&["cert"], &[cert]), ["cert", "key"]);
        // The first input by its name leads there as well, and further round.
        assert_eq!(way(&["cert", "key"], &[cert]), ["key"]);
        let others: &[Node<'_>] =
            &[("a", &[], &["b"]), ("b", &[], &["key"]), ("d", &[], &["key"]), ("c", &[], &["key"])];
        assert_eq!(way(&["a", "d", "c"], others), ["c", "key"]);
    }

    #[test]
    fn a_file_of_its_own_cause_has_no_way() {
        let before: [Node<'_>; 2] = [("/file", &[("x", "name")], &["key"]), ("key", &[("x", "name")], &[])];
        let after: [Node<'_>; 2] = [("/file", &[("y", "name")], &["key"]), ("key", &[("y", "name")], &[])];
        let groups = compared(&before, &after, &["name"], |causes| compare(causes).groups);
        assert_eq!(groups[0].through, [""; 0]);
    }

    #[test]
    fn values_that_are_derived_for_each_host_keep_none_apart() {
        let trial =
            Trial::of("single").after(|text| text.replace("\nnetwork:\n", "\nnetwork:\n  podMask: 25\n"));
        let [old, new] = trial.planned().expect("two clusters");
        let hosts = trial.differences([&old, &new], |differences, _| {
            let groups = differences.groups.into_iter();
            let groups = groups.filter(|group| group.path.starts_with("/etc/cni/net.d/"));
            groups.map(|group| (group.holders.len(), group.own)).collect::<Vec<_>>()
        });
        assert_eq!(hosts, [(2, true)]);
    }
}
