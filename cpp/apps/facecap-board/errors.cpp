#include "errors.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace facecap::board {

std::string errno_text(const std::string& path) {
  return path + ": " + std::strerror(errno);
}

void throw_errno(const std::string& path) {
  throw Error(errno_text(path));
}

void say(const std::string& text) {
  std::fprintf(stderr, "facecap-board: %s\n", text.c_str());
}

}  // namespace facecap::board
