//! Any text is a cluster or a list of problems.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = kthw::spec::load(text);
});
