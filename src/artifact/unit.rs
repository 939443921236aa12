//! A systemd service.

use std::borrow::Cow;

use kthw_graph::{ActionError, Content, Kind, Manifest, Reads, Resource, Yields};

use super::command::{Command, CommandError, unfit};
use super::{DecidedBy, Ingredients, Make, Unfit};

/// A service that starts with the network, forever starts again until it succeeds, and belongs to `multi-user.target`.
pub struct Unit {
    /// One command, but for a oneshot, which runs one after the other.
    exec: Vec<Command>,
    settings: Vec<Setting>,
}

/// Where in a unit file a setting stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Unit,
    Service,
    Install,
}

/// When a service counts as started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// When it says so: etcd, kube-apiserver, kubelet and containerd do.
    Notify,
    /// When its program runs.
    Exec,
}

struct Setting {
    section: Section,
    key: &'static str,
    value: Cow<'static, str>,
    decided_by: DecidedBy,
}

/// A unit file that systemd could not read.
#[derive(Debug, thiserror::Error)]
pub enum UnitError {
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error("{key}={value:?} is not a line of plain text: leave out control characters and backslashes")]
    Setting { key: &'static str, value: String },
}

/// What a daemon can do without that only listens, and writes nowhere but to its own folders under
/// /var/lib and /var/log (`StateDirectory=`, `LogsDirectory=`).
const HARDENING: [(&str, &str); 20] = [
    ("CapabilityBoundingSet", "CAP_NET_BIND_SERVICE"),
    ("LockPersonality", "yes"),
    ("MemoryDenyWriteExecute", "yes"),
    ("NoNewPrivileges", "yes"),
    ("PrivateDevices", "yes"),
    ("PrivateTmp", "yes"),
    ("ProtectClock", "yes"),
    ("ProtectControlGroups", "yes"),
    ("ProtectHome", "yes"),
    ("ProtectHostname", "yes"),
    ("ProtectKernelLogs", "yes"),
    ("ProtectKernelModules", "yes"),
    ("ProtectKernelTunables", "yes"),
    ("ProtectSystem", "strict"),
    ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_NETLINK AF_UNIX"),
    ("RestrictNamespaces", "yes"),
    ("RestrictRealtime", "yes"),
    ("RestrictSUIDSGID", "yes"),
    ("SystemCallArchitectures", "native"),
    ("UMask", "0077"),
];

/// Seconds before what failed is started again.
const DELAY: &str = "5";

impl Unit {
    pub fn service(
        description: &'static str,
        documentation: &'static str,
        readiness: Readiness,
        exec: Command,
    ) -> Self {
        let kind = match readiness {
            Readiness::Notify => "notify",
            Readiness::Exec => "exec",
        };
        Self::described(description, documentation, vec![exec]).running(kind)
    }

