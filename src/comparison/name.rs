//! What a person calls a state of the cluster's folder.

use crate::failure::Failure;
use crate::sources::Folder;
use crate::sys::git::{self, Commit, GitError};

/// What to compare, as a person names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    Folder,
    /// Hosts with nothing on them.
    Nothing,
    /// The last one, or the one of this number.
    Build(Option<u64>),
    Revision(String),
}

impl Name {
    pub fn parse(text: &str) -> Result<Self, Failure> {
        match text {
            "." => Ok(Self::Folder),
            "nothing" => Ok(Self::Nothing),
            "build" => Ok(Self::Build(None)),
            "applied" | "live" => {
                let message = format!("`{text}` is not known: this kthw deploys nothing yet");
                Err(Failure::failed(message)
                    .help("compare with a git revision, or with a build such as `build:3`"))
            }
            _ => match text.strip_prefix("build:") {
                Some(number) => number.parse().map(|number| Self::Build(Some(number))).map_err(|_| {
                    Failure::failed(format!("`{text}` names no build"))
                        .help("write a number, as in `build:3`")
                }),
                None => Ok(Self::Revision(text.to_owned())),
            },
        }
    }
}

/// The commit of a revision, or what to do about that there is none.
pub fn find(folder: &Folder, revision: &str) -> Result<Commit, Failure> {
    Commit::find(folder.path(), revision).map_err(|error| {
        let help = match &error {
            GitError::Unknown { shallow: true, .. } => git::UNSHALLOW,
            GitError::Nothing { .. } => {
                "commit cluster.yaml and kthw.lock, or compare with the last build: `build`"
            }
            GitError::Unknown { .. } => {
                "`git log --oneline -- cluster.yaml` lists the revisions of the cluster"
            }
            _ => "compare with a recorded build instead, such as `build:3`",
        };
        Failure::failed(error).help(help)
    })
}
