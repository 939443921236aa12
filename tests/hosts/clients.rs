//! Clients of the API, and whether they notice what is done meanwhile.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use crate::cluster::Cluster;

/// Clients that ask the API through its endpoint, each time with a connection of their own.
pub struct Clients<'c> {
    cluster: &'c Cluster,
    stop: PathBuf,
}

impl<'c> Clients<'c> {
    pub fn of(cluster: &'c Cluster) -> Self {
        Self { cluster, stop: cluster.folder.place().join("stop") }
    }

    /// Does something while they ask, none of whom is left without an answer.
    pub fn notice_nothing(&self, what: &str, doing: impl FnOnce()) {
        let failures = self.failures(what, doing);
        assert!(failures.is_empty(), "{what}: {} requests failed\n{}", failures.len(), failures.join("\n"));
    }

    /// Does something that they do notice.
    pub fn notice(&self, what: &str, doing: impl FnOnce()) {
        assert!(!self.failures(what, doing).is_empty(), "{what}, and nobody noticed");
    }

    /// The requests that failed while something was done. A connection that is open just when an address moves is broken:
    /// whoever asks again at once, as every client of Kubernetes does, is answered.
    fn failures(&self, what: &str, doing: impl FnOnce()) -> Vec<String> {
        let curl = self.cluster.curl("/version");
        let ask = format!("{curl} --output /dev/null");
        let script = format!(
            "until [ -e {} ]; do \
               said=$({{ {ask} || {ask}; }} 2>&1) && echo answered || echo \"$said\"; sleep 0.05; \
             done",
            self.stop.display()
        );
        let mut asking = self.cluster.site().command();
        asking.args(["sh", "-uc", &script]).stdout(Stdio::piped());
        let asking = asking.spawn().expect("nsenter was found");
        doing();
        fs::write(&self.stop, "").expect("a file of ours");
        let said = asking.wait_with_output().expect("a child of ours").stdout;
        fs::remove_file(&self.stop).expect("a file of ours");
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(!said.is_empty(), "{what}: nobody asked");
        said.lines().filter(|line| *line != "answered").map(str::to_owned).collect()
    }
}
