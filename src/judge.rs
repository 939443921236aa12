//! Foreign programs as judges of what this program makes.

use std::io::Write as _;
use std::process::{Command, Output};

#[path = "../tests/support/judge.rs"]
mod found;

pub use found::judge;

/// A text in a file, for judges that read files.
pub fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(text.as_bytes()).expect("a temporary file is writable");
    file
}

/// What a judge printed, provided that it was content.
pub fn approved(command: &mut Command) -> String {
    let (content, printed) = verdict(command);
    assert!(content, "{command:?} objects:\n{printed}");
    printed
}

/// What a judge printed, provided that it objected.
pub fn refused(command: &mut Command) -> String {
    let (content, printed) = verdict(command);
    assert!(!content, "{command:?} does not object:\n{printed}");
    printed
}

fn verdict(command: &mut Command) -> (bool, String) {
    let Output { status, stdout, stderr } = command.output().expect("a judge that exists runs");
    let printed = [stdout, stderr].concat();
    (status.success(), String::from_utf8_lossy(&printed).into_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::found::find;
    use super::*;

    #[test]
    fn a_judge_is_there_if_it_runs_and_finds_what_it_starts() {
        let check = |names: &[&str], really: &str, there: bool| {
            let folder = tempfile::tempdir().expect("a temporary folder");
            for name in names {
                symlink(really, folder.path().join(name)).expect("a new link");
            }
            let found = find(names[0], &[folder.path().to_owned()]);
            assert_eq!(found.is_some(), there, "{names:?} {really}");
        };
        check(&["openssl"], "/bin/true", true);
        check(&["openssl"], "/bin/false", false);
        check(&["openssl"], "/bin/no-such-program", false);
        check(&["virt-xml-validate", "xmllint"], "/bin/true", true);
        check(&["virt-xml-validate"], "/bin/true", false);
    }

    #[test]
    fn a_verdict_is_the_exit_code_and_all_that_was_printed() {
        let Some(mut sh) = judge("sh") else { return };
        assert_eq!(approved(sh.args(["-c", "echo out; echo err >&2"])), "out\nerr\n");
        let Some(mut sh) = judge("sh") else { return };
        assert_eq!(refused(sh.args(["-c", "echo no; exit 1"])), "no\n");
    }
}
