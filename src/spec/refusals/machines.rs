//! What is refused of machines, with its message, its place and its way out.

use super::{BASE, check_text};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPExample0Example0Example0Example0Example0Ex";

/// Loads the base with machines of which these fields are written.
#[track_caller]
fn check(fields: &str, expected: &str) {
    let user = if fields.starts_with("user:") { "" } else { ", user: {sshAuthorizedKeys: ['PUBLIC']}" };
    check_text(&format!("{BASE}machines: {{cpus: 2, {fields}{user}}}\n").replace("PUBLIC", KEY), expected);
}

/// Loads the base with machines and this written of its worker.
#[track_caller]
fn check_worker(machine: &str, expected: &str) {
    let text = BASE.replace("roles: [worker]", &format!("roles: [worker], machine: {{{machine}}}"));
    let text =
        text.replace("roles: [control-plane]", "roles: [control-plane], machine: {mac: '52:54:00:00:00:01'}");
    check_text(&format!("{text}machines: {{user: {{sshAuthorizedKeys: [{KEY}]}}}}\n"), expected);
}

#[test]
fn machines_without_problems() {
    check("memory: 4GiB, network: {domain: kubevms}", "");
    check("image: {name: debian-12}, userData: {timezone: Europe/London, packages: [curl]}, carry: none", "");
    check_worker("cpus: 4, memory: 8GiB, disk: 1TiB, mac: '52:54:00:00:00:02'", "");
}

#[test]
fn a_machine_has_a_size() {
    check(
        "memory: 2G, disk: 1GiB",
        "10:29+2 error: machines.memory 2G is not a size | write it in MiB, GiB or TiB, for instance 4GiB
         10:39+4 error: machines.disk 1GiB is not between 4GiB and 16384GiB | write it in MiB, GiB or TiB, for instance 4GiB",
    );
    check_worker(
        "cpus: 0, memory: 100MiB, disk: 8",
        "9:75+1 error: hosts[1].machine.cpus 0 is no number of processors | write a number from 1 to 1024
         9:86+6 error: hosts[1].machine.memory 100MiB is not between 512MiB and 16384GiB | write it in MiB, GiB or TiB, for instance 4GiB
         9:100+1 error: hosts[1].machine.disk 8 is not a size | write it in MiB, GiB or TiB, for instance 4GiB",
    );
    check(
        "acceleration: tcg",
        "10:35+3 error: machines.acceleration tcg is not known | choose one of kvm, emulation",
    );
    check(
        "carry: everything",
        "10:28+10 error: machines.carry everything is not known | choose one of public, none",
    );
    check(
        "folder: images",
        "10:29+6 error: machines.folder images is not the absolute path of a folder | write it like /var/lib/libvirt/images/hard-way",
    );
}

#[test]
fn every_machine_has_its_own_hardware_address() {
    check_worker(
        "mac: '52:54:00:00:00:01'",
        "9:74+19 error: host worker-1: machine.mac 52:54:00:00:00:01 is that of host control-plane-1 too | give every machine its own, or leave it to kthw",
    );
    check_worker(
        "mac: '53:54:00:00:00:01'",
        "9:74+19 error: host worker-1: machine.mac 53:54:00:00:00:01 stands for many machines (multicast) | write it like 52:54:00:12:34:56, or leave it to kthw",
    );
    check_worker(
        "mac: '00:00:00:00:00:00'",
        "9:74+19 error: host worker-1: machine.mac 00:00:00:00:00:00 stands for no machine | write it like 52:54:00:12:34:56, or leave it to kthw",
    );
    check_worker(
        "mac: 52-54",
        "9:74+5 error: host worker-1: machine.mac 52-54 is not a hardware address | write it like 52:54:00:12:34:56, or leave it to kthw",
    );
}

#[test]
fn an_image_is_published_or_proven() {
    let digest = "a".repeat(64);
    check(
        "image: {name: ubuntu-2404}",
        "10:35+11 error: machines.image.name ubuntu-2404 is not known | did you mean `ubuntu-24.04`?",
    );
    check(
        &format!("image: {{arm64: {{url: 'https://example.org/a', checksum: 'sha256:{digest}'}}}}"),
        "10:21+5 error: machines.image has no image for amd64, and host control-plane-1 is amd64 | write amd64: {url: https://…, checksum: sha256:…}",
    );
    check(
        "image: {amd64: {url: a, checksum: b}}",
        "10:42+1 error: machines.image.amd64.url a is not an http, https or file URL | write where the image is published",
    );
    check(
        "image: {amd64: {url: 'file:///a', checksum: 'sha256:ABC'}}",
        "10:65+12 error: machines.image.amd64.checksum sha256:ABC is not a whole digest | write sha256: or sha512: and all digits that the publisher gives, in lower case",
    );
    check(
        "image: {amd64: {url: 'file:///a'}}",
        "10:29+5 error: machines.image.amd64.checksum is missing | write sha256: or sha512: and all digits that the publisher gives, in lower case",
    );
    check(
        &format!(
            "image: {{name: debian-12, amd64: {{url: 'https://example.org/a', checksum: 'sha256:{digest}'}}}}"
        ),
        "10:35+9 error: machines.image names a published image and one's own | keep name, or keep url and checksum",
    );
}

