# Debian's cross compilers, by FACECAP_TRIPLE: aarch64-linux-gnu, arm-linux-gnueabihf or riscv64-linux-gnu. Another
# toolchain, such as a vendor's, fits where its programs are called <triple>-g++ and are on the PATH.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES FACECAP_TRIPLE)
if(NOT FACECAP_TRIPLE)
  message(FATAL_ERROR "FACECAP_TRIPLE is missing: aarch64-linux-gnu, arm-linux-gnueabihf or riscv64-linux-gnu")
endif()
string(REGEX REPLACE "-.*" "" CMAKE_SYSTEM_PROCESSOR "${FACECAP_TRIPLE}")
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_CXX_COMPILER ${FACECAP_TRIPLE}-g++)
set(CMAKE_STRIP ${FACECAP_TRIPLE}-strip)

# Headers and libraries come from the toolchain and Debian's folder of the architecture, never from this machine's own.
set(CMAKE_LIBRARY_ARCHITECTURE ${FACECAP_TRIPLE})
set(CMAKE_FIND_ROOT_PATH /usr/${FACECAP_TRIPLE})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

set(CMAKE_CROSSCOMPILING_EMULATOR "qemu-${CMAKE_SYSTEM_PROCESSOR}-static;-L;/usr/${FACECAP_TRIPLE}")
