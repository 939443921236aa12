//! A host as it would be after everything was delivered to it: its public files, its secrets, and stubs of its
//! programs.

#![expect(clippy::disallowed_methods, reason = "tests write their own files")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cluster_folder::ClusterFolder;

/// The root of one host's files.
pub struct HostTree {
    root: PathBuf,
    pub files: BTreeMap<String, File>,
}

/// What a bundle says about a file.
#[derive(Deserialize)]
pub struct File {
    output: String,
    pub mode: String,
}

#[derive(Deserialize)]
struct Bundle {
    files: BTreeMap<String, File>,
}

impl HostTree {
    pub fn of(folder: &ClusterFolder, host: &str) -> Self {
        // A folder that kthw fills is no place for what tests put beside its files.
        let (filled, out) = (folder.place().join("filled"), folder.place().join("out"));
        folder.kthw(&["build", "--out", filled.to_str().expect("plain names")]).exits(0);
        let _ = fs::remove_dir_all(out.join(host));
        fs::create_dir_all(&out).expect("our own folder");
        fs::rename(filled.join(host), out.join(host)).expect("the tree of a host");
        let bundle = folder.kthw(&["show", &format!("host/{host}/bundle")]).result();
        let Bundle { files } = serde_json::from_str(&bundle).expect("a bundle is JSON");
        let tree = Self { root: out.join(host), files };
        for (path, file) in &tree.files {
            if file.is_secret() {
                tree.place(path, &folder.kthw(&["show", &format!("{host}:{path}"), "--reveal"]).result());
            } else if file.is_download() {
                tree.place(path, "#!/bin/sh\n");
            }
            let mode = u32::from_str_radix(&file.mode, 8).expect("modes are octal");
            fs::set_permissions(tree.at(path), fs::Permissions::from_mode(mode))
                .expect("every file is there");
        }
        tree
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a file of the host is.
    pub fn at(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    /// Writes a file of the host.
    pub fn place(&self, path: &str, text: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().expect("inside the host")).expect("our own folder");
        fs::write(path, text).expect("our own folder");
    }

    /// Puts something in the place of a program of the distribution.
    pub fn stub(&self, path: &str) {
        self.program(path, "#!/bin/sh\n");
    }

    /// Writes a program of the host.
    pub fn program(&self, path: &str, text: &str) {
        self.place(path, text);
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(0o755)).expect("our own file");
    }

    /// The paths with this ending.
    pub fn paths(&self, ending: &str) -> Vec<&str> {
        self.files.keys().map(String::as_str).filter(|path| path.ends_with(ending)).collect()
    }

    /// The command line of a unit, its paths as seen from outside.
    pub fn command_line(&self, unit: &str) -> Vec<String> {
        let text = self.read(&format!("/etc/systemd/system/{unit}"));
        let (_, start) = text.split_once("ExecStart=").expect("a unit starts something");
        let line = start.replace("\\\n", " ");
        let line = line.lines().next().expect("a command");
        assert!(!line.contains(['"', '\'', '%', '$', '\\']), "nothing in {line} needs systemd to read it");
        let root = self.root.to_str().expect("plain names");
        // What systemd reads for it is read where it is.
        let credentials: Vec<(String, &str)> = text
            .lines()
            .filter_map(|line| line.strip_prefix("LoadCredential=")?.split_once(':'))
            .map(|(name, path)| (format!("=/run/credentials/{unit}/{name}"), path))
            .collect();
        // Variables of an environment file are flags by other names.
        let files = text.lines().filter_map(|line| line.strip_prefix("EnvironmentFile=/"));
        let variables = files.flat_map(|path| {
            let text = self.read(&format!("/{path}"));
            text.lines().filter_map(flag_of_variable).collect::<Vec<_>>()
        });
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).chain(variables).collect();
        words
            .iter()
            .map(|word| {
                let read = credentials.iter().find(|(credential, _)| word.ends_with(credential.as_str()));
                let word = read
                    .map_or(word.clone(), |(credential, path)| word.replace(credential, &format!("={path}")));
                word.replace("=/etc/", &format!("={root}/etc/")).replace("=/var/", &format!("={root}/var/"))
            })
            .collect()
    }
}

/// `ETCD_INITIAL_CLUSTER=a` as `--initial-cluster=a`.
fn flag_of_variable(line: &str) -> Option<String> {
    let (name, value) = line.strip_prefix("ETCD_")?.split_once('=')?;
    Some(format!("--{}={value}", name.to_lowercase().replace('_', "-")))
}

impl File {
    pub fn is_download(&self) -> bool {
        self.output.starts_with("pinned:")
    }

    pub fn is_secret(&self) -> bool {
        self.output.starts_with("mac:")
    }
}
