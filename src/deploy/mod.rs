//! Carries steps out on hosts. It decides nothing: it sees no cluster and no plan, only steps.
//!
//! ```text
//! run.rs     waves, batch by batch ──▶ step.rs  one step: actions, gate, or the way back ──▶ hosts.rs  what a host can be told
//! ```

mod event;
mod fault;
mod hosts;
mod run;
mod step;

pub use event::Event;
pub use fault::Fault;
pub use hosts::{Hosts, Verb};
pub use run::{Ended, run};
pub use step::Failure;
