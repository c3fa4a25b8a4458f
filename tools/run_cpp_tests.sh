#!/usr/bin/env bash
# run_cpp_tests.sh BUILD_FOLDER [cmake options]: configure, build and run the core's tests; the build is shown only
# when it fails.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/.venv/tools/bin:$PATH
build=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() { "$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }; }

quietly cmake -S . -B "$build" -DFACECAP_TESTS=ON "$@"
quietly cmake --build "$build" --parallel "${JOBS:-2}"
for program in "$build"/facecap_*tests; do "$program"; done
