//! What a unit is said to read is what its programs open: nothing else restarts it, and nothing that it read is missed.

use std::collections::BTreeSet;

use crate::cluster::{Cluster, MINOR};
use crate::delivery::Bundle;
use crate::eventually::{eventually, provided, seconds};
use crate::releases::Releases;
use crate::trace::opened;

/// Has units start under a trace of what they open, in the units' own words.
const TRACE: &str = r#"
mkdir -p /run/opened
for unit in $UNITS; do
  mkdir -p /etc/systemd/system/$unit.d
  # Root's commands of a unit write there, and those of its user.
  : >/run/opened/$unit
  chmod 666 /run/opened/$unit
  {
    printf '[Service]\nReadWritePaths=/run/opened\nExecStartPre=\nExecStart=\n'
    sed -e ':a' -e '/\\$/N; s/\\\n//; ta' /etc/systemd/system/$unit |
      sed -nE "s#^(ExecStart|ExecStartPre)=([-+]*)(.*)#\1=\2/usr/bin/strace -D -f -qq --seccomp-bpf -A -e trace=open,openat,execve -o /run/opened/$unit \3#p"
  } >/etc/systemd/system/$unit.d/trace.conf
done
systemctl daemon-reload
"#;

/// What is read anew whenever it is needed, so that a change of it restarts nobody: names, and what each pod is made with.
const ANEW: &[&str] = &["/etc/hosts", "/etc/cni/net.d/", "/opt/cni/bin/", "/usr/local/sbin/runc"];

/// Before these units start.
pub fn trace(ask: &dyn Fn(&str) -> Result<String, String>, units: &[&str]) {
    let script = format!("UNITS='{}'\n{TRACE}", units.join(" "));
    ask(&script).unwrap_or_else(|refusal| panic!("{refusal}"));
}

/// A host whose units have started under a trace.
pub struct Traced<'a> {
    pub name: &'a str,
    pub ask: &'a (dyn Fn(&str) -> Result<String, String> + Sync),
    pub bundle: &'a Bundle,
    pub units: Vec<&'a str>,
}

impl Traced<'_> {
    /// The files of the bundle that a unit is said to read.
    fn said(&self, unit: &str) -> BTreeSet<String> {
        self.bundle.reads(unit).filter(|path| !is_read_anew(path)).map(str::to_owned).collect()
    }

    /// The files of the bundle that it has opened, by themselves or as credentials that systemd hands on.
    fn opened(&self, unit: &str) -> Result<BTreeSet<String>, String> {
        let traced = (self.ask)(&format!("cat /run/opened/{unit}"))?;
        let credentials = (self.ask)(&format!("sed -n s/^LoadCredential=//p /etc/systemd/system/{unit}"))?;
        let handed_on = |path: &str| {
            let name = path.strip_prefix("/run/credentials/")?.strip_prefix(unit)?.strip_prefix('/')?;
            credentials.lines().filter_map(|line| line.split_once(':')).find(|(of, _)| *of == name)
        };
        let paths = traced.lines().filter_map(opened).map(|path| handed_on(path).map_or(path, |(_, of)| of));
        let ours = paths.filter(|path| self.bundle.holds(path) && !is_read_anew(path));
        Ok(ours.map(str::to_owned).collect())
    }
}

/// Waits until the units of some host have opened whatever they are said to read (who leads reads more than who
/// follows), and finds that none has opened anything else of its bundle.
pub fn compare(hosts: &[Traced<'_>]) {
    let units: BTreeSet<&str> = hosts.iter().flat_map(|host| host.units.iter().copied()).collect();
    for unit in units {
        let having = || hosts.iter().filter(|host| host.units.contains(&unit));
        eventually(&format!("{unit} opens what it is said to read"), seconds(180), || {
            let (mut missed, mut found) = (BTreeSet::new(), BTreeSet::new());
            for host in having() {
                let (said, opened) = (host.said(unit), host.opened(unit)?);
                let more: Vec<_> = opened.difference(&said).collect();
                provided(more.is_empty(), format!("{} has opened {more:?}, and is not said to", host.name))?;
                missed.extend(said);
                found.extend(opened);
            }
            let missed: Vec<_> = missed.difference(&found).collect();
            provided(missed.is_empty(), format!("nobody has opened {missed:?}"))
        });
    }
}

fn is_read_anew(path: &str) -> bool {
    ANEW.iter().any(|anew| path.starts_with(anew))
}

const CILIUM: &str = "/usr/local/bin/cilium";

/// Stands for Cilium's installer, which is not built from Go's modules: it reads each file that it is told of.
const READER: &str = r#"#!/bin/sh
for argument; do
  [ ! -f "${argument#*=}" ] || cat "${argument#*=}"
done
"#;

/// The hosts of an example that run no pods.
fn check(example: &str) {
    let Some(releases) = Releases::of(MINOR, &["etcd"]) else { return };
    let Some(mut cluster) = Cluster::bare(releases.cluster_of(example)) else { return };
    cluster.deliver();
    cluster.on_all(|host| {
        if cluster.bundles[&host.name].holds(CILIUM) {
            host.write("/run/cilium", READER);
            host.run(&format!("chmod 755 /run/cilium && ln --symbolic --force /run/cilium {CILIUM}"));
        }
        trace(&|script| host.ask(script), &services(&cluster.units(host)));
    });
    cluster.start();
    let asks: Vec<_> = cluster.hosts.iter().map(|host| move |script: &str| host.ask(script)).collect();
    let hosts = cluster.hosts.iter().zip(&asks).map(|(host, ask)| Traced {
        name: &host.name,
        ask,
        bundle: &cluster.bundles[&host.name],
        units: services(&cluster.units(host)),
    });
    compare(&hosts.collect::<Vec<_>>());
}

/// Timers read nothing, and what they start is started at its time; ldirectord asks the kernel for more than every
/// machine has.
fn services<'a>(units: &[&'a str]) -> Vec<&'a str> {
    units.iter().copied().filter(|unit| unit.ends_with(".service") && *unit != "ldirectord.service").collect()
}

#[test]
fn units_of_a_control_plane_behind_haproxy() {
    check("ha-haproxy");
}

#[test]
fn units_of_a_control_plane_behind_ipvs() {
    check("ha-ipvs");
}

#[test]
fn units_of_a_control_plane_with_everything() {
    check("production");
}
