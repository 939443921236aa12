//! The memory of this process, where secrets are.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Keeps a crash from writing it to a disk: from here on there are no core dumps.
pub fn keep_off_disks() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // A limit may always be lowered; where a sandbox forbids even that, the commands work all the same.
    let _ = setrlimit(Resource::Core, none);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_no_core_dumps() {
        keep_off_disks();
        assert_eq!(rustix::process::getrlimit(Resource::Core).current, Some(0));
    }
}
