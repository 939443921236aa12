//! From what a cluster needs to pins, by asking what upstream or a mirror publishes.

use semver::Version;

use super::{find, published, published_checksum};
use crate::lock::{Algorithm, Checksum, Pin};

/// A file that a cluster needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    pub name: String,
    pub version: Version,
    pub arch: String,
}

/// Whoever is asked what was published. Both questions name the file by upstream's URL.
#[expect(async_fn_in_trait, reason = "the only implementor outside tests is this crate's fetcher")]
pub trait Origin {
    type Error: std::fmt::Display;

    /// A small text, or `None` when there is no such file.
    async fn text(&self, url: &str) -> Result<Option<String>, Self::Error>;

    /// Whether a file may be trusted for what it holds.
    fn is_trusted(&self) -> bool;

    /// The checksum of the file itself, or `None` when there is no such file.
    async fn measure(&self, url: &str, algorithm: Algorithm) -> Result<Option<Checksum>, Self::Error>;
}

/// Why a need has no pin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    #[error("no upstream of `{0}` is known; kthw pins {known}", known = known())]
    Unknown(String),
    #[error("{subject}: {cause}; check the version, the network, or pass `--mirror`")]
    Unreachable { subject: String, cause: String },
    #[error("{subject}: {url} is not there; check that this version was released for this architecture")]
    Unpublished { subject: String, url: String },
    #[error("{subject}: {url} does not hold one checksum of {file}; look at what it does hold")]
    Unclear { subject: String, url: String, file: String },
}

fn known() -> String {
    super::UPSTREAMS.iter().map(|upstream| upstream.name).collect::<Vec<_>>().join(", ")
}

