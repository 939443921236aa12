//! Load balancers at work: HAProxy leads to API servers that are ready, are who they should be, and no others;
//! keepalived reads its configuration.

use crate::cluster_folder::ClusterFolder;
use crate::host_tree::HostTree;
use crate::judge::{judge, own_network};
use crate::ran::Ran;

/// An API server that is ready and tells its name: `ADDRESS CERTIFICATE KEY NAME`.
const SERVER: &str = r#"
import http.server, ssl, sys
address, certificate, key, name = sys.argv[1:]
class Ready(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = (name + "\n").encode()
        self.send_response(200 if self.path == "/readyz" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass
server = http.server.ThreadingHTTPServer((address, 6443), Ready)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
"#;

/// Runs HAProxy in front of three servers: `NAME CERTIFICATE…`, what the logs are called and what the servers show.
const SCRIPT: &str = r#"
set -u
name=$1; shift
ip link set lo up || exit 1
for address in 10 11 12 40; do ip address add 10.240.0.$address/24 dev lo || exit 1; done
pids=()
serve() { python3 server.py 10.240.0.1$1 $2.crt $2.key controller-$1 >$name-server-$1.log 2>&1 & pids+=($!); }
i=0
for certificate in "$@"; do serve $i $certificate; i=$((i + 1)); done
trap 'kill "${pids[@]}" 2>/dev/null; wait' EXIT
until_so() {
  for _ in $(seq 120); do "$@" && return 0; sleep 0.1; done
  echo "in vain: $*"; metric check_status; tail -n 5 $name-*.log; exit 1
}
listens() { curl --silent --insecure --max-time 1 --output /dev/null https://10.240.0.1$1:6443/readyz; }
for i in 0 1 2; do until_so listens $i; done
haproxy -db -f haproxy.cfg >$name-haproxy.log 2>&1 &
pids+=($!)
ask() { curl --silent --fail --max-time 5 --cacert ca.crt https://10.240.0.40:6443/readyz; }
metric() { curl --silent http://127.0.0.1:8404/metrics | grep "^haproxy_server_$1{proxy=\"control-planes\""; }
checked() { [ "$(metric check_status | grep 'state="\(L7OK\|L6RSP\|L4CON\)"} 1' -c)" = 3 ]; }
state() { metric status | grep -c "server=\"controller-$1\",state=\"$2\"} 1"; }
until_so checked
for i in 0 1 2; do echo "controller-$i: $([ $(state $i UP) = 1 ] && echo ready || echo out)"; done
answers() { for _ in 1 2 3 4 5 6; do ask || echo nobody; done | sort -u | paste -sd' '; }
echo "answers: $(answers)"
kill ${pids[0]}
wait ${pids[0]} 2>/dev/null
echo "one is killed: $(answers)"
is_down() { [ $(state 0 DOWN) = 1 ]; }
until_so is_down
echo "and is out: $(answers)"
"#;

/// What clients see while the servers show these certificates; `None` without the judges.
fn balanced(folder: &ClusterFolder, name: &str, certificates: [&str; 3]) -> Option<String> {
    let (mut network, bash) = (own_network()?, judge("bash")?);
    judge("haproxy").and(judge("curl")).and(judge("python3"))?;
    network.arg(bash.get_program()).args(["-c", SCRIPT, "bash", name]).args(certificates);
    Some(Ran::of(network.current_dir(folder.path())).result())
}

#[test]
fn haproxy_leads_to_servers_that_are_ready_and_are_who_they_should_be() {
    let folder = ClusterFolder::empty();
    folder.kthw(&["init", "--preset", "ha-haproxy"]).exits(0);
    let show = |target: &str| folder.kthw(&["show", target, "--reveal"]).result();
    for host in ["controller-0", "controller-1", "controller-2"] {
        for (name, file) in [(host.to_owned(), "apiserver"), (format!("{host}-etcd"), "etcd/server")] {
            for ending in ["crt", "key"] {
                let text = show(&format!("{host}:/etc/kubernetes/pki/{file}.{ending}"));
                folder.write(&format!("{name}.{ending}"), &text);
            }
        }
    }
    let ca = "/etc/haproxy/kubernetes-ca.crt";
    folder.write("ca.crt", &show(&format!("lb-0:{ca}")));
    let config = show("lb-0:/etc/haproxy/haproxy.cfg").replace(ca, "ca.crt");
    // The servers have the port on other addresses of the same host.
    folder.write("haproxy.cfg", &config.replace("bind 0.0.0.0:", "bind 10.240.0.40:"));
    folder.write("server.py", SERVER);
    // Beside its own, another authority's certificate and that of another host. They wait more than they work, so all at once.
    let thirds = ["controller-2", "controller-2-etcd", "controller-1"];
    let said = std::thread::scope(|scope| {
        let balanced = |third| balanced(&folder, third, ["controller-0", "controller-1", third]);
        let started = thirds.map(|third| scope.spawn(move || balanced(third)));
        started.map(|third| third.join().expect("what was said"))
    });
    let [Some(own), Some(authority), Some(host)] = said else { return };
    insta::assert_snapshot!(own, @"
    controller-0: ready
    controller-1: ready
    controller-2: ready
    answers: controller-0 controller-1 controller-2
    one is killed: controller-1 controller-2
    and is out: controller-1 controller-2
    ");
    for said in [authority, host] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(said, @"
            controller-0: ready
            controller-1: ready
            controller-2: out
            answers: controller-0 controller-1
            one is killed: controller-1
            and is out: controller-1
            ");
        }
    }
}

/// Reads a configuration on a host that has the interface.
const CONFIG_TEST: &str = "
ip link add eth0 type veth peer name elsewhere &&
keepalived --config-test --use-file \"$1\"";

#[test]
fn keepalived_reads_its_configuration_on_every_control_plane() {
    let folder = ClusterFolder::of_example("ha-haproxy");
    folder.edit("cluster.yaml", "endpoint: https://10.240.0.40:6443", "endpoint: https://10.240.0.9:6443");
    let keepalived = "kind: keepalived\n    address: 10.240.0.9\n    interface: eth0\n";
    folder.edit("cluster.yaml", "kind: haproxy\n", keepalived);
    folder.edit("cluster.yaml", "  - name: lb-0\n    address: 10.240.0.40\n    roles: [load-balancer]\n", "");
    let test = |path: &std::path::Path| {
        let (mut network, bash) = (own_network()?, judge("bash")?);
        judge("keepalived")?;
        let network = network.arg(bash.get_program()).args(["-c", CONFIG_TEST, "bash"]).arg(path);
        // It ends itself by a signal, whatever it found.
        let Ran { stdout, stderr, .. } = Ran::of(network);
        Some(stdout + &stderr)
    };
    for (host, priority) in [("controller-0", 254), ("controller-1", 253), ("controller-2", 252)] {
        let tree = HostTree::of(&folder, host);
        let path = "/etc/keepalived/keepalived.conf";
        assert!(tree.read(path).contains(&format!("priority {priority}\n")), "{}", tree.read(path));
        let Some(said) = test(&tree.at(path)) else { return };
        assert_eq!(said, "", "{host}");
        tree.place("/wrong.conf", &tree.read(path).replace("virtual_router_id 9", "virtual_router_id 256"));
        let said = test(&tree.at("/wrong.conf")).expect("keepalived is there");
        assert!(said.contains("number '256' outside range"), "{said}");
    }
}
