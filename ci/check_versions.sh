#!/usr/bin/env bash
# Compares facts that the project states more than once: versions, checksums, counts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec python3 ci/check_versions.py
