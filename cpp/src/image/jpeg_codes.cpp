#include "image/jpeg_codes.hpp"

namespace facecap {
namespace {

constexpr std::size_t kAhead = 4;  // bytes that one look at the bits may reach beyond the end

}  // namespace

bool JpegCodes::set(const std::uint8_t* counts, const std::uint8_t* symbols, std::size_t many) {
  std::uint32_t code = 0;
  int place = 0;
  for (std::size_t length = 1; length <= 16; ++length) {
    shift_[length] = place - static_cast<int>(code);
    code += counts[length - 1];
    place += counts[length - 1];
    if (code > 1u << length) return false;
    end_[length] = code << (16 - length);
    code <<= 1;
  }
  symbols_.assign(symbols, symbols + many);
  return static_cast<std::size_t>(place) == many;
}

int JpegCodes::find(std::uint32_t bits, int& symbol) const {
  for (std::size_t length = 1; length <= 16; ++length)
    if (bits < end_[length]) {
      symbol = symbols_[static_cast<std::size_t>(static_cast<int>(bits >> (16 - length)) + shift_[length])];
      return static_cast<int>(length);
    }
  return 0;
}

void JpegBits::assign(const std::uint8_t* begin, const std::uint8_t* end) {
  bytes_.clear();
  for (const std::uint8_t* each = begin; each < end; ++each) {
    bytes_.push_back(*each);
    if (*each == 0xFF) ++each;
  }
  size_ = bytes_.size();
  bytes_.resize(size_ + kAhead);
  at_ = 0;
}

std::size_t JpegBits::zeros() const {
  std::size_t count = 0;
  while (count < size_ && bytes_[size_ - 1 - count] == 0) ++count;
  return count;
}

bool JpegBits::read(const JpegCodes& codes, int& symbol) {
  const std::uint8_t* bytes = bytes_.data() + at_ / 8;
  const std::uint32_t ahead = std::uint32_t{bytes[0]} << 16 | std::uint32_t{bytes[1]} << 8 | bytes[2];
  const int length = codes.find(ahead >> (8 - at_ % 8) & 0xFFFF, symbol);
  // Behind the code stand as many bits as the lower half of the symbol says.
  at_ += static_cast<std::size_t>(length + (symbol & 15));
  return length != 0 && at_ <= 8 * size_;
}

bool JpegBits::skip_block(const JpegCodes& dc, const JpegCodes& ac) {
  int symbol = 0;
  if (!read(dc, symbol) || symbol > 15) return false;
  for (int k = 1; k < 64;) {
    if (!read(ac, symbol)) return false;
    const int run = symbol >> 4;
    if ((symbol & 15) == 0 && run != 15) return true;  // the end of the block
    k += run + 1;
    if (k > 64) return false;
  }
  return true;
}

}  // namespace facecap
