//! What settings of programs may move, invalidate or endanger when they change, by program, with where that is written.

use std::collections::BTreeSet;

use super::super::finding::Kind::{self, Breaking, ByHand, Forbidden, Lasting, Meanwhile};
use super::program::Subject;
use crate::cluster::{Program, duration};

/// A setting, by all the ways in which it is written.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub subject: Subject,
    /// Without dashes; empty where no flag says it.
    pub flag: &'static str,
    /// JSON pointers into the configuration, of which the first that is there counts.
    pub fields: &'static [&'static str],
    /// What it is where nobody says anything.
    pub default: &'static str,
    pub when: When,
    pub kind: Kind,
    /// How bad it is where the program runs on one host alone, if it is anything.
    pub alone: Option<Kind>,
    /// Whether pods have to leave the host before.
    pub drains: bool,
    pub what: &'static str,
    pub advice: &'static str,
    pub source: &'static str,
}

/// Which changes of a value concern somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Changes,
    Becomes(&'static [&'static str]),
    /// Whenever the program starts with one of these, whatever it was started with before.
    Is(&'static [&'static str]),
    /// A number, a duration or a size that is smaller.
    Falls,
    /// A list that lacks something.
    Loses,
    /// A list that has more.
    Gains,
    /// A list of `name=true` and `name=false` by which something is on no more.
    Withdraws,
    /// A range of ports that lacks some.
    Shrinks,
}

impl When {
    pub fn concerns(self, old: &str, new: &str) -> bool {
        if let Self::Is(values) = self {
            return values.contains(&new);
        }
        if old == new {
            return false;
        }
        match self {
            Self::Changes | Self::Is(_) => true,
            Self::Becomes(values) => values.contains(&new),
            Self::Falls => matches!((amount(old), amount(new)), (Some(old), Some(new)) if new < old),
            Self::Loses => !items(old).is_subset(&items(new)),
            Self::Gains => !items(new).is_subset(&items(old)),
            Self::Withdraws => {
                let is_off = |item: &str| item.ends_with("=false") || item.ends_with("=0");
                let (old, new) = (items(old), items(new));
                new.difference(&old).any(|item| is_off(item))
                    || old.difference(&new).any(|item| !is_off(item))
            }
            Self::Shrinks => match (ports(old), ports(new)) {
                (Some((first, last)), Some((from, to))) => from > first || to < last,
                _ => false,
            },
        }
    }
}

/// The items of a list.
pub fn items(list: &str) -> BTreeSet<&str> {
    list.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()
}

fn amount(text: &str) -> Option<f64> {
    let number = text.parse().ok();
    number.or_else(|| duration::parse(text).map(|duration| duration.as_secs_f64()))
}

/// `30000-32767`, or `30000+2767`.
fn ports(text: &str) -> Option<(u32, u32)> {
    let number = |text: &str| text.trim().parse::<u32>().ok();
    match text.split_once('-') {
        Some((first, last)) => Some((number(first)?, number(last)?)),
        None => {
            let (first, more) = text.split_once('+')?;
            Some((number(first)?, number(first)? + number(more)?))
        }
    }
}

impl Row {
    /// As people call it: a field of the configuration, or a flag that is in none.
    pub fn name(&self) -> String {
        match self.fields.first() {
            Some(field) => field.trim_start_matches('/').replace('/', "."),
            None => format!("--{}", self.flag),
        }
    }

    /// Written in the configuration, too, or nowhere else.
    const fn fields(self, fields: &'static [&'static str]) -> Self {
        Self { fields, ..self }
    }

    const fn drains(self) -> Self {
        Self { drains: true, ..self }
    }

    /// Of another weight where the program runs on one host alone.
    const fn alone(self, kind: Option<Kind>) -> Self {
        Self { alone: kind, ..self }
    }

    const fn source(self, source: &'static str) -> Self {
        Self { source, ..self }
    }
}

