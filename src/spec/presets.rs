//! Presets: the cluster files that `kthw init` writes.

/// One control plane and two workers.
pub fn single() -> String {
    SINGLE.to_owned()
}

const SINGLE: &str = "\
# yaml-language-server: $schema=.kthw/schema.json
apiVersion: kthw.dev/v1alpha1
kind: Cluster
name: hard-way

# Exact versions. etcd, containerd, runc, cniPlugins and crictl follow Kubernetes unless written here.
versions:
  kubernetes: 1.35.1

# Ranges that do not meet: of the machines, of services, and of pods (one /24 for each worker).
network:
  hosts: 10.0.0.0/24
  services: 10.96.0.0/24
  pods: 10.200.0.0/16
  domain: cluster.local
  dns: 10.96.0.10

# Where clients find the Kubernetes API.
api:
  endpoint: https://10.0.0.4:6443

# The machines. Each may also have arch, ssh, labels, taints and podCIDR.
hosts:
  - name: control-plane-1
    address: 10.0.0.4
    roles: [control-plane]
  - name: worker-node-1
    address: 10.0.0.36
    roles: [worker]
  - name: worker-node-2
    address: 10.0.0.37
    roles: [worker]

# Changes to single programs: a flag's value overrides or adds, null removes; config is merged into its file.
# components:
#   kube-apiserver: {flags: {event-ttl: 2h}}
#   kubelet: {config: {maxPods: 50}}
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_loads_without_a_warning() {
        let (cluster, warnings) = crate::spec::load(&single()).unwrap();
        assert_eq!(warnings, []);
        assert_eq!(cluster.workers().count(), 2);
    }

    #[test]
    fn the_first_line_names_the_schema() {
        let first = "# yaml-language-server: $schema=.kthw/schema.json";
        assert_eq!(single().lines().next(), Some(first));
    }
}
