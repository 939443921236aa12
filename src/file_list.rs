//! The list that a folder has of what kthw wrote there: nothing else in it may be replaced or removed.

use std::collections::BTreeSet;

use camino::{Utf8Component, Utf8Path};

/// Its name in the folder. No host is called so.
pub const FILE_LIST: &str = ".kthw-files";

const TITLE: &str = "# kthw wrote these files, and removes what it no longer makes of them: ";

/// The golden files of a cluster with this id, as the first line of their list calls them.
pub fn golden_files(id: &str) -> String {
    format!("golden files of cluster {id}")
}

/// The same of the trees of its hosts.
pub fn trees(id: &str) -> String {
    format!("files for the hosts of cluster {id}")
}

/// What the list says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FileList {
    /// Which files of which cluster they are; none where the list does not say.
    pub of: Option<String>,
    /// Paths below the folder.
    pub paths: BTreeSet<String>,
}

impl FileList {
    /// A list that a merge has left in conflict says what either side says. Whatever leads out of the folder is nothing
    /// that kthw wrote.
    pub fn parse(text: &str) -> Self {
        let mut list = Self::default();
        for line in text.lines() {
            match line.strip_prefix(TITLE) {
                Some(of) => list.of = Some(of.trim_end().to_owned()),
                None if is_below(line) => _ = list.paths.insert(line.to_owned()),
                None => {}
            }
        }
        list
    }

    /// The first line.
    pub fn title(of: &str) -> String {
        format!("{TITLE}{of}\n")
    }

    pub fn render<'a>(of: &str, paths: impl Iterator<Item = &'a str>) -> String {
        std::iter::once(Self::title(of)).chain(paths.map(|path| format!("{path}\n"))).collect()
    }
}

/// Whether a path stays below where it begins, and is written as kthw writes it.
fn is_below(path: &str) -> bool {
    let is_mark = ["<<<<<<< ", ">>>>>>> ", "||||||| ", "#"].iter().any(|mark| path.starts_with(mark));
    let mut names = Utf8Path::new(path).components();
    let plain: Vec<&str> = path.split('/').collect();
    !is_mark
        && path != "======="
        && names.all(|name| matches!(name, Utf8Component::Normal(_)))
        && plain.iter().all(|name| !name.is_empty() && *name != ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rendered_is_read_back() {
        let text = FileList::render("home-1a2b", ["a/b", "c d"].into_iter());
        let read = FileList::parse(&text);
        assert_eq!(read.of.as_deref(), Some("home-1a2b"));
        assert_eq!(read.paths.iter().map(String::as_str).collect::<Vec<_>>(), ["a/b", "c d"]);
    }

    #[test]
    fn both_sides_of_a_conflict_count_and_nothing_leads_out() {
        let text = "<<<<<<< ours\nhosts/a/x\n||||||| base\n=======\nhosts/b/x\n>>>>>>> theirs\n\
                    ../cluster.yaml\n/etc/passwd\na/../../b\n./a\na//b\na/\n.\n\n# note\n";
        let paths = FileList::parse(text).paths;
        assert_eq!(paths.iter().map(String::as_str).collect::<Vec<_>>(), ["hosts/a/x", "hosts/b/x"]);
        assert_eq!(FileList::parse(text).of, None);
    }
}