/// A row by its program, flag, default and effect; what it is about and where that is written follow.
const fn row(
    subject: Subject,
    flag: &'static str,
    default: &'static str,
    (when, kind): (When, Kind),
    what: &'static str,
    advice: &'static str,
) -> Row {
    let source = match subject {
        ETCD => "https://etcd.io/docs/latest/op-guide/configuration/",
        API => "https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/",
        MANAGER => {
            "https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/"
        }
        SCHEDULER => "https://kubernetes.io/docs/reference/config-api/kube-scheduler-config.v1/",
        KUBELET => "https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/",
        PROXY => "https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/",
        CONTAINERD => "https://github.com/containerd/containerd/blob/main/docs/cri/config.md",
        CILIUM => "https://docs.cilium.io/en/stable/helm-reference/",
    };
    Row {
        subject,
        flag,
        fields: &[],
        default,
        when,
        kind,
        alone: Some(kind),
        drains: false,
        what,
        advice,
        source,
    }
}

const ETCD: Subject = Subject::Program(Program::Etcd);
const API: Subject = Subject::Program(Program::KubeApiserver);
const MANAGER: Subject = Subject::Program(Program::KubeControllerManager);
const SCHEDULER: Subject = Subject::Program(Program::KubeScheduler);
const KUBELET: Subject = Subject::Program(Program::Kubelet);
const PROXY: Subject = Subject::Program(Program::KubeProxy);
const CONTAINERD: Subject = Subject::Program(Program::Containerd);
const CILIUM: Subject = Subject::Cilium;

use When::{Becomes, Changes, Falls, Gains, Is, Loses, Shrinks, Withdraws};

const TRUE: When = Becomes(&["true"]);
const FALSE: When = Becomes(&["false"]);

const TWO_LEADERS: &str =
    "while some run by the old and some by the new, two lead at once and undo each other's work";
const KEEP_LEADERS: &str = "keep it where there are several control planes";
const LEASES: &str = "https://kubernetes.io/docs/concepts/architecture/leases/";
const KEEP_EMPTY: &str =
    "a node is drained before its step; reboot it there, so that nothing is left of what ran before";
const VOLUMES: &str =
    "plugins of volumes are looked for elsewhere, and pods that want one of theirs do not start";

