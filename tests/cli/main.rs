//! The `kthw` program, judged from outside: by its contract, by strangers, and against itself.

mod backup;
mod browser;
mod cluster_folder;
mod elsewhere;
mod host_tree;
mod judge;
mod mirror;
mod ran;

mod authorities;
mod balancers;
mod contract;
mod etcd;
mod etcd_cluster;
mod golden;
mod graph;
mod incremental;
mod init;
mod judges;
mod lock;
mod machines;
mod page;
mod pod_network;
mod poison;
mod printed;
mod production;
mod reproducible;
mod root;
mod seeds;
mod show;
mod store;
mod tls;
mod why;
