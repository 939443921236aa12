//! A small page with a change: what this module's tests look at.

use super::{
    Arrival, ChangeGroup, ChangeKind, Changes, Detail, Drain, FieldRow, Group, Home, Hosts, NodeState, Page,
    PageHost, PageNode, Parameter, Restart, Text, Warning, Whose,
};

static AUTHORITIES: Group = Group { name: "Authorities", about: "Who is trusted." };
static CLUSTER: Group = Group { name: "Cluster", about: "All hosts." };

fn node(page: &mut Page, name: &str, kind: &'static str, home: Home, inputs: &[(&str, usize)]) -> usize {
    page.nodes.push(PageNode {
        name: name.to_owned(),
        kind,
        home,
        inputs: inputs.iter().map(|(slot, input)| ((*slot).to_owned(), *input)).collect(),
        output: format!("b3:{:064x}", page.nodes.len()),
        parameters: vec![Parameter {
            name: "name".to_owned(),
            value: name.to_owned(),
            place: Some("cluster.yaml:3 name".to_owned()),
        }],
        text: Text::Shown(format!("# {kind}\n</script><script>alert(1)</script>\n").into()),
        state: NodeState::Same,
    });
    page.nodes.len() - 1
}

/// Adds a host with a unit for each of these paths.
pub fn host(page: &mut Page, name: &str, paths: &[&str]) {
    let home = Home::Host(page.hosts.len());
    let file = |page: &mut Page, path: &str| {
        let file = path.rsplit('/').next().expect("a path has a last step");
        node(page, &format!("host/{name}/{file}"), "unit", home, &[])
    };
    let files: Vec<(&str, usize)> = paths.iter().map(|path| (*path, file(page, path))).collect();
    let bundle = node(page, &format!("host/{name}/bundle"), "bundle", home, &files);
    page.hosts.push(PageHost { name: name.to_owned(), bundle });
}

/// A control plane and two workers that are alike, one file of which changes.
pub fn page() -> Page {
    let mut page = Page { title: "small".to_owned(), hosts: Vec::new(), nodes: Vec::new(), changes: None };
    let key = node(&mut page, "pki/ca/key", "private-key", Home::Shared(&AUTHORITIES), &[]);
    node(&mut page, "pki/ca/cert", "certificate", Home::Shared(&AUTHORITIES), &[("key", key)]);
    page.nodes[key].text = Text::Withheld("It is a secret.");
    page.nodes[key].output = "mac:5d5c".to_owned();
    host(&mut page, "control", &["/etc/systemd/system/etcd.service"]);
    for worker in ["worker-1", "worker-2"] {
        host(&mut page, worker, &["/etc/systemd/system/kubelet.service"]);
    }
    let inputs: Vec<(String, usize)> = page.hosts.iter().map(|h| (h.name.clone(), h.bundle)).collect();
    let inputs: Vec<(&str, usize)> = inputs.iter().map(|(name, bundle)| (name.as_str(), *bundle)).collect();
    node(&mut page, "cluster", "cluster", Home::Shared(&CLUSTER), &inputs);
    change(&mut page);
    page
}

fn change(page: &mut Page) {
    let find = |page: &Page, name: &str| page.nodes.iter().position(|n| n.name == name).expect("a node");
    let kubelet = find(page, "host/worker-1/kubelet.service");
    page.nodes[kubelet].state = NodeState::Cause;
    for name in ["host/worker-1/bundle", "cluster"] {
        let node = find(page, name);
        page.nodes[node].state = NodeState::Cascade;
    }
    let lines = [
        "@@ -1,2 +1,2 @@",
        " [Service]",
        "-ExecStart=/usr/local/bin/kubelet --v=2",
        "+ExecStart=/usr/local/bin/kubelet --v=4",
    ];
    let field = |name: &str, before: Option<&str>, after: Option<&str>| FieldRow {
        name: name.to_owned(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    };
    let cause = "cluster.yaml:14 components.kubelet.flags.v: 2 → 4";
    let worker = || Hosts::from_iter([1]);
    let group = |path: &str, kind, node, detail, causes: &[&str]| ChangeGroup {
        path: path.to_owned(),
        whose: Whose::Host,
        hosts: worker(),
        kind,
        node,
        detail,
        causes: causes.iter().map(|cause| (*cause).to_owned()).collect(),
        notes: Vec::new(),
    };
    page.changes = Some(Changes {
        headline: "1 of 3 hosts is touched, 1 unit restarts".to_owned(),
        facts: vec!["From yesterday to today.".to_owned()],
        warnings: vec![Warning {
            title: "Cannot simply be undone".to_owned(),
            what: "what was written is unreadable".to_owned(),
            advice: "take a copy before".to_owned(),
            causes: vec![cause.to_owned()],
        }],
        inputs: vec![cause.to_owned()],
        hosts: worker(),
        arrivals: vec![Arrival {
            host: 2,
            kind: ChangeKind::Added,
            files: 1,
            units: vec!["kubelet.service".to_owned()],
            causes: Vec::new(),
        }],
        groups: vec![
            group(
                "/etc/systemd/system/kubelet.service",
                ChangeKind::Changed,
                Some(kubelet),
                Detail::Lines(lines.map(str::to_owned).to_vec()),
                &[cause],
            ),
            group(
                "/etc/kubernetes/pki/kubelet.crt",
                ChangeKind::Added,
                None,
                Detail::Fields(vec![
                    field("subject", Some("CN=worker-1"), Some("CN=worker-1")),
                    field("names", None, Some("worker-1")),
                ]),
                &[],
            ),
            group(
                "/etc/kubernetes/pki/old.key",
                ChangeKind::Removed,
                None,
                Detail::Withheld("It is a secret.".to_owned()),
                &[],
            ),
        ],
        restarts: vec![Restart { unit: "kubelet.service".to_owned(), hosts: worker(), wave: 1 }],
        drains: vec![Drain { why: vec!["another containerd".to_owned()], hosts: worker() }],
    });
}
