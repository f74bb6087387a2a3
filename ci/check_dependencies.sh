#!/usr/bin/env bash
# Licences, sources and known vulnerabilities of the dependencies. What is allowed stands in deny.toml.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo metadata --locked --format-version 1 --all-features | python3 ci/check_dependencies.py

readonly DATABASE=https://github.com/RustSec/advisory-db

not_checked() {
    echo
    echo "!!! ADVISORIES WERE NOT CHECKED: $1"
    echo "!!! Run 'cargo deny check advisories' where that is possible, before a release."
    echo
    exit 0
}

GIT_TERMINAL_PROMPT=0 timeout 30 git ls-remote --exit-code --quiet "$DATABASE" HEAD >/dev/null 2>&1 ||
    not_checked "the database $DATABASE cannot be reached from here."
if ! cargo deny --version >/dev/null 2>&1; then
    echo "Installing cargo-deny ..."
    cargo install --locked --quiet cargo-deny || not_checked "cargo-deny could not be installed."
fi
cargo deny --locked check advisories
