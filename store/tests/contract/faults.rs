//! Killed processes, failing disks, full disks and read-only folders.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use camino::{Utf8Path, Utf8PathBuf};
use kthw_store::{Access, Store, StoreError};

use super::{Folder, assert_full, assert_sound, child, fill, has, large};

/// Every system call that changes what is on a disk.
const CALLS: &str = "write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,ftruncate,fallocate,unlink,unlinkat,\
                     mkdir,mkdirat,fchmod,link,linkat";

pub(crate) fn strace_works() -> bool {
    let traced = Command::new("strace").args(["-f", "-e", "trace=none", "true"]).output();
    traced.is_ok_and(|o| o.status.success())
}

/// Runs a task with a fault in its first changing system call, then in its second, and so on until it meets none.
pub(crate) fn sweep(fault: &str, task: &str, prepare: impl Fn(&Folder), check: impl Fn(&Folder, &Output)) {
    let program = Utf8PathBuf::from_path_buf(std::env::current_exe().unwrap()).unwrap();
    for when in 1..1000 {
        let folder = Folder::new();
        prepare(&folder);
        let inject = format!("inject={CALLS}:{fault}:when={when}");
        let trace = folder.path().join("trace");
        let strace =
            ["strace", "-f", "-qq", "-o", trace.as_str(), "-e", &format!("trace={CALLS}"), "-e", &inject];
        let output = child::task_under(&strace, &program, task, &folder.root()).output().unwrap();
        let trace = fs::read_to_string(trace).unwrap();
        let of_terminal = |line: &str| line.contains("write(1, ") || line.contains("write(2, ");
        if trace.lines().any(|line| of_terminal(line) && line.contains("(INJECTED)")) {
            // What the test harness and the task print is not the store's.
            continue;
        }
        check(&folder, &output);
        if !trace.contains("INJECTED") && !trace.contains("killed by SIGKILL") {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert!(when > 20, "the faults were met");
            return;
        }
    }
    panic!("{task} has no end");
}

#[test]
fn a_process_killed_anywhere_leaves_a_sound_store() {
    if !has("strace", strace_works()) {
        return;
    }
    sweep(
        "signal=SIGKILL",
        "fill a",
        |_| {},
        |folder, _| {
            let store = folder.open();
            assert_eq!(store.set_aside(), None);
            assert_sound(&store, "a");
            fill(&store, "a").unwrap();
            assert_full(&store, "a");
        },
    );
}

#[test]
fn a_disk_that_fails_or_fills_anywhere_is_an_error_that_names_a_path() {
    if !has("strace", strace_works()) {
        return;
    }
    for fault in ["error=EIO", "error=ENOSPC"] {
        sweep(
            fault,
            "fill a",
            |_| {},
            |folder, output| {
                let message = String::from_utf8_lossy(&output.stderr);
                assert!(
                    output.status.success() || output.status.code() == Some(1),
                    "{:?}: {message}",
                    output.status
                );
                assert!(!message.contains("panicked"), "{message}");
                if let Some(error) = message.lines().find(|l| l.starts_with("error: ")) {
                    assert!(error.contains(folder.root().as_str()), "{error}");
                }
                let store = folder.open();
                assert_sound(&store, "a");
                fill(&store, "a").unwrap();
                assert_full(&store, "a");
            },
        );
    }
}

/// A file system of its own that is unmounted on drop.
struct Mount<'a>(&'a Utf8Path);