    /// A service that starts once a program has done a thing with these words, and keeps it done: the same program with
    /// `keep` before them.
    pub fn keeper(
        description: &'static str,
        documentation: &'static str,
        program: &str,
        thing: &str,
        decided_by: &DecidedBy,
    ) -> Self {
        let decided = |unit: Self, key: &'static str, line: String| {
            unit.decided(Section::Service, key, line, decided_by.clone())
        };
        let unit = Self::described(description, documentation, Vec::new());
        let unit = decided(unit, "ExecStartPre", format!("{program} {thing}"));
        decided(unit, "ExecStart", format!("{program} keep {thing}")).running("exec").returning_at_once()
    }

    fn running(self, kind: &'static str) -> Self {
        self.set(Section::Service, "Type", kind)
            .set(Section::Service, "Restart", "always")
            .set(Section::Service, "RestartSec", DELAY)
            .set(Section::Install, "WantedBy", "multi-user.target")
    }

    /// Runs commands in order whenever it starts, again and again until all succeed; then it counts as started.
    pub fn oneshot(description: &'static str, documentation: &'static str, exec: Vec<Command>) -> Self {
        Self::described(description, documentation, exec)
            .set(Section::Service, "Type", "oneshot")
            .set(Section::Service, "RemainAfterExit", "yes")
            .set(Section::Service, "Restart", "on-failure")
            .set(Section::Service, "RestartSec", DELAY)
            .set(Section::Install, "WantedBy", "multi-user.target")
    }

    fn named(description: &'static str, documentation: &'static str, exec: Vec<Command>) -> Self {
        Self { exec, settings: Vec::new() }.set(Section::Unit, "Description", description).set(
            Section::Unit,
            "Documentation",
            documentation,
        )
    }

    fn described(description: &'static str, documentation: &'static str, exec: Vec<Command>) -> Self {
        Self::named(description, documentation, exec)
            .wants("network-online.target")
            .after("network-online.target")
            .set(Section::Unit, "StartLimitIntervalSec", "0")
    }

    /// Makes something once after each start of the host, for a service that requires it and is the only one to start it.
    pub fn preparation(description: &'static str, documentation: &'static str, exec: Command) -> Self {
        Self::named(description, documentation, vec![exec]).set(Section::Service, "Type", "oneshot").set(
            Section::Service,
            "RemainAfterExit",
            "yes",
        )
    }

    /// A service that does one thing whenever a timer starts it, and may write anywhere but where programs and
    /// configuration are.
    pub fn task(description: &'static str, documentation: &'static str, exec: Command) -> Self {
        Self::named(description, documentation, vec![exec])
            .set(Section::Service, "Type", "oneshot")
            .set(Section::Service, "NoNewPrivileges", "yes")
            .set(Section::Service, "PrivateTmp", "yes")
            .set(Section::Service, "ProtectSystem", "full")
            .set(Section::Service, "UMask", "0077")
    }

    /// What it runs, one after the other.
    pub fn commands(&self) -> &[Command] {
        &self.exec
    }

    /// Starts this after that, if both start.
    pub fn after(self, unit: &'static str) -> Self {
        self.set(Section::Unit, "After", unit)
    }

    /// Starts that too, and goes on without it; also whenever this is restarted after a failure, so nothing wants a
    /// service with data, which somebody may have stopped for a reason.
    pub fn wants(self, unit: &'static str) -> Self {
        self.set(Section::Unit, "Wants", unit)
    }

    /// Comes back at once: packets pass through what it does, and nothing else does it on this host.
    pub fn returning_at_once(mut self) -> Self {
        let delay = self.settings.iter_mut().find(|setting| setting.key == "RestartSec");
        delay.expect("a service that restarts").value = "1".into();
        self
    }

    /// Takes away all that a daemon of the control plane can do without, but for what has been set already.
    pub fn hardened(self) -> Self {
        HARDENING.iter().fold(self, |unit, (key, value)| {
            let is_set = unit.settings.iter().any(|setting| setting.key == *key);
            if is_set { unit } else { unit.set(Section::Service, key, *value) }
        })
    }

    /// Lets a hardened service write in a folder. It need not be there yet, and is made on the disk that is mounted
    /// there, or not at all.
    pub fn writing_to(self, folder: &str, decided_by: &DecidedBy) -> Self {
        // The folder is the service's alone, and what is above it everybody's.
        let making = format!("+/bin/sh -c 'umask 022; mkdir -p -m 700 {folder}'");
        // With the dash, the service's view of the disks may be set up before the command has made the folder: each
        // command has a view of its own, and the last one's shows it.
        let writable = format!("-{folder}");
        self.on_disk_of(folder, decided_by)
            .decided(Section::Service, "ExecStartPre", making, decided_by.clone())
            .decided(Section::Service, "ReadWritePaths", writable, decided_by.clone())
    }

    /// Gives a folder that it writes in to the user that it runs as, with all that is in the part of it that is the
    /// service's: what root put there (another version, a restored copy) is this user's from then on.
    pub fn giving(self, folder: &str, part: &str, user: &str, decided_by: &DecidedBy) -> Self {
        let to = format!("{user}:{user}");
        let giving = format!(
            "+/bin/sh -c 'chown {to} {folder}; [ ! -e {folder}/{part} ] || chown -R {to} {folder}/{part}'"
        );
        self.decided(Section::Service, "ExecStartPre", giving, decided_by.clone())
    }

    /// Does not start without the disk that a folder is on, so that the disk which is not mounted is not replaced by
    /// a folder.
    pub fn on_disk_of(self, folder: &str, decided_by: &DecidedBy) -> Self {
        self.decided(Section::Unit, "RequiresMountsFor", folder.to_owned(), decided_by.clone())
    }

    /// Adds a setting. The value is literal: `%` stands for itself.
    pub fn set(self, section: Section, key: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.decided(section, key, value, DecidedBy::Program)
    }

    /// Adds a setting that a field of the cluster's file decides.
    pub fn decided(
        mut self,
        section: Section,
        key: &'static str,
        value: impl Into<Cow<'static, str>>,
        decided_by: DecidedBy,
    ) -> Self {
        self.settings.push(Setting { section, key, value: value.into(), decided_by });
        self
    }

    fn render(&self) -> Result<String, UnitError> {
        let sections = [Section::Unit, Section::Service, Section::Install];
        let rendered = sections.into_iter().filter_map(|section| self.render_section(section).transpose());
        Ok(rendered.collect::<Result<Vec<_>, _>>()?.join("\n"))
    }

    fn render_section(&self, section: Section) -> Result<Option<String>, UnitError> {
        let mut settings = self.settings.iter().filter(|setting| setting.section == section).peekable();
        if section == Section::Install && settings.peek().is_none() {
            return Ok(None);
        }
        let mut text = format!("[{}]\n", section.name());
        if section == Section::Service {
            for command in &self.exec {
                text += &format!("ExecStart={}\n", command.line()?);
            }
        }
        for setting in settings {
            text += &setting.line()?;
        }
        Ok(Some(text))
    }
}

