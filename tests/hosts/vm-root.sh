#!/bin/sh
# Makes the Debian that a machine with a kernel of its own begins with, in the folder $1: what README's "What a host
# needs" says of workers and of gateways, and how the test gets in. In a mount namespace of its own, so that nothing stays mounted.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
mkdir -p "$1/etc/dpkg/dpkg.cfg.d"
echo force-unsafe-io >"$1/etc/dpkg/dpkg.cfg.d/unsafe-io"
# The release whose systemd-networkd removes routes that it does not know whenever it starts anew.
debootstrap --variant=minbase --include=linux-image-cloud-amd64,systemd-sysv,dbus,kmod,procps,iproute2,ca-certificates,\
systemd-resolved,nftables,iptables,conntrack,openssh-server,strace,busybox-static trixie "$1"
# By apt: debootstrap knows no virtual packages, such as those that ldirectord's Perl modules depend on.
chroot "$1" apt-get install -q -y --no-install-recommends ldirectord
rm "$1/etc/dpkg/dpkg.cfg.d/unsafe-io"
chroot "$1" systemctl disable -q ldirectord ipvsadm
chroot "$1" systemctl enable -q systemd-networkd systemd-resolved ssh
# What takes long where every instruction is emulated, and tells nothing.
chroot "$1" systemctl mask -q apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
  serial-getty@ttyS0.service
echo '/dev/vda / ext4 defaults 0 1' >"$1/etc/fstab"
: >"$1/etc/machine-id"
rm -f "$1/etc/hostname"
chroot "$1" apt-get clean
