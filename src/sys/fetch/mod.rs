//! Downloads: from mirrors and upstreams into the store, resumed where they stopped, believed only when whole.
//!
//! A file is looked for at every mirror in order and last at its own URL. A mirror is a folder (`file://`) or a
//! site (`http://`, `https://`) with upstream's layout beneath its root: `<root>/<host>/<path>`, or
//! `<root>/<path>` for a mirror of one upstream. Any failure, a wrong checksum included, moves on to the next
//! place; interrupted transfers are first tried again at the same one.
//!
//! What has arrived stays in the store's folder for partial files beside a note of its URL and ETag. A later
//! try asks for the rest only if the same file is still there (`Range` with `If-Range`), so two versions are
//! never spliced, and the checksum of the whole decides in the end.

mod body;
mod error;
mod origin;
mod part;
mod places;

use std::time::Duration;

use kthw_store::{Store, Written};
use reqwest::{Client, StatusCode, Url};

use crate::lock::Checksum;
use body::{Answer, Body, Pace};
use part::{Intake, Part};
use places::Places;

pub use error::{Attempt, Cause, FetchError};
pub use places::mirror_path;

/// What a download may cost before it is given up.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of one file.
    pub size: u64,
    /// How long connecting may take.
    pub connect: Duration,
    /// How long a server may send nothing.
    pub idle: Duration,
    /// How much a server has to send within a time; one that sends less is as good as one that sends nothing.
    pub pace: (u64, Duration),
    /// How many times in a row one place may bring less than that before the next is asked.
    pub tries: u32,
    /// The wait before the second try; it doubles with each further one.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            size: 8 << 30,
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            pace: (64 << 10, Duration::from_secs(60)),
            tries: 4,
            pause: Duration::from_millis(500),
        }
    }
}

/// A file to download.
#[derive(Debug, Clone)]
pub struct Want {
    /// What errors call it.
    pub label: String,
    /// Where upstream publishes it.
    pub url: String,
    pub checksum: Checksum,
    /// What its partial file is called. Whoever holds the transfer lock for it alone uses this name: two
    /// downloads at once must not write one file, even of the same bytes.
    pub partial: String,
}

/// How far a download has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    pub bytes: u64,
    /// As far as the server says.
    pub total: Option<u64>,
    /// Where the bytes come from.
    pub url: &'a str,
}

/// A download that is in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    pub written: Written,
    /// The place that served it.
    pub url: String,
}

/// Downloads files from the same mirrors within the same limits.
#[derive(Debug, Clone)]
pub struct Fetcher {
    client: Client,
    places: Places,
    limits: Limits,
}

impl Fetcher {
    /// Asks the mirrors in order, then upstream.
    pub fn new<M: AsRef<str>>(mirrors: &[M], limits: Limits) -> Result<Self, FetchError> {
        Self::at(Places::mirrors_then_upstream(mirrors)?, limits)
    }

    /// Asks upstream and nothing else.
    pub fn of_upstream(limits: Limits) -> Result<Self, FetchError> {
        Self::at(Places::upstream(), limits)
    }

    /// Asks this mirror and nothing else.
    pub fn of_mirror(mirror: &str, limits: Limits) -> Result<Self, FetchError> {
        Self::at(Places::only(mirror)?, limits)
    }

    fn at(places: Places, limits: Limits) -> Result<Self, FetchError> {
        let client = body::client(&limits).map_err(FetchError::client)?;
        Ok(Self { client, places, limits })
    }

