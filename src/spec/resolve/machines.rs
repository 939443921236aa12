//! The machines: sizes, hardware addresses, image and user of the virtual machines that are made for the hosts.

use std::collections::{BTreeMap, HashMap};

use super::hosts::{Place, is_user};
use super::network::Ranges;
use super::{authorized_keys, machine_network, names, paths, user_data};
use crate::cluster::{
    Acceleration, Arch, BaseImage, Carry, Host, Image, ImageFile, Mac, Machine, Machines, Size, User,
};
use crate::spec::document::{ClusterSpec, HostSpec, ImageFileSpec, ImageSpec, MachinesSpec, UserSpec};
use crate::spec::problem::Problem;

const SMALLEST_MEMORY: Size = Size { mebibytes: 512 };
const SMALLEST_DISK: Size = Size { mebibytes: 4 << 10 };
const LARGEST_MEMORY: Size = Size { mebibytes: 16 << 20 };
const LARGEST_DISK: Size = Size { mebibytes: 16 << 20 };
const MOST_CPUS: u32 = 1024;

/// Decides the machines of a cluster that has any.
pub fn resolve(
    spec: &MachinesSpec,
    cluster: &ClusterSpec,
    ranges: &Ranges,
    problems: &mut Vec<Problem>,
) -> Option<Machines> {
    let each = each(spec, cluster, problems);
    let acceleration = names::choose(
        "machines.acceleration",
        &spec.acceleration,
        Acceleration::WORDS,
        Acceleration::from_word,
        problems,
    );
    let carry = names::choose("machines.carry", &spec.carry, Carry::WORDS, Carry::from_word, problems);
    let folder = folder(spec, problems);
    let image = image(&spec.image, &cluster.hosts, problems);
    let network = machine_network::resolve(&spec.network, cluster, ranges, problems);
    let user = user(&spec.user, problems);
    let user_data = user_data::resolve(&spec.user_data, &user, problems);
    Some(Machines {
        image: image?,
        network: network?,
        user,
        user_data: user_data?,
        carry: carry?,
        acceleration: acceleration?,
        folder,
        cpus: spec.cpus,
        memory: parse_size(&spec.memory)?,
        each: each?,
    })
}

/// Warns of what is said of machines where none are made.
pub fn unused(hosts: &[HostSpec], problems: &mut Vec<Problem>) {
    for (i, host) in hosts.iter().enumerate().filter(|(_, host)| !host.machine.is_default()) {
        problems.push(
            Place::new(i, host)
                .warning("machine", "machine is written, and there is no section machines")
                .fix("add the section machines, or remove the field"),
        );
    }
}

/// ssh logs in as the user that a machine has, unless it is written otherwise.
pub fn let_in(hosts: &mut [Host], specs: &[HostSpec], user: &User) {
    for (host, _) in hosts.iter_mut().zip(specs).filter(|(_, spec)| spec.ssh.user.is_none()) {
        host.ssh.user.clone_from(&user.name);
    }
}

fn each(
    spec: &MachinesSpec,
    cluster: &ClusterSpec,
    problems: &mut Vec<Problem>,
) -> Option<BTreeMap<String, Machine>> {
    let path = |field: &str| format!("machines.{field}");
    let cpus = cpus(&path("cpus"), spec.cpus, problems);
    let memory = memory(&path("memory"), &spec.memory, problems);
    let disk = disk(&path("disk"), &spec.disk, problems);
    let macs = macs(cluster, problems);
    let mut machines: Vec<(&str, Option<Machine>)> = Vec::with_capacity(cluster.hosts.len());
    for (i, host) in cluster.hosts.iter().enumerate() {
        let own = &host.machine;
        let path = |field: &str| format!("hosts[{i}].machine.{field}");
        let cpus = own.cpus.map_or(cpus, |own| self::cpus(&path("cpus"), own, problems));
        let memory = own.memory.as_ref().map_or(memory, |own| self::memory(&path("memory"), own, problems));
        let disk = own.disk.as_ref().map_or(disk, |own| self::disk(&path("disk"), own, problems));
        let machine = || Some(Machine { cpus: cpus?, memory: memory?, disk: disk?, mac: *macs.get(i)? });
        machines.push((&host.name, machine()));
    }
    machines.into_iter().map(|(name, machine)| Some((name.to_owned(), machine?))).collect()
}

fn cpus(path: &str, cpus: u32, problems: &mut Vec<Problem>) -> Option<u32> {
    if (1..=MOST_CPUS).contains(&cpus) {
        return Some(cpus);
    }
    let message = format!("{path} {cpus} is no number of processors");
    problems.push(Problem::error(path, message).fix(format!("write a number from 1 to {MOST_CPUS}")));
    None
}

fn memory(path: &str, text: &str, problems: &mut Vec<Problem>) -> Option<Size> {
    size(path, text, (SMALLEST_MEMORY, LARGEST_MEMORY), problems)
}

fn disk(path: &str, text: &str, problems: &mut Vec<Problem>) -> Option<Size> {
    size(path, text, (SMALLEST_DISK, LARGEST_DISK), problems)
}

