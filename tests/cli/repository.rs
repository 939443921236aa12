//! A cluster folder that git keeps, as those have it who review changes of one.

use std::path::Path;
use std::process::Command;

use crate::cluster_folder::ClusterFolder;
use crate::judge::judge;
use crate::ran::Ran;

/// Git in a folder, as nobody, at no time in particular and with nothing from the environment; none where this machine
/// lacks it.
pub fn git(folder: &Path, args: &[&str]) -> Option<Ran> {
    let mut git: Command = judge("git")?;
    git.current_dir(folder)
        .env_clear()
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null");
    for role in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{role}_NAME"), "A")
            .env(format!("GIT_{role}_EMAIL"), "a@example.org")
            .env(format!("GIT_{role}_DATE"), "2026-11-20T00:00:00Z");
    }
    Some(Ran::of(git.args(["-c", "init.defaultBranch=main"]).args(args)))
}

/// Commits all that is in the folder.
pub fn commit(folder: &ClusterFolder, subject: &str) -> Option<()> {
    git(&folder.path(), &["add", "--all"])?.exits(0);
    git(&folder.path(), &["commit", "--quiet", "--message", subject])?.exits(0);
    Some(())
}

/// Makes the folder a repository with all that is in it as its first commit. What kthw keeps to itself stays out.
pub fn begin(folder: &ClusterFolder) -> Option<()> {
    folder.write(".gitignore", ".kthw/\n");
    git(&folder.path(), &["init", "--quiet"])?.exits(0);
    commit(folder, "the cluster")
}

/// An example, committed.
pub fn example(name: &str) -> Option<ClusterFolder> {
    let folder = ClusterFolder::of_example(name);
    begin(&folder)?;
    Some(folder)
}

/// The first example with its golden files, committed.
pub fn single() -> Option<ClusterFolder> {
    let folder = ClusterFolder::single();
    folder.kthw(&["snapshot"]).exits(0);
    begin(&folder)?;
    Some(folder)
}
