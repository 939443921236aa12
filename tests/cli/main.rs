//! The `kthw` program, judged from outside: by its contract, by strangers, and against itself.

mod cluster_folder;
mod judge;
mod ran;

mod contract;
mod golden;
mod graph;
mod incremental;
mod init;
mod lock;
mod poison;
mod printed;
mod reproducible;
mod root;
mod show;
mod store;
mod why;
