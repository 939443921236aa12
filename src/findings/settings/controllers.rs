//! What controllers and schedulers count on.

use super::super::finding::Kind::{Breaking, Lasting};
use super::row::When::{Changes, Falls, Gains, Loses};
use super::row::{FALSE, MANAGER, Row, SCHEDULER, row};

const TWO_LEADERS: &str =
    "while some run by the old and some by the new, two lead at once and undo each other's work";
const KEEP_LEADERS: &str = "keep it where there are several control planes";
const LEASES: &str = "https://kubernetes.io/docs/concepts/architecture/leases/";
const VOLUMES: &str =
    "plugins of volumes are looked for elsewhere, and pods that want one of theirs do not start";

pub const ROWS: &[Row] = &[
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
    row(SCHEDULER, "leader-elect", "true", (Changes, Breaking), TWO_LEADERS, KEEP_LEADERS)
        .fields(&["/leaderElection/leaderElect"]).source(LEASES).alone(None),
    row(SCHEDULER, "leader-elect-resource-name", "kube-scheduler", (Changes, Breaking), TWO_LEADERS, KEEP_LEADERS)
        .fields(&["/leaderElection/resourceName"]).source(LEASES).alone(None),
    row(SCHEDULER, "leader-elect-resource-namespace", "kube-system", (Changes, Breaking), TWO_LEADERS, KEEP_LEADERS)
        .fields(&["/leaderElection/resourceNamespace"]).source(LEASES).alone(None),
    row(SCHEDULER, "leader-elect-resource-lock", "leases", (Changes, Breaking), TWO_LEADERS, KEEP_LEADERS)
        .fields(&["/leaderElection/resourceLock"]).source(LEASES).alone(None),
    row(
        SCHEDULER,
        "",
        "default-scheduler",
        (Loses, Breaking),
        "pods that name a scheduler which goes are placed by nobody",
        "look for them with `kubectl get pods -A -o custom-columns=NAME:.metadata.name,BY:.spec.schedulerName` first",
    )
    .fields(&["/profiles/*/schedulerName"]),
];
