#!/usr/bin/env bash
# Installs what the checks need and a fresh machine lacks. Says what it cannot install.
set -euo pipefail

has() { command -v "$1" >/dev/null 2>&1; }

has cargo || PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
has cargo || { echo "error: Rust is not installed; see https://rustup.rs" >&2; exit 1; }
for component in rustfmt clippy; do
    if ! has "cargo-${component/rustfmt/fmt}"; then rustup component add "$component"; fi
done

packages=()
has shellcheck || packages+=(shellcheck)
has python3 || packages+=(python3)
has valgrind || packages+=(valgrind)
python3 -m pip --version >/dev/null 2>&1 || packages+=(python3-pip)
{ has cc && has c++; } || packages+=(g++ libc6-dev)
# The tests of the HTML report use a real browser.
has chromium || has google-chrome || packages+=(chromium)
has chromedriver || packages+=(chromium-driver)
if [ ${#packages[@]} -gt 0 ]; then
    if has apt-get && [ "$(id -u)" = 0 ]; then
        export DEBIAN_FRONTEND=noninteractive
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}"; } >/dev/null ||
            echo "!!! could not install: ${packages[*]}"
    else
        echo "!!! not installed, and no right to install: ${packages[*]}"
    fi
fi

if ! has cargo-fuzz; then
    cargo install cargo-fuzz --locked --quiet || echo "!!! could not install: cargo-fuzz"
fi
if ! has cargo-public-api; then
    cargo install cargo-public-api --locked --quiet || echo "!!! could not install: cargo-public-api"
fi
