#!/usr/bin/env bash
# No warning of the compiler's or of clippy's, in the program, its tests and its benchmarks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo clippy --locked --all-targets -- -D warnings
# With the entry points of fuzzing and benchmarks, too.
cargo clippy --locked --all-targets --all-features -- -D warnings
# Links in the documentation lead somewhere.
RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --lib --quiet
