#pragma once

#include <optional>
#include <string>
#include <vector>

#include "facecap/image.hpp"

namespace facecap::board {

/// Lower case, with the dot: .ppm, .pgm and what the libraries of this build can read.
const std::vector<std::string>& picture_suffixes();

/// A sentence that begins with ": " on the kinds that this build cannot read; empty where there are none.
std::string missing_decoders();

/// Reads a picture, by its content, into `picture`. `bytes` holds the file meanwhile; both are reused. Throws
/// Error that names the file where it is damaged, cut short, of another kind, larger than 64 MiB or 8192
/// pixels a side.
void read_picture(const std::string& path, std::vector<std::uint8_t>& bytes, Image& picture);

// Decoders of one kind. They throw Error with the reason, without the file's name.

void decode_netpbm(const std::vector<std::uint8_t>& bytes, Image& picture);
void decode_png(const std::vector<std::uint8_t>& bytes, Image& picture);
/// Refuses a picture of another size than `wanted` before it makes room for it. One without Huffman tables,
/// as cameras give Motion JPEG, has those of the standard.
void decode_jpeg(const std::uint8_t* data, std::size_t bytes, Image& picture,
                 std::optional<Size> wanted = {});

/// Sets size and colour order of `picture` and makes room for the pixels; throws Error for a size out of
/// range.
void set_size(Image& picture, unsigned long width, unsigned long height);

}  // namespace facecap::board
