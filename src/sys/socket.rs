//! Sockets in a folder, however long its path.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use camino::Utf8Path;
use serde_json::{Value, json};

/// Connects to a socket below a folder.
pub fn connect(folder: &Utf8Path, name: &str) -> io::Result<UnixStream> {
    // A socket's path may have 107 bytes; through the open folder it is short.
    let open = File::open(folder)?;
    UnixStream::connect(format!("/proc/self/fd/{}/{name}", open.as_raw_fd()))
}

/// So many local ports that nobody has, each of them once.
pub fn free_ports(count: usize) -> io::Result<Vec<u16>> {
    let bind = |_| std::net::TcpListener::bind(("127.0.0.1", 0));
    // All are held until the last is found: one that is let go may be found again.
    let held = (0..count).map(bind).collect::<io::Result<Vec<_>>>()?;
    held.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

/// A QEMU that takes commands (its QMP protocol: a line of JSON each way, with events in between).
pub struct Monitor {
    stream: BufReader<UnixStream>,
}

impl Monitor {
    const PATIENCE: Duration = Duration::from_secs(10);

    pub fn connect(folder: &Utf8Path, name: &str) -> io::Result<Self> {
        let stream = connect(folder, name)?;
        stream.set_read_timeout(Some(Self::PATIENCE))?;
        let mut monitor = Self { stream: BufReader::new(stream) };
        monitor.line()?;
        monitor.execute("qmp_capabilities")?;
        Ok(monitor)
    }

    /// Has a command without arguments carried out.
    pub fn execute(&mut self, command: &str) -> io::Result<Value> {
        let line = format!("{}\n", json!({"execute": command}));
        self.stream.get_mut().write_all(line.as_bytes())?;
        loop {
            let mut answer = self.line()?;
            if let Some(error) = answer.get("error") {
                return Err(io::Error::other(format!("{command}: {error}")));
            }
            if let Some(value) = answer.get_mut("return") {
                return Ok(value.take());
            }
        }
    }

    fn line(&mut self) -> io::Result<Value> {
        let mut line = String::new();
        match self.stream.read_line(&mut line)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(serde_json::from_str(&line)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn no_port_is_found_twice() {
        let ports = free_ports(500).expect("there are thousands");
        assert_eq!(ports.iter().collect::<std::collections::BTreeSet<_>>().len(), 500);
    }

    #[test]
    fn a_monitor_passes_over_events_and_tells_refusals() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let deep = place.path().join("a".repeat(200));
        std::fs::create_dir(&deep).expect("our own folder is writable");
        let deep = Utf8Path::from_path(&deep).expect("plain names");
        let open = File::open(deep).expect("it was made");
        let path = format!("/proc/self/fd/{}/monitor.sock", open.as_raw_fd());
        let listener = UnixListener::bind(path).expect("a new socket");
        let qemu = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut lines = BufReader::new(stream.try_clone().expect("a copy")).lines();
            let mut say = |text: &str| writeln!(stream, "{text}").expect("the client listens");
            let mut hear = || lines.next().expect("a line").expect("text");
            say(r#"{"QMP": {}}"#);
            assert_eq!(hear(), r#"{"execute":"qmp_capabilities"}"#);
            say(r#"{"return": {}}"#);
            hear();
            say(r#"{"event": "POWERDOWN"}"#);
            say(r#"{"return": {"running": true}}"#);
            hear();
            say(r#"{"error": {"desc": "no"}}"#);
        });
        let mut monitor = Monitor::connect(deep, "monitor.sock").expect("it answers");
        assert_eq!(monitor.execute("query-status").expect("an answer"), json!({"running": true}));
        assert!(monitor.execute("dance").is_err_and(|error| error.to_string().starts_with("dance: ")));
        qemu.join().expect("it heard what it should");
    }
}
