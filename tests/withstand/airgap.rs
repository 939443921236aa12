//! A mirror carried to where there is no network: whole, judged by strangers, and enough.

use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use kthw::lock::{Algorithm, Checksum, Lock, Pin};
use sha2::{Digest as _, Sha512};

use crate::cluster_folder::ClusterFolder;
use crate::judge::{judge, kthw, own_mounts};
use crate::mirror::Mirror;
use crate::run::{Run, end, start};
use crate::server::{Manner, Server};

/// A site with a network: its cluster pins what a server holds, and fetches it there.
struct Site {
    folder: ClusterFolder,
    releases: Mirror,
    server: Server,
}

impl Site {
    fn new() -> Self {
        Self::of(ClusterFolder::single())
    }

    /// With workers of two architectures.
    fn of_two_architectures() -> Self {
        let folder = ClusterFolder::single();
        folder.edit("cluster.yaml", "address: 10.0.0.37\n", "address: 10.0.0.37\n    arch: arm64\n");
        folder.kthw(&["lock"]).good();
        Self::of(folder)
    }

    fn of(folder: ClusterFolder) -> Self {
        let releases = Mirror::of(&folder);
        let server = Server::of(releases.files.clone());
        folder.kthw(&["lock", "--accept-unpublished", "--mirror", &server.url()]).good();
        folder.set_mirrors(&[&server.url()]);
        server.requests();
        Self { folder, releases, server }
    }

    fn mirror(&self) -> Utf8PathBuf {
        self.folder.join("mirror")
    }

    fn write_mirror(&self) -> Run {
        self.folder.kthw(&["fetch", "--mirror", self.mirror().as_str()])
    }

    /// Every release is in the mirror as it was published, and nothing else but the list of them.
    #[track_caller]
    fn is_mirrored(&self) {
        for (path, bytes) in &self.releases.files {
            assert!(fs::read(self.mirror().join(path)).unwrap() == *bytes, "{path}");
        }
        let found = Run::of(Command::new("find").args([self.mirror().as_str(), "-type", "f"])).good();
        assert_eq!(found.lines().count(), self.releases.files.len() + 1, "{found}");
        accept_checksums(&self.mirror(), "sha256sum", "SHA256SUMS");
    }
}

/// Has a stranger check every file that a list names.
#[track_caller]
fn accept_checksums(mirror: &Utf8Path, program: &str, list: &str) {
    let Some(program) = judge(program) else { return };
    Run::of(Command::new(program).current_dir(mirror).args(["--check", "--strict", "--quiet", list])).good();
}

/// The same cluster at a site without a network: with its lock, and with no store.
fn far_away(folder: &ClusterFolder, mirror: &str) -> ClusterFolder {
    let far = ClusterFolder::single();
    for name in ["cluster.yaml", "kthw.lock"] {
        far.write(name, folder.read(name));
    }
    let text = far.read("cluster.yaml");
    let (text, _) = text.split_once("\ndownloads:").expect("this site names its mirror");
    far.write("cluster.yaml", text);
    far.set_mirrors(&[mirror]);
    far
}

#[test]
fn a_mirror_is_all_that_a_site_without_a_network_needs() {
    let site = Site::of_two_architectures();
    assert_eq!(site.releases.files.len(), 17);
    let said = site.write_mirror().good();
    assert!(said.ends_with("mirrors 17 files: 17 written, 0 as they were\n"), "{said}");
    site.is_mirrored();
    let read = |path: &String| (path.clone(), fs::read(site.mirror().join(path)).unwrap());
    let server = Server::of(site.releases.files.keys().map(read).collect());
    for mirror in [format!("file://{}", site.mirror()), server.url()] {
        let far = far_away(&site.folder, &mirror);
        // A folder needs no network at all; publishers are out of reach either way.
        let run = |arguments: &[&str]| match mirror.starts_with("file") {
            true => alone(&far, arguments),
            false => Some(far.kthw(arguments)),
        };
        let Some(fetched) = run(&["fetch"]) else { return };
        fetched.good();
        let out = far.join("out");
        let built = run(&["build", "--json", "--fetch", "--out", out.as_str()]).expect("as before").built();
        assert_eq!(built.identities(), site.folder.build().identities());
        for host in ["worker-node-1", "worker-node-2"] {
            assert!(fs::read(out.join(host).join("usr/local/bin/kubelet")).unwrap().len() > 100_000);
        }
        assert!(run(&["lock", "--check"]).expect("as before").exit == Some(0));
    }
}

