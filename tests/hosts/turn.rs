//! Whose turn it is: two clusters at a time share a machine, since each mostly waits; more would make each other slow.

use std::sync::{Condvar, Mutex, PoisonError};

static FREE: Mutex<u32> = Mutex::new(2);
static FREED: Condvar = Condvar::new();

/// A turn, until it is dropped.
pub struct Turn(());

impl Turn {
    /// Waits for one.
    pub fn take() -> Self {
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = FREED.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Self(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *FREE.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        FREED.notify_one();
    }
}
