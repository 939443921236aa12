//! What is printed of the hosts when a test fails: the state of units, and what the journals say.

use crate::cluster::Cluster;

/// Units that are as they should not be, and the last lines of each unit that kthw starts.
const SCRIPT: &str = r#"
systemctl --no-pager --no-legend --plain list-jobs
systemctl --no-pager --no-legend --plain --failed
for unit in "$@"; do
  printf '%s: %s\n' "$unit" "$(systemctl show --value --property=ActiveState,SubState,Result,NRestarts "$unit" | paste -sd' ')"
  journalctl --no-pager --quiet --output=cat --lines=12 --unit="$unit" | cut -c 1-300 | sed 's/^/    /'
done
"#;

pub fn print(cluster: &Cluster) {
    for host in &cluster.hosts {
        println!("\n== {}", host.name);
        if !host.is_on() {
            println!("off");
            continue;
        }
        let units = if cluster.bundles.is_empty() { Vec::new() } else { cluster.units(host) };
        let said = host.command().args(["sh", "-c", SCRIPT, "sh"]).args(units).output();
        match said {
            Ok(said) => println!("{}", String::from_utf8_lossy(&[said.stdout, said.stderr].concat())),
            Err(error) => println!("it cannot be asked: {error}"),
        }
    }
}
