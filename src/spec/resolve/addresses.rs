//! What an address may be used for: the special ones that a kernel or a program takes for nothing else.

use std::net::IpAddr;
use std::sync::LazyLock;

use ipnet::IpNet;

use crate::spec::problem::Problem;

/// A kind of addresses that are not those of one host alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    Unspecified,
    Loopback,
    LinkLocal,
    Multicast,
    Broadcast,
    /// What the designers of IPv4 kept for later; Linux routes them.
    Reserved,
    /// IPv4 in the clothes of IPv6: programs written in Go take one for the other, kernels do not.
    Mapped,
}

use Special::{Broadcast, LinkLocal, Loopback, Mapped, Multicast, Reserved, Unspecified};

/// Narrower ranges come first.
const RANGES: [(&str, Special); 12] = [
    ("255.255.255.255/32", Broadcast),
    ("0.0.0.0/8", Unspecified),
    ("127.0.0.0/8", Loopback),
    ("169.254.0.0/16", LinkLocal),
    ("224.0.0.0/4", Multicast),
    ("240.0.0.0/4", Reserved),
    ("::/128", Unspecified),
    ("::1/128", Loopback),
    ("::ffff:0:0/96", Mapped),
    ("fe80::/10", LinkLocal),
    ("ff00::/8", Multicast),
    // What stood for IPv4 before: neither a kernel nor Kubernetes takes it for IPv4 today, but the two above are in it.
    ("::/96", Unspecified),
];

static PARSED: LazyLock<Vec<(IpNet, Special)>> = LazyLock::new(|| {
    let parse = |(range, special): &(&str, Special)| {
        (range.parse().expect("the ranges of this table are written well"), *special)
    };
    RANGES.iter().map(parse).collect()
});

fn ranges() -> impl Iterator<Item = (IpNet, Special)> {
    PARSED.iter().copied()
}

impl Special {
    pub fn of(address: IpAddr) -> Option<Special> {
        ranges().find(|(range, _)| range.contains(&address)).map(|(_, special)| special)
    }

    fn describe(self) -> &'static str {
        match self {
            Unspecified => "unspecified: it stands for no host",
            Loopback => "a loopback address: to each host it is that host itself",
            LinkLocal => "link-local: the kubelet and the API server refuse it",
            Multicast => "a multicast address: it stands for many hosts",
            Broadcast => "the broadcast address of every network",
            Reserved => "reserved: Linux routes it, and many routers and other systems do not",
            Mapped => "IPv4 written as IPv6",
        }
    }
}

/// What an address is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// That of a host, of a gateway, or of the API.
    Host,
    /// Asked for names.
    NameServer,
    /// In a certificate: whatever clients may connect to.
    Name,
}

impl Use {
    fn allows(self, special: Special) -> bool {
        match self {
            Use::Host => false,
            // A cloud's name servers are link-local ones.
            Use::NameServer => matches!(special, Loopback | LinkLocal),
            // Linux takes a connection to 0.0.0.0 for one to itself.
            Use::Name => matches!(special, Unspecified | Loopback | LinkLocal | Reserved),
        }
    }
}

/// What is wrong with an address for this use, after the words that name it; a warning where it may work.
pub fn check(subject: &str, address: IpAddr, usage: Use) -> Option<Problem> {
    let special = Special::of(address).filter(|special| !usage.allows(*special))?;
    let message = format!("{subject} {address} is {}", special.describe());
    let problem = match special {
        Reserved => Problem::warning("", message),
        _ => Problem::error("", message),
    };
    Some(match (special, address) {
        (Mapped, IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(plain) => problem.fix(format!("write {plain}")),
            None => problem,
        },
        _ => {
            problem.fix("choose an address that one host alone can have, for instance 10.0.0.36 or fd00::36")
        }
    })
}

/// The special range that a range lies in as a whole.
pub fn holding(range: &IpNet) -> Option<(IpNet, Special)> {
    ranges().find(|(special, _)| special.contains(range))
}

/// The first special range that a range meets at all.
fn meeting(range: &IpNet) -> Option<(IpNet, Special)> {
    ranges().find(|(special, _)| special.contains(range) || range.contains(special))
}

