//! The lock: what it pins is what is used, and nobody edits it by hand.

use std::fs;

use kthw::lock::{Checksum, Lock, Pin};

use crate::cluster_folder::ClusterFolder;
use crate::mirror::{mirror, pinned_urls};

#[test]
fn an_edited_pin_is_refused_at_its_line() {
    for (from, to) in [
        ("version = \"1.9.1\"", "version = \"1.9.2\""),
        (
            "os = \"linux\"\narch = \"amd64\"\nurl = \"https://github.com/containernetworking",
            "os = \"linux\"\narch = \"arm64\"\nurl = \"https://github.com/containernetworking",
        ),
        ("digest = \"b98f", "digest = \"a98f"),
        ("v1.9.1/cni-plugins", "v1.9.0/cni-plugins"),
    ] {
        let folder = ClusterFolder::single();
        folder.edit("kthw.lock", from, to);
        let refusal = folder.kthw(&["build"]).refusal(2);
        assert!(refusal.contains("was edited by hand\n  --> kthw.lock:12:1"), "{refusal}");
        assert!(refusal.contains("run `kthw lock`"), "{refusal}");
    }
}

#[test]
fn a_missing_lock_says_who_writes_it() {
    let folder = ClusterFolder::single();
    fs::remove_file(folder.path().join("kthw.lock")).expect("our own file");
    insta::assert_snapshot!(folder.kthw(&["build"]).refusal(2), @"error: kthw.lock does not exist; `kthw lock` writes it");
}

