//! Downloads against servers that break in every way that networks do.

#![expect(clippy::disallowed_methods, reason = "tests put files where they want them")]

#[path = "support/http.rs"]
mod http;

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use kthw::lock::{Algorithm, Checksum};
use kthw::sys::fetch::{FetchError, Fetched, Fetcher, Limits, Want};
use kthw::upstream::{Need, Origin as _, resolve_pins};
use kthw_store::{Digest, Sha256, Store};
use semver::Version;
use sha2::Digest as _;

use http::{File, Server};

/// Bytes that no offset makes look alike.
fn bytes(seed: u32, size: usize) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(size).collect()
}

const SIZE: usize = 1_000_000;

fn file() -> Vec<u8> {
    bytes(1, SIZE)
}

fn want(url: &str, content: &[u8]) -> Want {
    let checksum = Checksum::new(Algorithm::Sha256, &Sha256::of(content).to_hex()).unwrap();
    let (label, url) = ("etcd 3.6.14 linux/amd64".into(), format!("{url}/etcd.tar.gz"));
    Want { label, url, checksum, partial: "etcd".into() }
}

fn limits() -> Limits {
    Limits { pause: Duration::ZERO, idle: Duration::from_secs(20), ..Limits::default() }
}

/// A store and a client, in a folder of their own.
struct Bench {
    folder: tempfile::TempDir,
    store: Store,
    limits: Limits,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(folder.path().join("store")).unwrap();
        Self { folder, store: Store::open(&root).unwrap(), limits: limits() }
    }

    fn fetch_by(&self, mirrors: &[&str], want: &Want) -> Result<Fetched, FetchError> {
        let fetcher = Fetcher::new(mirrors, self.limits.clone()).unwrap();
        // Across an await of a spawned task only what is Send may live.
        fn is_send<T: Send>(value: T) -> T {
            value
        }
        block_on(is_send(fetcher.fetch(want, &self.store, &|_| ())))
    }

    fn fetch(&self, want: &Want) -> Result<Fetched, FetchError> {
        self.fetch_by(&[], want)
    }

    /// Expects the content to be in the store, from this URL, with nothing left over.
    fn expect(&self, fetched: Result<Fetched, FetchError>, content: &[u8]) -> Fetched {
        let fetched = fetched.unwrap();
        assert_eq!(self.store.get(&fetched.written.digest).unwrap().as_deref(), Some(content));
        assert_eq!(fetched.written.sha256, Sha256::of(content));
        assert_eq!(self.left_over(), Vec::<String>::new());
        fetched
    }

    /// Expects an error, and nothing in the store.
    fn expect_error(&self, fetched: Result<Fetched, FetchError>, contents: &[&[u8]]) -> String {
        let error = fetched.unwrap_err().to_string();
        for content in contents {
            assert!(!self.store.contains(&Digest::of(content)).unwrap(), "{error}");
        }
        error
    }

    fn partial(&self) -> Utf8PathBuf {
        self.store.partial_path("")
    }

    fn left_over(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.partial())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn part(&self, want: &Want) -> Utf8PathBuf {
        self.partial().join(&want.partial)
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The URL of a port that nobody listens on.
fn dead() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn a_whole_file_is_stored_and_reported() {
    let server = Server::start(|request, stream| File::new(&file(), "\"1\"").serve(request, stream));
    let bench = Bench::new();
    let want = want(&server.url, &file());
    let reports = Mutex::new(Vec::new());
    let progress = |p: kthw::sys::fetch::Progress<'_>| reports.lock().unwrap().push((p.bytes, p.total));
    let fetcher = Fetcher::new(&[""; 0], limits()).unwrap();
    let fetched = block_on(fetcher.fetch(&want, &bench.store, &progress));
    assert_eq!(bench.expect(fetched, &file()).url, want.url);
    let reports = reports.into_inner().unwrap();
    assert!(reports.is_sorted());
    assert_eq!(reports.first(), Some(&(0, Some(SIZE as u64))));
    assert_eq!(reports.last(), Some(&(SIZE as u64, Some(SIZE as u64))));
}

#[test]
fn a_connection_that_breaks_at_every_tenth_is_resumed() {
    let server =
        Server::start(|request, stream| File::new(&file(), "\"1\"").cut(SIZE / 10).serve(request, stream));
    let bench = Bench::new();
    bench.expect(bench.fetch(&want(&server.url, &file())), &file());
    let offsets = server.offsets();
    assert!(offsets.len() >= 10 && offsets.is_sorted_by(|a, b| a < b), "{offsets:?}");
    assert!(server.requests()[1..].iter().all(|request| request.if_range.as_deref() == Some("\"1\"")));
}

#[test]
fn a_later_run_goes_on_where_an_earlier_one_stopped() {
    let server = Server::start(|request, stream| {
        let cut = if request.number == 0 { SIZE / 2 } else { SIZE };
        File::new(&file(), "\"1\"").cut(cut).serve(request, stream);
    });
    let mut bench = Bench::new();
    bench.limits.tries = 0;
    let want = want(&server.url, &file());
    let error = bench.expect_error(bench.fetch(&want), &[&file()]);
    assert!(error.contains("broke off"), "{error}");
    assert_eq!(bench.left_over().len(), 2);
    bench.expect(bench.fetch(&want), &file());
    assert_eq!(server.offsets().len(), 2);
    assert!(server.offsets()[1] > 0);
}

#[test]
fn two_downloads_of_the_same_bytes_do_not_share_a_file() {
    // Neither is answered in full before both are under way.
    let both = Barrier::new(2);
    let server = Server::start(move |_, stream| {
        http::head(stream, "200 OK", &[("Content-Length", SIZE.to_string()), ("ETag", "\"1\"".to_owned())]);
        let _ = stream.write_all(&file()[..SIZE / 2]);
        both.wait();
        let _ = stream.write_all(&file()[SIZE / 2..]);
    });
    let bench = Bench::new();
    let one = want(&server.url, &file());
    let other = Want { partial: "other".into(), ..one.clone() };
    let (one, other) = thread::scope(|scope| {
        let one = scope.spawn(|| bench.fetch(&one));
        let other = bench.fetch(&other);
        (one.join().unwrap(), other)
    });
    bench.expect(one, &file());
    bench.expect(other, &file());
}

#[test]
fn a_file_that_always_ends_early_is_an_error() {
    // Without an ETag nothing can be resumed, so every try begins anew and brings nothing new.
    let server = Server::start(|_, stream| {
        http::head(stream, "200 OK", &[("Content-Length", SIZE.to_string())]);
        let _ = stream.write_all(&file()[..1000]);
    });
    let bench = Bench::new();
    let error = bench.expect_error(bench.fetch(&want(&server.url, &file())), &[&file(), &file()[..1000]]);
    assert!(error.contains("/etcd.tar.gz broke off ("), "{error}");
    assert!(server.offsets().iter().all(|offset| *offset == 0));
    assert_eq!(server.offsets().len() as u32, limits().tries);
}

#[test]
fn a_range_that_is_ignored_begins_anew() {
    let server = Server::start(|request, stream| {
        let cut = if request.number == 0 { SIZE / 2 } else { SIZE };
        File::new(&file(), "\"1\"").cut(cut).serve_all(stream);
    });
    let bench = Bench::new();
    bench.expect(bench.fetch(&want(&server.url, &file())), &file());
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_file_that_changes_between_parts_is_never_spliced() {
    let (old, new) = (bytes(2, SIZE), file());
    let decent = Server::start(move |request, stream| match request.number {
        0 => File::new(&old, "\"old\"").cut(SIZE / 2).serve(request, stream),
        _ => File::new(&new, "\"new\"").serve(request, stream),
    });
    let bench = Bench::new();
    bench.expect(bench.fetch(&want(&decent.url, &file())), &file());
    assert_eq!(decent.requests().len(), 2);

    // This one ignores `If-Range`, but tells by its ETag.
    let (old, new) = (bytes(2, SIZE), file());
    let careless = Server::start(move |request, stream| match (request.number, request.range) {
        (0, _) => File::new(&old, "\"old\"").cut(SIZE / 2).serve_all(stream),
        (_, Some(offset)) => File::new(&new, "\"new\"").serve_rest(offset, stream),
        (_, None) => File::new(&new, "\"new\"").serve_all(stream),
    });
    let bench = Bench::new();
    bench.expect(bench.fetch(&want(&careless.url, &file())), &file());
    assert_eq!(
        careless.requests().iter().map(|r| r.range.is_some()).collect::<Vec<_>>(),
        [false, true, false]
    );
}

#[test]
fn parts_that_do_not_fit_are_fetched_again_whole() {
    // Two versions under one ETag: only the checksum of the whole can tell.
    let (old, new) = (bytes(2, SIZE), file());
    let server = Server::start(move |request, stream| match request.number {
        0 => File::new(&old, "\"1\"").cut(SIZE / 2).serve(request, stream),
        _ => File::new(&new, "\"1\"").serve(request, stream),
    });
    let bench = Bench::new();
    bench.expect(bench.fetch(&want(&server.url, &file())), &file());
    let ranges: Vec<_> = server.requests().iter().map(|r| r.range.is_some()).collect();
    assert_eq!(ranges, [false, true, false]);
}

#[test]
fn a_range_of_other_bytes_is_not_appended() {
    let server = Server::start(|request, stream| match request.range {
        None if request.number == 0 => File::new(&file(), "\"1\"").cut(SIZE / 2).serve_all(stream),
        None => File::new(&file(), "\"1\"").serve_all(stream),
        Some(offset) => File::new(&file(), "\"1\"").serve_rest(offset - 7, stream),
    });
    let bench = Bench::new();
    bench.expect(bench.fetch(&want(&server.url, &file())), &file());
}

#[test]
fn a_partial_file_that_was_damaged_or_is_of_unknown_origin_is_not_believed() {
    let server = Server::start(|request, stream| File::new(&file(), "\"1\"").serve(request, stream));
    let want = want(&server.url, &file());
    let note = format!("{}\n\"1\"\n", want.url);
    for (part, note, resumes) in [
        (file()[..SIZE / 2].to_vec(), Some(note.clone()), true),
        (bytes(3, SIZE / 2), Some(note.clone()), true),
        (file()[..SIZE / 2].to_vec(), None, false),
        (file()[..SIZE / 2].to_vec(), Some(note[..note.len() - 1].to_owned()), false),
        (file()[..SIZE / 2].to_vec(), Some(note.replace("etcd", "runc")), false),
        (bytes(3, SIZE * 2), Some(note.clone()), true),
        (file(), Some(note.clone()), true),
        (Vec::new(), Some(note.clone()), false),
    ] {
        let bench = Bench::new();
        let before = server.requests().len();
        fs::write(bench.part(&want), part).unwrap();
        if let Some(note) = &note {
            fs::write(format!("{}.from", bench.part(&want)), note).unwrap();
        }
        bench.expect(bench.fetch(&want), &file());
        assert_eq!(server.requests()[before].range.is_some(), resumes, "{note:?}");
    }
}

#[test]
fn a_weak_etag_does_not_allow_to_resume() {
    let server = Server::start(|request, stream| {
        let cut = if request.number == 0 { SIZE / 2 } else { SIZE };
        File::new(&file(), "W/\"1\"").cut(cut).serve(request, stream);
    });
    let bench = Bench::new();
    bench.expect(bench.fetch(&want(&server.url, &file())), &file());
    assert_eq!(server.offsets(), [0, 0]);
}

#[test]
fn a_page_instead_of_the_file_is_named_as_such() {
    let page = b"<!DOCTYPE html><title>Log in</title>";
    let server = Server::start(|_, stream| http::answer(stream, "200 OK", &[("ETag", "\"1\"".into())], page));
    let bench = Bench::new();
    let want = want(&server.url, &file());
    let error = bench.expect_error(bench.fetch(&want), &[page]);
    assert_eq!(
        error,
        format!(
            "etcd 3.6.14 linux/amd64 could not be fetched: {} has sha256 {}, expected {} \
             (36 bytes, which look like an HTML page); check the network or `downloads.mirrors`",
            want.url,
            Sha256::of(page).to_hex(),
            want.checksum.hex()
        )
    );
    assert_eq!(bench.left_over(), Vec::<String>::new());
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn an_endless_body_stops_at_the_limit() {
    let server = Server::start(|_, stream| {
        http::head(stream, "200 OK", &[("ETag", "\"1\"".into())]);
        while stream.write_all(&[0; 10_000]).is_ok() {}
    });
    let mut bench = Bench::new();
    bench.limits.size = 500_000;
    let error = bench.expect_error(bench.fetch(&want(&server.url, &file())), &[]);
    assert!(error.contains("is larger than the limit of 500000 bytes"), "{error}");
    assert_eq!(bench.left_over(), Vec::<String>::new());
}

#[test]
fn a_body_that_announces_too_much_is_not_read() {
    let server = Server::start(|_, stream| http::answer(stream, "200 OK", &[], &file()));
    let mut bench = Bench::new();
    bench.limits.size = SIZE as u64 - 1;
    let error = bench.expect_error(bench.fetch(&want(&server.url, &file())), &[&file()]);
    assert!(error.contains("is larger than the limit of 999999 bytes"), "{error}");
}

#[test]
fn a_server_that_falls_silent_is_given_up() {
    let server = Server::start(|_, stream| {
        http::head(stream, "200 OK", &[("Content-Length", SIZE.to_string())]);
        let _ = stream.write_all(b"slow");
        thread::sleep(Duration::from_secs(60));
    });
    let mut bench = Bench::new();
    bench.limits = Limits { idle: Duration::from_millis(200), tries: 1, ..limits() };
    let error = bench.expect_error(bench.fetch(&want(&server.url, &file())), &[b"slow"]);
    assert!(error.contains("sent nothing for 0.2 s"), "{error}");
}

#[test]
fn a_server_that_sends_a_byte_at_a_time_gives_way_to_the_next() {
    let slow = Server::start(|_, stream| {
        http::head(stream, "200 OK", &[("Content-Length", SIZE.to_string()), ("ETag", "\"1\"".to_owned())]);
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let good = Server::start(|request, stream| File::new(&file(), "\"1\"").serve(request, stream));
    let mut bench = Bench::new();
    bench.limits = Limits { pace: (64 << 10, Duration::from_millis(300)), ..limits() };
    let upstream = want(&good.url, &file());
    let fetched = bench.expect(bench.fetch_by(&[&slow.url], &upstream), &file());
    assert_eq!(fetched.url, upstream.url);
    assert_eq!(slow.offsets().len(), 2, "it is asked once in each layout");
}

#[test]
fn the_next_mirror_is_asked_when_one_is_wrong_or_dead_or_empty() {
    let good = Server::start(|request, stream| File::new(&file(), "\"1\"").serve(request, stream));
    let wrong = Server::start(|request, stream| File::new(&bytes(9, SIZE), "\"1\"").serve(request, stream));
    let empty = Server::start(|_, stream| http::answer(stream, "404 Not Found", &[], b"no"));
    let forbidden = Server::start(|_, stream| http::answer(stream, "403 Forbidden", &[], &file()));
    let upstream = want(&good.url, &file());
    for mirror in [&wrong.url, &dead(), &empty.url, &forbidden.url, "file:///nowhere"] {
        let bench = Bench::new();
        let fetched = bench.expect(bench.fetch_by(&[mirror], &upstream), &file());
        assert_eq!(fetched.url, upstream.url);
        assert!(!bench.store.contains(&Digest::of(&bytes(9, SIZE))).unwrap());
    }
    // Once in each layout: a refusal is no reason to ask the same place again.
    assert_eq!(forbidden.requests().len(), 2);
}

#[test]
fn what_one_mirror_began_another_does_not_continue() {
    let broken = Server::start(|request, stream| match request.number {
        0 => File::new(&bytes(9, SIZE), "\"1\"").cut(SIZE / 2).serve(request, stream),
        _ => http::answer(stream, "404 Not Found", &[], b""),
    });
    let good = Server::start(|request, stream| File::new(&file(), "\"1\"").serve(request, stream));
    let bench = Bench::new();
    bench.expect(bench.fetch_by(&[&broken.url], &want(&good.url, &file())), &file());
    assert_eq!(good.offsets(), [0]);
}

#[test]
fn when_all_fail_each_is_named() {
    let wrong = Server::start(|request, stream| File::new(b"other", "\"1\"").serve(request, stream));
    let missing = Server::start(|_, stream| http::answer(stream, "404 Not Found", &[], b""));
    let bench = Bench::new();
    let want = want(&missing.url, &file());
    let error = bench.expect_error(bench.fetch_by(&[&wrong.url, "file:///nowhere"], &want), &[b"other"]);
    let host = "127.0.0.1";
    let mismatch =
        format!("has sha256 {}, expected {} (5 bytes)", Sha256::of(b"other").to_hex(), want.checksum.hex());
    let places = [
        format!("{}/{host}/etcd.tar.gz {mismatch}", wrong.url),
        format!("{}/etcd.tar.gz {mismatch}", wrong.url),
        format!("file:///nowhere/{host}/etcd.tar.gz is not there"),
        "file:///nowhere/etcd.tar.gz is not there".to_owned(),
        format!("{} is not there", want.url),
    ];
    assert_eq!(
        error,
        format!(
            "etcd 3.6.14 linux/amd64 could not be fetched: {}; check the network or `downloads.mirrors`",
            places.join("; ")
        )
    );
}

#[test]
fn a_busy_server_is_asked_again() {
    let server = Server::start(|request, stream| match request.number {
        0 => http::answer(stream, "503 Service Unavailable", &[], b"busy"),
        1 => http::answer(stream, "429 Too Many Requests", &[], b"slower"),
        _ => File::new(&file(), "\"1\"").serve(request, stream),
    });
    let bench = Bench::new();
    bench.expect(bench.fetch(&want(&server.url, &file())), &file());
}

#[test]
fn redirects_are_followed_as_long_as_they_end() {
    let server = Server::start(|request, stream| match request.path.as_str() {
        "/etcd.tar.gz" => http::answer(stream, "302 Found", &[("Location", "/elsewhere".into())], b""),
        _ => File::new(&file(), "\"1\"").cut(SIZE / 3).serve(request, stream),
    });
    let bench = Bench::new();
    bench.expect(bench.fetch(&want(&server.url, &file())), &file());

    let circle =
        Server::start(|_, stream| http::answer(stream, "302 Found", &[("Location", "/x".into())], b""));
    let bench = Bench::new();
    let error = bench.expect_error(bench.fetch(&want(&circle.url, &file())), &[]);
    assert!(error.contains("redirects wrongly (more than 10 times)"), "{error}");
    assert_eq!(circle.requests().len(), 11);
}

#[test]
fn a_sha512_pin_is_verified_over_the_whole_even_when_resumed() {
    let server =
        Server::start(|request, stream| File::new(&file(), "\"1\"").cut(SIZE / 3).serve(request, stream));
    let hex = data_encoding::HEXLOWER.encode(&sha2::Sha512::digest(file()));
    let mut want = want(&server.url, &file());
    want.checksum = Checksum::new(Algorithm::Sha512, &hex).unwrap();
    let mut bench = Bench::new();
    bench.expect(bench.fetch(&want), &file());
    want.checksum = Checksum::new(Algorithm::Sha512, &"0".repeat(128)).unwrap();
    bench = Bench::new();
    let error = bench.expect_error(bench.fetch(&want), &[&file()]);
    assert!(error.contains(&format!("has sha512 {hex}, expected 000")), "{error}");
}

/// Puts a file where a mirror that is a folder has it.
fn shelve(root: &Utf8Path, path: &str, content: &[u8]) {
    let place = root.join(path);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(place, content).unwrap();
}

#[test]
fn a_folder_serves_as_a_mirror_in_either_layout() {
    for layout in ["dl.k8s.io/release/kubelet", "release/kubelet"] {
        let bench = Bench::new();
        let mirror = Utf8Path::from_path(bench.folder.path()).unwrap().join("mirror of mine");
        shelve(&mirror, layout, &file());
        let want = Want { url: "https://dl.k8s.io/release/kubelet".into(), ..want("", &file()) };
        let fetcher = Fetcher::of_mirror(&format!("file://{mirror}"), limits()).unwrap();
        let fetched = block_on(fetcher.fetch(&want, &bench.store, &|_| ()));
        let fetched = bench.expect(fetched, &file());
        assert!(fetched.url.ends_with(&format!("/mirror%20of%20mine/{layout}")), "{}", fetched.url);
    }
}

#[test]
fn a_wrong_file_of_a_folder_is_not_stored() {
    let bench = Bench::new();
    let mirror = Utf8Path::from_path(bench.folder.path()).unwrap().join("mirror");
    shelve(&mirror, "release/kubelet", b"truncated");
    fs::create_dir_all(mirror.join("dl.k8s.io/release/kubelet")).unwrap();
    let want = Want { url: "https://dl.k8s.io/release/kubelet".into(), ..want("", &file()) };
    let fetcher = Fetcher::of_mirror(&format!("file://{mirror}"), limits()).unwrap();
    let error = bench.expect_error(block_on(fetcher.fetch(&want, &bench.store, &|_| ())), &[b"truncated"]);
    assert!(error.contains("dl.k8s.io/release/kubelet is not there; "), "{error}");
    assert!(error.contains("/release/kubelet has sha256 "), "{error}");
}

#[test]
fn pins_are_resolved_from_what_a_mirror_holds() {
    let bench = Bench::new();
    let mirror = Utf8Path::from_path(bench.folder.path()).unwrap().join("mirror");
    let runc = "github.com/opencontainers/runc/releases/download/v1.4.3";
    shelve(
        &mirror,
        &format!("{runc}/runc.sha256sum"),
        format!("{}  runc.arm64\n", "a".repeat(64)).as_bytes(),
    );
    shelve(&mirror, "dl.k8s.io/release/v1.35.1/bin/linux/amd64/kubelet", &file());
    let need = |name: &str, version: &str, arch: &str| Need {
        name: name.into(),
        version: Version::parse(version).unwrap(),
        arch: arch.into(),
    };
    let origin = Fetcher::of_mirror(&format!("file://{mirror}"), limits()).unwrap();
    let needs = [need("kubelet", "1.35.1", "amd64"), need("runc", "1.4.3", "arm64")];
    let pins = block_on(resolve_pins(&needs, &origin)).unwrap();
    assert_eq!(pins[0].checksum.hex(), Sha256::of(&file()).to_hex());
    assert_eq!(pins[0].url, "https://dl.k8s.io/release/v1.35.1/bin/linux/amd64/kubelet");
    assert_eq!(pins[1].checksum.hex(), "a".repeat(64));

    let errors = block_on(resolve_pins(&[need("etcd", "3.6.14", "amd64")], &origin)).unwrap_err();
    assert!(errors[0].to_string().contains("is not there"), "{errors:?}");
}

#[test]
fn published_checksums_are_read_over_http() {
    let server = Server::start(|request, stream| match request.path.as_str() {
        "/host/sums" | "/sums" => http::answer(stream, "200 OK", &[], b"text"),
        "/endless" => http::answer(stream, "200 OK", &[], &vec![b'a'; 2 << 20]),
        _ => http::answer(stream, "404 Not Found", &[], b""),
    });
    let origin = Fetcher::of_mirror(&server.url, limits()).unwrap();
    let text = |url: &str| block_on(origin.text(url)).map_err(|error| error.to_string());
    assert_eq!(text("https://host/sums"), Ok(Some("text".into())));
    assert_eq!(text("https://other/sums"), Ok(Some("text".into())));
    assert_eq!(text("https://host/nothing"), Ok(None));
    assert!(text("https://host/endless").unwrap_err().contains("is larger than the limit of 1048576 bytes"));
    let measured = block_on(origin.measure("https://host/sums", Algorithm::Sha256)).unwrap().unwrap();
    assert_eq!(measured.hex(), Sha256::of(b"text").to_hex());
    let upstream_too = Fetcher::new(&[&server.url], limits()).unwrap();
    assert!(origin.is_trusted() && !upstream_too.is_trusted());
}
