//! Whether a store can be written.

/// What may be done with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    ReadWrite,
    /// Its folder cannot be written: reading works, writing is [`crate::StoreError::ReadOnly`].
    ReadOnly,
}
