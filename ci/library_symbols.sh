#!/usr/bin/env bash
# Every C function that the tensorflow crate binds is in the newest TensorFlow of the registry, and every
# op of it is in one of the lists of load_hazards.
#
# The crate's last release is of January 2025, and it panics where a function is missing; an op that no
# list knows costs models their full load. This check says so before a new TensorFlow reaches users.
# Fails where a function is gone or an op is unknown; says loudly where the registry cannot be asked.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec python3 ci/library_symbols.py
