//! A cluster folder of a test's own, and `kthw` run in it with nothing from the environment.

#![expect(clippy::disallowed_methods, reason = "tests write their own folders and run the program")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::ran::{Ran, Summary};

/// The program under test.
pub const KTHW: &str = env!("CARGO_BIN_EXE_kthw");

/// A cluster folder in a temporary place that also is home and holds the temporary files.
pub struct ClusterFolder {
    place: TempDir,
}

/// The folder of an example.
pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

impl ClusterFolder {
    /// A folder without a cluster.
    pub fn empty() -> Self {
        let place = tempfile::tempdir().expect("a temporary folder");
        for name in ["cluster", "home", "tmp"] {
            fs::create_dir(place.path().join(name)).expect("a new folder");
        }
        Self { place }
    }

    /// A copy of an example: its sources, and nothing that was built.
    pub fn of_example(name: &str) -> Self {
        let folder = Self::empty();
        for entry in fs::read_dir(example(name)).expect("examples are folders") {
            let entry = entry.expect("examples can be listed");
            if entry.file_type().expect("a type").is_file() {
                fs::copy(entry.path(), folder.path().join(entry.file_name()))
                    .expect("examples can be copied");
            }
        }
        folder
    }

    /// The cluster that most tests are about: one control plane and two workers.
    pub fn single() -> Self {
        Self::of_example("single")
    }

    pub fn path(&self) -> PathBuf {
        self.place.path().join("cluster")
    }

    /// The temporary place around the cluster.
    pub fn place(&self) -> &Path {
        self.place.path()
    }

    pub fn read(&self, name: &str) -> String {
        let path = self.path().join(name);
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).expect("our own folder is writable");
    }

    pub fn exists(&self, name: &str) -> bool {
        self.path().join(name).exists()
    }

    /// Replaces a text that occurs in a file exactly once.
    #[track_caller]
    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert_eq!(text.matches(from).count(), 1, "{name} holds {from:?} once");
        self.write(name, &text.replace(from, to));
    }

    /// The program in this folder, knowing nothing else.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(KTHW);
        command.args(args).current_dir(self.path()).env_clear();
        command.env("HOME", self.place().join("home")).env("TMPDIR", self.place().join("tmp"));
        command
    }

    pub fn kthw(&self, args: &[&str]) -> Ran {
        Ran::of(&mut self.command(args))
    }

    /// Builds everything.
    #[track_caller]
    pub fn build(&self) -> Summary {
        self.kthw(&["build", "--json"]).summary()
    }
}
