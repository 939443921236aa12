//! Where each golden file goes: below the roles of its hosts where most of them share it, or below its host.

use std::collections::{BTreeMap, HashMap, HashSet};

use kthw_graph::NodeId;
use kthw_store::{Digest, Output};

use super::text::{Entry, Text};
use super::{Golden, GoldenFiles, NODES, listing, nodes, pki, share};
use crate::artifact::Artifact;
use crate::cluster::{Cluster, Host};
use crate::file_list::{FILE_LIST, FileList, golden_files};
use crate::plan;
use crate::side::{self, Side};

/// The golden files of a side of the cluster with this id. Of nodes that are not realised they only say that they are there.
pub fn files(side: Side<'_>, cluster: &Cluster, id: &str) -> GoldenFiles {
    let outputs = Outputs { side, keyed: side::keyed(side.graph) };
    let mut golden = outputs.all(cluster);
    let shown = golden.values().filter_map(|file| match file {
        Golden::Output { digest, .. } => Some(*digest),
        Golden::Text(_) => None,
    });
    let nodes = nodes::nodes(side, &shown.collect());
    golden.insert(NODES.to_owned(), Golden::Text(nodes));
    golden.insert(FILE_LIST.to_owned(), Golden::Text(list(&golden, id)));
    golden
}

/// The list of all golden files, which says what `kthw snapshot` may remove.
fn list(golden: &GoldenFiles, id: &str) -> Text {
    let line = |(path, file): (&String, &Golden)| {
        let about = match file {
            Golden::Output { node, bundle, .. } => std::iter::once(*node).chain(*bundle).collect(),
            Golden::Text(text) => text.entries.first().map(|entry| entry.about.clone()).unwrap_or_default(),
        };
        Entry { text: format!("{path}\n"), about }
    };
    let title = Entry { text: FileList::title(&golden_files(id)), about: Vec::new() };
    Text::lines(std::iter::once(title).chain(golden.iter().map(line)).collect())
}

/// The files of one host, by path.
type HostFiles = BTreeMap<String, Golden>;

struct Outputs<'a> {
    side: Side<'a>,
    keyed: HashSet<NodeId>,
}

impl<'a> Outputs<'a> {
    /// Every golden file but the list of nodes.
    fn all(&self, cluster: &Cluster) -> GoldenFiles {
        let machines = self.machines();
        let mut golden = GoldenFiles::new();
        for (roles, hosts) in share::by_roles(cluster) {
            self.add_hosts(&mut golden, &roles, &hosts, &machines);
        }
        for (host, text) in pki::certificates(self.side.graph) {
            let folder = host.map(|host| format!("hosts/{host}/")).unwrap_or_default();
            golden.insert(format!("{folder}pki.txt"), Golden::Text(text));
        }
        for id in self.side.graph.order() {
            let name = self.side.name(*id);
            if plan::is_for_monitoring(name) {
                golden.extend(self.golden(*id, None).map(|file| (name.to_owned(), file)));
            }
        }
        for (path, id) in plan::machine_files(self.side.graph).filter(|(path, _)| !path.contains('/')) {
            golden.extend(self.golden(id, None).map(|file| (format!("machines/{path}"), file)));
        }
        golden
    }

    /// What is golden of a node's output: public text that does not follow from a key.
    fn golden(&self, node: NodeId, bundle: Option<NodeId>) -> Option<Golden> {
        match self.side.action(node) {
            Artifact::UserData(user_data) => {
                let entry = Entry { text: user_data.outline(), about: vec![node] };
                return Some(Golden::Text(Text::lines(vec![entry])));
            }
            Artifact::DiskOverlay(_) | Artifact::SeedImage(_) => return None,
            _ if self.keyed.contains(&node) => return None,
            _ => {}
        }
        match self.side.output(node) {
            Some(Output::Public(digest)) => Some(Golden::Output { node, digest, bundle }),
            _ => None,
        }
    }

    /// The files of each host's machine.
    fn machines(&self) -> HashMap<String, Vec<(String, NodeId)>> {
        let mut machines: HashMap<String, Vec<(String, NodeId)>> = HashMap::new();
        for (path, id) in plan::machine_files(self.side.graph) {
            // A machine's folder is called as its host, wherever it is.
            if let Some((folder, file)) = path.rsplit_once('/') {
                let host = folder.rsplit('/').next().unwrap_or(folder);
                machines.entry(host.to_owned()).or_default().push((format!("machine/{file}"), id));
            }
        }
        machines
    }

