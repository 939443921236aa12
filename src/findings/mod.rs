//! What somebody should know before a change is rolled out: what it breaks, loses or leaves to people, and why.
//!
//! A pure function of the two states, apart from the order in which hosts are changed.

mod advice;
mod backup;
mod certificates;
mod decisions;
mod encryption;
mod endpoint;
mod etcd_log;
mod etcd_quota;
mod finding;
mod flags;
mod keys;
mod kube_proxy;
mod kubelet;
mod machines;
mod members;
mod network;
mod objects;
mod outage;
mod people;
mod policies;
mod routes;
mod settings;
mod skew;
mod strangers;
mod terms;
mod unpublished;

use crate::diff::Causes;
use crate::steps::Wave;

#[cfg(test)]
pub use advice::Act;
pub use certificates::{Reissue, reissued};
pub use decisions::Decisions;
pub use finding::{Finding, Kind};
pub use flags::{FlagChange, changes as flag_changes};
pub use kubelet::{lost_room, policies};
pub use routes::lost_and_gained;
pub use settings::{Moved, moved};

/// Everything to know of a change that is rolled out in these waves, worst first.
pub fn findings(
    decisions: &Decisions<'_>,
    causes: &Causes<'_>,
    settings: &[Moved<'_>],
    certificates: &[Reissue],
    waves: &[Wave],
) -> Vec<Finding> {
    let inputs = &causes.inputs;
    let mut findings = skew::findings(decisions, inputs);
    findings.extend(keys::findings(decisions, causes));
    findings.extend(encryption::findings(decisions, inputs));
    findings.extend(network::findings(decisions, inputs));
    findings.extend(objects::findings(decisions, inputs));
    findings.extend(routes::findings(decisions, inputs));
    findings.extend(endpoint::findings(decisions, inputs, certificates));
    findings.extend(members::findings(decisions, inputs));
    findings.extend(kubelet::findings(decisions, inputs));
    findings.extend(etcd_log::findings(decisions, inputs));
    findings.extend(etcd_quota::findings(decisions, inputs));
    findings.extend(kube_proxy::findings(decisions, inputs));
    findings.extend(machines::findings(decisions, inputs));
    findings.extend(strangers::findings(decisions, inputs));
    findings.extend(outage::findings(decisions, inputs, waves));
    findings.extend(people::findings(decisions, inputs));
    findings.extend(policies::findings(decisions, inputs));
    findings.extend(backup::findings(decisions, inputs));
    findings.extend(settings::findings(settings, inputs));
    findings.extend(terms::findings(decisions, causes, !waves.is_empty()));
    findings.extend(unpublished::findings(decisions));
    findings.sort_by_key(|finding| finding.kind);
    findings
}
