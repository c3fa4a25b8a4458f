#include "key_values.hpp"

#include <cctype>
#include <stdexcept>

#include "runtime/values.hpp"

namespace facecap::board {

std::string read_fingerprint(const std::string& text) {
  std::string digits;
  bool plain = true;
  for (const unsigned char c : text) {
    if (c == ':') continue;
    plain = plain && std::isxdigit(c);
    digits += static_cast<char>(std::tolower(c));
  }
  if (!plain || digits.size() != 64)
    refuse_value(text, "a SHA-256: 64 hexadecimal digits, with colons or without");
  return digits;
}

Size read_size(const std::string& text) {
  const std::size_t cross = text.find_first_of("xX");
  constexpr int kLargest = 8192;
  if (cross != std::string::npos) try {
      return {static_cast<int>(read_whole(text.substr(0, cross), 1, kLargest)),
              static_cast<int>(read_whole(text.substr(cross + 1), 1, kLargest))};
    } catch (const std::invalid_argument&) {
      // said below, of the whole
    }
  refuse_value(text, "WIDTHxHEIGHT such as 640x480, each 1 to 8192");
}

}  // namespace facecap::board
