//! Earlier states of a folder, as git keeps them.

use std::collections::{HashMap, HashSet};

use camino::Utf8Path;

use super::files;
use super::process::{self, Ended, ProcessError};

/// What to do where the history ends too early.
pub const UNSHALLOW: &str =
    "this clone is shallow: fetch the whole history (`git fetch --unshallow`; in CI, `fetch-depth: 0`)";

/// A commit of the repository that a folder is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The whole id.
    pub id: String,
}

/// Why a revision cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("{folder} is in no git repository: {reason}")]
    NoRepository { folder: String, reason: String },
    #[error("git knows no revision `{revision}`")]
    Unknown { revision: String, shallow: bool },
    #[error("nothing is committed yet in the git repository of {folder}")]
    Nothing { folder: String },
    #[error("git finds no commit that both {one} and {other} come from")]
    Unrelated { one: String, other: String, shallow: bool },
    #[error("git: {0}")]
    Failed(String),
}

impl Commit {
    /// The commit that a revision names: a branch, a tag, `HEAD~2`, an id.
    pub fn find(folder: &Utf8Path, revision: &str) -> Result<Self, GitError> {
        if let Some(reason) = why_outside(folder)? {
            return Err(GitError::NoRepository { folder: folder.to_string(), reason });
        }
        let wanted = format!("{revision}^{{commit}}");
        let found = git(folder, &["rev-parse", "--quiet", "--verify", "--end-of-options", &wanted])?;
        // `^main` verifies as all that main does not come from, which is no commit.
        if found.success && !found.stdout.starts_with('^') {
            return Ok(Self { id: found.stdout.trim().to_owned() });
        }
        if git(folder, &["rev-list", "--max-count=1", "--all"])?.stdout.trim().is_empty() {
            return Err(GitError::Nothing { folder: folder.to_string() });
        }
        Err(GitError::Unknown { revision: revision.to_owned(), shallow: is_shallow(folder)? })
    }

    /// The last commit that this one and another both come from.
    pub fn fork(&self, folder: &Utf8Path, other: &Self) -> Result<Self, GitError> {
        let found = git(folder, &["merge-base", &self.id, &other.id])?;
        let id = found.stdout.trim();
        // Without one it fails, and has nothing to say.
        match (found.success, found.stderr.trim().is_empty()) {
            (true, _) => Ok(Self { id: id.to_owned() }),
            (false, false) => Err(GitError::Failed(first_line(&found))),
            (false, true) => Err(GitError::Unrelated {
                one: self.short().to_owned(),
                other: other.short().to_owned(),
                shallow: is_shallow(folder)?,
            }),
        }
    }

    /// The commits that changed one of these files of the folder, newest first and not more than so many.
    pub fn changes(folder: &Utf8Path, files: &[&str], most: usize) -> Result<Vec<Self>, GitError> {
        let count = format!("--max-count={most}");
        let ids = ask(folder, &[&["log", &count, "--format=%H", "--"], files].concat())?;
        Ok(ids.lines().map(|id| Self { id: id.to_owned() }).collect())
    }

    /// Whether this clone knows nothing of what was before: what seems to have changed here may be older.
    pub fn is_cut_off(&self, folder: &Utf8Path) -> Result<bool, GitError> {
        let parents = ask(folder, &["log", "-1", "--format=%P", &self.id])?;
        Ok(is_shallow(folder)? && parents.trim().is_empty())
    }

    /// Enough of the id for people.
    pub fn short(&self) -> &str {
        self.id.get(..10).unwrap_or(&self.id)
    }

