//! A rollout for people.

use std::fmt::Write;

use super::Rollout;
use crate::diff::{Input, Inputs};
use crate::findings::{Finding, Kind};
use crate::names::{self, counted};
use crate::steps::{Action, Debt, Errand, Step, Wave};
use crate::tree::Stage;
use crate::visible::visible;

/// So many changes are listed before the rest is counted.
const LISTED: usize = 20;

/// The summary, from which state to which it is, and below it everything that it counts.
pub fn text(rollout: &Rollout, inputs: &Inputs, states: [&str; 2]) -> String {
    let [before, after] = states.map(visible);
    let mut text = format!("{}\nfrom {before} to {after}\n", rollout.summary());
    if rollout.is_empty() && rollout.findings.is_empty() {
        return text;
    }
    changes(&mut text, inputs);
    for kind in Kind::ALL {
        let findings: Vec<&Finding> = rollout.of_kind(kind).collect();
        if !findings.is_empty() {
            let _ = writeln!(text, "\n{}", kind.title());
            findings.iter().for_each(|finding| told(&mut text, finding, inputs));
        }
    }
    for (wave, number) in rollout.waves.iter().zip(1..) {
        told_wave(&mut text, wave, number);
    }
    if !rollout.certificates.is_empty() {
        text += "\ncertificates that are reissued\n";
        for reissue in &rollout.certificates {
            let why: Vec<String> = reissue.why.iter().map(ToString::to_string).collect();
            let hosts = if reissue.hosts.is_empty() {
                String::new()
            } else {
                format!(" on {}", names::hosts(reissue.hosts.iter().map(String::as_str)))
            };
            let _ = writeln!(text, "  {}{hosts}: {}", reissue.name, why.join(", "));
        }
    }
    if !rollout.flags.is_empty() {
        text += "\nflags that kthw gives or drops by itself\n";
        for flags in &rollout.flags {
            let added = flags.added.iter().map(|flag| format!("gives --{flag}"));
            let dropped = flags.dropped.iter().map(|flag| format!("drops --{flag}"));
            let _ =
                writeln!(text, "  {}: {}", flags.unit, added.chain(dropped).collect::<Vec<_>>().join(", "));
        }
    }
    text
}

/// What was changed. A pin follows from a version, so pins are only counted.
fn changes(text: &mut String, inputs: &Inputs) {
    let is_pin = |input: &&Input| matches!(input, Input::Entry(change) if change.entry.starts_with("pin "));
    let (pins, others): (Vec<&Input>, Vec<&Input>) = inputs.all().iter().partition(is_pin);
    if !inputs.all().is_empty() {
        *text += "\nwhat was changed\n";
    }
    for input in others.iter().take(LISTED) {
        let _ = writeln!(text, "  {input}");
    }
    if let Some(more) = others.len().checked_sub(LISTED + 1) {
        let _ = writeln!(text, "  and {}", counted(more + 1, "more change"));
    }
    if !pins.is_empty() {
        let _ = writeln!(text, "  kthw.lock: {}", counted(pins.len(), "pin"));
    }
}

fn told(text: &mut String, finding: &Finding, inputs: &Inputs) {
    let _ = writeln!(text, "  {}", finding.what);
    let _ = writeln!(text, "    {}", finding.advice);
    let causes: Vec<String> = finding.causes.iter().map(|cause| subject(&inputs.all()[*cause])).collect();
    if !causes.is_empty() {
        let _ = writeln!(text, "    from {}", names::first_few(causes.iter().map(String::as_str)));
    }
}

/// What a change is of; what it was is in the list of all.
fn subject(input: &Input) -> String {
    match input {
        Input::Field(change) => change.path.clone(),
        Input::Entry(change) => format!("kthw.lock {}", change.entry),
        Input::File { field, .. } => field.clone(),
        Input::Program { .. } => "kthw itself".to_owned(),
    }
}

fn told_wave(text: &mut String, wave: &Wave, number: usize) {
    let _ = writeln!(text, "\nwave {number}: {}{}", wave.stage.title(), pace(wave));
    let mut groups: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
    for step in wave.steps() {
        let told = told_step(step);
        // Steps that are alike are told once only where they follow each other: the order is what a plan is for.
        match groups.last_mut() {
            Some((hosts, known)) if *known == told => hosts.push(&step.host),
            _ => groups.push((vec![&step.host], told)),
        }
    }
    for (hosts, told) in groups {
        let _ = writeln!(text, "  {}", names::hosts(hosts));
        for line in told {
            let _ = writeln!(text, "    {line}");
        }
    }
}

