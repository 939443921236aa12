//! The versions of everything that runs on hosts, and which of them go together.

use semver::Version;

use super::Program;

/// One exact version of each upstream project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// Of kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy and kubectl alike.
    pub kubernetes: Version,
    pub etcd: Version,
    pub containerd: Version,
    pub runc: Version,
    pub cni_plugins: Version,
    pub crictl: Version,
    pub coredns: Version,
    pub cilium: Version,
    pub cilium_cli: Version,
}

impl Versions {
    /// The version of `program`.
    pub fn of(&self, program: Program) -> &Version {
        match program {
            Program::Etcd => &self.etcd,
            Program::Containerd => &self.containerd,
            _ => &self.kubernetes,
        }
    }

    /// What suits `kubernetes`; `None` if kthw does not know that minor.
    pub fn suiting(kubernetes: &Version) -> Option<Versions> {
        let row = RELEASES.iter().find(|row| (1, row.kubernetes) == (kubernetes.major, kubernetes.minor))?;
        let [etcd, containerd, runc, cni_plugins, crictl, coredns, cilium] = row.suits.map(exact);
        let (kubernetes, cilium_cli) = (kubernetes.clone(), CILIUM_CLI);
        Some(Versions {
            kubernetes,
            etcd,
            containerd,
            runc,
            cni_plugins,
            crictl,
            coredns,
            cilium,
            cilium_cli,
        })
    }

    /// The first and the last Kubernetes minor that kthw knows, as `1.N`.
    pub fn kubernetes_minors() -> (String, String) {
        let minor = |row: Option<&Release>| row.map_or(0, |row| row.kubernetes);
        (format!("1.{}", minor(RELEASES.first())), format!("1.{}", minor(RELEASES.last())))
    }
}

/// A Kubernetes minor and the versions kthw chooses for it.
struct Release {
    /// N of 1.N.
    kubernetes: u64,
    /// etcd, containerd, runc, CNI plugins, crictl, CoreDNS, Cilium.
    ///
    /// etcd is of the minor that kubeadm installs, and CoreDNS what it installs (cmd/kubeadm/app/constants/constants.go
    /// of Kubernetes). containerd is of a minor that its RELEASES.md recommends for the Kubernetes; CNI plugins are
    /// those of Kubernetes' build/dependencies.yaml or newer. Cilium is of a maintained minor.
    suits: [(u64, u64, u64); 7],
}

/// Installs and upgrades every Cilium since 1.14.
const CILIUM_CLI: Version = Version::new(0, 19, 7);

const fn release(kubernetes: u64, suits: [(u64, u64, u64); 7]) -> Release {
    Release { kubernetes, suits }
}

#[rustfmt::skip] // one line each, so that columns can be compared
const RELEASES: &[Release] = &[
    release(28, [(3, 5, 33), (1, 7, 34), (1, 3, 6), (1, 9, 1), (1, 35, 0), (1, 10, 1), (1, 18, 6)]),
    release(29, [(3, 5, 33), (1, 7, 34), (1, 3, 6), (1, 9, 1), (1, 35, 0), (1, 11, 1), (1, 18, 6)]),
    release(30, [(3, 5, 33), (1, 7, 34), (1, 3, 6), (1, 9, 1), (1, 35, 0), (1, 11, 3), (1, 18, 6)]),
    release(31, [(3, 5, 33), (1, 7, 34), (1, 3, 6), (1, 9, 1), (1, 35, 0), (1, 11, 3), (1, 18, 6)]),
    release(32, [(3, 5, 33), (2, 1, 9), (1, 3, 6), (1, 9, 1), (1, 35, 0), (1, 11, 3), (1, 19, 6)]),
    release(33, [(3, 5, 33), (2, 1, 9), (1, 3, 6), (1, 9, 1), (1, 35, 0), (1, 12, 0), (1, 19, 6)]),
    release(34, [(3, 6, 14), (2, 1, 9), (1, 3, 6), (1, 9, 1), (1, 35, 0), (1, 12, 1), (1, 19, 6)]),
    release(35, [(3, 6, 14), (2, 2, 7), (1, 4, 3), (1, 9, 1), (1, 35, 0), (1, 13, 1), (1, 19, 6)]),
    release(36, [(3, 6, 14), (2, 3, 4), (1, 4, 3), (1, 9, 1), (1, 36, 0), (1, 14, 2), (1, 19, 6)]),
    release(37, [(3, 7, 3), (2, 3, 4), (1, 4, 3), (1, 9, 1), (1, 37, 0), (1, 14, 6), (1, 20, 2)]),
];

fn exact((major, minor, patch): (u64, u64, u64)) -> Version {
    Version::new(major, minor, patch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_minor_has_versions_that_suit_it() {
        let check = |kubernetes: &str, expected: Option<[&str; 7]>| {
            let versions = Versions::suiting(&kubernetes.parse().unwrap());
            let found = versions.map(|v| {
                [v.etcd, v.containerd, v.runc, v.cni_plugins, v.crictl, v.coredns, v.cilium]
                    .map(|v| v.to_string())
            });
            assert_eq!(found, expected.map(|versions| versions.map(str::to_owned)));
        };
        check("1.27.9", None);
        check("1.28.3", Some(["3.5.33", "1.7.34", "1.3.6", "1.9.1", "1.35.0", "1.10.1", "1.18.6"]));
        check("1.35.1", Some(["3.6.14", "2.2.7", "1.4.3", "1.9.1", "1.35.0", "1.13.1", "1.19.6"]));
        check("1.36.3", Some(["3.6.14", "2.3.4", "1.4.3", "1.9.1", "1.36.0", "1.14.2", "1.19.6"]));
        check("1.37.2", Some(["3.7.3", "2.3.4", "1.4.3", "1.9.1", "1.37.0", "1.14.6", "1.20.2"]));
        check("1.38.0", None);
        check("2.35.0", None);
    }

    #[test]
    fn the_minors_have_no_gap() {
        for pair in RELEASES.windows(2) {
            assert_eq!(pair[0].kubernetes + 1, pair[1].kubernetes);
        }
    }
}
