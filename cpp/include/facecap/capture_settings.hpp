#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "facecap/capture_gate.hpp"

namespace facecap {

/// A value of any setting; std::monostate where an optional one is absent.
using SettingValue = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

/// A word of a file or behind a flag: a number where it is one, whole where it is whole, true and false, or
/// text.
SettingValue setting_word(const std::string& text);

/// One key of CaptureConfig: all that the bindings, the command lines, the service and configuration files
/// know of it.
struct CaptureSetting {
  enum class Kind { choice, number, whole, on_off };

  using Field = std::variant<CaptureMode CaptureConfig::*, QualityMethod CaptureConfig::*,
                             ClassifyOn CaptureConfig::*, Motion CaptureConfig::*, float CaptureConfig::*,
                             int CaptureConfig::*, double CaptureConfig::*, bool CaptureConfig::*,
                             std::optional<float> CaptureConfig::*, std::optional<double> CaptureConfig::*>;

  struct Range {
    const char* wanted = "";  // for messages, with the unit
    double lowest = -std::numeric_limits<double>::max();
    double highest = std::numeric_limits<double>::max();
    bool or_minus_one = false;  // which means no limit
  };

  /// What the vendor's tools call it, in all their generations.
  struct Vendor {
    std::vector<std::string> names;
    double unit = 1;  // a value of theirs times this is one of ours
    int numbers = 0;  // so many choices, from the first, are numbered from 0
  };

  const char* name;
  Field field;
  Range range;
  const char* help;
  Vendor vendor = {};

  Kind kind() const;
  bool optional() const;
  std::vector<std::string> choices() const;

  SettingValue get(const CaptureConfig& config) const;
  /// Throws std::invalid_argument that names the key, the value and what is wanted.
  void set(CaptureConfig& config, const SettingValue& value) const;
  /// The value as `set` takes it, from what a file or a flag gives: choices in any case or by the vendor's
  /// number, switches also as 0 and 1, under a vendor's name in the vendor's unit. Throws
  /// std::invalid_argument: "GIVEN is VALUE, wanted ...".
  SettingValue read(const SettingValue& value, const std::string& given, bool by_vendor = false) const;
};

/// In the order in which they are shown.
const std::vector<CaptureSetting>& capture_settings();

/// nullptr where there is none.
const CaptureSetting* find_capture_setting(const std::string& name);

}  // namespace facecap