/// Runs the program where there is no network at all.
fn alone(folder: &ClusterFolder, arguments: &[&str]) -> Option<Run> {
    let mut unshare = Command::new(judge("unshare")?);
    unshare.args(["--net", "--map-root-user"]);
    Some(Run::of(&mut folder.command_under(unshare, arguments)))
}

/// A section for machines on images of these architectures.
fn machines(images: &[(&str, &str, &[u8])]) -> String {
    let image = |(arch, url, bytes): &(&str, &str, &[u8])| {
        let digest = data_encoding::HEXLOWER.encode(&Sha512::digest(bytes));
        format!("    {arch}: {{url: '{url}', checksum: 'sha512:{digest}'}}\n")
    };
    let images: String = images.iter().map(image).collect();
    format!("\nmachines:\n  memory: 4GiB\n  image:\n{images}")
}

#[test]
fn an_image_that_is_a_file_here_is_carried_along() {
    let folder = ClusterFolder::single();
    let image = folder.join("own.img");
    fs::write(&image, "an image").unwrap();
    let section = machines(&[("amd64", &format!("file://{image}"), b"an image")]);
    folder.write("cluster.yaml", folder.read("cluster.yaml") + &section);
    let site = Site::of(folder);
    site.write_mirror().good();
    let mirrored = site.mirror().join(image.strip_prefix("/").unwrap());
    assert_eq!(fs::read_to_string(&mirrored).unwrap(), "an image");
    accept_checksums(&site.mirror(), "sha256sum", "SHA256SUMS");
    accept_checksums(&site.mirror(), "sha512sum", "SHA512SUMS");
    let far = far_away(&site.folder, &format!("file://{}", site.mirror()));
    fs::remove_file(&image).unwrap();
    let Some(fetched) = alone(&far, &["fetch"]) else { return };
    fetched.good();
}

#[test]
fn two_files_that_would_be_one_in_a_mirror_are_refused_before_anything_is_fetched() {
    let folder = ClusterFolder::single();
    folder.edit("cluster.yaml", "address: 10.0.0.37\n", "address: 10.0.0.37\n    arch: arm64\n");
    let [amd64, arm64] = ["http://127.0.0.1:9/image?arch=amd64", "http://127.0.0.1:9/image?arch=arm64"];
    let text = folder.read("cluster.yaml");
    folder.write("cluster.yaml", text.clone() + &machines(&[("amd64", amd64, b"a"), ("arm64", arm64, b"b")]));
    folder.kthw(&["lock"]).good();
    let site = Site::of(folder);
    let refused = site.write_mirror().bad(2);
    assert!(refused.contains("would both be 127.0.0.1/image in a mirror"), "{refused}");
    assert!(!site.server.has_been_asked());
    // The same file twice is one.
    let text = site.folder.read("cluster.yaml").replace(
        &data_encoding::HEXLOWER.encode(&Sha512::digest(b"b")),
        &data_encoding::HEXLOWER.encode(&Sha512::digest(b"a")),
    );
    site.folder.write("cluster.yaml", text);
    assert!(site.write_mirror().bad(1).contains("could not be fetched"));
}

#[test]
fn what_a_mirror_holds_can_be_pinned_without_a_network() {
    let site = Site::new();
    site.write_mirror().good();
    let pinned = site.folder.read("kthw.lock");
    let far = far_away(&site.folder, "file:///nowhere");
    let Some(locked) =
        alone(&far, &["lock", "--accept-unpublished", "--mirror", &format!("file://{}", site.mirror())])
    else {
        return;
    };
    locked.good();
    assert_eq!(far.read("kthw.lock"), pinned);
}

