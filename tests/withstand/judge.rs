//! Foreign programs that a test needs, and what happens where they are missing.

use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "../support/judge.rs"]
mod found;

pub use found::miss;

/// Where a program is that runs, or `None` where this machine lacks it and the test may be skipped.
pub fn judge(program: &str) -> Option<PathBuf> {
    found::judge(program).map(|judge| judge.get_program().into())
}

/// A command that runs its arguments where they may mount what they like and nobody else sees it.
pub fn own_mounts() -> Option<Command> {
    let unshare = judge("unshare")?;
    for user in [&[][..], &["--user", "--map-root-user"]] {
        let command = || {
            let mut command = Command::new(&unshare);
            command.args(user).args(["--mount", "--propagation", "private"]);
            command
        };
        if command().arg("true").output().is_ok_and(|output| output.status.success()) {
            return Some(command());
        }
    }
    miss("right to mount");
    None
}

/// A command that runs its arguments under strace, children and threads included.
pub fn strace() -> Option<Command> {
    let strace = judge("strace")?;
    let mut command = Command::new(&strace);
    command.args(["-f", "-qq", "-o", "/dev/null"]);
    let allowed = Command::new(&strace).args(["-o", "/dev/null", "true"]).output();
    match allowed.is_ok_and(|output| output.status.success()) {
        true => Some(command),
        false => {
            miss("right to trace");
            None
        }
    }
}

/// The program under test.
pub fn kthw() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_kthw"))
}
