#!/usr/bin/env bash
# The cost of a census grows no faster than the model. Needs valgrind, and fails without it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec scripts/check_linear
