#include "png_writer.hpp"

#include <algorithm>
#include <array>

namespace facecap::board {
namespace {

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = rest & 1 ? 0xEDB88320u ^ (rest >> 1) : rest >> 1;
    table[byte] = rest;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> kCrcTable = make_crc_table();

class Writer {
 public:
  explicit Writer(std::vector<std::uint8_t>& out) : out_(out) {}

  void byte(unsigned value) { out_.push_back(static_cast<std::uint8_t>(value)); }
  void big_endian(std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) byte(value >> shift & 0xFF);
  }
  void begin_chunk(const char (&type)[5]) {
    length_at_ = out_.size();
    big_endian(0);
    out_.insert(out_.end(), type, type + 4);
  }
  void end_chunk() {
    const std::size_t content = length_at_ + 8;
    const auto length = static_cast<std::uint32_t>(out_.size() - content);
    for (int k = 0; k < 4; ++k)
      out_[length_at_ + k] = static_cast<std::uint8_t>(length >> (24 - 8 * k) & 0xFF);
    std::uint32_t crc = 0xFFFFFFFFu;
    for (std::size_t i = length_at_ + 4; i < out_.size(); ++i)
      crc = kCrcTable[(crc ^ out_[i]) & 0xFF] ^ (crc >> 8);
    big_endian(crc ^ 0xFFFFFFFFu);
  }

 private:
  std::vector<std::uint8_t>& out_;
  std::size_t length_at_ = 0;
};

/// A zlib stream of stored blocks, written byte by byte; the number of bytes is known beforehand.
class StoredStream {
 public:
  StoredStream(Writer& writer, std::size_t bytes) : writer_(writer), left_(bytes) {
    writer_.byte(0x78);
    writer_.byte(0x01);
  }
  void byte(unsigned value) {
    if (in_block_ == 0) begin_block();
    writer_.byte(value);
    --in_block_;
    a_ = (a_ + value) % 65521;
    b_ = (b_ + a_) % 65521;
  }
  void end() { writer_.big_endian(b_ << 16 | a_); }

 private:
  void begin_block() {
    in_block_ = std::min<std::size_t>(left_, 65535);
    left_ -= in_block_;
    writer_.byte(left_ == 0);
    for (const std::size_t value : {in_block_, ~in_block_}) {
      writer_.byte(value & 0xFF);
      writer_.byte(value >> 8 & 0xFF);
    }
  }

  Writer& writer_;
  std::size_t left_;
  std::size_t in_block_ = 0;
  std::uint32_t a_ = 1, b_ = 0;  // Adler-32
};

}  // namespace

void encode_png(const ImageView& image, std::vector<std::uint8_t>& out) {
  out.clear();
  Writer writer(out);
  for (const unsigned value : {0x89u, 0x50u, 0x4Eu, 0x47u, 0x0Du, 0x0Au, 0x1Au, 0x0Au}) writer.byte(value);
  writer.begin_chunk("IHDR");
  writer.big_endian(static_cast<std::uint32_t>(image.width));
  writer.big_endian(static_cast<std::uint32_t>(image.height));
  for (const unsigned value : {8u, 2u, 0u, 0u, 0u}) writer.byte(value);  // 8 bits, RGB, the only methods
  writer.end_chunk();
  writer.begin_chunk("IDAT");
  StoredStream stream(writer, (std::size_t{3} * image.width + 1) * image.height);
  const int red = image.color == ColorOrder::rgb ? 0 : 2;
  for (int y = 0; y < image.height; ++y) {
    stream.byte(0);  // no filter
    const std::uint8_t* pixel = image.data + y * image.stride;
    for (int x = 0; x < image.width; ++x, pixel += 3) {
      stream.byte(pixel[red]);
      stream.byte(pixel[1]);
      stream.byte(pixel[2 - red]);
    }
  }
  stream.end();
  writer.end_chunk();
  writer.begin_chunk("IEND");
  writer.end_chunk();
}

}  // namespace facecap::board
