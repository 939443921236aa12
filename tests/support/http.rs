//! A web server that misbehaves on request.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What a client asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// How many requests the server had before this one.
    pub number: usize,
    pub path: String,
    pub range: Option<u64>,
    pub if_range: Option<String>,
}

/// A server on a free local port, for as long as the test runs.
pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers every request by `answer`, then closes the connection.
    pub fn start(answer: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (requests.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (seen.clone(), answer.clone());
                thread::spawn(move || serve(stream, &seen, &*answer));
            }
        });
        Self { url, requests }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("no test panics here").clone()
    }

    /// The offset that each request asked from.
    pub fn offsets(&self) -> Vec<u64> {
        self.requests().iter().map(|request| request.range.unwrap_or(0)).collect()
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<Request>>, answer: &impl Fn(&Request, &mut TcpStream)) {
    let mut request = Request::default();
    let mut lines =
        BufReader::new(stream.try_clone().expect("a second handle")).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    request.path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    for line in lines.take_while(|line| !line.is_empty()) {
        let Some((name, value)) = line.split_once(": ") else {
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "range" => {
                let offset = value.trim_start_matches("bytes=").trim_end_matches('-');
                request.range = Some(offset.parse().expect("an offset"));
            }
            "if-range" => request.if_range = Some(value.to_owned()),
            _ => {}
        }
    }
    {
        let mut seen = seen.lock().expect("no test panics here");
        request.number = seen.len();
        seen.push(request.clone());
    }
    answer(&request, &mut stream);
    let _ = stream.shutdown(Shutdown::Both);
}

/// Writes a status line and headers.
pub fn head(stream: &mut TcpStream, status: &str, headers: &[(&str, String)]) {
    let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    // Clients of these tests go away early; that is their right.
    let _ = stream.write_all((text + "\r\n").as_bytes());
}

/// Writes a whole answer.
pub fn answer(stream: &mut TcpStream, status: &str, headers: &[(&str, String)], body: &[u8]) {
    let length = [("Content-Length", body.len().to_string())];
    head(stream, status, &[headers, &length].concat());
    let _ = stream.write_all(body);
}

/// A file that is served with an ETag and, if asked, from an offset.
#[derive(Clone)]
pub struct File {
    pub bytes: Arc<Vec<u8>>,
    pub etag: String,
    /// How many bytes one answer has at most before the connection breaks.
    pub cut: usize,
}

impl File {
    pub fn new(bytes: &[u8], etag: &str) -> Self {
        Self { bytes: Arc::new(bytes.to_vec()), etag: etag.to_owned(), cut: usize::MAX }
    }

    pub fn cut(&self, cut: usize) -> Self {
        Self { cut, ..self.clone() }
    }

    /// As a decent server answers.
    pub fn serve(&self, request: &Request, stream: &mut TcpStream) {
        let same = request.if_range.as_ref().is_none_or(|etag| *etag == self.etag);
        match request.range.filter(|_| same) {
            Some(offset) => self.serve_rest(offset, stream),
            None => self.serve_all(stream),
        }
    }

    pub fn serve_all(&self, stream: &mut TcpStream) {
        self.send("200 OK", &[("ETag", self.etag.clone())], 0, stream);
    }

    /// The rest after an offset, whatever the request's conditions say.
    pub fn serve_rest(&self, offset: u64, stream: &mut TcpStream) {
        let size = self.bytes.len();
        let etag = ("ETag", self.etag.clone());
        let start = usize::try_from(offset).expect("a small file");
        if start >= size {
            return answer(
                stream,
                "416 Range Not Satisfiable",
                &[etag, ("Content-Range", format!("bytes */{size}"))],
                b"",
            );
        }
        let range = format!("bytes {start}-{}/{size}", size - 1);
        self.send("206 Partial Content", &[etag, ("Content-Range", range)], start, stream);
    }

    fn send(&self, status: &str, headers: &[(&str, String)], start: usize, stream: &mut TcpStream) {
        let rest = &self.bytes[start..];
        let length = [("Content-Length", rest.len().to_string())];
        head(stream, status, &[headers, &length].concat());
        let _ = stream.write_all(&rest[..rest.len().min(self.cut)]);
    }
}
