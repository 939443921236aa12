//! What scripts rely on: exit codes, which stream says what, `build --json`, and where the cluster is.

use std::fs::File;
use std::io::Read as _;
use std::process::Stdio;

use crate::cluster_folder::{ClusterFolder, KTHW};
use crate::judge::judge;
use crate::ran::{PUBLIC_ROOT, Ran};

#[test]
fn a_build_ends_with_one_object_and_the_second_has_nothing_to_do() {
    let folder = ClusterFolder::single();
    let first = folder.build();
    assert_eq!(first.nodes, first.executed + first.reused);
    assert!(first.executed > 50, "{first:?}");
    assert_eq!(
        first.bundles.keys().collect::<Vec<_>>(),
        ["control-plane-1", "worker-node-1", "worker-node-2"]
    );
    let second = folder.build();
    assert_eq!((second.executed, second.reused), (0, first.nodes));
    assert_eq!((second.cluster, second.bundles), (first.cluster, first.bundles));
}

#[test]
fn the_object_has_these_keys_in_this_order() {
    let printed = ClusterFolder::single().kthw(&["build", "--json"]).result();
    assert_eq!(printed.lines().count(), 1, "{printed}");
    let keys = ["{\"nodes\":", ",\"executed\":", ",\"reused\":", ",\"cluster\":\"b3:", ",\"bundles\":{"];
    let places: Vec<_> = keys.iter().map(|key| printed.find(key).expect(key)).collect();
    assert!(places.is_sorted() && places[0] == 0, "{printed}");
}