/// Pins every need, or says of each that failed why.
///
/// The published checksum file decides. Where there is none, a mirror's own file is measured instead.
pub async fn resolve_pins(needs: &[Need], origin: &impl Origin) -> Result<Vec<Pin>, Vec<ResolveError>> {
    let mut pins = Vec::new();
    let mut errors = Vec::new();
    for need in needs {
        match resolve(need, origin).await {
            Ok(pin) => pins.push(pin),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(pins) } else { Err(errors) }
}

async fn resolve(need: &Need, origin: &impl Origin) -> Result<Pin, ResolveError> {
    let Need { name, version, arch } = need;
    let upstream = find(name).ok_or_else(|| ResolveError::Unknown(name.clone()))?;
    let subject = format!("{name} {version} linux/{arch}");
    let unreachable = |cause: String| ResolveError::Unreachable { subject: subject.clone(), cause };
    let url = upstream.url(version, arch);
    let list = upstream.checksums_url(version, arch);
    let file = url.rsplit('/').next().unwrap_or_default().to_owned();
    let (checksum, measured) =
        match origin.text(&list).await.map_err(|error| unreachable(error.to_string()))? {
            Some(text) => published_checksum(&text, &file)
                .map(|checksum| (checksum, false))
                .ok_or_else(|| ResolveError::Unclear { subject: subject.clone(), url: list, file })?,
            None if origin.is_trusted() => origin
                .measure(&url, published(need).map_or(Algorithm::Sha256, |pin| pin.checksum.algorithm()))
                .await
                .map_err(|error| unreachable(error.to_string()))?
                .map(|checksum| (checksum, true))
                .ok_or_else(|| ResolveError::Unpublished { subject: subject.clone(), url: url.clone() })?,
            None => return Err(ResolveError::Unpublished { subject, url: list }),
        };
    Ok(Pin {
        name: name.clone(),
        version: version.clone(),
        os: "linux".to_owned(),
        arch: arch.clone(),
        url,
        checksum,
        published: None,
        measured,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Texts by URL; whether its files are trusted, of which it has all but those of 1.0.0. What is 9.9.9 cannot be
    /// asked.
    struct Shelf {
        texts: BTreeMap<String, String>,
        trusted: bool,
    }

    impl Origin for Shelf {
        type Error = String;

        async fn text(&self, url: &str) -> Result<Option<String>, String> {
            if url.contains("9.9.9") {
                Err(format!("{url}: connection refused"))
            } else {
                Ok(self.texts.get(url).cloned())
            }
        }

        fn is_trusted(&self) -> bool {
            self.trusted
        }

        async fn measure(&self, url: &str, _: Algorithm) -> Result<Option<Checksum>, String> {
            assert!(self.trusted, "nobody measures {url}");
            Ok((!url.contains("1.0.0")).then(|| sha256('c')))
        }
    }

    fn sha256(digit: char) -> Checksum {
        Checksum::new(Algorithm::Sha256, &digit.to_string().repeat(64)).unwrap()
    }

    fn need(name: &str, version: &str) -> Need {
        Need { name: name.into(), version: Version::parse(version).unwrap(), arch: "amd64".into() }
    }

    fn check(needs: &[Need], trusted: bool) -> Result<Vec<Pin>, Vec<String>> {
        let texts = [
            ("https://dl.k8s.io/release/v1.35.1/bin/linux/amd64/kubelet.sha256", "a".repeat(64)),
            (
                "https://github.com/etcd-io/etcd/releases/download/v3.6.14/SHA256SUMS",
                format!("{}  etcd-v3.6.14-linux-amd64.tar.gz\n", "b".repeat(64)),
            ),
            ("https://github.com/etcd-io/etcd/releases/download/v3.6.13/SHA256SUMS", "<html>".to_owned()),
        ];
        let texts = texts.into_iter().map(|(url, text)| (url.to_owned(), text)).collect();
        let shelf = Shelf { texts, trusted };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime
            .block_on(resolve_pins(needs, &shelf))
            .map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn published_checksums_become_pins() {
        let pins = check(&[need("kubelet", "1.35.1"), need("etcd", "3.6.14")], false).unwrap();
        assert!(pins.iter().all(|pin| !pin.measured));
        let checksums: Vec<_> = pins.iter().map(|pin| pin.checksum.clone()).collect();
        assert_eq!(checksums, [sha256('a'), sha256('b')]);
        assert_eq!(pins[0].url, "https://dl.k8s.io/release/v1.35.1/bin/linux/amd64/kubelet");
        assert_eq!(pins[1].to_string(), "etcd 3.6.14 linux/amd64");
    }

    #[test]
    fn a_mirror_without_checksum_files_is_measured() {
        let pins = check(&[need("runc", "1.4.3")], true).unwrap();
        assert_eq!((&pins[0].checksum, pins[0].measured), (&sha256('c'), true));
    }

    #[test]
    fn what_a_mirror_lacks_is_the_release_and_not_its_checksum_file() {
        insta::assert_snapshot!(check(&[need("runc", "1.0.0")], true).unwrap_err().join("\n"), @"runc 1.0.0 linux/amd64: https://github.com/opencontainers/runc/releases/download/v1.0.0/runc.amd64 is not there; check that this version was released for this architecture");
    }

    #[test]
    fn every_need_that_fails_is_named() {
        let needs =
            [need("emacs", "1.0.0"), need("runc", "1.4.3"), need("etcd", "3.6.13"), need("kubelet", "9.9.9")];
        insta::assert_snapshot!(check(&needs, false).unwrap_err().join("\n"), @r"
        no upstream of `emacs` is known; kthw pins kube-apiserver, kube-controller-manager, kube-proxy, kube-scheduler, kubectl, kubelet, etcd, containerd, runc, cni-plugins, crictl, helm, cilium-cli, ubuntu-24.04, debian-12, debian-13
        runc 1.4.3 linux/amd64: https://github.com/opencontainers/runc/releases/download/v1.4.3/runc.sha256sum is not there; check that this version was released for this architecture
        etcd 3.6.13 linux/amd64: https://github.com/etcd-io/etcd/releases/download/v3.6.13/SHA256SUMS does not hold one checksum of etcd-v3.6.13-linux-amd64.tar.gz; look at what it does hold
        kubelet 9.9.9 linux/amd64: https://dl.k8s.io/release/v9.9.9/bin/linux/amd64/kubelet.sha256: connection refused; check the version, the network, or pass `--mirror`
        ");
    }
}
