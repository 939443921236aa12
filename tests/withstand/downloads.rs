//! Downloads from a server that may do anything: what arrives is what is pinned, or nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::cluster_folder::ClusterFolder;
use crate::mirror::{Mirror, hostile_archive};
use crate::run::{end, start};
use crate::server::{Manner, Server};

/// A download that is a program itself.
const NAME: &str = "kube-scheduler";
const NODE: &str = "release/kube-scheduler/amd64/kube-scheduler";

/// A cluster that pins what a server holds, and fetches it there.
struct Site {
    folder: ClusterFolder,
    mirror: Mirror,
    server: Server,
    /// Where the server has the program.
    path: String,
}

impl Site {
    fn new() -> Self {
        let folder = ClusterFolder::single();
        let mirror = Mirror::of(&folder);
        Self::with(folder, mirror)
    }

    fn with(folder: ClusterFolder, mirror: Mirror) -> Self {
        let server = Server::of(mirror.files.clone());
        folder.kthw(&["lock", "--accept-unpublished", "--mirror", &server.url()]).good();
        folder.set_mirrors(&[&server.url()]);
        let path = mirror.path(&folder, NAME);
        server.requests();
        Self { folder, mirror, server, path }
    }

    fn behaving(manner: Manner) -> Self {
        let site = Self::new();
        site.server.behave(&site.path, Some(manner));
        site
    }

    /// The program as the store has it.
    #[track_caller]
    fn is_fetched(&self) {
        let run = self.folder.kthw(&["show", NODE]);
        assert_eq!(run.exit, Some(0), "{}", run.stderr);
        assert!(run.stdout == self.mirror.files[&self.path], "these are other bytes");
        self.folder.verify();
    }

    /// From where the answers for the program were asked to begin.
    fn beginnings(&self) -> Vec<Option<usize>> {
        self.server.requests().into_iter().filter(|r| r.path == self.path).map(|r| r.from).collect()
    }
}

const FETCH: &[&str] = &["build", "--json", "--fetch", NODE];

#[test]
fn everything_is_fetched_once_and_written_as_programs() {
    let site = Site::new();
    let pins = site.mirror.files.len();
    let built = site.folder.build();
    assert!(!site.server.has_been_asked(), "a build needs no network");
    site.folder.kthw(&["fetch"]).good();
    let asked = site.server.requests();
    assert_eq!(asked.len(), pins, "each file is asked for once: {asked:?}");
    site.folder.kthw(&["fetch"]).good();
    let out = site.folder.join("out");
    let again = site.folder.kthw(&["build", "--json", "--fetch", "--out", out.as_str()]).built();
    assert_eq!((again.executed, again.identities()), (0, built.identities()));
    assert!(!site.server.has_been_asked(), "nothing is fetched twice");
    for (place, program) in [
        ("control-plane-1/usr/local/bin/kube-scheduler", "kube-scheduler"),
        ("control-plane-1/usr/local/bin/etcdctl", "etcdctl"),
        ("worker-node-1/usr/local/sbin/runc", "runc"),
        ("worker-node-2/opt/cni/bin/bridge", "bridge"),
    ] {
        assert!(fs::read(out.join(place)).unwrap() == site.mirror.program(program), "{place}");
        assert_eq!(fs::metadata(out.join(place)).unwrap().permissions().mode() & 0o7777, 0o755, "{place}");
    }
    site.folder.is_clean(&built);
}

#[test]
fn an_answer_that_breaks_off_is_continued() {
    let half = Mirror::of(&ClusterFolder::single()).program(NAME).len() / 2;
    let site = Site::behaving(Manner::TruncatesOnce);
    site.folder.kthw(FETCH).good();
    assert_eq!(site.beginnings(), [None, Some(half)]);
    site.is_fetched();
}

#[test]
fn a_reset_connection_a_server_without_ranges_and_a_changed_file_are_got_over() {
    for manner in [Manner::ResetsOnce, Manner::IgnoresRange, Manner::ChangesOnce] {
        let site = Site::behaving(manner);
        site.folder.kthw(FETCH).good();
        assert!(site.beginnings().len() > 1, "{manner:?}");
        site.is_fetched();
    }
}

