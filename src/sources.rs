//! The source inputs of a cluster: the few files that everything else follows from, each read once.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use kthw_graph::Secret;

use crate::root::RootSecret;
use crate::shell::quoted;
use crate::sys::files::{self, FileError};
use crate::sys::git::{self, Commit, GitError};

/// The name of the cluster's file.
pub const SPEC: &str = "cluster.yaml";
/// The name of the lock.
pub const LOCK: &str = "kthw.lock";
/// The root secret of a cluster that is public on purpose, such as an example.
pub const PUBLIC_ROOT: &str = "kthw.root";
/// The folder of all that is not committed.
pub const PRIVATE: &str = ".kthw";

/// Where a cluster's files are.
#[derive(Debug, Clone)]
pub struct Folder {
    path: Utf8PathBuf,
    store: Option<Utf8PathBuf>,
}

impl Folder {
    pub fn new(path: &Utf8Path, store: Option<&Utf8Path>) -> Self {
        Self { path: plain(path), store: store.map(Utf8Path::to_owned) }
    }

    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// How kthw is called for this folder from here.
    pub fn command(&self) -> String {
        match self.path.as_str() {
            "." | "" => "kthw".to_owned(),
            path => format!("kthw -C {}", quoted(path)),
        }
    }

    /// The cluster folder at this path as seen from here.
    pub fn within(&self, path: &Utf8Path) -> Self {
        Self { path: plain(&self.path.join(path)), store: self.store.clone() }
    }

    pub fn join(&self, name: &str) -> Utf8PathBuf {
        plain(&self.path.join(name))
    }

    /// The folder of all that is not committed.
    pub fn private(&self) -> Utf8PathBuf {
        self.join(PRIVATE)
    }

    /// Makes that folder for its owner alone.
    pub fn create_private(&self) -> Result<(), FileError> {
        files::create_private_folder(&self.private())
    }

    pub fn store(&self) -> Utf8PathBuf {
        self.store.clone().unwrap_or_else(|| self.private().join("store"))
    }

    /// Which store it is, if not the folder's own: the same from wherever one looks.
    fn other_store(&self) -> Utf8PathBuf {
        let absolute = |store: &Utf8PathBuf| files::absolute(store);
        self.store.as_ref().map(absolute).unwrap_or_default()
    }

    /// What the last build found, for the next one to start from.
    pub fn last_build(&self) -> Utf8PathBuf {
        self.private().join("last-build.json")
    }

    /// The JSON Schema that the first line of the cluster's file names.
    pub fn schema(&self) -> Utf8PathBuf {
        self.private().join("schema.json")
    }

    /// The virtual machines that run without libvirt.
    pub fn machines(&self) -> Utf8PathBuf {
        self.private().join("machines")
    }

    /// Held by whoever starts and stops them.
    pub fn machines_lock(&self) -> Utf8PathBuf {
        self.private().join("machines.lock")
    }

    /// Where the root secret of a real cluster is.
    pub fn private_root(&self) -> Utf8PathBuf {
        self.private().join("root")
    }

    /// What of a mode is left for a file that follows from the cluster's files: whoever may not read those may not read
    /// what is made of them.
    pub fn restricted(&self, mode: u32) -> u32 {
        let modes = [SPEC, LOCK].map(|name| files::mode(&self.join(name)));
        let open = modes.into_iter().flatten().fold(0o044, |open, mode| open & mode);
        mode & (0o700 | open | open >> 1 | open >> 2)
    }

    /// Whether a file, seen from the folder, is among what is committed with it.
    pub fn is_committed(&self, name: &str) -> bool {
        let place = files::resolved(&self.join(name));
        let is_below = |folder: &Utf8Path| place.starts_with(files::resolved(folder));
        is_below(&self.path) && !is_below(&self.private())
    }
}

/// The same path without steps that lead nowhere.
fn plain(path: &Utf8Path) -> Utf8PathBuf {
    let plain: Utf8PathBuf = path.components().filter(|step| *step != Utf8Component::CurDir).collect();
    if plain.as_str().is_empty() { ".".into() } else { plain }
}

/// The inputs as they were when they were read.
pub struct Sources {
    pub folder: Folder,
    pub spec: Arc<str>,
    pub lock: Arc<str>,
    /// None where it is not here: whoever reviews a change has none, and need not have it.
    pub root: Option<RootSecret>,
    /// Whose texts they are.
    pub origin: Origin,
}

/// Which state of the folder the inputs are of.
#[derive(Debug, Clone)]
pub enum Origin {
    /// As it is.
    Folder,
    /// As git has it.
    Commit(Commit),
    /// As a build found it: its number, and its texts by their paths.
    Build(u64, Arc<BTreeMap<String, String>>),
}

impl Origin {
    /// What stands before the name of a file in messages about it.
    pub fn prefix(&self) -> String {
        match self {
            Self::Folder => String::new(),
            Self::Commit(commit) => format!("{}:", commit.short()),
            Self::Build(number, _) => format!("build {number}: "),
        }
    }

