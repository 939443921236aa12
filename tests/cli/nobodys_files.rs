//! Files that are somebody else's: no command overwrites, removes or follows them, whatever a repository holds.

#![expect(clippy::disallowed_methods, reason = "tests plant files and look at them")]

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::cluster_folder::ClusterFolder;
use crate::repository::git;

const LIST: &str = ".kthw-files";

/// A real cluster, with a root of its own.
fn cluster() -> ClusterFolder {
    let folder = ClusterFolder::empty();
    folder.kthw(&["init"]).exits(0);
    folder
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).permissions().mode() & 0o777
}

/// What must never change, whatever is asked for.
fn valuables(folder: &ClusterFolder) -> Vec<Vec<u8>> {
    let names =
        [".kthw/root", "cluster.yaml", "kthw.lock", ".git/HEAD", ".git/config", "../neighbour/letter"];
    names.map(|name| fs::read(folder.path().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))).to_vec()
}

/// A real cluster in a repository, with a neighbour.
fn repository() -> Option<ClusterFolder> {
    let folder = cluster();
    git(&folder.path(), &["init", "--quiet"])?.exits(0);
    let neighbour = folder.place().join("neighbour");
    fs::create_dir(&neighbour).expect("our own folder");
    fs::write(neighbour.join("letter"), "dear neighbour").expect("our own folder");
    Some(folder)
}

#[test]
fn no_folder_is_filled_that_is_or_holds_or_lies_in_what_is_not_for_output() {
    let Some(folder) = repository() else { return };
    let before = valuables(&folder);
    let path = folder.path();
    for (name, target) in
        [("here", "."), ("up", ".."), ("away", "../neighbour"), ("git", ".git"), ("own", ".kthw")]
    {
        symlink(target, path.join(name)).expect("our own folder");
    }
    fs::create_dir(path.join("plain")).expect("our own folder");
    symlink("../../neighbour", path.join("plain/inner")).expect("our own folder");
    // A list that lies makes nothing of it kthw's.
    fs::write(path.join(LIST), "cluster.yaml\nkthw.lock\n.kthw/root\n").expect("our own folder");
    let whole = path.to_str().expect("plain names");
    for place in [
        ".",
        "..",
        "/",
        whole,
        ".git",
        ".git/hooks",
        ".kthw",
        ".kthw/store/blobs",
        "here",
        "up",
        "away",
        "git",
        "own",
        "here/new",
        "away/new",
        "git/new",
        "own/new",
        "plain/inner",
        "plain/inner/new",
        "plain/..",
        "new/../.git",
        "away/",
        "away/.",
        "cluster.yaml",
    ] {
        for command in [&["snapshot", "--dir"][..], &["build", "--out"], &["fetch", "--mirror"]] {
            let ran = folder.kthw(&[command, &[place]].concat());
            assert!(matches!(ran.code, Some(1 | 2)), "{command:?} {place}: {:?} {}", ran.code, ran.stderr);
            assert!(!ran.stderr.contains("panicked"), "{command:?} {place}: {}", ran.stderr);
        }
    }
    assert!(valuables(&folder) == before);
    assert_eq!(fs::read_dir(folder.place().join("neighbour")).expect("it is there").count(), 1);
}

#[test]
fn a_link_in_the_place_of_golden_files_is_not_followed() {
    let Some(folder) = repository() else { return };
    let before = valuables(&folder);
    for target in [".", "..", "../neighbour", ".git", "nowhere"] {
        symlink(target, folder.path().join("snapshots")).expect("our own folder");
        for arguments in [&["snapshot"][..], &["snapshot", "--check"]] {
            let refusal = folder.kthw(arguments).refusal(2);
            assert!(refusal.contains("snapshots"), "{target}: {refusal}");
        }
        fs::remove_file(folder.path().join("snapshots")).expect("the link is still there");
    }
    folder.kthw(&["snapshot"]).exits(0);
    let hosts = folder.path().join("snapshots/hosts");
    fs::rename(&hosts, folder.path().join("set-aside")).expect("our own folder");
    symlink("../set-aside", &hosts).expect("our own folder");
    let stale = folder.kthw(&["snapshot", "--check"]).refusal(3);
    assert!(stale.contains("hosts is a link, or no file"), "{stale}");
    let refusal = folder.kthw(&["snapshot"]).refusal(2);
    assert!(refusal.contains("holds what kthw did not write: hosts"), "{refusal}");
    assert!(valuables(&folder) == before);
}

