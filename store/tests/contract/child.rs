//! Work done in a process of its own, by this same test binary.

use std::env;
use std::io::{Read as _, Write as _};
use std::process::{self, Command, Stdio};

use camino::Utf8Path;
use kthw_store::{Store, StoreError, collect};

use super::{action, fill, small};

const TASK: &str = "KTHW_STORE_TASK";
const ROOT: &str = "KTHW_STORE_ROOT";

/// A command that runs a task on a store; its exit code is 0 on success and 1 on an error, printed to stderr.
pub(crate) fn task(task: &str, root: &Utf8Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    prepare(&mut command, task, root);
    command
}

/// The same, run by another program, which is given with its own arguments.
pub(crate) fn task_under(launcher: &[&str], program: &Utf8Path, name: &str, root: &Utf8Path) -> Command {
    let mut command = Command::new(launcher[0]);
    command.args(&launcher[1..]).arg(program);
    prepare(&mut command, name, root);
    command
}

fn prepare(command: &mut Command, task: &str, root: &Utf8Path) {
    command
        .args(["child::run_task", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(TASK, task)
        .env(ROOT, root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
}

#[test]
#[ignore = "run by other tests, in a process of its own"]
fn run_task() {
    let Ok(task) = env::var(TASK) else { return };
    let root = env::var(ROOT).unwrap();
    if let Err(error) = run(&task, Utf8Path::new(&root)) {
        let _ = writeln!(std::io::stderr(), "error: {error}");
        process::exit(1);
    }
}

fn run(task: &str, root: &Utf8Path) -> Result<(), StoreError> {
    match task.split_once(' ').unwrap_or((task, "")) {
        ("open", _) => Store::open(root).map(drop),
        ("fill", prefix) => fill(&Store::open(root)?, prefix),
        ("commit", prefix) => {
            let store = Store::open(root)?;
            (0..20).try_for_each(|i| fill(&store, &format!("{prefix}{i}")))
        }
        ("collect", keep) => collect(root, keep.parse().unwrap(), false).map(drop),
        ("hold", _) => {
            let _store = Store::open(root)?;
            announce();
            await_end();
            Ok(())
        }
        ("hold-execution", _) => {
            let store = Store::open(root)?;
            let _guard = store.execution_lock(|_| {})?;
            announce();
            await_end();
            Ok(())
        }
        ("execute", name) => execute_once(&Store::open(root)?, name),
        ("read", prefix) => {
            super::assert_full(&Store::open(root)?, prefix);
            Ok(())
        }
        ("write", _) => Store::open(root)?.put(b"more").map(drop),
        ("abandon", name) => {
            let store = Store::open(root)?;
            let mut writer = store.resume(name)?;
            writer.append(&super::large(name)[..100_000])?;
            announce();
            await_end();
            writer.finish().map(drop)
        }
        other => panic!("no task {other:?}"),
    }
}

/// As an engine does: look up, wait for the right to execute, look up again, execute.
fn execute_once(store: &Store, name: &str) -> Result<(), StoreError> {
    let action = action(name);
    if store.realisation(&action)?.is_some() {
        return Ok(());
    }
    let _guard = store.execution_lock(|_| {})?;
    if store.realisation(&action)?.is_some() {
        return Ok(());
    }
    let log = store.root().parent().unwrap().join("executed");
    let mut log = std::fs::OpenOptions::new().append(true).create(true).open(log).unwrap();
    log.write_all(b"x").unwrap();
    let mut batch = kthw_store::Batch::new();
    batch.public(action, vec![], small(name));
    store.commit(batch)
}

fn announce() {
    let _ = writeln!(std::io::stdout(), "ready");
}

fn await_end() {
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

/// Starts a task and waits until it has announced itself.
pub(crate) fn start(name: &str, root: &Utf8Path) -> process::Child {
    use std::io::{BufRead as _, BufReader};
    let mut child = task(name, root).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("ready")), "{name} did not come up");
    child
}

/// Lets a started task end.
pub(crate) fn finish(mut child: process::Child) -> process::ExitStatus {
    drop(child.stdin.take());
    child.wait().unwrap()
}
