//! A cluster folder in a git repository of its own.

#![expect(clippy::disallowed_methods, reason = "tests run git")]

use std::process::Command;

use crate::cluster_folder::ClusterFolder;
use crate::ran::Ran;

/// Makes the folder a repository with everything in it as its first commit.
pub fn commit_all(folder: &ClusterFolder) {
    git(folder, &["init", "--quiet", "--initial-branch=main"]);
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message=first"]);
}

/// Runs git in the folder, as nobody and with nobody's settings.
#[track_caller]
pub fn git(folder: &ClusterFolder, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(args).current_dir(folder.path()).env_clear();
    command.env("HOME", folder.place().join("home")).env("GIT_CONFIG_NOSYSTEM", "1");
    for role in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{role}_NAME"), "Nobody")
            .env(format!("GIT_{role}_EMAIL"), "nobody@example.org");
        command.env(format!("GIT_{role}_DATE"), "2026-11-20T00:00:00Z");
    }
    Ran::of(&mut command).result()
}
