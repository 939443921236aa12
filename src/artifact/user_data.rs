//! What a machine does when it starts for the first time.

use std::borrow::Cow;
use std::collections::BTreeMap;

use data_encoding::BASE64;
use indexmap::IndexMap;
use kthw_graph::{ActionError, Content, Kind, Manifest, Origin, Reads, Resource, Yields};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::patch::describe_members;
use super::{Ingredients, Make};
use crate::cluster::User;
use crate::tree::Permissions;
use crate::yaml;

/// The file user-data of a NoCloud seed: a cloud-config without any secret.
///
/// It is not kept: with the files that it carries it is larger than all else that is made for a host.
pub struct UserData {
    pub host: String,
    pub domain: String,
    pub user: User,
    /// What is installed.
    pub packages: Vec<&'static str>,
    /// The files that the machine starts with; each path is also the slot of the input that belongs there.
    pub files: BTreeMap<Cow<'static, str>, Permissions>,
    /// What is run when the files are there.
    pub commands: Vec<Vec<&'static str>>,
    /// The user's own cloud-config.
    pub more: Map<String, Value>,
}

/// What stands under one key of a cloud-config.
#[derive(Serialize)]
#[serde(untagged)]
enum Setting<'a> {
    Value(Value),
    Files(Vec<WrittenFile<'a>>),
}

/// One of `write_files`.
#[derive(Serialize)]
#[serde(untagged)]
enum WrittenFile<'a> {
    Carried {
        path: &'a str,
        owner: &'static str,
        permissions: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        encoding: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<Cow<'a, str>>,
    },
    /// As the user wrote it.
    Further(Value),
}

type CloudConfig<'a> = IndexMap<Cow<'a, str>, Setting<'a>>;

impl UserData {
    /// What it says of every host alike, for people: without the host's names, and without contents, which have places
    /// of their own.
    pub fn outline(&self) -> String {
        let files = self.files.iter().map(|(path, permissions)| written_file(path, *permissions, None));
        let config = self.document(CloudConfig::new(), files.collect());
        let text = yaml::readable(&config).expect("texts, lists and members serialise");
        format!("# Without hostname, fqdn and the contents of files.\n{text}")
    }

    fn whole<'a>(&'a self, from: &'a Ingredients<'_>) -> Result<CloudConfig<'a>, ActionError> {
        let names = [("hostname", self.host.clone()), ("fqdn", format!("{}.{}", self.host, self.domain))];
        let names = names.map(|(key, name)| (Cow::Borrowed(key), Setting::Value(json!(name))));
        let file = |(path, permissions): (&'a Cow<'static, str>, &Permissions)| {
            from.public(path).map(|bytes| written_file(path, *permissions, Some(bytes)))
        };
        let files = self.files.iter().map(file).collect::<Result<_, _>>()?;
        Ok(self.document(names.into_iter().collect(), files))
    }

    fn document<'a>(&'a self, mut config: CloudConfig<'a>, files: Vec<WrittenFile<'a>>) -> CloudConfig<'a> {
        let mut say =
            |key: &'static str, value: Value| _ = config.insert(Cow::Borrowed(key), Setting::Value(value));
        // It is a file of the bundle.
        say("manage_etc_hosts", json!(false));
        say("disable_root", json!(self.user.name != "root"));
        say("ssh_pwauth", json!(false));
        say("users", json!([self.account()]));
        if !self.packages.is_empty() {
            say("package_update", json!(true));
            say("packages", json!(self.packages));
        }
        if !files.is_empty() {
            config.insert(Cow::Borrowed("write_files"), Setting::Files(files));
        }
        if !self.commands.is_empty() {
            config.insert(Cow::Borrowed("runcmd"), Setting::Value(json!(self.commands)));
        }
        for (key, value) in &self.more {
            match (config.get_mut(&**key), value) {
                (Some(Setting::Value(Value::Array(ours))), Value::Array(theirs)) => {
                    ours.extend(theirs.iter().cloned());
                }
                (Some(Setting::Files(ours)), Value::Array(theirs)) => {
                    ours.extend(theirs.iter().cloned().map(WrittenFile::Further));
                }
                _ => _ = config.insert(Cow::Borrowed(key), Setting::Value(value.clone())),
            }
        }
        config
    }

    fn account(&self) -> Map<String, Value> {
        let User { name, authorized_keys, groups, sudo } = &self.user;
        let mut account = Map::new();
        let mut say = |key: &str, value: Value| _ = account.insert(key.to_owned(), value);
        say("name", json!(name));
        say("lock_passwd", json!(true));
        if !authorized_keys.is_empty() {
            say("ssh_authorized_keys", json!(authorized_keys));
        }
        if name != "root" {
            say("shell", json!("/bin/bash"));
        }
        if !groups.is_empty() {
            say("groups", json!(groups));
        }
        if *sudo && name != "root" {
            say("sudo", json!("ALL=(ALL) NOPASSWD:ALL"));
        }
        account
    }
}

fn written_file<'a>(path: &'a str, permissions: Permissions, bytes: Option<&'a [u8]>) -> WrittenFile<'a> {
    let Permissions { mode, owner } = permissions;
    let (encoding, content) = match bytes.map(|bytes| (bytes, std::str::from_utf8(bytes))) {
        None => (None, None),
        Some((_, Ok(text))) => (None, Some(Cow::Borrowed(text))),
        Some((bytes, Err(_))) => (Some("b64"), Some(Cow::Owned(BASE64.encode(bytes)))),
    };
    WrittenFile::Carried {
        path,
        owner: owner.as_str(),
        permissions: format!("{mode:04o}"),
        encoding,
        content,
    }
}

