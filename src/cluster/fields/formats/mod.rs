//! Formats of flags: what a text has to be that a program reads as more than one word of a set.

mod texts;

pub use texts::{port_range, url};

use semver::Version;

use crate::cluster::Program;

/// What the values of a flag look like.
#[derive(Debug)]
pub struct Format {
    /// The programs that have such a flag; all of Kubernetes where none is named.
    programs: &'static [Program],
    flags: &'static [&'static str],
    /// What is taken, as an advice begins: `write …`.
    pub expected: &'static str,
    /// Whether it is about each item of a list, or about all of them as they are written.
    pub each: bool,
    takes: Takes,
}

#[derive(Debug)]
enum Takes {
    Text(fn(&str) -> bool),
    /// What depends on the program's own version.
    At(fn(&str, &Version) -> bool),
    Words(&'static [&'static str]),
}

impl Format {
    /// Whether the program takes the text.
    pub fn takes(&self, text: &str, version: &Version) -> bool {
        match &self.takes {
            Takes::Text(fits) => fits(text),
            Takes::At(fits) => fits(text, version),
            Takes::Words(words) => words.contains(&text),
        }
    }

    fn is_of(&self, program: Program, flag: &str) -> bool {
        let is_theirs = match self.programs {
            [] => !matches!(program, Etcd | Program::Containerd),
            programs => programs.contains(&program),
        };
        is_theirs && self.flags.contains(&flag)
    }
}

/// The format of a flag, if it has one.
pub fn format(program: Program, flag: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.is_of(program, flag))
}

use Program::{Etcd, KubeApiserver, KubeControllerManager};
use Takes::{At, Text, Words};

/// A format of single values, or of each item of a list.
const fn each(
    programs: &'static [Program],
    flags: &'static [&'static str],
    expected: &'static str,
    takes: Takes,
) -> Format {
    Format { programs, flags, expected, each: true, takes }
}

/// A format of a list as a whole.
const fn whole(
    programs: &'static [Program],
    flags: &'static [&'static str],
    expected: &'static str,
    takes: Takes,
) -> Format {
    Format { programs, flags, expected, each: false, takes }
}

const API: &[Program] = &[KubeApiserver];
const CONTROLLERS: &[Program] = &[KubeControllerManager];
const ETCD: &[Program] = &[Etcd];
const ALL: &[Program] = &[];

