#!/usr/bin/env bash
# The public API changes on purpose only: compares it with docs/public-api.txt.
#
#   ci/public_api.sh             fails where they differ, and shows how
#   ci/public_api.sh --update    writes the file anew
#
# rustdoc's JSON is behind a flag of the nightly compiler; RUSTC_BOOTSTRAP asks the stable one for it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v cargo-public-api >/dev/null; then
    echo "!!! cargo-public-api is missing and the API was not compared: ci/prepare.sh installs it,"
    echo "!!! or cargo install cargo-public-api --locked"
    exit 1
fi
RUSTC_BOOTSTRAP=1 cargo rustdoc --locked --quiet --lib -- -Z unstable-options --output-format json
target=${CARGO_TARGET_DIR:-target}
listing=$target/public-api.txt
# Without the implementations that every type has or derives.
cargo public-api --rustdoc-json "$target/doc/tfcensus.json" -sss >"$listing"
if [ "${1:-}" = --update ]; then
    cp "$listing" docs/public-api.txt
    echo "docs/public-api.txt has $(wc -l <docs/public-api.txt) items"
elif diff -u docs/public-api.txt "$listing"; then
    echo "the public API is that of docs/public-api.txt"
else
    echo "!!! The public API differs (above). Where that is meant: ci/public_api.sh --update, and CHANGELOG.md."
    exit 1
fi
