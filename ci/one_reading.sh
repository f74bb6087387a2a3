#!/usr/bin/env bash
# Our decoders see of changed messages what protocol buffers' own parser sees.
#
#   ci/one_reading.sh [MUTATIONS] [SEED]     default: 10000, and always the same ones
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo build --quiet --locked --release --features testkit --example see
program=${CARGO_TARGET_DIR:-target}/release/examples/see
exec python3 tests/one_reading/main.py "$program" "$@"