#[test]
fn golden_files_are_removed_only_where_their_list_names_them() {
    let folder = cluster();
    folder.kthw(&["snapshot"]).exits(0);
    let place = folder.path().join("snapshots");
    let list = folder.read("snapshots/.kthw-files");
    assert!(
        list.lines().any(|line| line == "graph.txt") && list.starts_with("# kthw wrote these files"),
        "{list}"
    );
    fs::write(place.join("README.md"), "ours").expect("our own folder");
    let refusal = folder.kthw(&["snapshot"]).refusal(2);
    assert!(refusal.contains("holds what kthw did not write: README.md"), "{refusal}");
    assert_eq!(folder.read("snapshots/README.md"), "ours");
    fs::remove_file(place.join("README.md")).expect("it is still there");
    // A host that goes takes its files along.
    folder.edit("cluster.yaml", "  - name: worker-node-2\n", "  - name: another-worker\n");
    folder.kthw(&["snapshot"]).exits(0);
    assert!(!place.join("hosts/worker-node-2").exists() && place.join("hosts/another-worker").exists());
    folder.kthw(&["snapshot", "--check"]).exits(0);
    // What is another cluster's stays as it is.
    let other = cluster();
    let theirs = place.to_str().expect("plain names");
    let refusal = other.kthw(&["snapshot", "--dir", theirs]).refusal(2);
    assert!(refusal.contains("holds golden files of cluster"), "{refusal}");
    let refusal = folder.kthw(&["build", "--out", "snapshots"]).refusal(2);
    assert!(refusal.contains("holds golden files of cluster"), "{refusal}");
    folder.kthw(&["snapshot", "--check"]).exits(0);
}

#[test]
fn a_name_that_can_be_guessed_is_not_written_to() {
    let folder = cluster();
    folder.kthw(&["snapshot"]).exits(0);
    let place = folder.path().join("snapshots");
    fs::write(folder.place().join("victim"), "mine").expect("our own folder");
    symlink("../../victim", place.join(".kthw-graph.txt")).expect("our own folder");
    fs::write(place.join("graph.txt"), "stale\n").expect("our own folder");
    folder.kthw(&["snapshot"]).refusal(2);
    assert_eq!(fs::read_to_string(folder.place().join("victim")).expect("it is there"), "mine");
    fs::remove_file(place.join(".kthw-graph.txt")).expect("it is there");
    // What a killed run left goes.
    let left = place.join(format!(".kthw-unfinished-{}", "0f".repeat(16)));
    fs::write(&left, "half a").expect("our own folder");
    folder.kthw(&["snapshot"]).exits(0);
    assert!(!left.exists());
    folder.kthw(&["snapshot", "--check"]).exits(0);
}

