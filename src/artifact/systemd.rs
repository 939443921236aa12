//! systemd as the judge of unit files.

use std::path::Path;

use crate::judge::judge;

/// What systemd makes of a unit: what it says against it, and what it understood.
pub struct Verdict {
    /// Empty if systemd is content.
    pub objections: String,
    /// The dump of the unit as read.
    pub understood: String,
}

/// Asks systemd about a service, on a root where these programs, the units named after them and the usual
/// targets exist. `None` without a systemd.
pub fn verify(unit: &str, programs: &[&str]) -> Option<Verdict> {
    let root = tempfile::tempdir().expect("a temporary folder");
    for program in programs {
        let start = format!("[Service]\nExecStart=/usr/local/bin/{program}\n");
        place(root.path(), &format!("usr/local/bin/{program}"), "#!/bin/sh\n", 0o755);
        place(root.path(), &format!("usr/lib/systemd/system/{program}.service"), &start, 0o644);
    }
    for target in ["sysinit", "basic", "multi-user", "network-online", "shutdown"] {
        place(root.path(), &format!("usr/lib/systemd/system/{target}.target"), "[Unit]\n", 0o644);
    }
    place(root.path(), "etc/systemd/system/judged.service", unit, 0o644);
    Some(Verdict { objections: ask(root.path(), "notice")?.1, understood: ask(root.path(), "debug")?.0 })
}

/// What systemd prints to its output and to its errors, at a level of detail.
fn ask(root: &Path, detail: &str) -> Option<(String, String)> {
    let output = judge("systemd-analyze")?
        .args(["verify", "--man=no", "--recursive-errors=one", "etc/systemd/system/judged.service", "--root"])
        .arg(root)
        .current_dir(root)
        .env("SYSTEMD_LOG_LEVEL", detail)
        .output()
        .expect("a judge that exists runs");
    let objections = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() || !objections.is_empty(), "systemd failed without a word");
    Some((String::from_utf8_lossy(&output.stdout).into_owned(), objections.into_owned()))
}

#[expect(clippy::disallowed_methods, reason = "files for the judge")]
fn place(root: &Path, path: &str, text: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().expect("inside the root")).expect("a temporary folder is writable");
    std::fs::write(&path, text).expect("a temporary folder is writable");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("our own file");
}
