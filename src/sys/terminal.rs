//! A conversation between the user's terminal and a socket.

use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

/// What leaves a conversation: Ctrl-].
const LEAVE: u8 = 0x1d;

/// Sends what is typed, hands over what is answered, until the other side ends or Ctrl-] is typed.
pub fn converse(mut stream: UnixStream, mut hear: impl FnMut(&[u8])) -> io::Result<()> {
    let _raw = Raw::of_stdin();
    let typed = stream.try_clone()?;
    // It may wait for a key for ever; the process ends with the conversation.
    std::thread::spawn(move || send(io::stdin().lock(), &typed));
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => hear(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Sends what is typed; the end of a file ends only that.
fn send(mut typed: impl Read, mut stream: &UnixStream) -> io::Result<()> {
    let mut buffer = [0; 256];
    loop {
        let length = typed.read(&mut buffer)?;
        let keys = &buffer[..length];
        let leaving = keys.iter().position(|key| *key == LEAVE);
        stream.write_all(&keys[..leaving.unwrap_or(length)])?;
        if leaving.is_some() {
            return stream.shutdown(Shutdown::Both);
        }
        if length == 0 {
            return Ok(());
        }
    }
}

/// A terminal that passes on each key as it is, until this is dropped.
struct Raw(Option<Termios>);

impl Raw {
    fn of_stdin() -> Self {
        let stdin = io::stdin();
        let before = stdin.is_terminal().then(|| tcgetattr(&stdin).ok()).flatten();
        if let Some(before) = &before {
            let mut raw = before.clone();
            raw.make_raw();
            // Without it one has to type Enter after each line, and leaving works all the same.
            let _ = tcsetattr(&stdin, OptionalActions::Now, &raw);
        }
        Self(before)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_sent_until_one_leaves() {
        let check = |typed: &[u8], sent: &[u8], left: bool| {
            let (ours, mut theirs) = UnixStream::pair().expect("two sockets");
            send(typed, &ours).expect("the other side listens");
            theirs.set_nonblocking(!left).expect("a socket");
            let mut found = Vec::new();
            let end = theirs.read_to_end(&mut found);
            assert_eq!((&*found, end.is_ok()), (sent, left), "{typed:?}");
        };
        check(b"ls\n", b"ls\n", false);
        check(b"ls\n\x1dmore", b"ls\n", true);
        check(b"", b"", false);
    }
}
