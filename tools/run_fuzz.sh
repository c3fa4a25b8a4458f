#!/usr/bin/env bash
# run_fuzz.sh SECONDS [TARGET...]: builds the fuzz targets of cpp/tests/fuzz with clang, its address and its
# undefined-behaviour sanitizer, and runs each for so long, two at a time. What a run finds new is kept in
# build/fuzz/corpus for the next; an input that fails lies in build/fuzz as TARGET-crash-... .
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/.venv/tools/bin:$PATH
seconds=$1
shift
build=build/fuzz
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() { "$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }; }

quietly cmake -S . -B "$build" -DFACECAP_FUZZ=ON -DCMAKE_CXX_COMPILER=clang++ \
  -DCMAKE_BUILD_TYPE=RelWithDebInfo -DFACECAP_SANITIZE=fuzzer-no-link,address,undefined
quietly cmake --build "$build" --parallel "${JOBS:-2}"
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=($(basename -s .cpp cpp/tests/fuzz/*.cpp))

fuzz_one() {
  local name=$1 log=$build/$1.log
  mkdir -p "$build/corpus/$name"
  if ! "$build/fuzz_$name" -max_total_time="$seconds" -timeout=20 -print_final_stats=1 \
    -artifact_prefix="$build/$name-" "$build/corpus/$name" "cpp/tests/fuzz/corpus/$name" >"$log" 2>&1; then
    tail -60 "$log" >&2
    echo "fuzz target $name: failed, see above and $build/$name-*" >&2
    return 1
  fi
  local edges
  edges=$(grep -o 'cov: [0-9]*' "$log" | tail -1)
  echo "fuzz target $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") executions, ${edges#cov: } edges"
}
export -f fuzz_one
export build seconds
printf '%s\n' "${targets[@]}" | xargs -P "${JOBS:-2}" -I{} bash -c 'fuzz_one {}'