#[test]
fn a_mirror_that_is_right_is_left_alone_and_one_that_is_wrong_is_put_right() {
    let site = Site::new();
    site.write_mirror().good();
    let listed = fs::metadata(site.mirror().join("SHA256SUMS")).unwrap().modified().unwrap();
    site.server.requests();
    let again = site.write_mirror().good();
    assert_eq!(again, format!("{0} mirrors 11 files: 0 written, 11 as they were\n", site.mirror()));
    assert_eq!(fs::metadata(site.mirror().join("SHA256SUMS")).unwrap().modified().unwrap(), listed);
    let (wrong, gone) =
        (site.releases.path(&site.folder, "kubelet"), site.releases.path(&site.folder, "runc"));
    fs::write(site.mirror().join(&wrong), "half a kubel").unwrap();
    fs::remove_file(site.mirror().join(&gone)).unwrap();
    let mended = site.write_mirror().good();
    assert!(mended.ends_with("mirrors 11 files: 2 written, 9 as they were\n"), "{mended}");
    assert!(mended.contains(&wrong) && mended.contains(&gone), "{mended}");
    assert!(!site.server.has_been_asked(), "the store has it all");
    site.is_mirrored();
}

#[test]
fn several_at_once_write_one_mirror() {
    let site = Site::new();
    let write = || site.folder.command(&["fetch", "--mirror", site.mirror().as_str()]);
    let running: Vec<_> = (0..3).map(|_| start(write())).collect();
    running.into_iter().for_each(|child| _ = end(child).good());
    assert_eq!(site.server.requests().len(), site.releases.files.len(), "each file is fetched once");
    site.is_mirrored();
}

#[test]
fn several_clusters_share_a_mirror_and_its_list() {
    let site = Site::new();
    fs::create_dir(site.mirror()).unwrap();
    fs::create_dir(site.mirror().join("other")).unwrap();
    fs::write(site.mirror().join("other/file"), "").unwrap();
    let other = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  other/file\n";
    let gone = other.replace("other/file", "other/gone");
    fs::write(site.mirror().join("SHA256SUMS"), format!("{gone}{other}")).unwrap();
    site.write_mirror().good();
    let list = fs::read_to_string(site.mirror().join("SHA256SUMS")).unwrap();
    assert_eq!(list.lines().count(), 12);
    assert!(list.contains(other) && !list.contains(&gone), "{list}");
    assert!(list.lines().map(|line| &line[66..]).is_sorted(), "{list}");
    accept_checksums(&site.mirror(), "sha256sum", "SHA256SUMS");
}

#[test]
fn a_pin_by_sha512_is_in_a_list_of_its_own() {
    let site = Site::new();
    let mut lock = Lock::parse(&site.folder.read("kthw.lock")).unwrap();
    let measure = |pin: &Pin| match pin.name.as_str() {
        "kubelet" => {
            let hex = data_encoding::HEXLOWER.encode(&Sha512::digest(site.releases.program("kubelet")));
            Pin { checksum: Checksum::new(Algorithm::Sha512, &hex).unwrap(), ..pin.clone() }
        }
        _ => pin.clone(),
    };
    let pins: Vec<Pin> = lock.pins().iter().map(measure).collect();
    lock.set_pins(pins);
    site.folder.write("kthw.lock", lock.render());
    site.write_mirror().good();
    let list = |name: &str| fs::read_to_string(site.mirror().join(name)).unwrap();
    assert_eq!(list("SHA256SUMS").lines().count(), 10);
    assert!(list("SHA512SUMS").trim_end().ends_with("/kubelet"), "{}", list("SHA512SUMS"));
    accept_checksums(&site.mirror(), "sha256sum", "SHA256SUMS");
    accept_checksums(&site.mirror(), "sha512sum", "SHA512SUMS");
}

#[test]
fn what_cannot_be_a_mirror_is_refused_before_anything_is_fetched() {
    let site = Site::new();
    site.folder.build();
    let at = |name: &str| site.folder.join(name).to_string();
    std::os::unix::fs::symlink(site.folder.join(".kthw"), site.folder.join("link")).unwrap();
    for (mirror, exit, complaint) in [
        (at("cluster.yaml"), 2, "is a file; name a folder"),
        (at("cluster.yaml/mirror"), 1, "cannot create"),
        (at(".kthw"), 2, "is within"),
        (at(".kthw/mirror"), 2, "is within"),
        (at(".kthw/store"), 2, "is within"),
        (at("link/new/mirror"), 2, "is within"),
        ("/proc/mirror".to_owned(), 1, "cannot create /proc/mirror"),
        ("/proc".to_owned(), 1, "cannot write to /proc"),
    ] {
        let refused = site.folder.kthw(&["fetch", "--mirror", &mirror]).bad(exit);
        assert!(refused.contains(complaint) && refused.contains(&mirror), "{mirror}: {refused}");
    }
    assert!(!site.server.has_been_asked());
    for nonsense in [&["--list", "--mirror", "x"][..], &["--images", "--mirror", "x"], &["--json"]] {
        site.folder.kthw(&[&["fetch"], nonsense].concat()).bad(2);
    }
}

