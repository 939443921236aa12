//! Foreign programs that a test needs, and what happens where they are missing.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where a program is, or `None` where this machine lacks it and the test may be skipped.
///
/// Panics where `KTHW_REQUIRE_JUDGES=1` says that a missing one is a failure.
pub fn judge(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    let found = folders.map(|folder| folder.join(program)).find(|path| path.is_file());
    found.or_else(|| miss(program))
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
    miss("right to mount")
}

/// A command that runs its arguments under strace, children and threads included.
pub fn strace() -> Option<Command> {
    let strace = judge("strace")?;
    let mut command = Command::new(&strace);
    command.args(["-f", "-qq", "-o", "/dev/null"]);
    let allowed = Command::new(&strace).args(["-o", "/dev/null", "true"]).output();
    match allowed.is_ok_and(|output| output.status.success()) {
        true => Some(command),
        false => miss("right to trace"),
    }
}

fn miss<T>(what: &str) -> Option<T> {
    let required = std::env::var_os("KTHW_REQUIRE_JUDGES").is_some_and(|value| value == "1");
    assert!(!required, "KTHW_REQUIRE_JUDGES is set and there is no {what}");
    println!("skipped: no {what}");
    None
}

/// The program under test.
pub fn kthw() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_kthw"))
}
