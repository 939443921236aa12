//! The recipes of docs/ci.md, run as they stand in a clone without the root secret.

#![expect(clippy::disallowed_methods, reason = "tests run the recipes' shell lines")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::cluster_folder::{ClusterFolder, KTHW};
use crate::ran::Ran;
use crate::repository::{commit, git, single};

/// The block of the document that begins with this line.
fn block(first: &str) -> String {
    let document = include_str!("../../docs/ci.md");
    let blocks = document.split("\n```").skip(1).step_by(2);
    let texts = blocks.map(|block| block.split_once('\n').expect("a language and a text").1);
    texts.map(|text| format!("{text}\n")).find(|text| text.starts_with(first)).expect("the recipe is there")
}

fn recipe(first: &str) -> Value {
    serde_saphyr::from_str(&block(first)).expect("a recipe is YAML")
}

/// The shell lines of the recipe for GitHub, and what it makes of its own names there.
fn github() -> (Vec<String>, Vec<(String, String)>) {
    let recipe = recipe("# .github/workflows/cluster.yaml\n");
    let fill = |text: &str| {
        let known = [("github.base_ref", "main"), ("github.event.number", "7"), ("github.token", "secret")];
        let vars = [("vars.KTHW_SOURCES", "https://example.org/kthw"), ("vars.KTHW_REVISION", "abc")];
        let filled = known
            .iter()
            .chain(&vars)
            .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{{ {name} }}}}"), value));
        assert!(!filled.contains("${{"), "{filled}");
        filled
    };
    let job = &recipe["jobs"]["review"];
    assert_eq!(job["steps"][0]["with"]["fetch-depth"], 0, "causes are in the history");
    let env = job["env"].as_object().expect("an environment");
    let env = env.iter().map(|(name, value)| (name.clone(), fill(value.as_str().expect("a text"))));
    let runs = job["steps"].as_array().expect("steps").iter().filter_map(|step| step["run"].as_str());
    (runs.map(fill).collect(), env.collect())
}

