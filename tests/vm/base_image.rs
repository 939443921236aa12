//! A base image as distributions publish them, made here: Debian with cloud-init, on a disk that a BIOS boots.

#![expect(clippy::disallowed_methods, reason = "tests write their own files and run judges")]

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256};

use crate::judge::{judge, miss};
use crate::ran::Ran;

const SUITE: &str = "bookworm";
const MIRROR: &str = "http://deb.debian.org/debian";
/// What Debian's own cloud images boot and configure themselves with, and what kthw has a worker install.
const PACKAGES: &str = "linux-image-cloud-amd64,systemd-sysv,systemd-resolved,libpam-systemd,dbus,kmod,procps,iproute2,\
    netplan.io,openssh-server,sudo,cloud-init,python3-cffi-backend,conntrack,iptables,nftables";
/// Where the one partition begins, and how large it is, in bytes.
const PARTITION: u64 = 1 << 20;
const SIZE: u64 = 2 << 30;
const BOOT_SECTOR: &str = "/usr/lib/grub/i386-pc/boot.img";
const GRUB: &str = "\
set root=(hd0,msdos1)
linux /vmlinuz root=/dev/vda1 rw console=ttyS0 net.ifnames=0 quiet mitigations=off
initrd /initrd.img
boot
";

/// An image and its digest.
pub struct BaseImage {
    pub path: PathBuf,
    pub sha256: String,
}

/// The image, or `None` where it cannot be made and the test may be skipped. It is kept for the next run.
pub fn base_image() -> Option<BaseImage> {
    for program in [
        "qemu-system-x86_64",
        "qemu-img",
        "unshare",
        "debootstrap",
        "mke2fs",
        "sfdisk",
        "grub-mkimage",
        "chroot",
    ] {
        judge(program)?;
    }
    if !Path::new(BOOT_SECTOR).exists() {
        miss(BOOT_SECTOR);
        return None;
    }
    if Ran::of(judge("id")?.arg("-u")).result().trim() != "0" {
        miss("root user");
        return None;
    }
    let recipe = Sha256::digest(include_str!("base_image.rs"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("base-image");
    let path = folder.join(format!("{}.qcow2", hex(&recipe[..8])));
    if !path.exists() {
        // What an older recipe made is of no use.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the target folder is writable");
        make(&folder, &path);
    }
    let sha256 = hex(&Sha256::digest(fs::read(&path).expect("the image was made")));
    Some(BaseImage { path, sha256 })
}

fn make(folder: &Path, image: &Path) {
    let (root, disk, core) = (folder.join("root"), folder.join("disk.raw"), folder.join("core.img"));
    // A root that is lost with a power cut is made again.
    let quick = root.join("etc/dpkg/dpkg.cfg.d");
    fs::create_dir_all(&quick).expect("our own folder is writable");
    fs::write(quick.join("quick"), "force-unsafe-io\n").expect("our own folder is writable");
    // It mounts /proc in the root. What is mounted where only it can see goes with it, even when it is killed: nobody
    // who removes the folder comes upon the /proc of this machine.
    let mut debootstrap = judge("unshare").expect("it was there");
    debootstrap
        .args(["--mount", "debootstrap", "--variant=minbase", &format!("--include={PACKAGES}"), SUITE])
        .arg(&root)
        .arg(MIRROR);
    succeed(debootstrap.env("DEBIAN_FRONTEND", "noninteractive"));
    let write = |path: &str, text: &str| fs::write(root.join(path), text).expect("the root is ours");
    // As in Debian's images: nothing of the machine that it was made on, one source of data, all sorts of networks.
    write("etc/machine-id", "");
    write("etc/hostname", "");
    write("etc/fstab", "/dev/vda1 / ext4 defaults 0 1\n");
    write("etc/cloud/cloud.cfg.d/90_dpkg.cfg", "datasource_list: [ NoCloud, None ]\n");
    // What takes long and tells nothing: keys of three more kinds, and an IPv6 router that does not answer.
    write("etc/cloud/cloud.cfg.d/91_quick.cfg", "ssh_genkeytypes: [ed25519]\n");
    let network = "etc/systemd/network/10-netplan-eth0.network.d";
    fs::create_dir_all(root.join(network)).expect("the root is ours");
    write(&format!("{network}/quick.conf"), "[Network]\nIPv6AcceptRA=no\n");
    // The machines of the test install nothing that is not there.
    write("etc/apt/sources.list", "");
    for (verb, unit) in [
        ("enable", "systemd-networkd.service"),
        ("mask", "apt-daily.timer"),
        ("mask", "apt-daily-upgrade.timer"),
    ] {
        succeed(judge("chroot").expect("it was there").arg(&root).args(["systemctl", verb, unit]));
    }
    succeed(judge("chroot").expect("it was there").arg(&root).args(["apt-get", "clean"]));

    let config = folder.join("grub.cfg");
    fs::write(&config, GRUB).expect("our own folder is writable");
    let mut grub = judge("grub-mkimage").expect("it was there");
    grub.args(["-O", "i386-pc", "-p", "/boot/grub", "-c"]).arg(&config).arg("-o").arg(&core);
    succeed(grub.args(["biosdisk", "part_msdos", "ext2", "linux"]));

    let mut file = fs::File::create(&disk).expect("our own folder is writable");
    file.set_len(SIZE).expect("a sparse file");
    let mut sfdisk = judge("sfdisk").expect("it was there");
    let table = folder.join("table");
    fs::write(&table, "start=2048, type=83, bootable\n").expect("our own folder is writable");
    succeed(sfdisk.arg("-q").arg(&disk).stdin(fs::File::open(&table).expect("it was written")));
    // The boot sector's program, before the table of partitions; then GRUB itself, in the gap before the first one.
    let sector = fs::read(BOOT_SECTOR).expect("it was there");
    file.write_all(&sector[..440]).expect("the disk is ours");
    file.seek(SeekFrom::Start(512)).expect("the disk is ours");
    file.write_all(&fs::read(&core).expect("it was made")).expect("the disk is ours");
    drop(file);
    let mut mke2fs = judge("mke2fs").expect("it was there");
    mke2fs.args(["-q", "-t", "ext4", "-L", "root", "-d"]).arg(&root);
    mke2fs.args(["-E", &format!("offset={PARTITION}")]).arg(&disk);
    succeed(mke2fs.arg(format!("{}k", (SIZE - PARTITION) >> 10)));

    let made = image.with_extension("new");
    let mut convert = judge("qemu-img").expect("it was there");
    succeed(convert.args(["convert", "-f", "raw", "-O", "qcow2"]).arg(&disk).arg(&made));
    fs::rename(made, image).expect("one folder");
    for rest in [disk, core, config, table] {
        fs::remove_file(rest).expect("our own folder is writable");
    }
    fs::remove_dir_all(root).expect("our own folder is writable");
}

#[track_caller]
fn succeed(command: &mut Command) {
    Ran::of(command).result();
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
