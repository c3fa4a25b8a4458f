#!/usr/bin/env bash
# fetch_onnxruntime.sh FILE: writes the library of ONNX Runtime for 64-bit ARM to FILE, out of its wheel on PyPI, for
# facecap-board under emulation: build/aarch64/libonnxruntime.so is where a test and `facecap eval parity` look.
# Version 1.32.0 ends with a segmentation fault under the emulator of Debian 12, qemu 7.2.
set -euo pipefail
file=${1:?usage: fetch_onnxruntime.sh FILE}
python=$(dirname "$0")/../.venv/bin/python
[ -x "$python" ] || python=python3
version=1.23.2
sha256=bbfd2fca76c855317568c1b36a885ddea2272c13cb0e395002c402f2360429a6
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m pip --disable-pip-version-check --quiet download "onnxruntime==$version" --no-deps --only-binary=:all: \
  --python-version 3.11 --platform manylinux_2_27_aarch64 --platform manylinux_2_28_aarch64 --dest "$work"
echo "$sha256  $(echo "$work"/*.whl)" | sha256sum --check --quiet
mkdir -p "$(dirname "$file")"
"$python" - "$work"/*.whl "$file" <<'PYTHON'
import sys
import zipfile

with zipfile.ZipFile(sys.argv[1]) as wheel, open(sys.argv[2], "wb") as out:
    (name,) = [n for n in wheel.namelist() if n.startswith("onnxruntime/capi/libonnxruntime.so")]
    out.write(wheel.read(name))
PYTHON