/// How many at once, and what each waits for.
fn pace(wave: &Wave) -> String {
    let largest = wave.batches.iter().map(Vec::len).max().unwrap_or(0);
    let steps = wave.steps().count();
    let pace = match (steps, largest) {
        (0 | 1, _) => String::new(),
        (_, 1) => ", one at a time".to_owned(),
        _ if largest == steps => ", all at once".to_owned(),
        _ if wave.stage == Stage::Workers => format!(", one, then {largest} at a time"),
        _ => format!(", up to {largest} at a time"),
    };
    let gates = wave.steps().filter(|step| !step.gate.until.is_empty());
    let mut gates: Vec<String> = gates.map(|step| step.gate.title()).collect();
    gates.sort_unstable();
    gates.dedup();
    match gates.is_empty() {
        true => pace,
        false => format!("{pace}, until {}", gates.join(" or ")),
    }
}

const fn errand(errand: &Errand) -> &'static str {
    match errand {
        Errand::Drain { .. } => "drain",
        Errand::Uncordon => "uncordon",
        Errand::DeleteNode => "delete its node",
        Errand::AddLearner => "join etcd as a learner",
        Errand::Promote => "let it vote",
        Errand::RemoveMember => "leave etcd",
        Errand::MoveLeader => "hand on the leadership of etcd",
    }
}

fn told_step(step: &Step) -> Vec<String> {
    let mut lines = Vec::new();
    let mut words = Vec::new();
    for action in &step.actions {
        match action {
            Action::Lead { what: Errand::Drain { why }, .. } => {
                lines.push(format!("drain ({})", why.join(", ")));
            }
            Action::Lead { what, .. } => words.push(errand(what).to_owned()),
            Action::Owe { debt: Debt::Founding } => words.push("found etcd".to_owned()),
            Action::Settle => words.push("note that etcd is founded".to_owned()),
            Action::Owe { .. } | Action::Pay { .. } => {}
            Action::Install { files } => words.push(format!("write {}", counted(files.len(), "file"))),
            Action::Remove { paths } => words.push(format!("remove {}", counted(paths.len(), "file"))),
            Action::DaemonReload => words.push("daemon-reload".to_owned()),
            Action::Start { unit, .. } => words.push(format!("start {unit}")),
            Action::Restart { unit, .. } => words.push(format!("restart {unit}")),
            Action::Reload { unit, .. } => words.push(format!("reload {unit}")),
            Action::Stop { unit } => words.push(format!("stop {unit}")),
        }
    }
    if !words.is_empty() {
        lines.push(words.join(", "));
    }
    lines.extend(step.quorum.map(|quorum| format!("etcd: {quorum}")));
    lines
}

#[cfg(test)]
mod tests {
    use kthw_store::Digest;

    use super::*;
    use crate::steps::{Gate, WayBack};
    use crate::tree::Closure;

    #[test]
    fn steps_are_told_in_their_order() {
        let step = |host: &str, unit: &str| Step {
            host: host.to_owned(),
            expects: Digest::of(b""),
            reaches: Digest::of(b""),
            services: None,
            actions: vec![Action::Restart {
                unit: unit.to_owned(),
                closure: Closure { unit: Digest::of(b""), reads: Digest::of(b"") },
            }],
            quorum: None,
            gate: Gate { until: Vec::new(), within: 0 },
            way_back: WayBack::Stop { why: String::new() },
        };
        let batches = ["a", "a", "b", "a"].iter().zip(1..);
        let batches = batches.map(|(unit, host)| vec![step(&format!("host-{host}"), unit)]);
        let mut text = String::new();
        told_wave(&mut text, &Wave { stage: Stage::Controllers, batches: batches.collect() }, 1);
        let hosts: Vec<&str> =
            text.lines().filter(|line| line.starts_with("  host")).map(str::trim).collect();
        assert_eq!(hosts, ["host-1, host-2", "host-3", "host-4"]);
    }
}
