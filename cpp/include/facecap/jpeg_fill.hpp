#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace facecap {

/// A JPEG without the zero bytes that some cameras write behind compressed data, before a restart marker or
/// the end. Decoders count them as damage, and data that is left over behind a real fault looks alike; so the
/// Huffman codes are followed to where they end. Empty where there is no such fill, where anything but fill
/// follows the codes, and for what is not baseline or extended sequential with Huffman codes. The bytes may
/// be anything.
std::vector<std::uint8_t> jpeg_without_fill(const std::uint8_t* data, std::size_t bytes);

}  // namespace facecap
