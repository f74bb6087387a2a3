#!/usr/bin/env bash
# The cost of a census grows no faster than the model.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if ! command -v valgrind >/dev/null 2>&1; then
    echo "!!! LINEAR GROWTH WAS NOT CHECKED: valgrind is not installed"
    exit
fi
exec scripts/check_linear
