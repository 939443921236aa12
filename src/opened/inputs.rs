//! Reading the inputs of a cluster, with every problem of them in its place.

use std::sync::Arc;

use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::lock::{Lock, LockProblem};
use crate::root::RootSecret;
use crate::sources::{LOCK, SPEC, Sources};
use crate::spec::{self, Located};
use crate::ui::{Diagnostic, Ui};

/// The lock, or its problems. The prefix is of the file's name, as in `lock_problems`.
pub fn read_lock(prefix: &str, text: &Arc<str>) -> Result<Lock, Vec<Diagnostic>> {
    Lock::parse(text).map_err(|problems| lock_problems(prefix, text, &problems))
}

/// Problems of the lock, each in its place. The prefix says which state of the folder has that file.
pub fn lock_problems(prefix: &str, text: &Arc<str>, problems: &[LockProblem]) -> Vec<Diagnostic> {
    let file = format!("{prefix}{LOCK}");
    let locate = |p: &LockProblem| {
        Diagnostic::error(&p.message).at(&file, text, p.line, p.column, 1).help(Some(&p.fix))
    };
    problems.iter().map(locate).collect()
}

/// The cluster with what to warn of, or the problems of its file.
pub fn read_cluster(prefix: &str, text: &Arc<str>) -> Result<(Cluster, Vec<Diagnostic>), Vec<Diagnostic>> {
    let file = format!("{prefix}{SPEC}");
    let locate = |located: &Located| {
        let problem = &located.problem;
        let diagnostic = match problem.severity {
            spec::Severity::Error => Diagnostic::error(&problem.message),
            spec::Severity::Warning => Diagnostic::warning(&problem.message),
        };
        let Located { line, column, len, .. } = *located;
        let diagnostic = match problem.discreet {
            true => diagnostic.at_unquoted(&file, line, column),
            false => diagnostic.at(&file, text, line, column, len),
        };
        diagnostic.help(problem.fix.as_deref())
    };
    match spec::load(text) {
        Ok((cluster, warnings)) => Ok((cluster, warnings.iter().map(locate).collect())),
        Err(problems) => Err(problems.iter().map(locate).collect()),
    }
}

/// The folder's cluster, after what it warns of was shown.
pub fn read_and_warn(text: &Arc<str>, ui: &Ui) -> Result<Cluster, Failure> {
    let (cluster, warnings) = read_cluster("", text).map_err(Failure::wrong_input)?;
    ui.diagnostics(&warnings);
    Ok(cluster)
}

/// Whether this root is the lock's: with another one every key would change.
pub fn check_root(lock: &Lock, root: &RootSecret) -> Result<(), Failure> {
    let found = root.fingerprint().to_string();
    if lock.root == found {
        return Ok(());
    }
    let message = format!("the root secret is {found}, and kthw.lock belongs to {}", lock.root);
    let help = "put this cluster's own root secret back; with another one every key would change";
    Err(Failure::wrong_input(vec![Diagnostic::error(message).help(Some(help))]))
}

/// Says it wherever such a cluster is used, so that nobody takes it for a real one.
pub fn warn_of_public_root(sources: &Sources, ui: &Ui) {
    if sources.root.as_ref().is_some_and(RootSecret::is_public_example) {
        let text = "this cluster's root secret is a public example: anyone can derive every key of it";
        let help = "`kthw init` makes a cluster with a root secret of its own";
        ui.diagnostics(&[Diagnostic::warning(text).help(Some(help))]);
    }
}
