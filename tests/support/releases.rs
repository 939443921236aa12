//! Releases as their publishers lay them out, of real programs: a mirror that `kthw lock --mirror` pins, and clusters
//! that pin it.

#![expect(clippy::disallowed_methods, reason = "tests write their own files")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use kthw::cluster::Versions;
use kthw::upstream::{self, Need, Packing};
use semver::Version;

use crate::cluster_folder::ClusterFolder;
use crate::judge::{judge, miss};
use crate::programs::{Programs, build_once, required_by};

/// The Go module that a release is a version of.
const MODULES: &[(&str, &str)] = &[
    ("etcd", "go.etcd.io/etcd/server/v3"),
    ("containerd", "github.com/containerd/containerd/v2"),
    ("cni-plugins", "github.com/containernetworking/plugins"),
];

/// The real programs that a cluster may run.
pub struct Releases {
    pub kubernetes: Programs,
    others: Vec<Programs>,
}

impl Releases {
    /// Those of a minor of Kubernetes and its companions: etcd, and for workers what `containers` names; `None` where
    /// they cannot be had and the test may be skipped.
    pub fn of(minor: &str, companions: &[&str]) -> Option<Self> {
        // What clusters run where they do not say otherwise.
        if !cfg!(target_arch = "x86_64") {
            miss("x86-64 processor");
            return None;
        }
        let kubernetes = Programs::of_kubernetes(minor)?;
        let module = |name: &&str| Programs::of(&module_for(name, &kubernetes.kubernetes()));
        let others = companions.iter().map(module).collect::<Option<_>>()?;
        Some(Self { kubernetes, others })
    }

    /// A real program of this name.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        let all = self.others.iter().chain([&self.kubernetes]);
        all.filter_map(|programs| programs.program(name)).next()
    }

    /// A copy of an example that runs this release of Kubernetes, and pins and fetches what is here.
    pub fn cluster_of(&self, example: &str) -> ClusterFolder {
        let folder = ClusterFolder::of_example(example);
        self.pin(&folder);
        folder
    }

    /// Has a cluster run this release of Kubernetes and what suits it, on hosts like this machine, and pin and fetch
    /// what is here.
    pub fn pin(&self, folder: &ClusterFolder) {
        let text = folder.read("cluster.yaml");
        let (before, rest) = text.split_once("\nversions:\n").expect("the cluster names its versions");
        let after = rest.lines().skip_while(|line| line.starts_with(' '));
        let after: String =
            after.filter(|line| !line.trim().starts_with("arch: ")).map(|line| format!("{line}\n")).collect();
        let text = format!("{before}\nversions:\n  kubernetes: {}\n{after}", self.kubernetes.kubernetes());
        let mirror = folder.place().join("mirror");
        let url = format!("file://{}", mirror.display());
        folder.write("cluster.yaml", &format!("{text}\ndownloads: {{mirrors: ['{url}']}}\n"));
        self.lay_out(&text, &mirror);
        folder.kthw(&["lock", "--accept-unpublished", "--mirror", &url]).exits(0);
    }

    /// Puts every release that a cluster needs where its publisher would have it.
    fn lay_out(&self, cluster: &str, mirror: &Path) {
        let (cluster, _) = kthw::spec::load(cluster).unwrap_or_else(|_| panic!("the cluster is sound"));
        for need in kthw::plan::needs(&cluster) {
            let upstream = upstream::find(&need.name).expect("what is needed has an upstream");
            let url = upstream.url(&need.version, &need.arch);
            let place = mirror.join(url.strip_prefix("https://").expect("releases are had by https"));
            fs::create_dir_all(place.parent().expect("a URL has a path")).expect("our own folder");
            match self.real(&need) {
                Some(file) => symlink(file, place).expect("our own folder"),
                None => stand_in(&need, &place),
            }
        }
    }

    /// The file that is published for a need, if this is the version that was built.
    fn real(&self, need: &Need) -> Option<PathBuf> {
        if need.name == "runc" {
            // The distribution's, of whichever version: it is C and Go, and built with more than Go.
            return judge("runc").map(|runc| runc.get_program().into());
        }
        if let Some(program) = self.kubernetes.program(&need.name) {
            return (need.version == self.kubernetes.kubernetes()).then_some(program);
        }
        let (_, module) = MODULES.iter().find(|(release, _)| *release == need.name)?;
        let version = |programs: &&Programs| programs.version(module) == Some(need.version.clone());
        let programs = self.others.iter().find(version)?;
        Some(archive(programs, need))
    }
}

/// The folder of a companion's module that suits this Kubernetes: of a series of its own, such as `etcd-3.7`, if there
/// is one.
pub fn module_for(name: &str, kubernetes: &Version) -> String {
    let etcd = Versions::suiting(kubernetes).map(|versions| versions.etcd);
    let series = etcd.map(|etcd| format!("{name}-{}.{}", etcd.major, etcd.minor));
    series
        .filter(|folder| required_by(folder, "go.etcd.io/etcd/server/v3").is_some())
        .unwrap_or_else(|| name.to_owned())
}

/// What stands for a release that no test runs: other versions of containerd, crictl, Cilium's, images of machines.
fn stand_in(need: &Need, place: &Path) {
    let text = format!("#!/bin/sh\necho 'this stands for {} {}' >&2\nexit 70\n", need.name, need.version);
    match upstream::find(&need.name).expect("what is needed has an upstream").packing {
        Packing::Plain => fs::write(place, text).expect("our own folder"),
        Packing::TarGz => pack(need, place, |_| text.clone().into_bytes()),
    }
}

/// The archive of a release, kept beside the programs that are in it.
fn archive(programs: &Programs, need: &Need) -> PathBuf {
    let Need { name, version, .. } = need;
    let folder = programs.folder().with_added_extension(name);
    let file = |folder: &Path| folder.join(format!("{name}-{version}.tar.gz"));
    build_once(&folder, |new| {
        pack(need, &file(new), |program| {
            let path = programs.program(program).unwrap_or_else(|| panic!("{name} has no {program}"));
            fs::read(path).expect("it was built")
        });
    });
    file(&folder)
}

/// Packs the programs of a release as its publisher does, without the work of making them smaller.
fn pack(need: &Need, place: &Path, bytes: impl Fn(&str) -> Vec<u8>) {
    let upstream = upstream::find(&need.name).expect("what is needed has an upstream");
    let file = fs::File::create(place).expect("our own folder");
    let mut tar = tar::Builder::new(GzEncoder::new(file, Compression::none()));
    for program in kthw::plan::programs(&need.name) {
        let bytes = bytes(program);
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o755);
        let path = upstream.member(program, &need.version, &need.arch);
        tar.append_data(&mut header, path, &bytes[..]).expect("our own folder");
    }
    tar.into_inner().and_then(GzEncoder::finish).expect("our own folder");
}