fn size(path: &str, text: &str, (from, to): (Size, Size), problems: &mut Vec<Problem>) -> Option<Size> {
    let message = match parse_size(text) {
        Some(size) if (from..=to).contains(&size) => return Some(size),
        Some(_) => format!("{path} {text} is not between {from} and {to}"),
        None => format!("{path} {text} is not a size"),
    };
    problems.push(Problem::error(path, message).fix("write it in MiB, GiB or TiB, for instance 4GiB"));
    None
}

fn parse_size(text: &str) -> Option<Size> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit {
        "MiB" => 1,
        "GiB" => 1 << 10,
        "TiB" => 1 << 20,
        _ => return None,
    };
    let mebibytes = number.parse::<u64>().ok()?.checked_mul(factor)?;
    Some(Size { mebibytes })
}

/// The hardware address of each host's machine. What is written comes first; the others are decided by the names
/// of cluster and host, and by chance two of many may want the same one.
fn macs(cluster: &ClusterSpec, problems: &mut Vec<Problem>) -> Vec<Mac> {
    let written = cluster.hosts.iter().enumerate().map(|(i, host)| {
        let text = host.machine.mac.as_ref()?;
        mac(&Place::new(i, host), text, problems)
    });
    let written: Vec<Option<Mac>> = written.collect();
    let mut taken: HashMap<Mac, usize> = HashMap::with_capacity(cluster.hosts.len());
    for (i, mac) in written.iter().enumerate() {
        let Some(mac) = mac else { continue };
        let first = *taken.entry(*mac).or_insert(i);
        if first != i {
            let other = &cluster.hosts[first].name;
            let message = format!("machine.mac {mac} is that of host {other} too");
            let problem = Place::new(i, &cluster.hosts[i]).error("machine.mac", message);
            problems.push(problem.fix("give every machine its own, or leave it to kthw"));
        }
    }
    let mut decided = Vec::with_capacity(written.len());
    for (i, mac) in written.into_iter().enumerate() {
        let mac = mac.unwrap_or_else(|| {
            let candidates = (0..).map(|attempt| named_mac(&cluster.name, &cluster.hosts[i].name, attempt));
            let mut free = candidates.filter(|mac| !taken.contains_key(mac));
            free.next().expect("there are more addresses than hosts")
        });
        taken.entry(mac).or_insert(i);
        decided.push(mac);
    }
    decided
}

/// An address in the range that hypervisors use, 52:54:00, which no manufacturer has.
fn named_mac(cluster: &str, host: &str, attempt: u32) -> Mac {
    let mut hasher = blake3::Hasher::new_derive_key("kthw.dev 2026-11-21 hardware address v1");
    for part in [cluster, host] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.update(&attempt.to_le_bytes());
    let hash = hasher.finalize();
    let [a, b, c, ..] = *hash.as_bytes();
    Mac([0x52, 0x54, 0x00, a, b, c])
}

fn mac(place: &Place, text: &str, problems: &mut Vec<Problem>) -> Option<Mac> {
    let message = match parse_mac(text) {
        Some(mac) if mac.is_multicast() => format!("machine.mac {text} stands for many machines (multicast)"),
        Some(Mac([0, 0, 0, 0, 0, 0])) => format!("machine.mac {text} stands for no machine"),
        Some(mac) => return Some(mac),
        None => format!("machine.mac {text} is not a hardware address"),
    };
    let fix = "write it like 52:54:00:12:34:56, or leave it to kthw";
    problems.push(place.error("machine.mac", message).fix(fix));
    None
}

fn parse_mac(text: &str) -> Option<Mac> {
    let is_octet = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit());
    let octet = |part: &str| is_octet(part).then(|| u8::from_str_radix(part, 16).ok()).flatten();
    let octets: Option<Vec<u8>> = text.split(':').map(octet).collect();
    Some(Mac(octets?.try_into().ok()?))
}

fn folder(spec: &MachinesSpec, problems: &mut Vec<Problem>) -> Option<String> {
    let folder = spec.folder.as_ref()?;
    if paths::is_absolute(folder) {
        return Some(folder.clone());
    }
    let path = "machines.folder";
    let message = format!("{path} {folder} is not the absolute path of a folder");
    problems.push(Problem::error(path, message).fix("write it like /var/lib/libvirt/images/hard-way"));
    None
}

