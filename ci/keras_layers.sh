#!/usr/bin/env bash
# The tables of Keras layers, and Keras itself, where its Python environments have been made
# (scripts/suite --setup).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec scripts/keras_layers --if-ready
