# shellcheck shell=bash
# What scripts/run and scripts/test do before their own work. Sourced, never run.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # Used by the scripts that source this one.
root=$(dirname "$here")

say() { printf '%s\n' "$*" >&2; }

require_cargo() {
    # A toolchain that rustup has just installed is not on the PATH of this shell yet.
    command -v cargo >/dev/null 2>&1 || PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
    if ! command -v cargo >/dev/null 2>&1; then
        say "error: Rust is not installed"
        say "  do:    install it from https://rustup.rs and run this script again"
        exit 2
    fi
}

# The folder of the TensorFlow that `python3` would import; nothing where there is none.
# Asked from `/`: Python looks into the current folder first.
folder_of_pip_tensorflow() {
    command -v python3 >/dev/null 2>&1 || return 0
    (cd / && python3 - 2>/dev/null <<'PYTHON'
import importlib.util, os
spec = importlib.util.find_spec("tensorflow")
for folder in (spec.submodule_search_locations or []) if spec else []:
    if os.path.exists(os.path.join(folder, "libtensorflow_cc.so.2")):
        print(folder)
PYTHON
    ) | head -n 1
}

# Makes sure that PROGRAM has a libtensorflow: the one it finds by itself, else the pinned one.
ensure_libtensorflow() { # PROGRAM
    if [ -n "${TENSORFLOW_DIR:-}" ] || "$1" doctor >/dev/null 2>&1; then return; fi
    TENSORFLOW_DIR=$("$here/fetch_libtensorflow")
    export TENSORFLOW_DIR
}
