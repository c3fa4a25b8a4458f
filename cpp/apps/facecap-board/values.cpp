#include "values.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <stdexcept>

namespace facecap::board {
namespace {

[[noreturn]] void refuse(const std::string& found, const std::string& wanted) {
  throw std::invalid_argument("'" + found + "', wanted " + wanted);
}

bool parse(const std::string& text, double& number) {
  // strtod also takes blanks, hexadecimal numbers and words.
  const auto plain = [](unsigned char c) {
    return std::isdigit(c) || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E';
  };
  if (text.empty() || !std::all_of(text.begin(), text.end(), plain)) return false;
  char* end = nullptr;
  number = std::strtod(text.c_str(), &end);
  return *end == '\0' && std::isfinite(number);
}

}  // namespace

bool is_number(const std::string& text) {
  double number = 0;
  return parse(text, number);
}

double read_number(const std::string& text) {
  double number = 0;
  if (!parse(text, number)) refuse(text, "a number");
  return number;
}

std::int64_t read_whole(const std::string& text, std::int64_t lowest, std::int64_t highest) {
  double number = 0;
  const bool whole = parse(text, number) && number == std::floor(number);
  if (!whole || number < static_cast<double>(lowest) || number > static_cast<double>(highest))
    refuse(text, "a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest));
  return static_cast<std::int64_t>(number);
}

bool read_switch(const std::string& text) {
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower == "true" || lower == "1") return true;
  if (lower == "false" || lower == "0") return false;
  refuse(text, "true, false, 1 or 0");
}

std::string read_fingerprint(const std::string& text) {
  std::string digits;
  bool plain = true;
  for (const unsigned char c : text) {
    if (c == ':') continue;
    plain = plain && std::isxdigit(c);
    digits += static_cast<char>(std::tolower(c));
  }
  if (!plain || digits.size() != 64) refuse(text, "a SHA-256: 64 hexadecimal digits, with colons or without");
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
  refuse(text, "WIDTHxHEIGHT such as 640x480, each 1 to 8192");
}

}  // namespace facecap::board
