#!/usr/bin/env bash
# prerequisites.sh PYTHON: says in one sentence which package is missing before anything is built; silent when all is
# there.
set -u
python=$1

missing() {
  echo "$1" >&2
  exit 1
}

command -v "$python" >/dev/null || missing "Python is missing ($python): install the package python3."
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
  missing "Python $version is too old: install python3.10 or newer and call make with PYTHON=python3.10."
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
  missing "Python's venv module is missing: install the package python3-venv (or python$version-venv)."
header=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h
[ -e "$header" ] || missing "$header is missing: install the package python3-dev (or python$version-dev)."

probe=$(mktemp -d)
trap 'rm -rf "$probe"' EXIT
printf '#include <optional>\nint main() { return std::optional<int>{0}.value(); }\n' >"$probe/probe.cpp"
for compiler in "${CXX:-c++}" g++ clang++; do
  $compiler -std=c++17 "$probe/probe.cpp" -o "$probe/probe" >/dev/null 2>&1 && exit 0
  [ -n "${CXX:-}" ] && break
done
missing "No C++17 compiler works (tried ${CXX:-c++, g++, clang++}): install the package g++."
