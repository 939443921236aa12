//! A setting that moves, invalidates or endangers something when it changes: how it is written, which changes count, and
//! what to say of them, with where that is written.

use std::collections::BTreeSet;

use super::super::finding::Kind;
use super::subject::Subject;
use crate::cluster::{Program, duration};

/// A setting, by all the ways in which it is written.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub subject: Subject,
    /// Without dashes; empty where no flag says it.
    pub flag: &'static str,
    /// JSON pointers into the configuration, of which the first that is there counts; `*` is each item of a list, where what
    /// is missing is the default.
    pub fields: &'static [&'static str],
    /// What it is where nobody says anything.
    pub default: &'static str,
    pub when: When,
    pub kind: Kind,
    /// How bad it is where the program runs on one host alone, if it is anything.
    pub alone: Option<Kind>,
    /// Whether pods have to leave the host before.
    pub drains: bool,
    pub what: &'static str,
    pub advice: &'static str,
    pub source: &'static str,
}

/// Which changes of a value concern somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Changes,
    Becomes(&'static [&'static str]),
    /// Whenever the program starts with one of these, whatever it was started with before.
    Is(&'static [&'static str]),
    /// A number, a duration or a size that is smaller.
    Falls,
    /// A list that lacks something.
    Loses,
    /// A list that has more.
    Gains,
    /// A list of `name=true` and `name=false` by which something is on no more.
    Withdraws,
    /// A range of ports that lacks some.
    Shrinks,
}

impl When {
    pub fn concerns(self, old: &str, new: &str) -> bool {
        if let Self::Is(values) = self {
            return values.contains(&new);
        }
        if old == new {
            return false;
        }
        match self {
            Self::Changes | Self::Is(_) => true,
            Self::Becomes(values) => values.contains(&new),
            Self::Falls => matches!((amount(old), amount(new)), (Some(old), Some(new)) if new < old),
            Self::Loses => !items(old).is_subset(&items(new)),
            Self::Gains => !items(new).is_subset(&items(old)),
            Self::Withdraws => {
                let is_off = |item: &str| item.ends_with("=false") || item.ends_with("=0");
                let (old, new) = (items(old), items(new));
                new.difference(&old).any(|item| is_off(item))
                    || old.difference(&new).any(|item| !is_off(item))
            }
            Self::Shrinks => match (ports(old), ports(new)) {
                (Some((first, last)), Some((from, to))) => from > first || to < last,
                _ => false,
            },
        }
    }
}

/// The items of a list.
pub fn items(list: &str) -> BTreeSet<&str> {
    list.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()
}

fn amount(text: &str) -> Option<f64> {
    let number = text.parse().ok();
    number.or_else(|| duration::parse(text).map(|duration| duration.as_secs_f64()))
}

/// `30000-32767`, or `30000+2767`.
fn ports(text: &str) -> Option<(u32, u32)> {
    let number = |text: &str| text.trim().parse::<u32>().ok();
    match text.split_once('-') {
        Some((first, last)) => Some((number(first)?, number(last)?)),
        None => {
            let (first, more) = text.split_once('+')?;
            Some((number(first)?, number(first)? + number(more)?))
        }
    }
}

impl Row {
    /// As people call it: a field of the configuration, or a flag that is in none.
    pub fn name(&self) -> String {
        match self.fields.first() {
            Some(field) => field.trim_start_matches('/').replace("/*/", "[].").replace('/', "."),
            None => format!("--{}", self.flag),
        }
    }

    /// Written in the configuration, too, or nowhere else.
    pub const fn fields(self, fields: &'static [&'static str]) -> Self {
        Self { fields, ..self }
    }

    pub const fn drains(self) -> Self {
        Self { drains: true, ..self }
    }

    /// Of another weight where the program runs on one host alone.
    pub const fn alone(self, kind: Option<Kind>) -> Self {
        Self { alone: kind, ..self }
    }

    pub const fn source(self, source: &'static str) -> Self {
        Self { source, ..self }
    }
}

/// A row by its program, flag, default and effect; what it is about and where that is written follow.
pub const fn row(
    subject: Subject,
    flag: &'static str,
    default: &'static str,
    (when, kind): (When, Kind),
    what: &'static str,
    advice: &'static str,
) -> Row {
    let source = match subject {
        ETCD => "https://etcd.io/docs/latest/op-guide/configuration/",
        API => "https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/",
        MANAGER => {
            "https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/"
        }
        SCHEDULER => "https://kubernetes.io/docs/reference/config-api/kube-scheduler-config.v1/",
        KUBELET => "https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/",
        PROXY => "https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/",
        CONTAINERD => "https://github.com/containerd/containerd/blob/main/docs/cri/config.md",
        CILIUM => "https://docs.cilium.io/en/stable/helm-reference/",
    };
    Row {
        subject,
        flag,
        fields: &[],
        default,
        when,
        kind,
        alone: Some(kind),
        drains: false,
        what,
        advice,
        source,
    }
}

pub const ETCD: Subject = Subject::Program(Program::Etcd);
pub const API: Subject = Subject::Program(Program::KubeApiserver);
pub const MANAGER: Subject = Subject::Program(Program::KubeControllerManager);
pub const SCHEDULER: Subject = Subject::Program(Program::KubeScheduler);
pub const KUBELET: Subject = Subject::Program(Program::Kubelet);
pub const PROXY: Subject = Subject::Program(Program::KubeProxy);
pub const CONTAINERD: Subject = Subject::Program(Program::Containerd);
pub const CILIUM: Subject = Subject::Cilium;

use When::Becomes;

pub const TRUE: When = Becomes(&["true"]);
pub const FALSE: When = Becomes(&["false"]);

#[cfg(test)]
mod tests {
    use super::When::{Changes, Falls, Gains, Is, Loses, Shrinks, Withdraws};
    use super::*;

    #[test]
    fn changes_concern_by_their_kind() {
        let check = |when: When, old: &str, new: &str, expected: bool| {
            assert_eq!(when.concerns(old, new), expected, "{when:?} {old} {new}");
        };
        check(Changes, "a", "a", false);
        check(Changes, "a", "b", true);
        check(TRUE, "false", "true", true);
        check(TRUE, "true", "false", false);
        check(TRUE, "true", "true", false);
        check(Is(&["true"]), "true", "true", true);
        check(Is(&["true"]), "true", "false", false);
        check(Falls, "1572864", "1048576", true);
        check(Falls, "1h", "90m", false);
        check(Falls, "8760h0m0s", "24h", true);
        check(Falls, "", "5", false);
        check(Loses, "a,b", "b,a", false);
        check(Loses, "a,b", "b,c", true);
        check(Gains, "a,b", "b", false);
        check(Gains, "a", "a,b", true);
        check(Withdraws, "", "batch/v1=false", true);
        check(Withdraws, "api/beta=true", "", true);
        check(Withdraws, "batch/v1=false", "", false);
        check(Withdraws, "", "api/beta=true", false);
        check(Shrinks, "30000-32767", "30000-32000", true);
        check(Shrinks, "30000-32767", "20000+20000", false);
    }
}
