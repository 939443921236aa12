//! The command line, as clap sees it.

use std::ffi::OsString;

use camino::Utf8PathBuf;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::visible::visible_message;

/// The command line of this process; the program ends where it is wrong, or asks for help. What is repeated of it is shown
/// as it is.
pub fn parse() -> Cli {
    let words: Vec<OsString> = std::env::args_os().collect();
    Cli::try_parse_from(&words).unwrap_or_else(|error| {
        let shown = words.iter().map(|word| visible_message(&word.to_string_lossy()));
        match Cli::try_parse_from(shown) {
            Err(error) => error.exit(),
            // It is wrong by what is hidden alone.
            Ok(_) => Cli::command().error(error.kind(), visible_message(&error.to_string())).exit(),
        }
    })
}

/// Kubernetes the hard way as a reproducible build graph.
#[derive(Parser)]
#[command(name = "kthw", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    pub place: Place,
    #[command(subcommand)]
    pub command: Command,
}

/// Which cluster, and where its store is.
#[derive(Args)]
pub struct Place {
    /// Work on the cluster in this folder
    #[arg(short = 'C', value_name = "DIR", default_value = ".", global = true, hide_default_value = true)]
    pub folder: Utf8PathBuf,
    /// Use this store instead of DIR/.kthw/store
    #[arg(long, value_name = "PATH", env = "KTHW_STORE", global = true)]
    pub store: Option<Utf8PathBuf>,
}

#[derive(Subcommand)]
pub enum Command {
    /// Write a new cluster folder and build it
    Init(Init),
    /// Pin the releases that the cluster needs in kthw.lock
    Lock(Lock),
    /// Make whatever is stale
    Build(Build),
    /// Download and verify every pin
    Fetch(Fetch),
    /// Print one output
    Show(Show),
    /// Print a kubeconfig
    Kubeconfig(Kubeconfig),
    /// Say what an output is made of, and why it changed
    Why(Why),
    /// Print the graph
    Graph(GraphArgs),
    /// Show what a change does to every host
    Diff(Diff),
    /// Show what a change leads to: restarts, drains and risks, in order
    Plan(Plan),
    /// Write, or check, the golden files
    Snapshot(Snapshot),
    /// Delete from the store what no build needs any more
    Gc(Gc),
    /// Look after the store
    #[command(subcommand)]
    Store(StoreCommand),
    /// Run the cluster's virtual machines
    #[command(subcommand)]
    Vm(VmCommand),
    /// Print the JSON Schema of cluster.yaml
    Schema,
    /// Print a shell's completions
    Completions(Completions),
    /// Print the manual page
    Man,
}