#[test]
fn the_gateway_is_nobodys_else() {
    check(
        "network: {gateway: 10.0.0.4}",
        "10:40+8 error: machines.network.gateway 10.0.0.4 is the address of host control-plane-1 | write an address of the range that no host has: the hypervisor's own",
    );
    check(
        "network: {gateway: 10.0.1.1}",
        "10:40+8 error: machines.network.gateway 10.0.1.1 is outside network.hosts 10.0.0.0/24 | write an address of the range that no host has: the hypervisor's own",
    );
    check(
        "network: {gateway: 10.0.0.255}",
        "10:40+10 error: machines.network.gateway 10.0.0.255 is no machine's in network.hosts 10.0.0.0/24 | write an address of the range that no host has: the hypervisor's own",
    );
    check(
        "network: {gateway: gate, nameservers: [1.1.1.1, dns.example.org]}",
        "10:40+4 error: machines.network.gateway gate is not an IP address | write the hypervisor's address in the network
         10:69+15 error: machines.network.nameservers[1] dns.example.org is not an IP address | write the address of the server, not its name",
    );
    check(
        "network: {bridge: a-bridge-too-far, domain: Kube, addressing: dhcpv4}",
        "10:39+16 error: machines.network.bridge \"a-bridge-too-far\" is not a name | write at most 15 letters, digits, `.`, `_` and `-`
         10:65+4 error: machines.network.domain Kube is not a DNS name (RFC 1123) | write `kube`: lower-case letters, digits and hyphens, beginning and ending with a letter or digit
         10:83+6 error: machines.network.addressing dhcpv4 is not known | did you mean `dhcp`?",
    );
}

#[test]
fn the_virtual_address_is_not_the_gateways() {
    let api = "api: {endpoint: 'https://10.0.0.9:6443', loadBalancer: {kind: keepalived, address: 10.0.0.9, interface: ens3}}";
    let text = BASE.replace("api: {endpoint: 'https://10.0.0.4:6443'}", api);
    check_text(
        &format!(
            "{text}machines: {{user: {{sshAuthorizedKeys: [{KEY}]}}, network: {{gateway: 10.0.0.9}}}}\n"
        ),
        "10:142+8 error: machines.network.gateway 10.0.0.9 is the virtual address of the API | write an address of the range that no host has: the hypervisor's own",
    );
}

#[test]
fn keys_are_public() {
    check(
        "user: {}",
        "10:21+4 warning: machines.user.sshAuthorizedKeys is empty, so nobody can log in to the machines | write the public keys of those who may, such as ~/.ssh/id_ed25519.pub",
    );
    check(
        "user: {sshAuthorizedKeys: ['-----BEGIN OPENSSH PRIVATE KEY----- b3Blbn', PUBLIC, ssh-ed25519 AAAA]}",
        "10:48+44 error: machines.user.sshAuthorizedKeys[0] is a private key, and this file is no place for one | take it out, replace the key wherever it is used, and write the line of its .pub file
         10:176+16 error: machines.user.sshAuthorizedKeys[2] is not a public key of ssh | write the one line of a .pub file: a type such as ssh-ed25519, the key, a comment",
    );
    check(
        "user: {name: 'a b', sshAuthorizedKeys: [PUBLIC], groups: ['']}",
        "10:34+5 error: machines.user.name \"a b\" is not a name that a system knows | write letters, digits, `.`, `_` and `-`
         10:153+2 error: machines.user.groups[0] \"\" is not a name that a system knows | write letters, digits, `.`, `_` and `-`",
    );
}

