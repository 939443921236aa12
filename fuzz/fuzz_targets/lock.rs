//! Any text is a lock, which renders to the same lock again, or a list of problems.

#![no_main]

use kthw::lock::Lock;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Lock::parse(text) {
        Ok(lock) => assert_eq!(Lock::parse(&lock.render()), Ok(lock)),
        Err(problems) => assert!(!problems.is_empty()),
    }
});
