//! Where things are on a host; flags, files and services agree on it here.

pub const CA_CERT: &str = "/etc/kubernetes/pki/ca.crt";
pub const CA_KEY: &str = "/etc/kubernetes/pki/ca.key";
pub const FRONT_PROXY_CA_CERT: &str = "/etc/kubernetes/pki/front-proxy-ca.crt";
pub const ETCD_CA_CERT: &str = "/etc/kubernetes/pki/etcd/ca.crt";
pub const SERVICE_ACCOUNT_KEY: &str = "/etc/kubernetes/pki/sa.key";
pub const SERVICE_ACCOUNT_PUBLIC: &str = "/etc/kubernetes/pki/sa.pub";
pub const APISERVER: (&str, &str) =
    ("/etc/kubernetes/pki/apiserver.crt", "/etc/kubernetes/pki/apiserver.key");
pub const APISERVER_ETCD: (&str, &str) =
    ("/etc/kubernetes/pki/apiserver-etcd-client.crt", "/etc/kubernetes/pki/apiserver-etcd-client.key");
pub const APISERVER_KUBELET: (&str, &str) =
    ("/etc/kubernetes/pki/apiserver-kubelet-client.crt", "/etc/kubernetes/pki/apiserver-kubelet-client.key");
pub const FRONT_PROXY: (&str, &str) =
    ("/etc/kubernetes/pki/front-proxy-client.crt", "/etc/kubernetes/pki/front-proxy-client.key");
pub const CONTROLLER_MANAGER: (&str, &str) =
    ("/etc/kubernetes/pki/controller-manager.crt", "/etc/kubernetes/pki/controller-manager.key");
pub const SCHEDULER: (&str, &str) =
    ("/etc/kubernetes/pki/scheduler.crt", "/etc/kubernetes/pki/scheduler.key");
pub const ETCD_SERVER: (&str, &str) =
    ("/etc/kubernetes/pki/etcd/server.crt", "/etc/kubernetes/pki/etcd/server.key");
pub const ETCD_PEER: (&str, &str) =
    ("/etc/kubernetes/pki/etcd/peer.crt", "/etc/kubernetes/pki/etcd/peer.key");
pub const ETCD_HEALTHCHECK: (&str, &str) =
    ("/etc/kubernetes/pki/etcd/healthcheck-client.crt", "/etc/kubernetes/pki/etcd/healthcheck-client.key");
pub const KUBELET_SERVER: (&str, &str) =
    ("/etc/kubernetes/pki/kubelet.crt", "/etc/kubernetes/pki/kubelet.key");
