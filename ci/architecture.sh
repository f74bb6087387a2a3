#!/usr/bin/env bash
# The code has the shape that ARCHITECTURE.md describes; the rules are in tests/architecture/rules.rs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec cargo test --locked --quiet --test architecture