const FORMATS: &[Format] = &[
    each(
        ALL,
        &["vmodule"],
        "patterns of files with a level each, such as gc*=4,kubelet=2",
        Text(texts::is_vmodule),
    ),
    each(
        ALL,
        &["v"],
        "a whole number from 0 to 2147483647",
        Text(|text| texts::within(text, 0, i64::from(i32::MAX))),
    ),
    each(ALL, &["disabled-metrics"], "names of metrics: letters, digits, _ and :", Text(texts::is_metric)),
    whole(
        ALL,
        &["allow-metric-labels"],
        "METRIC,LABEL='VALUE,VALUE' within quotes of CSV, or METRIC,LABEL=VALUE where that is all",
        Text(texts::are_metric_labels),
    ),
    each(
        ALL,
        &["show-hidden-metrics-for-version"],
        "the minor before this one, such as 1.35 for 1.36",
        At(|text, version| {
            text.is_empty() || text == format!("{}.{}", version.major, version.minor.saturating_sub(1))
        }),
    ),
    each(
        ALL,
        &["log-text-info-buffer-size", "log-json-info-buffer-size"],
        "an amount such as 64Ki",
        Text(texts::is_buffer),
    ),
    each(ALL, &["bind-address"], "an IP address", Text(texts::is_address)),
    each(
        ALL,
        &[
            "requestheader-username-headers",
            "requestheader-group-headers",
            "requestheader-uid-headers",
            "requestheader-extra-headers-prefix",
            "requestheader-allowed-names",
        ],
        "names that are not blank",
        Text(|text| !text.trim().is_empty()),
    ),
    each(
        ALL,
        &["emulated-version", "min-compatibility-version"],
        "this minor or one of the three before it, such as kube=1.35",
        At(texts::is_earlier),
    ),
    each(
        ALL,
        &["tls-sni-cert-key"],
        "CERTIFICATE,KEY, or with the names it is for CERTIFICATE,KEY:*.example.org",
        Text(texts::is_named_key),
    ),
    each(
        API,
        &["service-node-port-range"],
        "the first and the last port, such as 30000-32767, at most 65535",
        Text(texts::is_port_range),
    ),
    each(
        API,
        &["goaway-chance"],
        "a number from 0 to 0.02",
        Text(|text| text.parse().is_ok_and(|chance: f64| (0.0..=0.02).contains(&chance))),
    ),
    each(
        API,
        &["kubernetes-service-node-port"],
        "0, or a port that service-node-port-range has",
        Text(|text| texts::within(text, 0, 65535)),
    ),
    each(
        API,
        &["apiserver-count"],
        "a whole number from 1 on",
        Text(|text| texts::within(text, 1, i64::MAX)),
    ),
    each(
        API,
        &["service-account-max-token-expiration"],
        "a duration from 1h to 1193046h, or 0",
        Text(texts::is_token_lifetime),
    ),
    each(API, &["oidc-issuer-url"], "an https URL without user, query and fragment", Text(texts::is_issuer)),
    each(
        API,
        &["service-account-jwks-uri"],
        "an https URL",
        Text(|text| text.is_empty() || texts::url(text).is_some_and(|url| url.scheme == "https")),
    ),
    each(
        API,
        &["service-account-issuer"],
        "a URL such as https://kubernetes.default.svc, or a word without a colon",
        Text(|text| !text.is_empty() && (!text.contains(':') || texts::url(text).is_some())),
    ),
    each(
        API,
        &["oidc-signing-algs"],
        "one of RS256, RS384, RS512, ES256, ES384, ES512, PS256, PS384, PS512",
        Words(&["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512"]),
    ),
    each(API, &["oidc-required-claim"], "CLAIM=VALUE", Text(|text| text.contains('='))),
    each(
        API,
        &["authentication-token-webhook-version", "authorization-webhook-version"],
        "v1 or v1beta1",
        Words(&["v1", "v1beta1"]),
    ),
    each(
        API,
        &["cors-allowed-origins"],
        "a regular expression with both ends of the host, such as //example\\.org(:|$)",
        Text(texts::is_origin),
    ),
    each(
        API,
        &["watch-cache-sizes"],
        "RESOURCE.GROUP#SIZE, such as deployments.apps#100",
        Text(texts::is_cache_size),
    ),
    each(
        API,
        &["etcd-servers-overrides"],
        "GROUP/RESOURCE#SERVER;SERVER, such as /events#https://10.0.0.4:2379",
        Text(texts::is_override),
    ),
    each(
        API,
        &["strict-transport-security-directives"],
        "max-age=SECONDS, includeSubDomains or preload",
        Text(texts::is_hsts),
    ),
    each(
        API,
        &["runtime-config"],
        "GROUP/VERSION=true, GROUP/VERSION/RESOURCE=false, or one of api/all, api/ga, api/beta and api/alpha with true or false",
        Text(texts::is_runtime_config),
    ),
    each(
        CONTROLLERS,
        &["cidr-allocator-type"],
        "RangeAllocator, which alone is built in",
        Words(&["", "RangeAllocator"]),
    ),
    each(
        ETCD,
        &["cipher-suites"],
        "names of cipher suites of TLS 1.2, such as TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        Text(texts::is_suite_of_etcd),
    ),
    each(
        ETCD,
        &["auth-token"],
        "simple, or jwt with its settings: jwt,pub-key=FILE,priv-key=FILE,sign-method=RS256,ttl=10m",
        Text(texts::is_token_spec),
    ),
    each(
        ETCD,
        &["compact-hash-check-time", "experimental-compact-hash-check-time"],
        "a duration above 0",
        Text(texts::is_above_zero),
    ),
    each(
        ETCD,
        &["listen-metrics-urls", "listen-client-http-urls"],
        "http:// or https:// with an IP address and a port, such as http://127.0.0.1:2381",
        Text(texts::is_listener),
    ),
    each(
        ETCD,
        &["cors"],
        "URLs with a host and a port, or *",
        Text(|text| text == "*" || texts::is_listener_of_any_name(text)),
    ),
    each(
        ETCD,
        &[
            "max-snapshots",
            "max-wals",
            "max-txn-ops",
            "max-request-bytes",
            "auth-token-ttl",
            "bcrypt-cost",
            "bootstrap-defrag-threshold-megabytes",
            "snapshot-count",
            "snapshot-catchup-entries",
            "self-signed-cert-validity",
        ],
        "a whole number from 0 on",
        Text(|text| texts::within(text, 0, i64::MAX)),
    ),
    each(
        ETCD,
        &["max-concurrent-streams"],
        "a whole number from 0 to 4294967295",
        Text(|text| texts::within(text, 0, i64::from(u32::MAX))),
    ),
    each(
        ETCD,
        &["feature-gates"],
        "GATE=true or GATE=false, of CompactHashCheck, InitialCorruptCheck, LeaseCheckpoint, LeaseCheckpointPersist, \
         SetMemberLocalAddr, StopGRPCServiceOnDefrag, TxnModeWriteWithSharedBuffer and from etcd 3.7 FastLeaseKeepAlive, PriorityRequest",
        At(texts::is_gate_of_etcd),
    ),
    each(ETCD, &["metrics"], "basic or extensive", Words(&["basic", "extensive"])),
    each(
        ETCD,
        &["backend-bbolt-freelist-type", "experimental-backend-bbolt-freelist-type"],
        "array or map",
        Words(&["array", "map"]),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::flags;

    #[test]
    fn every_flag_exists() {
        for format in FORMATS {
            for flag in format.flags {
                let mut having = Program::ALL.iter().filter(|program| format.is_of(**program, flag));
                assert!(having.any(|program| flags::known(*program, flag)), "nobody has --{flag}");
            }
        }
    }

    #[test]
    fn a_format_may_depend_on_the_version() {
        let check = |flag, value: &str, version: &str, taken: bool| {
            let format = format(Program::KubeApiserver, flag).expect("a format");
            assert_eq!(
                format.takes(value, &version.parse().expect("a version")),
                taken,
                "{flag} {value} {version}"
            );
        };
        check("show-hidden-metrics-for-version", "1.35", "1.36.3", true);
        check("show-hidden-metrics-for-version", "1.35", "1.37.2", false);
        check("emulated-version", "1.37", "1.36.3", false);
        check("emulated-version", "1.37", "1.37.2", true);
    }
}