#[test]
fn a_mirror_on_a_full_or_read_only_disk_is_named_and_gone_on_with() {
    let site = Site::new();
    let script = |text: &str| {
        let mut command = own_mounts()?;
        let program = kthw().display();
        let text = format!("set -u; cd {}; mkdir -p mirror\n{text}", site.folder.path());
        site.folder.bare(&mut command).args(["sh", "-c", &text.replace("kthw", &program.to_string())]);
        Some(Run::of(&mut command))
    };
    let Some(read_only) =
        script("mount -t tmpfs -o ro none mirror || exit 99; kthw fetch --mirror mirror; exit $?")
    else {
        return;
    };
    assert!(read_only.bad(1).contains("cannot write to mirror"));
    assert!(!site.server.has_been_asked(), "before anything is fetched");
    let mended = script(
        "mount -t tmpfs -o size=500k none mirror || exit 99
         kthw fetch --mirror mirror >full.out 2>full.err; echo $? >full.exit
         find mirror -name '.*' -type f >left.out
         mount -o remount,size=64m mirror || exit 99
         kthw fetch --mirror mirror && cd mirror && sha256sum --check --strict --quiet SHA256SUMS",
    );
    let said = mended.expect("as before").good();
    assert_eq!(site.folder.read("full.exit").trim(), "1");
    let complaint = site.folder.read("full.err");
    assert!(complaint.contains("cannot write mirror/") && complaint.contains("No space"), "{complaint}");
    assert_eq!(site.folder.read("left.out"), "", "no half file stays");
    let written = site.folder.read("full.out").lines().count();
    assert!((1..11).contains(&written), "{written}");
    let left = 11 - written;
    assert!(said.ends_with(&format!("11 files: {left} written, {written} as they were\n")), "{said}");
}

#[test]
fn a_release_that_is_wrong_never_reaches_a_mirror() {
    let site = Site::new();
    let path = site.releases.path(&site.folder, "kubelet");
    site.server.behave(&path, Some(Manner::Wrong));
    let refused = site.write_mirror().bad(1);
    assert!(refused.contains("kubelet"), "{refused}");
    assert!(!site.mirror().join(&path).exists());
    site.server.behave(&path, Some(Manner::TruncatesOnce));
    site.write_mirror().good();
    site.is_mirrored();
}

#[test]
fn the_listing_says_what_to_carry() {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Listing {
        downloads: Vec<Listed>,
        images: Vec<String>,
    }
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Listed {
        name: String,
        version: String,
        os: String,
        arch: String,
        url: String,
        algorithm: String,
        digest: String,
        size: Option<usize>,
    }
    let site = Site::new();
    let list = || -> Listing {
        serde_json::from_str(&site.folder.kthw(&["fetch", "--list", "--json"]).good()).expect("JSON")
    };
    assert!(list().downloads.iter().all(|download| download.size.is_none()));
    assert!(!site.folder.join(".kthw").exists(), "listing makes no store");
    site.folder.kthw(&["fetch"]).good();
    let listing = list();
    let lock = Lock::parse(&site.folder.read("kthw.lock")).unwrap();
    assert_eq!(listing.downloads.len(), lock.pins().len());
    for Listed { name, version, os, arch, url, algorithm, digest, size } in &listing.downloads {
        let pin = lock.pin(name, &version.parse().unwrap(), os, arch).expect("it is pinned");
        assert_eq!((url, &format!("{algorithm}:{digest}")), (&pin.url, &pin.checksum.to_string()));
        let bytes = &site.releases.files[url.trim_start_matches("https://")];
        assert_eq!(*size, Some(bytes.len()), "{name}");
    }
    assert_eq!(listing.images, ["registry.k8s.io/coredns/coredns:v1.13.1", "registry.k8s.io/pause:3.10.1"]);
    let images = site.folder.kthw(&["fetch", "--images"]).good();
    assert_eq!(images.lines().collect::<Vec<_>>(), listing.images);
}