    fn bundle(&self, host: &Host) -> NodeId {
        self.side.graph.find(&plan::bundle_name(&host.name)).expect("every host has a bundle")
    }

    /// The hosts that have the same roles: what most of them share once, and the rest for each.
    fn add_hosts(
        &self,
        golden: &mut GoldenFiles,
        roles: &str,
        hosts: &[&Host],
        machines: &HashMap<String, Vec<(String, NodeId)>>,
    ) {
        let own: Vec<HostFiles> = hosts.iter().map(|host| self.files_of(host, machines)).collect();
        let lines: Vec<BTreeMap<&str, Entry>> = hosts.iter().map(|host| self.lines_of(host)).collect();
        let shared = share::shared(&own, Golden::digest);
        let shared_lines = share::shared(&lines, |entry| entry.text.as_str());
        let line = |host: &&Host| Entry {
            text: format!("{} {}\n", host.name, host.arch),
            about: vec![self.bundle(host)],
        };
        let list: Vec<Entry> = hosts.iter().map(line).collect();
        let common: Vec<Entry> = shared_lines.values().map(|entry| (*entry).clone()).collect();
        for (name, entries) in [("hosts.txt", list), ("files.txt", common)] {
            if !entries.is_empty() {
                golden.insert(format!("roles/{roles}/{name}"), Golden::Text(Text::lines(entries)));
            }
        }
        for (host, lines) in hosts.iter().zip(&lines) {
            let differing = self.differing(host, lines, &shared_lines);
            if !differing.is_empty() {
                let text = Golden::Text(Text::lines(differing));
                golden.insert(format!("hosts/{}/files.txt", host.name), text);
            }
        }
        let shared: BTreeMap<String, (Digest, Golden)> =
            shared.into_iter().map(|(path, file)| (path, (file.digest(), file.clone()))).collect();
        for (host, files) in hosts.iter().zip(own) {
            for (path, file) in files {
                if shared.get(&path).is_none_or(|(digest, _)| *digest != file.digest()) {
                    golden.insert(format!("hosts/{}/{path}", host.name), file);
                }
            }
        }
        golden.extend(shared.into_iter().map(|(path, (_, file))| (format!("roles/{roles}/{path}"), file)));
    }

    fn files_of(&self, host: &Host, machines: &HashMap<String, Vec<(String, NodeId)>>) -> HostFiles {
        let bundle = self.bundle(host);
        let inputs = self.side.graph.node(bundle).inputs.iter();
        let held = inputs.filter_map(|(path, node)| {
            Some((path.trim_start_matches('/').to_owned(), self.golden(*node, Some(bundle))?))
        });
        let machine = machines.get(&host.name).into_iter().flatten();
        let machine = machine.filter_map(|(path, node)| Some((path.clone(), self.golden(*node, None)?)));
        held.chain(machine).collect()
    }

    fn lines_of(&self, host: &Host) -> BTreeMap<&'a str, Entry> {
        let id = self.bundle(host);
        match self.side.action(id) {
            Artifact::Bundle(bundle) => listing::listing(self.side, id, bundle),
            _ => BTreeMap::new(),
        }
    }

    /// The lines that are this host's alone, and those of its role that it has not.
    fn differing(
        &self,
        host: &Host,
        lines: &BTreeMap<&str, Entry>,
        shared: &BTreeMap<&str, &Entry>,
    ) -> Vec<Entry> {
        let own =
            lines.iter().filter(|(path, entry)| shared.get(*path).is_none_or(|role| role.text != entry.text));
        let missing = shared.keys().filter(|path| !lines.contains_key(*path)).map(|path| {
            let text = format!("{path}\n  is not here\n\n");
            (*path, Entry { text, about: vec![self.bundle(host)] })
        });
        let all: BTreeMap<&str, Entry> =
            own.map(|(path, entry)| (*path, entry.clone())).chain(missing).collect();
        all.into_values().collect()
    }
}