#[test]
fn a_tree_of_hosts_holds_what_is_made_now_and_nothing_else() {
    let folder = cluster();
    let out = folder.path().join("out");
    folder.kthw(&["build", "--out", "out"]).exits(0);
    let count = |host: &str| fs::read_dir(out.join(host)).map_or(0, Iterator::count);
    assert!(count("worker-node-2") > 0);
    // Secrets are put there by people, and stay.
    let key = out.join("worker-node-1/etc/kubernetes/pki/kubelet.key");
    let secret = folder.kthw(&["show", "worker-node-1"]).result();
    let path = secret.split('"').find(|word| word.ends_with(".key")).expect("a worker has keys").to_owned();
    let key = if key.exists() { key } else { out.join(format!("worker-node-1{path}")) };
    fs::create_dir_all(key.parent().expect("it has a folder")).expect("our own folder");
    fs::write(&key, "secret").expect("our own folder");
    folder.edit("cluster.yaml", "  - name: worker-node-2\n", "  - name: another-worker\n");
    let ran = folder.kthw(&["build", "--out", "out"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("files there that are no longer made"), "{}", ran.stderr);
    assert!(!out.join("worker-node-2").exists() && count("another-worker") > 0);
    assert_eq!(fs::read_to_string(&key).expect("it stays"), "secret");
    // A part of a build leaves the rest alone.
    folder.kthw(&["build", "worker-node-1", "--out", "out"]).exits(0);
    assert!(count("another-worker") > 0);
    fs::write(out.join("another-worker/notes"), "mine").expect("our own folder");
    let refusal = folder.kthw(&["build", "--out", "out"]).refusal(2);
    assert!(refusal.contains("holds what kthw did not write: another-worker/notes"), "{refusal}");
}

#[test]
fn nothing_below_a_tree_is_followed_or_replaced_that_is_no_file_of_kthws() {
    for plant in ["out/worker-node-1", "out/worker-node-1/etc", "out/control-plane-1/etc/systemd/system"] {
        let folder = cluster();
        let victim = folder.place().join("victim");
        fs::create_dir_all(&victim).expect("our own folder");
        fs::write(victim.join("hosts"), "mine").expect("our own folder");
        let link = folder.path().join(plant);
        fs::create_dir_all(link.parent().expect("it has one")).expect("our own folder");
        symlink(&victim, &link).expect("our own folder");
        let refusal = folder.kthw(&["build", "--out", "out"]).refusal(2);
        assert!(refusal.contains("holds what kthw did not write"), "{plant}: {refusal}");
        assert_eq!(fs::read_dir(&victim).expect("it is there").count(), 1, "{plant}");
    }
    let folder = cluster();
    let own = folder.path().join("out/worker-node-1/etc/hosts");
    fs::create_dir_all(own.parent().expect("it has one")).expect("our own folder");
    fs::write(&own, "127.0.0.1 mine").expect("our own folder");
    let refusal = folder.kthw(&["build", "--out", "out"]).refusal(2);
    assert!(refusal.contains("worker-node-1/etc/hosts"), "{refusal}");
    assert_eq!(fs::read_to_string(own).expect("it is there"), "127.0.0.1 mine");
}

/// A FIFO, unless the machine has no `mkfifo`.
fn fifo(path: &Path) -> bool {
    Command::new("/usr/bin/mkfifo").arg(path).status().is_ok_and(|status| status.success())
}

/// Puts something in the place of an input.
type Plant<'a> = &'a dyn Fn(&Path);

#[test]
fn no_input_is_read_that_has_no_end_or_never_begins() {
    let folder = cluster();
    folder.kthw(&["snapshot"]).exits(0);
    let path = folder.path();
    let plants: [(&str, Plant<'_>); 4] = [
        ("it is a device, and not a file", &|at| symlink("/dev/zero", at).expect("a free name")),
        ("it is a FIFO, and not a file", &|at| assert!(fifo(at))),
        ("it is a folder, and not a file", &|at| fs::create_dir(at).expect("a free name")),
        ("it is larger than", &|at| {
            fs::File::create(at).and_then(|file| file.set_len(40 << 30)).expect("a sparse file");
        }),
    ];
    if !fifo(&path.join("try")) {
        return;
    }
    for (complaint, plant) in plants {
        for name in ["cluster.yaml", "kthw.lock", ".kthw/root", "kthw.root"] {
            let (at, aside) = (path.join(name), path.join("aside"));
            let was = fs::rename(&at, &aside).is_ok();
            plant(&at);
            let refusal = folder.kthw(&["build"]).refusal(2);
            assert!(refusal.contains(complaint) && refusal.contains(name), "{name}: {refusal}");
            let _ = fs::remove_file(&at).or_else(|_| fs::remove_dir(&at));
            if was {
                fs::rename(&aside, &at).expect("it was set aside");
            }
        }
        let spec = folder.read("cluster.yaml");
        let with =
            format!("{spec}\npki: {{authorities: {{cluster: {{certificate: ca.crt, key: ca.key}}}}}}\n");
        folder.write("cluster.yaml", &with);
        let at = path.join("ca.crt");
        plant(&at);
        let refusal = folder.kthw(&["build"]).refusal(2);
        assert!(refusal.contains(complaint) && refusal.contains("cluster.yaml:"), "{refusal}");
        let _ = fs::remove_file(&at).or_else(|_| fs::remove_dir(&at));
        folder.write("cluster.yaml", &spec);
        // What kthw notes for itself is as good as none.
        let note = path.join(".kthw/last-build.json");
        fs::remove_file(&note).expect("there was a build");
        plant(&note);
        let ran = folder.kthw(&["build"]);
        assert!(matches!(ran.code, Some(0)), "{complaint}: {}", ran.stderr);
        let _ = fs::remove_file(&note).or_else(|_| fs::remove_dir(&note));
        folder.kthw(&["build"]).exits(0);
        if complaint.contains("folder") {
            continue;
        }
        let at = path.join("snapshots/pki.txt");
        let kept = fs::read(&at).expect("a golden file");
        fs::remove_file(&at).expect("our own file");
        plant(&at);
        folder.kthw(&["snapshot", "--check"]).refusal(3);
        fs::remove_file(&at).expect("it is still there");
        fs::write(&at, kept).expect("our own folder");
    }
}

#[test]
fn a_result_goes_into_what_is_no_file_and_where_a_link_leads() {
    let folder = cluster();
    let path = folder.path();
    fs::write(path.join("real"), "old").expect("our own folder");
    fs::set_permissions(path.join("real"), fs::Permissions::from_mode(0o640)).expect("our own file");
    symlink("real", path.join("link")).expect("our own folder");
    symlink("link", path.join("far")).expect("our own folder");
    symlink("fresh", path.join("dangling")).expect("our own folder");
    let graph = folder.kthw(&["graph"]).result();
    for (name, real) in [("link", "real"), ("far", "real"), ("dangling", "fresh")] {
        folder.kthw(&["graph", "--output", name]).exits(0);
        assert!(path.join(name).is_symlink(), "{name}");
        assert_eq!(folder.read(real), graph, "{name}");
    }
    assert_eq!(mode(&path.join("real")), 0o640);
    let pipe = path.join("pipe");
    if !fifo(&pipe) {
        return;
    }
    let reader = Command::new("/bin/cat").arg(&pipe).stdout(Stdio::piped()).spawn().expect("cat runs");
    folder.kthw(&["graph", "--output", "pipe"]).exits(0);
    assert_eq!(String::from_utf8(reader.wait_with_output().expect("it ends").stdout).expect("text"), graph);
    assert!(fs::symlink_metadata(&pipe).expect("it is there").file_type().is_fifo());
    // Where stdout is a file already, nothing of it is lost.
    let log = path.join("log");
    fs::write(&log, "before\n").expect("our own folder");
    for name in ["/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"] {
        let out = fs::OpenOptions::new().append(true).open(&log).expect("our own file");
        let status = folder.command(&["graph", "--output", name]).stdout(out).status().expect("it runs");
        assert!(status.success(), "{name}");
    }
    assert_eq!(folder.read("log"), format!("before\n{}", graph.repeat(3)));
}

#[test]
fn no_result_takes_the_place_of_a_device_a_folder_or_what_is_the_clusters() {
    let Some(folder) = repository() else { return };
    let path = folder.path();
    let before = valuables(&folder);
    symlink("../neighbour/letter", path.join("page.html")).expect("our own folder");
    symlink(".kthw/root", path.join("graph.html")).expect("our own folder");
    symlink("../neighbour", path.join("public")).expect("our own folder");
    fs::create_dir(path.join("folder")).expect("our own folder");
    fs::create_dir_all(folder.path().join("pki")).expect("our own folder");
    for name in ["pki/etcd.crt", "pki/etcd.key"] {
        folder.write(name, "somebody's");
    }
    let spec = folder.read("cluster.yaml");
    folder.write(
        "cluster.yaml",
        &format!("{spec}pki: {{authorities: {{etcd: {{certificate: pki/etcd.crt, key: pki/etcd.key}}}}}}\n"),
    );
    for output in ["pki/etcd.crt", "./pki/../pki/etcd.key"] {
        let refusal = folder.kthw(&["graph", "--output", output]).refusal(2);
        assert!(refusal.contains("which cluster.yaml names"), "{output}: {refusal}");
    }
    folder.write("cluster.yaml", &spec);
    folder.kthw(&["snapshot"]).exits(0);
    symlink("nowhere/deep/page", folder.path().join("dangling")).expect("a free name");
    assert!(folder.kthw(&["graph", "--output", "dangling"]).refusal(1).contains("leads to"));
    assert!(!folder.exists("nowhere"), "no folder is made where a link leads");
    for output in ["snapshots/graph.txt", "snapshots/.kthw-files", ".gitignore", ".gitattributes"] {
        let before = folder.read(output);
        for command in ["graph", "diff", "plan"] {
            let args = [command, "--output", output];
            assert!(folder.kthw(&args).refusal(2).contains(output));
        }
        assert_eq!(folder.read(output), before);
    }
    for output in [
        "cluster.yaml",
        "kthw.lock",
        ".kthw/root",
        ".kthw/store/store.db",
        ".git/config",
        "page.html",
        "graph.html",
        "public/letter",
        "public/new",
        "folder",
        "./folder/../kthw.lock",
    ] {
        for command in [&["graph"][..], &["diff", "build"], &["plan", "build"]] {
            let refusal = folder.kthw(&[command, &["--output", output]].concat()).refusal(2);
            assert!(refusal.contains(output), "{output}: {refusal}");
        }
    }
    assert!(valuables(&folder) == before);
    assert_eq!(fs::read_dir(folder.place().join("neighbour")).expect("it is there").count(), 1);
    let node = path.join("node");
    let made = Command::new("/usr/bin/mknod").arg(&node).args(["c", "1", "3"]).stderr(Stdio::null()).status();
    if made.is_ok_and(|status| status.success()) {
        folder.kthw(&["graph", "--output", "node"]).exits(0);
        assert!(fs::symlink_metadata(&node).expect("it is there").file_type().is_char_device());
    }
}

#[test]
fn what_only_its_owner_may_read_is_nowhere_for_others() {
    let folder = cluster();
    let path = folder.path();
    let secret = "hunter2-of-a-proxy";
    let spec = folder.read("cluster.yaml");
    // So much of it that it is no small blob.
    let long = format!("# {}\n", "x".repeat(100)).repeat(1000);
    let mirror = format!("downloads: {{mirrors: ['https://u:{secret}@mirror.example/']}}\n");
    folder.write("cluster.yaml", &format!("{spec}\n{mirror}{long}"));
    fs::set_permissions(path.join("cluster.yaml"), fs::Permissions::from_mode(0o600)).expect("our own file");
    folder.kthw(&["build", "--out", "out"]).exits(0);
    folder.kthw(&["snapshot"]).exits(0);
    folder.kthw(&["graph", "--format", "html", "--output", "graph.html"]).exits(0);
    let mut found = 0;
    let mut folders = vec![path.join(".kthw")];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("our own folder") {
            let entry = entry.expect("it can be listed").path();
            if entry.is_dir() {
                folders.push(entry);
            } else if String::from_utf8_lossy(&fs::read(&entry).expect("our own file")).contains(secret) {
                assert_eq!(mode(&entry) & 0o077, 0, "{}", entry.display());
                found += 1;
            }
        }
    }
    assert!(found > 0, "the store keeps the inputs of a build");
    for name in
        [".kthw/store", ".kthw/store/store.db", ".kthw/last-build.json", "out", "snapshots", "graph.html"]
    {
        assert_eq!(mode(&path.join(name)) & 0o077, 0, "{name}");
    }
    // The files of hosts keep the modes that hosts need.
    assert_eq!(mode(&path.join("out/worker-node-1/etc/hosts")), 0o644);
}

#[test]
fn a_root_that_git_has_is_refused() {
    let Some(folder) = repository() else { return };
    let path = folder.path();
    folder.kthw(&["build"]).exits(0);
    let git = |arguments: &[&str]| git(&path, arguments).expect("git is there").exits(0);
    git(&["add", "--force", ".kthw/root"]);
    for command in
        [&["build"][..], &["diff", "build"], &["lock", "--check"], &["snapshot", "--check"], &["graph"]]
    {
        let refusal = folder.kthw(command).refusal(2);
        assert!(refusal.contains("git has .kthw/root") && refusal.contains("git rm --cached"), "{refusal}");
    }
    git(&["rm", "--quiet", "--cached", ".kthw/root"]);
    folder.kthw(&["build"]).exits(0);
    // A root elsewhere in the repository, which a link leads to.
    fs::rename(path.join(".kthw/root"), path.join("hidden")).expect("our own folder");
    symlink("../hidden", path.join(".kthw/root")).expect("our own folder");
    folder.kthw(&["build"]).exits(0);
    git(&["add", "hidden"]);
    assert!(folder.kthw(&["build"]).refusal(2).contains("hidden"));
    git(&["rm", "--quiet", "--cached", "hidden"]);
    // A link that takes the place of the private folder.
    fs::rename(path.join(".kthw"), path.join("../elsewhere")).expect("our own folder");
    symlink("../elsewhere", path.join(".kthw")).expect("our own folder");
    git(&["add", "--force", ".kthw"]);
    assert!(folder.kthw(&["build"]).refusal(2).contains("git has .kthw"));
}
