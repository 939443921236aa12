//! What the controller manager refuses of several flags together.

use super::{Relation, relation};
use crate::cluster::Allocation;

pub(super) const RELATIONS: &[Relation] = &[
    relation(
        &[
            "cluster-signing-kube-apiserver-client-cert-file",
            "cluster-signing-kube-apiserver-client-key-file",
            "cluster-signing-kubelet-client-cert-file",
            "cluster-signing-kubelet-client-key-file",
            "cluster-signing-kubelet-serving-cert-file",
            "cluster-signing-kubelet-serving-key-file",
            "cluster-signing-legacy-unknown-cert-file",
            "cluster-signing-legacy-unknown-key-file",
        ],
        |s| s.any("cluster-signing-kube") || s.any("cluster-signing-legacy"),
        "does not go with cluster-signing-cert-file, which kthw sets: the program takes one authority for all, or one for each signer",
        "remove the flag: all certificates are signed by the cluster's authority",
    ),
    relation(
        &["node-cidr-mask-size-ipv4", "node-cidr-mask-size-ipv6"],
        |s| {
            let given =
                s.network.is_some_and(|network| network.pod_cidr_allocation == Allocation::ControllerManager);
            given
                && ["node-cidr-mask-size-ipv4", "node-cidr-mask-size-ipv6"]
                    .iter()
                    .any(|flag| s.number(flag) != 0.0)
        },
        "does not go with node-cidr-mask-size, which network.podMask sets",
        "remove the flag and set network.podMask",
    ),
];
