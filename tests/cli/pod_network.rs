//! The network of the bridge plugin on a real kernel: who has which routes, and under which address pods are seen.

use crate::cluster_folder::ClusterFolder;
use crate::judge::{judge, own_network};
use crate::ran::Ran;

/// A folder with what a worker of the example runs: the program `kernel`, and its files `routes`, `masquerade.nft` and
/// `settings`.
fn worker() -> ClusterFolder {
    let folder = ClusterFolder::single();
    for (name, path) in [
        ("kernel", "/usr/local/sbin/kubernetes-kernel"),
        ("routes", "/etc/kubernetes/pod-routes"),
        ("masquerade.nft", "/etc/kubernetes/pod-masquerade.nft"),
        ("settings", "/etc/sysctl.d/99-kubernetes.conf"),
    ] {
        folder.write(name, &folder.kthw(&["show", &format!("worker-node-1:{path}")]).result());
    }
    folder
}

/// What a script prints that runs in a network of its own.
fn run(folder: &ClusterFolder, script: &str) -> Option<String> {
    let mut shell = own_network()?;
    // What it leaves running ends with it.
    shell.args(["unshare", "--pid", "--fork", "--kill-child", "sh", "-euc", script]);
    Some(Ran::of(shell.current_dir(folder.path())).result())
}

/// The routes of a host after it has followed each of these files in turn.
fn routes_after(own: &str, family: &str, files: &[&str]) -> Option<Vec<String>> {
    let folder = worker();
    let mut script = format!(
        "ip link add host0 type bridge; ip link set host0 up; ip link set lo up; ip address add {own} dev host0;"
    );
    for (number, text) in files.iter().enumerate() {
        folder.write(&format!("routes-{number}"), text);
        script += &format!("sh kernel routes routes-{number} {family};");
    }
    script += &format!("ip {family} route show proto 120");
    let shown = run(&folder, &script)?;
    Some(shown.lines().map(|line| line.split(" dev").next().unwrap_or(line).to_owned()).collect())
}

#[test]
fn a_host_has_a_route_to_the_pods_of_every_other_and_none_that_has_gone() {
    let one = "10.200.36.0/24 via 10.0.0.36\n";
    let two = "10.200.37.0/24 via 10.0.0.37\n";
    let three = "10.200.38.0/24 via 10.0.0.38\n";
    let check = |files: &[&str], expected: &[&str]| {
        let Some(found) = routes_after("10.0.0.36/24", "-4", files) else { return };
        assert_eq!(found, expected, "{files:?}");
    };
    let all = [one, two, three].concat();
    let others = ["10.200.37.0/24 via 10.0.0.37", "10.200.38.0/24 via 10.0.0.38"];
    check(&[&all], &others);
    check(&[&all, &all], &others);
    check(&[&all, &[one, three].concat()], &others[1..]);
    check(&[&all, "10.200.37.0/24 via 10.0.0.40\n"], &["10.200.37.0/24 via 10.0.0.40"]);
    check(&[&all, one], &[]);
    check(&[one], &[]);
}

#[test]
fn routes_may_be_ipv6() {
    let file = "fd00:200:0:36::/64 via fd00::36\nfd00:200:0:37::/64 via fd00::37\n";
    let Some(found) = routes_after("fd00::36/64", "-6", &[file, file]) else { return };
    assert_eq!(found, ["fd00:200:0:37::/64 via fd00::37"]);
}

#[test]
fn rules_may_be_loaded_again() {
    let folder = worker();
    if judge("nft").is_none() {
        return;
    }
    let script = "nft -f masquerade.nft; nft -f masquerade.nft; nft list ruleset";
    let Some(listed) = run(&folder, script) else { return };
    assert_eq!(listed.matches("masquerade").count(), 1, "{listed}");
}

/// A host with an address, the network of its own pods, and neighbours that it may lead to; and `eventually`, which waits.
const HOST: &str = "
chmod +x kernel
ip link set lo up
for link in host0 cni0; do
    ip link add $link type bridge
    ip link set $link up
done
ip address add 10.0.0.36/24 dev host0
ip address add fd00::36/64 dev host0
ip address add 10.200.36.1/24 dev cni0
printf '10.200.%s.0/24 via 10.0.0.%s\n' 36 36 37 37 38 38 > routes-4
printf 'fd00:200:0:%s::/64 via fd00::%s\n' 36 36 37 37 38 38 > routes-6
printf 'net.ipv4.ip_forward = 1\nnet.ipv4.conf.all.arp_ignore = 1\n' > settings
routes() {
    ip $1 route show proto 120 | wc -l
}
eventually() {
    for attempt in $(seq 600); do
        if eval \"$1\"; then return; fi
        sleep 0.05
    done
    echo \"not at last: $1\"
    exit 1
}
";

#[test]
fn what_is_in_the_kernel_already_is_left_alone() {
    let folder = worker();
    if judge("nft").is_none() {
        return;
    }
    let all = "./kernel routes routes-4 -4; ./kernel routes routes-6 -6; ./kernel rules masquerade.nft; \
               ./kernel address 10.0.0.99/32 settings; ./kernel address fd00::99/128;";
    let script = format!(
        "{HOST}\n{all}\nip -oneline monitor link address route > told &\nnft monitor > told-by-nft &\n\
         told() {{ ip link add $1 type bridge; nft add table inet $1; sleep 0.1; grep -q $1 told && grep -q $1 told-by-nft; }}\n\
         eventually 'told before$attempt'\n{all}\neventually 'told after$attempt'\n\
         routes -4; routes -6; ip -oneline address show dev lo | wc -l\n\
         grep -hv 'before\\|after\\|^# ' told told-by-nft || true"
    );
    let Some(said) = run(&folder, &script) else { return };
    // Two routes of each family, and the loopback interface's own addresses with the two of this host.
    assert_eq!(said.lines().collect::<Vec<_>>(), ["2", "2", "4"]);
}

