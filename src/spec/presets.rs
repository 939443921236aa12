//! Presets: the cluster files that `kthw init` writes, which are those of the examples.

/// One control plane and two workers.
pub const SINGLE: &str = include_str!("../../examples/single/cluster.yaml");
/// Three control planes behind a gateway whose kernel balances, and three workers.
pub const HA_IPVS: &str = include_str!("../../examples/ha-ipvs/cluster.yaml");
/// Three control planes behind HAProxy, and two workers.
pub const HA_HAPROXY: &str = include_str!("../../examples/ha-haproxy/cluster.yaml");
/// Three control planes that run Cilium too, an etcd of its own, and what a cluster needs that people depend on.
pub const PRODUCTION: &str = include_str!("../../examples/production/cluster.yaml");

/// One control plane and two workers, with Cilium.
pub const CILIUM: &str = include_str!("../../examples/cilium/cluster.yaml");

#[cfg(test)]
pub const ALL: &[&str] = &[SINGLE, CILIUM, HA_IPVS, HA_HAPROXY, PRODUCTION];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_loads_without_a_warning() {
        for preset in ALL {
            assert_eq!(crate::spec::load(preset).unwrap().1, []);
        }
    }

    #[test]
    fn the_first_line_names_the_schema() {
        let first = "# yaml-language-server: $schema=.kthw/schema.json";
        for preset in ALL {
            assert_eq!(preset.lines().next(), Some(first));
        }
    }
}
