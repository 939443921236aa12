//! What is nobody's to overwrite: the cluster's own files, and git's.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use crate::file_list::{FILE_LIST, FileList};
use crate::sources::{Folder, LOCK, PRIVATE, PUBLIC_ROOT, SPEC};
use crate::sys::files::{self, Way};
use crate::sys::output_file;

/// What git keeps a repository in, or a file that says where that is.
const GIT: &str = ".git";

/// Files that say something to kthw or to git wherever they are, whoever wrote them.
const OWN: [&str; 7] = [SPEC, LOCK, PUBLIC_ROOT, FILE_LIST, ".gitignore", ".gitattributes", ".gitmodules"];

/// A cluster's folder and what surrounds it, at real places.
pub struct Territory {
    /// What comes with the repository: whoever commits something there is not who runs kthw.
    committed: Utf8PathBuf,
    /// Folders that nothing may be written above, or in the place of.
    keep: Vec<Utf8PathBuf>,
    /// Folders that nothing may be written into.
    private: Vec<Utf8PathBuf>,
}

/// Why something must not be written there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trespass {
    #[error("{place} leads through the link {link}; name the place that it leads to")]
    Link { place: Utf8PathBuf, link: Utf8PathBuf },
    #[error("{place} is within {private}, which is not for output; name another place")]
    Within { place: Utf8PathBuf, private: Utf8PathBuf },
    #[error("{place} is, or holds, {kept}; name a folder of its own")]
    Holds { place: Utf8PathBuf, kept: Utf8PathBuf },
    #[error("{place} is {whose} own {name}; name another file")]
    Own { place: Utf8PathBuf, whose: &'static str, name: &'static str },
    #[error("{place} is one of the files that {list} says kthw wrote there; name another file")]
    Listed { place: Utf8PathBuf, list: Utf8PathBuf },
}

impl Territory {
    pub fn of(folder: &Folder) -> Self {
        let own = files::way(folder.path()).end;
        let git: Vec<&Utf8Path> = own.ancestors().filter(|above| files::is_taken(&above.join(GIT))).collect();
        let committed = git.first().map_or(own.as_path(), |above| *above).to_owned();
        let private = [folder.private(), folder.store()].map(|private| files::way(&private).end);
        let git = git.iter().map(|above| above.join(GIT));
        let private: Vec<Utf8PathBuf> = private.into_iter().chain(git).collect();
        let keep = private.iter().cloned().chain([own]).collect();
        Self { committed, keep, private }
    }

    /// Refuses a folder that is to be filled and tidied up: it is no link, nor behind one that may have been committed,
    /// and neither holds nor lies in what is a cluster's or git's own.
    pub fn check_folder(&self, place: &Utf8Path) -> Result<(), Trespass> {
        let Way { end, links } = files::way(place);
        self.check_private(place, &end)?;
        let kept = self.keep.iter().find(|kept| kept.starts_with(&end)).cloned();
        let inside = [GIT, PRIVATE, SPEC, LOCK, PUBLIC_ROOT].map(|name| end.join(name));
        if let Some(kept) = kept.or_else(|| inside.into_iter().find(|path| files::is_taken(path))) {
            return Err(Trespass::Holds { place: place.to_owned(), kept });
        }
        let plain: Utf8PathBuf = place.components().collect();
        let link = links.into_iter().find(|link| link.starts_with(&self.committed));
        match link.or_else(|| files::is_link(&plain).then_some(plain)) {
            Some(link) => Err(Trespass::Link { place: place.to_owned(), link }),
            None => Ok(()),
        }
    }

    /// Refuses a file that is a cluster's or git's own, and one that a committed link leads out of the repository to.
    pub fn check_file(&self, place: &Utf8Path) -> Result<(), Trespass> {
        let Way { end, links } = files::way(place);
        // What is written into, and not replaced, is where it is.
        if output_file::is_special(place) {
            return Ok(());
        }
        self.check_private(place, &end)?;
        let name = end.file_name().unwrap_or_default();
        if let Some(name) = OWN.into_iter().find(|own| own.eq_ignore_ascii_case(name)) {
            let whose = if name.starts_with(GIT) { "git's" } else { "a cluster's" };
            return Err(Trespass::Own { place: place.to_owned(), whose, name });
        }
        if let Some(list) = end.ancestors().skip(1).find(|folder| is_listed(folder, &end)) {
            return Err(Trespass::Listed { place: place.to_owned(), list: list.join(FILE_LIST) });
        }
        self.check_way_out(place, Way { end, links })
    }

    /// Refuses an input of the cluster that a committed link leads out of the repository to, or into what is private.
    pub fn check_input(&self, place: &Utf8Path) -> Result<(), Trespass> {
        let way = files::way(place);
        self.check_private(place, &way.end)?;
        self.check_way_out(place, way)
    }

    fn check_way_out(&self, place: &Utf8Path, Way { end, links }: Way) -> Result<(), Trespass> {
        let leads_out = !end.starts_with(&self.committed);
        match links.into_iter().find(|link| leads_out && link.starts_with(&self.committed)) {
            Some(link) => Err(Trespass::Link { place: place.to_owned(), link }),
            None => Ok(()),
        }
    }

