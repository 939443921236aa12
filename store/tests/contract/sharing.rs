//! Several processes with one store.

use std::fs;
use std::process::Command;
use std::sync::mpsc;
use std::thread;

use super::{Folder, action, assert_full, child, fill};

#[test]
fn processes_that_create_and_fill_a_store_at_once_all_succeed() {
    for _ in 0..3 {
        let folder = Folder::new();
        let prefixes = ["a", "b", "c", "d", "e", "f"];
        let children = prefixes.map(|p| child::task(&format!("commit {p}"), &folder.root()).spawn().unwrap());
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        let store = folder.open();
        for prefix in prefixes {
            assert_full(&store, &format!("{prefix}19"));
        }
        assert_eq!(store.latest_root("build").unwrap().unwrap().0, 6 * 20);
    }
}

#[test]
fn threads_share_a_store() {
    let folder = Folder::new();
    let store = folder.open();
    thread::scope(|scope| {
        for i in 0..8 {
            let store = &store;
            scope.spawn(move || fill(store, &format!("thread{i}")).unwrap());
        }
    });
    (0..8).for_each(|i| assert_full(&store, &format!("thread{i}")));
}

#[test]
fn processes_that_want_the_same_action_execute_it_once() {
    let folder = Folder::new();
    folder.open();
    let children: Vec<_> =
        (0..8).map(|_| child::task("execute kubelet", &folder.root()).spawn().unwrap()).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(fs::read_to_string(folder.path().join("executed")).unwrap(), "x");
}

#[test]
fn who_waits_is_told_the_holder_and_goes_on_when_it_is_killed() {
    let folder = Folder::new();
    let mut holder = child::start("hold-execution", &folder.root());
    let store = folder.open();
    let (tell, told) = mpsc::channel();
    let waiter =
        thread::spawn(move || store.execution_lock(|holder| tell.send(holder.to_owned()).unwrap()).map(drop));
    let named = told.recv().unwrap();
    assert!(named.starts_with(&format!("process {} (", holder.id())), "{named}");
    holder.kill().unwrap();
    holder.wait().unwrap();
    waiter.join().unwrap().unwrap();
}

#[test]
fn locks_of_different_transfers_do_not_meet() {
    let folder = Folder::new();
    let store = folder.open();
    let _etcd = store.transfer_lock(&action("etcd")).unwrap();
    let _runc = store.transfer_lock(&action("runc")).unwrap();
}

#[test]
fn a_program_started_meanwhile_keeps_no_lock() {
    let folder = Folder::new();
    let store = folder.open();
    let guard = store.execution_lock(|_| {}).unwrap();
    let mut sleeper = Command::new("sleep").arg("600").spawn().unwrap();
    drop((guard, store));
    let collected = kthw_store::collect(&folder.root(), 0, false);
    let again = folder.open().execution_lock(|holder| panic!("{holder} has it")).map(drop);
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    collected.unwrap();
    again.unwrap();
}

#[test]
fn a_reader_does_not_wait_for_a_writer() {
    let folder = Folder::new();
    let store = folder.open();
    fill(&store, "a").unwrap();
    let other = rusqlite::Connection::open(folder.root().join("store.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_full(&store, "a");
    assert_full(&folder.open(), "a");
    other.execute_batch("ROLLBACK").unwrap();
}
