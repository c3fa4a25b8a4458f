#!/usr/bin/env bash
# build_board_libraries.sh TRIPLE FOLDER: builds the libraries that facecap-board is linked with, statically, of Debian's
# source packages with the cross compiler TRIPLE-gcc, into FOLDER/include and FOLDER/lib: Mbed TLS for https://,
# libjpeg-turbo for JPEG and Motion JPEG, libpng with zlib for PNG. The build finds them where FOLDER is
# <build folder>/libraries or is named in FACECAP_LIBRARIES. Debian's own libraries for other architectures would change
# what is installed here, and not every release has them for RISC-V. What is there already is not built again; what
# cannot be built is named, and the exit status is 1.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
PATH=$root/.venv/tools/bin:$PATH
triple=${1:?usage: build_board_libraries.sh TRIPLE FOLDER}
mkdir -p "${2:?usage: build_board_libraries.sh TRIPLE FOLDER}/include" "$2/lib"
folder=$(realpath "$2")
sources=$root/build/board-libraries
flags="-fPIC -ffunction-sections -fdata-sections"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() { "$@" >"$log" 2>&1 || { tail -30 "$log" >&2; return 1; }; }

# source_of PACKAGE PATTERN: has the source package, from where this system's packages come; prints what PATTERN finds.
source_of() {
  if ! compgen -G "$sources/$2" >/dev/null; then
    mkdir -p "$sources/lists/partial" "$sources/cache/archives/partial"
    local list=$sources/deb.sources
    if [ -f /etc/apt/sources.list.d/debian.sources ]; then
      sed 's/^Types:.*/Types: deb-src/' /etc/apt/sources.list.d/debian.sources >"$list"
    else
      list=$sources/deb.list
      sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$list"
    fi
    local apt=(apt-get -qq -o "Dir::Etc::sourcelist=$list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$sources/lists"
      -o "Dir::Cache=$sources/cache" -o APT::Sandbox::User=root)
    quietly "${apt[@]}" update || return 1
    # A mirror may lack what its index of security updates lists; the release itself is there.
    (cd "$sources" && { quietly "${apt[@]}" source "$1" 2>/dev/null ||
      quietly "${apt[@]}" source "$1/$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")"; }) || return 1
  fi
  compgen -G "$sources/$2" | sort -V | tail -1  # an update leaves the version before beside it
}

# cmake_build SOURCE TARGET [cmake options]: prints the folder that it is built in.
cmake_build() {
  local source=$1 target=$2 build
  build=$sources/$triple-$target
  shift 2
  mkdir -p "$build"
  # From within: libjpeg-turbo leaves a file of its check of the assembler where it is configured.
  (cd "$build" && quietly cmake -S "$source" -B . -DCMAKE_TOOLCHAIN_FILE="$root/cmake/debian-cross.cmake" \
    -DFACECAP_TRIPLE="$triple" -DCMAKE_C_COMPILER="$triple-gcc" -DCMAKE_BUILD_TYPE=None \
    -DCMAKE_POLICY_VERSION_MINIMUM=3.5 "$@") &&  # newer ones refuse what Debian has
    quietly cmake --build "$build" --target "$target" --parallel "${JOBS:-2}" && echo "$build"
}

build_mbedtls() {
  local source
  source=$(source_of mbedtls "mbedtls-*/library") &&
    quietly make -C "$source" clean &&
    quietly make -C "$source" -j"${JOBS:-2}" static CC="$triple-gcc" AR="$triple-ar" CFLAGS="-Os $flags" &&
    cp -r "$source/../include" "$folder/" && cp "$source"/libmbed*.a "$folder/lib/"
}

build_jpeg() {
  local source build
  source=$(source_of libjpeg-turbo "libjpeg-turbo-*/jpeglib.h") && source=$(dirname "$source") &&
    build=$(cmake_build "$source" jpeg-static -DCMAKE_C_FLAGS="-O2 $flags" -DENABLE_SHARED=OFF -DWITH_TURBOJPEG=OFF) &&
    cp "$source"/{jpeglib,jmorecfg,jerror}.h "$build/jconfig.h" "$folder/include/" &&
    cp "$build/libjpeg.a" "$folder/lib/"
}

build_z() {
  local source
  source=$(source_of zlib "zlib-*/zlib.h") && source=$(dirname "$source") &&
    (cd "$source" && quietly env CHOST="$triple" CFLAGS="-Os $flags" ./configure --static &&
      quietly make clean && quietly make libz.a) &&
    cp "$source"/{zlib,zconf}.h "$folder/include/" && cp "$source/libz.a" "$folder/lib/"
}

build_png() {
  local source build
  source=$(source_of libpng1.6 "libpng1.6-*/png.h") && source=$(dirname "$source") &&
    build=$(cmake_build "$source" png_static -DCMAKE_C_FLAGS="-Os $flags" -DPNG_SHARED=OFF -DPNG_TESTS=OFF \
      -DZLIB_INCLUDE_DIR="$folder/include" -DZLIB_LIBRARY="$folder/lib/libz.a") &&
    cp "$source"/{png,pngconf}.h "$build/pnglibconf.h" "$folder/include/" &&
    cp "$(realpath "$build/libpng.a")" "$folder/lib/libpng.a"
}

for program in apt-get dpkg-source cmake "$triple-gcc"; do
  command -v "$program" >/dev/null || { echo "The libraries for boards need $program." >&2; exit 1; }
done
missing=()
for library in mbedtls jpeg z png; do  # libpng wants zlib
  [ -e "$folder/lib/lib$library.a" ] || "build_$library" || missing+=("lib$library")
done
[ ${#missing[@]} -eq 0 ] || { echo "${missing[*]} could not be built for $triple." >&2; exit 1; }