/// The same of the recipe for GitLab, where the base is a commit.
fn gitlab(base: &str) -> (Vec<String>, Vec<(String, String)>) {
    let recipe = recipe("# .gitlab-ci.yml\n");
    assert_eq!(recipe["review"]["variables"]["GIT_DEPTH"], "0", "causes are in the history");
    let lines = recipe["review"]["script"].as_array().expect("a script").iter();
    let lines = lines.map(|line| line.as_str().expect("a text").to_owned());
    let env = [
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", base),
        ("CI_API_V4_URL", "https://gitlab.example.org/api/v4"),
        ("CI_PROJECT_ID", "3"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("COMMENT_TOKEN", "secret"),
        ("KTHW_SOURCES", "https://example.org/kthw"),
        ("KTHW_REVISION", "abc"),
    ];
    (lines.collect(), env.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
}

/// A folder with a program `kthw`, and with some that only note how they were called.
fn programs(place: &Path) -> PathBuf {
    let folder = place.join("bin");
    fs::create_dir_all(&folder).expect("our own folder");
    let note = |name: &str| format!("#!/bin/sh\nprintf '%s\\n' \"{name} $*\" >> {}/calls\n", place.display());
    // A report that cannot be made is stood in for by one that can.
    let kthw = format!(
        "#!/bin/sh\nif [ \"$1\" = diff ] && ! {KTHW} diff --help | grep -q -- --output; then\n  shift 5\n  \
         {KTHW} diff \"$@\" > diff.md\nelse\n  exec {KTHW} \"$@\"\nfi\n"
    );
    let scripts = [("cargo", note("cargo")), ("gh", note("gh")), ("curl", note("curl")), ("kthw", kthw)];
    for (name, text) in scripts {
        let path = folder.join(name);
        fs::write(&path, text).expect("our own folder");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("our own file");
    }
    folder
}

fn shell(place: &Path, folder: &Path, line: &str, env: &[(String, String)]) -> Ran {
    let path = format!("{}:/usr/bin:/bin", programs(place).display());
    let mut shell = Command::new("/bin/sh");
    shell.args(["-e", "-c", line]).current_dir(folder).env_clear().env("PATH", path);
    Ran::of(shell.envs(env.iter().cloned()).env("HOME", place.join("home")))
}

/// A clone of a branch that changes the cluster.
fn clone(change: impl FnOnce(&ClusterFolder)) -> Option<(ClusterFolder, PathBuf, String)> {
    let folder = ClusterFolder::empty();
    folder.kthw(&["init"]).exits(0);
    folder.kthw(&["snapshot"]).exits(0);
    git(&folder.path(), &["init", "--quiet"])?.exits(0);
    commit(&folder, "the cluster")?;
    let base = git(&folder.path(), &["rev-parse", "HEAD"])?.result().trim().to_owned();
    git(&folder.path(), &["switch", "--quiet", "--create", "change"])?.exits(0);
    change(&folder);
    commit(&folder, "the change")?;
    let (from, to) = (format!("file://{}", folder.path().display()), folder.place().join("clone"));
    git(folder.place(), &["clone", "--quiet", &from, to.to_str().expect("a plain name")])?.exits(0);
    assert!(!to.join(".kthw").exists(), "a clone has no secret");
    Some((folder, to, base))
}

/// Runs a recipe's lines up to the one that fails; the exit code of the last, and all that it said.
fn run(folder: &ClusterFolder, clone: &Path, lines: &[String], env: &[(String, String)]) -> (i32, String) {
    let mut said = String::new();
    for line in lines {
        let ran = shell(folder.place(), clone, line, env);
        said += &ran.stdout;
        said += &ran.stderr;
        match ran.code {
            Some(0) => {}
            code => return (code.unwrap_or(-1), said),
        }
    }
    (0, said)
}

#[test]
fn both_recipes_post_the_change_and_fail_on_what_was_not_accepted() {
    for accepted in [true, false] {
        let fewer_pods = |folder: &ClusterFolder| {
            folder.edit(
                "cluster.yaml",
                "# components:\n",
                "components: {kubelet: {config: {maxPods: 150}}}\n",
            );
            if accepted {
                folder.kthw(&["snapshot"]).exits(0);
            }
        };
        let Some((folder, clone, base)) = clone(fewer_pods) else { return };
        for (lines, env) in [github(), gitlab(&base)] {
            let _ = fs::remove_file(clone.join("diff.md"));
            let (code, said) = run(&folder, &clone, &lines, &env);
            assert_eq!(code, if accepted { 0 } else { 3 }, "{said}");
            assert_eq!(said.contains("`kthw snapshot` accepts it"), !accepted, "{said}");
            let diff = fs::read_to_string(clone.join("diff.md")).expect("the change was written");
            assert!(diff.contains("kubelet"), "{diff}");
        }
        let calls = fs::read_to_string(folder.place().join("calls")).expect("programs were called");
        let calls: Vec<&str> = calls.lines().collect();
        insta::assert_snapshot!("calls", calls.join("\n"));
    }
}

#[test]
fn a_bot_pins_and_accepts_a_version_without_the_root() {
    let bump = |folder: &ClusterFolder| {
        folder.edit("cluster.yaml", "  kubernetes: 1.35.1\n", "  kubernetes: 1.35.1\n  runc: 1.2.9\n");
    };
    let Some((folder, clone, _)) = clone(bump) else { return };
    let recipe = recipe("# .github/workflows/bump.yaml\n");
    let steps = recipe["jobs"]["accept"]["steps"].as_array().expect("steps");
    let runs = steps.iter().filter_map(|step| step["run"].as_str());
    let lines: Vec<String> = runs.map(|line| line.replace("${{ vars.", "").replace(" }}", "")).collect();
    git(&folder.path(), &["switch", "--quiet", "main"]).expect("git is there").exits(0);
    let (code, said) = run(&folder, &clone, &lines, &[]);
    assert_eq!(code, 0, "{said}");
    assert!(!clone.join(".kthw/root").exists() && said.contains("pinned runc 1.2.9 linux/amd64"), "{said}");
    git(&folder.path(), &["switch", "--quiet", "change"]).expect("git is there").exits(0);
    let subject = git(&folder.path(), &["log", "-1", "--format=%s"]).expect("git is there").result();
    assert_eq!(subject, "pins and golden files\n");
    folder.kthw(&["snapshot", "--check"]).exits(0);
    // There is nothing to do a second time.
    assert_eq!(run(&folder, &clone, &lines, &[]).0, 0);
}

#[test]
fn what_a_recipe_posts_and_what_it_judges_are_one_change() {
    for (lines, _) in [github(), gitlab("base")] {
        let states = |command: &str| {
            let line = lines.iter().find(|line| line.starts_with(command)).expect("the command");
            let words = line.split_whitespace().filter(|word| word.starts_with('"') || *word == "HEAD");
            words.map(str::to_owned).collect::<Vec<_>>()
        };
        let compared = states("kthw diff ");
        assert!(!compared.is_empty());
        assert_eq!(compared, states("kthw plan "));
    }
}

#[test]
fn both_recipes_fail_on_what_must_not_be_done_though_it_was_accepted() {
    let another_key = |folder: &ClusterFolder| {
        folder.edit("kthw.lock", "encryption = [1]", "encryption = [2]");
        folder.kthw(&["snapshot"]).exits(0);
    };
    let Some((folder, clone, base)) = clone(another_key) else { return };
    for (lines, env) in [github(), gitlab(&base)] {
        let (code, said) = run(&folder, &clone, &lines, &env);
        assert_eq!(code, 4, "{said}");
        assert!(said.contains("error: [1] → [2]: key 1 encrypts until then"), "{said}");
    }
}

#[test]
fn the_hook_stops_a_commit_whose_golden_files_do_not_follow() {
    let Some(folder) = single() else { return };
    let hook = folder.path().join(".git/hooks/pre-commit");
    fs::write(&hook, block("#!/bin/sh\n")).expect("our own repository");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("our own file");
    let commit = "GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=A \
        GIT_COMMITTER_EMAIL=a@example.org git commit --quiet --message change";
    let run = |line: &str| shell(folder.place(), &folder.path(), line, &[]);
    folder.edit("cluster.yaml", "# components:\n", "components: {kubelet: {config: {maxPods: 150}}}\n");
    let stale = run(&format!("git add --all && {commit}")).exits(1);
    assert!(stale.stderr.contains("`kthw snapshot` accepts it"), "{}", stale.stderr);
    let forgotten = run(&format!("kthw snapshot && git add cluster.yaml && {commit}")).exits(1);
    assert!(forgotten.stderr.contains("these belong into the same commit"), "{}", forgotten.stderr);
    run(&format!("git add --all && {commit}")).exits(0);
    assert_eq!(run("git status --porcelain").result(), "");
}

#[test]
fn the_attributes_are_those_that_init_writes_and_leave_golden_files_alone() {
    let folder = ClusterFolder::empty();
    folder.kthw(&["init"]).exits(0);
    assert_eq!(folder.read(".gitattributes"), block("snapshots/** -text\n"));
    folder.kthw(&["snapshot"]).exits(0);
    let Some(ran) = git(&folder.path(), &["init", "--quiet"]) else { return };
    ran.exits(0);
    commit(&folder, "the cluster");
    let to = folder.place().join("clone");
    let (from, to) = (folder.path(), to.to_str().expect("a plain name").to_owned());
    let from = from.to_str().expect("a plain name");
    // As on a machine where git rewrites line endings.
    git(folder.place(), &["-c", "core.autocrlf=true", "clone", "--quiet", from, &to])
        .expect("git is there")
        .exits(0);
    let rewritten =
        |file: &str| fs::read_to_string(Path::new(&to).join(file)).expect("it was cloned").contains("\r\n");
    assert!(rewritten("cluster.yaml") && !rewritten("snapshots/pki.txt"));
    folder.kthw(&["snapshot", "--check", "-C", &to]).exits(0);
}
