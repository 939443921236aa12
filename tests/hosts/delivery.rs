//! A host's bundle, put there and started by hand, as README's Status section says.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::cluster_folder::ClusterFolder;
use crate::host::Host;

/// What `kthw show HOST` prints.
#[derive(Deserialize)]
pub struct Bundle {
    files: BTreeMap<String, Placed>,
    services: Vec<Service>,
}

#[derive(Deserialize)]
struct Placed {
    output: String,
    mode: String,
    owner: String,
}

#[derive(Deserialize)]
struct Service {
    unit: String,
    reads: Vec<String>,
}

impl Bundle {
    pub fn of(folder: &ClusterFolder, host: &str) -> Self {
        let text = folder.kthw(&["show", &format!("host/{host}/bundle")]).result();
        serde_json::from_str(&text).expect("a bundle is JSON")
    }

    /// The units that are started, in order.
    pub fn units(&self) -> impl Iterator<Item = &str> {
        self.services.iter().map(|service| service.unit.as_str())
    }

    /// What a unit is said to read: what restarts it.
    pub fn reads(&self, unit: &str) -> impl Iterator<Item = &str> {
        let service = self.services.iter().find(|service| service.unit == unit).expect("one of its units");
        service.reads.iter().map(String::as_str)
    }

    pub fn holds(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Writes every file, with its mode and owner, public ones from the tree that `build --out` wrote.
    pub fn deliver(&self, folder: &ClusterFolder, tree: &Path, host: &Host) {
        let mut tar = host.command();
        tar.arg("tar");
        self.unpack(folder, &host.name, tree, tar, "/");
    }

    /// The same by a `tar` of whoever it is for, below some folder.
    pub fn unpack(&self, folder: &ClusterFolder, host: &str, tree: &Path, mut tar: Command, below: &str) {
        tar.args([
            "--extract",
            "--preserve-permissions",
            "--no-overwrite-dir",
            &format!("--directory={below}"),
        ]);
        let mut tar = tar.stdin(Stdio::piped()).spawn().expect("nsenter was found");
        let mut archive = tar::Builder::new(tar.stdin.take().expect("a pipe"));
        for (path, placed) in &self.files {
            let within = path.trim_start_matches('/');
            if placed.output.starts_with("mac:") {
                let secret = folder.kthw(&["show", "--reveal", &format!("{host}:{path}")]).result();
                placed.add(&mut archive, within, secret.len() as u64, secret.as_bytes());
            } else {
                let file = File::open(tree.join(within)).unwrap_or_else(|e| panic!("{path}: {e}"));
                let size = file.metadata().expect("a file").len();
                placed.add(&mut archive, within, size, file);
            }
        }
        archive.into_inner().and_then(|mut pipe| pipe.flush()).expect("the host takes all of it");
        assert!(tar.wait().expect("a child of ours").success(), "{host}: not all was unpacked");
    }
}

impl Placed {
    fn add(&self, archive: &mut tar::Builder<impl Write>, path: &str, size: u64, bytes: impl std::io::Read) {
        let (user, group) = self.owner.split_once(':').expect("an owner is a user and a group");
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(u32::from_str_radix(&self.mode, 8).expect("modes are octal"));
        header.set_username(user).and_then(|()| header.set_groupname(group)).expect("short names");
        archive.append_data(&mut header, path, bytes).expect("the host takes all of it");
    }
}
