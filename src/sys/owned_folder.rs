//! A folder that kthw fills and tidies up, because a list there says what it wrote.

use std::collections::BTreeSet;
use std::fs::File;

use camino::{Utf8Path, Utf8PathBuf};

use super::files::FileError;
use super::rooted::{Entry, Rooted};
use crate::file_list::{FILE_LIST, FileList};

/// A folder as it was found.
pub struct OwnedFolder {
    path: Utf8PathBuf,
    folder: Option<Rooted>,
    present: Vec<Entry>,
}

/// The files that a folder is to hold, by their paths below it.
#[derive(Debug, Default)]
pub struct Files {
    pub written: BTreeSet<String>,
    /// Those that stay as they were written before.
    pub later: BTreeSet<String>,
    /// Those that others put there, or nobody.
    pub of_others: BTreeSet<String>,
    /// What is never written there, such as secrets: it is somebody else's whatever the list says.
    pub never: BTreeSet<String>,
}

/// Why nothing may be written to a folder.
#[derive(Debug, thiserror::Error)]
pub enum NotOwned {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{folder} holds {of}")]
    Another { folder: Utf8PathBuf, of: String },
    #[error("{folder} holds what kthw did not write: {}", named(.strangers))]
    Strangers { folder: Utf8PathBuf, strangers: Vec<Utf8PathBuf> },
}

/// So many of them are named.
const NAMED: usize = 8;

fn named(strangers: &[Utf8PathBuf]) -> String {
    let mut names: Vec<&str> = strangers.iter().take(NAMED).map(|path| path.as_str()).collect();
    let more = strangers.len().saturating_sub(NAMED);
    let rest = format!("{more} more");
    if more > 0 {
        names.push(&rest);
    }
    names.join(", ")
}

impl OwnedFolder {
    /// A folder that is there or not, but is no link.
    pub fn open(path: &Utf8Path) -> Result<Self, FileError> {
        match Rooted::open(path)? {
            Some(folder) => Self::of(path.to_owned(), folder),
            None => Ok(Self { path: path.to_owned(), folder: None, present: Vec::new() }),
        }
    }

    fn of(path: Utf8PathBuf, folder: Rooted) -> Result<Self, FileError> {
        let present = folder.list()?;
        Ok(Self { path, folder: Some(folder), present })
    }