impl<'a> Mount<'a> {
    fn tmpfs(at: &'a Utf8Path) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "none", at.as_str()]).output();
        mount.is_ok_and(|o| o.status.success()).then_some(Self(at))
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let mount = || Command::new("mount").args(["-o", &options, self.0.as_str()]).output().unwrap();
        // A program that another test is just starting may still hold a file that was written here.
        let is_done = (0..50).any(|_| {
            mount().status.success() || {
                std::thread::sleep(std::time::Duration::from_millis(20));
                false
            }
        });
        assert!(is_done, "{}", String::from_utf8_lossy(&mount().stderr));
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn a_full_disk_is_an_error_and_half_registers_nothing() {
    let folder = Folder::new();
    let root = folder.root();
    let mount = Mount::tmpfs(&root);
    if !has("right to mount", mount.is_some()) {
        return;
    }
    let store = Store::open(&root).unwrap();
    let mut stored = Vec::new();
    let mut failures = 0;
    for i in 0..40 {
        let bytes = if i % 2 == 0 { large(&i.to_string()) } else { large(&i.to_string())[..30_000].to_vec() };
        match store.put(&bytes) {
            Ok(digest) => stored.push((digest, bytes)),
            Err(StoreError::Full { path, .. }) => {
                assert!(path.starts_with(&root), "{path}");
                failures += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(failures > 10 && stored.len() > 2, "{failures} failed, {} stored", stored.len());
    for (digest, bytes) in &stored {
        assert_eq!(store.get(digest).unwrap().as_ref(), Some(bytes));
    }
    assert_eq!(store.verify(&mut |_, _| {}).unwrap(), []);
    drop(store);

    kthw_store::collect(&root, 0, false).unwrap();
    let store = Store::open(&root).unwrap();
    fill(&store, "a").unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn a_read_only_file_system_is_readable() {
    let folder = Folder::new();
    let root = folder.root();
    let mount = Mount::tmpfs(&root);
    if !has("right to mount", mount.is_some()) {
        return;
    }
    let mount = mount.unwrap();
    fill(&Store::open(&root).unwrap(), "a").unwrap();
    mount.remount("ro");
    check_read_only(&Store::open(&root).unwrap());
}

fn check_read_only(store: &Store) {
    assert_eq!(store.access(), Access::ReadOnly);
    assert_full(store, "a");
    assert_eq!(store.forget_missing_files().unwrap(), []);
    let read_only = |result: Result<(), StoreError>| {
        assert!(matches!(result, Err(StoreError::ReadOnly { .. })), "{result:?}");
    };
    read_only(store.put(b"x").map(drop));
    read_only(store.writer().map(drop));
    read_only(store.resume("x").map(drop));
    read_only(store.commit(kthw_store::Batch::new()));
    read_only(store.append_root("build", &kthw_store::Record::default()).map(drop));
    read_only(store.discard(&kthw_store::Digest::of(b"x")));
    read_only(store.execution_lock(|_| {}).map(drop));
    read_only(kthw_store::collect(store.root(), 0, false).map(drop));
}

#[test]
fn a_store_of_somebody_else_is_readable() {
    let setpriv = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let works = Command::new(setpriv[0]).args(&setpriv[1..]).arg("true").output();
    if !has("right to become another user", works.is_ok_and(|o| o.status.success())) {
        return;
    }
    let folder = Folder::new();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let run = |task: &str| child::task_under(&setpriv, &program, task, &folder.root()).output().unwrap();

    let store = folder.open();
    fill(&store, "a").unwrap();
    // While somebody has it open, after that, and with the log of a killed writer.
    let beside = run("read a");
    drop(store);
    let after = run("read a");
    let mut killed = child::start("hold", &folder.root());
    killed.kill().unwrap();
    killed.wait().unwrap();
    let after_kill = run("read a");
    for (when, output) in [("beside", beside), ("after", after), ("after a kill", after_kill)] {
        assert!(output.status.success(), "{when}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let refused = run("write");
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(message.contains("is read-only: make it writable or choose another"), "{message}");
}

#[test]
fn a_killed_download_goes_on_where_it_was() {
    let folder = Folder::new();
    let mut child = child::start("abandon etcd", &folder.root());
    child.kill().unwrap();
    child.wait().unwrap();
    let store = folder.open();
    let mut writer = store.resume("etcd").unwrap();
    let at = usize::try_from(writer.size()).unwrap();
    writer.append(&large("etcd")[at..]).unwrap();
    let written = writer.finish().unwrap();
    assert_eq!(store.get(&written.digest).unwrap(), Some(large("etcd")));
}
