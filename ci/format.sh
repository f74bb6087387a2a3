#!/usr/bin/env bash
# Rust code is formatted as rustfmt.toml says.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec cargo fmt --all --check
