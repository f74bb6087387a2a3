#!/usr/bin/env bash
# The compiler and clippy have no warning about the program, its tests and its benchmarks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo clippy --locked --all-targets -- -D warnings
# Once more with the feature of the test kit, which the benchmarks need.
cargo clippy --locked --all-targets --all-features -- -D warnings
# What a user of the library gets without the program, without the network, without either.
for features in '' hub cli; do
    cargo clippy --locked --no-default-features --features "$features" --lib -- -D warnings
done
cargo clippy --locked --no-default-features --features cli --bins -- -D warnings
# Links in the documentation resolve.
RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --lib --quiet
