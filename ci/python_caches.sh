#!/usr/bin/env bash
# The caches that are shared with Python, where its environment has been made (scripts/test_caches).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec scripts/test_caches --if-ready