/// Every row, by program.
pub const TABLE: &[Row] = &[
    // What etcd holds.
    row(ETCD, "force-new-cluster", "false", (Is(&["true"]), Forbidden), "each member that restarts leaves the others and goes on alone \
        with a copy of the data", "remove the flag: a quorum that is lost is restored from a copy (docs/etcd-restore.md)")
        .alone(Some(Breaking))
        .source("https://etcd.io/docs/latest/op-guide/recovery/"),
    row(ETCD, "unsafe-no-fsync", "false", (TRUE, Forbidden), "what a member has acknowledged is lost when its host loses power, \
        and the members then disagree for good", "remove the flag: a faster disk is the cure for slow writes"),
    row(ETCD, "data-dir", "", (Changes, Forbidden), "a member that finds no data there begins anew under its old name, and forgets \
        for what it has voted", "keep the directory"),
    row(ETCD, "proxy", "off", (Becomes(&["on", "readonly"]), Forbidden), "a proxy is no member: each one that restarts is lost to the \
        quorum", "remove the flag"),
    row(ETCD, "initial-cluster-token", "", (Changes, ByHand), "members go on with the token that they began with, and whoever begins \
        without data by the new one founds another etcd", "let a member join with --initial-cluster-state=existing alone, and restore \
        copies with the new token")
        .source("https://etcd.io/docs/latest/op-guide/clustering/"),
    row(ETCD, "discovery", "", (Changes, Breaking), "a member does not start with two ways to find the others", "remove the flag")
        .source("https://etcd.io/docs/latest/op-guide/clustering/"),
    row(ETCD, "discovery-srv", "", (Changes, Breaking), "a member does not start with two ways to find the others", "remove the flag")
        .source("https://etcd.io/docs/latest/op-guide/clustering/"),
    row(ETCD, "discovery-endpoints", "", (Changes, Breaking), "a member does not start with two ways to find the others", "remove the \
        flag").source("https://etcd.io/docs/latest/op-guide/clustering/"),
    row(ETCD, "peer-cert-allowed-cn", "", (Changes, Breaking), "each member's certificate names its own host, so members that \
        restart let no other in", "remove the flag: the authority of etcd signs for nobody but its members"),
    row(ETCD, "peer-cert-allowed-hostname", "", (Changes, Breaking), "each member's certificate names its own host, so members that \
        restart let no other in", "remove the flag: the authority of etcd signs for nobody but its members"),
    row(ETCD, "client-cert-allowed-hostname", "", (Changes, Breaking), "API servers are refused unless their certificate has this \
        name", "remove the flag"),
    row(ETCD, "strict-reconfig-check", "true", (FALSE, Breaking), "etcd lets members go even where that loses the quorum", "remove \
        the flag"),
    row(ETCD, "max-request-bytes", "1572864", (Falls, Breaking), "objects that are larger can be written no more", "look for large \
        objects first, such as ConfigMaps and Secrets of releases"),
    row(ETCD, "max-txn-ops", "128", (Falls, Breaking), "writes of more operations are refused", "remove the flag"),
    row(ETCD, "auto-compaction-mode", "periodic", (Changes, Lasting), "history that is compacted does not come back, and whoever \
        watches from an earlier revision has to list anew", "choose a retention that is longer than any client is away")
        .source("https://etcd.io/docs/latest/op-guide/maintenance/"),
    row(ETCD, "auto-compaction-retention", "0", (Changes, Lasting), "history that is compacted does not come back, and whoever \
        watches from an earlier revision has to list anew", "choose a retention that is longer than any client is away")
        .source("https://etcd.io/docs/latest/op-guide/maintenance/"),
    row(ETCD, "heartbeat-interval", "100", (Changes, Meanwhile), "until all members have it they do not agree on when a leader is \
        gone, and may elect another without need", "choose a quiet hour, and roll out without a pause")
        .source("https://etcd.io/docs/latest/tuning/").alone(None),
    row(ETCD, "election-timeout", "1000", (Changes, Meanwhile), "until all members have it they do not agree on when a leader is \
        gone, and may elect another without need", "choose a quiet hour, and roll out without a pause")
        .source("https://etcd.io/docs/latest/tuning/").alone(None),
    row(ETCD, "experimental-enable-lease-checkpoint-persist", "false", (Changes, Breaking), "members with it and members without \
        keep other times of leases", "change it on all members at once, in a quiet hour"),
    // What the API server finds in etcd, and whom it lets in.
    row(API, "etcd-prefix", "/registry", (Changes, Forbidden), "API servers look for all objects elsewhere and find none, and \
        controllers begin to delete what belongs to them", "keep it: nothing moves what etcd holds"),
    row(API, "etcd-servers-overrides", "", (Changes, Breaking), "objects of these resources are looked for in another etcd, which \
        has none of them", "copy what is worth keeping first; events may be lost"),
    row(API, "storage-backend", "etcd3", (Changes, Forbidden), "API servers find no object", "remove the flag"),
    row(API, "storage-media-type", "application/vnd.kubernetes.protobuf", (Changes, Lasting), "what is written from now on is kept \
        in this form, which an earlier version may not read", "remove the flag"),
    row(API, "emulated-version", "", (Changes, Lasting), "objects are kept in the versions of what is emulated", "read what the \
        later version serves no more").source("https://kubernetes.io/docs/concepts/cluster-administration/compatibility-version/"),
    row(API, "min-compatibility-version", "", (Changes, Lasting), "objects are kept in the versions of what is emulated", "read what \
        the later version serves no more")
        .source("https://kubernetes.io/docs/concepts/cluster-administration/compatibility-version/"),
    row(API, "etcd-compaction-interval", "5m0s", (Becomes(&["0", "0s", "0m", "0h"]), Breaking), "etcd forgets no history any more, and \
        grows until its quota is full", "remove the flag, or set etcd.autoCompaction"),
    row(API, "authorization-mode", "AlwaysAllow", (Loses, Breaking), "whoever was let do something by a mode that goes is refused, \
        without Node every kubelet, without RBAC nearly everybody", "keep the modes, and add to them")
        .source("https://kubernetes.io/docs/reference/access-authn-authz/authorization/"),
    row(API, "authorization-mode", "AlwaysAllow", (Gains, Breaking), "what was refused may be allowed by another mode; AlwaysAllow \
        allows everything", "see that the new mode allows nothing that RBAC is to refuse")
        .source("https://kubernetes.io/docs/reference/access-authn-authz/authorization/"),
    row(API, "authorization-config", "", (Changes, Breaking), "who may do what is decided by another file, and no more by the modes",
        "see that it names Node and RBAC")
        .source("https://kubernetes.io/docs/reference/access-authn-authz/authorization/"),
    row(API, "authorization-webhook-config-file", "", (Changes, Breaking), "somebody else is asked who may do what", "see that it \
        answers before the first API server restarts")
        .source("https://kubernetes.io/docs/reference/access-authn-authz/webhook/"),
    row(API, "authentication-token-webhook-config-file", "", (Changes, Breaking), "somebody else is asked whose tokens are good",
        "see that it answers, and knows whoever comes by a token now")
        .source("https://kubernetes.io/docs/reference/access-authn-authz/authentication/"),
    row(API, "token-auth-file", "", (Changes, Breaking), "whoever comes by a token of the old file is let in no more", "hand out the \
        new tokens first").source("https://kubernetes.io/docs/reference/access-authn-authz/authentication/"),
    row(API, "oidc-username-claim", "sub", (Changes, Breaking), "people have other names, which no role knows", "bind roles to the new \
        names first").source("https://kubernetes.io/docs/reference/access-authn-authz/authentication/"),
    row(API, "oidc-username-prefix", "", (Changes, Breaking), "people have other names, which no role knows", "bind roles to the new \
        names first").source("https://kubernetes.io/docs/reference/access-authn-authz/authentication/"),
    row(API, "oidc-groups-claim", "", (Changes, Breaking), "people are in other groups, which no role knows", "bind roles to the new \
        groups first").source("https://kubernetes.io/docs/reference/access-authn-authz/authentication/"),
    row(API, "oidc-groups-prefix", "", (Changes, Breaking), "people are in other groups, which no role knows", "bind roles to the new \
        groups first").source("https://kubernetes.io/docs/reference/access-authn-authz/authentication/"),
    row(API, "oidc-client-id", "", (Changes, Breaking), "tokens for the old client are refused", "have people log in anew")
        .source("https://kubernetes.io/docs/reference/access-authn-authz/authentication/"),
    row(API, "api-audiences", "", (Loses, Breaking), "tokens for an audience that goes are refused", "keep the old audience beside the \
        new one until no pod has such a token")
        .source("https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/"),
    row(API, "api-audiences", "", (Gains, Breaking), "tokens are for these audiences alone; without the flag they are for the issuer",
        "name the issuer among them")
        .source("https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/"),
    row(API, "service-account-lookup", "true", (FALSE, Breaking), "tokens of service accounts that were deleted are let in again",
        "remove the flag"),
    row(API, "runtime-config", "", (Withdraws, Breaking), "these APIs are served no more: their objects stay in etcd, and nobody \
        reaches them", "look for objects of them, and move these to another version first")
        .source("https://kubernetes.io/docs/tasks/administer-cluster/enable-disable-api/"),
    row(API, "feature-gates", "", (Withdraws, Lasting), "what objects say by a gate that closes is dropped when they are written next",
        "look for objects that use it first")
        .source("https://kubernetes.io/docs/reference/command-line-tools-reference/feature-gates/"),
    row(API, "enable-admission-plugins", "", (Loses, Breaking), "what these plugins have refused or added to objects is refused and \
        added no more", "see that nothing depends on them")
        .source("https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/"),
    row(API, "enable-admission-plugins", "", (Gains, Breaking), "these plugins may refuse what was let in until now, pods that are \
        made anew among it", "try it on a cluster of the same objects, or read what the plugin refuses")
        .source("https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/"),
    row(API, "disable-admission-plugins", "", (Gains, Breaking), "what these plugins have refused or added to objects is refused and \
        added no more", "see that nothing depends on them")
        .source("https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/"),
    row(API, "disable-admission-plugins", "", (Loses, Breaking), "these plugins may refuse what was let in until now, pods that are \
        made anew among it", "try it on a cluster of the same objects, or read what the plugin refuses")
        .source("https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/"),
    row(API, "allow-privileged", "false", (FALSE, Breaking), "no privileged container can be made, which networks and storage need",
        "remove the flag"),
    row(API, "service-node-port-range", "30000-32767", (Shrinks, Breaking), "services whose ports are no more in the range keep them, \
        and can be changed no more", "look for them with `kubectl get services -A` first"),
    row(API, "enable-aggregator-routing", "false", (FALSE, Breaking), "API servers without kube-proxy reach no aggregated API and no \
        webhook", "remove the flag"),
    row(API, "egress-selector-config-file", "", (Changes, Breaking), "API servers reach nodes, pods and webhooks another way", "see \
        that it works from every control plane")
        .source("https://kubernetes.io/docs/tasks/extend-kubernetes/setup-konnectivity/"),
    row(API, "bind-address", "", (Changes, Breaking), "API servers are reached at this address alone", "see that kubelets, balancers \
        and programs of the same host reach it"),
    row(API, "endpoint-reconciler-type", "lease", (Changes, Breaking), "the Service kubernetes leads to API servers as each kind keeps \
        count, and both count at once until all have restarted", "keep it"),
    row(API, "enable-garbage-collector", "true", (Changes, Breaking), "what belongs to objects that are deleted is deleted only while \
        API servers and controller managers agree on it", "change both in one rollout"),
    row(API, "service-account-jwks-uri", "", (Changes, ByHand), "whoever verifies tokens outside of the cluster asks for the keys \
        elsewhere", "see that the new place answers them"),
    row(API, "kubelet-preferred-address-types", "", (Changes, Breaking), "API servers reach kubelets at other addresses, which their \
        certificates may lack", "see that `kubectl logs` works for each kind of node"),
    // What controllers count on.
    row(MANAGER, "leader-elect", "true", (Changes, Breaking), TWO_LEADERS, KEEP_LEADERS).source(LEASES).alone(None),
    row(MANAGER, "leader-elect-resource-name", "kube-controller-manager", (Changes, Breaking), TWO_LEADERS, KEEP_LEADERS)
        .source(LEASES).alone(None),
    row(MANAGER, "leader-elect-resource-namespace", "kube-system", (Changes, Breaking), TWO_LEADERS, KEEP_LEADERS)
        .source(LEASES).alone(None),
    row(MANAGER, "leader-elect-resource-lock", "leases", (Changes, Breaking), TWO_LEADERS, KEEP_LEADERS).source(LEASES).alone(None),
    row(MANAGER, "cluster-name", "kubernetes", (Changes, Breaking), "what a cloud has made for the cluster bears the old name, and is \
        neither found nor deleted by the new one", "keep the name where a cloud makes load balancers, routes or disks"),
    row(MANAGER, "controllers", "*", (Loses, Breaking), "what these controllers do is done no more", "see that nothing depends on \
        them"),
    row(MANAGER, "controllers", "*", (Gains, Breaking), "a name with `-` is a controller that goes; another begins to change objects",
        "see that nothing depends on what changes"),
    row(MANAGER, "node-cidr-mask-size-ipv4", "", (Changes, Lasting), "nodes that are there keep their ranges, and others get another \
        size", "set network.podMask"),
    row(MANAGER, "node-cidr-mask-size-ipv6", "", (Changes, Lasting), "nodes that are there keep their ranges, and others get another \
        size", "set network.podMask"),
    row(MANAGER, "cidr-allocator-type", "RangeAllocator", (Changes, Breaking), "another takes over who gives nodes their ranges of \
        pods, and may give one twice", "keep it"),
    row(MANAGER, "configure-cloud-routes", "true", (Changes, Breaking), "pods of other nodes are reached only if somebody else makes \
        routes to them", "see that somebody does"),
    row(MANAGER, "cloud-provider", "", (Changes, Breaking), "nodes wait for another who tells their addresses and zones, and what the \
        old one has made is nobody's", "see that the new one knows the nodes that are there")
        .source("https://kubernetes.io/docs/tasks/administer-cluster/running-cloud-controller/"),
    row(MANAGER, "use-service-account-credentials", "false", (FALSE, Breaking), "all controllers have the rights of one user, which \
        are not theirs", "remove the flag"),
    row(MANAGER, "flex-volume-plugin-dir", "", (Changes, Breaking), VOLUMES, "have the plugins there first, on control planes and \
        workers"),
    row(MANAGER, "terminated-pod-gc-threshold", "12500", (Falls, Lasting), "pods that have ended are deleted, and with them what is \
        known of jobs", "keep what is worth keeping first"),
    row(MANAGER, "legacy-service-account-token-clean-up-period", "8760h0m0s", (Falls, Lasting), "tokens are deleted that nobody has \
        used for so long", "look for tokens that are used seldom"),
    row(MANAGER, "enable-garbage-collector", "true", (Changes, Breaking), "what belongs to objects that are deleted is deleted only \
        while API servers and controller managers agree on it", "change both in one rollout"),
    // Who places pods.
    row(SCHEDULER, "", "true", (Changes, Breaking), TWO_LEADERS, KEEP_LEADERS)
        .fields(&["/leaderElection/leaderElect"]).source(LEASES).alone(None),
    row(SCHEDULER, "", "kube-scheduler", (Changes, Breaking), TWO_LEADERS, KEEP_LEADERS)
        .fields(&["/leaderElection/resourceName"]).source(LEASES).alone(None),
    row(SCHEDULER, "", "kube-system", (Changes, Breaking), TWO_LEADERS, KEEP_LEADERS)
        .fields(&["/leaderElection/resourceNamespace"]).source(LEASES).alone(None),
    row(SCHEDULER, "", "leases", (Changes, Breaking), TWO_LEADERS, KEEP_LEADERS)
        .fields(&["/leaderElection/resourceLock"]).source(LEASES).alone(None),
    // What a kubelet keeps on its host.
    row(KUBELET, "root-dir", "/var/lib/kubelet", (Changes, Breaking), "volumes, tokens and the state of pods are in the old directory: \
        what is in an emptyDir is lost, and drivers of storage are not found", "a node is drained before its step; reboot it there, \
        remove the old directory, and have drivers register in the new one")
        .drains(),
    row(KUBELET, "cert-dir", "/var/lib/kubelet/pki", (Changes, ByHand), "certificates that the kubelet made itself stay in the old \
        directory", "remove them there"),
    row(KUBELET, "cgroup-driver", "cgroupfs", (Changes, Breaking), "containers that run are in groups of the other kind, and cannot be \
        managed any more", "change containerd's SystemdCgroup as well; a node is drained before its step, reboot it there")
        .fields(&["/cgroupDriver"]).drains()
        .source("https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/configure-cgroup-driver/"),
    row(KUBELET, "cgroup-root", "", (Changes, Breaking), "pods that run are in groups below the old one, which nobody limits any more",
        KEEP_EMPTY).fields(&["/cgroupRoot"]).drains(),
    row(KUBELET, "cgroups-per-qos", "true", (Changes, Breaking), "pods that run are in groups as before, which nobody limits any more",
        KEEP_EMPTY).fields(&["/cgroupsPerQOS"]).drains(),
    row(KUBELET, "container-runtime-endpoint", "", (Changes, Breaking), "the other runtime knows no container of this one: all pods \
        are made anew beside those that run", KEEP_EMPTY).fields(&["/containerRuntimeEndpoint"]).drains()
        .source("https://kubernetes.io/docs/tasks/administer-cluster/migrating-from-dockershim/change-runtime-containerd/"),
    row(KUBELET, "image-service-endpoint", "", (Changes, Breaking), "the other service has none of the images, and pods wait until they \
        are pulled there", KEEP_EMPTY).fields(&["/imageServiceEndpoint"]).drains(),
    row(KUBELET, "pod-manifest-path", "", (Changes, Breaking), "pods of the old folder are stopped, and those of the new one begin",
        "have the manifests in the new folder first").fields(&["/staticPodPath"])
        .source("https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/"),
    row(KUBELET, "manifest-url", "", (Changes, Breaking), "pods of the old address are stopped, and those of the new one begin", "have \
        the manifests there first").fields(&["/staticPodURL"])
        .source("https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/"),
    row(KUBELET, "topology-manager-policy", "none", (Changes, Breaking), "a kubelet that starts anew admits its pods once more, and \
        stops those that it cannot place by the new policy", "a node is drained before its step, so that pods go elsewhere in order")
        .fields(&["/topologyManagerPolicy"]).drains()
        .source("https://kubernetes.io/docs/tasks/administer-cluster/topology-manager/"),
    row(KUBELET, "topology-manager-scope", "container", (Changes, Breaking), "a kubelet that starts anew admits its pods once more, and \
        stops those that it cannot place by the new scope", "a node is drained before its step, so that pods go elsewhere in order")
        .fields(&["/topologyManagerScope"]).drains()
        .source("https://kubernetes.io/docs/tasks/administer-cluster/topology-manager/"),
    row(KUBELET, "enable-controller-attach-detach", "true", (Changes, Breaking), "volumes that one has attached, the other does not \
        detach", "a node is drained before its step; see that no volume is attached to it")
        .fields(&["/enableControllerAttachDetach"]).drains(),
    row(KUBELET, "volume-plugin-dir", "", (Changes, Breaking), VOLUMES, "have the plugins there first, on control planes and workers")
        .fields(&["/volumePluginDir"]),
    row(KUBELET, "", "/var/log/pods", (Changes, Breaking), "what pods have written until now is in the old directory, and pods that run \
        go on writing there", KEEP_EMPTY).fields(&["/podLogsDir"]).drains(),
    row(KUBELET, "register-node", "true", (FALSE, Breaking), "a node that is deleted does not come back by itself", "remove it")
        .fields(&["/registerNode"]),
    row(KUBELET, "anonymous-auth", "true", (TRUE, Breaking), "strangers reach the kubelet, and with it whatever runs on the host",
        "remove it").fields(&["/authentication/anonymous/enabled"])
        .source("https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/"),
    row(KUBELET, "authorization-mode", "AlwaysAllow", (Changes, Breaking), "AlwaysAllow lets whoever is known run anything in any pod; \
        Webhook refuses whom no role lets", "keep Webhook").fields(&["/authorization/mode"])
        .source("https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/"),
    row(KUBELET, "cloud-provider", "", (Changes, Breaking), "nodes that register wait for the cloud's controllers, and those that are \
        there keep what they were told before", "see that the cloud's controllers run, or remove the taint \
        node.cloudprovider.kubernetes.io/uninitialized")
        .source("https://kubernetes.io/docs/tasks/administer-cluster/running-cloud-controller/"),
    // What leads to services.
    row(PROXY, "proxy-mode", "iptables", (Changes, Breaking), "rules of the old mode may stay and lead to pods that have gone, and open \
        connections may break", "one worker at a time: reboot it after its step, or run `kube-proxy --cleanup` before")
        .fields(&["/mode"]).source("https://kubernetes.io/docs/reference/networking/virtual-ips/"),
    row(PROXY, "detect-local-mode", "", (Changes, Breaking), "which traffic is taken for that of pods is decided another way, and so is \
        whose address it gets", "see that services answer from a pod, a node and elsewhere on the first worker")
        .fields(&["/detectLocalMode"]),
    row(PROXY, "nodeport-addresses", "", (Changes, Breaking), "ports of nodes answer at these addresses alone", "see that balancers ask \
        there").fields(&["/nodePortAddresses"]),
    // What runs containers, and where it keeps them.
    row(CONTAINERD, "root", "/var/lib/containerd", (Changes, Breaking), "images and containers are in the old directory: those that run \
        are known to nobody, and all images are pulled anew", "a node is drained before its step: stop its pods with `crictl rmp --all \
        --force` there, and remove the old directory")
        .fields(&["/root"]).drains(),
    row(CONTAINERD, "state", "/run/containerd", (Changes, Breaking), "what is known of running containers is in the old directory: \
        nobody finds them any more", "a node is drained before its step: stop its pods with `crictl rmp --all --force` there")
        .fields(&["/state"]).drains(),
    row(CONTAINERD, "", "overlayfs", (Changes, Breaking), "images have to be unpacked anew for another snapshotter, and what was unpacked \
        before stays on the disk", "a node is drained before its step: `crictl rmi --all` there; see that the disk has room")
        .fields(&[
            "/plugins/io.containerd.cri.v1.images/snapshotter",
            "/plugins/io.containerd.grpc.v1.cri/containerd/snapshotter",
        ])
        .drains(),
    row(CONTAINERD, "", "runc", (Changes, Breaking), "pods are made by another runtime, and those that run stay with the old one",
        KEEP_EMPTY)
        .fields(&[
            "/plugins/io.containerd.cri.v1.runtime/containerd/default_runtime_name",
            "/plugins/io.containerd.grpc.v1.cri/containerd/default_runtime_name",
        ])
        .drains(),
    row(CONTAINERD, "", "false", (Changes, Breaking), "containers that run are in groups of the other kind, and the kubelet says which \
        are wanted", "keep it as the kubelet's cgroupDriver is")
        .fields(&[
            "/plugins/io.containerd.cri.v1.runtime/containerd/runtimes/runc/options/SystemdCgroup",
            "/plugins/io.containerd.grpc.v1.cri/containerd/runtimes/runc/options/SystemdCgroup",
        ])
        .drains()
        .source("https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/configure-cgroup-driver/"),
    row(CONTAINERD, "", "", (Changes, Breaking), "networks of pods are looked for elsewhere, and pods that run keep what they have",
        "have the configuration there first")
        .fields(&[
            "/plugins/io.containerd.cri.v1.runtime/cni/conf_dir",
            "/plugins/io.containerd.grpc.v1.cri/cni/conf_dir",
        ])
        .drains(),
    row(CONTAINERD, "", "/run/containerd/containerd.sock", (Changes, Breaking), "the kubelet looks for containerd at its old address, and \
        finds none", "remove it").fields(&["/grpc/address"]),
    row(CONTAINERD, "", "", (Gains, Breaking), "what these plugins do is done no more", "see that neither the kubelet nor pods need them")
        .fields(&["/disabled_plugins"]),
    // How Cilium knows pods.
    row(CILIUM, "", "cluster-pool", (Changes, Breaking), "pods keep addresses that nobody gives any more, and may lose their network for \
        good", "keep it: a network with another is a new cluster").fields(&["/ipam/mode"])
        .source("https://docs.cilium.io/en/stable/network/concepts/ipam/"),
    row(CILIUM, "", "default", (Changes, Breaking), "identities and connections to other clusters are named after it, and all pods get \
        others", "keep it, or choose a quiet hour").fields(&["/cluster/name"])
        .source("https://docs.cilium.io/en/stable/network/clustermesh/clustermesh/"),
    row(CILIUM, "", "0", (Changes, Breaking), "identities and connections to other clusters are numbered by it, and all pods get others",
        "make all pods anew afterwards").fields(&["/cluster/id"])
        .source("https://docs.cilium.io/en/stable/network/clustermesh/clustermesh/"),
    row(CILIUM, "", "tunnel", (Changes, Breaking), "nodes that have restarted and nodes that have not do not reach each other's pods",
        "choose an hour in which pods may be cut off, and reboot the workers afterwards").fields(&["/routingMode"])
        .source("https://docs.cilium.io/en/stable/network/concepts/routing/"),
    row(CILIUM, "", "vxlan", (Changes, Breaking), "nodes that have restarted and nodes that have not do not reach each other's pods",
        "choose an hour in which pods may be cut off, and reboot the workers afterwards").fields(&["/tunnelProtocol"])
        .source("https://docs.cilium.io/en/stable/network/concepts/routing/"),
    row(CILIUM, "", "false", (Changes, Breaking), "connections to services are led another way, and open ones may break", "change \
        network.kubeProxy in the same rollout, and reboot the workers afterwards").fields(&["/kubeProxyReplacement"])
        .source("https://docs.cilium.io/en/stable/network/kubernetes/kubeproxy-free/"),
    row(CILIUM, "", "crd", (Changes, Breaking), "identities of pods are kept elsewhere, and policies do not know them meanwhile", "keep it")
        .fields(&["/identityAllocationMode"]).source("https://docs.cilium.io/en/stable/network/concepts/"),
    row(CILIUM, "", "default", (Changes, Breaking), "what no policy names is refused or let through as the other mode has it", "see with \
        Hubble what would be refused").fields(&["/policyEnforcementMode"])
        .source("https://docs.cilium.io/en/stable/security/network/policyenforcement/"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_concern_by_their_kind() {
        let check = |when: When, old: &str, new: &str, expected: bool| {
            assert_eq!(when.concerns(old, new), expected, "{when:?} {old} {new}");
        };
        check(Changes, "a", "a", false);
        check(Changes, "a", "b", true);
        check(TRUE, "false", "true", true);
        check(TRUE, "true", "false", false);
        check(TRUE, "true", "true", false);
        check(Is(&["true"]), "true", "true", true);
        check(Is(&["true"]), "true", "false", false);
        check(Falls, "1572864", "1048576", true);
        check(Falls, "1h", "90m", false);
        check(Falls, "8760h0m0s", "24h", true);
        check(Falls, "", "5", false);
        check(Loses, "a,b", "b,a", false);
        check(Loses, "a,b", "b,c", true);
        check(Gains, "a,b", "b", false);
        check(Gains, "a", "a,b", true);
        check(Withdraws, "", "batch/v1=false", true);
        check(Withdraws, "api/beta=true", "", true);
        check(Withdraws, "batch/v1=false", "", false);
        check(Withdraws, "", "api/beta=true", false);
        check(Shrinks, "30000-32767", "30000-32000", true);
        check(Shrinks, "30000-32767", "20000+20000", false);
    }
}
