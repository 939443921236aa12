//! Real programs, built once from the Go modules in `tests/real/programs` into a cache that all tests share.

#![expect(clippy::disallowed_methods, reason = "tests build and keep what they run")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use semver::Version;

use crate::judge::judge;
use crate::ran::Ran;

/// The programs of one module, ready to be run.
#[derive(Clone)]
pub struct Programs {
    /// What all of this module is kept under: what it was built from is in the name.
    folder: PathBuf,
    modules: String,
}

/// What the linker tells programs about themselves: a variable, the module whose version it is, and how it says so.
type Variable = (&'static str, &'static str, &'static str);

const KUBERNETES: &str = "k8s.io/kubernetes";
const CONTAINERD: &str = "github.com/containerd/containerd/v2";
const CNI_PLUGINS: &str = "github.com/containernetworking/plugins";

/// As the publishers' own builds set them; etcd and CoreDNS hold their versions themselves.
const VARIABLES: &[Variable] = &[
    ("k8s.io/component-base/version.gitVersion", KUBERNETES, "v{version}"),
    ("k8s.io/component-base/version.gitMajor", KUBERNETES, "1"),
    ("k8s.io/component-base/version.gitMinor", KUBERNETES, "{minor}"),
    ("k8s.io/component-base/version.gitTreeState", KUBERNETES, "clean"),
    ("k8s.io/client-go/pkg/version.gitVersion", KUBERNETES, "v{version}"),
    ("k8s.io/client-go/pkg/version.gitMajor", KUBERNETES, "1"),
    ("k8s.io/client-go/pkg/version.gitMinor", KUBERNETES, "{minor}"),
    ("github.com/containerd/containerd/v2/version.Version", CONTAINERD, "v{version}"),
    ("github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion", CNI_PLUGINS, "v{version}"),
];

/// Programs whose packages are called otherwise.
const RENAMED: &[(&str, &str)] = &[("server", "etcd")];

impl Programs {
    /// Those of a folder of `tests/real/programs`; `None` where there is no Go and the test may be skipped.
    pub fn of(module: &str) -> Option<Self> {
        let mut version = go(module)?;
        let source = source(module);
        let read = |name: &str| fs::read_to_string(source.join(name)).expect("a module of the tests");
        let modules = read("go.mod");
        let variables = variables(&modules);
        let version = Ran::of(version.arg("version")).result();
        let recipe = blake3::hash(
            [&modules, &read("go.sum"), &variables, &version].map(String::as_str).join("\0").as_bytes(),
        );
        let shelf = cache().join("programs");
        let folder = shelf.join(format!("{module}-{}", &recipe.to_hex()[..16]));
        let programs = Self { folder, modules };
        build_once(&programs.folder.clone(), |new| {
            let mut build = go(module).expect("it was there");
            build.args(["build", "-trimpath", "-ldflags", &format!("-s -w{variables}"), "-o"]);
            Ran::of(build.arg(new).arg("tool")).exits(0);
            for (package, program) in RENAMED {
                if new.join(package).exists() {
                    fs::rename(new.join(package), new.join(program)).expect("our own folder");
                }
            }
        });
        Some(programs)
    }

    /// Those of a minor of Kubernetes, such as `1.36`.
    pub fn of_kubernetes(minor: &str) -> Option<Self> {
        Self::of(&format!("kubernetes-{minor}"))
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The program of this name, if this module has it.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        Some(self.folder.join(name)).filter(|path| path.exists())
    }

    /// Which version of a Go module these were built from.
    pub fn version(&self, module: &str) -> Option<Version> {
        required(&self.modules, module)
    }

    /// The release of Kubernetes that these are.
    pub fn kubernetes(&self) -> Version {
        self.version(KUBERNETES).expect("programs of Kubernetes")
    }
}

/// Go in a folder of `tests/real/programs`, which builds as all others do, so that nothing is compiled twice; `None` where
/// there is none and the test may be skipped.
pub fn go(folder: &str) -> Option<Command> {
    let mut go = judge("go")?;
    go.current_dir(source(folder)).env("CGO_ENABLED", "0").env("GOFLAGS", "-mod=readonly -buildvcs=false");
    Some(go)
}

/// Where the source of a Go module is that a folder of `tests/real/programs` requires.
pub fn source_of(folder: &str, module: &str) -> Option<PathBuf> {
    let said = Ran::of(go(folder)?.args(["mod", "download", "-json", module])).result();
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    Some(said["Dir"].as_str().expect("a folder").into())
}

/// The folder of a Go module of the tests.
fn source(module: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/programs").join(module)
}

/// Which version of a Go module a folder of `tests/real/programs` requires, if there is one.
pub fn required_by(folder: &str, module: &str) -> Option<Version> {
    required(&fs::read_to_string(source(folder).join("go.mod")).ok()?, module)
}

/// Makes a folder unless it is there: in another place, under a lock, and put in place whole.
pub fn build_once(folder: &Path, make: impl FnOnce(&Path)) {
    let shelf = folder.parent().expect("in a cache");
    fs::create_dir_all(shelf).expect("the cache is writable");
    let lock = File::create(folder.with_added_extension("lock")).expect("the cache is writable");
    lock.lock().expect("the cache can be locked");
    if folder.exists() {
        return;
    }
    let new = folder.with_added_extension("new");
    // Somebody who made it was ended.
    let _ = fs::remove_dir_all(&new);
    fs::create_dir(&new).expect("the cache is writable");
    make(&new);
    fs::rename(new, folder).expect("one folder");
}

/// Where things are kept that take long to make.
pub fn cache() -> PathBuf {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder("KTHW_TEST_CACHE")
        .or_else(|| Some(folder("XDG_CACHE_HOME")?.join("kthw-tests")))
        .or_else(|| Some(folder("HOME")?.join(".cache/kthw-tests")))
        .expect("KTHW_TEST_CACHE, XDG_CACHE_HOME or HOME names a folder")
}

/// The linker's arguments for the programs of these modules.
fn variables(modules: &str) -> String {
    let argument = |(name, module, form): &Variable| {
        let version = required(modules, module)?;
        let value = form.replace("{version}", &version.to_string());
        Some(format!(" -X {name}={}", value.replace("{minor}", &version.minor.to_string())))
    };
    VARIABLES.iter().filter_map(argument).collect()
}

/// The version of a module that a `go.mod` requires.
fn required(modules: &str, module: &str) -> Option<Version> {
    let mut lines = modules.lines().map(|line| line.trim().trim_start_matches("require "));
    let version = lines.find_map(|line| line.strip_prefix(module)?.strip_prefix(" v"))?;
    let version = version.split_whitespace().next()?;
    Some(version.parse().expect("versions of Go modules are semantic"))
}
