#include "runtime/values.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <stdexcept>

namespace facecap {

std::optional<double> number_in(const std::string& text) {
  // strtod also takes blanks, hexadecimal numbers and words.
  const auto plain = [](unsigned char c) {
    return std::isdigit(c) || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E';
  };
  if (text.empty() || !std::all_of(text.begin(), text.end(), plain)) return {};
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (*end != '\0' || !std::isfinite(number)) return {};
  return number;
}

double read_number(const std::string& text) {
  const std::optional<double> number = number_in(text);
  if (!number) refuse_value(text, "a number");
  return *number;
}

std::int64_t read_whole(const std::string& text, std::int64_t lowest, std::int64_t highest) {
  const std::optional<double> number = number_in(text);
  if (!number || *number != std::floor(*number) || *number < static_cast<double>(lowest) ||
      *number > static_cast<double>(highest))
    refuse_value(text, "a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest));
  return static_cast<std::int64_t>(*number);
}

bool read_switch(const std::string& text) {
  const std::string lower = to_lower(text);
  if (lower == "true" || lower == "1") return true;
  if (lower == "false" || lower == "0") return false;
  refuse_value(text, "true, false, 1 or 0");
}

void refuse_value(const std::string& found, const std::string& wanted) {
  throw std::invalid_argument("'" + found + "', wanted " + wanted);
}

std::string to_lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace facecap
