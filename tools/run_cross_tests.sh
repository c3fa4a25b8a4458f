#!/usr/bin/env bash
# run_cross_tests.sh [PRESET...]: builds the core, its tests and facecap-board with Debian's cross compilers, runs the
# tests under qemu-user and prints size and memory of what goes onto a board. Presets: aarch64 armhf riscv64 (all).
# What is missing is installed where this is root and apt-get is there; else one sentence says what to install.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/.venv/tools/bin:$PATH
presets=("$@")
[ ${#presets[@]} -gt 0 ] || presets=(aarch64 armhf riscv64)
largest_program=2200000  # bytes, stripped
largest_memory=24        # MiB beside the models, on 640x480

triple_of() {
  case $1 in
    aarch64) echo aarch64-linux-gnu ;;
    armhf) echo arm-linux-gnueabihf ;;
    riscv64) echo riscv64-linux-gnu ;;
    *) echo "no preset $1: aarch64, armhf, riscv64" >&2; return 1 ;;
  esac
}

qemu_of() {
  local triple
  triple=$(triple_of "$1")
  echo "qemu-${triple%%-*}-static"
}

packages=()
for preset in "${presets[@]}"; do
  triple=$(triple_of "$preset")
  command -v "$triple-g++" >/dev/null || packages+=("g++-$triple")
  command -v "$(qemu_of "$preset")" >/dev/null || packages+=(qemu-user-static)
  command -v dpkg-source >/dev/null || packages+=(dpkg-dev)
done
if [ ${#packages[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
  else
    echo "The tests for boards need packages: apt-get install ${packages[*]}" >&2
    exit 1
  fi
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() { "$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }; }
fail() { echo "$1" >&2; exit 1; }

for preset in "${presets[@]}"; do
  start=$SECONDS
  triple=$(triple_of "$preset")
  qemu=("$(qemu_of "$preset")" -L "/usr/$triple")
  build=build/$preset
  tools/build_board_libraries.sh "$triple" "$build/libraries" ||
    echo "$preset: facecap-board is built without them: without https://, JPEG, Motion JPEG or PNG" >&2
  quietly cmake --preset "$preset" ${CMAKE_FLAGS:-}
  quietly cmake --build "$build" --parallel "${JOBS:-2}"
  built=$((SECONDS - start))
  "${qemu[@]}" "$build/facecap_tests" 2>/dev/null | tee "$log" | tail -1 || fail "$(cat "$log")"

  program=$build/cpp/apps/facecap-board/facecap-board
  "$triple-strip" -o "$build/facecap-board" "$program"
  "${qemu[@]}" "$build/facecap-board" --version >/dev/null
  size=$(stat -c %s "$build/facecap-board")
  memory=$("${qemu[@]}" "$build/cpp/apps/facecap-board/facecap-board-bench" 3 |
    sed -n 's/^  heap: \([0-9.]*\) MiB.*/\1/p' | tail -1)
  echo "$preset: facecap-board has $size bytes stripped, holds $memory MiB beside the models at 640x480" \
    "(built in $built s, tested in $((SECONDS - start - built)) s)"
  [ "$size" -lt $largest_program ] || fail "$preset: the program is larger than $largest_program bytes"
  awk -v found="$memory" -v most=$largest_memory 'BEGIN { exit !(found != "" && found < most) }' ||
    fail "$preset: more memory than $largest_memory MiB"
done
