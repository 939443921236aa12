//! What a host holds, and which services read it.

mod stage;

pub use stage::Stage;

/// Where units are, which systemd reads only when it is told to.
pub const UNITS: &str = "/etc/systemd/system/";
