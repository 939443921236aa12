//! A program that has run to its end: how it ended and what it printed.

use std::collections::BTreeMap;
use std::process::{Command, Output};

use serde::Deserialize;

/// What is said first about a cluster whose root secret everyone knows, as that of every example.
pub const PUBLIC_ROOT: &str = "\
warning: this cluster's root secret is a public example: anyone can derive every key of it
 |
 = help: `kthw init` makes a cluster with a root secret of its own
";

/// How a run ended and what it printed.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// What `build --json` prints: these keys and no others.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    pub nodes: usize,
    pub executed: usize,
    pub reused: usize,
    pub cluster: String,
    pub bundles: BTreeMap<String, String>,
}

impl Ran {
    pub fn of(command: &mut Command) -> Self {
        let Output { status, stdout, stderr } =
            command.output().unwrap_or_else(|e| panic!("cannot run {command:?}: {e}"));
        let text = |bytes| String::from_utf8(bytes).expect("what is printed is UTF-8");
        Self { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// Insists on an exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// What it printed to stdout, provided that it succeeded.
    #[track_caller]
    pub fn result(self) -> String {
        self.exits(0).stdout
    }

    /// Why it failed, provided that it did in this way and printed no result.
    #[track_caller]
    pub fn refusal(self, code: i32) -> String {
        let ran = self.exits(code);
        assert_eq!(ran.stdout, "", "a refusal has no result");
        ran.stderr.replacen(PUBLIC_ROOT, "", 1)
    }

    /// The summary that a successful `build --json` printed.
    #[track_caller]
    pub fn summary(self) -> Summary {
        let stdout = self.result();
        serde_json::from_str(&stdout).unwrap_or_else(|e| panic!("{e}:\n{stdout}"))
    }
}