    fn check_private(&self, place: &Utf8Path, end: &Utf8Path) -> Result<(), Trespass> {
        let is_private = |name: Utf8Component<'_>| {
            [GIT, PRIVATE].iter().any(|private| name.as_str().eq_ignore_ascii_case(private))
        };
        let any = end.ancestors().find(|above| above.components().next_back().is_some_and(is_private));
        let own = self.private.iter().map(Utf8PathBuf::as_path).find(|private| end.starts_with(private));
        match own.or(any) {
            Some(private) => Err(Trespass::Within { place: place.to_owned(), private: private.to_owned() }),
            None => Ok(()),
        }
    }
}

/// Whether a folder's list names a file: a golden file, or one of a host's tree.
fn is_listed(folder: &Utf8Path, file: &Utf8Path) -> bool {
    // What cannot be read lists nothing.
    let list = files::read_text(&folder.join(FILE_LIST)).ok().flatten();
    let list = list.map(|text| FileList::parse(&text)).filter(|list| list.of.is_some());
    list.is_some_and(|list| file.strip_prefix(folder).is_ok_and(|path| list.paths.contains(path.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(target: &str, at: &Utf8Path) {
        std::os::unix::fs::symlink(target, at).expect("a free name");
    }

    /// A repository with a cluster in it, beside another folder.
    fn place() -> (tempfile::TempDir, Utf8PathBuf) {
        let place = tempfile::tempdir().expect("a temporary folder");
        let root = files::way(Utf8Path::from_path(place.path()).expect("plain names")).end;
        for name in ["repo/.git", "repo/prod/.kthw", "repo/docs", "other/.kthw", "beside"] {
            files::create_folder(&root.join(name), 0o755).expect("our own folder");
        }
        files::write(&root.join("repo/prod").join(SPEC), b"", 0o644).expect("our own folder");
        (place, root)
    }

    #[test]
    fn folders_that_are_somebody_elses_are_refused_whatever_leads_there() {
        let (_place, root) = place();
        for (target, name) in [("../beside", "away"), ("docs", "docs-too"), (".", "here")] {
            link(target, &root.join("repo").join(name));
        }
        link("repo", &root.join("to-repo"));
        let territory = Territory::of(&Folder::new(&root.join("to-repo/prod"), None));
        let check = |name: &str| territory.check_folder(&root.join(name));
        for fine in
            ["repo/golden/prod", "repo/docs", "repo/prod/out", "beside", "beside/new/deep", "to-repo/docs/x"]
        {
            assert_eq!(check(fine), Ok(()), "{fine}");
        }
        for (name, kind) in [
            ("repo/prod", "holds"),
            ("repo", "holds"),
            ("to-repo", "holds"),
            ("", "holds"),
            ("other", "holds"),
            ("repo/prod/.kthw", "within"),
            ("repo/prod/.kthw/out", "within"),
            ("repo/.git/hooks", "within"),
            ("repo/.GIT/hooks", "within"),
            ("other/.kthw/store", "within"),
            ("repo/docs/../.git", "within"),
            ("repo/away", "link"),
            ("repo/away/new", "link"),
            ("repo/docs-too/", "link"),
            ("repo/here/docs", "link"),
            ("to-repo/away", "link"),
        ] {
            let found = match check(name) {
                Ok(()) => "nothing",
                Err(Trespass::Link { .. }) => "link",
                Err(Trespass::Within { .. }) => "within",
                Err(Trespass::Holds { .. }) => "holds",
                Err(Trespass::Own { .. } | Trespass::Listed { .. }) => "own",
            };
            assert_eq!(found, kind, "{name}");
        }
    }

    #[test]
    fn a_result_is_no_input_and_leaves_the_repository_by_no_link() {
        let (_place, root) = place();
        link("../beside/page", &root.join("repo/page"));
        link("docs/page", &root.join("repo/inside"));
        link("prod/kthw.lock", &root.join("repo/lock"));
        link("repo/docs/page", &root.join("outside"));
        let list = FileList::render("golden files of cluster x", ["hosts/a/unit", "graph.txt"].into_iter());
        files::write(&root.join("repo/golden").join(FILE_LIST), list.as_bytes(), 0o644).expect("our own");
        let territory = Territory::of(&Folder::new(&root.join("repo/prod"), None));
        let check = |name: &str| territory.check_file(&root.join(name)).is_ok();
        for fine in
            ["repo/new", "repo/inside", "beside/page", "outside", "repo/graph.txt", "repo/golden/page"]
        {
            assert!(check(fine), "{fine}");
        }
        for refused in [
            "repo/page",
            "repo/lock",
            "repo/prod/cluster.yaml",
            "repo/prod/.kthw/x",
            "repo/.git/config",
            "repo/.gitignore",
            "repo/docs/.gitattributes",
            "beside/.GitModules",
            "repo/golden/.kthw-files",
            "repo/golden/graph.txt",
            "repo/golden/hosts/a/unit",
        ] {
            assert!(!check(refused), "{refused}");
        }
        assert!(territory.check_input(&root.join("repo/prod/cluster.yaml")).is_ok());
        assert!(territory.check_input(&root.join("repo/page")).is_err());
    }
}
