#!/usr/bin/env bash
# Fuzzes every reader of bytes for a short time, from seeds made of the fixtures.
#
#   ci/fuzz.sh [SECONDS]     for each target; default 10
#
# scripts/fuzz does so for long. Says loudly where cargo-fuzz is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v "${CARGO_FUZZ:-cargo-fuzz}" >/dev/null; then
    echo "!!! cargo-fuzz is missing and nothing was fuzzed: ci/prepare.sh installs it,"
    echo "!!! or cargo install cargo-fuzz --locked"
    exit 1
fi
missing=$(comm -3 <(sed -n 's|^path = "targets/\(.*\)\.rs"|\1|p' tests/fuzz/Cargo.toml | sort) \
    <(find tests/fuzz/targets -name '*.rs' -exec basename {} .rs \; | sort))
if [ -n "$missing" ]; then
    echo "tests/fuzz/Cargo.toml and tests/fuzz/targets differ in: $missing"
    exit 1
fi
exec scripts/fuzz all "${1:-10}"
