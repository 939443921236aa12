//! The golden files of every example: a change of any rendered byte fails here until it is accepted.

#![expect(clippy::disallowed_methods, reason = "tests copy and edit golden files")]

use std::fs;
use std::path::{Path, PathBuf};

use crate::cluster_folder::{ClusterFolder, example};

/// The names of all examples.
fn examples() -> Vec<String> {
    let entries = fs::read_dir(example("")).expect("there are examples");
    let entries = entries.map(|entry| entry.expect("examples can be listed"));
    let name = |entry: fs::DirEntry| entry.file_name().into_string().expect("examples have plain names");
    entries.filter(|entry| entry.path().is_dir()).map(name).collect()
}

fn golden(example: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(example)
}

/// Copies a folder and all that is in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("our own folder");
    for entry in fs::read_dir(from).expect("golden files are there") {
        let entry = entry.expect("golden files can be listed");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("golden files can be copied");
        }
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("plain names")
}

#[test]
fn every_example_yields_its_golden_files() {
    for name in examples() {
        let folder = ClusterFolder::of_example(&name);
        let checked = folder.kthw(&["snapshot", "--check", "--dir", text(&golden(&name))]);
        assert_eq!(
            checked.code,
            Some(0),
            "{name}; if it is meant: \
            kthw snapshot -C examples/{name} --dir snapshots/{name}\n{}",
            checked.stderr
        );
    }
}

#[test]
fn every_golden_file_belongs_to_an_example() {
    let known = examples();
    for entry in fs::read_dir(golden("")).expect("there are golden files") {
        let name = entry.expect("golden files can be listed").file_name();
        assert!(known.iter().any(|known| **known == *name), "snapshots/{} has no example", name.display());
    }
}

#[test]
fn one_changed_byte_is_named_with_its_file_and_line() {
    let folder = ClusterFolder::single();
    let place = folder.path().join("snapshots");
    copy(&golden("single"), &place);
    let unit = "hosts/worker-node-1/etc/systemd/system/kubelet.service";
    folder.edit(&format!("snapshots/{unit}"), "[Service]", "[service]");
    fs::remove_file(place.join("pki.txt")).expect("our own file");
    fs::write(place.join("hosts/stray"), "").expect("our own folder");
    let refusal = folder.kthw(&["snapshot", "--check"]).refusal(3);
    let line =
        1 + folder.read(&format!("snapshots/{unit}")).lines().position(|l| l == "[service]").expect("edited");
    assert!(refusal.contains(&format!("error: {unit} differs from line {line} on\n")), "{refusal}");
    assert!(refusal.contains("error: pki.txt is new\n"), "{refusal}");
    assert!(refusal.contains("error: hosts/stray is no longer made\n"), "{refusal}");
    assert_eq!(refusal.matches("error: ").count(), 3, "{refusal}");
    assert!(refusal.contains("`kthw snapshot` accepts it"), "{refusal}");
    let accepted = folder.kthw(&["snapshot"]).result();
    assert!(accepted.ends_with(" 3 of them changed\n"), "{accepted}");
    folder.kthw(&["snapshot", "--check"]).exits(0);
    folder.kthw(&["snapshot", "--check", "--dir", text(&golden("single"))]).exits(0);
}

#[test]
fn a_changed_cluster_differs_from_its_golden_files() {
    let folder = ClusterFolder::single();
    folder.edit("cluster.yaml", "domain: cluster.local", "domain: k8s.example");
    let refusal = folder.kthw(&["snapshot", "--check", "--dir", text(&golden("single"))]).refusal(3);
    for file in ["graph.txt", "pki.txt", "bundles/worker-node-1.json", "kubelet-config.yaml", "apiserver.crt"]
    {
        assert!(refusal.contains(file), "{file}: {refusal}");
    }
    assert!(!refusal.contains("crictl.yaml"), "{refusal}");
}
