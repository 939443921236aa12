//! What docs/real-programs.md says was run.

#![expect(clippy::disallowed_methods, reason = "a document that is accepted is written")]

use std::fs;
use std::path::Path;

use crate::clusters::RUNS;
use crate::programs::required_by;
use crate::releases::module_for;

/// Where the table begins in the document, and where it ends.
const MARKS: [&str; 2] = ["<!-- what tests/real starts -->\n", "<!-- end -->\n"];

fn table() -> String {
    let version = |folder: &str, module: &str| required_by(folder, module).expect("a module of the tests");
    let mut table = "| example | Kubernetes | etcd |\n|---|---|---|\n".to_owned();
    for (example, minor) in RUNS {
        let kubernetes = version(&format!("kubernetes-{minor}"), "k8s.io/kubernetes");
        let etcd = version(&module_for("etcd", &kubernetes), "go.etcd.io/etcd/server/v3");
        table += &format!("| `{example}` | {kubernetes} | {etcd} |\n");
    }
    table
}

#[test]
fn the_document_says_what_is_run() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/real-programs.md");
    let text = fs::read_to_string(&path).expect("the document is there");
    let (before, rest) = text.split_once(MARKS[0]).expect("a table begins");
    let (found, after) = rest.split_once(MARKS[1]).expect("a table ends");
    let table = table();
    if std::env::var_os("INSTA_UPDATE").is_some_and(|value| value == "always") {
        let text = format!("{before}{}{table}{}{after}", MARKS[0], MARKS[1]);
        fs::write(&path, text).expect("the document is writable");
    } else {
        assert_eq!(found, table, "`just accept` writes docs/real-programs.md");
    }
}
