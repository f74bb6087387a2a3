#!/usr/bin/env bash
# Every check, in the order in which they are quick. Stops at the first that fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

step() {
    local name=$1 start=$SECONDS
    shift
    echo
    echo "=== $name: $*"
    if ! "$@" </dev/null; then
        echo "=== $name FAILED after $((SECONDS - start)) s: run '$*' to see it alone"
        exit 1
    fi
    # The tests come last, so that the last line is cargo's own.
    [ "$name" = tests ] || echo "=== $name passed in $((SECONDS - start)) s"
}

step format ci/format.sh
step scripts ci/check_scripts.sh
step architecture ci/architecture.sh
step versions ci/check_versions.sh
step dependencies ci/check_dependencies.sh
step "library symbols" ci/library_symbols.sh
step lint ci/lint.sh
step "public api" ci/public_api.sh
step "shared counts" ci/shared_counts.sh
step mutations ci/mutations.sh
step fuzz ci/fuzz.sh
step "linear growth" ci/linear.sh
step "one reading" ci/one_reading.sh
step suite ci/suite.sh
step "keras layers" ci/keras_layers.sh
step "python caches" ci/python_caches.sh
step tests ci/test.sh
