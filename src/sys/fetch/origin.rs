//! Answering what was published, for `kthw lock`.

use sha2::{Digest as _, Sha256, Sha512};

use super::body::{self, Body, Pace};
use super::error::{Attempt, Cause, FetchError};
use super::{Fetcher, places};
use crate::lock::{Algorithm, Checksum};
use crate::redaction::redacted;
use crate::upstream::Origin;
use reqwest::{StatusCode, Url};

/// A checksum file is a few lines; whatever is longer is none.
const TEXT: u64 = 1 << 20;

impl Origin for Fetcher {
    type Error = FetchError;

    async fn text(&self, url: &str) -> Result<Option<String>, FetchError> {
        self.first(url, async |place| {
            let mut body = self.body(place).await?;
            let (mut text, mut pace) = (Vec::new(), Pace::new(&self.limits));
            while let Some(bytes) = pace.next(&mut body).await? {
                text.extend(bytes);
                if text.len() as u64 > TEXT {
                    return Err(Cause::TooLarge { limit: TEXT });
                }
            }
            Ok(String::from_utf8_lossy(&text).into_owned())
        })
        .await
    }

    fn is_trusted(&self) -> bool {
        self.places.are_only_mirrors()
    }

    async fn measure(&self, url: &str, algorithm: Algorithm) -> Result<Option<Checksum>, FetchError> {
        self.first(url, async |place| {
            let mut body = self.body(place).await?;
            let (mut sha256, mut sha512, mut size) = (Sha256::new(), Sha512::new(), 0);
            let mut pace = Pace::new(&self.limits);
            while let Some(bytes) = pace.next(&mut body).await? {
                size += bytes.len() as u64;
                self.refuse_size(size)?;
                match algorithm {
                    Algorithm::Sha256 => sha256.update(&bytes),
                    Algorithm::Sha512 => sha512.update(&bytes),
                }
            }
            let hex = match algorithm {
                Algorithm::Sha256 => super::part::hex(&sha256.finalize()),
                Algorithm::Sha512 => super::part::hex(&sha512.finalize()),
            };
            Ok(Checksum::new(algorithm, &hex).expect("a hash has the digits of its algorithm"))
        })
        .await
    }
}

impl Fetcher {
    /// The answer of the first place that has one; `None` when the file is nowhere.
    async fn first<T>(
        &self,
        url: &str,
        ask: impl AsyncFn(&Url) -> Result<T, Cause>,
    ) -> Result<Option<T>, FetchError> {
        let mut attempts = Vec::new();
        for place in self.places.of(url)? {
            match self.insist(&place, &ask).await {
                Ok(answer) => return Ok(Some(answer)),
                Err(Cause::Missing) => {}
                Err(cause) => attempts.push(Attempt { url: places::shown(&place), cause }),
            }
        }
        if attempts.is_empty() {
            Ok(None)
        } else {
            Err(FetchError::Failed { label: redacted(url), attempts })
        }
    }

    async fn insist<T>(&self, place: &Url, ask: &impl AsyncFn(&Url) -> Result<T, Cause>) -> Result<T, Cause> {
        let mut tries = 1;
        loop {
            match ask(place).await {
                Err(cause) if cause.may_pass() && tries < self.limits.tries => self.wait(tries).await,
                outcome => return outcome,
            }
            tries += 1;
        }
    }

    async fn body(&self, place: &Url) -> Result<Body, Cause> {
        if place.scheme() == "file" {
            return Ok(body::open(place).await?.0);
        }
        let response = body::get(&self.client, &self.limits, place, None).await?;
        match response.status() {
            StatusCode::OK => Ok(Body::http(response, &self.limits)),
            status => Err(Cause::Status(status)),
        }
    }
}
