#!/bin/sh
# Makes the Debian that every host begins with, in the folder $1: what README's "What a host needs" and "Status" say,
# and nothing of it runs. In a mount namespace of its own, so that nothing stays mounted.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
debootstrap --variant=minbase --include=systemd-sysv,dbus,kmod,procps,iproute2,ca-certificates,curl bookworm "$1"
# The rest by apt: debootstrap knows no virtual packages, such as those that ldirectord's Perl modules depend on.
mkdir -p "$1/etc/dpkg/dpkg.cfg.d"
echo force-unsafe-io >"$1/etc/dpkg/dpkg.cfg.d/unsafe-io"
printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
chmod 755 "$1/usr/sbin/policy-rc.d"
chroot "$1" apt-get install -q -y --no-install-recommends \
  conntrack haproxy iptables keepalived ldirectord nftables openssh-server strace systemd-resolved
rm "$1/usr/sbin/policy-rc.d" "$1/etc/dpkg/dpkg.cfg.d/unsafe-io"
# Balancers run on their hosts alone, and nobody waits for a login, news or a full disk.
chroot "$1" systemctl disable -q haproxy keepalived ldirectord ipvsadm apt-daily.timer apt-daily-upgrade.timer \
  dpkg-db-backup.timer
chroot "$1" systemctl enable -q systemd-networkd systemd-resolved
# Each host has a name and an identity of its own.
rm -rf "$1/etc/hostname" "$1/etc/machine-id" "$1/var/lib/dbus/machine-id"
chroot "$1" apt-get clean