    /// Brings a file into the store. The caller holds the store's transfer lock for it.
    pub async fn fetch(
        &self,
        want: &Want,
        store: &Store,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<Fetched, FetchError> {
        let mut attempts = Vec::new();
        for place in self.places.of(&want.url)? {
            let url = places::shown(&place);
            match self.persist(&place, want, store, progress).await {
                Ok(written) => return Ok(Fetched { written, url }),
                Err(Cause::Store(source)) => return Err(FetchError::store(&want.label, source)),
                Err(cause) => attempts.push(Attempt { url, cause }),
            }
        }
        Err(FetchError::Failed { label: want.label.clone(), attempts })
    }

    /// Tries one place again as long as trying can help.
    async fn persist(
        &self,
        place: &Url,
        want: &Want,
        store: &Store,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<Written, Cause> {
        let part = Part::of(store, &want.partial);
        let mut fruitless = 0;
        let mut distrusted = false;
        loop {
            let before = part.size();
            let cause = match self.transfer(place, want, store, &part, progress).await {
                Ok(written) => return Ok(written),
                Err(cause) => cause,
            };
            if matches!(cause, Cause::Mismatch { resumed: true, .. }) && !distrusted {
                // The parts may not have fitted, and are gone now: the whole gets one chance.
                distrusted = true;
                continue;
            }
            // A few bytes at each try are no progress either, or a try would follow another for days.
            fruitless = if part.size() >= before + self.limits.pace.0 { 0 } else { fruitless + 1 };
            if !cause.may_pass() || fruitless >= self.limits.tries {
                return Err(cause);
            }
            self.wait(fruitless).await;
        }
    }

    /// Longer after each further failure.
    async fn wait(&self, failures: u32) {
        let factor = 2u32.saturating_pow(failures.saturating_sub(1));
        tokio::time::sleep(self.limits.pause.saturating_mul(factor)).await;
    }

    /// One transfer, from the first byte or from where the last one stopped.
    async fn transfer(
        &self,
        place: &Url,
        want: &Want,
        store: &Store,
        part: &Part,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Result<Written, Cause> {
        let Answer { mut body, mut intake, total } = match place.scheme() {
            "file" => self.open(place, want, store).await?,
            _ => self.ask(place, want, store, part).await?,
        };
        let url = places::shown(place);
        let report = |bytes| progress(Progress { bytes, total, url: &url });
        report(intake.size());
        self.refuse_size(total.unwrap_or(0))?;
        let mut pace = Pace::new(&self.limits);
        while let Some(bytes) = pace.next(&mut body).await? {
            if let Err(cause) = self.refuse_size(intake.size() + bytes.len() as u64) {
                drop(intake);
                part.discard()?;
                return Err(cause);
            }
            intake.append(&bytes)?;
            report(intake.size());
        }
        let (checksum, part) = (want.checksum.clone(), part.clone());
        blocking(move || {
            let written = intake.keep(&checksum, total);
            // Whatever became of it, these bytes are not to be continued.
            if !matches!(written, Err(Cause::Truncated { .. })) {
                part.discard()?;
            }
            written
        })
        .await
    }

    fn refuse_size(&self, size: u64) -> Result<(), Cause> {
        let limit = self.limits.size;
        if size > limit { Err(Cause::TooLarge { limit }) } else { Ok(()) }
    }

    /// Opens a file of a mirror that is a folder; it is never resumed.
    async fn open(&self, place: &Url, want: &Want, store: &Store) -> Result<Answer, Cause> {
        let (body, size) = body::open(place).await?;
        let intake = Intake::new(store, &want.checksum)?;
        Ok(Answer { body, intake, total: Some(size) })
    }

    /// Asks a server for the file, or for the rest of what is there already.
    async fn ask(&self, place: &Url, want: &Want, store: &Store, part: &Part) -> Result<Answer, Cause> {
        if let Some(etag) = part.etag(place) {
            let offset = part.size();
            let response = body::get(&self.client, &self.limits, place, Some((offset, &etag))).await?;
            let (complete, rest) =
                (body::is_complete(&response, offset), body::is_rest(&response, offset, &etag));
            if complete || rest {
                let intake = resume(store, part, want).await?;
                let total = body::total(&response, offset);
                let body = if complete { Body::Nothing } else { Body::http(response, &self.limits) };
                return Ok(Answer { body, intake, total });
            }
            if response.status() == StatusCode::OK {
                return self.begin(response, want, store, part, place).await;
            }
            // An answer that fits neither the beginning nor the rest: from the beginning, without conditions.
            part.discard()?;
        }
        let response = body::get(&self.client, &self.limits, place, None).await?;
        match response.status() {
            StatusCode::OK => self.begin(response, want, store, part, place).await,
            status => Err(Cause::Status(status)),
        }
    }

    async fn begin(
        &self,
        response: reqwest::Response,
        want: &Want,
        store: &Store,
        part: &Part,
        place: &Url,
    ) -> Result<Answer, Cause> {
        part.begin(place, body::strong_etag(&response).as_deref())?;
        let intake = resume(store, part, want).await?;
        let total = body::total(&response, 0);
        Ok(Answer { body: Body::http(response, &self.limits), intake, total })
    }
}

/// Hashes what a partial file holds, which takes a while for a large one.
async fn resume(store: &Store, part: &Part, want: &Want) -> Result<Intake, Cause> {
    let (store, part, checksum) = (store.clone(), part.clone(), want.checksum.clone());
    blocking(move || Intake::resume(&store, &part, &checksum)).await
}

/// Runs what waits for a disk where it holds up no other download.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(failure) => std::panic::resume_unwind(failure.into_panic()),
    }
}
