#pragma once

#include <string>

#include "facecap/error.hpp"

namespace facecap::board {

/// Options or a configuration that make no sense; the program ends with exit code 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// "path: words for errno".
std::string errno_text(const std::string& path);

/// Throws Error with `errno_text`.
[[noreturn]] void throw_errno(const std::string& path);

/// A message for the user on standard error.
void say(const std::string& text);

}  // namespace facecap::board
