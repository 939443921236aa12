# Recipes for working on kthw; `just --list` shows them.

_list:
    @just --list --unsorted

# What CI runs, with the judges that this machine has
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings
    cargo test --workspace

# Run the gate of CI, or another command, on a Debian that nobody prepared; as root, needs debootstrap
bare-machine *command:
    .ci/bare-machine {{command}}

# Accept every changed golden file and snapshot; then review `git diff`
accept:
    for cluster in examples/*/; do \
        rm -r "snapshots/$(basename "$cluster")"; \
        cargo run --quiet -- snapshot -C "$cluster" --dir "snapshots/$(basename "$cluster")" || exit 1; \
    done
    INSTA_UPDATE=always cargo test --workspace

# Write the tables of flags, feature gates, fields and values that the programs of every minor have; needs Go
tables:
    INSTA_UPDATE=always cargo test --test real -- --include-ignored every_minor containerd resources

# Measure everything beside its peers and write the tables of docs/benchmarks.md
bench:
    benches/run.py

# Fuzz one target (lock, spec, archive) until stopped; needs a nightly compiler and cargo-fuzz
fuzz target:
    cargo +nightly fuzz run {{target}}

# Check licences, advisories and sources of dependencies; needs cargo-deny
deny:
    cargo deny check
