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
    fs::create_dir_all(place.join("hosts/gone/etc")).expect("our own folder");
    fs::write(place.join("hosts/gone/etc/stray"), "").expect("our own folder");
    folder.edit("snapshots/.kthw-files", "\ngraph.txt\n", "\ngraph.txt\nhosts/gone/etc/stray\n");
    let refusal = folder.kthw(&["snapshot", "--check"]).refusal(3);
    let line =
        1 + folder.read(&format!("snapshots/{unit}")).lines().position(|l| l == "[service]").expect("edited");
    for file in [
        format!("  {unit} differs from line {line} on\n"),
        "  pki.txt is new\n".to_owned(),
        "  hosts/gone/etc/stray is no longer made\n".to_owned(),
    ] {
        assert!(refusal.contains(&file), "{refusal}");
    }
    assert!(refusal.contains("error: 4 golden files are stale below snapshots\n"), "{refusal}");
    assert!(refusal.contains("`kthw snapshot` accepts it"), "{refusal}");
    let accepted = folder.kthw(&["snapshot"]).result();
    assert!(accepted.ends_with(" 4 of them changed\n"), "{accepted}");
    assert!(!place.join("hosts/gone").exists(), "a folder that an orphan leaves empty goes with it");
    folder.kthw(&["snapshot", "--check"]).exits(0);
    folder.kthw(&["snapshot", "--check", "--dir", text(&golden("single"))]).exits(0);
}

#[test]
fn a_changed_cluster_differs_from_its_golden_files() {
    let folder = ClusterFolder::single();
    folder.edit("cluster.yaml", "domain: cluster.local", "domain: k8s.example");
    let refusal = folder.kthw(&["snapshot", "--check", "--dir", text(&golden("single"))]).refusal(3);
    for file in ["hosts/control-plane-1/pki.txt", "roles/worker/etc/kubernetes/kubelet-config.yaml"] {
        assert!(refusal.contains(&format!("  {file} differs")), "{file}: {refusal}");
    }
    // The list of nodes says nothing of what other golden files say.
    assert!(!refusal.contains("crictl.yaml") && !refusal.contains("graph.txt"), "{refusal}");
}

#[test]
fn a_folder_of_something_else_is_left_alone() {
    let folder = ClusterFolder::single();
    let refusal = folder.kthw(&["snapshot", "--dir", "."]).refusal(2);
    assert!(refusal.contains(". is, or holds, "), "{refusal}");
    assert!(folder.exists("cluster.yaml") && !folder.exists("graph.txt"));
}

/// Makes the root secret go, as in a clone.
fn without_root(name: &str) -> ClusterFolder {
    let folder = ClusterFolder::of_example(name);
    fs::remove_file(folder.path().join("kthw.root")).expect("our own file");
    folder
}

#[test]
fn golden_files_are_checked_and_written_without_the_root_as_with_it() {
    for name in examples() {
        let folder = without_root(&name);
        let checked = folder.kthw(&["snapshot", "--check", "--dir", text(&golden(&name))]).result();
        assert!(checked.ends_with(" are as the build yields them\n"), "{checked}");
        folder.kthw(&["snapshot"]).exits(0);
        let written = folder.path().join("snapshots");
        let checked =
            ClusterFolder::of_example(&name).kthw(&["snapshot", "--check", "--dir", text(&written)]);
        checked.exits(0);
    }
}

/// Golden files name no keys and nothing that follows from them: these digests pin every byte of the examples, keys,
/// certificates and kubeconfigs included.
#[test]
fn every_example_is_the_same_cluster_on_every_machine() {
    let mut names = examples();
    names.sort();
    let mut identities = String::new();
    for name in names {
        let built = ClusterFolder::of_example(&name).build();
        identities += &format!("{name} {}\n", built.cluster);
        for (host, bundle) in built.bundles {
            identities += &format!("  {host} {bundle}\n");
        }
    }
    insta::assert_snapshot!("identities", identities);
}

#[test]
fn whatever_changes_a_secret_or_a_certificate_is_noticed_without_the_root() {
    for (file, from, to, stale) in [
        ("cluster.yaml", "https://10.0.0.4:6443", "https://10.0.0.4:6444", "kubelet.conf"),
        ("kthw.lock", "encryption = [1]", "encryption = [2, 1]", "config/encryption"),
        (
            "kthw.lock",
            "\n[[pin]]\nname = \"cni-plugins\"",
            "\n[generations]\n\"pki/ca\" = 2\n\n[[pin]]\nname = \"cni-plugins\"",
            "pki/ca/key",
        ),
    ] {
        let folder = without_root("single");
        folder.edit(file, from, to);
        let before = fs::read_to_string(golden("single").join("graph.txt")).expect("a golden file");
        let refusal = folder.kthw(&["snapshot", "--check", "--dir", text(&golden("single"))]).refusal(3);
        assert!(refusal.contains("  graph.txt differs from line "), "{stale}: {refusal}");
        let whole = ClusterFolder::single();
        whole.edit(file, from, to);
        whole.kthw(&["snapshot"]).exits(0);
        let recipe = |list: &str| {
            let mut lines = list.lines().skip_while(|line| !line.contains(stale));
            lines.find(|line| line.starts_with("  of:")).expect("a recipe").to_owned()
        };
        assert_ne!(recipe(&before), recipe(&whole.read("snapshots/graph.txt")), "{stale}");
    }
}

#[test]
fn a_root_of_another_cluster_is_refused_even_to_check() {
    let folder = without_root("single");
    let other = ClusterFolder::empty();
    other.kthw(&["init"]).exits(0);
    fs::create_dir_all(folder.path().join(".kthw")).expect("our own folder");
    fs::copy(other.path().join(".kthw/root"), folder.path().join(".kthw/root")).expect("our own file");
    let refusal = folder.kthw(&["snapshot", "--check", "--dir", text(&golden("single"))]).refusal(2);
    assert!(refusal.contains("and kthw.lock belongs to root:"), "{refusal}");
}

#[test]
fn a_command_to_copy_is_one_for_a_shell() {
    let folder = ClusterFolder::single();
    fs::rename(folder.path(), folder.place().join("my cluster")).expect("our own folder");
    fs::create_dir(folder.path()).expect("our own folder");
    let refusal = folder.kthw(&["snapshot", "--check", "-C", "../my cluster", "--dir", "../it's"]).refusal(3);
    assert!(refusal.contains("`kthw -C '../my cluster' snapshot --dir \"../it's\"` accepts it"), "{refusal}");
    let refusal = folder.kthw(&["build", "-C", "../a b"]).refusal(2);
    assert!(refusal.contains("`kthw init '../a b'` makes one"), "{refusal}");
    let built = folder.kthw(&["build", "-C", "../my cluster"]).exits(0);
    assert!(built.stderr.contains("kthw -C '../my cluster' show "), "{}", built.stderr);
}
