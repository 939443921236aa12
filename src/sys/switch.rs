//! An Ethernet switch between machines: each cable is a datagram socket, each datagram a frame.

use std::collections::{HashMap, HashSet};
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::Duration;

type Address = [u8; 6];

/// Switches frames between those who send to a socket, for ever. Their own sockets are named as seen from here.
pub fn run(name: &str) -> io::Result<()> {
    match std::fs::remove_file(name) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let inlet = UnixDatagram::bind(name)?;
    let outlet = UnixDatagram::unbound()?;
    // Who does not take its frames loses them, as with any switch; the others do not wait for it.
    outlet.set_write_timeout(Some(Duration::from_millis(5)))?;
    let (mut learned, mut frame) = (Learned::default(), vec![0; 1 << 17]);
    loop {
        let (length, from) = inlet.recv_from(&mut frame)?;
        let frame = &frame[..length];
        let Some(from) = from.as_pathname() else { continue };
        for cable in learned.cables_for(frame, from) {
            match outlet.send_to(frame, &cable) {
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
                    learned.forget(&cable);
                }
                _ => {}
            }
        }
    }
}

/// Which cables there are, and behind which is whom.
#[derive(Default)]
struct Learned {
    cables: HashSet<PathBuf>,
    homes: HashMap<Address, PathBuf>,
}

impl Learned {
    /// Where a frame goes: to its receiver, or to everyone but its sender where it is meant for many.
    ///
    /// Other switches flood what is for a receiver that they do not know. Here everyone is known by the question or
    /// the answer that its address was learned by, and the gateway must not see what is not for it: it takes all.
    fn cables_for(&mut self, frame: &[u8], from: &Path) -> Vec<PathBuf> {
        let Some([to, source]) = addresses(frame) else { return Vec::new() };
        if !self.cables.contains(from) {
            self.cables.insert(from.to_owned());
        }
        if !is_many(&source) && self.homes.get(&source).is_none_or(|home| home != from) {
            self.homes.insert(source, from.to_owned());
        }
        match is_many(&to) {
            true => self.cables.iter().filter(|cable| *cable != from).cloned().collect(),
            false => self.homes.get(&to).filter(|home| *home != from).cloned().into_iter().collect(),
        }
    }

    /// Someone who has left.
    fn forget(&mut self, cable: &Path) {
        self.cables.remove(cable);
        self.homes.retain(|_, home| home != cable);
    }
}

/// Receiver and sender, which every frame begins with.
fn addresses(frame: &[u8]) -> Option<[Address; 2]> {
    let (to, rest) = frame.split_first_chunk()?;
    Some([*to, *rest.first_chunk()?])
}

fn is_many(address: &Address) -> bool {
    address[0] & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: u8 = 0xff;

    fn frame(to: u8, from: u8) -> Vec<u8> {
        [[to; 6], [from; 6]].concat()
    }

    #[test]
    fn a_frame_goes_to_its_receiver_or_to_all_others() {
        let mut learned = Learned::default();
        let mut check = |cable: &str, to: u8, from: u8, expected: &[&str]| {
            let mut found = learned.cables_for(&frame(to, from), Path::new(cable));
            found.sort();
            assert_eq!(found, expected.iter().map(PathBuf::from).collect::<Vec<_>>(), "{from} to {to}");
        };
        check("a", ALL, 2, &[]);
        check("b", ALL, 4, &["a"]);
        check("c", ALL, 6, &["a", "b"]);
        check("a", 4, 2, &["b"]);
        check("a", 8, 2, &[]);
        check("a", ALL, 2, &["b", "c"]);
        check("a", 2, 2, &[]);
        // It has moved to another cable.
        check("b", ALL, 2, &["a", "c"]);
        check("c", 2, 6, &["b"]);
    }

    #[test]
    fn who_has_left_gets_nothing_until_it_speaks_again() {
        let mut learned = Learned::default();
        learned.cables_for(&frame(ALL, 2), Path::new("a"));
        learned.cables_for(&frame(ALL, 4), Path::new("b"));
        learned.forget(Path::new("a"));
        assert!(learned.cables_for(&frame(2, 4), Path::new("b")).is_empty());
        learned.cables_for(&frame(ALL, 2), Path::new("a"));
        assert_eq!(learned.cables_for(&frame(2, 4), Path::new("b")), [PathBuf::from("a")]);
    }

    #[test]
    fn what_is_no_frame_is_dropped() {
        assert!(Learned::default().cables_for(&[0; 11], Path::new("a")).is_empty());
    }

    #[test]
    fn frames_pass_between_real_sockets() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| place.path().join(name);
        let switch = path("switch").to_str().expect("plain names").to_owned();
        let name = switch.clone();
        std::thread::spawn(move || run(&name));
        while !Path::new(&switch).exists() {
            std::thread::yield_now();
        }
        let [a, b] = ["a", "b"].map(|name| UnixDatagram::bind(path(name)).expect("a new socket"));
        b.send_to(&frame(ALL, 4), &switch).expect("the switch listens");
        a.send_to(&frame(4, 2), &switch).expect("the switch listens");
        let mut buffer = [0; 64];
        let length = b.recv(&mut buffer).expect("a frame");
        assert_eq!(buffer[..length], frame(4, 2));
    }
}
