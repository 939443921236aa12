//! What kubelets, kube-proxies and containerd keep on their hosts.

use super::super::finding::Kind::{Breaking, ByHand};
use super::row::When::{Changes, Gains};
use super::row::{CONTAINERD, FALSE, KUBELET, PROXY, Row, TRUE, row};

const KEEP_EMPTY: &str =
    "a node is drained before its step; reboot it there, so that nothing is left of what ran before";
const VOLUMES: &str =
    "plugins of volumes are looked for elsewhere, and pods that want one of theirs do not start";

pub const ROWS: &[Row] = &[
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
    row(PROXY, "", "iptables", (Changes, Breaking), "rules of the old mode may stay and lead to pods that have gone, and open \
        connections may break", "one worker at a time: reboot it after its step, or run `kube-proxy --cleanup` before")
        .fields(&["/mode"]).source("https://kubernetes.io/docs/reference/networking/virtual-ips/"),
    row(PROXY, "", "", (Changes, Breaking), "which traffic is taken for that of pods is decided another way, and so is \
        whose address it gets", "see that services answer from a pod, a node and elsewhere on the first worker")
        .fields(&["/detectLocalMode"]),
    row(PROXY, "", "", (Changes, Breaking), "ports of nodes answer at these addresses alone", "see that balancers ask \
        there").fields(&["/nodePortAddresses"]),
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
];
