//! Wherever, whenever and by whomever a cluster is built, it is the same cluster.

#![expect(clippy::disallowed_methods, reason = "tests prepare places and run the program there")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::cluster_folder::{ClusterFolder, KTHW};
use crate::judge::{another_user, judge};
use crate::ran::{Ran, Summary};

const BUILD: [&str; 2] = ["build", "--json"];

/// Builds the example anew, in a way of one's own.
fn built(how: impl FnOnce(&ClusterFolder) -> Command) -> Summary {
    let folder = ClusterFolder::single();
    let summary = Ran::of(&mut how(&folder)).summary();
    assert!(summary.executed > 0, "a new folder has everything to do");
    summary
}

/// What the plainest build yields.
fn plain() -> Summary {
    built(|folder| folder.command(&BUILD))
}

/// Another program that runs kthw in a folder.
fn through(mut other: Command, folder: &ClusterFolder, args: &[&str]) -> Command {
    other.args(args).arg(KTHW).args(BUILD).current_dir(folder.path()).env_clear().env("HOME", folder.place());
    other
}

#[test]
fn environments_do_not_matter() {
    let expected = plain();
    for variables in [
        &[("TZ", "Pacific/Kiritimati")][..],
        &[("TZ", ":/nonexistent"), ("LANG", "tr_TR.UTF-8"), ("LC_ALL", "tr_TR.UTF-8")],
        &[("LC_ALL", "C"), ("LANGUAGE", "de")],
        &[("HOME", "/nonexistent"), ("USER", "nobody"), ("LOGNAME", "nobody"), ("HOSTNAME", "elsewhere")],
        &[("TMPDIR", "/nonexistent")],
        &[("SOURCE_DATE_EPOCH", "1"), ("RUST_BACKTRACE", "1"), ("RUST_LOG", "trace"), ("COLUMNS", "20")],
        &[("NO_COLOR", "1"), ("TERM", "dumb")],
        &[("http_proxy", "http://127.0.0.1:1"), ("https_proxy", "http://127.0.0.1:1")],
        &[("KTHW_STORE", "../another/store")],
    ] {
        let summary = built(|folder| {
            let mut command = folder.command(&BUILD);
            command.envs(variables.iter().copied());
            command
        });
        assert_eq!(summary, expected, "{variables:?}");
    }
}

#[test]
fn working_directories_do_not_matter() {
    let expected = plain();
    for (dir, cluster) in [("", "cluster"), ("home", "../cluster"), ("cluster", "../cluster/.")] {
        let summary = built(|folder| {
            let mut command = folder.command(&["-C", cluster, "build", "--json"]);
            command.current_dir(folder.place().join(dir));
            command
        });
        assert_eq!(summary, expected, "{cluster} from {dir}");
    }
}

#[test]
fn umasks_do_not_matter() {
    let expected = plain();
    for umask in ["000", "077", "027"] {
        let Some(shell) = judge("sh") else { return };
        let script = format!("umask {umask} && exec \"$@\"");
        let summary = built(|folder| through(shell, folder, &["-c", &script, "sh"]));
        assert_eq!(summary, expected, "{umask}");
    }
}

#[test]
fn umasks_decide_no_modes() {
    let mode = |path: &std::path::Path| {
        fs::symlink_metadata(path).expect("it is there").permissions().mode() & 0o7777
    };
    for umask in ["000", "077", "022"] {
        let folder = ClusterFolder::empty();
        let run = |args: &[&str]| {
            let mut shell = judge("sh")?;
            let script = format!("umask {umask} && exec \"$@\"");
            shell.args(["-c", &script, "sh", KTHW]).args(args).current_dir(folder.path());
            shell.env_clear().env("HOME", folder.place());
            Some(Ran::of(&mut shell).exits(0))
        };
        let Some(_) = run(&["init"]) else { return };
        run(&["build", "--out", "out"]);
        for (path, expected) in [
            (".kthw", 0o700),
            (".kthw/root", 0o600),
            ("out", 0o755),
            ("out/control-plane-1", 0o755),
            ("out/control-plane-1/etc/systemd/system", 0o755),
        ] {
            assert_eq!(mode(&folder.path().join(path)), expected, "{path} under {umask}");
        }
        let store = mode(&folder.path().join(".kthw/store"));
        assert_eq!(store & 0o022, 0, "nobody else writes into the store under {umask}");
    }
}

#[test]
fn one_processor_is_as_good_as_many() {
    let Some(taskset) = judge("taskset") else { return };
    assert_eq!(built(|folder| through(taskset, folder, &["-c", "0"])), plain());
}

#[test]
fn clocks_do_not_matter() {
    let expected = plain();
    for time in ["1999-12-31 23:59:59", "2038-01-19 03:14:08", "2100-02-28 12:00:00"] {
        let Some(faketime) = judge("faketime") else { return };
        assert_eq!(built(|folder| through(faketime, folder, &[time])), expected, "{time}");
    }
}

#[test]
fn users_do_not_matter() {
    let Some(mut user) = another_user() else { return };
    let folder = ClusterFolder::single();
    // The test's own program may be in a place that is closed to others, and so may the folder.
    let program = folder.place().join("kthw");
    fs::copy(KTHW, &program).expect("room for the program");
    for (path, mode) in [(folder.place(), 0o755), (&folder.path(), 0o777)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("our own folder");
    }
    user.arg(program).args(BUILD).current_dir(folder.path()).env_clear();
    assert_eq!(Ran::of(&mut user).summary(), plain());
}

#[test]
fn a_check_makes_everything_again_and_finds_it_the_same() {
    let folder = ClusterFolder::single();
    let before = folder.build();
    let checked = folder.kthw(&["build", "--check", "--json"]).summary();
    assert_eq!(checked, before, "as much is executed as the first time");
    assert_eq!(folder.build().executed, 0);
}

#[test]
fn the_written_trees_are_the_same_file_for_file() {
    let trees = [(); 2].map(|()| {
        let folder = ClusterFolder::single();
        folder.kthw(&["build", "--out", "out"]).exits(0);
        let Some(mut tar) = judge("tar") else { return String::new() };
        let listed =
            tar.args(["--sort=name", "--mtime=@0", "-cf", "tree.tar", "out"]).current_dir(folder.path());
        Ran::of(listed).exits(0);
        let bytes = fs::read(folder.path().join("tree.tar")).expect("tar wrote it");
        blake3::hash(&bytes).to_string()
    });
    assert_eq!(trees[0], trees[1]);
}
