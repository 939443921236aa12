//! What may stand at the top of a cloud-config, and what it may be.

use serde_json::Value;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Flag,
    Number,
    Text,
    List,
    Mapping,
    Nothing,
}

impl Shape {
    pub fn of(value: &Value) -> Shape {
        match value {
            Value::Null => Nothing,
            Value::Bool(_) => Flag,
            Value::Number(_) => Number,
            Value::String(_) => Text,
            Value::Array(_) => List,
            Value::Object(_) => Mapping,
        }
    }

    /// In the words of a message: what a value is not.
    pub fn noun(self) -> &'static str {
        match self {
            Flag => "true or false",
            Number => "a number",
            Text => "text",
            List => "a list",
            Mapping => "a mapping",
            Nothing => "empty",
        }
    }
}

use Shape::{Flag, List, Mapping, Nothing, Number, Text};

const FLAG: &[Shape] = &[Flag];
const TEXT: &[Shape] = &[Text];
const LIST: &[Shape] = &[List];
const MAPPING: &[Shape] = &[Mapping];

/// What the value of a key may be, if it is one of the keys.
pub fn shapes(key: &str) -> Option<&'static [Shape]> {
    KEYS.iter().find(|(known, _)| *known == key).map(|(_, shapes)| *shapes)
}

/// Every key.
pub fn names() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|(key, _)| *key)
}

/// As of cloud-init 22.4 to 25: cloud-init itself says nothing of other keys. Where it would take a list or something
/// else, and kthw has a list too, it is a list.
const KEYS: &[(&str, &[Shape])] = &[
    ("allow_public_ssh_keys", FLAG),
    ("ansible", MAPPING),
    ("apk_repos", MAPPING),
    ("apt", MAPPING),
    ("apt_pipelining", &[Number, Flag, Text]),
    ("apt_reboot_if_required", FLAG),
    ("apt_update", FLAG),
    ("apt_upgrade", FLAG),
    ("authkey_hash", TEXT),
    ("autoinstall", MAPPING),
    ("bootcmd", LIST),
    ("byobu_by_default", TEXT),
    ("ca_certs", MAPPING),
    ("chef", MAPPING),
    ("cloud_config_modules", LIST),
    ("cloud_final_modules", LIST),
    ("cloud_init_modules", LIST),
    ("create_hostname_file", FLAG),
    ("device_aliases", MAPPING),
    ("disable_ec2_metadata", FLAG),
    ("disable_root", FLAG),
    ("disable_root_opts", TEXT),
    ("disk_setup", MAPPING),
    ("drivers", MAPPING),
    ("fan", MAPPING),
    ("final_message", TEXT),
    ("fqdn", TEXT),
    ("fs_setup", LIST),
    ("groups", &[Text, List, Mapping]),
    ("growpart", MAPPING),
    ("grub_dpkg", MAPPING),
    ("hostname", TEXT),
    ("keyboard", MAPPING),
    ("landscape", MAPPING),
    ("locale", &[Text, Flag]),
    ("locale_configfile", TEXT),
    ("lxd", MAPPING),
    ("manage_etc_hosts", &[Text, Flag]),
    ("manage_resolv_conf", FLAG),
    ("mcollective", MAPPING),
    ("merge_how", &[Text, List, Mapping]),
    ("merge_type", &[Text, List, Mapping]),
    ("migrate", FLAG),
    ("mount_default_fields", LIST),
    ("mounts", LIST),
    ("no_ssh_fingerprints", FLAG),
    ("ntp", &[Mapping, Nothing]),
    ("output", MAPPING),
    ("package_reboot_if_required", FLAG),
    ("package_update", FLAG),
    ("package_upgrade", FLAG),
    ("packages", LIST),
    ("phone_home", MAPPING),
    ("power_state", MAPPING),
    ("prefer_fqdn_over_hostname", FLAG),
    ("preserve_hostname", FLAG),
    ("puppet", MAPPING),
    ("random_seed", MAPPING),
    ("reporting", MAPPING),
    ("resize_rootfs", &[Text, Flag]),
    ("resolv_conf", MAPPING),
    ("rh_subscription", MAPPING),
    ("rsyslog", MAPPING),
    ("runcmd", LIST),
    ("salt_minion", MAPPING),
    ("snap", MAPPING),
    ("spacewalk", MAPPING),
    ("ssh", MAPPING),
    ("ssh_authorized_keys", LIST),
    ("ssh_deletekeys", FLAG),
    ("ssh_fp_console_blacklist", LIST),
    ("ssh_genkeytypes", LIST),
    ("ssh_import_id", LIST),
    ("ssh_key_console_blacklist", LIST),
    ("ssh_publish_hostkeys", MAPPING),
    ("ssh_pwauth", &[Text, Flag]),
    ("ssh_quiet_keygen", FLAG),
    ("swap", MAPPING),
    ("timezone", TEXT),
    ("ubuntu_advantage", MAPPING),
    ("ubuntu_pro", MAPPING),
    ("updates", MAPPING),
    ("user", &[Text, Mapping]),
    ("users", LIST),
    ("vendor_data", MAPPING),
    ("wireguard", &[Mapping, Nothing]),
    ("write_files", LIST),
    ("yum_repo_dir", TEXT),
    ("yum_repos", MAPPING),
    ("zypper", MAPPING),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{approved, judge};
    use crate::spec::resolve::user_data::is_secret;

    #[test]
    fn every_key_that_cloud_init_describes_is_known_with_all_that_it_may_be() {
        const PROGRAM: &str = "
import json, os, sys
try:
    import cloudinit.config
except ImportError:
    print('skipped: no cloud-init for python3')
    sys.exit(os.environ.get('KTHW_REQUIRE_JUDGES') == '1')
place = os.path.dirname(cloudinit.config.__file__)
schema = json.load(open(place + '/schemas/schema-cloud-config-v1.json'))
def types(value):
    if '$ref' in value:
        return types(schema['$defs'][value['$ref'].split('/')[-1]])
    for several in 'oneOf', 'anyOf', 'allOf':
        if several in value:
            return set().union(*map(types, value[several]))
    found = value.get('type', [])
    return set(found if isinstance(found, list) else [found])
for part in schema['allOf']:
    part = schema['$defs'][part['$ref'].split('/')[-1]]
    for key, value in part.get('properties', {}).items():
        print(key, *sorted(types(value)))
";
        // The one that cloud-init is installed for.
        let Some(mut python) = judge("/usr/bin/python3") else { return };
        let printed = approved(python.args(["-c", PROGRAM]));
        if printed.starts_with("skipped") {
            return;
        }
        // A key with hyphens is an old spelling of one without.
        let keys: Vec<&str> =
            printed.lines().filter(|line| !line.is_empty() && !line.contains('-')).collect();
        assert!(keys.len() > 60, "{printed}");
        for line in keys {
            let (key, taken) = line.split_once(' ').unwrap_or((line, ""));
            assert!(shapes(key).is_some() || is_secret(key), "{key}");
            for word in taken.split_whitespace().filter(|_| shapes(key).is_some() && key != "users") {
                let shape = match word {
                    "boolean" => Flag,
                    "integer" | "number" => Number,
                    "string" => Text,
                    "array" => List,
                    "object" => Mapping,
                    "null" => Nothing,
                    other => panic!("a JSON schema has no {other}"),
                };
                assert!(shapes(key).is_some_and(|shapes| shapes.contains(&shape)), "{key} may be {word}");
            }
        }
    }
}