impl Section {
    fn name(self) -> &'static str {
        match self {
            Self::Unit => "Unit",
            Self::Service => "Service",
            Self::Install => "Install",
        }
    }
}

impl Setting {
    fn unfit(&self) -> Option<UnitError> {
        let Self { key, value, .. } = self;
        let is_unfit = value.contains(|c| unfit(c) || c == '\\');
        is_unfit.then(|| UnitError::Setting { key, value: value.clone().into_owned() })
    }

    fn line(&self) -> Result<String, UnitError> {
        let Self { key, value, .. } = self;
        if let Some(error) = self.unfit() {
            return Err(error);
        }
        Ok(format!("{key}={}\n", value.replace('%', "%%")))
    }
}

impl Make for Unit {
    const KIND: Kind = Kind {
        name: "unit",
        version: 1,
        yields: Yields::Public,
        reads: Reads::Identities,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        for setting in &self.settings {
            let name = format!("{}.{}", setting.section.name(), setting.key);
            setting.decided_by.describe(manifest, &name, &setting.value);
        }
        for command in &self.exec {
            command.describe(manifest);
        }
    }

    fn make(&self, _from: &Ingredients<'_>) -> Result<Content, ActionError> {
        Ok(Content::public(self.render()?.into_bytes()))
    }

    fn unfit(&self) -> Vec<Unfit> {
        let unfit = |setting: &Setting| {
            let message = setting.unfit()?.to_string();
            Some(Unfit { decided_by: setting.decided_by.clone(), message })
        };
        let settings = self.settings.iter().filter_map(unfit);
        self.exec.iter().flat_map(Command::unfit).chain(settings).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::trial::{all_differ, description, make, text};
    use crate::artifact::{Flag, systemd};

    const KUBERNETES: &str = "https://kubernetes.io/docs/";

    fn flag(name: &str, values: &[&str]) -> Flag {
        let values = values.iter().map(|v| (*v).to_owned()).collect();
        Flag { name: name.to_owned(), values, decided_by: DecidedBy::Program }
    }

    fn etcd() -> Unit {
        let decided_by = DecidedBy::Spec("etcd.quota".to_owned());
        let quota = Flag { decided_by, ..flag("quota-backend-bytes", &["8589934592"]) };
        let flags = vec![flag("data-dir", &["/var/lib/etcd"]), flag("name", &["cp 1 at 100%"]), quota];
        Unit::service(
            "etcd",
            "https://etcd.io/docs/",
            Readiness::Notify,
            Command::new("/usr/local/bin/etcd", flags),
        )
        .set(Section::Service, "TimeoutStartSec", "infinity")
        .set(Section::Service, "LimitNOFILE", "65536")
        .set(Section::Service, "OOMScoreAdjust", "-999")
        .set(Section::Service, "StateDirectory", "etcd")
        .set(Section::Service, "StateDirectoryMode", "0700")
        .hardened()
    }

    fn kube_apiserver() -> Unit {
        let flags =
            vec![flag("etcd-servers", &["https://10.0.0.4:2379"]), flag("feature-gates", &["A=true"])];
        let exec = Command::new("/usr/local/bin/kube-apiserver", flags);
        Unit::service("Kubernetes API server", KUBERNETES, Readiness::Notify, exec)
            .after("etcd.service")
            .set(Section::Service, "LogsDirectory", "kubernetes")
            .set(Section::Service, "LimitNOFILE", "1048576")
            .hardened()
    }

    fn containerd() -> Unit {
        let exec = Command::new("/usr/local/bin/containerd", Vec::new());
        Unit::service("containerd container runtime", "https://containerd.io", Readiness::Notify, exec)
            .after("systemd-modules-load.service")
            .set(Section::Service, "Delegate", "yes")
            .set(Section::Service, "KillMode", "process")
            .set(Section::Service, "LimitNOFILE", "1048576")
            .set(Section::Service, "LimitNPROC", "infinity")
            .set(Section::Service, "LimitCORE", "infinity")
            .set(Section::Service, "TasksMax", "infinity")
            .set(Section::Service, "OOMScoreAdjust", "-999")
    }

    fn kubelet() -> Unit {
        let flags = vec![flag("config", &["/etc/kubernetes/kubelet.yaml"]), flag("node-ip", &["10.0.0.36"])];
        let exec = Command::new("/usr/local/bin/kubelet", flags);
        Unit::service("Kubernetes node agent", KUBERNETES, Readiness::Notify, exec)
            .wants("containerd.service")
            .after("containerd.service")
            .set(Section::Service, "KillMode", "process")
            .set(Section::Service, "CPUAccounting", "yes")
            .set(Section::Service, "MemoryAccounting", "yes")
    }

    #[test]
    fn the_services_of_a_cluster_are_pinned() {
        insta::assert_snapshot!("etcd", text(etcd(), &[]));
        insta::assert_snapshot!("kubelet", text(kubelet(), &[]));
        insta::assert_snapshot!(
            description(&kubelet().set(Section::Service, "Nice", "5").into()).lines().last().unwrap_or_default(),
            @"--node-ip = 10.0.0.36 (kthw)"
        );
    }

    #[test]
    fn a_users_flag_is_described_with_its_place() {
        let described = description(&etcd().into());
        let line = "--quota-backend-bytes = 8589934592 (etcd.quota)";
        assert!(described.lines().any(|l| l == line), "{described}");
    }

    #[test]
    fn every_parameter_counts() {
        let with = |name: &str, values: &[&str]| {
            let exec = Command::new("/bin/x", vec![flag(name, values)]);
            Unit::service("X", "https://x", Readiness::Exec, exec)
        };
        let command = || Command::new("/bin/x", Vec::new());
        let without = || Unit::service("X", "https://x", Readiness::Exec, command());
        all_differ([
            without().into(),
            with("a", &["1"]).into(),
            with("a", &["2"]).into(),
            with("b", &["1"]).into(),
            with("a", &["1", "2"]).into(),
            with("a", &["2", "1"]).into(),
            Unit::service("Y", "https://x", Readiness::Exec, command()).into(),
            Unit::service("X", "https://x", Readiness::Notify, command()).into(),
            Unit::service("X", "https://x", Readiness::Exec, Command { program: "/bin/y", ..command() })
                .into(),
            Unit::service("X", "https://x", Readiness::Exec, command().with("a")).into(),
            Unit::oneshot("X", "https://x", vec![command()]).into(),
            Unit::oneshot("X", "https://x", vec![command(), command()]).into(),
            Unit::oneshot("X", "https://x", Vec::new()).into(),
            without().after("a.service").into(),
            without().wants("a.service").into(),
            without().set(Section::Unit, "Requires", "a.service").into(),
            Unit::service("X", "https://y", Readiness::Exec, command()).into(),
            without().set(Section::Service, "Nice", "5").into(),
            without().set(Section::Unit, "Nice", "5").into(),
            without().hardened().into(),
        ]);
    }

    #[test]
    fn a_setting_that_would_break_its_line_is_refused() {
        for value in ["a\nExecStart=/bin/evil", "a\\"] {
            let unit = etcd().set(Section::Unit, "Documentation", value);
            let error = make(unit, &[]).err().expect("refused").to_string();
            assert!(error.starts_with(&format!("Documentation={value:?} is not a line")), "{error}");
        }
    }

    fn objections(unit: &str) -> Option<String> {
        let programs = ["etcd", "kube-apiserver", "containerd", "kubelet"];
        Some(systemd::verify(unit, &programs)?.objections)
    }

    #[test]
    fn systemd_has_no_objections() {
        for unit in [etcd(), kube_apiserver(), containerd(), kubelet()] {
            let unit = text(unit, &[]);
            let Some(objections) = objections(&unit) else { return };
            assert_eq!(objections, "", "{unit}");
        }
    }

    #[test]
    fn systemd_objects_to_what_is_wrong() {
        let wrong = [
            etcd().set(Section::Service, "Restart", "alwayz"),
            etcd().set(Section::Service, "NoSuchKey", "1"),
            etcd().set(Section::Unit, "Requires", "no-such.service"),
        ];
        for unit in wrong {
            let unit = text(unit, &[]);
            let Some(objections) = objections(&unit) else { return };
            assert_ne!(objections, "", "{unit}");
        }
    }
}
