//! A mirror of releases: small stand-ins under the publishers' paths, packed as the publishers pack.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use kthw::lock::{Lock, Pin};
use kthw::upstream::{self, Packing, Upstream};

use crate::cluster_folder::ClusterFolder;

/// Files by their path below the mirror's root, `<host>/<path>`.
#[derive(Clone)]
pub struct Mirror {
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Mirror {
    /// Everything that a cluster's lock pins.
    pub fn of(folder: &ClusterFolder) -> Self {
        let lock = Lock::parse(&folder.read("kthw.lock")).unwrap();
        Self { files: lock.pins().iter().map(|pin| (path(pin), release(pin))).collect() }
    }

    /// Has a cluster pin what this mirror holds as a folder of its own, and fetch it there.
    pub fn serve_from_folder(&self, folder: &ClusterFolder) {
        let root = folder.join("mirror");
        for (path, bytes) in &self.files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let url = format!("file://{root}");
        folder.kthw(&["lock", "--accept-unpublished", "--mirror", &url]).good();
        folder.set_mirrors(&[&url]);
    }

    /// The path of a release's file, by the name of its pin.
    pub fn path(&self, folder: &ClusterFolder, name: &str) -> String {
        let lock = Lock::parse(&folder.read("kthw.lock")).unwrap();
        path(lock.pins().iter().find(|pin| pin.name == name).unwrap())
    }

    /// The stand-in for a program.
    pub fn program(&self, name: &str) -> Vec<u8> {
        program(name)
    }
}

fn path(pin: &Pin) -> String {
    pin.url.trim_start_matches("https://").to_owned()
}

fn release(pin: &Pin) -> Vec<u8> {
    let upstream = upstream::find(&pin.name).expect("pins have upstreams");
    match upstream.packing {
        Packing::Plain => program(&pin.name),
        Packing::TarGz => archive(pin, upstream),
    }
}

fn archive(pin: &Pin, upstream: &Upstream) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for name in kthw::plan::programs(&pin.name) {
        let bytes = program(name);
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o755);
        let path = upstream.member(name, &pin.version, &pin.arch);
        tar.append_data(&mut header, path, &bytes[..]).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// An archive with a program in its place and one more entry, which leads out of it.
pub fn hostile_archive(place: &str) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, bytes) in [(place, &b"program"[..]), ("../../etc/passwd", b"root")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o755);
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        tar.append(&header, bytes).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// Bytes that tell programs apart, do not compress, and are too many for the database.
fn program(name: &str) -> Vec<u8> {
    let mut bytes = vec![0; 150_000];
    blake3::Hasher::new().update(name.as_bytes()).finalize_xof().fill(&mut bytes);
    (&mut bytes[..]).write_all(format!("#!/bin/echo {name}\n").as_bytes()).unwrap();
    bytes
}
