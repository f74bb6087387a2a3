#!/usr/bin/env bash
# Our decoders see of changed messages what protocol buffers' own parser sees, and know every message
# that a SavedModel can hold.
#
#   ci/one_reading.sh [MUTATIONS] [SEED]     default: 10000, and always the same ones
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python3 tests/one_reading/schema.py | diff src/saved_model/messages.txt - || {
    echo "src/saved_model/messages.txt is not what tests/one_reading/schema.py writes"
    exit 1
}
cargo build --quiet --locked --release --features testkit --example see
program=${CARGO_TARGET_DIR:-target}/release/examples/see
exec python3 tests/one_reading/main.py "$program" "$@"
