//! What containerd checks of its plugin for Kubernetes beyond fields: runtimes, and times that are texts.

use semver::Version;
use serde_json::{Map, Value};

use crate::cluster::duration;
use crate::field_path::join;
use crate::spec::problem::Problem;

/// Times by plugin.
const TIMES: &[(&str, &[&str])] = &[
    ("io.containerd.cri.v1.images", &["image_pull_progress_timeout"]),
    (
        "io.containerd.cri.v1.runtime",
        &["drain_exec_sync_io_timeout", "stats_collect_period", "stats_retention_period"],
    ),
    (
        "io.containerd.grpc.v1.cri",
        &["drain_exec_sync_io_timeout", "image_pull_progress_timeout", "stream_idle_timeout"],
    ),
];

/// Reports settings with which containerd starts without its plugin, so that no pod runs.
pub fn check(config: &Map<String, Value>, version: &Version, problems: &mut Vec<Problem>) {
    let path = "components.containerd.config.plugins";
    let Some(plugins) = config.get("plugins") else { return };
    for (plugin, fields) in TIMES {
        for field in *fields {
            let text = plugins.get(plugin).and_then(|settings| settings.get(field)).and_then(Value::as_str);
            if let Some(text) = text.filter(|text| !text.is_empty() && !is_duration(text)) {
                let path = join(&join(path, plugin), field);
                problems.push(
                    Problem::error(&path, format!("{path} {text} is not a duration"))
                        .fix("write it like 30s or 5m"),
                );
            }
        }
    }
    let plugin = match version.major {
        1 => "io.containerd.grpc.v1.cri",
        _ => "io.containerd.cri.v1.runtime",
    };
    let programs = |field: &str| plugins.get(plugin)?.get("cni")?.get(field);
    let has_one = programs("bin_dir").and_then(Value::as_str).is_some_and(|folder| !folder.is_empty());
    let has_several =
        programs("bin_dirs").and_then(Value::as_array).is_some_and(|folders| !folders.is_empty());
    if has_one && has_several {
        let path = join(&join(&join(path, plugin), "cni"), "bin_dir");
        problems
            .push(Problem::error(&path, format!("{path} does not go with bin_dirs")).fix("keep bin_dirs"));
    }
    if let Some(settings) = plugins.get(plugin).and_then(|plugin| plugin.get("containerd")) {
        runtimes(&join(&join(path, plugin), "containerd"), settings, problems);
    }
}

fn is_duration(text: &str) -> bool {
    duration::parse(text.trim_start_matches('-')).is_some()
}

/// The runtimes that there are, and which of them pods have that do not say.
fn runtimes(path: &str, settings: &Value, problems: &mut Vec<Problem>) {
    let written = settings.get("runtimes").and_then(Value::as_object);
    let is_there = |name: &str| match written.and_then(|runtimes| runtimes.get(name)) {
        Some(runtime) => !runtime.is_null(),
        // kthw's own.
        None => name == "runc",
    };
    let default = settings.get("default_runtime_name").and_then(Value::as_str).unwrap_or("runc");
    if !is_there(default) {
        let path = join(path, "default_runtime_name");
        let message = match default {
            "" => format!("{path} is empty"),
            name => format!("{path} {name} is no runtime of this configuration"),
        };
        problems.push(
            Problem::error(&path, message)
                .fix("add it to runtimes, such as {kata: {runtime_type: io.containerd.kata.v2}}, or name one that is there"),
        );
    }
    for (name, runtime) in written.into_iter().flatten().filter(|(_, runtime)| runtime.is_object()) {
        let path = join(&join(path, "runtimes"), name);
        let text = |field: &str| runtime.get(field).and_then(Value::as_str).unwrap_or_default();
        let is_on = |field: &str| runtime.get(field) == Some(&Value::Bool(true));
        if name != "runc" && text("runtime_type").is_empty() {
            let path = join(&path, "runtime_type");
            problems.push(
                Problem::error(&path, format!("{path} is missing"))
                    .fix("name it, such as io.containerd.runc.v2"),
            );
        }
        if !["", "fifo", "streaming"].contains(&text("io_type")) {
            let path = join(&path, "io_type");
            problems.push(
                Problem::error(&path, format!("{path} {} is not taken", text("io_type")))
                    .fix("choose one of fifo, streaming"),
            );
        }
        let all = "privileged_without_host_devices_all_devices_allowed";
        if is_on(all) && !is_on("privileged_without_host_devices") {
            let path = join(&path, all);
            problems.push(
                Problem::error(&path, format!("{path} needs privileged_without_host_devices"))
                    .fix("add privileged_without_host_devices: true"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check_runtime(settings: &Value, expected: &[&str]) {
        let config = json!({"plugins": {"io.containerd.cri.v1.runtime": settings}});
        let mut problems = Vec::new();
        check(config.as_object().expect("a mapping"), &Version::new(2, 3, 0), &mut problems);
        let start = "components.containerd.config.plugins.[io.containerd.cri.v1.runtime].";
        let found: Vec<_> = problems.iter().map(|p| p.path.trim_start_matches(start).to_owned()).collect();
        let ends_alike = found.iter().zip(expected).all(|(found, end)| found.ends_with(end));
        assert!(found.len() == expected.len() && ends_alike, "{found:?} {expected:?}");
    }

    #[test]
    fn the_usual_runtime_is_there() {
        let kata = json!({"runtime_type": "io.containerd.kata.v2"});
        let of = |default: &str, runtimes: Value| json!({"containerd": {"default_runtime_name": default, "runtimes": runtimes}});
        check_runtime(&of("runc", json!({})), &[]);
        check_runtime(&of("kata", json!({"kata": kata})), &[]);
        check_runtime(&of("kata", json!({"crun": {"runtime_type": "a"}})), &["default_runtime_name"]);
        check_runtime(&of("", json!({})), &["default_runtime_name"]);
        check_runtime(&of("runc", json!({"runc": null, "kata": kata})), &["default_runtime_name"]);
    }

    #[test]
    fn runtimes_are_complete() {
        let of = |runtime: Value| json!({"containerd": {"runtimes": {"a": runtime}}});
        check_runtime(&of(json!({"options": {}})), &["runtime_type"]);
        check_runtime(&of(json!({"runtime_type": "a", "io_type": "pipe"})), &["io_type"]);
        let all = json!({"runtime_type": "a", "privileged_without_host_devices_all_devices_allowed": true});
        check_runtime(&of(all), &["all_devices_allowed"]);
    }

    #[test]
    fn times_are_durations() {
        check_runtime(&json!({"drain_exec_sync_io_timeout": "30s", "stats_collect_period": ""}), &[]);
        check_runtime(&json!({"drain_exec_sync_io_timeout": "30"}), &["drain_exec_sync_io_timeout"]);
        check_runtime(&json!({"cni": {"bin_dir": "/a", "bin_dirs": ["/b"]}}), &["cni.bin_dir"]);
    }
}
