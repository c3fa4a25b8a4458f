#pragma once

#include <cstdint>
#include <string>

#include "facecap/geometry.hpp"

namespace facecap::board {

// Values as they stand in a file or behind a flag. All throw std::invalid_argument that says what was found
// and what was wanted.

double read_number(const std::string& text);
std::int64_t read_whole(const std::string& text, std::int64_t lowest, std::int64_t highest);
bool read_switch(const std::string& text);
/// SHA-256 in hexadecimal digits, with colons between or not; gives 64 lowercase digits.
std::string read_fingerprint(const std::string& text);
Size read_size(const std::string& text);  // "640x480"

/// Whether the text is a number as `read_number` takes it.
bool is_number(const std::string& text);

}  // namespace facecap::board
