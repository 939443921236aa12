//! The released programs that each host runs.

use semver::Version;

use super::planner::{HostFiles, OS, Planner, input};
use super::{PlanProblem, machine};
use crate::artifact::{ArchiveMember, Download, SnapshotTool};
use crate::cluster::{Arch, Cluster, Cni, Host, Role, Versions};
use crate::upstream::{self, Need, Packing};

/// What an upstream project releases, and who runs it.
struct Release {
    name: &'static str,
    version: fn(&Versions) -> &Version,
    runs: fn(&Cluster, &Host) -> bool,
    /// Where each program goes: its name in the release, its place on the host.
    programs: &'static [(&'static str, &'static str)],
}

const RELEASES: &[Release] = &[
    Release {
        name: "etcd",
        version: |v| &v.etcd,
        runs: |_, host| host.is(Role::Etcd),
        programs: &[
            ("etcd", "/usr/local/bin/etcd"),
            ("etcdctl", "/usr/local/bin/etcdctl"),
            ("etcdutl", "/usr/local/bin/etcdutl"),
        ],
    },
    Release {
        name: "kube-apiserver",
        version: |v| &v.kubernetes,
        runs: control_plane,
        programs: &[("kube-apiserver", "/usr/local/bin/kube-apiserver")],
    },
    Release {
        name: "kube-controller-manager",
        version: |v| &v.kubernetes,
        runs: control_plane,
        programs: &[("kube-controller-manager", "/usr/local/bin/kube-controller-manager")],
    },
    Release {
        name: "kube-scheduler",
        version: |v| &v.kubernetes,
        runs: control_plane,
        programs: &[("kube-scheduler", "/usr/local/bin/kube-scheduler")],
    },
    Release {
        name: "kubectl",
        version: |v| &v.kubernetes,
        runs: control_plane,
        programs: &[("kubectl", "/usr/local/bin/kubectl")],
    },
    Release {
        name: "cilium-cli",
        version: |v| &v.cilium_cli,
        runs: |cluster, host| cluster.network.cni == Cni::Cilium && cluster.bootstraps(host),
        programs: &[("cilium", "/usr/local/bin/cilium")],
    },
    Release {
        name: "kubelet",
        version: |v| &v.kubernetes,
        runs: worker,
        programs: &[("kubelet", "/usr/local/bin/kubelet")],
    },
    Release {
        name: "kube-proxy",
        version: |v| &v.kubernetes,
        runs: |cluster, host| cluster.network.kube_proxy && worker(cluster, host),
        programs: &[("kube-proxy", "/usr/local/bin/kube-proxy")],
    },
    Release {
        name: "containerd",
        version: |v| &v.containerd,
        runs: worker,
        programs: &[
            ("containerd", "/usr/local/bin/containerd"),
            ("containerd-shim-runc-v2", "/usr/local/bin/containerd-shim-runc-v2"),
            ("ctr", "/usr/local/bin/ctr"),
        ],
    },
    Release {
        name: "runc",
        version: |v| &v.runc,
        runs: worker,
        programs: &[("runc", "/usr/local/sbin/runc")],
    },
    Release {
        name: "cni-plugins",
        version: |v| &v.cni_plugins,
        runs: worker,
        programs: &[
            ("bridge", "/opt/cni/bin/bridge"),
            ("host-local", "/opt/cni/bin/host-local"),
            ("loopback", "/opt/cni/bin/loopback"),
            ("portmap", "/opt/cni/bin/portmap"),
        ],
    },
    Release {
        name: "crictl",
        version: |v| &v.crictl,
        runs: worker,
        programs: &[("crictl", "/usr/local/bin/crictl")],
    },
];

fn control_plane(_: &Cluster, host: &Host) -> bool {
    host.is(Role::ControlPlane)
}

fn worker(_: &Cluster, host: &Host) -> bool {
    host.is(Role::Worker)
}

/// Everything that has to be pinned for a cluster, each once.
pub fn needs(cluster: &Cluster) -> Vec<Need> {
    let mut needs = Vec::new();
    for (release, arch) in wanted(cluster) {
        let version = (release.version)(&cluster.versions).clone();
        needs.push(Need { name: release.name.to_owned(), version, arch: arch.to_string() });
    }
    needs.extend(machine::needs(cluster));
    needs
}

/// The programs that a release is wanted for.
pub fn programs(release: &str) -> impl Iterator<Item = &'static str> {
    let releases = RELEASES.iter().filter(move |other| other.name == release);
    releases.flat_map(|release| release.programs).map(|(program, _)| *program)
}

/// Which releases some host runs, for which architecture.
fn wanted(cluster: &Cluster) -> impl Iterator<Item = (&'static Release, Arch)> {
    let runs = |release: &Release, arch: Arch| {
        cluster.hosts.iter().any(|host| host.arch == arch && (release.runs)(cluster, host))
    };
    let pairs = RELEASES.iter().flat_map(|release| Arch::ALL.iter().map(move |arch| (release, *arch)));
    pairs.filter(move |(release, arch)| runs(release, *arch))
}

/// Whether this version of a release has the program: etcd has etcdutl since 3.5.
fn is_in(release: &Release, version: &Version, program: &str) -> bool {
    release.name != "etcd"
        || program != SnapshotTool::Etcdutl.program()
        || SnapshotTool::for_etcd(version).program() == program
}

fn program_name(release: &Release, program: &str, arch: Arch) -> String {
    format!("release/{}/{arch}/{program}", release.name)
}

impl Planner<'_> {
    /// The downloads, and the programs that are in them.
    pub(super) fn define_releases(&mut self) {
        let cluster = self.cluster;
        for (release, arch) in wanted(cluster) {
            let version = (release.version)(&cluster.versions);
            let Some(pin) = self.lock.pin(release.name, version, OS, arch.as_str()) else {
                let (name, arch) = (release.name.to_owned(), arch.to_string());
                self.problems.push(PlanProblem::Unpinned { name, version: version.clone(), arch });
                continue;
            };
            let upstream = upstream::find(release.name).expect("every release has its upstream");
            let download = Download { pin: pin.clone(), written_in: None };
            let programs = match upstream.packing {
                Packing::Plain => {
                    let id = self.define(&program_name(release, release.name, arch), download, []);
                    release.programs.iter().map(|(_, path)| (*path, id)).collect()
                }
                Packing::TarGz => {
                    let archive = self.define(&program_name(release, "archive", arch), download, []);
                    let member = |(program, place): &(&'static str, &'static str)| {
                        let path = upstream.member(program, version, arch.as_str());
                        let inputs = [input(ArchiveMember::ARCHIVE, archive)];
                        (
                            *place,
                            self.define(
                                &program_name(release, program, arch),
                                ArchiveMember { path },
                                inputs,
                            ),
                        )
                    };
                    let there = |(program, _): &&(&str, &str)| is_in(release, version, program);
                    release.programs.iter().filter(there).map(member).collect::<Vec<_>>()
                }
            };
            self.programs.insert((release.name, arch), programs);
        }
    }

    /// Puts the programs that a host runs on it.
    pub(super) fn place_programs(&self, files: &mut HostFiles<'_>) {
        let host = files.host;
        for release in RELEASES.iter().filter(|release| (release.runs)(self.cluster, host)) {
            for (path, id) in self.programs.get(&(release.name, host.arch)).into_iter().flatten() {
                files.program(*path, *id);
            }
        }
    }
}