#[test]
fn user_data_is_cloud_config_without_secrets() {
    check(
        "userData: [a]",
        "10:21+8 error: machines.userData is not a mapping | write cloud-config as `key: value` lines, without a line #cloud-config",
    );
    check(
        "userData: {run_cmd: [a], zebra: 1}",
        "10:32+7 error: unknown key `run_cmd` in machines.userData | did you mean `runcmd`?
         10:53+1 error: unknown key `zebra` in machines.userData | see cloud-init's list of modules for the keys there are",
    );
    check(
        "userData: {password: x, hostname: y, runcmd: z}",
        "10:42+1 error: machines.userData.password is secret, and a seed is not | let people in by machines.user
         10:55+1 error: machines.userData.hostname is kthw's to say | write the name of the host
         10:66+1 error: machines.userData.runcmd is not a list | write one `- item` for each line",
    );
    check(
        "userData: {users: [{name: a, plain_text_passwd: x}], write_files: [{path: /k, content: '-----BEGIN PRIVATE KEY-----'}]}",
        "10:32+5 error: machines.userData.users is secret, and a seed is not | let people in by machines.user
         10:74+11 error: machines.userData.write_files is secret, and a seed is not | let people in by machines.user",
    );
    check(
        "userData: {runcmd: [a}",
        "10:40+1 error: mismatched bracket '[' closed by '}' at line 10, column 40 | correct the YAML",
    );
}

#[test]
fn user_data_is_of_the_shape_that_cloud_init_wants() {
    check("userData: {locale: false, apt_pipelining: 1, ntp: ~, ssh_pwauth: 'no', groups: [a], user: b}", "");
    check(
        "userData: {timezone: 5, package_update: 'no', apt: [a], bootcmd: a, ca_certs: {trusted: a}}",
        "10:42+1 error: machines.userData.timezone is not text | write it in quotes
         10:61+4 error: machines.userData.package_update is not true or false | write true or false
         10:67+3 error: machines.userData.apt is not a mapping | write `key: value` lines below it
         10:86+1 error: machines.userData.bootcmd is not a list | write one `- item` for each line",
    );
    check(
        "userData: {ca_certs: {trusted: a}}",
        "10:52+1 error: machines.userData.ca_certs.trusted is not a list | write one `- item` for each line",
    );
}

#[test]
fn a_user_is_said_once() {
    check("userData: {users: [default, {name: eve}, {snapuser: eve@example.org}]}", "");
    check(
        "userData: {users: [{name: root}, {name: eve}, 'bob, eve', {groups: a}, [a], {name: 'a b'}]}",
        "10:47+4 error: machines.userData.users[0].name root is the user of machines.user already | say all of a user in one place
         10:67+10 error: machines.userData.users[2] eve is the user of machines.userData.users[1] already | say all of a user in one place
         10:79+1 error: machines.userData.users[3] has no name | write name: and what the user is called
         10:92+1 error: machines.userData.users[4] is no user | write {name: …}
         10:104+5 error: machines.userData.users[5].name \"a b\" is not a name that a system knows | write letters, digits, `.`, `_` and `-`",
    );
}

#[test]
fn a_file_of_the_users_has_a_path() {
    check("userData: {write_files: [{path: /etc/motd, content: hello}]}", "");
    check("userData: {write_files: [/etc/motd, {content: a}, {path: etc/motd}, {path: /etc/../motd}]}",
        "10:46+9 error: machines.userData.write_files[0] has no path | write it like {path: /etc/motd, content: …}
         10:57+1 error: machines.userData.write_files[1] has no path | write it like {path: /etc/motd, content: …}
         10:78+8 error: machines.userData.write_files[2].path \"etc/motd\" is not the absolute path of a file | write it like {path: /etc/motd, content: …}
         10:96+12 error: machines.userData.write_files[3].path \"/etc/../motd\" is not the absolute path of a file | write it like {path: /etc/motd, content: …}");
}

#[test]
fn keepalived_has_the_interface_that_machines_have() {
    let text = |kind: &str, interface: &str, own: &str| {
        let api = format!(
            "api: {{endpoint: 'https://10.0.0.9:6443', loadBalancer: {{kind: {kind}, address: 10.0.0.9{interface}}}}}"
        );
        let text = BASE.replace("api: {endpoint: 'https://10.0.0.4:6443'}", &api);
        format!("{text}machines: {{user: {{sshAuthorizedKeys: [{KEY}]}}, network: {{{own}}}}}\n")
    };
    check_text(&text("keepalived", ", interface: ens3", ""), "");
    check_text(&text("keepalived", ", interface: ens3", "interface: ens3"), "");
    check_text(
        &text("keepalived", ", interface: ens3", "interface: eth0"),
        "10:144+4 error: machines.network.interface eth0 is not ens3, where keepalived takes the virtual address | remove it, since it follows api.loadBalancer.interface, or write the same in both",
    );
}

#[test]
fn what_is_said_of_no_machine_is_warned_of() {
    let text = BASE.replace("roles: [worker]", "roles: [worker], machine: {cpus: 4}");
    check_text(
        &text,
        "9:59+7 warning: host worker-1: machine is written, and there is no section machines | add the section machines, or remove the field",
    );
}
