#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace facecap {

/// Bytes of the character that starts at `at`, 1 to 4; 0 where there is no well-formed one (Unicode 15, table
/// 3-7).
std::size_t utf8_length(const std::string& text, std::size_t at);

/// Appends a Unicode scalar value.
void append_utf8(std::string& out, std::uint32_t code);

}  // namespace facecap
