//! Carries out the actions of a cluster's graph: pure ones in memory, the others through the outside world.

use std::sync::{Arc, OnceLock};

use kthw_graph::{Action, ActionError, Content, Executor, Job, Transfer, Yields};
use kthw_store::Store;

use crate::archive;
use crate::artifact::{ArchiveMember, Artifact, Ingredients};
use crate::imported::ImportedKeys;
use crate::lock::Pin;
use crate::root::RootSecret;
use crate::sys::fetch::{FetchError, Fetcher, Limits, Progress, Want};

/// What the actions of a cluster need besides their inputs.
pub struct Workshop {
    root: RootSecret,
    /// Whether the root is not the cluster's own: then no key is made.
    is_stand_in: bool,
    imported: ImportedKeys,
    store: Arc<Store>,
    mirrors: Vec<String>,
    /// Most builds download nothing, so it is set up when the first download is.
    fetcher: OnceLock<Fetcher>,
}

impl Executor<Artifact> for Workshop {
    fn compute(&self, job: &Job<'_, Artifact>) -> Result<Content, ActionError> {
        match job.action {
            Artifact::ArchiveMember(member) => self.extract(job, member),
            artifact if self.is_stand_in && artifact.kind().yields == Yields::Secret => {
                Err("the root secret is not here".into())
            }
            artifact => artifact.make(&Ingredients::new(job, &self.root, &self.imported)),
        }
    }

    async fn transfer(
        &self,
        job: Job<'_, Artifact>,
        progress: &(dyn Fn(Transfer) + Send + Sync),
    ) -> Result<Content, ActionError> {
        let Artifact::Download(download) = job.action else {
            return Err(format!("{} does not come over the network", job.name).into());
        };
        let Pin { url, checksum, .. } = &download.pin;
        let label = download.written_in.map_or_else(|| job.name.to_string(), str::to_owned);
        let partial = job.digest.to_hex();
        let want = Want { label, url: url.clone(), checksum: checksum.clone(), partial };
        let report = |p: Progress<'_>| progress(Transfer { bytes: p.bytes, total: p.total });
        let fetched = self.fetcher()?.fetch(&want, &self.store, &report).await?;
        Ok(Content::Stored(fetched.written.digest))
    }
}

impl Workshop {
    pub fn new(
        root: RootSecret,
        is_stand_in: bool,
        imported: ImportedKeys,
        store: Arc<Store>,
        mirrors: Vec<String>,
    ) -> Self {
        Self { root, is_stand_in, imported, store, mirrors, fetcher: OnceLock::new() }
    }

    fn fetcher(&self) -> Result<&Fetcher, FetchError> {
        if let Some(fetcher) = self.fetcher.get() {
            return Ok(fetcher);
        }
        let fetcher = Fetcher::new(&self.mirrors, Limits::default())?;
        Ok(self.fetcher.get_or_init(|| fetcher))
    }

    /// Streams one member of a fetched archive into the store.
    fn extract(&self, job: &Job<'_, Artifact>, member: &ArchiveMember) -> Result<Content, ActionError> {
        let input = job.input(ArchiveMember::ARCHIVE).and_then(|input| input.content.as_ref());
        let Some(Content::Stored(blob)) = input else { return Err("its archive is not here".into()) };
        let archive = self.store.open_blob(blob)?.ok_or("its archive is not in the store any more")?;
        let mut writer = self.store.writer()?;
        archive::extract(archive, &member.path, archive::UNPACKED, &mut writer)?;
        Ok(Content::Stored(writer.finish()?.digest))
    }
}
