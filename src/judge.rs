//! Foreign programs as judges of what this program makes.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output};

/// A judge ready to be asked, or `None` where this machine lacks it and the test may be skipped.
///
/// Panics where `KTHW_REQUIRE_JUDGES=1` says that a missing judge is a failure.
pub fn judge(program: &str) -> Option<Command> {
    let found = search_path().into_iter().map(|dir| dir.join(program)).find(|path| path.is_file());
    let Some(path) = found else {
        miss(program);
        return None;
    };
    #[expect(clippy::disallowed_methods, reason = "tests run their judges themselves")]
    Some(Command::new(path))
}

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

#[expect(clippy::disallowed_macros, reason = "a skipped test says so")]
fn miss(program: &str) {
    assert!(!judges_are_required(), "KTHW_REQUIRE_JUDGES is set and there is no {program}");
    println!("skipped: no {program}");
}

#[expect(clippy::disallowed_methods, reason = "the switch is for tests alone")]
fn judges_are_required() -> bool {
    std::env::var_os("KTHW_REQUIRE_JUDGES").is_some_and(|value| value == "1")
}

/// The user's path, and where daemons are installed.
#[expect(clippy::disallowed_methods, reason = "judges are looked up as a shell would")]
fn search_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_judge_is_found_or_missed_by_name() {
        assert!(judge("sh").is_some());
        if !judges_are_required() {
            assert!(judge("no-such-judge").is_none());
        }
    }

    #[test]
    fn a_verdict_is_the_exit_code_and_all_that_was_printed() {
        let Some(mut sh) = judge("sh") else { return };
        assert_eq!(approved(sh.args(["-c", "echo out; echo err >&2"])), "out\nerr\n");
        let Some(mut sh) = judge("sh") else { return };
        assert_eq!(refused(sh.args(["-c", "echo no; exit 1"])), "no\n");
    }
}
