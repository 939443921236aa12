//! Other programs: run to their end, or left running and found again.

#![expect(clippy::disallowed_methods, reason = "this is the home of other programs")]

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use camino::Utf8Path;
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

/// A program that could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    #[error("there is no program {program}")]
    Missing { program: String },
    #[error("cannot run {program}: {error}")]
    Failed { program: String, error: std::io::Error },
    #[error("cannot write {path}: {error}")]
    Log { path: String, error: std::io::Error },
}

impl ProcessError {
    /// Whether the program is not installed.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing { .. })
    }

    fn of(program: &str) -> impl FnOnce(std::io::Error) -> Self {
        let program = program.to_owned();
        move |error| match error.kind() {
            ErrorKind::NotFound => Self::Missing { program },
            _ => Self::Failed { program, error },
        }
    }
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub success: bool,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a program to its end.
pub fn run(program: &str, arguments: &[&str]) -> Result<Ended, ProcessError> {
    run_without(&[], program, arguments)
}

/// The same without these variables of the environment.
pub fn run_without(variables: &[&str], program: &str, arguments: &[&str]) -> Result<Ended, ProcessError> {
    let mut command = Command::new(program);
    variables.iter().for_each(|variable| _ = command.env_remove(variable));
    command.args(arguments).env("LC_ALL", "C").stdin(Stdio::null());
    let output = command.output().map_err(ProcessError::of(program))?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Ended { success: output.status.success(), stdout: text(output.stdout), stderr: text(output.stderr) })
}

/// Runs a program that talks to the user; whether it succeeded.
pub fn hand_over(program: &str, arguments: &[&str]) -> Result<bool, ProcessError> {
    let status = Command::new(program).args(arguments).status().map_err(ProcessError::of(program))?;
    Ok(status.success())
}

/// A process that may outlive this one: its number, and what tells it from others that had or will have the number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pub pid: u32,
    /// When it was started, in the kernel's ticks since it booted.
    started: u64,
    /// Which run of the kernel that was.
    boot: String,
}

/// Starts a program in the background, in a folder, with what it prints in a file.
pub fn start(
    program: &str,
    arguments: &[String],
    folder: &Utf8Path,
    log: &Utf8Path,
) -> Result<Process, ProcessError> {
    let unlogged = |error| ProcessError::Log { path: log.to_string(), error };
    let flags = OFlags::NOFOLLOW.bits().cast_signed();
    let opened = OpenOptions::new().create(true).write(true).truncate(true).custom_flags(flags).open(log);
    let file = opened.map_err(unlogged)?;
    let errors = file.try_clone().map_err(unlogged)?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(file).stderr(errors);
    // What a terminal sends to this program's group is not meant for it.
    command.process_group(0);
    let child = command.spawn().map_err(ProcessError::of(program))?;
    let pid = child.id();
    let started = stat(pid).map_or(0, |stat| stat.started);
    Ok(Process { pid, started, boot: boot() })
}

/// Starts this very program in the background.
pub fn start_self(arguments: &[String], folder: &Utf8Path, log: &Utf8Path) -> Result<Process, ProcessError> {
    let program = std::env::current_exe().map_err(ProcessError::of("kthw"))?;
    start(&program.to_string_lossy(), arguments, folder, log)
}

impl Process {
    /// Whether it is there still: this very process, not another of its number, nor what is left of a dead one.
    pub fn is_running(&self) -> bool {
        self.boot == boot() && stat(self.pid).is_some_and(|stat| stat.started == self.started && !stat.dead)
    }

    /// Asks it to end.
    fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends it.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|_| self.is_running()) {
            // It may have ended in between, which is what was wanted.
            let _ = kill_process(pid, signal);
        }
    }
}

/// Ends processes: asks all of them to, and insists after a while.
pub fn end(processes: &[Process], within: Duration) {
    let ended = || processes.iter().all(|process| !process.is_running());
    processes.iter().for_each(Process::terminate);
    if !wait_until(within, ended) {
        processes.iter().for_each(Process::kill);
        wait_until(within, ended);
    }
}

/// Waits until something is so, looking often; whether it came to be within that time.
pub fn wait_until(within: Duration, mut so: impl FnMut() -> bool) -> bool {
    const PAUSE: Duration = Duration::from_millis(100);
    let begun = std::time::Instant::now();
    loop {
        if so() {
            return true;
        }
        if begun.elapsed() >= within {
            return false;
        }
        std::thread::sleep(PAUSE);
    }
}

struct Stat {
    started: u64,
    dead: bool,
}

/// What the kernel says of a process (proc(5), /proc/PID/stat).
fn stat(pid: u32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let mut fields = text.get(text.rfind(')')? + 1..)?.split_ascii_whitespace();
    let state = fields.next()?;
    let started = fields.nth(18)?.parse().ok()?;
    Some(Stat { started, dead: matches!(state, "Z" | "X") })
}

fn boot() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    id.map(|id| id.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> (tempfile::TempDir, camino::Utf8PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = Utf8Path::from_path(folder.path()).expect("plain names").join("log");
        (folder, log)
    }

    #[test]
    fn a_process_is_found_again_and_ended() {
        let (_folder, log) = log();
        let process = start("sleep", &["60".to_owned()], "/".into(), &log).expect("sleep is everywhere");
        assert!(process.is_running());
        let other = Process { started: process.started + 1, ..process.clone() };
        assert!(!other.is_running(), "another process of that number");
        other.kill();
        let before = Process { boot: "another".to_owned(), ..process.clone() };
        assert!(!before.is_running(), "a process from before the machine was started");
        assert!(process.is_running(), "only the very process is ended");
        process.terminate();
        assert!(wait_until(Duration::from_secs(60), || !process.is_running()));
    }

    #[test]
    fn processes_end_whether_they_want_to_or_not() {
        let (folder, log) = log();
        let ready = folder.path().join("ready");
        let deaf = format!("trap '' TERM; touch {}; while :; do sleep 1; done", ready.display());
        let begin = |script: &str| start("sh", &["-c".to_owned(), script.to_owned()], "/".into(), &log);
        let processes = [begin(&deaf), begin("exec sleep 60")].map(|p| p.expect("sh is everywhere"));
        assert!(wait_until(Duration::from_secs(60), || ready.exists()));
        end(&processes, Duration::from_secs(1));
        assert!(processes.iter().all(|process| !process.is_running()));
    }

    #[test]
    fn what_a_process_prints_is_in_its_log() {
        let (_folder, log) = log();
        let arguments = ["-c", "echo out; echo err >&2"].map(str::to_owned);
        let process = start("sh", &arguments, "/".into(), &log).expect("sh is everywhere");
        assert!(wait_until(Duration::from_secs(60), || !process.is_running()));
        assert_eq!(crate::sys::files::read_text(&log).expect("a log").as_deref(), Some("out\nerr\n"));
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run("kthw-no-such-program", &[]).expect_err("there is none");
        assert!(error.is_missing());
        assert_eq!(error.to_string(), "there is no program kthw-no-such-program");
        let ended = run("sh", &["-c", "echo out; echo err >&2; exit 3"]).expect("sh is everywhere");
        assert_eq!(ended, Ended { success: false, stdout: "out\n".to_owned(), stderr: "err\n".to_owned() });
    }
}
