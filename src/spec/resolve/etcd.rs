//! The section `etcd`: timing, space, compaction, and copies.

use std::path::Path;
use std::time::Duration;

use super::{calendar, names, paths};
use crate::cluster::duration;
use crate::cluster::{AutoCompaction, Backup, CompactionMode, Etcd, Layer, LayerKind, OffSite};
use crate::spec::document::{AutoCompactionSpec, BackupSpec, EtcdSpec, LayerSpec, OffSiteSpec};
use crate::spec::problem::Problem;

/// What etcd itself takes where nothing is written.
const HEARTBEAT: Duration = Duration::from_millis(100);
const ELECTION: Duration = Duration::from_millis(1000);
/// etcd refuses a longer wait.
const LONGEST_ELECTION: Duration = Duration::from_secs(50);
/// etcd warns of a larger quota.
const LARGEST_QUOTA: u64 = 8 << 30;

/// Decides the settings of every member.
pub fn resolve(spec: &EtcdSpec, problems: &mut Vec<Problem>) -> Etcd {
    let before = problems.len();
    let heartbeat = interval("etcd.heartbeatInterval", spec.heartbeat_interval.as_deref(), problems);
    let election = interval("etcd.electionTimeout", spec.election_timeout.as_deref(), problems);
    if problems.len() == before {
        elections(heartbeat, election, problems);
    }
    let quota = spec.quota.as_deref().and_then(|text| quota(text, problems));
    if let Some(directory) = &spec.wal_dir {
        wal_dir(directory, problems);
    }
    if let Some(defragmentation) = &spec.defragmentation {
        calendar::check("etcd.defragmentation.schedule", &defragmentation.schedule, problems);
    }
    let auto_compaction = spec.auto_compaction.as_ref().and_then(|spec| auto_compaction(spec, problems));
    let backup = spec.backup.as_ref().and_then(|spec| backup(spec, problems));
    if let (Some(log), Some(spec)) = (&spec.wal_dir, &spec.backup) {
        apart(log, &spec.directory, problems);
    }
    Etcd {
        heartbeat_interval: heartbeat,
        election_timeout: election,
        quota,
        auto_compaction,
        wal_dir: spec.wal_dir.clone(),
        defragmentation: spec.defragmentation.as_ref().map(|spec| spec.schedule.clone()),
        backup,
    }
}

/// A span that etcd takes as a number of milliseconds.
fn interval(path: &str, text: Option<&str>, problems: &mut Vec<Problem>) -> Option<Duration> {
    let text = text?;
    let parsed = duration::parse(text);
    let whole = |d: &Duration| *d > Duration::ZERO && d.subsec_nanos().is_multiple_of(1_000_000);
    let message = match parsed {
        Some(interval) if whole(&interval) => return Some(interval),
        Some(_) => format!("{path} {text} is not a whole number of milliseconds"),
        None => format!("{path} {text} is not a duration"),
    };
    problems.push(Problem::error(path, message).fix("write it like 100ms or 1s"));
    None
}

fn elections(heartbeat: Option<Duration>, election: Option<Duration>, problems: &mut Vec<Problem>) {
    let path = if election.is_some() { "etcd.electionTimeout" } else { "etcd.heartbeatInterval" };
    let (heartbeat, election) = (heartbeat.unwrap_or(HEARTBEAT), election.unwrap_or(ELECTION));
    let (beat, wait) = (heartbeat.as_millis(), election.as_millis());
    if heartbeat * 5 > election {
        let message =
            format!("etcd.electionTimeout {wait}ms is less than five times etcd.heartbeatInterval {beat}ms");
        problems.push(
            Problem::error(path, message).fix(format!("set etcd.electionTimeout to {}ms or more", beat * 10)),
        );
    } else if election > LONGEST_ELECTION {
        let message = format!("etcd.electionTimeout {wait}ms is longer than the 50s that etcd allows");
        problems.push(Problem::error(path, message).fix("choose 50s or less"));
    }
}

/// Reads `8GiB`, `512MiB` or a number of bytes.
fn quota(text: &str, problems: &mut Vec<Problem>) -> Option<u64> {
    let path = "etcd.quota";
    let bytes = bytes(text).filter(|bytes| *bytes > 0);
    match bytes {
        None => problems.push(
            Problem::error(path, format!("{path} {text} is not a size"))
                .fix("write a whole number with KiB, MiB or GiB, for instance 8GiB"),
        ),
        Some(bytes) if bytes > LARGEST_QUOTA => problems.push(
            Problem::warning(path, format!("{path} {text} is more than the 8GiB that etcd recommends"))
                .fix("choose 8GiB or less, and move events to an etcd of their own if that is not enough"),
        ),
        Some(_) => {}
    }
    bytes
}

fn bytes(text: &str) -> Option<u64> {
    let (number, factor) = [("KiB", 10), ("MiB", 20), ("GiB", 30)]
        .iter()
        .find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, 1_u64 << shift)))
        .unwrap_or((text, 1));
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    number.parse::<u64>().ok().filter(|_| digits)?.checked_mul(factor)
}

