//! Waiting for something, and saying how long that took, or what was awaited if it does not come.

use std::time::{Duration, Instant};

/// Asks again and again until the answer is one, and panics with the last refusal if there is none in time.
#[track_caller]
pub fn eventually<T>(awaited: &str, within: Duration, mut ask: impl FnMut() -> Result<T, String>) -> T {
    let begin = Instant::now();
    loop {
        match ask() {
            Ok(answer) => {
                println!("{:>6.1} s: {awaited}", begin.elapsed().as_secs_f64());
                return answer;
            }
            Err(still) if begin.elapsed() > within => {
                panic!("not within {} s: {awaited}\n{still}", within.as_secs())
            }
            Err(_) => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// An answer if a condition holds, or else how things are.
pub fn provided(holds: bool, otherwise: impl Into<String>) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

pub const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}
