//! What programs check of several settings together, as tables of what they refuse.

mod api_server;
mod controller_manager;
mod etcd;
mod kubernetes;
mod settings;

use semver::Version;

use self::settings::Settings;
use crate::cluster::{Authentication, Components, Network, Program, Versions};
use crate::spec::problem::Problem;

/// Settings that a program does not take together.
struct Relation {
    /// The flags of which one has to be written for this to be looked at; the first that is, is told.
    flags: &'static [&'static str],
    /// Whether the program refuses them.
    broken: fn(&Settings<'_>) -> bool,
    /// What is wrong with the flag, after its name.
    message: &'static str,
    fix: &'static str,
}

const fn relation(
    flags: &'static [&'static str],
    broken: fn(&Settings<'_>) -> bool,
    message: &'static str,
    fix: &'static str,
) -> Relation {
    Relation { flags, broken, message, fix }
}

/// Reports flags that do not go together, or not with what kthw itself sets.
pub fn check(
    components: &Components,
    versions: &Versions,
    network: Option<&Network>,
    authentication: Option<&Authentication>,
    problems: &mut Vec<Problem>,
) {
    let has_issuers = authentication.is_some_and(Authentication::needs_file);
    for program in Program::ALL {
        let version = versions.of(*program);
        let component = components.of(*program);
        let settings = Settings { program: *program, component, version, network, has_issuers };
        for relation in tables(*program, version) {
            let written = relation.flags.iter().find(|flag| settings.is_written(flag));
            if let Some(flag) = written.filter(|_| (relation.broken)(&settings)) {
                let path = format!("components.{program}.flags.{flag}");
                problems
                    .push(Problem::error(&path, format!("{path} {}", relation.message)).fix(relation.fix));
            }
        }
    }
}

/// What a program looks at, as far as it is known of its version.
fn tables(program: Program, version: &Version) -> impl Iterator<Item = &'static Relation> {
    use kubernetes::{LOGS, VERSIONS};
    let tables: &[&[Relation]] = match program {
        Program::KubeApiserver => &[api_server::RELATIONS, LOGS, VERSIONS],
        Program::KubeControllerManager => &[controller_manager::RELATIONS, LOGS, VERSIONS],
        Program::Etcd => &[etcd::RELATIONS],
        // What they read from a file is in `rules`.
        Program::KubeScheduler | Program::Kubelet | Program::KubeProxy => &[VERSIONS],
        Program::Containerd => &[],
    };
    let is_known = match program {
        Program::Etcd => (version.major, version.minor) >= (3, 6),
        _ => version.minor >= 34,
    };
    tables.iter().copied().flatten().filter(move |_| is_known)
}
