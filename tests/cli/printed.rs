//! What the program prints about itself: help, schema, completions, manual page.

use crate::cluster_folder::ClusterFolder;
use crate::judge::{judge, python};
use crate::ran::Ran;

/// Every subcommand that is promised.
const COMMANDS: [&str; 15] = [
    "init",
    "lock",
    "build",
    "fetch",
    "show",
    "kubeconfig",
    "why",
    "graph",
    "plan",
    "snapshot",
    "gc",
    "store",
    "schema",
    "completions",
    "man",
];

#[test]
fn help_and_version_are_results() {
    let folder = ClusterFolder::empty();
    let help = folder.kthw(&["--help"]).result();
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command} ")), "{command}: {help}");
        assert!(folder.kthw(&[command, "--help"]).result().contains("Usage: kthw"), "{command}");
    }
    let version = folder.kthw(&["--version"]).result();
    assert_eq!(version, format!("kthw {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_stranger_reads_the_schema_and_accepts_the_example_but_not_a_misspelling() {
    let folder = ClusterFolder::single();
    folder.write("schema.json", &folder.kthw(&["schema"]).result());
    folder.write("wrong.yaml", &folder.read("cluster.yaml").replace("domain:", "domian:"));
    let script = "import json, sys, yaml, jsonschema\n\
        schema = json.load(open('schema.json'))\n\
        validator = jsonschema.validators.validator_for(schema)\n\
        validator.check_schema(schema)\n\
        errors = [e.message for e in validator(schema).iter_errors(yaml.safe_load(open(sys.argv[1])))]\n\
        print('\\n'.join(errors))";
    for (file, verdict) in [("cluster.yaml", "\n"), ("wrong.yaml", "'domian' was unexpected")] {
        let Some(mut python) = python("yaml, jsonschema") else { return };
        let said = Ran::of(python.args(["-c", script, file]).current_dir(folder.path())).result();
        assert!(said.contains(verdict) && (verdict != "\n" || said == "\n"), "{file}: {said}");
    }
}

#[test]
fn shells_accept_their_completions() {
    let folder = ClusterFolder::empty();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let text = folder.kthw(&["completions", shell]).result();
        assert!(COMMANDS.iter().all(|command| text.contains(command)), "{shell}");
        folder.write(shell, &text);
    }
    let Some(mut bash) = judge("bash") else { return };
    let script = "set -eu; source ./bash; COMP_WORDS=(kthw gra) COMP_CWORD=1; _kthw kthw gra kthw; echo ${COMPREPLY[@]}";
    assert_eq!(Ran::of(bash.args(["-c", script]).current_dir(folder.path())).result(), "graph\n");
}

#[test]
fn the_manual_page_is_typeset_without_complaint() {
    let folder = ClusterFolder::empty();
    let page = folder.kthw(&["man"]).result();
    folder.write("kthw.1", &page);
    let Some(mut groff) = judge("groff") else { return };
    let typeset = groff.args(["-man", "-Tutf8", "-ww", "kthw.1"]).current_dir(folder.path());
    let typeset = Ran::of(typeset).exits(0);
    assert_eq!(typeset.stderr, "");
    for command in COMMANDS {
        assert!(typeset.stdout.contains(command), "{command}: {}", typeset.stdout);
    }
}