fn image(spec: &ImageSpec, hosts: &[HostSpec], problems: &mut Vec<Problem>) -> Option<Image> {
    let path = "machines.image";
    let own = [(Arch::Amd64, &spec.amd64), (Arch::Arm64, &spec.arm64)];
    match (&spec.name, own.iter().any(|(_, file)| file.is_some())) {
        (None, false) => Some(Image::Published(BaseImage::Ubuntu2404)),
        (Some(name), false) => {
            let path = format!("{path}.name");
            names::choose(&path, name, BaseImage::WORDS, BaseImage::from_word, problems).map(Image::Published)
        }
        (Some(_), true) => {
            let message = format!("{path} names a published image and one's own");
            problems.push(
                Problem::error(format!("{path}.name"), message).fix("keep name, or keep url and checksum"),
            );
            None
        }
        (None, true) => {
            let before = problems.len();
            let mut files = BTreeMap::new();
            for (arch, file) in own {
                if let Some(file) = file {
                    files.extend(image_file(arch, file, problems).map(|file| (arch, file)));
                } else if hosts.iter().any(|host| host.arch() == Some(arch)) {
                    let first =
                        hosts.iter().find(|host| host.arch() == Some(arch)).map_or("", |host| &host.name);
                    let message = format!("{path} has no image for {arch}, and host {first} is {arch}");
                    let fix = format!("write {arch}: {{url: https://…, checksum: sha256:…}}");
                    problems.push(Problem::error(path, message).fix(fix));
                }
            }
            (problems.len() == before).then_some(Image::Own(files))
        }
    }
}

fn image_file(arch: Arch, spec: &ImageFileSpec, problems: &mut Vec<Problem>) -> Option<ImageFile> {
    let path = |field: &str| format!("machines.image.{arch}.{field}");
    let is_url = ["https://", "http://", "file:///"].iter().any(|scheme| spec.url.starts_with(scheme));
    if !is_url || spec.url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        let message = match spec.url.as_str() {
            "" => format!("{} is missing", path("url")),
            url => format!("{} {url} is not an http, https or file URL", path("url")),
        };
        problems.push(Problem::error(path("url"), message).fix("write where the image is published"));
        return None;
    }
    let parts = spec.checksum.split_once(':');
    let whole = parts.filter(|(algorithm, digest)| names::is_digest(algorithm, digest));
    let Some((algorithm, digest)) = whole else {
        let message = match spec.checksum.as_str() {
            "" => format!("{} is missing", path("checksum")),
            checksum => format!("{} {checksum} is not a whole digest", path("checksum")),
        };
        let fix = "write sha256: or sha512: and all digits that the publisher gives, in lower case";
        problems.push(Problem::error(path("checksum"), message).fix(fix));
        return None;
    };
    Some(ImageFile { url: spec.url.clone(), algorithm: algorithm.to_owned(), digest: digest.to_owned() })
}

fn user(spec: &UserSpec, problems: &mut Vec<Problem>) -> User {
    let name = spec.name.as_deref().unwrap_or("root");
    let groups = spec.groups.iter().enumerate().map(|(i, group)| (format!("groups[{i}]"), &**group));
    for (field, word) in std::iter::once(("name".to_owned(), name)).chain(groups) {
        if !is_user(word) {
            let path = format!("machines.user.{field}");
            let message = format!("{path} {word:?} is not a name that a system knows");
            problems.push(Problem::error(path, message).fix("write letters, digits, `.`, `_` and `-`"));
        }
    }
    authorized_keys::check("machines.user.sshAuthorizedKeys", &spec.ssh_authorized_keys, problems);
    User {
        name: name.to_owned(),
        authorized_keys: spec.ssh_authorized_keys.clone(),
        groups: spec.groups.clone(),
        sudo: spec.sudo.unwrap_or(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_and_a_binary_unit() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(parse_size(text).map(|size| size.mebibytes), expected, "{text}");
        };
        check("512MiB", Some(512));
        check("20GiB", Some(20 << 10));
        check("1TiB", Some(1 << 20));
        for text in ["", "GiB", "20", "20 GiB", "20GB", "1.5GiB", "-1GiB", "99999999999999TiB"] {
            check(text, None);
        }
    }

    #[test]
    fn a_machine_keeps_its_hardware_address_for_its_name() {
        insta::assert_snapshot!(named_mac("hard-way", "worker-1", 0), @"52:54:00:52:11:28");
        assert_ne!(named_mac("hard-way", "worker-1", 0), named_mac("hard-wayw", "orker-1", 0));
        assert_ne!(named_mac("hard-way", "worker-1", 0), named_mac("hard-way", "worker-1", 1));
        assert_eq!(parse_mac("52:54:00:AB:cd:01"), Some(Mac([0x52, 0x54, 0, 0xab, 0xcd, 1])));
        for text in ["", "52:54:00:ab:cd", "52:54:00:ab:cd:1", "52-54-00-ab-cd-01", "52:54:00:ab:cd:+1"] {
            assert_eq!(parse_mac(text), None, "{text}");
        }
    }

    #[test]
    fn thousands_of_machines_have_a_hardware_address_each() {
        let host = |i: u32| HostSpec { name: format!("worker-{i}"), ..HostSpec::default() };
        let hosts = (0..20_000).map(host).collect();
        let cluster = ClusterSpec { name: "big".to_owned(), hosts, ..ClusterSpec::default() };
        let mut problems = Vec::new();
        let macs = macs(&cluster, &mut problems);
        let first: Vec<Mac> = (0..20_000).map(|i| named_mac("big", &format!("worker-{i}"), 0)).collect();
        let different = |macs: &[Mac]| macs.iter().collect::<std::collections::BTreeSet<_>>().len();
        assert_eq!((problems, different(&macs)), (vec![], 20_000));
        assert!(different(&first) < 20_000, "some of so many meet at first");
    }
}
