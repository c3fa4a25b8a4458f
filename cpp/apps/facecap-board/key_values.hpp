#pragma once

#include <string>

#include "facecap/geometry.hpp"

namespace facecap::board {

// Values of the program's own keys. Both throw std::invalid_argument: "'found', wanted ...".

/// SHA-256 in hexadecimal digits, with colons between or not; gives 64 lowercase digits.
std::string read_fingerprint(const std::string& text);
Size read_size(const std::string& text);  // "640x480"

}  // namespace facecap::board
