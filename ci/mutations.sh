#!/usr/bin/env bash
# Damages every fixture a few times, in reproducible ways, and counts the result, from the files alone
# and with a session. docs/robustness.md has the figures of a long run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/setup.bash
source scripts/setup.bash

cargo build --release --locked --quiet --bin tfcensus
program=${CARGO_TARGET_DIR:-$root/target}/release/tfcensus
ensure_libtensorflow "$program"
scripts/mutate "$program" -n 40 --runtime off tests/fixtures/*/model
scripts/mutate "$program" -n 3 --runtime auto tests/fixtures/*/model
