//! What API servers find in etcd, and whom they let in.

use super::super::finding::Kind::{Breaking, ByHand, Forbidden, Lasting};
use super::row::When::{Becomes, Changes, Gains, Loses, Shrinks, Withdraws};
use super::row::{API, FALSE, Row, row};

pub const ROWS: &[Row] = &[
    row(
        API,
        "etcd-prefix",
        "/registry",
        (Changes, Forbidden),
        "API servers look for all objects elsewhere and find none, and \
        controllers begin to delete what belongs to them",
        "keep it: nothing moves what etcd holds",
    ),
    row(
        API,
        "etcd-servers-overrides",
        "",
        (Changes, Breaking),
        "objects of these resources are looked for in another etcd, which \
        has none of them",
        "copy what is worth keeping first; events may be lost",
    ),
    row(
        API,
        "storage-backend",
        "etcd3",
        (Changes, Forbidden),
        "API servers find no object",
        "remove the flag",
    ),
    row(
        API,
        "storage-media-type",
        "application/vnd.kubernetes.protobuf",
        (Changes, Lasting),
        "what is written from now on is kept \
        in this form, which an earlier version may not read",
        "remove the flag",
    ),
    row(
        API,
        "emulated-version",
        "",
        (Changes, Lasting),
        "objects are kept in the versions of what is emulated",
        "read what the \
        later version serves no more",
    )
    .source("https://kubernetes.io/docs/concepts/cluster-administration/compatibility-version/"),
    row(
        API,
        "min-compatibility-version",
        "",
        (Changes, Lasting),
        "objects are kept in the versions of what is emulated",
        "read what \
        the later version serves no more",
    )
    .source("https://kubernetes.io/docs/concepts/cluster-administration/compatibility-version/"),
    row(
        API,
        "etcd-compaction-interval",
        "5m0s",
        (Becomes(&["0", "0s", "0m", "0h"]), Breaking),
        "etcd forgets no history any more, and \
        grows until its quota is full",
        "remove the flag, or set etcd.autoCompaction",
    ),
    row(
        API,
        "authorization-mode",
        "AlwaysAllow",
        (Loses, Breaking),
        "whoever was let do something by a mode that goes is refused, \
        without Node every kubelet, without RBAC nearly everybody",
        "keep the modes, and add to them",
    )
    .source("https://kubernetes.io/docs/reference/access-authn-authz/authorization/"),
    row(
        API,
        "authorization-mode",
        "AlwaysAllow",
        (Gains, Breaking),
        "what was refused may be allowed by another mode; AlwaysAllow \
        allows everything",
        "see that the new mode allows nothing that RBAC is to refuse",
    )
    .source("https://kubernetes.io/docs/reference/access-authn-authz/authorization/"),
    row(
        API,
        "authorization-config",
        "",
        (Changes, Breaking),
        "who may do what is decided by another file, and no more by the modes",
        "see that it names Node and RBAC",
    )
    .source("https://kubernetes.io/docs/reference/access-authn-authz/authorization/"),
    row(
        API,
        "authorization-webhook-config-file",
        "",
        (Changes, Breaking),
        "somebody else is asked who may do what",
        "see that it \
        answers before the first API server restarts",
    )
    .source("https://kubernetes.io/docs/reference/access-authn-authz/webhook/"),
    row(
        API,
        "authentication-token-webhook-config-file",
        "",
        (Changes, Breaking),
        "somebody else is asked whose tokens are good",
        "see that it answers, and knows whoever comes by a token now",
    )
    .source("https://kubernetes.io/docs/reference/access-authn-authz/authentication/"),
    row(
        API,
        "token-auth-file",
        "",
        (Changes, Breaking),
        "whoever comes by a token of the old file is let in no more",
        "hand out the \
        new tokens first",
    )
    .source("https://kubernetes.io/docs/reference/access-authn-authz/authentication/"),
    row(
        API,
        "oidc-username-claim",
        "sub",
        (Changes, Breaking),
        "people have other names, which no role knows",
        "bind roles to the new \
        names first",
    )
    .source("https://kubernetes.io/docs/reference/access-authn-authz/authentication/"),
    row(
        API,
        "oidc-username-prefix",
        "",
        (Changes, Breaking),
        "people have other names, which no role knows",
        "bind roles to the new \
        names first",
    )
    .source("https://kubernetes.io/docs/reference/access-authn-authz/authentication/"),
    row(
        API,
        "oidc-groups-claim",
        "",
        (Changes, Breaking),
        "people are in other groups, which no role knows",
        "bind roles to the new \
        groups first",
    )
    .source("https://kubernetes.io/docs/reference/access-authn-authz/authentication/"),
    row(
        API,
        "oidc-groups-prefix",
        "",
        (Changes, Breaking),
        "people are in other groups, which no role knows",
        "bind roles to the new \
        groups first",
    )
    .source("https://kubernetes.io/docs/reference/access-authn-authz/authentication/"),
    row(
        API,
        "oidc-client-id",
        "",
        (Changes, Breaking),
        "tokens for the old client are refused",
        "have people log in anew",
    )
    .source("https://kubernetes.io/docs/reference/access-authn-authz/authentication/"),
    row(
        API,
        "api-audiences",
        "",
        (Loses, Breaking),
        "tokens for an audience that goes are refused",
        "keep the old audience beside the \
        new one until no pod has such a token",
    )
    .source("https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/"),
    row(
        API,
        "api-audiences",
        "",
        (Gains, Breaking),
        "tokens are for these audiences alone; without the flag they are for the issuer",
        "name the issuer among them",
    )
    .source("https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/"),
    row(
        API,
        "service-account-lookup",
        "true",
        (FALSE, Breaking),
        "tokens of service accounts that were deleted are let in again",
        "remove the flag",
    ),
    row(
        API,
        "runtime-config",
        "",
        (Withdraws, Breaking),
        "these APIs are served no more: their objects stay in etcd, and nobody \
        reaches them",
        "look for objects of them, and move these to another version first",
    )
    .source("https://kubernetes.io/docs/tasks/administer-cluster/enable-disable-api/"),
    row(
        API,
        "feature-gates",
        "",
        (Withdraws, Lasting),
        "what objects say by a gate that closes is dropped when they are written next",
        "look for objects that use it first",
    )
    .source("https://kubernetes.io/docs/reference/command-line-tools-reference/feature-gates/"),
    row(
        API,
        "enable-admission-plugins",
        "",
        (Loses, Breaking),
        "what these plugins have refused or added to objects is refused and \
        added no more",
        "see that nothing depends on them",
    )
    .source("https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/"),
    row(
        API,
        "enable-admission-plugins",
        "",
        (Gains, Breaking),
        "these plugins may refuse what was let in until now, pods that are \
        made anew among it",
        "try it on a cluster of the same objects, or read what the plugin refuses",
    )
    .source("https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/"),
    row(
        API,
        "disable-admission-plugins",
        "",
        (Gains, Breaking),
        "what these plugins have refused or added to objects is refused and \
        added no more",
        "see that nothing depends on them",
    )
    .source("https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/"),
    row(
        API,
        "disable-admission-plugins",
        "",
        (Loses, Breaking),
        "these plugins may refuse what was let in until now, pods that are \
        made anew among it",
        "try it on a cluster of the same objects, or read what the plugin refuses",
    )
    .source("https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/"),
    row(
        API,
        "allow-privileged",
        "false",
        (FALSE, Breaking),
        "no privileged container can be made, which networks and storage need",
        "remove the flag",
    ),
    row(
        API,
        "service-node-port-range",
        "30000-32767",
        (Shrinks, Breaking),
        "services whose ports are no more in the range keep them, \
        and can be changed no more",
        "look for them with `kubectl get services -A` first",
    ),
    row(
        API,
        "enable-aggregator-routing",
        "false",
        (FALSE, Breaking),
        "API servers without kube-proxy reach no aggregated API and no \
        webhook",
        "remove the flag",
    ),
    row(
        API,
        "egress-selector-config-file",
        "",
        (Changes, Breaking),
        "API servers reach nodes, pods and webhooks another way",
        "see \
        that it works from every control plane",
    )
    .source("https://kubernetes.io/docs/tasks/extend-kubernetes/setup-konnectivity/"),
    row(
        API,
        "bind-address",
        "",
        (Changes, Breaking),
        "API servers are reached at this address alone",
        "see that kubelets, balancers \
        and programs of the same host reach it",
    ),
    row(
        API,
        "endpoint-reconciler-type",
        "lease",
        (Changes, Breaking),
        "the Service kubernetes leads to API servers as each kind keeps \
        count, and both count at once until all have restarted",
        "keep it",
    ),
    row(
        API,
        "enable-garbage-collector",
        "true",
        (Changes, Breaking),
        "what belongs to objects that are deleted is deleted only while \
        API servers and controller managers agree on it",
        "change both in one rollout",
    ),
    row(
        API,
        "service-account-jwks-uri",
        "",
        (Changes, ByHand),
        "whoever verifies tokens outside of the cluster asks for the keys \
        elsewhere",
        "see that the new place answers them",
    ),
    row(
        API,
        "kubelet-preferred-address-types",
        "",
        (Changes, Breaking),
        "API servers reach kubelets at other addresses, which their \
        certificates may lack",
        "see that `kubectl logs` works for each kind of node",
    ),
];
