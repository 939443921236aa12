//! One step on its host.

use super::event::Event;
use super::fault::Fault;
use super::hosts::{Hosts, Verb};
use crate::steps::{Action, Gate, Step, WayBack};

/// A step that was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub host: String,
    pub why: Fault,
    /// Whether the host is what it was before the step; if not, why it stays as it is.
    pub undone: Result<(), String>,
}

pub async fn carry_out(step: &Step, hosts: &impl Hosts, tell: &impl Fn(Event<'_>)) -> Result<(), Failure> {
    let host = step.host.as_str();
    tell(Event::StepBegun { host });
    let Err(why) = forth(step, hosts, tell).await else {
        tell(Event::StepDone { host });
        return Ok(());
    };
    tell(Event::StepFailed { host, why: why.to_string() });
    let undone = match (&why, &step.way_back) {
        // Nothing was done.
        (Fault::Changed, _) => Ok(()),
        (_, WayBack::Stop { why }) => Err(why.clone()),
        (_, WayBack::Actions { actions, gate }) => {
            back(step, actions, gate, hosts).await.map_err(|fault| fault.to_string())
        }
    };
    if undone.is_ok() {
        tell(Event::StepUndone { host });
    }
    Err(Failure { host: host.to_owned(), why, undone })
}

async fn forth(step: &Step, hosts: &impl Hosts, tell: &impl Fn(Event<'_>)) -> Result<(), Fault> {
    let host = step.host.as_str();
    // A host that goes may not answer any more; what is done for it then is done by others.
    if step.touches_host() && hosts.held(host).await? != step.expects {
        return Err(Fault::Changed);
    }
    for action in &step.actions {
        if let Action::Install { files } = action {
            hosts.stage(host, files).await?;
        }
    }
    for action in &step.actions {
        act(host, action, hosts).await?;
    }
    if let Some(services) = &step.services {
        hosts.note_services(host, services).await?;
    }
    tell(Event::StepWaits { host, until: step.gate.title() });
    wait(host, &step.gate, hosts).await
}

/// Goes back, as far as the step was done.
async fn back(step: &Step, actions: &[Action], gate: &Gate, hosts: &impl Hosts) -> Result<(), Fault> {
    let host = step.host.as_str();
    for action in actions {
        if let Action::Install { files } = action {
            hosts.stage(host, files).await?;
        }
    }
    for action in actions {
        act(host, action, hosts).await?;
    }
    wait(host, gate, hosts).await?;
    match hosts.held(host).await? == step.expects {
        true => Ok(()),
        false => Err(Fault::Changed),
    }
}

async fn act(host: &str, action: &Action, hosts: &impl Hosts) -> Result<(), Fault> {
    match action {
        Action::Install { files } => hosts.switch(host, files, &[]).await,
        Action::Remove { paths } => hosts.switch(host, &Default::default(), paths).await,
        Action::DaemonReload => hosts.daemon_reload(host).await,
        Action::Start { unit, closure } => hosts.unit(host, Verb::Start(*closure), unit).await,
        Action::Restart { unit, closure } => hosts.unit(host, Verb::Restart(*closure), unit).await,
        Action::Reload { unit, closure } => hosts.unit(host, Verb::Reload(*closure), unit).await,
        Action::Stop { unit } => hosts.unit(host, Verb::Stop, unit).await,
        Action::Owe { debt } => hosts.owe(host, *debt, true).await,
        Action::Pay { debt } => hosts.owe(host, *debt, false).await,
        Action::Settle => hosts.settle(host).await,
        Action::Lead { through, what } => hosts.lead(through, host, what).await,
    }
}

async fn wait(host: &str, gate: &Gate, hosts: &impl Hosts) -> Result<(), Fault> {
    for condition in &gate.until {
        hosts.wait(host, condition, gate.within).await?;
    }
    Ok(())
}
