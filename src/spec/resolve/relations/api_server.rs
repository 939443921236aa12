//! What the API server refuses of several flags together.

use super::settings::Settings;
use super::{Relation, relation};
use crate::cluster::fields;

pub(super) const RELATIONS: &[Relation] = &[
    relation(
        &["authorization-mode"],
        |s| s.has("authorization-mode", "ABAC") && !s.is_set("authorization-policy-file") && !configured(s),
        "has ABAC, and authorization-policy-file names no file of its policy",
        "remove ABAC, or set authorization-policy-file",
    ),
    relation(
        &["authorization-mode"],
        |s| {
            s.has("authorization-mode", "Webhook")
                && !s.is_set("authorization-webhook-config-file")
                && !configured(s)
        },
        "has Webhook, and authorization-webhook-config-file names no file that says where it is",
        "remove Webhook, or set authorization-webhook-config-file",
    ),
    relation(
        &["authorization-mode"],
        |s| {
            let modes = s.items("authorization-mode");
            modes.iter().enumerate().any(|(i, mode)| modes[..i].contains(mode)) && !configured(s)
        },
        "names a mode twice",
        "name each mode once, in the order in which they are asked",
    ),
    relation(
        &["authorization-policy-file"],
        |s| s.is_set("authorization-policy-file") && !s.has("authorization-mode", "ABAC") && !configured(s),
        "is of no use without the mode ABAC, and the API server refuses it",
        "remove it, or add ABAC to authorization-mode",
    ),
    relation(
        &["authorization-webhook-config-file"],
        |s| {
            s.is_set("authorization-webhook-config-file")
                && !s.has("authorization-mode", "Webhook")
                && !configured(s)
        },
        "is of no use without the mode Webhook, and the API server refuses it",
        "remove it, or add Webhook to authorization-mode",
    ),
    relation(
        &["authorization-config"],
        |s| configured(s) && (s.is_moded() || s.any("authorization-webhook-")),
        "does not go with authorization-mode, which kthw sets, nor with authorization-webhook-*",
        "write authorization-mode: null, and say all of it in the file",
    ),
    relation(
        OIDC,
        |s| {
            let is_whole = s.is_set("oidc-issuer-url") && s.is_set("oidc-client-id");
            s.any("oidc-") && !is_whole && !s.has_issuers
        },
        "needs both oidc-issuer-url and oidc-client-id",
        "set both, or say it in authentication.jwt",
    ),
    relation(
        &["max-requests-inflight", "max-mutating-requests-inflight"],
        |s| {
            let all = s.number("max-requests-inflight") + s.number("max-mutating-requests-inflight");
            s.is_on("enable-priority-and-fairness") && all <= 0.0
        },
        "leaves nothing to share out: max-requests-inflight and max-mutating-requests-inflight are 0 together",
        "let one of them be more than 0, or write enable-priority-and-fairness: false",
    ),
    relation(
        &["audit-log-truncate-max-event-size", "audit-log-truncate-max-batch-size"],
        |s| s.is_set("audit-log-path") && truncated(s, "log"),
        "is wrong: events are larger than 0, and a batch holds at least one (audit-log-truncate-max-batch-size)",
        "write a number of bytes from 1 to that of a batch",
    ),
    relation(
        &["audit-webhook-truncate-max-event-size", "audit-webhook-truncate-max-batch-size"],
        |s| s.is_set("audit-webhook-config-file") && truncated(s, "webhook"),
        "is wrong: events are larger than 0, and a batch holds at least one (audit-webhook-truncate-max-batch-size)",
        "write a number of bytes from 1 to that of a batch",
    ),
    relation(
        &[
            "audit-log-batch-buffer-size",
            "audit-log-batch-max-size",
            "audit-log-batch-throttle-qps",
            "audit-log-batch-throttle-burst",
            "audit-log-batch-throttle-enable",
            "audit-log-mode",
        ],
        |s| s.is_set("audit-log-path") && batched(s, "log"),
        "is a batch of nothing: with audit-log-mode batch all of audit-log-batch-* are more than 0",
        "write numbers above 0; with audit-log-batch-throttle-enable its qps and burst as well",
    ),
    relation(
        &["audit-webhook-batch-throttle-qps"],
        |s| {
            s.is_set("audit-webhook-config-file")
                && s.text("audit-webhook-mode") == "batch"
                && s.is_on("audit-webhook-batch-throttle-enable")
                && s.number("audit-webhook-batch-throttle-qps") <= 0.0
        },
        "is not above 0, and audit-webhook-batch-throttle-enable is on",
        "write a number above 0, or turn the throttle off",
    ),
    relation(
        &["service-account-signing-endpoint"],
        |s| s.is_set("service-account-signing-endpoint"),
        "does not go with service-account-signing-key-file, which kthw sets",
        "remove it: kthw derives the key of service accounts",
    ),
    relation(
        &["service-account-issuer"],
        |s| {
            let issuers = s.component.values("service-account-issuer");
            issuers.iter().enumerate().any(|(i, issuer)| issuers[..i].contains(issuer))
        },
        "names an issuer twice",
        "name each once: the first issues, all are believed",
    ),
    relation(
        &["oidc-issuer-url"],
        |s| {
            let own = match s.is_written("service-account-issuer") {
                true => s.component.values("service-account-issuer").into_iter().map(str::to_owned).collect(),
                false => s
                    .network
                    .map(|n| format!("https://kubernetes.default.svc.{}", n.domain))
                    .into_iter()
                    .collect::<Vec<_>>(),
            };
            own.contains(&s.text("oidc-issuer-url"))
        },
        "is the issuer of service accounts, whose tokens the API server checks itself",
        "name another issuer",
    ),
    relation(
        LEADERSHIP,
        |s| {
            let [lease, renew, retry] = [0, 1, 2].map(|i| s.duration(LEADERSHIP[i]));
            lease <= renew || renew <= retry
        },
        "is out of order: the lease outlasts its renewal, and that the pause between attempts",
        "let coordinated-leadership-lease-duration (15s), -renew-deadline (10s) and -retry-period (2s) be ever shorter",
    ),
    relation(
        &["kubernetes-service-node-port", "service-node-port-range"],
        |s| {
            let port = s.number("kubernetes-service-node-port");
            let range = fields::port_range(&s.text("service-node-port-range"));
            #[expect(clippy::cast_precision_loss, reason = "ports are small")]
            let is_in = range.is_some_and(|(first, last)| (first as f64..=last as f64).contains(&port));
            port > 0.0 && !is_in
        },
        "keeps kubernetes-service-node-port out of service-node-port-range",
        "choose a port of the range (30000-32767 where none is written), or 0",
    ),
    relation(
        &["runtime-config"],
        |s| s.text("runtime-config") == "api/all=false",
        "turns off every API",
        "name those that stay on, such as api/ga=true",
    ),
    relation(
        &["runtime-config"],
        |s| s.is_on("enable-priority-and-fairness") && unfair(&s.text("runtime-config")),
        "turns off flowcontrol.apiserver.k8s.io/v1, which enable-priority-and-fairness needs",
        "add flowcontrol.apiserver.k8s.io/v1=true, or write enable-priority-and-fairness: false",
    ),
    relation(
        &["peer-ca-file", "peer-advertise-ip", "peer-advertise-port"],
        |s| {
            let set = ["peer-ca-file", "peer-advertise-ip", "peer-advertise-port"]
                .iter()
                .any(|flag| s.is_set(flag));
            set && s.version.minor < 36 && !s.opens(&["UnknownVersionInteroperabilityProxy", "AllAlpha"])
        },
        "needs the feature gate UnknownVersionInteroperabilityProxy",
        "add UnknownVersionInteroperabilityProxy=true to feature-gates, or remove the flag",
    ),
    relation(
        &["requestheader-uid-headers"],
        |s| {
            let headers = s.items("requestheader-uid-headers");
            !headers.is_empty() && !headers.iter().any(|header| header.eq_ignore_ascii_case("X-Remote-Uid"))
        },
        "lacks X-Remote-Uid, without which the aggregation of APIs does not work",
        "add X-Remote-Uid",
    ),
    relation(
        &["emulation-forward-compatible", "runtime-config-emulation-forward-compatible"],
        |s| {
            let minor = format!("{}.{}", s.version.major, s.version.minor);
            let emulated = s.text("emulated-version");
            let itself = emulated.is_empty() || emulated.trim_start_matches("kube=") == minor;
            itself
                && (s.is_on("emulation-forward-compatible")
                    || s.is_on("runtime-config-emulation-forward-compatible"))
        },
        "is of use only beside an emulated-version that is older than this one",
        "set emulated-version, or remove the flag",
    ),
    relation(
        &["admission-control"],
        |s| s.is_set("admission-control"),
        "does not go with enable-admission-plugins, which kthw sets",
        "remove it and set controlPlane.admissionPlugins",
    ),
];

