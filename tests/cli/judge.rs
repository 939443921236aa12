//! Foreign programs as judges: found, or missed by name.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "tests run their judges themselves"
)]

use std::path::PathBuf;
use std::process::Command;

use crate::ran::Ran;

/// A judge ready to be asked, or `None` where this machine lacks it and the test may be skipped.
///
/// Panics where `KTHW_REQUIRE_JUDGES=1` says that a missing judge is a failure.
pub fn judge(program: &str) -> Option<Command> {
    let path = search_path().into_iter().map(|dir| dir.join(program)).find(|path| path.is_file());
    if path.is_none() {
        miss(program);
    }
    path.map(Command::new)
}

/// Python with a module that it judges by.
pub fn python(module: &str) -> Option<Command> {
    let has_module = Ran::of(judge("python3")?.args(["-c", &format!("import {module}")])).code == Some(0);
    if !has_module {
        miss(&format!("python3 with {module}"));
        return None;
    }
    judge("python3")
}

/// A program that starts others in a network of their own, where any address may be taken.
pub fn own_network() -> Option<Command> {
    for flags in [&["--net"][..], &["--net", "--map-root-user"]] {
        if Ran::of(judge("unshare")?.args(flags).arg("true")).code == Some(0) {
            let mut unshare = judge("unshare")?;
            unshare.args(flags);
            return judge("ip").map(|_| unshare);
        }
    }
    miss("network namespace for this user");
    None
}

/// A program that starts others as a user of another number.
pub fn another_user() -> Option<Command> {
    let ways = [
        ("setpriv", &["--reuid=65534", "--regid=65534", "--clear-groups"][..]),
        ("unshare", &["--map-root-user"]),
    ];
    for (program, flags) in ways {
        if Ran::of(judge(program)?.args(flags).arg("true")).code == Some(0) {
            let mut way = judge(program)?;
            way.args(flags);
            return Some(way);
        }
    }
    miss("other user to become");
    None
}

/// Says that a judge is missing, or fails where that is not allowed.
pub fn miss(judge: &str) {
    let required = std::env::var_os("KTHW_REQUIRE_JUDGES").is_some_and(|value| value == "1");
    assert!(!required, "KTHW_REQUIRE_JUDGES is set and there is no {judge}");
    println!("skipped: no {judge}");
}

/// The user's path, and where daemons are installed.
fn search_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]).collect()
}
