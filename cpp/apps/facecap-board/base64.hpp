#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace facecap::board {

/// Appends RFC 4648 base64 with padding.
void append_base64(std::string& out, const std::vector<std::uint8_t>& bytes);

}  // namespace facecap::board
