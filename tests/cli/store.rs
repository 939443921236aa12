//! The store as its user meets it: where it is, what stays, whether it is well.

use crate::cluster_folder::ClusterFolder;
use crate::ran::Ran;

#[test]
fn the_store_is_where_one_says() {
    let folder = ClusterFolder::single();
    folder.kthw(&["build", "--store", "../flag"]).exits(0);
    assert!(folder.exists("../flag/store.db") && !folder.exists(".kthw/store"));
    let variable = || {
        let mut command = folder.command(&["build", "--json"]);
        Ran::of(command.env("KTHW_STORE", folder.place().join("variable"))).summary()
    };
    assert!(variable().executed > 0, "a new store is empty");
    assert!(folder.exists("../variable/store.db") && !folder.exists(".kthw/store"));
    assert_eq!(variable().executed, 0);
}

#[test]
fn a_store_is_shared_by_clusters() {
    let (one, two) = (ClusterFolder::single(), ClusterFolder::single());
    let store = one.place().join("shared");
    let build = |folder: &ClusterFolder| {
        Ran::of(folder.command(&["build", "--json"]).env("KTHW_STORE", &store)).summary()
    };
    assert!(build(&one).executed > 0);
    assert_eq!(build(&two).executed, 0, "what one cluster made, another need not");
}

#[test]
fn collecting_keeps_what_the_latest_build_needs() {
    let folder = ClusterFolder::single();
    folder.build();
    let spec = folder.read("cluster.yaml");
    for domain in ["a.example", "b.example"] {
        folder.write("cluster.yaml", &spec.replace("cluster.local", domain));
        folder.build();
    }
    let would = folder.kthw(&["gc", "--keep", "1", "--dry-run"]).result();
    assert!(would.starts_with("would delete 2 builds, "), "{would}");
    assert_eq!(folder.kthw(&["gc", "--keep", "1"]).result(), would.replace("would delete", "deleted"));
    assert_eq!(folder.build().executed, 0, "the fingerprint still holds");
    folder.kthw(&["snapshot"]).exits(0);
    let nothing = folder.kthw(&["gc", "--keep", "1"]).result();
    assert_eq!(nothing, "deleted 0 builds, 0 realisations, 0 blobs, 0 bytes\n");
    folder.write("cluster.yaml", &spec);
    assert!(folder.build().executed > 0, "what was collected is made again");
}

#[test]
fn the_latest_build_is_never_collected() {
    let folder = ClusterFolder::single();
    folder.build();
    folder.kthw(&["gc", "--keep", "0"]).exits(2);
    folder.kthw(&["gc", "--keep", "1"]).exits(0);
    assert_eq!(folder.build().executed, 0);
}

#[test]
fn looking_after_a_store_makes_none() {
    let folder = ClusterFolder::single();
    for command in [&["gc"][..], &["store", "verify"], &["store", "repair"]] {
        let refused = folder.kthw(command).refusal(1);
        assert!(refused.contains("there is no store at"), "{refused}");
    }
    assert!(!folder.exists(".kthw"));
}

#[test]
fn a_store_that_is_well_is_said_to_be() {
    let folder = ClusterFolder::single();
    folder.build();
    let verified = folder.kthw(&["store", "verify"]).result();
    assert!(verified.ends_with(" bytes are as they should be\n"), "{verified}");
    assert_eq!(folder.kthw(&["store", "repair"]).result(), "nothing is damaged\n");
}