#[test]
fn a_new_version_needs_new_pins() {
    let folder = ClusterFolder::single();
    folder.build();
    folder.edit("cluster.yaml", "kubernetes: 1.35.1", "kubernetes: 1.36.1");
    insta::assert_snapshot!(folder.kthw(&["build"]).refusal(2), @"error: kthw.lock does not pin kube-apiserver 1.36.1, kube-controller-manager 1.36.1, kube-scheduler 1.36.1, kubectl 1.36.1, kubelet 1.36.1, kube-proxy 1.36.1, containerd 2.3.4, crictl 1.36.0 for linux/amd64; run `kthw lock`");
    insta::assert_snapshot!(folder.kthw(&["lock", "--check"]).refusal(3), @"
    error: kthw.lock does not pin kube-apiserver 1.36.1 linux/amd64
    error: kthw.lock does not pin kube-controller-manager 1.36.1 linux/amd64
    error: kthw.lock does not pin kube-scheduler 1.36.1 linux/amd64
    error: kthw.lock does not pin kubectl 1.36.1 linux/amd64
    error: kthw.lock does not pin kubelet 1.36.1 linux/amd64
    error: kthw.lock does not pin kube-proxy 1.36.1 linux/amd64
    error: kthw.lock does not pin containerd 2.3.4 linux/amd64
    error: kthw.lock does not pin crictl 1.36.0 linux/amd64
    error: kthw.lock pins containerd 2.2.7 linux/amd64, which no host needs
    error: kthw.lock pins crictl 1.35.0 linux/amd64, which no host needs
    error: kthw.lock pins kube-apiserver 1.35.1 linux/amd64, which no host needs
    error: kthw.lock pins kube-controller-manager 1.35.1 linux/amd64, which no host needs
    error: kthw.lock pins kube-proxy 1.35.1 linux/amd64, which no host needs
    error: kthw.lock pins kube-scheduler 1.35.1 linux/amd64, which no host needs
    error: kthw.lock pins kubectl 1.35.1 linux/amd64, which no host needs
    error: kthw.lock pins kubelet 1.35.1 linux/amd64, which no host needs
     |
     = help: `kthw lock` makes it so
    ");
    folder.kthw(&["lock"]).exits(0);
    folder.kthw(&["lock", "--check"]).exits(0);
    assert!(folder.build().executed > 0);
}

#[test]
fn locking_twice_changes_nothing_and_the_check_is_content() {
    let folder = ClusterFolder::single();
    let before = folder.read("kthw.lock");
    insta::assert_snapshot!(folder.kthw(&["lock", "--check"]).result(), @"kthw.lock pins all of 11 releases");
    folder.kthw(&["lock"]).exits(0);
    assert_eq!(folder.read("kthw.lock"), before);
}

#[test]
fn a_host_of_another_architecture_needs_its_own_pins() {
    let folder = ClusterFolder::single();
    folder.edit("cluster.yaml", "address: 10.0.0.37\n", "address: 10.0.0.37\n    arch: arm64\n");
    let refusal = folder.kthw(&["build"]).refusal(2);
    assert!(refusal.contains("kubelet 1.35.1") && refusal.contains("for linux/arm64"), "{refusal}");
    folder.kthw(&["lock"]).exits(0);
    let built = folder.build();
    assert_eq!(folder.build().executed, 0);
    folder.edit("cluster.yaml", "    arch: arm64\n", "");
    assert_eq!(
        folder.kthw(&["lock", "--check"]).refusal(3).matches("linux/arm64, which no host needs").count(),
        6
    );
    let back = folder.build();
    assert_ne!(back.bundles["worker-node-2"], built.bundles["worker-node-2"]);
    assert_eq!(back.bundles["worker-node-1"], built.bundles["worker-node-1"]);
}

#[test]
fn a_mirror_is_pinned_as_it_is_and_fetched_from() {
    let folder = ClusterFolder::single();
    let urls = pinned_urls(&folder);
    let mirror = mirror(&folder, urls.iter().map(String::as_str));
    let locked = folder.kthw(&["lock", "--accept-unpublished", "--mirror", &mirror]).result();
    assert!(locked.ends_with("kthw.lock pins 11 releases\n"), "{locked}");
    folder.kthw(&["lock", "--check"]).exits(0);
    let spec = folder.read("cluster.yaml");
    folder.write("cluster.yaml", &format!("{spec}\ndownloads:\n  mirrors: ['{mirror}']\n"));
    let kubelet = "worker-node-1:/usr/local/bin/kubelet";
    folder.kthw(&["build", kubelet, "--fetch"]).exits(0);
    let shown = folder.kthw(&["show", kubelet]).result();
    assert_eq!(shown, "stands for https://dl.k8s.io/release/v1.35.1/bin/linux/amd64/kubelet");
}

#[test]
fn other_bytes_than_were_published_are_refused_until_they_are_accepted_and_told_from_then_on() {
    let Some(folder) = crate::repository::single() else { return };
    let before = folder.read("kthw.lock");
    let urls = pinned_urls(&folder);
    let mirror = mirror(&folder, urls.iter().map(String::as_str));
    let refusal = folder.kthw(&["lock", "--mirror", &mirror]).refusal(1);
    assert_eq!(refusal.matches(": the mirror has sha256:").count(), 11, "{refusal}");
    let pins = Lock::parse(&before).expect("a lock");
    for pin in pins.pins() {
        let both = format!(", and published was {}\n", pin.checksum);
        assert!(refusal.contains(&both) && refusal.contains(&format!("error: {pin}: ")), "{pin}: {refusal}");
    }
    assert_eq!(folder.read("kthw.lock"), before, "nothing was pinned");

    folder.kthw(&["lock", "--accept-unpublished", "--mirror", &mirror]).exits(0);
    assert_eq!(folder.read("kthw.lock").matches("\npublished = \"").count(), 11);
    folder.kthw(&["snapshot"]).exits(0);
    let files = folder.read("snapshots/roles/worker/files.txt");
    assert!(files.contains(" kubelet 1.35.1 (not as published)"), "{files}");
    let told = "warning: kthw.lock pins other bytes than were published of\n";
    let kubelet = pins.pins().iter().find(|pin| pin.name == "kubelet").expect("a kubelet");
    let published = format!(", published was {}\n", kubelet.checksum);
    let tell = |commands: &[&[&str]]| {
        for args in commands {
            let said = folder.kthw(args).exits(0).stderr;
            assert!(said.contains(told) && said.contains(&published), "{args:?}: {said}");
        }
    };
    tell(&[&["build"], &["lock", "--check"], &["lock"], &["diff"], &["plan"], &["fetch", "--list"]]);
    crate::repository::commit(&folder, "our own programs");
    tell(&[&["lock", "--check"], &["diff"], &["plan"], &["snapshot", "--check"]]);
    let shown = folder.kthw(&["diff", "HEAD~1", "HEAD"]).result();
    assert!(shown.contains("(published was sha256:"), "{shown}");

    // The published bytes again.
    folder.write("kthw.lock", &before);
    assert!(!folder.kthw(&["lock", "--check"]).exits(0).stderr.contains("published"));
}

#[test]
fn bytes_of_which_nobody_knows_whether_they_were_published_are_marked_and_told_from_then_on() {
    let Some(folder) = crate::repository::single() else { return };
    folder.edit("cluster.yaml", "kubernetes: 1.35.1", "kubernetes: 1.35.1\n  runc: 1.4.97");
    let unknown = "https://github.com/opencontainers/runc/releases/download/v1.4.97/runc.amd64";
    let urls = pinned_urls(&ClusterFolder::single());
    let mirror = mirror(&folder, urls.iter().map(String::as_str).chain([unknown]));
    let lock = &["lock", "--accept-unpublished", "--mirror", &mirror];
    let is_marked = |text: &str| {
        let lock = Lock::parse(text).expect("a lock");
        lock.pins()
            .iter()
            .all(|pin| (pin.measured, pin.published.is_none()) == (pin.name == "runc", pin.name == "runc"))
    };
    let refusal = folder.kthw(&["lock", "--mirror", &mirror]).refusal(1);
    assert!(!refusal.contains("runc"), "{refusal}");
    let said = folder.kthw(lock).exits(0).stderr;
    let told = "kthw.lock pins what a mirror holds, since kthw knows no published checksum of";
    assert!(
        said.contains(&format!("warning: {told}\n           runc 1.4.97 linux/amd64: sha256:")),
        "{said}"
    );
    assert!(said.contains("compare them with the checksum lists of their publishers"), "{said}");
    let first = folder.read("kthw.lock");
    assert!(is_marked(&first), "{first}");
    folder.kthw(&["lock"]).exits(0);
    assert_eq!(folder.read("kthw.lock"), first, "what is pinned needs no network");
    folder.kthw(&["snapshot"]).exits(0);
    crate::repository::commit(&folder, "a release that nobody knows");

    // Without a change of anything, in every form.
    for args in [&["lock", "--check"][..], &["build"], &["diff", "--exit-code"], &["plan", "--exit-code"]] {
        let said = folder.kthw(args).exits(0).stderr;
        assert_eq!(said.matches(told).count(), 1, "{args:?}: {said}");
    }
    let other = "kthw.lock pins other bytes than were published of";
    for (args, list) in [
        (&["diff", "--format", "json"][..], Some("warnings")),
        (&["plan", "--format", "json"], Some("findings")),
        (&["diff", "--format", "markdown"], None),
        (&["diff"], None),
        (&["plan"], None),
    ] {
        let shown = folder.kthw(args).result();
        if let Some(list) = list {
            let value: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
            let found = value[list].as_array().expect("a list");
            for told in [told, other] {
                let is_told =
                    |one: &&serde_json::Value| one["what"].as_str().expect("words").starts_with(told);
                assert_eq!(found.iter().filter(is_told).count(), 1, "{shown}");
            }
        }
        assert_eq!((shown.matches(told).count(), shown.matches(other).count()), (1, 1), "{args:?}: {shown}");
    }

    // Another mirror: what is pinned was never said to be published.
    let path = mirror.strip_prefix("file://").expect("a folder").to_owned();
    let path = format!("{path}/{}", unknown.strip_prefix("https://").expect("https"));
    folder.write(&path, "other bytes");
    let refusal = folder.kthw(&["lock", "--mirror", &mirror]).refusal(1);
    let line = refusal.lines().find(|line| line.contains("runc")).expect("it is refused");
    assert!(line.contains(", and kthw.lock pins sha256:") && !line.contains("published"), "{line}");
    folder.kthw(lock).exits(0);
    let second = folder.read("kthw.lock");
    assert!(second != first && is_marked(&second), "{second}");
}

#[test]
fn a_lock_that_was_edited_by_hand_with_all_that_belongs_to_it_is_refused() {
    let folder = ClusterFolder::single();
    let mut lock = Lock::parse(&folder.read("kthw.lock")).expect("a lock");
    let edited = |pin: &Pin, published: Option<Checksum>| {
        let hex = pin.checksum.hex().chars().rev().collect::<String>();
        let checksum = Checksum::new(pin.checksum.algorithm(), &hex).expect("as many digits");
        Pin { checksum, published, ..pin.clone() }
    };
    let pins = lock.pins().to_vec();
    for number in 0..pins.len() {
        for published in [None, Some(pins[(number + 1) % pins.len()].checksum.clone())] {
            let mut all = pins.clone();
            all[number] = edited(&pins[number], published);
            lock.set_pins(all);
            folder.write("kthw.lock", &lock.render());
            let line = 1 + lock
                .render()
                .lines()
                .position(|l| l.contains(lock.pins()[number].checksum.hex()))
                .expect("it");
            for args in [&["lock", "--check"][..], &["build"], &["graph"], &["snapshot"]] {
                let refusal = folder.kthw(args).refusal(2);
                let both = format!(
                    "error: {}: kthw.lock pins {}, and its publisher published {}
",
                    pins[number],
                    lock.pins()[number].checksum,
                    pins[number].checksum
                );
                assert!(refusal.contains(&both), "{both}: {refusal}");
                assert!(refusal.contains(&format!("--> kthw.lock:{line}:1\n")), "{refusal}");
            }
            folder.kthw(&["lock"]).exits(0);
            assert_eq!(Lock::parse(&folder.read("kthw.lock")).expect("a lock").pins(), pins);
        }
    }
}

#[test]
fn a_pin_that_was_edited_is_made_anew() {
    let folder = ClusterFolder::single();
    let lock = folder.read("kthw.lock");
    folder.edit("kthw.lock", "version = \"1.9.1\"", "version = \"1.9.0\"");
    folder.kthw(&["build"]).exits(2);
    folder.kthw(&["lock", "--check"]).exits(2);
    let said = folder.kthw(&["lock"]).result();
    assert!(said.starts_with("pinned cni-plugins 1.9.1 linux/amd64 sha256:"), "{said}");
    assert_eq!(folder.read("kthw.lock"), lock);
}

#[test]
fn a_generation_that_no_key_has_is_warned_of() {
    let folder = ClusterFolder::single();
    let spoilt = "[generations]\n\"pki/admin\" = 2\n\"pki/nonsense\" = 2\n\"pki/super-admn\" = 2\n\n[epochs]";
    folder.edit("kthw.lock", "[epochs]", spoilt);
    let said = folder.kthw(&["build"]).exits(0).stderr;
    assert_eq!(said.matches("warning: no key is called").count(), 2, "{said}");
    assert!(said.contains("did you mean `pki/super-admin`?"), "{said}");
    let line = 1 + folder.read("kthw.lock").lines().position(|line| line.contains("nonsense")).expect("it");
    assert!(said.contains(&format!("kthw.lock:{line}:2\n")), "{said}");
}
