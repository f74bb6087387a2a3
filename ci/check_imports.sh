#!/usr/bin/env bash
# Holds imports to the direction in which data flows; the rules stand in check_imports.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec python3 ci/check_imports.py
