//! One self-contained HTML page: a graph, and what would change of it. It loads nothing, so that it can be kept and sent.

mod changes;
mod columns;
#[cfg(test)]
mod example;
mod fold;

pub use changes::{
    Arrival, ChangeGroup, ChangeKind, Changes, Detail, Drain, FieldRow, Hosts, Restart, Warning, Whose,
};

use std::sync::Arc;

use data_encoding::BASE64;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::visible::visible_json;
use columns::{Details, Overview};

/// Everything that a page shows.
pub struct Page {
    pub title: String,
    pub hosts: Vec<PageHost>,
    pub nodes: Vec<PageNode>,
    /// With changes, the page begins with them.
    pub changes: Option<Changes>,
}

/// A host, and the node whose inputs are its files, each in a slot that is its path.
pub struct PageHost {
    pub name: String,
    pub bundle: usize,
}

pub struct PageNode {
    pub name: String,
    pub kind: &'static str,
    pub home: Home,
    /// Slot, and index of the node in it.
    pub inputs: Vec<(String, usize)>,
    /// As `kthw why` prints it; a secret's output names the secret and tells nothing of it.
    pub output: String,
    pub parameters: Vec<Parameter>,
    pub text: Text,
    pub state: NodeState,
}

/// Nodes that are drawn together, and what they are in a sentence.
#[derive(Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Group {
    pub name: &'static str,
    pub about: &'static str,
}

/// Where a node is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// Among the nodes of a group that hosts share.
    Shared(&'static Group),
    /// With the host of this index.
    Host(usize),
}

pub struct Parameter {
    pub name: String,
    pub value: String,
    /// The place that decided it, unless that was the program.
    pub place: Option<String>,
}

/// What a node's output says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    Shown(Arc<str>),
    /// Why it is not on the page.
    Withheld(&'static str),
}

/// What becomes of a node in a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeState {
    Same,
    Cause,
    Cascade,
    Added,
    Removed,
}

impl Page {
    /// The hosts that hold the same kinds of files at the same paths, as lists of indices; the first of each stands for it.
    pub fn folds(&self) -> Vec<Vec<usize>> {
        fold::folds(self)
    }

    /// The page as one HTML text.
    pub fn render(&self) -> String {
        let script = ["\"use strict\";\n", MODEL, CANVAS, PANEL, CHANGES, SEARCH, MAIN].concat();
        fill(
            TEMPLATE,
            &[
                ("style-hash", &hash(STYLE)),
                ("dagre-hash", &hash(DAGRE)),
                ("script-hash", &hash(&script)),
                ("style", STYLE),
                ("overview", &json(&Overview::of(self))),
                ("details", &json(&Details::of(self))),
                ("dagre-licence", DAGRE_LICENCE),
                ("dagre", DAGRE),
                ("script", &script),
            ],
        )
    }
}

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const DAGRE: &str = include_str!("vendor/dagre-3.1.3/dagre.min.js");
const DAGRE_LICENCE: &str = include_str!("vendor/dagre-3.1.3/LICENSE");
const MODEL: &str = include_str!("model.js");
const CANVAS: &str = include_str!("canvas.js");
const PANEL: &str = include_str!("panel.js");
const CHANGES: &str = include_str!("changes.js");
const SEARCH: &str = include_str!("search.js");
const MAIN: &str = include_str!("main.js");

/// A script or a style as the page's policy names it: nothing else runs, wherever it comes from.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(&Sha256::digest(text)))
}

/// JSON that may stand in a script element: what could end the element, and what whoever reads the source would not see, can
/// be written otherwise.
fn json(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value).expect("columns of texts and numbers serialise");
    visible_json(&json).replace("<", "\\u003c")
}

/// A template with each `{{name}}` replaced. What is put in is not looked at again.
fn fill(template: &str, parts: &[(&str, &str)]) -> String {
    let mut pieces = template.split("{{");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").expect("page.html closes what it opens");
        let (_, part) =
            parts.iter().find(|(known, _)| *known == name).expect("page.html asks for known parts");
        text.push_str(part);
        text.push_str(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_once() {
        let parts = [("a", "{{b}}"), ("b", "never")];
        assert_eq!(fill("1 {{a}} 2", &parts), "1 {{b}} 2");
    }

    #[test]
    fn no_text_ends_the_element_that_it_is_in() {
        let hostile = "</script><!--<script>\u{202e}\u{9b}\u{2028}\u{200b}";
        let written = json(&hostile);
        assert!(!written.contains('<') && written.is_ascii(), "{written}");
        assert_eq!(serde_json::from_str::<String>(&written).expect("JSON"), hostile);
    }

    #[test]
    fn the_page_names_no_other_place() {
        let html = example::page().render();
        for outside in ["http://", "https://", "src=", "@import", "url("] {
            let found = html.replace(DAGRE, "").contains(outside);
            assert!(!found, "{outside}");
        }
        assert!(html.contains(DAGRE_LICENCE), "a copy of the library is given with its licence");
    }
}
