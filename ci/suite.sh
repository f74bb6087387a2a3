#!/usr/bin/env bash
# The suite of generated models, where its Python environments have been made (scripts/suite --setup).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec scripts/suite --if-ready
