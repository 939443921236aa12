//! A cluster folder that git keeps, as those have it who review changes of one.

use std::path::Path;
use std::process::Command;

use crate::cluster_folder::ClusterFolder;
use crate::judge::judge;
use crate::ran::Ran;

/// Git in a folder, with nothing from the environment; none where this machine lacks it.
pub fn git(folder: &Path, args: &[&str]) -> Option<Ran> {
    let mut git: Command = judge("git")?;
    git.current_dir(folder)
        .env_clear()
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null");
    for (name, value) in [("NAME", "A"), ("EMAIL", "a@example.org")] {
        git.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    Some(Ran::of(git.args(["-c", "init.defaultBranch=main"]).args(args)))
}

/// Commits all that is in the folder.
pub fn commit(folder: &ClusterFolder, subject: &str) -> Option<()> {
    git(&folder.path(), &["add", "--all"])?.exits(0);
    git(&folder.path(), &["commit", "--quiet", "--message", subject])?.exits(0);
    Some(())
}

/// The first example with its golden files, committed.
pub fn single() -> Option<ClusterFolder> {
    let folder = ClusterFolder::single();
    folder.write(".gitignore", ".kthw/\n");
    folder.kthw(&["snapshot"]).exits(0);
    git(&folder.path(), &["init", "--quiet"])?.exits(0);
    commit(&folder, "the cluster")?;
    Some(folder)
}
