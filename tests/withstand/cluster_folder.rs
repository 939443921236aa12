//! A copy of the example cluster that a test may do anything to.

use std::ffi::OsStr;
use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use crate::judge::kthw;
use crate::run::{Built, Run};

/// A cluster folder of its own; dropped, it is gone.
pub struct ClusterFolder {
    temp: tempfile::TempDir,
    store: Option<Utf8PathBuf>,
}

impl ClusterFolder {
    /// The example with one control plane and two workers, not built yet.
    pub fn single() -> Self {
        let folder = Self::empty();
        let example = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/single");
        for name in ["cluster.yaml", "kthw.lock", "kthw.root"] {
            fs::copy(example.join(name), folder.join(name)).unwrap();
        }
        folder
    }

    fn empty() -> Self {
        Self { temp: tempfile::tempdir().unwrap(), store: None }
    }

    /// The same folder once more, with whatever is in it.
    pub fn copied(&self) -> Self {
        let copy = Self::empty();
        let mut cp = Command::new("cp");
        Run::of(cp.args(["-a", self.join(".").as_str(), copy.join(".").as_str()])).good();
        copy
    }

    /// With its store somewhere else.
    pub fn with_store(mut self, store: &Utf8Path) -> Self {
        self.store = Some(store.to_owned());
        self
    }

    pub fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.temp.path()).expect("temporary folders have plain names")
    }

    pub fn join(&self, relative: &str) -> Utf8PathBuf {
        self.path().join(relative)
    }

    pub fn store(&self) -> Utf8PathBuf {
        self.store.clone().unwrap_or_else(|| self.join(".kthw/store"))
    }

    pub fn read(&self, relative: &str) -> String {
        fs::read_to_string(self.join(relative)).unwrap()
    }

    pub fn write(&self, relative: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.join(relative), bytes).unwrap();
    }

    /// Replaces a text that is there.
    #[track_caller]
    pub fn edit(&self, relative: &str, from: &str, to: &str) {
        let text = self.read(relative);
        assert!(text.contains(from), "{relative} has no {from:?}");
        self.write(relative, text.replace(from, to));
    }

    /// Has downloads looked for in these places first.
    pub fn set_mirrors(&self, mirrors: &[&str]) {
        let text = self.read("cluster.yaml");
        self.write("cluster.yaml", format!("{text}\ndownloads: {{mirrors: {mirrors:?}}}\n"));
    }

    /// The program with these arguments, in an environment that holds nothing else.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(kthw(), arguments)
    }

    pub fn command_of(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        self.bare(&mut command).args(["-C", self.path().as_str()]).args(arguments);
        command
    }

    /// The program with these arguments, run by another that is ready to take it.
    pub fn command_under(&self, mut runner: Command, arguments: &[&str]) -> Command {
        self.bare(&mut runner).arg(kthw()).args(["-C", self.path().as_str()]).args(arguments);
        runner
    }

    /// Leaves a command nothing of the environment but what a test gives it. Publishers are out of reach.
    pub fn bare<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env_clear().env("HOME", self.path()).env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
        command.env("HTTPS_PROXY", "http://127.0.0.1:9");
        match &self.store {
            Some(store) => command.env("KTHW_STORE", store),
            None => command,
        }
    }

    pub fn kthw(&self, arguments: &[&str]) -> Run {
        Run::of(&mut self.command(arguments))
    }

    #[track_caller]
    pub fn build(&self) -> Built {
        self.kthw(&["build", "--json"]).built()
    }

    #[track_caller]
    pub fn verify(&self) {
        self.kthw(&["store", "verify"]).good();
    }

    /// What this build must yield is what that one did, and the store is sound.
    #[track_caller]
    pub fn is_clean(&self, as_before: &Built) -> Built {
        let built = self.build();
        assert_eq!(built.identities(), as_before.identities());
        self.verify();
        built
    }
}
