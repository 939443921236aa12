//! Foreign programs as judges: those that run, and what happens where one is missing.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "tests run their judges themselves, and a skipped one says so"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// A judge ready to be asked, or `None` where this machine lacks it and the test may be skipped.
///
/// Panics where `KTHW_REQUIRE_JUDGES=1` says that a missing judge is a failure.
pub fn judge(program: &str) -> Option<Command> {
    let path = find(program, &search_path());
    if path.is_none() {
        miss(program);
    }
    path.map(Command::new)
}

/// Says that a judge is missing, or fails where that is not allowed.
pub fn miss(judge: &str) {
    let required = std::env::var_os("KTHW_REQUIRE_JUDGES").is_some_and(|value| value == "1");
    assert!(!required, "KTHW_REQUIRE_JUDGES is set and there is no {judge} that runs");
    println!("skipped: no {judge}");
}

/// The user's path, and where daemons are installed.
fn search_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]).collect()
}

/// The first program of this name that runs, and that finds what it starts.
///
/// A file alone does not say so: a library, an interpreter or a module of it may be missing.
pub fn find(program: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let path = folders.iter().map(|folder| folder.join(program)).find(|path| answers(path))?;
    starts(program).iter().all(|other| find(other, folders).is_some()).then_some(path)
}

/// Whether a program answers a harmless question; each is asked once.
fn answers(path: &Path) -> bool {
    static KNOWN: Mutex<BTreeMap<PathBuf, bool>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().expect("nobody panics with it");
    *known.entry(path.to_owned()).or_insert_with(|| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let (question, code) = question(name);
        let output = Command::new(path).args(question).stdin(Stdio::null()).output();
        output.is_ok_and(|output| output.status.code() == Some(code))
    })
}

/// What a program is asked, and the code that it answers with.
fn question(name: &str) -> (&'static [&'static str], i32) {
    match name {
        "dash" | "sh" => (&["-c", "true"], 0),
        "dot" | "ip" | "mke2fs" | "ssh" => (&["-V"], 0),
        "etcdctl" | "go" | "openssl" => (&["version"], 0),
        "fsck.fat" => (&["--help"], 0),
        "haproxy" => (&["-v"], 0),
        "kubectl" => (&["version", "--client"], 0),
        // Refuses every question.
        "ssh-keygen" => (&["-?"], 1),
        _ => (&["--version"], 0),
    }
}

/// Programs that a judge starts itself, and whose package its own does not ask for.
fn starts(name: &str) -> &'static [&'static str] {
    match name {
        "virt-xml-validate" => &["xmllint"],
        _ => &[],
    }
}