fn wal_dir(directory: &str, problems: &mut Vec<Problem>) {
    let path = "etcd.walDir";
    paths::keeps(path, directory, problems);
    if SHARED.contains(&directory) {
        let message = format!("etcd.walDir {directory} is not a folder of etcd's own");
        let fix = format!("name a folder in it, for instance {directory}/etcd-wal");
        problems.push(Problem::error(path, message).fix(fix));
    }
    outside_data(
        path,
        directory,
        "name a directory on another disk, or remove the field: the log is in /var/lib/etcd anyway",
        problems,
    );
}

/// What is the system's or of many, which etcd's user may not be given.
const SHARED: &[&str] = &[
    "/media",
    "/mnt",
    "/opt",
    "/srv",
    "/var",
    "/var/cache",
    "/var/lib",
    "/var/log",
    "/var/opt",
    "/var/spool",
];

/// Copies are root's, with keys among them, and the log belongs to etcd's user.
fn apart(log: &str, copies: &str, problems: &mut Vec<Problem>) {
    let (log_path, copies_path) = (Path::new(log), Path::new(copies));
    if log_path.starts_with(copies_path) || copies_path.starts_with(log_path) {
        let message =
            format!("etcd.walDir {log} and etcd.backup.directory {copies} are one within the other");
        problems.push(
            Problem::error("etcd.walDir", message)
                .fix("name folders side by side: the log belongs to etcd's user, the copies to root"),
        );
    }
}

/// The data directory is lost with what it holds.
fn outside_data(path: &str, directory: &str, fix: &str, problems: &mut Vec<Problem>) {
    if directory == "/var/lib/etcd" || directory.starts_with("/var/lib/etcd/") {
        let message = format!("{path} {directory} is within the data directory");
        problems.push(Problem::error(path, message).fix(fix));
    }
}

fn auto_compaction(spec: &AutoCompactionSpec, problems: &mut Vec<Problem>) -> Option<AutoCompaction> {
    let (mode_path, path) = ("etcd.autoCompaction.mode", "etcd.autoCompaction.retention");
    let mode =
        names::choose(mode_path, &spec.mode, CompactionMode::WORDS, CompactionMode::from_word, problems)?;
    let retention = spec.retention.as_str();
    let (good, fix) = match mode {
        CompactionMode::Periodic => {
            (duration::parse(retention).is_some_and(|d| !d.is_zero()), "write a duration, for instance 8h")
        }
        CompactionMode::Revision => {
            (retention.parse::<u32>().is_ok_and(|n| n > 0), "write a number of revisions, for instance 10000")
        }
    };
    if !good {
        let message = match retention {
            "" => format!("{path} is missing"),
            _ => format!("{path} {retention} does not suit the mode {mode}"),
        };
        problems.push(Problem::error(path, message).fix(fix));
        return None;
    }
    Some(AutoCompaction { mode, retention: retention.to_owned() })
}

/// The layers with what they are where nothing is written: every half hour for two days, every night for a month,
/// every Sunday for twelve weeks; the configuration, which changes seldom, every night for a month.
fn backup(spec: &BackupSpec, problems: &mut Vec<Problem>) -> Option<Backup> {
    let before = problems.len();
    let (path, directory) = ("etcd.backup.directory", spec.directory.as_str());
    paths::keeps(path, directory, problems);
    outside_data(path, directory, "name a directory on another disk", problems);
    let layers = [
        (LayerKind::Frequent, &spec.frequent, "*:0/30", 48),
        (LayerKind::Daily, &spec.daily, "*-*-* 02:00:00", 30 * 24),
        (LayerKind::Weekly, &spec.weekly, "Sun *-*-* 02:00:00", 12 * 7 * 24),
        (LayerKind::Configuration, &spec.configuration, "*-*-* 02:00:00", 30 * 24),
    ];
    let layers = layers.map(|(kind, spec, schedule, hours)| layer(kind, spec, schedule, hours, problems));
    let off_site = spec.off_site.as_ref().map(|spec| off_site(spec, problems));
    let layers = layers.into_iter().collect::<Option<Vec<_>>>()?;
    (problems.len() == before).then(|| Backup { directory: spec.directory.clone(), layers, off_site })
}

fn layer(
    kind: LayerKind,
    spec: &LayerSpec,
    schedule: &str,
    hours: u64,
    problems: &mut Vec<Problem>,
) -> Option<Layer> {
    let schedule = spec.schedule.as_deref().unwrap_or(schedule);
    calendar::check(&format!("etcd.backup.{kind}.schedule"), schedule, problems);
    let keep = match &spec.keep {
        None => Duration::from_secs(hours * 3600),
        Some(text) => {
            let whole = |keep: &Duration| keep.as_secs() >= 60 && keep.as_secs().is_multiple_of(60);
            let keep = duration::parse(text).filter(whole);
            if keep.is_none() {
                let path = format!("etcd.backup.{kind}.keep");
                let message = format!("{path} {text} is not a duration of whole minutes");
                problems.push(Problem::error(&path, message).fix("write it like 48h; 30 days are 720h"));
            }
            keep?
        }
    };
    Some(Layer { kind, schedule: schedule.to_owned(), keep })
}

fn off_site(spec: &OffSiteSpec, problems: &mut Vec<Problem>) -> OffSite {
    paths::check("etcd.backup.offSite.command", &spec.command, problems);
    OffSite { command: spec.command.clone(), configuration: spec.configuration }
}
