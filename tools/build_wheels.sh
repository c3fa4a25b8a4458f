#!/usr/bin/env bash
# build_wheels.sh [PYTHON...]: makes dist/ with an sdist and, from it, a manylinux wheel for each Python, and proves each
# in a fresh environment, where the package is installed, looked over and run on its demo. Pythons: those of 3.10 to
# 3.13 that are there.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=$PWD/.venv/tools/bin:$PATH
pip=(-m pip --disable-pip-version-check --quiet)
work=$PWD/build/wheel
pythons=("$@")
if [ ${#pythons[@]} -eq 0 ]; then
  for version in 3.10 3.11 3.12 3.13; do
    "python$version" -c '' 2>/dev/null && pythons+=("python$version")
  done
fi
[ ${#pythons[@]} -gt 0 ] || { echo "No Python of 3.10 to 3.13 is there: name one." >&2; exit 1; }

# The same folder each time, so that the core is compiled once for all Pythons.
mkdir -p "$work" dist
rm -rf "$work/source" "$work/raw" "$work"/facecap-*.tar.gz
python -m build --sdist --outdir "$work" . >"$work/sdist.log" 2>&1 || { cat "$work/sdist.log" >&2; exit 1; }
sdist=$(echo "$work"/facecap-*.tar.gz)
mkdir "$work/source"
tar -xzf "$sdist" -C "$work/source" --strip-components=1
cp "$sdist" dist/
echo "dist/$(basename "$sdist"): $(stat -c %s "$sdist") bytes"

for python in "${pythons[@]}"; do
  tag=$("$python" -c 'import sys; print("cp%d%d" % sys.version_info[:2])')
  begin=$SECONDS
  # What CMake found of another Python must not be found again.
  rm -rf "$work/core/CMakeCache.txt" "$work/raw" "$work/repaired"
  "$python" "${pip[@]}" wheel --no-deps --wheel-dir "$work/raw" --config-settings "build-dir=$work/core" \
    "$work/source"
  auditwheel repair --wheel-dir "$work/repaired" "$work"/raw/*.whl >"$work/repair.log" 2>&1 ||
    { cat "$work/repair.log" >&2; exit 1; }
  wheel=$(echo "$work"/repaired/*.whl)
  built=$((SECONDS - begin))

  rm -rf "$work/try" "$work/demo"
  "$python" -m venv "$work/try"
  "$work/try/bin/python" "${pip[@]}" install --only-binary :all: "$wheel[demo]"
  (cd "$work" && try/bin/facecap doctor >doctor.log && try/bin/facecap demo --out demo >demo.log) ||
    { cat "$work/doctor.log" "$work/demo.log" >&2; echo "$tag: the wheel does not work" >&2; exit 1; }
  cp "$wheel" dist/
  echo "dist/$(basename "$wheel"): $(stat -c %s "$wheel") bytes, built in $built s," \
    "doctor and demo passed in $((SECONDS - begin - built)) s"
done
