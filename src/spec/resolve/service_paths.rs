//! Paths in flags, as the units of programs let them be used: what a hardened service sees and where it may write.

use crate::cluster::{Cluster, Component, Components, FlagValue, InputPath, Program, flags};
use crate::spec::problem::Problem;

/// Reports flags that lead a service where it is kept from, and those with which it would end at once.
pub fn check(cluster: &Cluster, problems: &mut Vec<Problem>) {
    let components = &cluster.components;
    let wal_dir = cluster.etcd.wal_dir.as_deref();
    for InputPath { program, field, path } in cluster.input_paths() {
        if let (Some(_), Some(top)) = (writable(program), hiding(&path)) {
            let message = format!("{field} {path} is in {top}, which {program}'s unit hides from it");
            problems.push(Problem::error(field, message).fix("put the file below /etc/kubernetes"));
        }
    }
    for program in Program::ALL {
        let component = components.of(*program);
        problems.extend(flags::ending(*program).iter().filter_map(|flag| ends(*program, flag, component)));
        let Some(writable) = writable(*program) else { continue };
        for (flag, value) in flags::outputs(*program).flat_map(|flag| values(component, flag)) {
            let may =
                |path: &str| writable.iter().copied().chain(wal_dir).any(|folder| is_within(path, folder));
            if let Some(path) = flags::paths(value).find(|path| !may(path)) {
                let field = field(*program, flag);
                let message = format!("{field} {path} is where {program}'s unit lets it write nothing");
                let fix = format!("name a path below {}", writable.join(" or "));
                // A folder that is there already is read.
                let problem = match flag {
                    "flex-volume-plugin-dir" => Problem::warning(field, message),
                    _ => Problem::error(field, message),
                };
                problems.push(problem.fix(fix));
            }
        }
    }
    if let (Some(root), Some(state)) = (containerd(components, "root"), containerd(components, "state"))
        && root == state
    {
        let field = "components.containerd.config.state";
        let message = format!(
            "{field} {state} is components.containerd.config.root too, and containerd does not start"
        );
        problems.push(
            Problem::error(field, message).fix("keep them apart: state is lost at each start of the host"),
        );
    }
}

fn containerd<'c>(components: &'c Components, field: &str) -> Option<&'c str> {
    let usual = if field == "root" { "/var/lib/containerd" } else { "/run/containerd" };
    match components.containerd.config.get(field) {
        None => Some(usual),
        Some(value) => value.as_str(),
    }
}

fn field(program: Program, flag: &str) -> String {
    format!("components.{program}.flags.{flag}")
}

fn values<'c>(component: &'c Component, flag: &'static str) -> impl Iterator<Item = (&'static str, &'c str)> {
    component.values(flag).into_iter().map(move |value| (flag, value))
}

/// Where the unit of a hardened program lets it write; others write where they like.
fn writable(program: Program) -> Option<&'static [&'static str]> {
    match program {
        Program::KubeApiserver => Some(&["/var/log/kubernetes"]),
        Program::KubeControllerManager => Some(&["/var/lib/kube-controller-manager"]),
        Program::KubeScheduler => Some(&[]),
        Program::Etcd => Some(&["/var/lib/etcd"]),
        Program::Kubelet | Program::KubeProxy | Program::Containerd => None,
    }
}

/// The folder that `ProtectHome=`, `PrivateTmp=` or `PrivateDevices=` hides, if the path is in one.
fn hiding(path: &str) -> Option<&'static str> {
    ["/home", "/root", "/run/user", "/tmp", "/var/tmp"].into_iter().find(|top| is_within(path, top))
}

fn is_within(path: &str, folder: &str) -> bool {
    path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// What is wrong with a flag that makes a service end as soon as it has started.
fn ends(program: Program, flag: &str, component: &Component) -> Option<Problem> {
    let does = match component.flags.get(flag)?.as_ref()? {
        FlagValue::Bool(value) => *value,
        FlagValue::Text(value) => !value.is_empty() && value != "false",
        FlagValue::List(values) => !values.is_empty(),
    };
    let field = field(program, flag);
    let message = format!("{field} makes {program} do that alone and end, again and again");
    does.then(|| {
        Problem::error(field, message).fix("remove the flag: it is for a command line, not for a service")
    })
}
