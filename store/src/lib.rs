//! The content-addressed store of kthw.
//!
//! It keeps blobs, realisations, descriptions and roots, and knows no graph, no Kubernetes and no hosts. It is a cache:
//! whatever is missing or damaged in it is a miss, and losing all of it loses nothing.
//!
//! ```text
//! <root>/
//!   VERSION             "kthw-store 1": written first, so that no other format is ever touched
//!   store.db            SQLite in WAL mode: realisations, descriptions, roots, the small blobs, one row for every large blob
//!   blobs/<2>/<64>      a large blob under its BLAKE3 in hexadecimal, mode 0444 or, as the database, less
//!   damaged             present once the database was found damaged: the next opening sets it aside
//!   tmp/                files being written; swept by collection
//!   partial/<name>      downloads that can be resumed; swept by collection
//!   quarantine/         damaged blobs and databases, kept to be looked at; swept by collection
//!   locks/store         shared by every open store, exclusive for collection
//!   locks/setup         shared while a store is being opened, exclusive while it is created or taken alone
//!   locks/execution     exclusive while actions are executed; names its holder
//!   locks/transfer/<64> exclusive while one action downloads
//! ```
//!
//! **What a crash can leave.** A large blob is written to `tmp/`, synced, renamed into `blobs/`, its folder synced, and
//! only then named by a row; rows appear in one SQLite transaction per batch. So a row's blob is always durable, and the
//! worst leftover is a file that no row names.

mod access;
mod blob;
mod collect;
mod database;
mod digest;
mod error;
mod file;
mod hashing;
mod layout;
mod lock;
mod realisation;
mod record;
mod right;
mod root;
mod shelves;
mod store;
mod verify;
mod writer;
mod written;

pub use access::Access;
pub use blob::{BlobReader, BlobStat, Place, SMALL};
pub use collect::{Collected, collect};
pub use digest::{ActionDigest, Digest, Mac, Output, ParseDigestError, Sha256};
pub use error::StoreError;
pub use lock::Lock;
pub use realisation::Batch;
pub use record::{Record, RecordEntry, RecordError};
pub use right::{ExecutionGuard, TransferGuard};
pub use root::RootRow;
pub use store::Store;
pub use verify::Damage;
pub use writer::{BlobWriter, Sealed};
pub use written::Written;
