//! The files that upstreams publish: where they are, where their checksums are, and what is inside.

mod published;
mod resolve;

use semver::Version;

use crate::lock::Checksum;

pub use published::{published, published_instead};
pub use resolve::{Need, Origin, ResolveError, resolve_pins};

/// How a published file holds its programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// The file is the program itself.
    Plain,
    /// A gzipped tar archive.
    TarGz,
}

/// A file that some upstream publishes for every version and architecture, always for Linux.
///
/// Templates spell the varying parts `{name}`, `{version}` and `{arch}`; for images, whose versions are a date and
/// perhaps the number of a build, `{date}` and `{build}`.
#[derive(Debug)]
pub struct Upstream {
    /// The name that pins carry.
    pub name: &'static str,
    pub packing: Packing,
    url: &'static str,
    checksums: &'static str,
    folder: &'static str,
}

/// Everything that kthw knows how to download.
pub const UPSTREAMS: &[Upstream] = &[
    kubernetes("kube-apiserver"),
    kubernetes("kube-controller-manager"),
    kubernetes("kube-proxy"),
    kubernetes("kube-scheduler"),
    kubernetes("kubectl"),
    kubernetes("kubelet"),
    Upstream {
        name: "etcd",
        packing: Packing::TarGz,
        url: "https://github.com/etcd-io/etcd/releases/download/v{version}/etcd-v{version}-linux-{arch}.tar.gz",
        checksums: "https://github.com/etcd-io/etcd/releases/download/v{version}/SHA256SUMS",
        folder: "etcd-v{version}-linux-{arch}/",
    },
    Upstream {
        name: "containerd",
        packing: Packing::TarGz,
        url: "https://github.com/containerd/containerd/releases/download/v{version}/containerd-{version}-linux-{arch}.tar.gz",
        checksums: "https://github.com/containerd/containerd/releases/download/v{version}/containerd-{version}-linux-{arch}.tar.gz.sha256sum",
        folder: "bin/",
    },
    Upstream {
        name: "runc",
        packing: Packing::Plain,
        url: "https://github.com/opencontainers/runc/releases/download/v{version}/runc.{arch}",
        checksums: "https://github.com/opencontainers/runc/releases/download/v{version}/runc.sha256sum",
        folder: "",
    },
    Upstream {
        name: "cni-plugins",
        packing: Packing::TarGz,
        url: "https://github.com/containernetworking/plugins/releases/download/v{version}/cni-plugins-linux-{arch}-v{version}.tgz",
        checksums: "https://github.com/containernetworking/plugins/releases/download/v{version}/cni-plugins-linux-{arch}-v{version}.tgz.sha256",
        folder: "",
    },
    Upstream {
        name: "crictl",
        packing: Packing::TarGz,
        url: "https://github.com/kubernetes-sigs/cri-tools/releases/download/v{version}/crictl-v{version}-linux-{arch}.tar.gz",
        checksums: "https://github.com/kubernetes-sigs/cri-tools/releases/download/v{version}/crictl-v{version}-linux-{arch}.tar.gz.sha256",
        folder: "",
    },
    Upstream {
        name: "helm",
        packing: Packing::TarGz,
        url: "https://get.helm.sh/helm-v{version}-linux-{arch}.tar.gz",
        checksums: "https://get.helm.sh/helm-v{version}-linux-{arch}.tar.gz.sha256sum",
        folder: "linux-{arch}/",
    },
    Upstream {
        name: "cilium-cli",
        packing: Packing::TarGz,
        url: "https://github.com/cilium/cilium-cli/releases/download/v{version}/cilium-linux-{arch}.tar.gz",
        checksums: "https://github.com/cilium/cilium-cli/releases/download/v{version}/cilium-linux-{arch}.tar.gz.sha256sum",
        folder: "",
    },
    Upstream {
        name: "ubuntu-24.04",
        packing: Packing::Plain,
        url: "https://cloud-images.ubuntu.com/releases/noble/release-{date}/ubuntu-24.04-server-cloudimg-{arch}.img",
        checksums: "https://cloud-images.ubuntu.com/releases/noble/release-{date}/SHA256SUMS",
        folder: "",
    },
    debian(
        "debian-12",
        "https://cloud.debian.org/images/cloud/bookworm/{date}-{build}/{name}-genericcloud-{arch}-{date}-{build}.qcow2",
        "https://cloud.debian.org/images/cloud/bookworm/{date}-{build}/SHA512SUMS",
    ),
    debian(
        "debian-13",
        "https://cloud.debian.org/images/cloud/trixie/{date}-{build}/{name}-genericcloud-{arch}-{date}-{build}.qcow2",
        "https://cloud.debian.org/images/cloud/trixie/{date}-{build}/SHA512SUMS",
    ),
];

const fn kubernetes(name: &'static str) -> Upstream {
    Upstream {
        name,
        packing: Packing::Plain,
        url: "https://dl.k8s.io/release/v{version}/bin/linux/{arch}/{name}",
        checksums: "https://dl.k8s.io/release/v{version}/bin/linux/{arch}/{name}.sha256",
        folder: "",
    }
}

const fn debian(name: &'static str, url: &'static str, checksums: &'static str) -> Upstream {
    Upstream { name, packing: Packing::Plain, url, checksums, folder: "" }
}

/// The upstream whose pins carry this name.
pub fn find(name: &str) -> Option<&'static Upstream> {
    UPSTREAMS.iter().find(|upstream| upstream.name == name)
}

impl Upstream {
    pub fn url(&self, version: &Version, arch: &str) -> String {
        self.fill(self.url, version, arch)
    }

