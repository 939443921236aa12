//! The processes that one call has started.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use crate::failure::Failure;
use crate::sys::files;
use crate::sys::process::{self, Process, wait_until};
use crate::sys::socket::Monitor;
use crate::vm::CommandLine;

/// How long QEMU may take to start, before any of the machine's own instructions, or to end.
pub const START: Duration = Duration::from_secs(30);

/// They end with the call, unless all of it succeeds. Each is noted before anything is asked of it, so that `down`
/// finds it even if the call does not live to see its end.
pub struct Started<'a> {
    folder: &'a Utf8Path,
    processes: Vec<(Process, Utf8PathBuf)>,
}

/// A QEMU to be started.
pub struct Launch<'a> {
    pub what: &'a str,
    pub line: &'a CommandLine,
    /// Where it says what goes wrong, where it takes commands, and where it is noted.
    pub log: &'a str,
    pub monitor: &'a str,
    pub note: &'a str,
}

impl<'a> Started<'a> {
    /// Nothing yet, in the folder that all processes work in.
    pub fn new(folder: &'a Utf8Path) -> Self {
        Self { folder, processes: Vec::new() }
    }

    /// Takes note of a process that has just been started.
    pub fn note(&mut self, process: Process, place: &str, text: &str) -> Result<(), Failure> {
        let place = self.folder.join(place);
        self.processes.push((process, place.clone()));
        Ok(files::write(&place, text.as_bytes(), 0o600)?)
    }

    /// Starts a QEMU, notes it and waits until it takes commands.
    pub fn launch(
        &mut self,
        launch: &Launch<'_>,
        note: impl FnOnce(&Process) -> String,
    ) -> Result<(), Failure> {
        let Launch { what, line, .. } = launch;
        let log = self.folder.join(launch.log);
        let started = process::start(line.program, &line.arguments, self.folder, &log);
        let process = started.map_err(|error| Failure::failed(format!("cannot start {what}: {error}")))?;
        self.note(process.clone(), launch.note, &note(&process))?;
        let mut ready = false;
        wait_until(START, || {
            ready = Monitor::connect(self.folder, launch.monitor).is_ok();
            ready || !process.is_running()
        });
        if ready { Ok(()) } else { Err(unwilling(what, &log)) }
    }

    /// Leaves running what has been started until now.
    pub fn keep(&mut self) {
        self.processes.clear();
    }
}

impl Drop for Started<'_> {
    fn drop(&mut self) {
        let (processes, notes): (Vec<_>, Vec<_>) = self.processes.drain(..).rev().unzip();
        process::end(&processes, START);
        for note in notes {
            // A note of a process that has ended is as good as none.
            let _ = files::remove_file(&note);
        }
    }
}

/// Why something did not start, by its own last words.
pub fn unwilling(what: &str, log: &Utf8Path) -> Failure {
    let said = files::read_text(log).ok().flatten().unwrap_or_default();
    let said = said.lines().last().unwrap_or("it says nothing");
    Failure::failed(format!("cannot start {what}: {said}")).help(format!("{log} has all that it said"))
}
