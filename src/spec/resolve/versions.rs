//! The versions section: exact versions that go together.

use semver::Version;

use super::names;
use crate::cluster::Versions;
use crate::spec::document::VersionsSpec;
use crate::spec::problem::Problem;

/// Decides every version: as written, or one that suits the Kubernetes version.
pub fn resolve(spec: &VersionsSpec, problems: &mut Vec<Problem>) -> Option<Versions> {
    let suiting = kubernetes(&spec.kubernetes, problems);
    let mut read = |name: &str, text: &Option<String>| {
        let path = format!("versions.{name}");
        text.as_deref().map(|text| exact(&path, text, problems))
    };
    let etcd = read("etcd", &spec.etcd);
    let containerd = read("containerd", &spec.containerd);
    let runc = read("runc", &spec.runc);
    let cni_plugins = read("cniPlugins", &spec.cni_plugins);
    let crictl = read("crictl", &spec.crictl);
    let coredns = read("coredns", &spec.coredns);
    let cilium = read("cilium", &spec.cilium);
    let cilium_cli = read("ciliumCli", &spec.cilium_cli);
    let suiting = suiting?;
    let versions = Versions {
        etcd: etcd.unwrap_or(Some(suiting.etcd))?,
        containerd: containerd.unwrap_or(Some(suiting.containerd))?,
        runc: runc.unwrap_or(Some(suiting.runc))?,
        cni_plugins: cni_plugins.unwrap_or(Some(suiting.cni_plugins))?,
        crictl: crictl.unwrap_or(Some(suiting.crictl))?,
        coredns: coredns.unwrap_or(Some(suiting.coredns))?,
        cilium: cilium.unwrap_or(Some(suiting.cilium))?,
        cilium_cli: cilium_cli.unwrap_or(Some(suiting.cilium_cli))?,
        kubernetes: suiting.kubernetes,
    };
    problems.extend(etcd_problem(&versions.etcd));
    problems.extend(containerd_problem(&versions.containerd, &versions.kubernetes));
    problems.extend(too_old("runc", &versions.runc, Version::new(1, 1, 0)));
    problems.extend(too_old("cniPlugins", &versions.cni_plugins, Version::new(1, 0, 0)));
    problems.extend(too_old("coredns", &versions.coredns, Version::new(1, 8, 0)));
    // Since then kubeProxyReplacement is true or false.
    problems.extend(too_old("cilium", &versions.cilium, Version::new(1, 14, 0)));
    // Since then the CLI installs by way of the chart.
    problems.extend(too_old("ciliumCli", &versions.cilium_cli, Version::new(0, 15, 0)));
    if spec.crictl.is_some() {
        problems.extend(crictl_problem(&versions.crictl, &versions.kubernetes));
    }
    Some(versions)
}

/// The versions that suit the Kubernetes version, if kthw knows that.
fn kubernetes(text: &str, problems: &mut Vec<Problem>) -> Option<Versions> {
    let path = "versions.kubernetes";
    if text.is_empty() {
        problems.push(names::missing(path, "an exact version, for instance 1.35.1"));
        return None;
    }
    let version = exact(path, text, problems)?;
    let suiting = Versions::suiting(&version);
    if suiting.is_none() {
        let (first, last) = Versions::kubernetes_minors();
        problems.push(
            Problem::error(path, format!("{path} {version} is not supported"))
                .fix(format!("choose a version from {first} to {last}")),
        );
    }
    suiting
}

fn exact(path: &str, text: &str, problems: &mut Vec<Problem>) -> Option<Version> {
    let version = Version::parse(text);
    if version.is_err() {
        let fix = match text.strip_prefix('v').map(Version::parse) {
            Some(Ok(version)) => format!("write {version}, without the v"),
            _ => "write major, minor and patch, for instance 1.35.1".to_owned(),
        };
        let message = format!("{path} {text} is not an exact version");
        problems.push(Problem::error(path, message).fix(fix));
    }
    version.ok()
}

fn etcd_problem(etcd: &Version) -> Option<Problem> {
    let path = "versions.etcd";
    match (etcd.major, etcd.minor) {
        (3, 5..=7) => None,
        (3, 4) if etcd.patch >= 22 => Some(
            Problem::warning(path, format!("{path} {etcd} is of a series that is no longer maintained"))
                .fix("choose etcd 3.5 to 3.7"),
        ),
        _ => Some(
            Problem::error(path, format!("{path} {etcd} is not supported")).fix("choose etcd 3.5 to 3.7"),
        ),
    }
}

fn containerd_problem(containerd: &Version, kubernetes: &Version) -> Option<Problem> {
    let path = "versions.containerd";
    let (major, minor) = (containerd.major, containerd.minor);
    if !matches!((major, minor), (1, 7) | (2, 0..=3)) {
        return Some(
            Problem::error(path, format!("{path} {containerd} is not supported"))
                .fix("choose containerd 1.7, or 2.0 to 2.3"),
        );
    }
    (major == 1 && kubernetes.minor >= 36).then(|| {
        let message = format!("{path} {containerd} does not go with Kubernetes {kubernetes}");
        Problem::error(path, message).fix("choose containerd 2.0 or newer")
    })
}

fn too_old(name: &str, version: &Version, oldest: Version) -> Option<Problem> {
    let path = format!("versions.{name}");
    (*version < oldest).then(|| {
        let message = format!("{path} {version} is not supported");
        Problem::error(path, message).fix(format!("choose {oldest} or newer"))
    })
}

fn crictl_problem(crictl: &Version, kubernetes: &Version) -> Option<Problem> {
    let path = "versions.crictl";
    let same = (crictl.major, crictl.minor) == (kubernetes.major, kubernetes.minor);
    (!same).then(|| {
        let (major, minor) = (kubernetes.major, kubernetes.minor);
        let message = format!("{path} {crictl} is not of the minor of Kubernetes {kubernetes}");
        Problem::warning(path, message).fix(format!("choose crictl {major}.{minor}"))
    })
}
