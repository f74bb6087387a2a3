#!/usr/bin/env bash
# Fuzzes every reader of untrusted bytes for a short time, with the fixtures as seeds.
#
#   ci/fuzz.sh [SECONDS]     for each target; default 10
#
# scripts/fuzz runs for longer. Needs cargo-fuzz, and fails without it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v "${CARGO_FUZZ:-cargo-fuzz}" >/dev/null; then
    echo "!!! NOTHING WAS FUZZED: cargo-fuzz is missing; ci/prepare.sh installs it,"
    echo "!!! or: cargo install cargo-fuzz --locked"
    exit 1
fi
missing=$(comm -3 <(sed -n 's|^path = "targets/\(.*\)\.rs"|\1|p' tests/fuzz/Cargo.toml | sort) \
    <(find tests/fuzz/targets -name '*.rs' -exec basename {} .rs \; | sort))
if [ -n "$missing" ]; then
    echo "tests/fuzz/Cargo.toml and tests/fuzz/targets differ in: $missing"
    exit 1
fi
exec scripts/fuzz all "${1:-10}"
