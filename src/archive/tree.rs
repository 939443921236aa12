//! The names of an archive as the tree they would make, with nothing on a disk.

use std::collections::BTreeMap;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Symlink,
}

/// The entries so far. Each `add_` says why an entry cannot join them.
#[derive(Debug, Default)]
pub(super) struct Tree {
    kinds: BTreeMap<String, Kind>,
}

type Outcome<T> = Result<T, &'static str>;

impl Tree {
    /// Returns the path in its plain form.
    pub(super) fn add_file(&mut self, path: &str) -> Outcome<String> {
        self.add(path, Kind::File)
    }

    pub(super) fn add_folder(&mut self, path: &str) -> Outcome<()> {
        // Archives of a whole folder begin with the folder itself.
        if matches!(path, "." | "./") { Ok(()) } else { self.add(path, Kind::Folder).map(drop) }
    }

    pub(super) fn add_symlink(&mut self, path: &str, target: &str) -> Outcome<()> {
        let path = self.add(path, Kind::Symlink)?;
        if target.is_empty() || target.starts_with('/') {
            return Err("links to a place outside the archive");
        }
        // Depth of the folder that the link is in, which the target counts from.
        let mut depth = path.matches('/').count();
        for part in target.split('/') {
            match part {
                "" | "." => {}
                ".." => depth = depth.checked_sub(1).ok_or("links to a place outside the archive")?,
                _ => depth += 1,
            }
        }
        Ok(())
    }

    pub(super) fn add_hard_link(&mut self, path: &str, target: &str) -> Outcome<()> {
        let target = plain(target).map_err(|_| "links to a place outside the archive")?;
        if self.kinds.get(&target) != Some(&Kind::File) {
            return Err("is a hard link to no file before it");
        }
        self.add(path, Kind::File).map(drop)
    }

    fn add(&mut self, path: &str, kind: Kind) -> Outcome<String> {
        let folder_form = path.ends_with('/');
        if folder_form && kind != Kind::Folder {
            return Err("is named like a folder but is none");
        }
        let path = plain(path.strip_suffix('/').unwrap_or(path))?;
        for (at, _) in path.match_indices('/') {
            if self.kinds.get(&path[..at]).is_some_and(|parent| *parent != Kind::Folder) {
                return Err("is beneath an entry that is no folder");
            }
        }
        let beneath = format!("{path}/");
        let has_children =
            self.kinds.range(beneath.clone()..).next().is_some_and(|(name, _)| name.starts_with(&beneath));
        if kind != Kind::Folder && has_children {
            return Err("stands where a folder is");
        }
        match self.kinds.insert(path.clone(), kind) {
            None => Ok(path),
            Some(_) => Err("is there twice"),
        }
    }
}

/// The path without a leading `./`, when all its parts are names.
fn plain(path: &str) -> Outcome<String> {
    let path = path.strip_prefix("./").unwrap_or(path);
    if path.starts_with('/') {
        return Err("has an absolute name");
    }
    for part in path.split('/') {
        match part {
            "" | "." => return Err("has an empty part in its name"),
            ".." => return Err("has `..` in its name"),
            _ => {}
        }
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_relative_paths() {
        let mut tree = Tree::default();
        assert_eq!(tree.add_file("./bin/etcd"), Ok("bin/etcd".to_owned()));
        for (path, reason) in [
            ("", "has an empty part in its name"),
            ("./", "is named like a folder but is none"),
            ("/etc/passwd", "has an absolute name"),
            (".//etc/passwd", "has an absolute name"),
            ("../x", "has `..` in its name"),
            ("a/../b", "has `..` in its name"),
            ("a/..", "has `..` in its name"),
            ("a//b", "has an empty part in its name"),
            ("a/./b", "has an empty part in its name"),
            ("a/", "is named like a folder but is none"),
            ("bin/etcd", "is there twice"),
            ("bin/etcd/x", "is beneath an entry that is no folder"),
            ("bin", "stands where a folder is"),
        ] {
            assert_eq!(tree.add_file(path), Err(reason), "{path}");
        }
    }

    #[test]
    fn folders_may_be_named_or_not() {
        let mut tree = Tree::default();
        for path in ["./", ".", "a/", "b/c/"] {
            assert_eq!(tree.add_folder(path), Ok(()), "{path}");
        }
        assert_eq!(tree.add_file("a/x").as_deref(), Ok("a/x"));
        assert_eq!(tree.add_folder("a"), Err("is there twice"));
        assert_eq!(tree.add_folder("a/x/"), Err("is there twice"));
    }

    #[test]
    fn links_stay_inside() {
        let mut tree = Tree::default();
        tree.add_file("a/b/file").unwrap();
        let outside = Err("links to a place outside the archive");
        let targets = [
            ("../file", Ok(())),
            ("../../x", Ok(())),
            ("./x/../../y", Ok(())),
            ("../../../x", outside),
            ("x/../../../../y", outside),
            ("/etc/passwd", outside),
            ("", outside),
        ];
        for (number, (target, outcome)) in targets.into_iter().enumerate() {
            let path = format!("a/b/link{number}");
            assert_eq!(tree.add_symlink(&path, target), outcome, "{target}");
        }
        assert_eq!(tree.add_hard_link("h", "a/b/file"), Ok(()));
        assert_eq!(tree.add_hard_link("i", "../a/b/file"), outside);
        assert_eq!(tree.add_hard_link("i", "/a/b/file"), outside);
        assert_eq!(tree.add_hard_link("i", "a/b/later"), Err("is a hard link to no file before it"));
        assert_eq!(tree.add_hard_link("i", "a/b/link0"), Err("is a hard link to no file before it"));
        assert_eq!(tree.add_file("a/b/link0/x"), Err("is beneath an entry that is no folder"));
    }
}