pub const ADMIN_CONF: &str = "/etc/kubernetes/admin.conf";
pub const CONTROLLER_MANAGER_CONF: &str = "/etc/kubernetes/controller-manager.conf";
pub const SCHEDULER_CONF: &str = "/etc/kubernetes/scheduler.conf";
pub const KUBELET_CONF: &str = "/etc/kubernetes/kubelet.conf";
pub const ENCRYPTION_CONFIG: &str = "/etc/kubernetes/encryption-config.yaml";
pub const AUDIT_POLICY: &str = "/etc/kubernetes/audit-policy.yaml";
/// What nobody has: the usual folder is among programs, where a hardened service cannot make it.
pub const VOLUME_PLUGINS: &str = "/var/lib/kube-controller-manager/volume-plugins";
pub const LOGS: &str = "/var/log/kubernetes";
pub const AUDIT_LOG: &str = "/var/log/kubernetes/audit.log";
pub const SCHEDULER_CONFIG: &str = "/etc/kubernetes/scheduler-config.yaml";
pub const KUBELET_CONFIG: &str = "/etc/kubernetes/kubelet-config.yaml";
pub const KUBE_PROXY_CONF: &str = "/etc/kubernetes/kube-proxy.conf";
pub const KUBE_PROXY_CONFIG: &str = "/etc/kubernetes/kube-proxy-config.yaml";
pub const SUPER_ADMIN_CONF: &str = "/etc/kubernetes/super-admin.conf";
/// The manifests that a new cluster is given.
pub const BOOTSTRAP_RBAC: &str = "/etc/kubernetes/bootstrap/rbac.yaml";
pub const BOOTSTRAP_COREDNS: &str = "/etc/kubernetes/bootstrap/coredns.yaml";
/// Those that people may change, applied only as long as nobody has.
pub const BOOTSTRAP_COREFILE: &str = "/etc/kubernetes/bootstrap/defaults/coredns-corefile.yaml";
pub const BOOTSTRAP_REPLICAS: &str = "/etc/kubernetes/bootstrap/defaults/coredns-replicas.yaml";
pub const BOOTSTRAP_PROGRAM: &str = "/usr/local/sbin/kubernetes-bootstrap";
pub const CILIUM_VALUES: &str = "/etc/kubernetes/addons/cilium-values.yaml";
pub const POD_ROUTES: &str = "/etc/kubernetes/pod-routes";
/// What keeps routes, rules, settings and addresses in the kernel.
pub const KERNEL_PROGRAM: &str = "/usr/local/sbin/kubernetes-kernel";
pub const POD_MASQUERADE: &str = "/etc/kubernetes/pod-masquerade.nft";
pub const CONTAINERD_CONFIG: &str = "/etc/containerd/config.toml";
pub const CONTAINERD_SOCKET: &str = "unix:///run/containerd/containerd.sock";
pub const CRICTL_CONFIG: &str = "/etc/crictl.yaml";
pub const CNI_NETWORK: &str = "/etc/cni/net.d/10-bridge.conflist";
pub const CNI_LOOPBACK: &str = "/etc/cni/net.d/99-loopback.conf";
pub const KERNEL_MODULES: &str = "/etc/modules-load.d/kubernetes.conf";
pub const SYSCTLS: &str = "/etc/sysctl.d/99-kubernetes.conf";
pub const HOSTS: &str = "/etc/hosts";
pub const HAPROXY_CONFIG: &str = "/etc/haproxy/haproxy.cfg";
pub const HAPROXY_CA: &str = "/etc/haproxy/kubernetes-ca.crt";
pub const LDIRECTORD_CONFIG: &str = "/etc/ha.d/ldirectord.cf";
pub const LDIRECTORD_CA: &str = "/etc/ha.d/kubernetes-ca.crt";
pub const BALANCING_MODULES: &str = "/etc/modules-load.d/ipvs.conf";
pub const VIP_ARP: &str = "/etc/sysctl.d/50-vip-arp.conf";
pub const KEEPALIVED_CONFIG: &str = "/etc/keepalived/keepalived.conf";
pub const KEEPALIVED_CA: &str = "/etc/keepalived/kubernetes-ca.crt";
pub const ADMISSION_CONFIG: &str = "/etc/kubernetes/admission-config.yaml";
pub const AUTHENTICATION_CONFIG: &str = "/etc/kubernetes/authentication-config.yaml";
pub const BOOTSTRAP_CLOUD: &str = "/etc/kubernetes/bootstrap/cloud-controller-manager.yaml";
pub const BOOTSTRAP_MONITORING: &str = "/etc/kubernetes/bootstrap/monitoring.yaml";
pub const BOOTSTRAP_PRIORITY_CLASSES: &str = "/etc/kubernetes/bootstrap/priority-classes.yaml";
pub const CLOUD_CONTROLLER_MANAGER: &str = "/usr/local/bin/cloud-controller-manager";
pub const CLOUD_CONTROLLER_MANAGER_CONF: &str = "/etc/kubernetes/cloud-controller-manager.conf";
pub const CLOUD_CONTROLLER_MANAGER_SERVER: (&str, &str) =
    ("/etc/kubernetes/pki/cloud-controller-manager.crt", "/etc/kubernetes/pki/cloud-controller-manager.key");
pub const ETCD_MEMBERS: &str = "/etc/kubernetes/etcd-members.env";
/// Of a host that has founded etcd or joins it: who carries out a rollout writes it there.
pub const ETCD_JOINS: &str = "/var/lib/kthw/etcd-members.env";
pub const ETCD_USER_UNIT: &str = "/etc/systemd/system/etcd-user.service";
pub const ETCD_BACKUP: &str = "/usr/local/sbin/etcd-backup";
pub const ETCD_DEFRAGMENTATION: &str = "/usr/local/sbin/etcd-defragmentation";
