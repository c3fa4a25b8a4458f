#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "facecap/areas.hpp"
#include "facecap/capture_settings.hpp"

namespace facecap {

constexpr std::size_t kLargestConfig = 1 << 20;  // bytes

/// A setting and where it stands.
struct ConfigSetting {
  std::string name;    // public
  SettingValue value;  // in the unit of the public name
  std::string given;   // "file:line: name as written", for messages
};

struct ConfigText {
  std::vector<ConfigSetting> settings;
  std::vector<std::string> warnings;
};

/// Reads a JSON object, or lines of "name value" or "name = value"; # begins a comment at the start of a line
/// and behind a blank. Names are those of CaptureConfig, `others` (whose values stay text) and the vendor's;
/// a vendor's name without effect here is a warning. Throws std::invalid_argument that names `file` and the
/// line for text that is longer than kLargestConfig or not UTF-8, an unknown name, a value of a wrong kind or
/// out of range, a name given twice, two names that mean the same and differ.
ConfigText parse_config(const std::string& text, const std::string& file,
                        const std::vector<std::string>& others = {});

/// Polygons as a flag or a line gives them, "0.1,0.2 0.9,0.2 0.9,1; ...": corners with blanks between,
/// polygons with semicolons. Throws std::invalid_argument: "'found', wanted ...". Areas looks at the numbers.
std::vector<Polygon> read_polygons(const std::string& text);

}  // namespace facecap
