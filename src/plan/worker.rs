//! What every worker runs: containerd and the kubelet.

use super::control_plane::place;
use super::flags::{self, path};
use super::kernel;
use super::kube_proxy;
use super::pki;
use super::planner::{HostFiles, Planner};
use crate::artifact::{
    ContainerdConfig, ContainerdSchema, CrictlConfig, DecidedBy, KernelModules, KubeletConfig, Patch,
    Readiness, Section, Sysctls, Taint, Unit, sandbox_image,
};
use crate::cluster::{Authority, Cluster, FlagValue, Host, Program, Role};
use crate::tree::Stage;

/// The nodes that all workers share.
const CONTAINERD_CONFIG: &str = "config/containerd";
const CONTAINERD_UNIT: &str = "config/containerd.service";
const CRICTL_CONFIG: &str = "config/crictl";
const KERNEL_MODULES: &str = "config/kernel-modules";
const SYSCTLS: &str = "config/sysctls";
const SYSCTLS_UNIT: &str = "config/kubernetes-sysctls.service";

impl Planner<'_> {
    pub(super) fn define_workers(&mut self) {
        let cluster = self.cluster;
        let containerd = ContainerdConfig {
            schema: ContainerdSchema::for_containerd(&cluster.versions.containerd),
            sandbox_image: sandbox_image(&cluster.versions.kubernetes).to_owned(),
            patch: Patch::of(Program::Containerd, &cluster.components),
        };
        self.define(CONTAINERD_CONFIG, containerd, []);
        self.define(CONTAINERD_UNIT, containerd_unit(cluster), []);
        self.define(CRICTL_CONFIG, CrictlConfig { runtime_endpoint: path::CONTAINERD_SOCKET.to_owned() }, []);
        self.define(KERNEL_MODULES, KernelModules::for_containers(kube_proxy::modules(cluster)), []);
        self.define(SYSCTLS, Sysctls::for_kubelet(&cluster.network.pods), []);
        self.define(SYSCTLS_UNIT, sysctls_unit(), []);
    }

    pub(super) fn place_worker(&mut self, files: &mut HostFiles<'_>) {
        let host = files.host;
        self.define_identities(pki::worker_identities(host));
        // A host that is a control plane too has it already.
        if !host.is(Role::ControlPlane) {
            let ca = self.authority(Authority::Cluster);
            files.public(path::CA_CERT, ca.cert);
            self.place_pod_routes(files);
        }
        let server = self.pair(&format!("host/{}/pki/kubelet-server", host.name));
        place(files, server, path::KUBELET_SERVER);
        let kubeconfig = self.define_kubeconfig(
            &format!("host/{}/kubelet.conf", host.name),
            &format!("system:node:{}", host.name),
            &format!("host/{}/pki/kubelet-client", host.name),
            self.cluster.api.endpoint.to_string(),
        );
        files.secret(path::KUBELET_CONF, kubeconfig);
        for (name, path) in [
            (CONTAINERD_CONFIG, path::CONTAINERD_CONFIG),
            (CRICTL_CONFIG, path::CRICTL_CONFIG),
            (KERNEL_MODULES, path::KERNEL_MODULES),
            (SYSCTLS, path::SYSCTLS),
        ] {
            let id = self.name(name);
            files.public(path, id);
        }
        self.place_bridge(files);
        self.place_worker_services(files);
        self.place_kernel_program(files);
        let settings = self.name(SYSCTLS_UNIT);
        files.service(
            Stage::Background,
            "kubernetes-sysctls.service",
            settings,
            [path::SYSCTLS, path::KERNEL_PROGRAM],
        );
        self.place_kube_proxy(files);
    }

    fn place_worker_services(&mut self, files: &mut HostFiles<'_>) {
        let (cluster, host) = (self.cluster, files.host);
        let of = |part: &str| format!("host/{}/{part}", host.name);
        let config = self.define(&of("kubelet-config"), kubelet_config(cluster, host), []);
        files.reserved(path::KUBELET_CONFIG, config);
        let containerd = self.name(CONTAINERD_UNIT);
        files.service(
            Stage::Workers,
            "containerd.service",
            containerd,
            [
                "/usr/local/bin/containerd",
                "/usr/local/bin/containerd-shim-runc-v2",
                path::CONTAINERD_CONFIG,
                path::SYSCTLS,
            ],
        );
        let kubelet = self.define(&of("kubelet.service"), kubelet_unit(cluster, host), []);
        files.service(
            Stage::Workers,
            "kubelet.service",
            kubelet,
            [
                "/usr/local/bin/kubelet",
                path::KUBELET_CONFIG,
                path::KUBELET_CONF,
                path::KUBELET_SERVER.0,
                path::KUBELET_SERVER.1,
                path::CA_CERT,
                path::SYSCTLS,
            ],
        );
    }
}

