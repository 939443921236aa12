//! The moments of a run at which it can be killed: its system calls that change something.

use std::collections::{BTreeMap, HashMap};
use std::process::Command;

use crate::cluster_folder::ClusterFolder;
use crate::judge::strace;
use crate::run::Run;

/// Calls that change what a crash leaves; an architecture need not have all of them.
const CHANGING: &str = "?rename,?renameat,renameat2,fsync,fdatasync,pwrite64,write,?unlink,unlinkat,ftruncate,\
                        ?mkdir,mkdirat,fallocate";

/// How many moments of one kind are tried.
const SAMPLE: usize = 16;

/// Just before a thread makes a certain call for the n-th time.
#[derive(Debug, Clone)]
pub struct Moment {
    call: String,
    number: usize,
    /// Counting only calls that concern the write-ahead log, where the threads other than the first write most.
    only_log: bool,
}

impl Moment {
    /// A fair sample of the moments of a run, and of how many. The run happens.
    pub fn of_run(folder: &ClusterFolder, arguments: &[&str], only_log: bool) -> Option<(Vec<Self>, usize)> {
        let log = folder.join("trace");
        let mut command = strace()?;
        command.args(["-o", log.as_str(), "-e", &format!("trace={CHANGING}")]);
        concern_log(&mut command, folder, only_log);
        Run::of(&mut folder.command_under(command, arguments)).good();
        let counts = most_of_a_thread(&folder.read("trace"));
        std::fs::remove_file(log).unwrap();
        let all = counts.values().sum();
        let moment = |call: &String, number| Self { call: call.clone(), number, only_log };
        let sample = counts.iter().flat_map(|(call, count)| fair(*count).map(move |n| moment(call, n)));
        Some((sample.collect(), all))
    }

    /// Runs the program up to this moment, where it is killed.
    pub fn kill(&self, folder: &ClusterFolder, arguments: &[&str]) -> Run {
        let Self { call, number, only_log } = self;
        let mut command = strace().expect("it was there before");
        let inject = format!("inject={call}:signal=SIGKILL:when={number}");
        command.args(["-e", &format!("trace={call}"), "-e", &inject]);
        concern_log(&mut command, folder, *only_log);
        Run::of(&mut folder.command_under(command, arguments))
    }
}

fn concern_log(command: &mut Command, folder: &ClusterFolder, only_log: bool) {
    if only_log {
        command.args(["-P", folder.store().join("store.db-wal").as_str()]);
    }
}

/// For each call how often the thread made it that made it most: strace counts by thread.
fn most_of_a_thread(trace: &str) -> BTreeMap<String, usize> {
    let mut by_thread: HashMap<(&str, &str), usize> = HashMap::new();
    for line in trace.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let name = rest.trim_start().split_once('(').map(|(name, _)| name);
        if let Some(name) = name.filter(|name| name.bytes().all(|b| b.is_ascii_alphanumeric())) {
            *by_thread.entry((thread, name)).or_default() += 1;
        }
    }
    let mut most = BTreeMap::new();
    for ((_, name), count) in by_thread {
        let known = most.entry(name.to_owned()).or_insert(0);
        *known = count.max(*known);
    }
    most
}

/// The first, the last, and some between at equal distances.
fn fair(count: usize) -> impl Iterator<Item = usize> {
    let tries = count.min(SAMPLE);
    (0..tries).map(move |i| 1 + i * (count - 1) / (tries - 1).max(1))
}
