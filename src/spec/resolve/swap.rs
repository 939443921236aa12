//! Swap: what a machine is given, and whether its kubelet starts then.

use serde_json::{Map, Value};

use crate::cluster::{Cluster, Program};
use crate::field_path::join;
use crate::spec::problem::Problem;

const USER_DATA: &str = "machines.userData";
const WAY_OUT: &str = "remove it, or set failSwapOn: false in components.kubelet.config";
/// Packages that make swap as soon as they are installed.
const PACKAGES: &[&str] =
    &["dphys-swapfile", "swapspace", "zram-config", "zram-tools", "systemd-zram-generator"];

/// Reports swap that keeps kubelets from starting, and a way of using it that comes to nothing.
pub fn check(cluster: &Cluster, problems: &mut Vec<Problem>) {
    let kubelet = cluster.components.of(Program::Kubelet);
    let flag = kubelet.values("fail-swap-on").first().map(|value| *value != "false");
    let field = kubelet.config.get("failSwapOn").and_then(Value::as_bool);
    if !flag.or(field).unwrap_or(true) || cluster.workers().next().is_none() {
        return;
    }
    if let Some(machines) = &cluster.machines {
        problems.extend(made(&machines.user_data));
        problems.extend(perhaps_made(&machines.user_data));
    }
    let behavior = kubelet.config.get("memorySwap").and_then(|swap| swap.get("swapBehavior")?.as_str());
    if let Some(behavior @ ("LimitedSwap" | "UnlimitedSwap")) = behavior {
        let path = "components.kubelet.config.memorySwap.swapBehavior";
        let message =
            format!("{path} {behavior} comes to nothing: the kubelet does not start where there is swap");
        problems.push(Problem::warning(path, message).fix("set failSwapOn: false beside it, or remove it"));
    }
}

fn refuse(path: String, what: &str) -> Problem {
    let message = format!("{path} {what} swap, and a kubelet with failSwapOn does not start then");
    Problem::error(path, message).fix(WAY_OUT).discreet()
}

/// What cloud-init makes swap of, beyond doubt.
fn made(user_data: &Map<String, Value>) -> Vec<Problem> {
    let mut found = Vec::new();
    if let Some(swap) = user_data.get("swap").filter(|swap| is_made(swap)) {
        let what = if swap.get("size").is_some_and(|size| size == "auto") { "may make" } else { "makes" };
        found.push(refuse(join(USER_DATA, "swap"), what));
    }
    for (i, mount) in list(user_data, "mounts") {
        // Device, place, kind. Without a place, what the image mounts is not.
        let word = |at: usize| mount.get(at).and_then(Value::as_str);
        if word(2) == Some("swap") && mount.get(1).is_some_and(|place| !place.is_null()) {
            found.push(refuse(format!("{USER_DATA}.mounts[{i}]"), "uses"));
        }
    }
    found
}

/// cloud-init's own rule: both a size and a file, one of which it has a name for.
fn is_made(swap: &Value) -> bool {
    let has_file = swap.get("filename").is_none_or(|file| file.as_str().is_some_and(|file| !file.is_empty()));
    let has_size = match swap.get("size") {
        Some(Value::Number(size)) => size.as_f64().is_some_and(|size| size > 0.0),
        Some(Value::String(size)) => {
            let digits = size.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            size == "auto" || digits.parse::<f64>().is_ok_and(|size| size > 0.0)
        }
        _ => false,
    };
    has_file && has_size
}

/// What looks like it: commands may do something else with these words.
fn perhaps_made(user_data: &Map<String, Value>) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut warn = |path: String, what: &str| {
        let message = format!("{path} {what} swap, and a kubelet with failSwapOn does not start then");
        found.push(Problem::warning(path, message).fix(WAY_OUT).discreet());
    };
    for key in ["bootcmd", "runcmd"] {
        for (i, command) in list(user_data, key) {
            let words = command.to_string();
            let mut words = words.split(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c));
            if words.any(|word| word == "swapon") {
                warn(format!("{USER_DATA}.{key}[{i}]"), "seems to make");
            }
        }
    }
    for (i, package) in list(user_data, "packages") {
        if package.as_str().is_some_and(|package| PACKAGES.contains(&package)) {
            warn(format!("{USER_DATA}.packages[{i}]"), "makes");
        }
    }
    for (i, file) in list(user_data, "write_files") {
        let text = |field: &str| file.get(field).and_then(Value::as_str).unwrap_or_default();
        let is_unit = text("path").starts_with("/etc/systemd/system/") && text("path").ends_with(".swap");
        let is_line = |line: &str| {
            !line.trim_start().starts_with('#') && line.split_whitespace().nth(2) == Some("swap")
        };
        if is_unit || (text("path") == "/etc/fstab" && text("content").lines().any(is_line)) {
            warn(format!("{USER_DATA}.write_files[{i}]"), "seems to make");
        }
    }
    found
}

fn list<'u>(user_data: &'u Map<String, Value>, key: &str) -> impl Iterator<Item = (usize, &'u Value)> {
    user_data.get(key).and_then(Value::as_array).into_iter().flatten().enumerate()
}