    /// What is in it, without what a killed program left.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.present.iter().filter(|entry| !entry.is_unfinished)
    }

    /// The bytes of a file; `None` if it is not there.
    pub fn read(&self, relative: &Utf8Path) -> Result<Option<Vec<u8>>, FileError> {
        match &self.folder {
            Some(folder) => folder.read(relative),
            None => Ok(None),
        }
    }

    /// A file to be read; `None` if it is not there.
    pub fn open_file(&self, relative: &Utf8Path) -> Result<Option<File>, FileError> {
        match &self.folder {
            Some(folder) => folder.open_file(relative),
            None => Ok(None),
        }
    }

    /// Begins to write these files of a cluster. Each file that is there must be listed as written before, be known as kthw's
    /// all the same (`is_ours`), or be for others to put there. Nobody else gets at more of the folder than its mode says.
    pub fn begin<E: From<NotOwned>>(
        path: &Utf8Path,
        mode: u32,
        of: &str,
        mut files: Files,
        is_ours: impl Fn(&Self, &str) -> Result<bool, E>,
    ) -> Result<Filling, E> {
        let folder = Rooted::create(path, mode).map_err(NotOwned::from)?;
        folder.lock();
        let here = Self::of(path.to_owned(), folder).map_err(NotOwned::from)?;
        let (listed, strangers) = here.sort(of, &files, is_ours)?;
        if !strangers.is_empty() {
            return Err(NotOwned::Strangers { folder: here.path, strangers }.into());
        }
        let there: BTreeSet<&str> = here.present.iter().map(|entry| entry.path.as_str()).collect();
        let there = listed.iter().filter(|path| there.contains(path.as_str()));
        let (stay, gone): (BTreeSet<String>, BTreeSet<String>) = there
            // Whatever the list says: what is never written here was not written here.
            .filter(|path| !files.written.contains(*path) && !files.never.contains(*path))
            .cloned()
            .partition(|path| files.later.contains(path));
        files.written.extend(stay);
        let unfinished = here.present.iter().filter(|entry| entry.is_unfinished);
        let unfinished = unfinished.map(|entry| entry.path.clone()).collect();
        let folder = here.folder.expect("it was created");
        folder.restrict(mode).map_err(NotOwned::from)?;
        let filling = Filling { folder, of: of.to_owned(), listed: files.written, gone, unfinished };
        // Whatever happens from here on, nothing is there that is not listed.
        let all = filling.listed.union(&filling.gone).map(String::as_str);
        filling.write_list(all).map_err(NotOwned::from)?;
        Ok(filling)
    }

    /// The files that were written before, and what else there is that must not be.
    fn sort<E: From<NotOwned>>(
        &self,
        of: &str,
        files: &Files,
        is_ours: impl Fn(&Self, &str) -> Result<bool, E>,
    ) -> Result<(BTreeSet<String>, Vec<Utf8PathBuf>), E> {
        let text = self.read(FILE_LIST.into()).map_err(NotOwned::from)?.unwrap_or_default();
        let list = FileList::parse(&String::from_utf8_lossy(&text));
        if let Some(other) = list.of.as_ref().filter(|other| *other != of) {
            return Err(NotOwned::Another { folder: self.path.clone(), of: other.clone() }.into());
        }
        // Without its first line it is a list of somebody else's.
        let mut listed = if list.of.is_some() { list.paths } else { BTreeSet::new() };
        let has_list = list.of.is_some() || text.is_empty();
        let mut strangers = Vec::new();
        for Entry { path, is_file, .. } in self.entries() {
            let name = path.as_str();
            let is_theirs = files.of_others.contains(name) || files.never.contains(name);
            if is_theirs || *is_file && listed.contains(name) {
                continue;
            }
            match name {
                FILE_LIST if *is_file && has_list => {}
                FILE_LIST => strangers.push(path.clone()),
                _ if *is_file && is_ours(self, name)? => _ = listed.insert(name.to_owned()),
                _ => strangers.push(path.clone()),
            }
        }
        Ok((listed, strangers))
    }
}

/// A folder that is being written.
pub struct Filling {
    folder: Rooted,
    of: String,
    listed: BTreeSet<String>,
    /// What was written before, and is not any more.
    gone: BTreeSet<String>,
    unfinished: Vec<Utf8PathBuf>,
}

impl Filling {
    /// Has one of the wanted files filled.
    pub fn fill<E: From<FileError>>(
        &self,
        relative: &str,
        mode: u32,
        content: impl FnOnce(&mut File) -> Result<(), E>,
    ) -> Result<(), E> {
        debug_assert!(self.listed.contains(relative), "{relative} is not listed");
        self.folder.fill(relative.into(), mode, content)
    }

    /// Writes one of the wanted files.
    pub fn write(&self, relative: &str, bytes: &[u8], mode: u32) -> Result<(), FileError> {
        debug_assert!(self.listed.contains(relative), "{relative} is not listed");
        self.folder.write(relative.into(), bytes, mode)
    }

    /// Removes what is not made any more; how many files that were.
    pub fn finish(self) -> Result<usize, FileError> {
        for path in &self.gone {
            self.folder.remove(path.as_str().into())?;
        }
        for path in &self.unfinished {
            self.folder.remove(path)?;
        }
        self.write_list(self.listed.iter().map(String::as_str))?;
        Ok(self.gone.len())
    }