    /// Where upstream publishes the checksum of the file, alone or in a list with others.
    pub fn checksums_url(&self, version: &Version, arch: &str) -> String {
        self.fill(self.checksums, version, arch)
    }

    /// The path of a program within the archive.
    pub fn member(&self, program: &str, version: &Version, arch: &str) -> String {
        self.fill(self.folder, version, arch) + program
    }

    fn fill(&self, template: &str, version: &Version, arch: &str) -> String {
        template
            .replace("{name}", self.name)
            .replace("{version}", &version.to_string())
            .replace("{date}", &version.major.to_string())
            .replace("{build}", &version.minor.to_string())
            .replace("{arch}", arch)
    }
}

/// Finds the checksum of `file` in a published checksum file: either a digest alone, or lines of digest and name.
pub fn published_checksum(text: &str, file: &str) -> Option<Checksum> {
    let lines: Vec<(Checksum, Option<&str>)> = text.lines().filter_map(checksum_line).collect();
    if let [(checksum, None)] = &lines[..] {
        return Some(checksum.clone());
    }
    let mut named = lines.iter().filter(|(_, name)| *name == Some(file)).map(|(checksum, _)| checksum);
    let first = named.next()?;
    named.all(|other| other == first).then(|| first.clone())
}

/// One line as `sha256sum` and `sha512sum` write it, the name without its folders.
fn checksum_line(line: &str) -> Option<(Checksum, Option<&str>)> {
    let mut words = line.split_whitespace();
    let checksum = Checksum::of_digits(&words.next()?.to_ascii_lowercase())?;
    let name = words.next().map(|path| path.trim_start_matches('*'));
    Some((checksum, name.and_then(|path| path.rsplit('/').next())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_where_the_releases_are() {
        let check = |name: &str, version: &str, url: &str| {
            let version = Version::parse(version).unwrap();
            assert_eq!(find(name).unwrap().url(&version, "arm64"), url);
        };
        for name in [
            "kube-apiserver",
            "kube-controller-manager",
            "kube-proxy",
            "kube-scheduler",
            "kubectl",
            "kubelet",
        ] {
            check(name, "1.35.1", &format!("https://dl.k8s.io/release/v1.35.1/bin/linux/arm64/{name}"));
        }
        check(
            "etcd",
            "3.6.14",
            "https://github.com/etcd-io/etcd/releases/download/v3.6.14/etcd-v3.6.14-linux-arm64.tar.gz",
        );
        check(
            "containerd",
            "2.3.4",
            "https://github.com/containerd/containerd/releases/download/v2.3.4/containerd-2.3.4-linux-arm64.tar.gz",
        );
        check("runc", "1.4.3", "https://github.com/opencontainers/runc/releases/download/v1.4.3/runc.arm64");
        check(
            "cni-plugins",
            "1.9.1",
            "https://github.com/containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-arm64-v1.9.1.tgz",
        );
        check(
            "crictl",
            "1.35.0",
            "https://github.com/kubernetes-sigs/cri-tools/releases/download/v1.35.0/crictl-v1.35.0-linux-arm64.tar.gz",
        );
        check("helm", "3.18.4", "https://get.helm.sh/helm-v3.18.4-linux-arm64.tar.gz");
        check(
            "cilium-cli",
            "0.19.7",
            "https://github.com/cilium/cilium-cli/releases/download/v0.19.7/cilium-linux-arm64.tar.gz",
        );
    }

    #[test]
    fn no_template_part_is_left_unfilled() {
        let version = Version::new(1, 2, 3);
        for upstream in UPSTREAMS {
            let texts = [
                upstream.url(&version, "amd64"),
                upstream.checksums_url(&version, "amd64"),
                upstream.member("x", &version, "amd64"),
            ];
            assert!(texts.iter().all(|text| !text.contains(['{', '}'])), "{texts:?}");
        }
    }

    #[test]
    fn programs_are_where_the_archives_hold_them() {
        let check = |name: &str, program: &str, path: &str| {
            let upstream = find(name).unwrap();
            assert_eq!(upstream.member(program, &Version::new(3, 6, 14), "amd64"), path);
        };
        check("etcd", "etcdctl", "etcd-v3.6.14-linux-amd64/etcdctl");
        check("containerd", "ctr", "bin/ctr");
        check("cni-plugins", "bridge", "bridge");
        check("helm", "helm", "linux-amd64/helm");
    }

    #[test]
    fn a_checksum_is_found_in_every_published_form() {
        let (a, b) = ("a".repeat(64), "b".repeat(64));
        let found = |text: &str| published_checksum(text, "runc.amd64").map(|c| c.hex().to_owned());
        for text in [
            a.clone(),
            format!("{a}\n"),
            a.to_uppercase(),
            format!("{a}  runc.amd64\n"),
            format!("{a} *runc.amd64\n"),
            format!("{b}  runc.arm64\n{a}  ./build/runc.amd64\n{b}  runc.amd64.asc\n"),
            format!(
                "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{a}  runc.amd64\n-----BEGIN PGP SIGNATURE-----\n"
            ),
        ] {
            assert_eq!(found(&text), Some(a.clone()), "{text}");
        }
        for text in [
            String::new(),
            "<html>".into(),
            a[1..].into(),
            format!("{a}  runc.arm64\n"),
            format!("{a}\n{b}\n"),
            format!("{a}  runc.amd64\n{b}  runc.amd64\n"),
        ] {
            assert_eq!(found(&text), None, "{text}");
        }
    }
}
