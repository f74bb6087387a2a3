#!/usr/bin/env bash
# The compiler and clippy have no warning about the program, its tests and its benchmarks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo clippy --locked --all-targets -- -D warnings
# Once more with the feature of the test kit, which the benchmarks need.
cargo clippy --locked --all-targets --all-features -- -D warnings
# Links in the documentation resolve.
RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --lib --quiet