fn kubelet_config(cluster: &Cluster, host: &Host) -> KubeletConfig {
    let taint = |taint: &crate::cluster::Taint| Taint {
        key: taint.key.clone(),
        value: taint.value.clone(),
        effect: taint.effect.to_string(),
    };
    KubeletConfig {
        host: host.name.clone(),
        cluster_dns: cluster.network.dns,
        cluster_domain: cluster.network.domain.clone(),
        client_ca: path::CA_CERT.to_owned(),
        certificate: path::KUBELET_SERVER.0.to_owned(),
        private_key: path::KUBELET_SERVER.1.to_owned(),
        runtime_endpoint: path::CONTAINERD_SOCKET.to_owned(),
        taints: host.taints.iter().map(taint).collect(),
        patch: Patch::of(Program::Kubelet, &cluster.components),
    }
}

/// containerd and the kubelet run containers, so nothing is taken away from them. A slow host, or one with many
/// containers to find again, is not made faster by beginning anew.
fn containerd_unit(cluster: &Cluster) -> Unit {
    Unit::service(
        "containerd container runtime",
        "https://containerd.io",
        Readiness::Notify,
        flags::containerd(cluster),
    )
    // What is read at boot takes effect now, too; the bridge has settings once its module is loaded.
    .set(Section::Service, "ExecStartPre", "-/sbin/modprobe -a overlay br_netfilter")
    .set(Section::Service, "ExecStartPre", settle())
    .set(Section::Service, "TimeoutStartSec", "infinity")
    .set(Section::Service, "Delegate", "yes")
    .set(Section::Service, "KillMode", "process")
    .set(Section::Service, "OOMScoreAdjust", "-999")
    .set(Section::Service, "LimitNOFILE", "1048576")
    .set(Section::Service, "LimitNPROC", "infinity")
    .set(Section::Service, "LimitCORE", "infinity")
    .set(Section::Service, "TasksMax", "infinity")
}

fn kubelet_unit(cluster: &Cluster, host: &Host) -> Unit {
    let unit = Unit::service(
        "kubelet",
        "https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/",
        Readiness::Notify,
        flags::kubelet(cluster, host),
    )
    .after("containerd.service")
    // Not `Requires=`: whichever of the two fails or is restarted, the other goes on.
    .wants("containerd.service")
    // It does not start with other settings than these.
    .set(Section::Service, "ExecStartPre", settle());
    let unit = match static_pods(cluster) {
        Some((folder, decided_by)) => {
            unit.decided(Section::Service, "ExecStartPre", format!("/usr/bin/mkdir -p {folder}"), decided_by)
        }
        None => unit,
    };
    unit.set(Section::Service, "TimeoutStartSec", "infinity")
        .set(Section::Service, "OOMScoreAdjust", "-999")
        .set(Section::Service, "KillMode", "process")
}

/// What puts the settings of every worker into its kernel.
fn settle() -> String {
    format!("-/usr/lib/systemd/systemd-sysctl {}", path::SYSCTLS)
}

/// The folder whose pods the kubelet runs without being told by the API, if there is one; a flag counts for more.
fn static_pods(cluster: &Cluster) -> Option<(String, DecidedBy)> {
    let kubelet = &cluster.components.kubelet;
    let flag = kubelet.flags.get("pod-manifest-path").and_then(|value| match value {
        Some(FlagValue::Text(path)) => Some((path.as_str(), "flags.pod-manifest-path")),
        _ => None,
    });
    let field = || Some((kubelet.config.get("staticPodPath")?.as_str()?, "config.staticPodPath"));
    let (path, place) = flag.or_else(field).filter(|(path, _)| path.starts_with('/'))?;
    Some((path.to_owned(), DecidedBy::Spec(format!("components.kubelet.{place}"))))
}

/// Those that other programs change later come back: a pod without forwarding reaches nobody.
fn sysctls_unit() -> Unit {
    let settings = format!("settings {}", path::SYSCTLS);
    kernel::unit_with_settings(
        "Kernel settings that pods need",
        "man:sysctl.d(5)",
        &settings,
        &DecidedBy::Program,
    )
    // Some of them are there once its modules are loaded.
    .after("containerd.service")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::text;
    use crate::spec;

    /// The lines of the kubelet's unit that run something before it.
    fn before_the_kubelet(components: &str) -> Vec<String> {
        let example = include_str!("../../examples/single/cluster.yaml");
        let (cluster, _) =
            spec::load(&format!("{example}{components}")).unwrap_or_else(|_| panic!("{components}"));
        let host = cluster.workers().next().expect("a worker");
        let unit = text(kubelet_unit(&cluster, host), &[]);
        unit.lines().filter_map(|line| line.strip_prefix("ExecStartPre=")).map(str::to_owned).collect()
    }

    #[test]
    fn a_kubelet_finds_the_settings_and_the_folder_that_it_needs() {
        let settings = "-/usr/lib/systemd/systemd-sysctl /etc/sysctl.d/99-kubernetes.conf";
        let kubelet = |settings: &str| format!("components: {{kubelet: {{{settings}}}}}\n");
        assert_eq!(before_the_kubelet(""), [settings]);
        assert_eq!(
            before_the_kubelet(&kubelet("config: {staticPodPath: /etc/kubernetes/manifests}")),
            [settings, "/usr/bin/mkdir -p /etc/kubernetes/manifests"]
        );
        assert_eq!(
            before_the_kubelet(&kubelet("flags: {pod-manifest-path: /a}, config: {staticPodPath: /b}")),
            [settings, "/usr/bin/mkdir -p /a"]
        );
    }
}
