//! Which flags are paths of files that a program reads, and of what it writes.

use crate::cluster::Program;

use Program::{Etcd, KubeApiserver, KubeControllerManager, KubeProxy, KubeScheduler, Kubelet};

/// The flags of `program` that name a file or a folder which must be there when it starts.
pub fn inputs(program: Program) -> impl Iterator<Item = &'static str> {
    of(INPUTS, program)
}

/// The flags of `program` that name a file or a folder which it makes and writes.
pub fn outputs(program: Program) -> impl Iterator<Item = &'static str> {
    of(OUTPUTS, program)
}

type Table = &'static [(Program, &'static [&'static str])];

fn of(table: Table, program: Program) -> impl Iterator<Item = &'static str> {
    table.iter().filter(move |(owner, _)| *owner == program).flat_map(|(_, names)| names.iter().copied())
}

/// The paths in a value: most are one. A certificate and its key are parted by a comma, the names that they are for
/// follow a colon, and URLs are none.
pub fn paths(value: &str) -> impl Iterator<Item = &str> {
    let files = value.split_once(':').map_or(value, |(files, _)| files);
    files.split(',').filter(|path| path.starts_with('/'))
}

/// Those that kthw owns are not here: what they name is where they say.
const INPUTS: Table = &[
    (
        KubeApiserver,
        &[
            "audit-webhook-config-file",
            "authentication-token-webhook-config-file",
            "authorization-config",
            "authorization-policy-file",
            "authorization-webhook-config-file",
            "cloud-config",
            "egress-selector-config-file",
            "oidc-ca-file",
            "peer-ca-file",
            "tls-sni-cert-key",
            "token-auth-file",
            "tracing-config-file",
        ],
    ),
    (
        KubeControllerManager,
        &[
            "cloud-config",
            "cluster-signing-kube-apiserver-client-cert-file",
            "cluster-signing-kube-apiserver-client-key-file",
            "cluster-signing-kubelet-client-cert-file",
            "cluster-signing-kubelet-client-key-file",
            "cluster-signing-kubelet-serving-cert-file",
            "cluster-signing-kubelet-serving-key-file",
            "cluster-signing-legacy-unknown-cert-file",
            "cluster-signing-legacy-unknown-key-file",
            "leader-migration-config",
            "pv-recycler-pod-template-filepath-hostpath",
            "pv-recycler-pod-template-filepath-nfs",
            "tls-sni-cert-key",
        ],
    ),
    (KubeScheduler, &["tls-sni-cert-key"]),
    (
        Kubelet,
        &[
            "azure-container-registry-config",
            "bootstrap-kubeconfig",
            "cloud-config",
            "config-dir",
            "image-credential-provider-bin-dir",
            "image-credential-provider-config",
            "resolv-conf",
        ],
    ),
    (
        Etcd,
        &[
            "client-cert-file",
            "client-crl-file",
            "client-key-file",
            "discovery-cacert",
            "discovery-cert",
            "discovery-key",
            "peer-client-cert-file",
            "peer-client-key-file",
            "peer-crl-file",
        ],
    ),
];

/// Without the audit log, whose folder the unit is given.
const OUTPUTS: Table = &[
    (KubeApiserver, &["debug-socket-path"]),
    (KubeControllerManager, &["flex-volume-plugin-dir"]),
    (Etcd, &["log-output", "log-outputs"]),
];

/// The flags with which `program` does something else than serve, and ends.
pub fn ending(program: Program) -> &'static [&'static str] {
    match program {
        KubeProxy => &["cleanup", "help", "init-only", "version", "write-config-to"],
        KubeScheduler => &["help", "version", "write-config-to"],
        Kubelet => &["help", "runonce", "version"],
        _ => &["help", "version"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::flags;

    #[test]
    fn every_flag_exists_and_is_nobodys() {
        for program in Program::ALL {
            for name in inputs(*program).chain(outputs(*program)) {
                assert!(flags::known(*program, name), "{program} has no --{name}");
                assert_eq!(flags::owned(*program, name), None, "{program} --{name}");
            }
        }
    }

    /// A new flag that is a path by its name is in one of the tables, or here.
    #[test]
    fn no_flag_that_is_called_like_a_path_is_forgotten() {
        const OTHERS: &[&str] = &[
            // What the program makes where nothing else is said, which kthw says.
            "cert-dir",
            // Folders and files that the kubelet makes, wherever they are.
            "lock-file",
            "pod-manifest-path",
            "root-dir",
            "volume-plugin-dir",
            // Where nothing is, the program goes on.
            "boot-id-file",
            "machine-id-file",
            "experimental-mounter-path",
            // No path of a host.
            "authorization-always-allow-paths",
            "audit-log-path",
            "write-config-to",
        ];
        for program in Program::ALL {
            let version = match program {
                Etcd => "3.6.14",
                Program::Containerd => "2.2.7",
                _ => "1.36.3",
            };
            let is_path = |name: &str| {
                ["-file", "-path", "-paths", "-dir", "-cacert", "-cafile", "kubeconfig", "-config-to"]
                    .iter()
                    .any(|end| name.ends_with(end))
            };
            for name in
                flags::names(*program, &version.parse().expect("a version")).filter(|name| is_path(name))
            {
                let is_known = inputs(*program).chain(outputs(*program)).any(|known| known == name)
                    || flags::owned(*program, name).is_some()
                    || ending(*program).contains(&name)
                    || OTHERS.contains(&name);
                assert!(is_known, "{program} --{name}");
            }
        }
    }

    #[test]
    fn paths_are_found_in_values() {
        let check = |value: &str, expected: &[&str]| {
            assert_eq!(paths(value).collect::<Vec<_>>(), expected, "{value}");
        };
        check("/etc/a.yaml", &["/etc/a.yaml"]);
        check("/a.crt,/a.key:*.example.org,b", &["/a.crt", "/a.key"]);
        check("stderr", &[]);
        check("", &[]);
    }
}