    /// The commits that a merge, a rebase or a cherry-pick brings together: the last one and the one that is brought in while
    /// it is under way, and what the last one comes from once it is committed.
    pub fn sides(folder: &Utf8Path) -> Result<Vec<Self>, GitError> {
        let find = |name: &str| -> Result<Option<Self>, GitError> {
            let found = git(folder, &["rev-parse", "--quiet", "--verify", &format!("{name}^{{commit}}")])?;
            Ok(found.success.then(|| Self { id: found.stdout.trim().to_owned() }))
        };
        let Some(head) = find("HEAD")? else { return Ok(Vec::new()) };
        let mut sides = Vec::new();
        for name in ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD"] {
            sides.extend(find(name)?);
        }
        if !sides.is_empty() {
            sides.push(head.clone());
        }
        let parents = ask(folder, &["log", "-1", "--format=%P", &head.id])?;
        sides.extend(parents.split_whitespace().map(|id| Self { id: id.to_owned() }));
        Ok(sides)
    }

    /// The regular files that this commit has below the folder.
    pub fn files(&self, folder: &Utf8Path) -> Result<HashSet<String>, GitError> {
        let entries = ask(folder, &["ls-tree", "-r", "-z", &self.id])?;
        let file = |entry: &str| {
            let (kind, path) = entry.split_once('\t')?;
            kind.starts_with("100").then(|| path.to_owned())
        };
        Ok(entries.split_terminator('\0').filter_map(file).collect())
    }

    /// A file of the folder as this commit has it, if it does.
    pub fn read(&self, folder: &Utf8Path, path: &str) -> Result<Option<String>, GitError> {
        let object = format!("{}:./{path}", self.id);
        // A name is found without its bytes, so that bytes that are lost are not taken for a file that never was.
        let found = git(folder, &["rev-parse", "--quiet", "--verify", "--end-of-options", &object])?;
        if !found.success {
            return Ok(None);
        }
        let blob = found.stdout.trim();
        let size = ask(folder, &["cat-file", "-s", blob])?;
        if size.trim().parse().is_ok_and(|size: u64| size > files::MOST) {
            return Err(GitError::Failed(format!("{path} of {} is too large to be read", self.short())));
        }
        ask(folder, &["cat-file", "blob", blob]).map(Some)
    }
}

fn is_shallow(folder: &Utf8Path) -> Result<bool, GitError> {
    Ok(ask(folder, &["rev-parse", "--is-shallow-repository"])?.trim() == "true")
}

/// Whether one of these files of the folder is other than the last commit has it, or is not in it.
pub fn is_dirty(folder: &Utf8Path, files: &[&str]) -> Result<bool, GitError> {
    Ok(!ask(folder, &[&["status", "--porcelain", "--"], files].concat())?.is_empty())
}

/// For each file below a folder the last commit that changed it, as far as so many commits tell.
pub fn writers(folder: &Utf8Path, most: usize) -> Result<HashMap<String, Commit>, GitError> {
    const COMMIT: &str = "commit ";
    let count = format!("--max-count={most}");
    let format = format!("--format={COMMIT}%H");
    // Of a merge, those that it changed itself.
    let words = ask(folder, &["log", "-c", &count, "-z", "--name-only", "--relative", &format, "--", "."])?;
    let mut writers = HashMap::new();
    let mut commit = None;
    for word in words.split('\0').map(|word| word.trim_start_matches('\n')) {
        match (word.strip_prefix(COMMIT), &commit) {
            (Some(id), _) => commit = Some(Commit { id: id.to_owned() }),
            (None, Some(commit)) if !word.is_empty() => {
                writers.entry(word.to_owned()).or_insert_with(|| Commit::clone(commit));
            }
            _ => {}
        }
    }
    Ok(writers)
}

/// The files below a folder that the last commit has, and has otherwise.
pub fn edited(folder: &Utf8Path) -> Result<HashSet<String>, GitError> {
    let names = ask(folder, &["diff", "--name-only", "-z", "--relative", "HEAD", "--", "."])?;
    Ok(names.split_terminator('\0').map(str::to_owned).collect())
}

/// What of a file or folder git has, or is about to have.
pub fn tracked(folder: &Utf8Path, name: &str) -> Result<Vec<String>, GitError> {
    let names = ask(folder, &["ls-files", "-z", "--", name])?;
    Ok(names.split_terminator('\0').map(str::to_owned).collect())
}

/// Whether the folder is in a work tree of git. Where git refuses to look, nobody knows.
pub fn is_repository(folder: &Utf8Path) -> Result<bool, GitError> {
    match why_outside(folder) {
        Err(GitError::Process(error)) if error.is_missing() => Ok(false),
        outside => Ok(outside?.is_none()),
    }
}

/// Why the folder is in no work tree, unless it is in one.
fn why_outside(folder: &Utf8Path) -> Result<Option<String>, GitError> {
    /// How git says that it found nothing, in whichever folders it looked. It names the place of a repository that
    /// it found and cannot read.
    const NOWHERE: &str = "not a git repository (or any ";
    let inside = git(folder, &["rev-parse", "--is-inside-work-tree"])?;
    let said = first_line(&inside);
    match inside.success {
        true if inside.stdout.trim() == "true" => Ok(None),
        true => Ok(Some("there is no work tree".to_owned())),
        false if said.contains(NOWHERE) => Ok(Some(said)),
        false => Err(GitError::Failed(said)),
    }
}

