//! The repository keeps its own rules: layers, names, texts, and documents that are true.

mod documents;
mod judges;
mod layers;
mod names;
mod texts;
mod tree;
