//! Builds that another kthw recorded: what it made otherwise is told, whether its bytes can be had or not.

use camino::Utf8PathBuf;
use kthw_store::{ActionDigest, Digest, Mac, Output, Store};
use serde_json::Value;

use crate::cluster_folder::ClusterFolder;
use crate::ran::Ran;

/// Records one more build, as if another kthw had made some nodes of the last one otherwise.
fn record(folder: &ClusterFolder, is_other: impl Fn(&str) -> bool) {
    let place = Utf8PathBuf::from_path_buf(folder.path().join(".kthw/store")).expect("plain names");
    let store = Store::open(&place).expect("the build left a store");
    let root = store.roots(None).expect("roots")[0].name.clone();
    let (_, last) = store.latest_root(&root).expect("roots").expect("the build is recorded");
    let mut record = store.record(&last).expect("readable").expect("kept");
    let mut others = 0;
    for entry in record.entries.iter_mut().filter(|entry| is_other(&entry.name)) {
        others += 1;
        let name = blake3::hash(entry.name.as_bytes());
        entry.action = ActionDigest::from_bytes(*name.as_bytes());
        entry.output = match entry.output {
            Output::Secret(_) => Output::Secret(Mac::from_bytes(*name.as_bytes())),
            _ => Output::Public(Digest::from_bytes(*name.as_bytes())),
        };
    }
    assert!(others > 0, "there are such nodes");
    store.append_root(&root, &record).expect("our own store");
}

fn files(said: Ran) -> Vec<Value> {
    let report: Value = serde_json::from_str(&said.exits(0).stdout).expect("a document");
    report["files"].as_array().expect("a list").clone()
}

fn paths(files: &[Value]) -> Vec<&str> {
    files.iter().map(|file| file["path"].as_str().expect("a path")).collect()
}

#[test]
fn what_was_derived_and_cannot_be_made_again_is_told_by_its_digest() {
    let folder = ClusterFolder::of_example("ha-ipvs");
    folder.build();
    record(&folder, |name| {
        name.starts_with("disk/") || name == "machine/worker0/user-data" || name == "machine/worker0/seed.img"
    });
    for args in [["build:2", "."], [".", "build:2"]] {
        let files = files(folder.kthw(&[&["diff", "--format", "json"], &args[..]].concat()));
        let worker: Vec<&Value> =
            files.iter().filter(|file| file["hosts"] == serde_json::json!(["worker0"])).collect();
        assert_eq!(worker.len(), 2, "{files:#?}");
        assert_eq!(files.len(), 3, "{:?}", paths(&files));
        for file in &files {
            assert!(file["fields"]["rows"].as_array().is_some_and(|rows| !rows.is_empty()), "{file:#}");
        }
        for format in ["text", "markdown", "html"] {
            folder.kthw(&[&["diff", "--format", format], &args[..]].concat()).exits(0);
        }
        folder.kthw(&[&["plan"], &args[..]].concat()).exits(0);
    }
    let said = folder.kthw(&["diff", "build:2", "."]).exits(0).stdout;
    assert!(said.contains("  digest\n-   b3:"), "{said}");
}

#[test]
fn the_same_of_it_is_told_without_the_root() {
    let folder = ClusterFolder::single();
    folder.build();
    record(&folder, |name| {
        ["config/crictl", "host/worker-node-1/kubelet.conf"].contains(&name) || name.ends_with("/bundle")
    });
    let with = files(folder.kthw(&["diff", "--format", "json", "build:2", "."]));
    assert!(paths(&with).contains(&"/etc/crictl.yaml"), "{:?}", paths(&with));
    std::fs::remove_file(folder.path().join("kthw.root")).expect("our own folder");
    let without = files(folder.kthw(&["diff", "--format", "json", "build:2", "."]));
    assert_eq!(paths(&with), paths(&without));
    for (with, without) in with.iter().zip(&without) {
        assert_eq!(with["hosts"], without["hosts"]);
    }
    // What this kthw recorded is as this kthw would have it.
    assert!(files(folder.kthw(&["diff", "--format", "json", "build:1", "."])).is_empty());
}
