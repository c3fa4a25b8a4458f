#!/usr/bin/env bash
# test_programs.sh: has the programs and the library that tests need and no Python package brings. As root what is
# missing comes by apt-get; otherwise a sentence says what to install. Silent when all is there.
set -euo pipefail

# have PACKAGE FILE...: one of the programs is there (a name in PATH, or a file), or its Debian package is installed.
have() {
  local package=$1 program
  shift
  for program in "$@"; do
    if [ -e "$program" ] || command -v "$program" >/dev/null; then return; fi
  done
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "None of $* is there: install the package $package." >&2
    exit 1
  fi
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends "$package"; } \
    >&2 || {
    echo "The package $package could not be installed: see above." >&2
    exit 1
  }
}

have postgresql postgres /usr/lib/postgresql/*/bin/postgres
have chromium-headless-shell chromium-headless-shell chromium google-chrome
have mosquitto mosquitto /usr/sbin/mosquitto
have openssl openssl
have nginx nginx /usr/sbin/nginx
have curl curl
have ffmpeg ffmpeg
have libmbedtls-dev /usr/lib/*/libmbedtls.a  # facecap-board is linked with these three
have libjpeg-dev /usr/include/jpeglib.h
have libpng-dev /usr/include/png.h
have clang clang++
compgen -G "/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a" >/dev/null ||
  have libclang-rt-dev libclang_rt.fuzzer
