//! Judges that need more than a program: a module, a right, or a network of their own.

use std::process::Command;

use crate::ran::Ran;

#[path = "../support/judge.rs"]
mod found;

pub use found::{judge, miss};

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
