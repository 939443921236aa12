//! The wall clock, which only `kthw lock` and checks of expiry may read.

#![expect(clippy::disallowed_methods, reason = "this is the home of the clock")]

/// Seconds since 1970.
pub fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
