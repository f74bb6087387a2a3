#!/usr/bin/env bash
# All tests, by the README's command.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec scripts/test
