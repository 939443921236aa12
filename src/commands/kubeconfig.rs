//! `kthw kubeconfig`: print a user's kubeconfig, which holds a private key.

use kthw_graph::{Content, Goal};

use crate::cli::Kubeconfig;
use crate::failure::Failure;
use crate::opened::{Opened, realise};
use crate::plan;
use crate::sources::Folder;
use crate::ui::{Diagnostic, Ui};

pub fn run(folder: Folder, args: Kubeconfig, ui: &Ui) -> Result<(), Failure> {
    let (session, bound) = Opened::read(folder, ui)?.session(ui)?;
    let graph = session.graph();
    let Some(id) = graph.find(&plan::kubeconfig_name(&args.user)) else {
        let names = graph.order().iter().map(|id| graph.node(*id).name.as_str());
        let mut users: Vec<&str> = names.filter_map(plan::kubeconfig_user).collect();
        users.sort_unstable();
        let error = Diagnostic::error(format!("there is no kubeconfig for `{}`", args.user));
        let help = format!("there is one for each of {}", users.join(", "));
        return Err(Failure::wrong_input(vec![error.help(Some(help))]));
    };
    realise(&session, &bound, Goal::Identify, &[id], ui)?;
    match session.content(id)? {
        Content::Secret(bytes) => ui.bytes(bytes.expose()),
        Content::Public(_) | Content::Stored(_) => unreachable!("a kubeconfig holds a private key"),
    }
    Ok(())
}
