//! What all programs of Kubernetes refuse: of their logs and of the versions that they pass themselves off as.

use super::{Relation, relation};

/// The gates that open settings of logs that are on trial.
const ALPHA: &[&str] = &["LoggingAlphaOptions", "AllAlpha"];

/// Of logs, for programs that have no file which says the same: rules/logging.rs is about those.
pub(super) const LOGS: &[Relation] = &[
    relation(
        &["vmodule", "logging-format"],
        |s| s.is_set("vmodule") && s.is_set("logging-format") && s.text("logging-format") != "text",
        "does not go with this logging-format: only text has levels by file",
        "remove vmodule, or write logging-format: text",
    ),
    relation(
        &["logging-format"],
        |s| {
            s.text("logging-format") == "json" && s.text("feature-gates").contains("LoggingBetaOptions=false")
        },
        "json needs the feature gate LoggingBetaOptions, which is turned off",
        "remove the gate, or write logging-format: text",
    ),
    relation(
        &[
            "log-text-split-stream",
            "log-text-info-buffer-size",
            "log-json-split-stream",
            "log-json-info-buffer-size",
        ],
        |s| {
            let buffer = |flag| s.is_set(flag) && s.text(flag) != "0";
            let is_changed = s.is_on("log-text-split-stream")
                || s.is_on("log-json-split-stream")
                || buffer("log-text-info-buffer-size")
                || buffer("log-json-info-buffer-size");
            is_changed && !s.opens(ALPHA)
        },
        "needs the feature gate LoggingAlphaOptions",
        "add LoggingAlphaOptions=true to feature-gates, or remove the flag",
    ),
];

/// Of versions.
pub(super) const VERSIONS: &[Relation] = &[relation(
    &["min-compatibility-version", "emulated-version"],
    |s| {
        let minor = |flag: &str| {
            let text = s.text(flag);
            let (_, number) = text.rsplit_once('=').unwrap_or(("", &text));
            number.split('.').nth(1).and_then(|minor| minor.parse::<u64>().ok())
        };
        let emulated = minor("emulated-version").unwrap_or(s.version.minor);
        minor("min-compatibility-version").is_some_and(|oldest| oldest > emulated)
    },
    "has min-compatibility-version above the version that is emulated",
    "let min-compatibility-version be that of emulated-version or an older one",
)];
