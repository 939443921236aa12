//! Real machines: what boots is what was planned.

#![expect(clippy::disallowed_methods, reason = "tests read what was written")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::base_image::base_image;
use crate::cluster_folder::ClusterFolder;
use crate::guest::{Guest, Key, LeftRunning};

const HOSTS: [(&str, &str); 2] = [("control-plane-1", "10.0.0.4"), ("worker-node-1", "10.0.0.36")];

/// Every file of a tree: path to digest, mode and owner, as [`LIST`] prints it in a machine.
fn tree(top: &Path) -> BTreeMap<String, String> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![top.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let digest = Sha256::digest(fs::read(&path).expect("a file"));
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            let mode = fs::metadata(&path).expect("a file").permissions().mode() & 0o7777;
            let path = format!("/{}", path.strip_prefix(top).expect("it is below").display());
            found.insert(path, format!("{digest} {mode:o} root:root"));
        }
    }
    found
}

/// Prints the digest, mode and owner of each of the files that follow.
const LIST: &str =
    r#"for f; do echo "$f $(sha256sum < "$f" | cut -d' ' -f1) $(stat -c '%a %U:%G' "$f")"; done"#;

/// What `kthw vm status --json` says, by host.
fn status(folder: &ClusterFolder) -> BTreeMap<String, Value> {
    let all: Vec<Value> =
        serde_json::from_str(&folder.kthw(&["vm", "status", "--json"]).result()).expect("JSON");
    all.into_iter().map(|one| (one["host"].as_str().expect("a name").to_owned(), one)).collect()
}

#[test]
fn machines_boot_into_what_their_bundles_say_and_reach_each_other() {
    let Some(image) = base_image() else { return };
    let folder = ClusterFolder::single();
    let Some(key) = Key::new(&folder) else { return };
    let machines = format!(
        "\nmachines:\n  cpus: 1\n  memory: 1GiB\n  disk: 4GiB\n  image:\n    amd64: {{url: \"file://{}\", checksum: \
         \"sha256:{}\"}}\n  user: {{sshAuthorizedKeys: [{}]}}\n  userData: {{locale: false, bootcmd: [[touch, \
         /var/tmp/started]]}}\n",
        image.path.display(),
        image.sha256,
        key.public,
    );
    folder.write("cluster.yaml", &(folder.read("cluster.yaml") + &machines));
    let left = LeftRunning(folder.path().join(".kthw/machines"));
    folder.kthw(&["build", "--out", "out"]).exits(0);

    let hosts = HOSTS.map(|(host, _)| host);
    let up = folder.kthw(&["vm", "up", "--emulate", hosts[0], hosts[1]]).result();
    let guest = |host: &str| {
        let line = up.lines().find(|line| line.starts_with(host)).expect("each machine has a line");
        Guest { key: &key, ssh: line.split_once("ssh ").expect("how to reach it").1.to_owned() }
    };
    for (host, address) in HOSTS {
        let guest = guest(host);
        let said = guest.wait_for_cloud_init(&left.0.join("hosts").join(host).join("console.log"));
        assert!(said.contains("status: done"), "{host}: {said}");
        assert_eq!(guest.run("hostname; hostname -f").result().lines().next(), Some(host));
        let addresses = guest.run("ip -o -4 address show eth0").result();
        assert!(addresses.contains(&format!(" {address}/24 ")), "{addresses}");
        let route = guest.run("ip route show default").result();
        assert!(route.starts_with("default via 10.0.0.1 dev eth0"), "{route}");
        guest.run("test -e /var/tmp/started").exits(0);

        let mut expected = tree(&folder.path().join("out").join(host));
        assert!(
            expected.remove("/etc/kubernetes/pod-routes").is_some(),
            "what lists all workers comes later"
        );
        assert!(expected.len() > 10, "{expected:?}");
        let paths: Vec<&str> = expected.keys().map(String::as_str).collect();
        let listed = guest.run(&format!("set -- {}; {LIST}", paths.join(" "))).result();
        let listed = listed.lines().map(|line| line.split_once(' ').expect("a path and the rest"));
        let found: BTreeMap<String, String> = listed.map(|(path, rest)| (path.into(), rest.into())).collect();
        assert_eq!(found, expected, "{host}");
        let kubernetes = guest.run("find /etc/kubernetes -type f | sort").result();
        let ours: Vec<&str> =
            paths.iter().filter(|path| path.starts_with("/etc/kubernetes/")).copied().collect();
        assert_eq!(kubernetes.lines().collect::<Vec<_>>(), ours, "nothing else, no secret above all");
    }
    for (from, to) in [(hosts[0], hosts[1]), (hosts[1], hosts[0])] {
        let greeting = guest(from).run(&format!("exec 3<>/dev/tcp/{to}/22 && head -c 4 <&3")).result();
        assert_eq!(greeting, "SSH-", "{from} reaches {to} by its name");
    }

    let statuses = status(&folder);
    for host in hosts {
        assert_eq!(statuses[host]["state"], "running");
        assert_eq!(statuses[host]["stale"], serde_json::json!([]));
        assert!(statuses[host]["pid"].is_u64());
    }
    assert_eq!(statuses["worker-node-2"]["state"], "absent");
    console_talks(&folder, hosts[0]);

    folder.edit("cluster.yaml", "/var/tmp/started", "/var/tmp/begun");
    assert_eq!(status(&folder)[hosts[0]]["stale"], serde_json::json!(["seed"]));
    let again = folder.kthw(&["vm", "up", hosts[0]]);
    assert!(again.stderr.contains("control-plane-1 runs already"), "{}", again.stderr);

    let down = folder.kthw(&["vm", "down"]).exits(0);
    assert!(!down.stderr.contains("switched off"), "they shut down by themselves: {}", down.stderr);
    for host in hosts {
        assert_eq!(status(&folder)[host]["state"], "stopped");
        let console = fs::read(left.0.join("hosts").join(host).join("console.log")).expect("a log");
        assert!(String::from_utf8_lossy(&console).contains("reboot: Power down"), "{host}");
    }
    assert_eq!(left.noted(), [], "the network ends with its last machine");
    folder.kthw(&["vm", "down", "--destroy", hosts[0]]).exits(0);
    let statuses = status(&folder);
    assert_eq!(
        (&statuses[hosts[0]]["state"], &statuses[hosts[1]]["state"]),
        (&"absent".into(), &"stopped".into())
    );
}

/// Asks for a login on the serial console, and leaves it.
fn console_talks(folder: &ClusterFolder, host: &str) {
    let mut console = folder.command(&["vm", "console", host]);
    let console = console.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut console = console.spawn().expect("kthw runs");
    let (mut keys, mut screen) =
        (console.stdin.take().expect("a pipe"), console.stdout.take().expect("a pipe"));
    keys.write_all(b"\n").expect("the console listens");
    let (mut seen, mut buffer) = (Vec::new(), [0; 256]);
    while !String::from_utf8_lossy(&seen).contains("login:") {
        let length = screen.read(&mut buffer).expect("a pipe");
        assert!(length > 0, "the console ended: {}", String::from_utf8_lossy(&seen));
        seen.extend(&buffer[..length]);
    }
    keys.write_all(b"\x1d").expect("the console listens");
    assert!(console.wait().expect("our own child").success());
}