const OIDC: &[&str] = &[
    "oidc-ca-file",
    "oidc-client-id",
    "oidc-groups-claim",
    "oidc-groups-prefix",
    "oidc-issuer-url",
    "oidc-required-claim",
    "oidc-signing-algs",
    "oidc-username-claim",
    "oidc-username-prefix",
];

const LEADERSHIP: &[&str] = &[
    "coordinated-leadership-lease-duration",
    "coordinated-leadership-renew-deadline",
    "coordinated-leadership-retry-period",
];

/// Whether a file says who may do what.
fn configured(s: &Settings<'_>) -> bool {
    s.is_set("authorization-config")
}

impl Settings<'_> {
    /// Whether modes of authorization are on the command line.
    fn is_moded(&self) -> bool {
        !matches!(self.component.flags.get("authorization-mode"), Some(None))
    }
}

/// Whether the sizes at which events of an audit are cut are none.
fn truncated(s: &Settings<'_>, backend: &str) -> bool {
    let [batch, event] =
        ["batch", "event"].map(|what| s.number(&format!("audit-{backend}-truncate-max-{what}-size")));
    event <= 0.0 || batch < event
}

/// Whether batches of an audit are none.
fn batched(s: &Settings<'_>, backend: &str) -> bool {
    let number = |what: &str| s.number(&format!("audit-{backend}-batch-{what}"));
    let throttled = s.is_on(&format!("audit-{backend}-batch-throttle-enable"));
    s.text(&format!("audit-{backend}-mode")) == "batch"
        && (number("buffer-size") <= 0.0
            || number("max-size") <= 0.0
            || throttled && (number("throttle-qps") <= 0.0 || number("throttle-burst") <= 0.0))
}

/// Whether the APIs of priorities are off, as the API server looks for it: in this order, whatever else is there.
fn unfair(config: &str) -> bool {
    for api in ["flowcontrol.apiserver.k8s.io/v1", "api/ga", "api/all"] {
        if config.contains(&format!("{api}=false")) {
            return true;
        }
        if config.contains(&format!("{api}=true")) {
            return false;
        }
    }
    false
}