/// What git complains of.
fn first_line(ended: &Ended) -> String {
    let line = ended.stderr.lines().next().unwrap_or("it failed and does not say why");
    line.trim_start_matches("fatal: ").to_owned()
}

/// What git answers, where there is no answer in a failure.
fn ask(folder: &Utf8Path, arguments: &[&str]) -> Result<String, GitError> {
    let ended = git(folder, arguments)?;
    if ended.success { Ok(ended.stdout) } else { Err(GitError::Failed(first_line(&ended))) }
}

/// Asks git of the folder alone. Within a hook the environment names another repository or index, and the names of files
/// are no patterns.
fn git(folder: &Utf8Path, arguments: &[&str]) -> Result<Ended, GitError> {
    const ELSEWHERE: [&str; 4] = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR"];
    // A repository that lies among the committed files of another would bring a configuration along, and with it programs.
    const NOT_COMMITTED: [&str; 4] = ["-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false"];
    let folder = ["--literal-pathspecs", "-C", folder.as_str()];
    let arguments = [&NOT_COMMITTED, &folder[..], arguments].concat();
    Ok(process::run_without(&ELSEWHERE, "git", &arguments)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty one, or none where there is no git.
    fn repository() -> Option<tempfile::TempDir> {
        let place = tempfile::tempdir().expect("a temporary folder");
        let folder = Utf8Path::from_path(place.path()).expect("plain names");
        match git(folder, &["init", "--quiet"]) {
            Err(GitError::Process(error)) if error.is_missing() => None,
            _ => Some(place),
        }
    }

    #[test]
    fn a_repository_that_cannot_be_read_is_not_none() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let folder = Utf8Path::from_path(place.path()).expect("plain names");
        assert!(matches!(is_repository(folder), Ok(false)), "with git or without");
        if matches!(git(folder, &["version"]), Err(GitError::Process(error)) if error.is_missing()) {
            return;
        }
        assert!(matches!(Commit::find(folder, "HEAD"), Err(GitError::NoRepository { .. })));
        files::write(&folder.join(".git"), b"gitdir: /nowhere/at/all\n", 0o644).expect("our own folder");
        for refused in [is_repository(folder).err(), Commit::find(folder, "HEAD").err()] {
            let refused = refused.map(|error| error.to_string());
            assert_eq!(refused.as_deref(), Some("git: not a git repository: /nowhere/at/all"));
        }
        assert!(is_dirty(folder, &["a"]).is_err());
    }

    #[test]
    fn names_of_files_are_no_patterns() {
        let Some(place) = repository() else { return };
        let folder = Utf8Path::from_path(place.path()).expect("plain names");
        files::write(&folder.join("a"), b"", 0o644).expect("our own folder");
        assert!(!is_dirty(folder, &["[a]"]).expect("a repository"));
        assert!(is_dirty(folder, &["a"]).expect("a repository"));
    }

    #[test]
    fn a_file_whose_bytes_are_lost_is_not_one_that_never_was() {
        let Some(place) = repository() else { return };
        let folder = Utf8Path::from_path(place.path()).expect("plain names");
        files::write(&folder.join("a"), b"bytes", 0o644).expect("our own folder");
        ask(folder, &["add", "a"]).expect("a repository");
        let author = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
        ask(folder, &[&author[..], &["commit", "--quiet", "--message", "a"]].concat()).expect("an author");
        let commit = Commit::find(folder, "HEAD").expect("a commit");
        assert_eq!(commit.read(folder, "a").expect("it is there").as_deref(), Some("bytes"));
        assert_eq!(commit.read(folder, "b").expect("it is not there"), None);
        assert_eq!(commit.read(folder, "/nowhere/a").expect("it is not in the repository"), None);
        let blob = ask(folder, &["rev-parse", "HEAD:a"]).expect("a commit");
        let (shelf, name) = blob.trim().split_at(2);
        files::remove_file(&folder.join(".git/objects").join(shelf).join(name)).expect("our own folder");
        assert!(commit.read(folder, "a").is_err());
    }
}
