//! How pods are connected: by whom, whether kube-proxy serves services, and who allocates ranges.

use super::names;
use crate::cluster::{Allocation, Cni};
use crate::spec::document::NetworkSpec;
use crate::spec::problem::Problem;

/// What the other sections follow.
pub struct PodNetwork {
    pub cni: Cni,
    pub kube_proxy: bool,
    pub allocation: Allocation,
}

/// Decides who connects pods, and with it what is not written.
pub fn resolve(spec: &NetworkSpec, problems: &mut Vec<Problem>) -> Option<PodNetwork> {
    let cni = names::choose("network.cni", &spec.cni, Cni::WORDS, Cni::from_word, problems);
    let path = "network.podCIDRAllocation";
    let written = spec.pod_cidr_allocation.as_deref();
    let written =
        written.map(|word| names::choose(path, word, Allocation::WORDS, Allocation::from_word, problems));
    let cni = cni?;
    let suiting = match cni {
        Cni::Bridge => Allocation::Static,
        Cni::Cilium | Cni::None => Allocation::ControllerManager,
    };
    let allocation = written.unwrap_or(Some(suiting))?;
    if cni != Cni::None && allocation != suiting {
        let message = match cni {
            Cni::Bridge => "the bridge plugin's configuration holds the range, so kthw must know it",
            _ => "Cilium takes the range of a node from the API, where kthw cannot write it",
        };
        let problem = Problem::error(path, format!("{path} {allocation} does not go with {cni}: {message}"));
        problems.push(problem.fix(format!("remove it, or write {suiting}")));
    }
    let kube_proxy = spec.kube_proxy.unwrap_or(cni != Cni::Cilium);
    if cni == Cni::Bridge && !kube_proxy {
        let message = "network.kubeProxy is false, and the bridge plugin leads nobody to services";
        let problem = Problem::warning("network.kubeProxy", message);
        problems.push(problem.fix("remove it, or install something that stands in for kube-proxy"));
    }
    Some(PodNetwork { cni, kube_proxy, allocation })
}