#[test]
fn an_answer_that_is_not_what_is_pinned_is_refused_by_name() {
    for (manner, expected) in [
        (Manner::Truncates, "broke off"),
        (Manner::Html, "look like an HTML page"),
        (Manner::Endless, "larger than the limit"),
        (Manner::Wrong, "expected"),
    ] {
        let site = Site::behaving(manner);
        let complaint = site.folder.kthw(FETCH).bad(1);
        assert!(complaint.contains(&format!("{}/{}", site.server.url(), site.path)), "{complaint}");
        assert!(complaint.contains(expected), "{manner:?}: {complaint}");
        assert!(site.folder.kthw(&["show", NODE]).bad(1).contains("kthw fetch"), "nothing is kept");
        site.folder.verify();
        // Once the server is well, so is the cluster.
        site.server.behave(&site.path, None);
        site.folder.kthw(FETCH).good();
        site.is_fetched();
    }
}

#[test]
fn a_mirror_that_is_wrong_empty_or_dead_gives_way_to_the_next() {
    let site = Site::new();
    let wrong = Server::of(site.mirror.files.clone());
    wrong.behave(&site.path, Some(Manner::Wrong));
    let empty = Server::of(Default::default());
    let dead = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    for first in [wrong.url(), empty.url(), dead] {
        let folder = ClusterFolder::single();
        folder.write("kthw.lock", site.folder.read("kthw.lock"));
        folder.set_mirrors(&[&first, &site.server.url()]);
        folder.kthw(FETCH).good();
        assert!(folder.kthw(&["show", NODE]).stdout == site.mirror.program(NAME), "{first}");
    }
}

#[test]
fn a_fetch_killed_half_way_is_continued_by_the_next() {
    // Large enough to be on the disk before it is whole.
    let folder = ClusterFolder::single();
    let mut mirror = Mirror::of(&folder);
    mirror.files.insert(mirror.path(&folder, NAME), mirror.program(NAME).repeat(20));
    let site = Site::with(folder, mirror);
    site.server.behave(&site.path, Some(Manner::Slow));
    let mut fetching = start(site.folder.command(FETCH));
    let partial = site.folder.store().join("partial");
    let arrived = || {
        let entries = partial.read_dir_utf8().into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.metadata().ok()).map(|m| m.len()).max().unwrap_or(0)
    };
    while arrived() < 1_000_000 {
        assert!(fetching.try_wait().unwrap().is_none(), "it is slow enough");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    fetching.kill().unwrap();
    end(fetching);
    site.server.behave(&site.path, None);
    site.folder.kthw(FETCH).good();
    assert!(matches!(site.beginnings()[..], [None, Some(from)] if from >= 1_000_000));
    site.is_fetched();
}

#[test]
fn two_fetches_at_once_download_each_file_once() {
    let site = Site::new();
    let running: Vec<_> = (0..3).map(|_| start(site.folder.command(&["fetch"]))).collect();
    running.into_iter().for_each(|child| _ = end(child).good());
    assert_eq!(site.server.requests().len(), site.mirror.files.len());
    site.folder.verify();
}

#[test]
fn a_hostile_archive_is_refused_by_name_though_its_checksum_is_pinned() {
    let folder = ClusterFolder::single();
    let mirror = Mirror::of(&folder);
    let server = Server::of(mirror.files.clone());
    server.put(&mirror.path(&folder, "crictl"), hostile_archive("crictl"));
    folder.kthw(&["lock", "--accept-unpublished", "--mirror", &server.url()]).good();
    folder.set_mirrors(&[&server.url()]);
    let complaint = folder.kthw(&["fetch"]).bad(1);
    assert!(complaint.contains("release/crictl/amd64/crictl"), "{complaint}");
    assert!(complaint.contains("../../etc/passwd"), "{complaint}");
    let built = folder.build();
    folder.verify();
    assert!(folder.kthw(&["show", "worker-node-1:/usr/local/bin/crictl"]).bad(1).contains("kthw fetch"));
    folder.is_clean(&built);
}