impl Make for UserData {
    const KIND: Kind = Kind {
        name: "user-data",
        version: 2,
        yields: Yields::Derived,
        reads: Reads::Contents,
        resource: Resource::Cpu,
    };

    fn describe(&self, manifest: &mut dyn Manifest) {
        manifest.text("host", &self.host, Origin::Spec(format_args!("hosts[{}].name", self.host)));
        manifest.text("domain", &self.domain, Origin::Spec(format_args!("machines.network.domain")));
        let User { name, authorized_keys, groups, sudo } = &self.user;
        manifest.text("user", name, Origin::Spec(format_args!("machines.user.name")));
        let keys = Origin::Spec(format_args!("machines.user.sshAuthorizedKeys"));
        manifest.list("authorized-key", authorized_keys, keys);
        manifest.list("group", groups, Origin::Spec(format_args!("machines.user.groups")));
        manifest.flag("sudo", *sudo, Origin::Spec(format_args!("machines.user.sudo")));
        manifest.list("package", &self.packages, Origin::Program);
        for (path, permissions) in &self.files {
            manifest.display(path, format_args!("{permissions}"), Origin::Program);
        }
        for command in &self.commands {
            manifest.text("command", &command.join(" "), Origin::Program);
        }
        describe_members(manifest, "userData", "machines.userData", &self.more);
    }

    fn make(&self, from: &Ingredients<'_>) -> Result<Content, ActionError> {
        let text = format!("#cloud-config\n{}", yaml::readable(&self.whole(from)?)?);
        Ok(Content::public(text.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::Artifact;
    use crate::artifact::trial::{all_differ, members, text};
    use crate::judge::{approved, file, judge, refused};

    fn user() -> User {
        let key =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPExample0Example0Example0Example0Example0Ex me@example.org";
        User {
            name: "ubuntu".into(),
            authorized_keys: vec![key.into()],
            groups: vec!["adm".into()],
            sudo: true,
        }
    }

    fn bare() -> UserData {
        UserData {
            host: "control0".into(),
            domain: "kubevms".into(),
            user: user(),
            packages: vec![],
            files: BTreeMap::new(),
            commands: vec![],
            more: Map::new(),
        }
    }

    fn full() -> UserData {
        let permissions = Permissions::of_root(0o644);
        UserData {
            packages: vec!["ipvsadm", "ldirectord"],
            files: ["/etc/hosts", "/etc/odd"].map(|path| (path.into(), permissions)).into(),
            commands: vec![vec!["sysctl", "--system"]],
            more: members(json!({
                "packages": ["curl"],
                "package_update": false,
                "runcmd": ["echo hello"],
                "write_files": [{"path": "/etc/motd", "content": "hello"}],
                "timezone": "Europe/London",
                "ca_certs": {"remove_defaults": true, "trusted": ["-----BEGIN CERTIFICATE-----"]},
            })),
            ..bare()
        }
    }

    fn full_text() -> String {
        let hosts = Content::public(b"127.0.0.1 localhost\n\n10.0.0.4 control0\n".to_vec());
        let odd = Content::public(b"\xff\x00".to_vec());
        text(full(), &[("/etc/hosts", &hosts), ("/etc/odd", &odd)])
    }

    #[test]
    fn the_file_is_pinned() {
        insta::assert_snapshot!("bare", text(bare(), &[]));
        insta::assert_snapshot!("full", full_text());
        let root = User { name: "root".into(), groups: vec![], ..user() };
        insta::assert_snapshot!("root", text(UserData { user: root, ..bare() }, &[]));
    }

    #[test]
    fn the_outline_is_the_same_for_hosts_that_differ_in_nothing_but_their_names_and_contents() {
        let other = UserData { host: "control1".into(), domain: "internal".into(), ..full() };
        assert_eq!(full().outline(), other.outline());
        assert_ne!(full().outline(), UserData { packages: vec![], ..full() }.outline());
        insta::assert_snapshot!("outline", full().outline());
    }

    #[test]
    fn every_parameter_counts() {
        let mut variants: Vec<Artifact> = vec![
            bare().into(),
            UserData { host: "control1".into(), ..bare() }.into(),
            UserData { domain: "internal".into(), ..bare() }.into(),
            UserData { packages: vec!["haproxy"], ..bare() }.into(),
            UserData { commands: vec![vec!["true"]], ..bare() }.into(),
            UserData { more: members(json!({"timezone": "UTC"})), ..bare() }.into(),
        ];
        let users = [
            User { name: "debian".into(), ..user() },
            User { authorized_keys: vec![], ..user() },
            User { groups: vec![], ..user() },
            User { sudo: false, ..user() },
        ];
        variants.extend(users.map(|user| UserData { user, ..bare() }.into()));
        all_differ(variants);
    }

    #[test]
    fn cloud_init_knows_every_field() {
        for written in [text(bare(), &[]), full_text()] {
            let Some(mut cloud_init) = judge("cloud-init") else { return };
            approved(cloud_init.args(["schema", "--config-file"]).arg(file(&written).path()));
            let Some(mut cloud_init) = judge("cloud-init") else { return };
            let broken = written.replace("lock_passwd:", "lock_password:");
            refused(cloud_init.args(["schema", "--config-file"]).arg(file(&broken).path()));
        }
    }
}
