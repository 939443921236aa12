//! What pages tell people to type, typed as it stands there: every block of commands of every page.

#![expect(clippy::disallowed_methods, reason = "tests read the pages and make folders")]

use std::fs;
use std::path::{Path, PathBuf};

use crate::cluster_folder::{ClusterFolder, KTHW};
use crate::judge::judge;
use crate::ran::Ran;
use crate::repository::{begin, commit, git};

/// What begins a line that is not typed here, and who does instead.
const ELSEWHERE: &[(&str, &str)] = &[
    ("cargo test", "whoever runs this"),
    ("cargo run -- build", "the same program, by another name"),
    ("just ", "whoever runs this, and .ci/run"),
    ("git diff", "a person looks"),
    ("kthw fetch", "tests/downloads.rs and tests/withstand, from servers of their own"),
    ("kthw build --fetch", "the same"),
    ("kthw lock --mirror", "tests/cli/lock.rs, with a mirror that exists"),
    ("while sleep", "tests/hosts/balancers.rs asks as often, and stops"),
    ("kthw vm", "tests/vm, with hypervisors and what stands for them"),
];

/// Pages whose blocks are run whole by a test of their own, with what begins a block there.
const OF_THEIR_OWN: &[(&str, &str)] = &[
    ("docs/ci.md", "```bash\n"),                    // tests/cli/ci.rs
    ("docs/etcd-restore.md", "        systemctl "), // tests/hosts/restore.rs
];

/// Every page for people, with its text.
fn pages() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = vec![PathBuf::from("README.md"), "CONTRIBUTING.md".into(), "examples/README.md".into()];
    let docs = fs::read_dir(root.join("docs")).expect("there are pages");
    paths.extend(docs.map(|entry| Path::new("docs").join(entry.expect("it is readable").file_name())));
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(root.join(&path)).expect("it is readable");
        (path.to_str().expect("plain names").to_owned(), text)
    };
    paths.into_iter().map(read).collect()
}

/// The lines of a page's blocks that are for a shell.
fn lines(page: &str) -> Vec<&str> {
    let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).map(str::trim).filter(|line| !line.is_empty()).collect()
}

fn is_elsewhere(line: &str) -> bool {
    ELSEWHERE.iter().any(|(begin, _)| line.starts_with(begin))
}

#[test]
fn no_block_of_commands_is_of_a_kind_that_nobody_types() {
    for (page, text) in pages() {
        for (own, begin) in OF_THEIR_OWN {
            assert_eq!(page == *own, text.contains(begin), "{page} has {begin:?}: which test runs it?");
        }
    }
    let all = pages();
    let typed: Vec<&str> = all.iter().flat_map(|(_, text)| lines(text)).collect();
    for (begin, who) in ELSEWHERE {
        assert!(typed.iter().any(|line| line.starts_with(begin)), "nobody types {begin:?} any more ({who})");
    }
}

/// Types a page from top to bottom, in one shell after the other, as somebody who reads it.
struct Reader {
    place: PathBuf,
    bin: PathBuf,
    at: PathBuf,
}

impl Reader {
    fn at(place: &Path, at: PathBuf) -> Self {
        let bin = place.join("bin");
        fs::create_dir_all(&bin).expect("our own folder");
        std::os::unix::fs::symlink(KTHW, bin.join("kthw")).expect("our own folder");
        Self { place: place.to_owned(), bin, at }
    }

    fn types(&mut self, page: &str, line: &str) {
        if let Some(folder) = line.strip_prefix("cd ") {
            self.at.push(folder);
            return;
        }
        let line = line.replace("cargo run --release -- ", "kthw ");
        // Nobody waits longer than this for a line of a page.
        let Some(mut shell) = judge("timeout") else { return };
        shell.args(["300", "sh", "-euc", &line]).current_dir(&self.at).env_clear();
        shell.env("PATH", format!("{}:/usr/bin:/bin", self.bin.display()));
        shell.env("HOME", self.place.join("home")).env("TMPDIR", self.place.join("tmp"));
        let ran = Ran::of(&mut shell);
        // Three says that something differs, to those who ask.
        let asked = line.contains("--exit-code");
        assert!(ran.code == Some(0) || (asked && ran.code == Some(3)), "{page}: {line}\n{ran:?}");
    }
}

#[test]
fn the_tour_of_the_readme_leads_where_it_says() {
    let folder = ClusterFolder::empty();
    let place = folder.place();
    let example = ClusterFolder::of_example("single");
    fs::create_dir_all(place.join("examples")).expect("our own folder");
    fs::rename(example.path(), place.join("examples/single")).expect("one file system");
    let mut reader = Reader::at(place, place.to_owned());
    let (page, text) = pages().into_iter().find(|(page, _)| page == "README.md").expect("there is one");
    for line in lines(&text).into_iter().filter(|line| !is_elsewhere(line)) {
        if line == "kthw diff" {
            // What the page has people uncomment before.
            let path = reader.at.join("cluster.yaml");
            let text = fs::read_to_string(&path).expect("init has written it");
            let text = text.replace("# components:\n", "components:\n");
            let (from, to) = ("#   kubelet: {config: {maxPods", "  kubelet: {config: {maxPods");
            assert!(text.contains(from), "{text}");
            fs::write(path, text.replace(from, to)).expect("our own file");
        }
        reader.types(&page, line);
    }
}

#[test]
fn every_other_page_can_be_typed_in_a_cluster_that_git_keeps() {
    let folder = ClusterFolder::single();
    let Some(()) = begin(&folder) else { return };
    for (age, max) in [("90", "91"), ("91", "92"), ("92", "93")] {
        folder.build();
        let text = folder.read("cluster.yaml");
        let text = text.replace(&format!("\naudit: {{maxAge: {age}}}\n"), "\n");
        folder.write("cluster.yaml", &format!("{}\naudit: {{maxAge: {max}}}\n", text.trim_end()));
    }
    commit(&folder, "a change");
    let Some(origin) = git(&folder.path(), &["update-ref", "refs/remotes/origin/main", "HEAD~1"]) else {
        return;
    };
    origin.exits(0);
    let mut reader = Reader::at(folder.place(), folder.path());
    let others = pages().into_iter().filter(|(page, _)| page != "README.md");
    for (page, text) in others {
        for line in lines(&text).into_iter().filter(|line| !is_elsewhere(line)) {
            reader.types(&page, line);
        }
    }
}