/// What is wrong with a range out of which hosts have their addresses: each of them is looked at by itself, unless all
/// are special.
pub fn check_hosts(path: &str, range: &IpNet) -> Option<Problem> {
    let (within, special) = holding(range)?;
    Some(of_range(path, &format!("{range} is in {within}"), special))
}

/// What is wrong with a range out of which addresses are given away, any of them.
pub fn check_pool(path: &str, range: &IpNet) -> Option<Problem> {
    let (met, special) = meeting(range)?;
    let relation = if met.contains(range) { "is in" } else { "holds" };
    Some(of_range(path, &format!("{range} {relation} {met}"), special))
}

fn of_range(path: &str, relation: &str, special: Special) -> Problem {
    let message = format!("{path} {relation}, where every address is {}", special.describe());
    match special {
        Reserved => Problem::warning(path, message).fix("choose a private range, for instance in 10.0.0.0/8"),
        Mapped => Problem::error(path, message).fix("write it as IPv4"),
        _ => Problem::error(path, message)
            .fix("choose a private range, for instance in 10.0.0.0/8 or fd00::/8"),
    }
}

/// Whether the address is the network's own or its broadcast address.
pub fn is_of_network(address: &IpAddr, range: &IpNet) -> bool {
    match range {
        IpNet::V4(v4) if v4.prefix_len() >= 31 => false,
        IpNet::V4(_) => *address == range.network() || *address == range.broadcast(),
        IpNet::V6(v6) if v6.prefix_len() >= 127 => false,
        IpNet::V6(_) => *address == range.network(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_are_known_to_their_last_bit() {
        let check = |address: &str, expected| {
            assert_eq!(Special::of(address.parse().expect("an address")), expected, "{address}");
        };
        for (address, special) in [
            ("0.0.0.0", Unspecified),
            ("0.255.255.255", Unspecified),
            ("127.255.255.254", Loopback),
            ("169.254.255.255", LinkLocal),
            ("224.0.0.0", Multicast),
            ("239.255.255.255", Multicast),
            ("240.0.0.1", Reserved),
            ("255.255.255.254", Reserved),
            ("255.255.255.255", Broadcast),
            ("::", Unspecified),
            ("::1", Loopback),
            ("::ffff:10.1.2.3", Mapped),
            ("::10.1.2.3", Unspecified),
            ("fe80::1", LinkLocal),
            ("febf:ffff::1", LinkLocal),
            ("ff02::1", Multicast),
        ] {
            check(address, Some(special));
        }
        for address in [
            "1.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "169.255.0.0",
            "192.0.2.1",
            "198.18.0.1",
            "203.0.113.7",
            "223.255.255.255",
            "2001:db8::1",
            "fd00::1",
            "fec0::1",
            "64:ff9b::a00:1",
            "::1:ffff:0:1",
        ] {
            check(address, None);
        }
    }

    #[test]
    fn an_address_is_judged_by_its_use() {
        let is_well =
            |address: &str, usage| super::check("it", address.parse().expect("an address"), usage).is_none();
        let judged = |address| [Use::Host, Use::NameServer, Use::Name].map(|usage| is_well(address, usage));
        assert_eq!(judged("10.0.0.1"), [true, true, true]);
        assert_eq!(judged("127.0.0.53"), [false, true, true]);
        assert_eq!(judged("169.254.169.253"), [false, true, true]);
        assert_eq!(judged("0.0.0.0"), [false, false, true]);
        assert_eq!(judged("224.0.0.251"), [false, false, false]);
        assert_eq!(judged("::ffff:10.0.0.1"), [false, false, false]);
    }

    #[test]
    fn a_pool_meets_no_special_range_and_hosts_are_not_all_in_one() {
        let check = |range: &str, expected: [bool; 2]| {
            let range: IpNet = range.parse().expect("a range");
            let found = [check_hosts("a", &range).is_none(), check_pool("a", &range).is_none()];
            assert_eq!(found, expected, "{range}");
        };
        check("10.0.0.0/8", [true, true]);
        check("100.64.0.0/10", [true, true]);
        check("127.1.0.0/24", [false, false]);
        check("169.254.0.0/16", [false, false]);
        check("169.240.0.0/12", [true, false]);
        check("0.0.0.0/0", [true, false]);
        check("::/0", [true, false]);
        check("fe80::/64", [false, false]);
        check("::ffff:0:0/104", [false, false]);
        check("fd00::/8", [true, true]);
    }
}