#[test]
fn what_is_taken_out_of_the_kernel_comes_back() {
    let folder = worker();
    if judge("nft").is_none() {
        return;
    }
    let keepers = [
        "routes routes-4 -4",
        "routes routes-6 -6",
        "rules masquerade.nft",
        "address 10.0.0.99/32 settings",
        "settings settings",
    ];
    let mut script = HOST.to_owned();
    for keeper in keepers {
        script += &format!("./kernel keep {keeper} &\n");
    }
    let (routes, rules) = ("[ $(routes -4)$(routes -6) = 22 ]", "nft list ruleset | grep -q masquerade");
    let (address, setting) =
        ("ip address show dev lo | grep -q 10.0.0.99/32", "grep -q 1 /proc/sys/net/ipv4/ip_forward");
    let mut check = |taking: &str, holds: &str| {
        script += &format!("{taking}\neventually '{holds}'\necho \"{taking}\"\n");
    };
    check("true", routes);
    check("true", rules);
    check("true", address);
    check("true", setting);
    check("ip route flush proto 120; ip -6 route flush proto 120", routes);
    check("ip link set host0 down; ip link set host0 up; ip address replace fd00::36/64 dev host0", routes);
    // Its own line is not for this host, whose own pods have another route, even while it has not that address.
    check("ip address del 10.0.0.36/24 dev host0; sleep 1; ip address add 10.0.0.36/24 dev host0", routes);
    check("true", "ip route show 10.200.36.0/24 | grep -q cni0");
    check("nft flush ruleset", rules);
    check("nft flush table ip kubernetes-pods", rules);
    check("nft delete table ip kubernetes-pods", rules);
    check("ip address del 10.0.0.99/32 dev lo", address);
    check("echo 0 > /proc/sys/net/ipv4/ip_forward", setting);
    check(
        "echo 0 > /proc/sys/net/ipv4/conf/all/arp_ignore",
        "grep -q 1 /proc/sys/net/ipv4/conf/all/arp_ignore",
    );
    let Some(said) = run(&folder, &script) else { return };
    assert_eq!(said.lines().last(), Some("echo 0 > /proc/sys/net/ipv4/conf/all/arp_ignore"), "{said}");
}

/// Two workers with a pod each and a machine that is none, all on one switch: namespaces of the network. What the
/// bridge plugin would do is done by hand, the rest by what kthw makes.
const TWO_WORKERS: &str = "
mount -t tmpfs none /run
ip link add switch type bridge
ip link set switch up
for host in worker1 worker2 outside; do
    ip netns add $host
    ip link add to-$host type veth peer name eth0 netns $host
    ip link set to-$host master switch up
    ip -n $host link set lo up
    ip -n $host link set eth0 up
done
ip -n outside address add 10.0.0.9/24 dev eth0
for number in 36 37; do
    host=worker$((number - 35)) pod=pod$((number - 35))
    ip netns add $pod
    ip -n $host address add 10.0.0.$number/24 dev eth0
    ip -n $host link add cni0 type bridge
    ip -n $host link set cni0 up
    ip -n $host address add 10.200.$number.1/24 dev cni0
    ip -n $host link add to-pod type veth peer name eth0 netns $pod
    ip -n $host link set to-pod master cni0 up
    ip -n $pod link set eth0 up
    ip -n $pod address add 10.200.$number.2/24 dev eth0
    ip -n $pod route add default via 10.200.$number.1
    ip netns exec $host sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'
    ip netns exec $host sh kernel routes routes -4
    ip netns exec $host sh kernel rules masquerade.nft
done
";

/// A server in one namespace, which says whom it sees, and a client in another, which prints that.
const SERVER: &str = "
import socket
server = socket.create_server(('0.0.0.0', 8080))
print('ready', flush=True)
client, address = server.accept()
client.sendall(address[0].encode())
";
const CLIENT: &str = "
import socket, sys
print(socket.create_connection((sys.argv[1], 8080), 30).recv(99).decode())
";

#[test]
fn pods_know_each_other_and_the_world_knows_their_hosts() {
    let folder = worker();
    for program in ["nft", "python3"] {
        if judge(program).is_none() {
            return;
        }
    }
    folder.write("server.py", SERVER);
    folder.write("client.py", CLIENT);
    folder.write("two-workers.sh", TWO_WORKERS);
    let mut script = "set -eu\n. ./two-workers.sh\nmkfifo ready\n".to_owned();
    for (server, address) in [("pod2", "10.200.37.2"), ("outside", "10.0.0.9"), ("worker2", "10.0.0.37")] {
        script += &format!(
            "ip netns exec {server} python3 server.py > ready &\nread -r _ < ready\n\
             ip netns exec pod1 python3 client.py {address}\nwait\n"
        );
    }
    folder.write("all.sh", &script);
    let Some(seen) = run(&folder, "unshare --mount sh all.sh") else { return };
    assert_eq!(seen.lines().collect::<Vec<_>>(), ["10.200.36.2", "10.0.0.36", "10.0.0.36"]);
}
