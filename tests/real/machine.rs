//! A host in namespaces of its own: network, name, processes, and a root in which its tree is at its real paths.

#![expect(clippy::disallowed_methods, reason = "tests start what they judge")]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::host_tree::HostTree;
use crate::judge::{judge, miss};
use crate::ran::Ran;
use crate::releases::Releases;
use crate::unit::Unit;

/// Namespaces that are there while something reads: as soon as nobody holds the other end of the pipe, even where the
/// test was killed, their first process ends and with it all that run in them.
pub struct Namespaces {
    child: Child,
    /// The first process in them.
    pid: u32,
}

/// Builds the root of a host and stays there: `ROOT TREE NAME`, then pairs of a real program and its place.
const SETUP: &str = r#"
set -e
root=$1 tree=$2 name=$3; shift 3
hostname $name
mount -t tmpfs host $root
cd $root
mkdir own work etc usr proc sys dev run tmp
cp -a $tree/. own/
mkdir -p own/etc own/usr/local own/var/log own/var/lib own/var/cache
for name in own/*; do [ -e ${name#own/} ] || mv $name .; done
mount -t overlay etc -o lowerdir=/etc,upperdir=own/etc,workdir=work etc
mount --rbind /usr usr
mount --bind own/usr/local usr/local
for name in bin sbin lib lib32 lib64; do if [ -L /$name ]; then cp -P /$name .; elif [ -d /$name ]; then mkdir $name; mount --rbind /$name $name; fi; done
mount -t proc proc proc
mount -t sysfs sys sys
mount -t tmpfs cgroup sys/fs/cgroup
mount --rbind /dev dev
# The kernel's alone, which kube-proxy sets: here it sets what nobody reads.
for file in proc/sys/net/netfilter/nf_conntrack_max sys/module/nf_conntrack/parameters/hashsize; do
  if [ -e $file ]; then own=own/$(basename $file) && cat $file >$own && mount --bind $own $file; fi
done
mkdir -p run/systemd/resolve
echo nameserver 192.0.2.53 >run/systemd/resolve/resolv.conf
while [ $# -gt 0 ]; do mount --bind $1 .$2; shift 2; done
exec chroot . /bin/sh -c 'echo ready; exec cat'
"#;

impl Namespaces {
    fn of(flags: &[&str], script: &str, arguments: &[&Path]) -> Self {
        let mut unshare = judge("unshare").expect("it was there");
        unshare
            .args(flags)
            .args(["--pid", "--fork", "--kill-child", "bash", "-c", script, "bash"])
            .args(arguments);
        let mut child = unshare.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it was there");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("a pipe");
        assert_eq!(line, "ready\n", "namespaces are made");
        let children = format!("/proc/{0}/task/{0}/children", child.id());
        let pid = fs::read_to_string(children).expect("the kernel tells a process's children");
        let pid = pid.trim().parse().expect("unshare has one child");
        Self { child, pid }
    }

    /// A network that nothing else is in, with one segment.
    pub fn segment() -> Self {
        let script = "ip link set lo up && ip link add segment type bridge && ip link set segment up && echo ready && exec cat";
        Self::of(&["--net"], script, &[])
    }

    /// Enters the network alone.
    fn network(&self) -> Command {
        let mut nsenter = judge("nsenter").expect("it was there");
        nsenter.arg("--target").arg(self.pid.to_string()).arg("--net");
        nsenter
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// A host of a cluster.
pub struct Machine {
    pub name: String,
    pub tree: HostTree,
    namespaces: Namespaces,
    logs: PathBuf,
}

impl Machine {
    /// Starts a host with what was delivered to it, in a segment.
    pub fn start(
        tree: HostTree,
        name: &str,
        address: &str,
        segment: &Namespaces,
        releases: &Releases,
    ) -> Self {
        let beside = |what: &str| {
            let folder = tree.root().with_added_extension(what);
            fs::create_dir(&folder).expect("our own folder");
            folder
        };
        let (root, logs) = (beside("root"), beside("logs"));
        let mut arguments = vec![root, tree.root().to_owned(), name.into()];
        for (path, _) in tree.files.iter().filter(|(_, file)| file.is_download()) {
            let program = path.rsplit('/').next().expect("a path has a name");
            if let Some(real) = releases.program(program) {
                arguments.extend([real, path.into()]);
            }
        }
        let arguments: Vec<&Path> = arguments.iter().map(PathBuf::as_path).collect();
        let namespaces = Namespaces::of(&["--net", "--mount", "--uts"], SETUP, &arguments);
        let machine = Self { name: name.to_owned(), tree, namespaces, logs };
        let link = format!("h{}", machine.namespaces.pid);
        let pid = machine.namespaces.pid.to_string();
        let wire = [
            "ip", "link", "add", &link, "master", "segment", "type", "veth", "peer", "name", "eth0", "netns",
            &pid,
        ];
        Ran::of(segment.network().args(wire)).exits(0);
        Ran::of(segment.network().args(["ip", "link", "set", &link, "up"])).exits(0);
        for words in [
            format!("ip address add {address} dev eth0"),
            "ip link set eth0 up".into(),
            "ip link set lo up".into(),
            // Leads nowhere, but services are reached by it.
            "ip route add default dev eth0".into(),
        ] {
            machine.says(&words);
        }
        machine
    }

    /// A program on this host, with nothing else in its environment.
    pub fn command(&self, words: &[impl AsRef<str>]) -> Command {
        let mut nsenter = self.namespaces.network();
        nsenter.args(["--mount", "--uts", "--pid", "--root", "--wd", "env", "-i"]);
        nsenter.arg("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        nsenter.args(words.iter().map(AsRef::as_ref));
        nsenter
    }

    pub fn run(&self, words: &str) -> Ran {
        Ran::of(&mut self.command(&words.split_whitespace().collect::<Vec<_>>()))
    }

    /// What a program says that succeeds.
    #[track_caller]
    pub fn says(&self, words: &str) -> String {
        self.run(words).result()
    }

    /// Runs a line of the shell, with a text to read.
    pub fn given(&self, text: &str, line: &str) -> Ran {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(text.as_bytes()).and_then(|()| file.rewind()).expect("a temporary file");
        Ran::of(self.command(&["sh", "-c", line]).stdin(file))
    }

    /// Runs a line of the shell.
    pub fn shell(&self, line: &str) -> Ran {
        Ran::of(&mut self.command(&["sh", "-c", line]))
    }

    /// What one of its units says.
    pub fn unit(&self, unit: &str) -> Unit {
        let mut unit = Unit::parse(&self.tree.read(&format!("/etc/systemd/system/{unit}")));
        for path in unit.environment_files.clone() {
            unit.read_environment(&self.tree.read(&path));
        }
        unit
    }

    /// Starts a service as its unit does; what it says is kept.
    pub fn serve(&self, unit: &str) {
        let told = self.unit(unit);
        self.prepare(unit, &told);
        let [line] = &told.start[..] else { panic!("{unit} runs one program") };
        let log = || File::create(self.log(unit)).expect("our own folder");
        let file = log();
        let mut command = self.command(&told.words(line));
        command.stdin(Stdio::null()).stdout(file.try_clone().expect("our own file")).stderr(file);
        // It ends with the namespaces.
        drop(command.spawn().expect("nsenter was there"));
    }

    /// Makes what systemd and the unit itself make before it starts. What would change this machine's kernel is left
    /// out.
    pub fn prepare(&self, name: &str, unit: &Unit) {
        let credentials = format!("/run/credentials/{name}");
        self.says(&format!("mkdir -p -m 0700 {credentials}"));
        for (name, path) in &unit.credentials {
            self.says(&format!("cp {path} {credentials}/{name}"));
        }
        for (folder, mode) in &unit.folders {
            self.says(&format!("mkdir -p -m {mode} {folder}"));
        }
        for line in &unit.before {
            if !line.contains("modprobe") && !line.contains("systemd-sysctl") {
                Ran::of(&mut self.command(&unit.words(line))).exits(0);
            }
        }
    }

    fn log(&self, unit: &str) -> PathBuf {
        self.logs.join(unit)
    }

    /// What a service said so far.
    pub fn said(&self, unit: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.log(unit)).expect("it was started")).into_owned()
    }

    /// The units that were started.
    pub fn started(&self) -> Vec<String> {
        let mut units: Vec<_> = fs::read_dir(&self.logs)
            .expect("our own folder")
            .map(|entry| entry.expect("our own folder").file_name().to_string_lossy().into_owned())
            .collect();
        units.sort();
        units
    }
}

/// Whether hosts can be had on this machine at all.
pub fn can_be_had() -> Option<()> {
    for program in ["unshare", "nsenter", "ip", "bash", "mount", "chroot", "hostname", "curl", "iptables"] {
        judge(program)?;
    }
    if Ran::of(judge("id")?.arg("-u")).result().trim() != "0" {
        miss("root user");
        return None;
    }
    Some(())
}
