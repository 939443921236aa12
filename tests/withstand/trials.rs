//! Damage of any kind, anywhere in `.kthw`, by a generator: each command is right, repairs, or says what to do, and that works.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use kthw_store::Store;

use crate::cluster_folder::ClusterFolder;
use crate::mirror::Mirror;
use crate::run::{Built, Run};

const TRIALS: u64 = 200;
const THREADS: u64 = 4;

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// What a command printed on the sound folder.
struct Sound {
    built: Built,
    answers: BTreeMap<&'static [&'static str], Vec<u8>>,
}

const UNIT: &str = "control-plane-1:/etc/systemd/system/etcd.service";
const PROGRAM: &str = "worker-node-1:/usr/local/bin/kubelet";
const ANSWERS: [&[&str]; 9] = [
    &["show", UNIT],
    &["show", PROGRAM],
    &["show", "worker-node-1"],
    &["graph"],
    &["diff", "build"],
    &["diff", "build:1"],
    &["plan", "build:1"],
    &["kubeconfig"],
    &["why", UNIT],
];
const BUILDS: [&[&str]; 2] = [&["build", "--json"], &["build", "--json", "--fetch"]];
const CARES: [&[&str]; 4] = [&["store", "verify"], &["store", "repair"], &["gc", "--keep", "1"], &["fetch"]];

/// Two builds of a cluster, everything fetched, and a log that is not in the database yet.
fn base() -> (ClusterFolder, [ClusterFolder; 2]) {
    let folder = ClusterFolder::single();
    Mirror::of(&folder).serve_from_folder(&folder);
    folder.build();
    folder.kthw(&["fetch"]).good();
    folder.edit("cluster.yaml", "# components:", "components: {kubelet: {config: {maxPods: 90}}}");
    let open = Store::open(&folder.store()).unwrap();
    open.roots(None).unwrap();
    folder.build();
    let copy = folder.copied();
    drop(open);
    assert!(fs::metadata(copy.store().join("store.db-wal")).unwrap().len() > 10_000, "there is a log");
    fs::remove_dir_all(copy.join("mirror")).unwrap();
    let settled = copy.copied();
    settled.kthw(&["show", UNIT]).good();
    (folder, [copy, settled])
}

fn files(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut found = Vec::new();
    for entry in folder.read_dir_utf8().unwrap().map(Result::unwrap) {
        match entry.path().symlink_metadata().unwrap().is_dir() {
            true => found.extend(files(entry.path())),
            false => found.push(entry.into_path()),
        }
    }
    found.sort();
    found
}

/// Damages one file, and says how.
fn damage(folder: &ClusterFolder, numbers: &mut Numbers) -> String {
    let private = folder.join(".kthw");
    let all = files(&private);
    // The database is where most is.
    let database: Vec<Utf8PathBuf> =
        all.iter().filter(|path| path.file_name().unwrap().starts_with("store.db")).cloned().collect();
    let path = match numbers.below(3) {
        1.. if !database.is_empty() => numbers.of(&database).clone(),
        _ => numbers.of(&all).clone(),
    };
    let mut bytes = fs::read(&path).unwrap();
    let size = bytes.len();
    let kind = numbers.below(8);
    let at = numbers.below(size);
    let how = match kind {
        0 if size > 0 => {
            bytes[at] ^= 1 << numbers.below(8);
            format!("a bit at {at}")
        }
        1 if size > 0 => {
            let count = 1 + numbers.below(400);
            for _ in 0..count {
                let at = numbers.below(size);
                bytes[at] = 0;
            }
            format!("{count} zeroed bytes")
        }
        2 if size > 0 => {
            let end = (at + 1 + numbers.below(20_000)).min(size);
            bytes[at..end].fill(0);
            format!("zeroes from {at} to {end}")
        }
        3 => {
            bytes.truncate(at);
            format!("cut at {at}")
        }
        4 if size > 0 => {
            let count = 1 + numbers.below(40);
            for _ in 0..count {
                let at = numbers.below(size);
                bytes[at] = numbers.next() as u8;
            }
            format!("{count} changed bytes")
        }
        5 if size > 0 => {
            let page = at / 4096 * 4096;
            let from = numbers.below(size) / 4096 * 4096;
            let length = 4096.min(size - page).min(size - from);
            bytes.copy_within(from..from + length, page);
            format!("the page of {from} at {page}")
        }
        6 => {
            bytes = fs::read(numbers.of(&all)).unwrap();
            "another file's bytes".to_owned()
        }
        _ => {
            fs::remove_file(&path).unwrap();
            return format!("{path}: removed");
        }
    };
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "the file is the test's own")]
    permissions.set_readonly(false);
    fs::set_permissions(&path, permissions).unwrap();
    fs::write(&path, bytes).unwrap();
    format!("{path}: {how}")
}

