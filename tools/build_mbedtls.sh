#!/usr/bin/env bash
# build_mbedtls.sh TRIPLE FOLDER: builds Debian's source package of Mbed TLS with the cross compiler TRIPLE-gcc, into
# FOLDER/include and FOLDER/lib; facecap-board is linked with it where FOLDER is <build folder>/mbedtls or is named in
# FACECAP_MBEDTLS. Debian's own libraries for other architectures would change what is installed here, and not every
# release has them for RISC-V. Nothing is done where they are there already.
set -euo pipefail
cd "$(dirname "$0")/.."
triple=$1
folder=$2
[ ! -e "$folder/lib/libmbedtls.a" ] || exit 0
for program in apt-get dpkg-source "$triple-gcc"; do
  command -v "$program" >/dev/null || { echo "Mbed TLS for boards needs $program." >&2; exit 1; }
done

work=$PWD/build/mbedtls-source
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$folder"
log=$work/log
quietly() { "$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }; }

if ! compgen -G "$work/mbedtls-*/library" >/dev/null; then
  # The source packages of where this system's packages come from.
  sources=$work/deb.sources
  if [ -f /etc/apt/sources.list.d/debian.sources ]; then
    sed 's/^Types:.*/Types: deb-src/' /etc/apt/sources.list.d/debian.sources >"$sources"
  else
    sources=$work/deb.list
    sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$sources"
  fi
  apt=(apt-get -qq -o "Dir::Etc::sourcelist=$sources" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists"
    -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
  quietly "${apt[@]}" update
  (cd "$work" && quietly "${apt[@]}" source mbedtls)
fi
source=$(compgen -G "$work/mbedtls-*/library")
quietly make -C "$source" clean
quietly make -C "$source" -j"${JOBS:-2}" static CC="$triple-gcc" AR="$triple-ar" \
  CFLAGS="-Os -fPIC -ffunction-sections -fdata-sections"
mkdir -p "$folder/lib"
cp -r "$source/../include" "$folder/"
cp "$source"/libmbed*.a "$folder/lib/"
