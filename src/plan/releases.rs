//! The released programs that each host runs.

use semver::Version;

use super::PlanProblem;
use super::planner::{HostFiles, Planner, input};
use crate::artifact::{ArchiveMember, Download};
use crate::cluster::{Arch, Cluster, Role, Versions};
use crate::upstream::{self, Need, Packing};

/// What an upstream project releases, and who runs it.
struct Release {
    name: &'static str,
    version: fn(&Versions) -> &Version,
    role: Role,
    /// Where each program goes: its name in the release, its place on the host.
    programs: &'static [(&'static str, &'static str)],
}

const RELEASES: &[Release] = &[
    Release {
        name: "etcd",
        version: |v| &v.etcd,
        role: Role::Etcd,
        programs: &[
            ("etcd", "/usr/local/bin/etcd"),
            ("etcdctl", "/usr/local/bin/etcdctl"),
            ("etcdutl", "/usr/local/bin/etcdutl"),
        ],
    },
    kubernetes("kube-apiserver", Role::ControlPlane, &[("kube-apiserver", "/usr/local/bin/kube-apiserver")]),
    kubernetes(
        "kube-controller-manager",
        Role::ControlPlane,
        &[("kube-controller-manager", "/usr/local/bin/kube-controller-manager")],
    ),
    kubernetes("kube-scheduler", Role::ControlPlane, &[("kube-scheduler", "/usr/local/bin/kube-scheduler")]),
    kubernetes("kubectl", Role::ControlPlane, &[("kubectl", "/usr/local/bin/kubectl")]),
    kubernetes("kubelet", Role::Worker, &[("kubelet", "/usr/local/bin/kubelet")]),
    Release {
        name: "containerd",
        version: |v| &v.containerd,
        role: Role::Worker,
        programs: &[
            ("containerd", "/usr/local/bin/containerd"),
            ("containerd-shim-runc-v2", "/usr/local/bin/containerd-shim-runc-v2"),
            ("ctr", "/usr/local/bin/ctr"),
        ],
    },
    Release {
        name: "runc",
        version: |v| &v.runc,
        role: Role::Worker,
        programs: &[("runc", "/usr/local/sbin/runc")],
    },
    Release {
        name: "cni-plugins",
        version: |v| &v.cni_plugins,
        role: Role::Worker,
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
        role: Role::Worker,
        programs: &[("crictl", "/usr/local/bin/crictl")],
    },
];

const fn kubernetes(
    name: &'static str,
    role: Role,
    programs: &'static [(&'static str, &'static str)],
) -> Release {
    Release { name, version: |v| &v.kubernetes, role, programs }
}

const OS: &str = "linux";

/// Everything that has to be pinned for a cluster, each once.
pub fn needs(cluster: &Cluster) -> Vec<Need> {
    let mut needs = Vec::new();
    for (release, arch) in wanted(cluster) {
        let version = (release.version)(&cluster.versions).clone();
        needs.push(Need { name: release.name.to_owned(), version, arch: arch.to_string() });
    }
    needs
}

/// Which releases some host runs, for which architecture.
fn wanted(cluster: &Cluster) -> impl Iterator<Item = (&'static Release, Arch)> {
    let runs = |role: Role, arch: Arch| cluster.hosts.iter().any(|host| host.arch == arch && host.is(role));
    let pairs = RELEASES.iter().flat_map(|release| Arch::ALL.iter().map(move |arch| (release, *arch)));
    pairs.filter(move |(release, arch)| runs(release.role, *arch))
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
                    release.programs.iter().map(member).collect::<Vec<_>>()
                }
            };
            self.programs.entry((release.role, arch)).or_default().extend(programs);
        }
    }

    /// Puts the programs of a role on a host.
    pub(super) fn place_programs(&self, files: &mut HostFiles<'_>, role: Role) {
        for (path, id) in self.programs.get(&(role, files.host.arch)).into_iter().flatten() {
            files.program(*path, *id);
        }
    }
}
