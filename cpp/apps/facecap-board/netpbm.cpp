#include <algorithm>

#include "errors.hpp"
#include "picture.hpp"

namespace facecap::board {
namespace {

bool is_blank(std::uint8_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// The words of a header: numbers between blanks and comments.
class Header {
 public:
  explicit Header(const std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}
  unsigned long number() {
    skip();
    unsigned long value = 0;
    const std::size_t first = at_;
    for (; at_ < bytes_.size() && bytes_[at_] >= '0' && bytes_[at_] <= '9' && at_ - first < 7; ++at_)
      value = 10 * value + (bytes_[at_] - '0');
    if (at_ == first || at_ == bytes_.size() || !is_blank(bytes_[at_])) throw Error("its header is damaged");
    return value;
  }
  /// Where the pixels begin: behind the one blank that ends the header.
  std::size_t end() const { return at_ + 1; }

 private:
  void skip() {
    while (at_ < bytes_.size() && (is_blank(bytes_[at_]) || bytes_[at_] == '#')) {
      if (bytes_[at_] == '#')
        while (at_ < bytes_.size() && bytes_[at_] != '\n') ++at_;
      else
        ++at_;
    }
  }

  const std::vector<std::uint8_t>& bytes_;
  std::size_t at_ = 2;
};

}  // namespace

void decode_netpbm(const std::vector<std::uint8_t>& bytes, Image& picture) {
  const bool grey = bytes[1] == '5';
  Header header(bytes);
  const unsigned long width = header.number(), height = header.number(), highest = header.number();
  if (highest != 255) throw Error("its highest value is " + std::to_string(highest) + ", wanted 255");
  const std::size_t left = bytes.size() - std::min(bytes.size(), header.end());
  const std::size_t pixels = static_cast<std::size_t>(width) * height;
  if (pixels > left || (!grey && 3 * pixels > left))
    throw Error("it is cut short: " + std::to_string(left) + " bytes of " +
                std::to_string((grey ? 1 : 3) * pixels));
  set_size(picture, width, height);
  const std::uint8_t* from = bytes.data() + header.end();
  if (!grey) {
    std::copy_n(from, 3 * pixels, picture.pixels.data());
    return;
  }
  for (std::size_t i = 0; i < pixels; ++i) std::fill_n(picture.pixels.data() + 3 * i, 3, from[i]);
}

}  // namespace facecap::board