#[derive(Args)]
pub struct Init {
    /// The folder to write; it must not hold a cluster yet
    #[arg(value_name = "DIR")]
    pub destination: Option<Utf8PathBuf>,
    /// Which cluster to start from
    #[arg(long, value_enum, default_value_t = Preset::Single)]
    pub preset: Preset,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Preset {
    /// Three control planes, an etcd of its own, and what a cluster needs that people depend on
    Production,
    /// One control plane and two workers
    Single,
    /// One control plane and two workers whose pods and services are Cilium's
    Cilium,
    /// Three control planes behind a gateway whose kernel balances (IPVS), and three workers
    HaIpvs,
    /// Three control planes behind HAProxy, and two workers
    HaHaproxy,
}

#[derive(Args)]
pub struct Lock {
    /// Change nothing; exit with 3 if kthw.lock does not pin what cluster.yaml asks for
    #[arg(long, conflicts_with = "mirror")]
    pub check: bool,
    /// Pin what this mirror holds: http, https or file, in the publishers' layout
    #[arg(long, value_name = "URL")]
    pub mirror: Option<String>,
    /// Pin what the mirror holds even where its publisher published other bytes, and mark it in kthw.lock
    #[arg(long, requires = "mirror")]
    pub accept_unpublished: bool,
}

#[derive(Args, Default)]
pub struct Build {
    /// Only these: node names, hosts, or HOST:PATH
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Print the result as one JSON object
    #[arg(long)]
    pub json: bool,
    /// Make everything again and compare it with what the store holds
    #[arg(long)]
    pub check: bool,
    /// Fetch downloads too
    #[arg(long)]
    pub fetch: bool,
    /// Write each host's public files below this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<Utf8PathBuf>,
    /// Fail if a certificate expires within this time, such as 30d or 12h
    #[arg(long, value_name = "TIME")]
    pub fail_if_expiring: Option<String>,
}

#[derive(Args)]
pub struct Fetch {
    /// Print the pins and do nothing
    #[arg(long)]
    pub list: bool,
    /// With --list: print one JSON object, which names the images too
    #[arg(long, requires = "list")]
    pub json: bool,
    /// Print the container images that hosts will pull, and do nothing
    #[arg(long, conflicts_with = "list")]
    pub images: bool,
    /// Write the downloads to this folder as a mirror, in the publishers' layout
    #[arg(long, value_name = "DIR", conflicts_with_all = ["list", "images"])]
    pub mirror: Option<Utf8PathBuf>,
}

#[derive(Args)]
pub struct Show {
    /// HOST:PATH or a node's name
    pub target: String,
    /// Print it even if it is a secret
    #[arg(long)]
    pub reveal: bool,
}

#[derive(Args)]
pub struct Kubeconfig {
    /// Whose kubeconfig
    #[arg(value_name = "USER", default_value = "admin")]
    pub user: String,
}

#[derive(Args)]
pub struct Why {
    /// HOST:PATH or a node's name
    pub target: String,
    /// Say what decided this line of it
    #[arg(long, value_name = "N")]
    pub line: Option<usize>,
}

#[derive(Args)]
pub struct GraphArgs {
    #[arg(long, value_enum, default_value_t = GraphFormat::Tree)]
    pub format: GraphFormat,
    /// Write the graph to this file instead of printing it
    #[arg(long, value_name = "FILE")]
    pub output: Option<Utf8PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum GraphFormat {
    Tree,
    Dot,
    Mermaid,
    Json,
    /// One page for a browser, with every node's parameters and text
    Html,
}

#[derive(Args)]
pub struct Diff {
    /// From where: a git revision, `build` or `build:N`, or with where to `A..B` or `A...B`; by default HEAD
    pub before: Option<String>,
    /// To where; by default the folder as it is, also named `.`
    pub after: Option<String>,
    #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
    pub format: DiffFormat,
    /// Only these hosts, or files of hosts: HOST or HOST:PATH
    #[arg(long, value_name = "TARGET")]
    pub only: Vec<String>,
    /// Write there instead of to stdout
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<Utf8PathBuf>,
    /// Exit with 3 if anything differs
    #[arg(long)]
    pub exit_code: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    Text,
    Markdown,
    Json,
    /// One page for a browser: the change, and the graph with what becomes of each node
    Html,
}

#[derive(Args)]
pub struct Plan {
    /// From where: a git revision, `build` or `build:N`, `nothing` for bare hosts, or with where to `A..B` or `A...B`; by
    /// default HEAD, or the last build where there is no git
    pub before: Option<String>,
    /// To where; by default the folder as it is, also named `.`
    pub after: Option<String>,
    #[arg(long, value_enum, default_value_t = PlanFormat::Text)]
    pub format: PlanFormat,
    /// Write there instead of to stdout
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<Utf8PathBuf>,
    /// Exit with 3 if there is something to do; what must not be done exits with 4 in any case
    #[arg(long)]
    pub exit_code: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum PlanFormat {
    Text,
    Json,
}

#[derive(Args)]
pub struct Snapshot {
    /// Write nothing; exit with 3 if a golden file is not what the build yields
    #[arg(long)]
    pub check: bool,
    /// Where the golden files are, instead of in the cluster's folder
    #[arg(long, value_name = "DIR")]
    pub dir: Option<Utf8PathBuf>,
}

#[derive(Args)]
pub struct Gc {
    /// How many builds of each cluster stay
    #[arg(long, value_name = "N", default_value = "10")]
    pub keep: std::num::NonZeroUsize,
    /// Only say what would be deleted
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Subcommand)]
pub enum StoreCommand {
    /// Hash every blob again
    Verify,
    /// Make again, or fetch again, what is damaged or missing
    Repair,
}

#[derive(Subcommand)]
pub enum VmCommand {
    /// Start machines, making those that are not there
    Up(VmUp),
    /// Shut machines down
    Down(VmDown),
    /// Say which machines run, and whether they are what is planned
    Status(VmStatus),
    /// Talk to a machine through its serial console
    Console(VmConsole),
    /// Pass frames between the machines whose sockets are in this folder
    #[command(hide = true)]
    Switch,
}

#[derive(Args)]
pub struct VmUp {
    /// Only these hosts
    #[arg(value_name = "HOST")]
    pub hosts: Vec<String>,
    /// Run them without KVM even where it is there
    #[arg(long)]
    pub emulate: bool,
    /// Throw away a disk that was made from another image or in another size, with all that is on it
    #[arg(long)]
    pub recreate: bool,
}

#[derive(Args)]
pub struct VmDown {
    /// Only these hosts
    #[arg(value_name = "HOST")]
    pub hosts: Vec<String>,
    /// Delete their disks too, with all that is on them
    #[arg(long)]
    pub destroy: bool,
}

#[derive(Args)]
pub struct VmStatus {
    /// Only these hosts
    #[arg(value_name = "HOST")]
    pub hosts: Vec<String>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct VmConsole {
    pub host: String,
}

#[derive(Args)]
pub struct Completions {
    pub shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_init_is_not_the_folder_to_work_in() {
        let check = |arguments: &[&str], folder: &str, destination: Option<&str>| {
            let cli = Cli::try_parse_from([&["kthw"], arguments].concat()).unwrap();
            let Command::Init(init) = cli.command else { panic!("{arguments:?} is init") };
            assert_eq!(
                (cli.place.folder.as_str(), init.destination.as_deref()),
                (folder, destination.map(Into::into))
            );
        };
        check(&["init"], ".", None);
        check(&["init", "new"], ".", Some("new"));
        check(&["-C", "there", "init", "new"], "there", Some("new"));
        check(&["init", "new", "-C", "there"], "there", Some("new"));
    }
}
