//! Earlier states of a folder, as git keeps them.

use camino::Utf8Path;

use super::process::{self, Ended, ProcessError};

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
    #[error("git: {0}")]
    Failed(String),
}

impl Commit {
    /// The commit that a revision names: a branch, a tag, `HEAD~2`, an id.
    pub fn find(folder: &Utf8Path, revision: &str) -> Result<Self, GitError> {
        let inside = git(folder, &["rev-parse", "--is-inside-work-tree"])?;
        if inside.stdout.trim() != "true" {
            let reason = inside.stderr.lines().next().unwrap_or("there is no work tree").to_owned();
            return Err(GitError::NoRepository { folder: folder.to_string(), reason });
        }
        let wanted = format!("{revision}^{{commit}}");
        let found = git(folder, &["rev-parse", "--quiet", "--verify", "--end-of-options", &wanted])?;
        if found.success {
            return Ok(Self { id: found.stdout.trim().to_owned() });
        }
        let shallow = git(folder, &["rev-parse", "--is-shallow-repository"])?.stdout.trim() == "true";
        Err(GitError::Unknown { revision: revision.to_owned(), shallow })
    }

    /// The commit that last changed one of these files of the folder, if one did.
    pub fn last_change(folder: &Utf8Path, files: &[&str]) -> Result<Option<Self>, GitError> {
        if !is_repository(folder)? {
            return Ok(None);
        }
        let found = git(folder, &[&["log", "-1", "--format=%H", "--"], files].concat())?;
        let id = found.stdout.trim();
        Ok((found.success && !id.is_empty()).then(|| Self { id: id.to_owned() }))
    }

    /// Whether this clone knows nothing of what was before: what seems to have changed here may be older.
    pub fn is_cut_off(&self, folder: &Utf8Path) -> Result<bool, GitError> {
        let shallow = git(folder, &["rev-parse", "--is-shallow-repository"])?.stdout.trim() == "true";
        let parents = git(folder, &["log", "-1", "--format=%P", &self.id])?;
        Ok(shallow && parents.stdout.trim().is_empty())
    }

    /// Enough of the id for people.
    pub fn short(&self) -> &str {
        self.id.get(..10).unwrap_or(&self.id)
    }

    /// A file of the folder as this commit has it, if it does.
    pub fn read(&self, folder: &Utf8Path, path: &str) -> Result<Option<String>, GitError> {
        let object = format!("{}:./{path}", self.id);
        let kind = git(folder, &["cat-file", "-t", &object])?;
        if !kind.success {
            return Ok(None);
        }
        let shown = git(folder, &["cat-file", "blob", &object])?;
        match shown.success {
            true => Ok(Some(shown.stdout)),
            false => Err(GitError::Failed(shown.stderr.trim().to_owned())),
        }
    }
}

/// Whether a file of the folder is other than the last commit has it, or is not in it.
pub fn is_dirty(folder: &Utf8Path, files: &[&str]) -> Result<bool, GitError> {
    let status = git(folder, &[&["status", "--porcelain", "--"], files].concat())?;
    Ok(status.success && !status.stdout.is_empty())
}

/// Whether the folder is in a work tree of git.
pub fn is_repository(folder: &Utf8Path) -> Result<bool, GitError> {
    let inside = match git(folder, &["rev-parse", "--is-inside-work-tree"]) {
        Err(GitError::Process(error)) if error.is_missing() => return Ok(false),
        inside => inside?,
    };
    Ok(inside.success && inside.stdout.trim() == "true")
}

fn git(folder: &Utf8Path, arguments: &[&str]) -> Result<Ended, GitError> {
    Ok(process::run("git", &[&["-C", folder.as_str()], arguments].concat())?)
}