    /// A text of the folder, if it is there.
    fn read(&self, folder: &Folder, name: &str) -> Result<Option<String>, SourcesError> {
        match self {
            Self::Folder => Ok(files::read_text(&folder.join(name))?),
            Self::Commit(commit) => Ok(commit.read(folder.path(), name)?),
            Self::Build(_, texts) => Ok(texts.get(name).cloned()),
        }
    }
}

/// A file that the cluster's file names, as it was when it was read. It may hold a secret.
pub struct NamedFile {
    pub path: String,
    bytes: Option<Secret<Vec<u8>>>,
    mode: u32,
}

impl NamedFile {
    /// What it holds, if it is there.
    pub fn bytes(&self) -> Option<&Secret<Vec<u8>>> {
        self.bytes.as_ref()
    }

    /// Whether others than its owner may read or write it.
    pub fn is_open(&self) -> bool {
        self.mode & 0o077 != 0
    }

    /// Tells equal from different, and nothing to those who do not have the root's key.
    fn fingerprint(&self, key: &Secret<[u8; 32]>) -> String {
        let Some(bytes) = &self.bytes else { return "absent".to_owned() };
        let mut hasher = blake3::Hasher::new_keyed(key.expose());
        hasher.update(&self.mode.to_le_bytes()).update(bytes.expose());
        hasher.finalize().to_string()
    }
}

/// An input that is missing or cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum SourcesError {
    #[error(transparent)]
    File(#[from] files::FileError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(
        "{origin} has no {name}: the cluster's folder is not there yet, or was elsewhere; compare \
         with a later revision, or with the last build: `build`"
    )]
    NotThen { origin: String, name: String },
    #[error("{path} does not exist: this is no cluster folder; `kthw init {}` makes one", quoted(.folder.as_str()))]
    NoSpec { path: Utf8PathBuf, folder: Utf8PathBuf },
    #[error("{path} does not exist; `kthw lock` writes it")]
    NoLock { path: Utf8PathBuf },
    #[error(
        "{path} is missing, and this cluster was built before: restore it from git, for a new one would change every key; for \
         a new cluster remove {last_build} first"
    )]
    LostLock { path: Utf8PathBuf, last_build: Utf8PathBuf },
    #[error(
        "{path} and the root secret are missing: `kthw init {}` makes both for a new cluster; those of an older one belong \
         there first", quoted(.folder.as_str())
    )]
    NotBegun { path: Utf8PathBuf, folder: Utf8PathBuf },
    #[error(
        "the cluster's root secret {path} is missing: put it back from where you keep it; every key is derived \
         from it, and a new one would be a new cluster"
    )]
    NoRoot { path: Utf8PathBuf },
    #[error("{path} can be read by others (mode {mode:04o}); run `chmod 600 {}`", quoted(.path.as_str()))]
    OpenRoot { path: Utf8PathBuf, mode: u32 },
    #[error("{path}: {error}")]
    BadRoot { path: Utf8PathBuf, error: crate::root::RootError },
    #[error(
        "git has {path}, the cluster's root secret, and so has whoever has the repository: run `git rm --cached {}`; \
         if it was ever pushed, every key of the cluster is known, and `kthw init` makes a new one",
        quoted(.path.as_str())
    )]
    TrackedRoot { path: Utf8PathBuf },
    #[error(
        "git has {path}, and what is below {PRIVATE} is this computer's own: run `git rm -r --cached {}`",
        quoted(.path.as_str())
    )]
    TrackedPrivate { path: Utf8PathBuf },
    #[error("{path} is a real root secret in a place that is committed; move it to {private}")]
    MisplacedRoot { path: Utf8PathBuf, private: Utf8PathBuf },
}

impl Sources {
    /// Reads every input of a state once. What is built is built from these bytes, whatever happens to the files.
    pub fn read(folder: Folder, origin: Origin) -> Result<Self, SourcesError> {
        let text = |name: &str| match origin.read(&folder, name)? {
            Some(text) => Ok(text),
            None => Err(SourcesError::NotThen {
                origin: origin.prefix().trim_end_matches([':', ' ']).to_owned(),
                name: name.to_owned(),
            }),
        };
        let (spec, lock) = match origin {
            Origin::Folder => (read_spec(&folder)?, read_lock(&folder)?),
            _ => (text(SPEC)?, text(LOCK)?),
        };
        let root = find_root(&folder)?;
        Ok(Self { folder, spec: spec.into(), lock: lock.into(), root, origin })
    }

