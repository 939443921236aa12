//! The flags of one program as it gets them: what is written, kthw's choice, or the program's own.

use std::time::Duration;

use semver::Version;

use crate::cluster::duration;
use crate::cluster::{Component, FlagValue, Network, Program};

pub struct Settings<'a> {
    pub program: Program,
    pub component: &'a Component,
    pub version: &'a Version,
    pub network: Option<&'a Network>,
    /// Whether a file says who is who, beside which the API server takes no flags about it.
    pub has_issuers: bool,
}

impl Settings<'_> {
    /// Whether the cluster file gives the flag a value, or takes kthw's away.
    pub fn is_written(&self, flag: &str) -> bool {
        self.component.flags.contains_key(flag)
    }

    /// The value as it is on the command line; empty where nothing is.
    pub fn text(&self, flag: &str) -> String {
        match self.component.flags.get(flag) {
            Some(Some(FlagValue::Bool(value))) => value.to_string(),
            Some(Some(FlagValue::Text(text))) => text.clone(),
            Some(Some(FlagValue::List(items))) => items.join(","),
            written => {
                let default = DEFAULTS.iter().find(|row| row.0 == self.program && row.1 == flag);
                let (ours, own) = default.map_or(("", ""), |(_, _, ours, own)| (*ours, *own));
                // What kthw sets is gone where null is written.
                if written.is_some() || ours.is_empty() { own.to_owned() } else { ours.to_owned() }
            }
        }
    }

    pub fn is_set(&self, flag: &str) -> bool {
        !self.text(flag).is_empty()
    }

    /// Whether any flag whose name begins so has a value.
    pub fn any(&self, start: &str) -> bool {
        self.component.flags.iter().any(|(name, value)| name.starts_with(start) && value.is_some())
    }

    pub fn is_on(&self, flag: &str) -> bool {
        self.text(flag) == "true"
    }

    /// The items of a list.
    pub fn items(&self, flag: &str) -> Vec<String> {
        let text = self.text(flag);
        text.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    pub fn has(&self, flag: &str, item: &str) -> bool {
        self.items(flag).iter().any(|known| known == item)
    }

    /// A number, 0 where it is none.
    pub fn number(&self, flag: &str) -> f64 {
        self.text(flag).parse().unwrap_or_default()
    }

    pub fn duration(&self, flag: &str) -> Duration {
        duration::parse(&self.text(flag)).unwrap_or_default()
    }

    /// Whether a feature gate is opened by a flag.
    pub fn opens(&self, gates: &[&str]) -> bool {
        self.items("feature-gates").iter().any(|gate| {
            gate.split_once('=').is_some_and(|(name, value)| {
                let name = name.strip_prefix("kube:").unwrap_or(name);
                gates.contains(&name) && value.eq_ignore_ascii_case("true")
            })
        })
    }
}

use Program::{Etcd, KubeApiserver, KubeControllerManager};

/// What flags are that the tables compare: kthw's choice, where it has one, and the program's own.
const DEFAULTS: &[(Program, &str, &str, &str)] = &[
    (KubeApiserver, "audit-log-batch-buffer-size", "", "10000"),
    (KubeApiserver, "audit-log-batch-max-size", "", "1"),
    (KubeApiserver, "audit-log-batch-throttle-enable", "", "false"),
    (KubeApiserver, "audit-log-mode", "", "blocking"),
    (KubeApiserver, "audit-log-path", "/var/log/kubernetes/audit.log", ""),
    (KubeApiserver, "audit-log-truncate-max-batch-size", "", "10485760"),
    (KubeApiserver, "audit-log-truncate-max-event-size", "", "102400"),
    (KubeApiserver, "audit-webhook-batch-throttle-enable", "", "true"),
    (KubeApiserver, "audit-webhook-batch-throttle-qps", "", "10"),
    (KubeApiserver, "audit-webhook-mode", "", "batch"),
    (KubeApiserver, "audit-webhook-truncate-max-batch-size", "", "10485760"),
    (KubeApiserver, "audit-webhook-truncate-max-event-size", "", "102400"),
    (KubeApiserver, "authorization-mode", "Node,RBAC", "AlwaysAllow"),
    (KubeApiserver, "coordinated-leadership-lease-duration", "", "15s"),
    (KubeApiserver, "coordinated-leadership-renew-deadline", "", "10s"),
    (KubeApiserver, "coordinated-leadership-retry-period", "", "2s"),
    (KubeApiserver, "enable-priority-and-fairness", "", "true"),
    (KubeApiserver, "max-mutating-requests-inflight", "", "200"),
    (KubeApiserver, "max-requests-inflight", "", "400"),
    (KubeApiserver, "service-node-port-range", "", "30000-32767"),
    (KubeControllerManager, "cluster-signing-cert-file", "/etc/kubernetes/pki/ca.crt", ""),
    (Etcd, "experimental-initial-corrupt-check", "", "false"),
    (Etcd, "feature-gates", "InitialCorruptCheck=true", ""),
    (Etcd, "log-outputs", "", "default"),
    (Etcd, "tls-min-version", "TLS1.3", "TLS1.2"),
];
