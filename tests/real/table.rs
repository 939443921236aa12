//! What docs/real-programs.md says was run.

use crate::clusters::RUNS;
use crate::document;
use crate::programs::required_by;
use crate::releases::module_for;

#[test]
fn the_document_says_what_is_run() {
    let version = |folder: &str, module: &str| required_by(folder, module).expect("a module of the tests");
    let mut table = "| example | Kubernetes | etcd |\n|---|---|---|\n".to_owned();
    for (example, minor) in RUNS {
        let kubernetes = version(&format!("kubernetes-{minor}"), "k8s.io/kubernetes");
        let etcd = version(&module_for("etcd", &kubernetes), "go.etcd.io/etcd/server/v3");
        table += &format!("| `{example}` | {kubernetes} | {etcd} |\n");
    }
    document::holds("docs/real-programs.md", "what tests/real starts", &table);
}
