#pragma once

#include <cstdint>
#include <vector>

/// 16 x 8 pixels of one grey, 128 + 7 * 16 / 8, without Huffman tables, as cameras give Motion JPEG.
inline std::vector<std::uint8_t> tiny_jpeg() {
  std::vector<std::uint8_t> out{0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0};
  out.insert(out.end(), 64, 16);                                            // every step of quantisation
  for (const int byte : {0xFF, 0xC0, 0, 11, 8, 0, 8, 0, 16, 1, 1, 0x11, 0,  // one component
                         0xFF, 0xDA, 0, 8,  1, 1, 0, 0, 63, 0,              // the scan
                         0x9E, 0x8A,                                        // 7 and no more; the same again
                         0xFF, 0xD9})
    out.push_back(static_cast<std::uint8_t>(byte));
  return out;
}
