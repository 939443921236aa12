//! Fields of configurations and values of flags: what programs of each minor take, as they said it themselves.

mod formats;
mod node;
mod table;
mod values;

pub use formats::{Format, format, port_range, url};
pub use node::Node;
pub use table::{containerd, containerd_plugins, flag_values, is_field, nearest, root, scheduler_plugins};
pub use values::{Kind, Values, nanoseconds};
