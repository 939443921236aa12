//! The user's own cloud-config: a mapping of known keys that leaves to kthw what is kthw's.

use serde_json::{Map, Value};

use crate::meant::{AMONG_MANY, meant};
use crate::spec::positions::join;
use crate::spec::problem::Problem;

/// What may stand at the top of a cloud-config, as of cloud-init 22.4 to 25: cloud-init itself says nothing of others.
const KEYS: &[&str] = &[
    "allow_public_ssh_keys",
    "ansible",
    "apk_repos",
    "apt",
    "apt_pipelining",
    "apt_reboot_if_required",
    "apt_update",
    "apt_upgrade",
    "authkey_hash",
    "autoinstall",
    "bootcmd",
    "byobu_by_default",
    "ca_certs",
    "chef",
    "cloud_config_modules",
    "cloud_final_modules",
    "cloud_init_modules",
    "create_hostname_file",
    "device_aliases",
    "disable_ec2_metadata",
    "disable_root",
    "disable_root_opts",
    "disk_setup",
    "drivers",
    "fan",
    "final_message",
    "fqdn",
    "fs_setup",
    "groups",
    "growpart",
    "grub_dpkg",
    "hostname",
    "keyboard",
    "landscape",
    "locale",
    "locale_configfile",
    "lxd",
    "manage_etc_hosts",
    "manage_resolv_conf",
    "mcollective",
    "merge_how",
    "merge_type",
    "migrate",
    "mount_default_fields",
    "mounts",
    "no_ssh_fingerprints",
    "ntp",
    "output",
    "package_reboot_if_required",
    "package_update",
    "package_upgrade",
    "packages",
    "phone_home",
    "power_state",
    "prefer_fqdn_over_hostname",
    "preserve_hostname",
    "puppet",
    "random_seed",
    "reporting",
    "resize_rootfs",
    "resolv_conf",
    "rh_subscription",
    "rsyslog",
    "runcmd",
    "salt_minion",
    "snap",
    "spacewalk",
    "ssh",
    "ssh_authorized_keys",
    "ssh_deletekeys",
    "ssh_fp_console_blacklist",
    "ssh_genkeytypes",
    "ssh_import_id",
    "ssh_key_console_blacklist",
    "ssh_publish_hostkeys",
    "ssh_pwauth",
    "ssh_quiet_keygen",
    "swap",
    "timezone",
    "ubuntu_advantage",
    "ubuntu_pro",
    "updates",
    "user",
    "users",
    "vendor_data",
    "wireguard",
    "write_files",
    "yum_repo_dir",
    "yum_repos",
    "zypper",
];

/// What is a secret, and a seed is not.
const SECRET: &[&str] = &["chpasswd", "password", "ssh_keys"];
/// What is a secret wherever it stands: of users, repositories, subscriptions.
const SECRET_WITHIN: &[&str] = &[
    "activation_key",
    "hashed_passwd",
    "passwd",
    "password",
    "plain_text_passwd",
    "private_key",
    "token",
    "trust_password",
    "validation_cert",
];
/// What the cluster's file says elsewhere.
const DECIDED: &[(&str, &str)] = &[
    ("fqdn", "write machines.network.domain"),
    ("hostname", "write the name of the host"),
    ("manage_etc_hosts", "remove it: /etc/hosts is a file of the bundle"),
];
/// What kthw has lists of, too.
const LISTS: &[&str] = &["packages", "runcmd", "users", "write_files"];

/// Decides the user's own cloud-config.
pub fn resolve(user_data: &Value, problems: &mut Vec<Problem>) -> Option<Map<String, Value>> {
    let path = "machines.userData";
    let keys = match user_data {
        Value::Null => return Some(Map::new()),
        Value::Object(keys) => keys,
        _ => {
            let problem = Problem::error(path, format!("{path} is not a mapping"));
            let fix = "write cloud-config as `key: value` lines, without a line #cloud-config";
            problems.push(problem.fix(fix).discreet());
            return None;
        }
    };
    let before = problems.len();
    for (key, value) in keys {
        let path = join(path, key);
        let decided = DECIDED.iter().find(|(decided, _)| decided == key);
        let problem = if SECRET.contains(&&**key) || holds_secret(value) {
            Some((
                format!("{path} is secret, and a seed is not"),
                "let people in by machines.user".to_owned(),
            ))
        } else if let Some((_, fix)) = decided {
            Some((format!("{path} is kthw's to say"), (*fix).to_owned()))
        } else if !KEYS.contains(&&**key) {
            Some((format!("unknown key `{key}` in machines.userData"), suggestion(key)))
        } else if LISTS.contains(&&**key) && !value.is_array() {
            Some((format!("{path} is not a list"), "write one `- item` for each line".to_owned()))
        } else {
            None
        };
        // What is beside a mistake may be secret too.
        problems.extend(problem.map(|(message, fix)| Problem::error(&path, message).fix(fix).discreet()));
    }
    (problems.len() == before).then(|| keys.clone())
}

/// Whether something that only its owner should know is anywhere in it.
fn holds_secret(value: &Value) -> bool {
    match value {
        Value::String(text) => ["PRIVATE KEY-----", "PrivateKey ="].iter().any(|mark| text.contains(mark)),
        Value::Array(items) => items.iter().any(holds_secret),
        Value::Object(members) => {
            members.iter().any(|(key, value)| SECRET_WITHIN.contains(&&**key) || holds_secret(value))
        }
        _ => false,
    }
}

fn suggestion(key: &str) -> String {
    match meant(&key.replace('-', "_"), KEYS.iter().copied(), AMONG_MANY) {
        Some(known) => format!("did you mean `{known}`?"),
        None => "see cloud-init's list of modules for the keys there are".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{approved, judge};

    #[test]
    fn every_key_that_cloud_init_describes_is_known() {
        const PROGRAM: &str = "
import json, os, sys
try:
    import cloudinit.config
except ImportError:
    print('skipped: no cloud-init for python3')
    sys.exit(os.environ.get('KTHW_REQUIRE_JUDGES') == '1')
place = os.path.dirname(cloudinit.config.__file__)
schema = json.load(open(place + '/schemas/schema-cloud-config-v1.json'))
for part in schema['allOf']:
    part = schema['$defs'][part['$ref'].split('/')[-1]]
    print('\\n'.join(part.get('properties', {})))
";
        // The one that cloud-init is installed for.
        let Some(mut python) = judge("/usr/bin/python3") else { return };
        let printed = approved(python.args(["-c", PROGRAM]));
        if printed.starts_with("skipped") {
            return;
        }
        // A key with hyphens is an old spelling of one without.
        let keys: Vec<&str> = printed.lines().filter(|key| !key.is_empty() && !key.contains('-')).collect();
        assert!(keys.len() > 60, "{printed}");
        for key in keys {
            assert!(KEYS.contains(&key) || SECRET.contains(&key), "{key}");
        }
    }
}
