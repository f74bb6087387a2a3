#!/usr/bin/env bash
# Every C function that the tensorflow crate binds is in the newest TensorFlow of the registry.
#
# The crate's last release is of January 2025, and it panics where a function is missing. This check
# says so before a new TensorFlow reaches users. Fails where a function is gone; says loudly where the
# registry cannot be asked.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec python3 ci/library_symbols.py
