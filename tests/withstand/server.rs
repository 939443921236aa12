//! A real HTTP server that behaves as badly as it is told.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How the server answers for one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// The first answer ends half-way, as if it were over.
    TruncatesOnce,
    /// Every answer ends half-way, and there is no going on.
    Truncates,
    /// The first connection is reset half-way.
    ResetsOnce,
    /// The first answer ends half-way, and every later one begins at the beginning.
    IgnoresRange,
    /// The first answer is half of another file.
    ChangesOnce,
    /// A page that asks for a password, with success.
    Html,
    /// A body of a size that no disk has.
    Endless,
    /// Other bytes of the same length.
    Wrong,
    /// Comes so slowly that there is time to be killed.
    Slow,
}

/// One request: its path and where the answer was to begin, if not at the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub path: String,
    pub from: Option<usize>,
}

/// A server on a port of its own, until the test ends.
pub struct Server {
    shared: Arc<Shared>,
    port: u16,
}

struct Shared {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    manners: Mutex<HashMap<String, Manner>>,
    requests: Mutex<Vec<Request>>,
}

impl Server {
    pub fn of(files: BTreeMap<String, Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (manners, requests) = (Mutex::default(), Mutex::default());
        let shared = Arc::new(Shared { files: Mutex::new(files), manners, requests });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&serving);
                // A client that goes away is no failure of the server's.
                std::thread::spawn(move || _ = shared.answer(stream));
            }
        });
        Self { shared, port }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn behave(&self, path: &str, manner: Option<Manner>) {
        let mut manners = self.shared.manners.lock().unwrap();
        match manner {
            Some(manner) => manners.insert(path.to_owned(), manner),
            None => manners.remove(path),
        };
    }

    pub fn put(&self, path: &str, bytes: Vec<u8>) {
        self.shared.files.lock().unwrap().insert(path.to_owned(), bytes);
    }

    /// Everything asked so far, which is forgotten then.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.shared.requests.lock().unwrap())
    }

    pub fn has_been_asked(&self) -> bool {
        !self.shared.requests.lock().unwrap().is_empty()
    }
}

/// What the client asks, with the last byte of it left unread: closing then resets the connection.
fn read_request(stream: &TcpStream) -> io::Result<(Request, BufReader<&TcpStream>)> {
    let mut reader = BufReader::with_capacity(1, stream);
    let (mut path, mut from) = (String::new(), None);
    for number in 0.. {
        let mut line = Vec::new();
        reader.by_ref().take(8192).read_until(b'\r', &mut line)?;
        let line = String::from_utf8_lossy(&line).trim().to_owned();
        if line.is_empty() {
            break;
        }
        if number == 0 {
            path = line.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
        }
        let range = line.to_ascii_lowercase();
        let range = range.strip_prefix("range: bytes=").and_then(|range| range.strip_suffix('-'));
        from = range.and_then(|from| from.parse().ok()).or(from);
    }
    Ok((Request { path, from }, reader))
}

impl Shared {
    fn answer(&self, stream: TcpStream) -> io::Result<()> {
        let (Request { path, from }, mut rest) = read_request(&stream)?;
        let first = {
            let mut requests = self.requests.lock().unwrap();
            let first = requests.iter().all(|request| request.path != path);
            requests.push(Request { path: path.clone(), from });
            first
        };
        let manner = self.manners.lock().unwrap().get(&path).copied();
        if !(manner == Some(Manner::ResetsOnce) && first) {
            rest.read_exact(&mut [0])?;
        }
        let bytes = self.files.lock().unwrap().get(&path).cloned();
        let Some(bytes) = bytes else {
            return head(&stream, "404 Not Found", 0, "", None);
        };
        let etag = format!("\"{}\"", blake3::hash(&bytes).to_hex());
        let half = bytes.len() / 2;
        match manner {
            Some(Manner::TruncatesOnce | Manner::IgnoresRange) if first => {
                send(&stream, &bytes[..half], bytes.len(), &etag)
            }
            Some(Manner::ResetsOnce) if first => {
                send(&stream, &bytes[..half], bytes.len(), &etag)?;
                // What was sent is to arrive before the reset that throws away what has not.
                std::thread::sleep(Duration::from_millis(100));
                Ok(())
            }
            Some(Manner::ChangesOnce) if first => send(&stream, &vec![b'x'; half], bytes.len(), "\"older\""),
            Some(Manner::Truncates) => send(&stream, &bytes[..half], bytes.len(), "W/\"weak\""),
            Some(Manner::IgnoresRange) => send(&stream, &bytes, bytes.len(), &etag),
            Some(Manner::Html) => {
                let page = b"<!DOCTYPE html><html><body>Please log in</body></html>";
                send(&stream, page, page.len(), "\"page\"")
            }
            Some(Manner::Endless) => send(&stream, &bytes, 1 << 50, "\"endless\""),
            Some(Manner::Wrong) => send(&stream, &vec![b'x'; bytes.len()], bytes.len(), "\"wrong\""),
            Some(Manner::Slow) => slowly(&stream, &bytes, from.unwrap_or(0), &etag),
            _ => match from {
                Some(from) => part(&stream, &bytes, from, &etag),
                None => send(&stream, &bytes, bytes.len(), &etag),
            },
        }
    }
}

fn head(
    mut stream: &TcpStream,
    status: &str,
    length: usize,
    etag: &str,
    range: Option<String>,
) -> io::Result<()> {
    let range = range.map_or_else(String::new, |range| format!("Content-Range: {range}\r\n"));
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nETag: {etag}\r\n{range}Connection: close\r\n\r\n"
    )
}

fn send(mut stream: &TcpStream, bytes: &[u8], length: usize, etag: &str) -> io::Result<()> {
    head(stream, "200 OK", length, etag, None)?;
    stream.write_all(bytes)
}

fn part(mut stream: &TcpStream, bytes: &[u8], from: usize, etag: &str) -> io::Result<()> {
    let size = bytes.len();
    if from >= size {
        return head(stream, "416 Range Not Satisfiable", 0, etag, Some(format!("bytes */{size}")));
    }
    let range = format!("bytes {from}-{}/{size}", size - 1);
    head(stream, "206 Partial Content", size - from, etag, Some(range))?;
    stream.write_all(&bytes[from..])
}

/// Half of what is asked at once, and the rest when nobody waits any more.
fn slowly(mut stream: &TcpStream, bytes: &[u8], from: usize, etag: &str) -> io::Result<()> {
    let middle = from + (bytes.len() - from) / 2;
    match from {
        0 => head(stream, "200 OK", bytes.len(), etag, None)?,
        _ => {
            let range = format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len());
            head(stream, "206 Partial Content", bytes.len() - from, etag, Some(range))?;
        }
    }
    stream.write_all(&bytes[from..middle])?;
    std::thread::sleep(Duration::from_secs(5));
    stream.write_all(&bytes[middle..])
}
