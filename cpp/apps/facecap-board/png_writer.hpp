#pragma once

#include <cstdint>
#include <vector>

#include "facecap/image.hpp"

namespace facecap::board {

/// Writes the picture into `out` as an RGB PNG of 8 bits a channel, not compressed (W3C PNG, RFC 1950, RFC
/// 1951 stored blocks). `out` is reused.
void encode_png(const ImageView& image, std::vector<std::uint8_t>& out);

}  // namespace facecap::board
