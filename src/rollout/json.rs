//! A rollout for programs.

use serde::Serialize;

use super::Rollout;
use crate::diff::Inputs;
use crate::findings::{Finding, FlagChange, Reissue};
use crate::steps::{Step, Wave};
use crate::tree::Stage;
use crate::visible::visible_json;

#[derive(Serialize)]
struct Document<'a> {
    summary: String,
    /// Whether it must not be done.
    refused: bool,
    before: &'a str,
    after: &'a str,
    /// What the indices of causes count.
    changes: Vec<String>,
    files: usize,
    hosts: usize,
    added: &'a [String],
    removed: &'a [String],
    findings: &'a [Finding],
    waves: Vec<WaveDocument<'a>>,
    certificates: &'a [Reissue],
    flags: &'a [FlagChange],
}

#[derive(Serialize)]
struct WaveDocument<'a> {
    wave: usize,
    stage: Stage,
    batches: &'a [Vec<Step>],
}

/// One object; the labels say what was compared.
pub fn json(rollout: &Rollout, inputs: &Inputs, [before, after]: [&str; 2]) -> String {
    let waves = rollout.waves.iter().zip(1..);
    let waves = waves.map(|(Wave { stage, batches }, wave)| WaveDocument { wave, stage: *stage, batches });
    let document = Document {
        summary: rollout.summary(),
        refused: rollout.refusals().next().is_some(),
        before,
        after,
        changes: inputs.all().iter().map(ToString::to_string).collect(),
        files: rollout.files,
        hosts: rollout.touched.len(),
        added: &rollout.added,
        removed: &rollout.removed,
        findings: &rollout.findings,
        waves: waves.collect(),
        certificates: &rollout.certificates,
        flags: &rollout.flags,
    };
    visible_json(&serde_json::to_string(&document).expect("texts and numbers are JSON"))
}