    /// Reads a file that the cluster's file names, seen from the cluster's folder. One that is never committed is as it
    /// is now.
    pub fn named(&self, path: &str) -> Result<NamedFile, SourcesError> {
        if !matches!(self.origin, Origin::Folder)
            && let Some(text) = self.origin.read(&self.folder, path)?
        {
            return Ok(NamedFile {
                path: path.to_owned(),
                bytes: Some(Secret::new(text.into_bytes())),
                mode: 0o600,
            });
        }
        let place = self.folder.join(path);
        let bytes = files::read(&place)?.map(Secret::new);
        let mode = if bytes.is_some() { files::mode(&place)? } else { 0 };
        Ok(NamedFile { path: path.to_owned(), bytes, mode })
    }

    /// Stands for everything that decides what a build with this root yields, these files that the cluster's file names
    /// included.
    pub fn fingerprint(&self, root: &RootSecret, named: &[NamedFile]) -> String {
        let (root, key) = (root.fingerprint().to_string(), root.mac_key());
        let store = self.folder.other_store();
        let named: Vec<(&str, String)> =
            named.iter().map(|file| (file.path.as_str(), file.fingerprint(&key))).collect();
        let own = [(SPEC, &*self.spec), (LOCK, &*self.lock), ("root", &root), ("store", store.as_str())];
        let named = named.iter().map(|(path, fingerprint)| (*path, fingerprint.as_str()));
        crate::last_build::fingerprint(&files::program_identity(), own.into_iter().chain(named))
    }
}

/// The root secret as git has it, below the private folder or where a link there leads. Anything else of that folder that
/// git has is refused: it would be somebody else's.
fn root_in_git(folder: &Folder) -> Result<Option<Utf8PathBuf>, SourcesError> {
    let place = files::absolute(folder.path());
    if !place.ancestors().any(|above| files::is_taken(&above.join(".git"))) {
        return Ok(None);
    }
    // Where git is not, or refuses to look, nobody knows.
    let tracked = |name: &str| git::tracked(folder.path(), name).unwrap_or_default();
    let private = tracked(PRIVATE).into_iter().map(|name| folder.join(&name));
    let (roots, others): (Vec<_>, Vec<_>) = private.partition(|path| *path == folder.private_root());
    if let Some(path) = others.into_iter().next() {
        return Err(SourcesError::TrackedPrivate { path });
    }
    let end = files::way(&folder.private_root()).end;
    let is_inside = end.starts_with(files::way(folder.path()).end);
    let is_elsewhere = is_inside && !end.starts_with(files::way(&folder.private()).end);
    let elsewhere = if is_elsewhere { tracked(end.as_str()) } else { Vec::new() };
    Ok(elsewhere.iter().map(|name| folder.join(name)).chain(roots).next())
}

/// The text of the cluster's file.
pub fn read_spec(folder: &Folder) -> Result<String, SourcesError> {
    let path = folder.join(SPEC);
    let missing = || SourcesError::NoSpec { path: path.clone(), folder: folder.path().to_owned() };
    files::read_text(&path)?.ok_or_else(missing)
}

/// The text of the lock.
pub fn read_lock(folder: &Folder) -> Result<String, SourcesError> {
    let path = folder.join(LOCK);
    match files::read_text(&path)? {
        Some(text) => Ok(text),
        None if files::exists(&folder.last_build()) => {
            Err(SourcesError::LostLock { path, last_build: folder.last_build() })
        }
        None => {
            // Without a root there is nothing yet that a lock could belong to.
            read_root(folder)?;
            Err(SourcesError::NoLock { path })
        }
    }
}

/// The root secret, if it is here. One that is here and cannot be trusted is no better than a wrong one.
pub fn find_root(folder: &Folder) -> Result<Option<RootSecret>, SourcesError> {
    match read_root(folder) {
        Err(SourcesError::NoRoot { .. } | SourcesError::NotBegun { .. }) => Ok(None),
        root => root.map(Some),
    }
}

/// The root secret: private, unless it is public on purpose.
pub fn read_root(folder: &Folder) -> Result<RootSecret, SourcesError> {
    let in_git = root_in_git(folder)?;
    let (public, private) = (folder.join(PUBLIC_ROOT), folder.private_root());
    let parse = |path: &Utf8Path, text: String| {
        RootSecret::parse(&text).map_err(|error| SourcesError::BadRoot { path: path.to_owned(), error })
    };
    if let Some(text) = files::read_text(&public)? {
        let root = parse(&public, text)?;
        return if root.is_public_example() {
            Ok(root)
        } else {
            Err(SourcesError::MisplacedRoot { path: public, private })
        };
    }
    let Some(text) = files::read_text(&private)? else {
        return Err(match files::exists(&folder.join(LOCK)) {
            true => SourcesError::NoRoot { path: private },
            false => SourcesError::NotBegun { path: folder.join(LOCK), folder: folder.path().to_owned() },
        });
    };
    let root = parse(&private, text)?;
    if let Some(path) = in_git.filter(|_| !root.is_public_example()) {
        return Err(SourcesError::TrackedRoot { path });
    }
    let mode = files::mode(&private)?;
    if mode & 0o077 != 0 {
        return Err(SourcesError::OpenRoot { path: private, mode });
    }
    Ok(root)
}
