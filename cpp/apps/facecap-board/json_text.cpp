#include "json_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "runtime/utf8.hpp"

namespace facecap::board {
namespace {

void append_unit(std::string& out, unsigned unit) {
  char text[8];
  std::snprintf(text, sizeof text, "\\u%04x", unit & 0xFFFF);
  out += text;
}

/// The scalar value of a well-formed character.
std::uint32_t code_point(const std::string& text, std::size_t at, std::size_t length) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  std::uint32_t code = length == 1 ? byte(0) : byte(0) & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (byte(i) & 0x3Fu);
  return code;
}

void append_character(std::string& out, std::uint32_t code) {
  switch (code) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      break;
  }
  if (code >= 0x20 && code < 0x7F) {
    out += static_cast<char>(code);
  } else if (code < 0x10000) {
    append_unit(out, code);
  } else {
    append_unit(out, 0xD800 + ((code - 0x10000) >> 10));
    append_unit(out, 0xDC00 + ((code - 0x10000) & 0x3FF));
  }
}

/// Proleptic Gregorian date of a day counted from 1970-01-01 (the 400 years of a cycle have 146097 days).
void civil_date(std::int64_t day, std::int64_t& year, int& month, int& day_of_month) {
  day += 719468;  // from 0000-03-01, so that a leap day ends its year
  const std::int64_t cycle = (day >= 0 ? day : day - 146096) / 146097;
  const auto in_cycle = static_cast<int>(day - cycle * 146097);
  const int year_of_cycle = (in_cycle - in_cycle / 1460 + in_cycle / 36524 - in_cycle / 146096) / 365;
  const int in_year = in_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
  const int from_march = (5 * in_year + 2) / 153;
  day_of_month = in_year - (153 * from_march + 2) / 5 + 1;
  month = from_march < 10 ? from_march + 3 : from_march - 9;
  year = year_of_cycle + cycle * 400 + (month <= 2 ? 1 : 0);
}

}  // namespace

void append_json(std::string& out, const std::string& text) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0)
      append_unit(out, 0xDC00u + static_cast<unsigned char>(text[at]));
    else
      append_character(out, code_point(text, at, length));
    at += length == 0 ? 1 : length;
  }
  out += '"';
}

void append_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char text[40];
  for (int digits = 0; digits < 17; ++digits) {
    std::snprintf(text, sizeof text, "%.*e", digits, value);
    if (std::strtod(text, nullptr) == value) break;
  }
  const std::string shortest = text;
  const std::size_t e = shortest.find('e');
  const int exponent = std::atoi(shortest.c_str() + e + 1);
  if (exponent < -4 || exponent >= 16) {
    std::snprintf(text, sizeof text, "e%c%02d", exponent < 0 ? '-' : '+', std::abs(exponent));
    out += shortest.substr(0, e) + text;
    return;
  }
  std::string digits;
  for (const char c : shortest.substr(0, e))
    if (c >= '0' && c <= '9') digits += c;
  if (std::signbit(value)) out += '-';
  if (exponent < 0) {
    out += "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
    return;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) digits.resize(whole + 1, '0');
  out += digits.substr(0, whole) + "." + digits.substr(whole);
}

void append_rounded(std::string& out, double value, int decimals) {
  char text[400];  // the largest double has 309 digits
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  append_number(out, std::isfinite(value) ? std::strtod(text, nullptr) : value);
}

std::string rfc3339(double seconds) {
  // Times outside the years 1 to 9999 have no such text; the nearest is written.
  constexpr double kFirst = -62135596800.0, kLast = 253402300799.999;
  // Microseconds are rounded, milliseconds are cut off.
  const auto microseconds =
      static_cast<std::int64_t>(std::nearbyint(std::clamp(seconds, kFirst, kLast) * 1e6));
  std::int64_t milliseconds = microseconds / 1000 - (microseconds % 1000 < 0 ? 1 : 0);
  constexpr std::int64_t kDay = 86400000;
  const std::int64_t day = milliseconds / kDay - (milliseconds % kDay < 0 ? 1 : 0);
  milliseconds -= day * kDay;
  std::int64_t year = 0;
  int month = 0, day_of_month = 0;
  civil_date(day, year, month, day_of_month);
  const auto in_day = static_cast<int>(milliseconds);
  char text[64];
  std::snprintf(text, sizeof text, "%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ", static_cast<long long>(year),
                month, day_of_month, in_day / 3600000, in_day / 60000 % 60, in_day / 1000 % 60,
                in_day % 1000);
  return text;
}

}  // namespace facecap::board
