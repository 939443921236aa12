//! Paths on a host that the cluster file names.

use crate::spec::problem::Problem;

/// Reports a path that is not absolute, or that a unit file or a script would have to quote.
pub fn check(field: &str, path: &str, problems: &mut Vec<Problem>) {
    if !is_plain(path) {
        problems.push(
            Problem::error(field, format!("{field} {path} is not a plain absolute path"))
                .fix("write it like /srv/etcd: letters, digits, `.`, `_` and `-` between slashes"),
        );
    }
}

/// Reports a folder that a hardened service cannot keep anything in: its own `/tmp` and an empty `/home` hide the
/// host's, the rest is read-only or gone after a restart.
pub fn keeps(field: &str, folder: &str, problems: &mut Vec<Problem>) {
    check(field, folder, problems);
    let is_below =
        |top: &&str| folder == *top || folder.strip_prefix(*top).is_some_and(|rest| rest.starts_with('/'));
    if let Some(top) = FLEETING.iter().find(|top| is_below(top)) {
        let message = format!("{field} {folder} is in {top}, where services keep nothing");
        problems.push(Problem::error(field, message).fix("name a folder like /srv/etcd"));
    }
}

const FLEETING: &[&str] = &[
    "/boot", "/dev", "/etc", "/home", "/proc", "/root", "/run", "/sys", "/tmp", "/usr", "/var/run",
    "/var/tmp",
];

/// Steps of plain characters after a slash each.
pub fn is_plain(path: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    let is_step = |step: &str| !matches!(step, "" | "." | "..") && step.bytes().all(plain);
    path.strip_prefix('/').is_some_and(|steps| steps.split('/').all(is_step))
}

/// Whether it is absolute and leads straight to where it says.
pub fn is_absolute(path: &str) -> bool {
    let is_step = |step: &str| !matches!(step, "" | "." | "..");
    path.strip_prefix('/').is_some_and(|steps| steps.split('/').all(is_step))
        && !path.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_absolute_paths_pass() {
        let check = |path, expected| assert_eq!(is_plain(path), expected, "{path:?}");
        check("/srv/etcd-wal", true);
        check("/var/lib/a_b.c/1", true);
        check("/", false);
        check("", false);
        check("srv", false);
        check("/srv/", false);
        check("/srv/../etc", false);
        check("/srv/a b", false);
        check("/srv/%i", false);
        check("/srv/a\nb", false);
    }

    #[test]
    fn a_path_leads_straight_to_its_file() {
        let check = |path, expected| assert_eq!(is_absolute(path), expected, "{path:?}");
        check("/etc/systemd/system/getty@tty1.service.d/a b.conf", true);
        for path in ["", "/", "etc/motd", "/etc/", "/etc//motd", "/etc/./motd", "/etc/../motd", "/etc/a\n"] {
            check(path, false);
        }
    }
}