    fn write_list<'a>(&self, paths: impl Iterator<Item = &'a str>) -> Result<(), FileError> {
        let text = FileList::render(&self.of, paths);
        let path = FILE_LIST.into();
        match self.folder.read(path)?.as_deref() == Some(text.as_bytes()) {
            true => Ok(()),
            false => self.folder.write(path, text.as_bytes(), 0o644),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::files;

    /// Fills a folder with these files, each of which holds its own name; says why not.
    fn fill(
        root: &Utf8Path,
        of: &str,
        written: &[&str],
        later: &[&str],
        of_others: &[&str],
    ) -> Result<usize, String> {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let files =
            Files { written: set(written), later: set(later), of_others: set(of_others), ..Files::default() };
        let is_ours = |here: &OwnedFolder, path: &str| {
            let is_wanted = written.contains(&path);
            Ok::<_, NotOwned>(is_wanted && here.read(path.into())?.as_deref() == Some(path.as_bytes()))
        };
        let filling =
            OwnedFolder::begin(root, 0o755, of, files, is_ours).map_err(|error| error.to_string())?;
        for path in written {
            filling.write(path, path.as_bytes(), 0o644).map_err(|error| error.to_string())?;
        }
        filling.finish().map_err(|error| error.to_string())
    }

    #[test]
    fn what_was_written_is_removed_and_what_was_not_is_refused() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let root = Utf8Path::from_path(place.path()).expect("plain names").join("own");
        let there = |name: &str| files::exists(&root.join(name));
        let put = |name: &str| files::write(&root.join(name), b"by hand", 0o644).expect("our own folder");
        assert_eq!(fill(&root, "us", &["a/x", "b/y", "c"], &[], &[]), Ok(0));
        put("c");
        assert_eq!(fill(&root, "us", &["a/x", "c"], &[], &[]), Ok(1), "edited or not, it is ours");
        assert!(!there("b"));
        assert!(fill(&root, "them", &["a/x"], &[], &[]).is_err_and(|error| error.ends_with("holds us")));
        put("a/z");
        let strange = fill(&root, "us", &["a/x"], &[], &[]);
        assert!(strange.is_err_and(|error| error.ends_with("did not write: a/z")));
        assert!(there("c"), "nothing is removed before all is well");
        assert!(fill(&root, "us", &["a/x", "a/z"], &[], &[]).is_err(), "it is not as it would be");
        assert_eq!(fill(&root, "us", &["a/x"], &["c"], &["a/z"]), Ok(0));
        assert!(there("c") && there("a/z"));
        assert_eq!(fill(&root, "us", &["a/x"], &[], &["a/z"]), Ok(1), "what stayed is still listed");
        assert!(!there("c") && there("a/z"));
    }

    #[test]
    fn a_run_that_was_killed_leaves_nothing_that_is_not_listed() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let root = Utf8Path::from_path(place.path()).expect("plain names");
        assert_eq!(fill(root, "us", &["old"], &[], &[]), Ok(0));
        let files = Files { written: ["new".to_owned()].into(), ..Files::default() };
        let begun = OwnedFolder::begin(root, 0o755, "us", files, |_, _| Ok::<_, NotOwned>(false));
        begun.expect("it is ours").write("new", b"half of the work", 0o644).expect("our own folder");
        assert_eq!(fill(root, "us", &["newer"], &[], &[]), Ok(2));
        let list = files::read_text(&root.join(FILE_LIST)).expect("a list").expect("a list");
        assert_eq!(list.lines().skip(1).collect::<Vec<_>>(), ["newer"]);
    }

    #[test]
    fn a_list_that_names_what_is_never_written_removes_nothing() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let root = Utf8Path::from_path(place.path()).expect("plain names");
        assert_eq!(fill(root, "us", &["cert", "key"], &[], &[]), Ok(0));
        let files = Files { never: ["key".to_owned()].into(), ..Files::default() };
        let begun = OwnedFolder::begin(root, 0o755, "us", files, |_, _| Ok::<_, NotOwned>(false));
        assert_eq!(begun.expect("it is ours").finish().expect("our own folder"), 1);
        assert!(files::exists(&root.join("key")) && !files::exists(&root.join("cert")));
    }

    #[test]
    fn a_list_of_somebody_elses_is_none() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let root = Utf8Path::from_path(place.path()).expect("plain names");
        files::write(&root.join(FILE_LIST), b"mine\n", 0o644).expect("our own folder");
        files::write(&root.join("mine"), b"", 0o644).expect("our own folder");
        assert!(fill(root, "us", &["a"], &[], &[]).is_err_and(|error| error.ends_with(".kthw-files, mine")));
        assert!(files::exists(&root.join("mine")));
    }
}
