//! How Cilium knows pods.

use super::super::finding::Kind::Breaking;
use super::row::When::Changes;
use super::row::{CILIUM, Row, row};

pub const ROWS: &[Row] = &[
    row(
        CILIUM,
        "",
        "cluster-pool",
        (Changes, Breaking),
        "pods keep addresses that nobody gives any more, and may lose their network for \
        good",
        "keep it: a network with another is a new cluster",
    )
    .fields(&["/ipam/mode"])
    .source("https://docs.cilium.io/en/stable/network/concepts/ipam/"),
    row(
        CILIUM,
        "",
        "default",
        (Changes, Breaking),
        "identities and connections to other clusters are named after it, and all pods get \
        others",
        "keep it, or choose a quiet hour",
    )
    .fields(&["/cluster/name"])
    .source("https://docs.cilium.io/en/stable/network/clustermesh/clustermesh/"),
    row(
        CILIUM,
        "",
        "0",
        (Changes, Breaking),
        "identities and connections to other clusters are numbered by it, and all pods get others",
        "make all pods anew afterwards",
    )
    .fields(&["/cluster/id"])
    .source("https://docs.cilium.io/en/stable/network/clustermesh/clustermesh/"),
    row(
        CILIUM,
        "",
        "tunnel",
        (Changes, Breaking),
        "nodes that have restarted and nodes that have not do not reach each other's pods",
        "choose an hour in which pods may be cut off, and reboot the workers afterwards",
    )
    .fields(&["/routingMode"])
    .source("https://docs.cilium.io/en/stable/network/concepts/routing/"),
    row(
        CILIUM,
        "",
        "vxlan",
        (Changes, Breaking),
        "nodes that have restarted and nodes that have not do not reach each other's pods",
        "choose an hour in which pods may be cut off, and reboot the workers afterwards",
    )
    .fields(&["/tunnelProtocol"])
    .source("https://docs.cilium.io/en/stable/network/concepts/routing/"),
    row(
        CILIUM,
        "",
        "false",
        (Changes, Breaking),
        "connections to services are led another way, and open ones may break",
        "change \
        network.kubeProxy in the same rollout, and reboot the workers afterwards",
    )
    .fields(&["/kubeProxyReplacement"])
    .source("https://docs.cilium.io/en/stable/network/kubernetes/kubeproxy-free/"),
    row(
        CILIUM,
        "",
        "crd",
        (Changes, Breaking),
        "identities of pods are kept elsewhere, and policies do not know them meanwhile",
        "keep it",
    )
    .fields(&["/identityAllocationMode"])
    .source("https://docs.cilium.io/en/stable/network/concepts/"),
    row(
        CILIUM,
        "",
        "default",
        (Changes, Breaking),
        "what no policy names is refused or let through as the other mode has it",
        "see with \
        Hubble what would be refused",
    )
    .fields(&["/policyEnforcementMode"])
    .source("https://docs.cilium.io/en/stable/security/network/policyenforcement/"),
];