#[test]
fn results_go_to_stdout_and_messages_to_stderr() {
    let folder = ClusterFolder::single();
    let built = folder.kthw(&["build"]).exits(0);
    insta::assert_snapshot!(built.stdout, @"
    116 nodes: 93 made, 23 as they were
    cluster b3:028e3bb75275ac30ca992cf92924fe84e46e9e8a9e233b63b6303fef46eac26d
      control-plane-1  b3:926a4587e8d8264baf9fe5b83a2df5c7412380a3be976c23779cfcf4ae0dbf2f
      worker-node-1    b3:ad1d01a7824b2731cb0302b2d635f82794cdbd225e0a64d2cfa0fcdf6502cc97
      worker-node-2    b3:6599642ee012b1d964f5ec9a6149a4780b1265bf95c7e50365fdd85409dcbf48
    ");
    insta::assert_snapshot!(built.stderr, @"
    warning: this cluster's root secret is a public example: anyone can derive every key of it
     |
     = help: `kthw init` makes a cluster with a root secret of its own

    look at a file    kthw show control-plane-1:/etc/systemd/system/etcd.service
    ask about it      kthw why control-plane-1:/etc/systemd/system/etcd.service
    see everything    kthw graph
    get the binaries  kthw fetch
    ");
    let again = folder.kthw(&["build"]).exits(0);
    insta::assert_snapshot!(again.stdout, @"
    nothing to do: 116 nodes are as they should be
    cluster b3:028e3bb75275ac30ca992cf92924fe84e46e9e8a9e233b63b6303fef46eac26d
      control-plane-1  b3:926a4587e8d8264baf9fe5b83a2df5c7412380a3be976c23779cfcf4ae0dbf2f
      worker-node-1    b3:ad1d01a7824b2731cb0302b2d635f82794cdbd225e0a64d2cfa0fcdf6502cc97
      worker-node-2    b3:6599642ee012b1d964f5ec9a6149a4780b1265bf95c7e50365fdd85409dcbf48
    ");
    assert_eq!(folder.kthw(&["build", "--json"]).exits(0).stderr, PUBLIC_ROOT, "a machine needs no advice");
}

#[test]
fn nothing_printed_to_a_pipe_is_coloured() {
    let folder = ClusterFolder::single();
    for args in [&["build"][..], &["why", "cluster"], &["graph"], &["build", "nothing"]] {
        let Ran { stdout, stderr, .. } = folder.kthw(args);
        assert!(!stdout.contains('\u{1b}') && !stderr.contains('\u{1b}'), "{args:?}");
    }
}

#[test]
fn a_result_that_does_not_arrive_is_a_failure_on_a_full_disk_and_ends_quietly_in_a_closed_pipe() {
    let folder = ClusterFolder::single();
    let unread = |args: &[&str]| {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let ended = folder.command(args).stdout(writer).stderr(Stdio::piped()).output().expect("it runs");
        let said = String::from_utf8(ended.stderr).expect("UTF-8");
        assert_eq!(ended.status.code(), Some(141), "{args:?}: half a file must not pass for one: {said}");
        assert!(!said.contains("error") && !said.contains("pipe"), "{args:?}: {said}");
    };
    for args in
        [&["schema"][..], &["man"], &["completions", "bash"], &["diff", "build"], &["plan", "build"], &["gc"]]
    {
        folder.kthw(&["build"]).exits(0);
        unread(args);
    }
    for args in [&["build"][..], &["build", "--json"], &["kubeconfig"], &["graph"], &["show", "pki/ca/cert"]]
    {
        let full = File::options().write(true).open("/dev/full").expect("Linux has it");
        let mut child = folder.command(args).stdout(full).stderr(Stdio::piped()).spawn().expect("it runs");
        let mut said = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut said).expect("UTF-8");
        assert_eq!(child.wait().expect("our own child").code(), Some(1), "{args:?}");
        assert!(said.contains("error: cannot write the result to stdout: No space left on device"), "{said}");
        unread(args);
    }
}

#[test]
fn wrong_usage_ends_with_2() {
    let folder = ClusterFolder::single();
    for args in [
        &["bild"][..],
        &[],
        &["build", "--jsno"],
        &["graph", "--format", "png"],
        &["show"],
        &["gc", "--keep", "many"],
        &["init", "elsewhere", "--preset", "huge"],
        &["lock", "--check", "--mirror", "file:///srv"],
        &["build", "--fail-if-expiring", "soon"],
    ] {
        let ran = folder.kthw(args);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn a_cluster_file_with_problems_ends_with_2_and_shows_all_of_them() {
    let folder = ClusterFolder::single();
    folder.edit("cluster.yaml", "services: 10.96.0.0/24", "services: 10.96.0.0/33");
    folder.edit("cluster.yaml", "address: 10.0.0.37", "address: 10.0.0.36");
    folder.edit("cluster.yaml", "name: worker-node-1", "name: Worker_1");
    insta::assert_snapshot!(folder.kthw(&["build"]).refusal(2), @"
    error: network.services 10.96.0.0/33 is not a range of addresses
      --> cluster.yaml:13:13
       |
    13 |   services: 10.96.0.0/33
       |             ^^^^^^^^^^^^
       |
       = help: write it in CIDR notation, for instance 10.96.0.0/24
    error: hosts[1].name Worker_1 is not a DNS name (RFC 1123)
      --> cluster.yaml:29:11
       |
    29 |   - name: Worker_1
       |           ^^^^^^^^
       |
       = help: write `worker-1`: lower-case letters, digits and hyphens, beginning and ending with a letter or digit
    error: host worker-node-2: address 10.0.0.36 is that of host Worker_1 too
      --> cluster.yaml:33:14
       |
    33 |     address: 10.0.0.36
       |              ^^^^^^^^^
       |
       = help: give every host its own address
    ");
    assert!(!folder.exists(".kthw"), "a refused cluster leaves nothing behind");
}

#[test]
fn fields_that_do_not_exist_are_all_shown() {
    let folder = ClusterFolder::single();
    folder.edit("cluster.yaml", "domain:", "domian:");
    folder.edit("cluster.yaml", "api:", "apis:");
    insta::assert_snapshot!(folder.kthw(&["build"]).refusal(2), @"
    error: unknown field `domian` in network
      --> cluster.yaml:15:3
       |
    15 |   domian: cluster.local
       |   ^^^^^^
       |
       = help: did you mean `domain`?
    error: unknown field `apis`
      --> cluster.yaml:21:1
       |
    21 | apis:
       | ^^^^
       |
       = help: did you mean `api`?
    ");
}

#[test]
fn a_folder_without_a_cluster_is_refused() {
    let folder = ClusterFolder::empty();
    insta::assert_snapshot!(folder.kthw(&["build"]).refusal(2), @"error: cluster.yaml does not exist: this is no cluster folder; `kthw init .` makes one");
}

#[test]
fn the_cluster_is_where_minus_c_says() {
    let folder = ClusterFolder::single();
    let here = folder.build();
    let there = Ran::of(folder.command(&["-C", "../cluster", "build", "--json"]).current_dir("/")).refusal(2);
    assert!(there.contains("../cluster/cluster.yaml"), "{there}");
    let mut elsewhere = folder.command(&["-C", "cluster", "build", "--json"]);
    let elsewhere = Ran::of(elsewhere.current_dir(folder.place())).summary();
    assert_eq!((elsewhere.executed, elsewhere.bundles), (0, here.bundles));
    assert!(!folder.exists("cluster"), "nothing is written below the folder named twice");
}

#[test]
fn certificates_that_run_out_fail_a_build_that_asks() {
    let folder = ClusterFolder::single();
    folder.edit("kthw.lock", "leaf = 2026", "leaf = 2001");
    folder.edit("kthw.lock", "ca = 2026", "ca = 2001");
    folder.edit("cluster.yaml", "\nhosts:", "\npki: {caCertificateValidityPeriod: 438000h}\n\nhosts:");
    let refusal = folder.kthw(&["build", "--fail-if-expiring", "30d"]).refusal(1);
    assert!(refusal.contains("error: pki/admin/cert expires at 2002-11-20T00:00:00Z"), "{refusal}");
    assert!(!refusal.contains("pki/ca/cert"), "{refusal}");
    folder.edit("kthw.lock", "leaf = 2001", "leaf = 2200");
    folder.edit("kthw.lock", "ca = 2001", "ca = 2200");
    let refusal = folder.kthw(&["build", "--fail-if-expiring", "0s"]).refusal(1);
    assert!(refusal.contains("error: pki/admin/cert is not valid before 2200-11-19T23:55:00Z"), "{refusal}");
    assert!(refusal.contains("error: pki/ca/cert is not valid before"), "{refusal}");
    folder.edit("kthw.lock", "leaf = 2200", "leaf = 2001");
    folder.edit("kthw.lock", "ca = 2200", "ca = 2001");
    let decades = "pki: {certificateValidityPeriod: 700000h, caCertificateValidityPeriod: 800000h}";
    folder.edit("cluster.yaml", "pki: {caCertificateValidityPeriod: 438000h}", decades);
    folder.kthw(&["build", "--fail-if-expiring", "30d"]).exits(0);
}

#[test]
fn a_file_that_a_flag_names_and_nothing_provides_is_warned_of() {
    let folder = ClusterFolder::single();
    let flags = "\ncomponents:\n  kube-apiserver:\n    flags:\n      tracing-config-file: /etc/kubernetes/tracing.yaml\n      \
                 audit-webhook-config-file: /etc/kubernetes/pki/ca.cr\n      egress-selector-config-file: /etc/kubernetes/pki/ca.crt\n";
    let text = folder.read("cluster.yaml") + flags;
    folder.write("cluster.yaml", &text);
    let said = folder.kthw(&["build"]).exits(0).stderr;
    assert_eq!(said.matches("nothing here puts this file on host control-plane-1").count(), 2, "{said}");
    assert!(said.contains("did you mean `/etc/kubernetes/pki/ca.crt`?"), "{said}");
    let line = 1 + text.lines().position(|line| line.contains("tracing")).expect("it is there");
    assert!(said.contains(&format!("cluster.yaml:{line}:28\n")), "{said}");
}

#[test]
fn a_build_with_nothing_to_do_looks_at_the_clock() {
    let Some(mut faketime) = judge("faketime") else { return };
    let folder = ClusterFolder::single();
    folder.build();
    faketime.args(["2099-01-01 00:00:00", KTHW, "build"]).current_dir(folder.path()).env_clear();
    let ran = Ran::of(faketime.env("HOME", folder.place())).exits(0);
    assert!(ran.stderr.contains("are not valid any more: they expired at 20"), "{}", ran.stderr);
    assert!(ran.stdout.starts_with("nothing to do: "), "{}", ran.stdout);
}

#[test]
fn certificates_that_nobody_accepts_are_told_by_every_build() {
    let folder = ClusterFolder::single();
    let told = |part: &str| {
        let said = folder.kthw(&["build"]).exits(0).stderr;
        assert!(said.contains(part), "{part}: {said}");
    };
    folder.edit("kthw.lock", "leaf = 2026", "leaf = 2200");
    folder.edit("kthw.lock", "ca = 2026", "ca = 2200");
    // The second time there is nothing to build.
    told("are not valid before 2200-11-19T23:55:00Z, which is in the future");
    told("are not valid before 2200-11-19T23:55:00Z, which is in the future");
    folder.edit("kthw.lock", "leaf = 2200", "leaf = 2001");
    folder.edit("kthw.lock", "ca = 2200", "ca = 2001");
    told("are not valid any more: they expired at 2002-11-20T00:00:00Z");
    told("= help: renew them with another epoch `leaf` in kthw.lock");
}
