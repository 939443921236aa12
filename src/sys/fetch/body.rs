//! One answer of one place: a file of a folder, or a response of a server.

use std::io;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use reqwest::header::{CONTENT_RANGE, ETAG, HeaderName, IF_RANGE, RANGE};
use reqwest::{Client, Response, StatusCode, Url, redirect};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

use super::Limits;
use super::error::Cause;
use super::part::Intake;
use crate::sys::files;

/// How much of a file is read at once.
const PIECE: usize = 1 << 20;

/// How many redirects lead to a file at most.
const REDIRECTS: usize = 10;

/// Bytes to come, where they go, and how many there will be in the end.
pub(super) struct Answer {
    pub(super) body: Body,
    pub(super) intake: Intake,
    pub(super) total: Option<u64>,
}

/// Bytes to come.
pub(super) enum Body {
    Nothing,
    File(File, Utf8PathBuf),
    Http(Response, Duration),
}

impl Body {
    pub(super) fn http(response: Response, limits: &Limits) -> Self {
        Self::Http(response, limits.idle)
    }

    /// The next bytes, or `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, Cause> {
        match self {
            Self::Nothing => Ok(None),
            Self::File(file, path) => {
                let mut piece = vec![0; PIECE];
                let read = file.read(&mut piece).await;
                let count = read.map_err(|source| Cause::Read { path: path.clone(), source })?;
                piece.truncate(count);
                Ok((count > 0).then_some(piece))
            }
            Self::Http(response, idle) => {
                let piece = response.chunk().await.map_err(|error| Cause::of(&error, *idle))?;
                Ok(piece.map(Vec::from))
            }
        }
    }
}

/// How fast a body comes.
pub(super) struct Pace {
    least: u64,
    within: Duration,
    since: Instant,
    got: u64,
}

impl Pace {
    pub(super) fn new(limits: &Limits) -> Self {
        let (least, within) = limits.pace;
        Self { least, within, since: Instant::now(), got: 0 }
    }

    /// The next bytes, unless fewer have come than should have.
    pub(super) async fn next(&mut self, body: &mut Body) -> Result<Option<Vec<u8>>, Cause> {
        if self.since.elapsed() >= self.within {
            let Self { got, least, within, .. } = *self;
            if got < least {
                return Err(Cause::Slow { got, least, within });
            }
            (self.got, self.since) = (0, Instant::now());
        }
        let bytes = body.next().await?;
        self.got += bytes.as_ref().map_or(0, |bytes| bytes.len() as u64);
        Ok(bytes)
    }
}

/// Opens the file that a `file://` URL names; also tells its size.
pub(super) async fn open(place: &Url) -> Result<(Body, u64), Cause> {
    let path = place.to_file_path().ok().and_then(|path| Utf8PathBuf::from_path_buf(path).ok());
    let path = path.ok_or(Cause::Missing)?;
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Cause::Missing,
        _ => Cause::Read { path: path.clone(), source },
    };
    let file = match files::open_regular(&path) {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(Cause::Missing),
        file => file.map_err(failed)?,
    };
    let size = file.metadata().map_err(failed)?.len();
    Ok((Body::File(File::from_std(file), path), size))
}

/// A client that trusts the system's certificate authorities.
pub(super) fn client(limits: &Limits) -> reqwest::Result<Client> {
    // Fails when there is a provider already, which then serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("kthw/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(limits.connect)
        .read_timeout(limits.idle)
        .redirect(redirect::Policy::custom(|attempt| match refusal(attempt.previous(), attempt.url()) {
            None => attempt.follow(),
            Some(reason) => attempt.error(reason),
        }))
        .build()
}

/// Why a redirect is not followed.
fn refusal(previous: &[Url], next: &Url) -> Option<&'static str> {
    if previous.len() > REDIRECTS {
        return Some("more than 10 times");
    }
    let secure = previous.last().is_some_and(|url| url.scheme() == "https");
    (secure && next.scheme() != "https").then_some("from https to a place without it")
}

/// Asks for a file, or for its rest after an offset if it is still the one with this ETag.
pub(super) async fn get(
    client: &Client,
    limits: &Limits,
    place: &Url,
    rest: Option<(u64, &str)>,
) -> Result<Response, Cause> {
    let mut request = client.get(place.clone());
    if let Some((offset, etag)) = rest {
        request = request.header(RANGE, format!("bytes={offset}-")).header(IF_RANGE, etag);
    }
    let (least, within) = limits.pace;
    // The head of an answer may come a byte at a time as well.
    let answer = tokio::time::timeout(within, request.send()).await;
    let response = answer.map_err(|_| Cause::Slow { got: 0, least, within })?;
    let response = response.map_err(|error| Cause::of(&error, limits.idle))?;
    match response.status() {
        StatusCode::NOT_FOUND | StatusCode::GONE => Err(Cause::Missing),
        _ => Ok(response),
    }
}

/// Whether a server says that the file ends at the offset.
pub(super) fn is_complete(response: &Response, offset: u64) -> bool {
    let range = header(response, CONTENT_RANGE);
    response.status() == StatusCode::RANGE_NOT_SATISFIABLE && range == Some(&format!("bytes */{offset}"))
}

/// Whether what comes is the rest of the same file after the offset.
pub(super) fn is_rest(response: &Response, offset: u64, etag: &str) -> bool {
    let range = header(response, CONTENT_RANGE);
    response.status() == StatusCode::PARTIAL_CONTENT
        && range.is_some_and(|range| range.starts_with(&format!("bytes {offset}-")))
        && header(response, ETAG).is_none_or(|answered| answered == etag)
}

/// The size of the whole file whose bytes come after the offset, as far as the server says.
pub(super) fn total(response: &Response, offset: u64) -> Option<u64> {
    match response.status() {
        StatusCode::RANGE_NOT_SATISFIABLE => Some(offset),
        _ => response.content_length().map(|rest| rest.saturating_add(offset)),
    }
}

/// The ETag, if it promises the same bytes: a weak one promises only the same meaning.
pub(super) fn strong_etag(response: &Response) -> Option<String> {
    let etag = header(response, ETAG)?;
    (etag.starts_with('"') && etag.len() > 2).then(|| etag.to_owned())
}

fn header(response: &Response, name: HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_never_leaves_https_and_ends() {
        let parse = |text: &str| Url::parse(text).unwrap();
        let (plain, secure) = (parse("http://mirror/x"), parse("https://mirror/x"));
        let check = |previous: &[&Url], next: &Url, expected: Option<&str>| {
            let previous: Vec<_> = previous.iter().copied().cloned().collect();
            assert_eq!(refusal(&previous, next), expected, "{previous:?} -> {next}");
        };
        let downgrade = Some("from https to a place without it");
        check(&[&secure], &plain, downgrade);
        check(&[&plain, &secure], &plain, downgrade);
        check(&[&secure], &secure, None);
        check(&[&plain], &plain, None);
        check(&[&plain], &secure, None);
        check(&[&secure; 10], &secure, None);
        check(&[&secure; 11], &secure, Some("more than 10 times"));
    }
}