/// A run that ends within a time that no sound one needs.
fn run(folder: &ClusterFolder, command: &[&str]) -> Run {
    let mut child = folder.command(command);
    let (out, err) = (folder.join("stdout"), folder.join("stderr"));
    child.stdin(Stdio::null());
    child.stdout(fs::File::create(&out).unwrap()).stderr(fs::File::create(&err).unwrap());
    let mut child = child.spawn().unwrap();
    let begin = Instant::now();
    let exit = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status.code(),
            None if begin.elapsed() > Duration::from_secs(60) => {
                child.kill().unwrap();
                panic!("{command:?} does not end");
            }
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    let stderr = String::from_utf8_lossy(&fs::read(err).unwrap()).into_owned();
    Run { exit, stdout: fs::read(out).unwrap(), stderr }
}

impl Sound {
    /// Whether a command that went well has printed what is right.
    fn check(&self, command: &'static [&'static str], run: &Run) -> Result<(), String> {
        if command[0] == "build" {
            let built: Built = serde_json::from_slice(&run.stdout).map_err(|error| error.to_string())?;
            return match built.identities() == self.built.identities() {
                true => Ok(()),
                false => Err(format!("another cluster: {built:?}")),
            };
        }
        match self.answers.get(command) {
            // Which build is the last one that the store knows is part of what was lost.
            Some(_) if command == ["diff", "build"] => Ok(()),
            Some(answer) if command[0] != "why" && *answer != run.stdout => {
                Err(format!("wrong: {}", String::from_utf8_lossy(&run.stdout)))
            }
            _ => Ok(()),
        }
    }
}

/// Does what a complaint says.
fn follow(folder: &ClusterFolder, said: &str) -> Result<(), String> {
    let mut is_advice = false;
    if said.contains("`kthw store repair`") {
        is_advice = true;
        let repaired = run(folder, &["store", "repair"]);
        if repaired.exit != Some(0) && !repaired.stderr.contains("again") {
            return Err(format!("repair: {}", repaired.stderr));
        }
    }
    if said.contains("`kthw fetch`") {
        is_advice = true;
        run(folder, &["fetch"]);
    }
    if said.contains("`kthw build`") {
        is_advice = true;
        run(folder, &["build"]);
    }
    match is_advice || said.contains(" again") {
        true => Ok(()),
        false => Err(format!("it does not say what to do: {said}")),
    }
}

fn trial(sound: &Sound, folder: &ClusterFolder, command: &'static [&'static str]) -> Result<(), String> {
    // What is said is done, and what that says: a damage behind a damage.
    for _ in 0..3 {
        let run = run(folder, command);
        if run.stderr.contains("panicked") || run.exit.is_none_or(|exit| exit > 3) {
            return Err(format!("{:?} {}", run.exit, run.stderr));
        }
        if run.exit == Some(0) {
            return sound.check(command, &run);
        }
        // Warnings are no advice.
        let complaint = run.stderr.find("error: ").map_or("", |at| &run.stderr[at..]);
        // A build that is lost stays lost.
        if command.contains(&"build:1") && complaint.contains("compare with a git revision") {
            return Ok(());
        }
        follow(folder, complaint)?;
    }
    let last = run(folder, command);
    Err(format!("it goes round in a circle: {}", last.stderr))
}

#[test]
fn whatever_is_damaged_each_command_is_right_or_says_what_helps() {
    let (_mirror, bases) = base();
    let sound = {
        let folder = bases[0].copied();
        let answer = |command: &'static [&'static str]| (command, run(&folder, command).stdout);
        Sound { built: folder.build(), answers: ANSWERS.into_iter().map(answer).collect() }
    };
    let commands = [&ANSWERS[..], &BUILDS, &CARES].concat();
    let try_one = |seed: u64| {
        let mut numbers = Numbers(seed);
        let folder = numbers.of(&bases).copied();
        let how: Vec<String> = (0..1 + numbers.below(2)).map(|_| damage(&folder, &mut numbers)).collect();
        let command = *numbers.of(&commands);
        let ended = trial(&sound, &folder, command)
            .and_then(|()| trial(&sound, &folder, BUILDS[0]))
            .and_then(|()| trial(&sound, &folder, CARES[0]));
        ended.err().map(|error| format!("{seed}: {how:?}, {command:?}: {error}"))
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let part =
            |first: u64| (first..TRIALS).step_by(THREADS as usize).filter_map(try_one).collect::<Vec<_>>();
        let threads: Vec<_> = (0..THREADS).map(|first| scope.spawn(move || part(first))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a trial ends without a panic")).collect()
    });
    assert!(wrong.is_empty(), "{} of {TRIALS}:\n{}", wrong.len(), wrong.join("\n"));
}
