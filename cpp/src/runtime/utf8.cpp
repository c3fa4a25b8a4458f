#include "runtime/utf8.hpp"

namespace facecap {
namespace {

unsigned byte_at(const std::string& text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
}

bool within(unsigned value, unsigned low, unsigned high) {
  return value >= low && value <= high;
}

}  // namespace

std::size_t utf8_length(const std::string& text, std::size_t at) {
  const unsigned lead = byte_at(text, at);
  if (lead < 0x80) return at < text.size() ? 1 : 0;
  const std::size_t length = within(lead, 0xC2, 0xDF)   ? 2
                             : within(lead, 0xE0, 0xEF) ? 3
                             : within(lead, 0xF0, 0xF4) ? 4
                                                        : 0;
  if (length == 0) return 0;
  // The second byte is what rules out overlong forms, surrogates and values past U+10FFFF.
  const unsigned low = lead == 0xE0 ? 0xA0u : lead == 0xF0 ? 0x90u : 0x80u;
  const unsigned high = lead == 0xED ? 0x9Fu : lead == 0xF4 ? 0x8Fu : 0xBFu;
  if (!within(byte_at(text, at + 1), low, high)) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if (!within(byte_at(text, at + i), 0x80, 0xBF)) return 0;
  return length;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace facecap
