#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <type_traits>

#include "capture/names.hpp"
#include "facecap/capture_settings.hpp"
#include "runtime/values.hpp"

namespace facecap {
namespace {

std::string shown(double number) {
  std::ostringstream text;
  text << number;
  return text.str();
}

std::string shown(const SettingValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return "'" + *text + "'";
  if (const auto* number = std::get_if<double>(&value)) return shown(*number);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* on = std::get_if<bool>(&value)) return *on ? "true" : "false";
  return "null";
}

std::optional<double> number_of(const SettingValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return static_cast<double>(*number);
  return {};
}

template <typename T>
struct Plain {
  using type = T;
  static constexpr bool optional = false;
};
template <typename T>
struct Plain<std::optional<T>> {
  using type = T;
  static constexpr bool optional = true;
};

/// The type of a field, and whether it may be absent.
template <typename T>
Plain<T> plain_of(T CaptureConfig::*);

/// Of the numbers that are this one as float, the one with the fewest digits: 0.1, not 0.10000000149.
double shortest(float value) {
  char text[32];
  for (int digits = 6; digits <= 9; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    if (std::strtof(text, nullptr) == value) break;
  }
  return std::strtod(text, nullptr);
}

SettingValue value_of(bool value) {
  return value;
}
SettingValue value_of(int value) {
  return std::int64_t{value};
}
SettingValue value_of(float value) {
  return shortest(value);
}
SettingValue value_of(double value) {
  return value;
}
template <typename T>
std::enable_if_t<std::is_enum_v<T>, SettingValue> value_of(T value) {
  return std::string(to_string(value));
}
template <typename T>
SettingValue value_of(const std::optional<T>& value) {
  return value ? value_of(*value) : SettingValue();
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string wanted_of(const CaptureSetting& setting) {
  using Kind = CaptureSetting::Kind;
  const std::string numbers =
      setting.vendor.numbers == 0 ? "" : ", or 0 to " + std::to_string(setting.vendor.numbers - 1);
  switch (setting.kind()) {
    case Kind::choice:
      return "one of " + join(setting.choices()) + numbers;
    case Kind::on_off:
      return "true, false, 1 or 0";
    case Kind::whole:
      return "a whole number";
    case Kind::number:
      break;
  }
  return "a number";
}

}  // namespace

CaptureSetting::Kind CaptureSetting::kind() const {
  return std::visit(
      [](auto field) {
        using T = typename decltype(plain_of(field))::type;
        if constexpr (std::is_same_v<T, bool>)
          return Kind::on_off;
        else if constexpr (std::is_same_v<T, int>)
          return Kind::whole;
        else if constexpr (std::is_floating_point_v<T>)
          return Kind::number;
        else
          return Kind::choice;
      },
      field);
}

bool CaptureSetting::optional() const {
  return std::visit([](auto field) { return decltype(plain_of(field))::optional; }, field);
}

std::vector<std::string> CaptureSetting::choices() const {
  return std::visit(
      [](auto field) -> std::vector<std::string> {
        using T = typename decltype(plain_of(field))::type;
        if constexpr (std::is_enum_v<T>)
          return names_of<T>();
        else
          return {};
      },
      field);
}

SettingValue CaptureSetting::get(const CaptureConfig& config) const {
  return std::visit([&](auto field) { return value_of(config.*field); }, field);
}

void CaptureSetting::set(CaptureConfig& config, const SettingValue& value) const {
  const auto want = [&](bool fulfilled, const std::string& wanted) {
    if (!fulfilled)
      throw std::invalid_argument(std::string(name) + " is " + shown(value) + ", wanted " + wanted);
  };
  std::visit(
      [&](auto field) {
        using T = typename decltype(plain_of(field))::type;
        if constexpr (decltype(plain_of(field))::optional)
          if (std::holds_alternative<std::monostate>(value)) {
            config.*field = {};
            return;
          }
        if constexpr (std::is_enum_v<T>) {
          want(std::holds_alternative<std::string>(value), wanted_of(*this));
          config.*field = value_named<T>(std::get<std::string>(value));
        } else if constexpr (std::is_same_v<T, bool>) {
          want(std::holds_alternative<bool>(value), wanted_of(*this));
          config.*field = std::get<bool>(value);
        } else {
          const std::optional<double> number = number_of(value);
          want(number && (!std::is_same_v<T, int> || *number == std::floor(*number)), wanted_of(*this));
          const double lowest = std::max(range.lowest, static_cast<double>(std::numeric_limits<T>::lowest()));
          const double highest = std::min(range.highest, static_cast<double>(std::numeric_limits<T>::max()));
          const bool in_range = *number >= lowest && *number <= highest;
          want(in_range || (range.or_minus_one && *number == -1), range.wanted);
          config.*field = static_cast<T>(*number);
        }
      },
      field);
}

SettingValue CaptureSetting::read(const SettingValue& value, const std::string& given, bool by_vendor) const {
  const auto refuse = [&] {
    throw std::invalid_argument(given + " is " + shown(value) + ", wanted " + wanted_of(*this));
  };
  if (std::holds_alternative<std::monostate>(value)) {
    if (!optional()) refuse();
    return value;
  }
  const std::optional<double> number = number_of(value);
  switch (kind()) {
    case Kind::choice: {
      const std::vector<std::string> known = choices();
      const auto* text = std::get_if<std::string>(&value);
      if (text && std::find(known.begin(), known.end(), to_lower(*text)) != known.end())
        return to_lower(*text);
      const auto* index = std::get_if<std::int64_t>(&value);
      if (!index || *index < 0 || *index >= vendor.numbers) refuse();
      return known[*index];
    }
    case Kind::on_off:
      if (number == 0.0 || number == 1.0) return *number == 1;
      if (!std::holds_alternative<bool>(value)) refuse();
      return value;
    case Kind::whole:
      if (!std::holds_alternative<std::int64_t>(value)) refuse();
      return value;
    case Kind::number:
      break;
  }
  if (!number) refuse();
  return by_vendor ? *number * vendor.unit : *number;
}

SettingValue setting_word(const std::string& text) {
  const std::string lower = to_lower(text);
  if (lower == "true" || lower == "false") return lower == "true";
  const std::optional<double> number = number_in(text);
  if (!number) return text;
  constexpr double kWhole = 9007199254740992.0;  // 2^53
  if (*number == std::floor(*number) && std::abs(*number) <= kWhole)
    return static_cast<std::int64_t>(*number);
  return *number;
}

}  // namespace facecap
