//! One finished run of the program, and what it said.

use std::collections::BTreeMap;
use std::process::{Child, Command, Output, Stdio};

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    pub exit: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

/// What `build --json` printed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Built {
    pub nodes: usize,
    pub executed: usize,
    pub reused: usize,
    pub cluster: String,
    pub bundles: BTreeMap<String, String>,
}

impl Built {
    /// The identities that no accident may change.
    pub fn identities(&self) -> (&str, &BTreeMap<String, String>) {
        (&self.cluster, &self.bundles)
    }
}

impl Run {
    pub fn of(command: &mut Command) -> Self {
        command.output().expect("the program starts").into()
    }

    /// What a run printed that had to go well.
    #[track_caller]
    pub fn good(self) -> String {
        assert_eq!(self.exit, Some(0), "{}", self.stderr);
        String::from_utf8(self.stdout).expect("it prints text")
    }

    /// What a run complained of that had to end in this way; a panic is no way.
    #[track_caller]
    pub fn bad(self, exit: i32) -> String {
        assert_eq!(self.exit, Some(exit), "{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        assert!(!self.stderr.trim().is_empty(), "it fails without a word");
        self.stderr
    }

    #[track_caller]
    pub fn built(self) -> Built {
        let printed = self.good();
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Self { exit: output.status.code(), stdout: output.stdout, stderr }
    }
}

/// Starts a run that is not waited for.
pub fn start(mut command: Command) -> Child {
    let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    piped.spawn().expect("the program starts")
}

/// Waits for a run.
pub fn end(child: Child) -> Run {
    child.wait_with_output().expect("the program ends").into()
}
