#!/usr/bin/env bash
# Counts a collection of models with known numbers, where one lies beside the project.
#
#   ci/shared_counts.sh            every model of ci/counts_passing.txt must be right
#   ci/shared_counts.sh --update   adds the models that are right now to that list
#
# The list only ever grows: a model that was right once stays right.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/setup.bash
source scripts/setup.bash

checker=$root/../shared/check_counts
if [ ! -e "$checker" ]; then
    echo "there is no collection of models beside the project; nothing to count"
    exit
fi
cargo build --release --locked --quiet --bin tfcensus
program=${CARGO_TARGET_DIR:-$root/target}/release/tfcensus
ensure_libtensorflow "$program"

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
for mode in auto off; do
    echo "--runtime $mode:"
    # Its own exit status says that any model is wrong; the list decides which may not be.
    python3 "$checker" "$program" --runtime "$mode" --json "$results/$mode.json" >"$results/$mode.txt" || true
    tail -n 1 "$results/$mode.txt"
    [ -s "$results/$mode.json" ] || { cat "$results/$mode.txt"; exit 1; }
done
exec python3 ci/shared_counts.py "$results" "$@"
