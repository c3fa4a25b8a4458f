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

using Config = CaptureConfig;
using Range = CaptureSetting::Range;

constexpr double kDegreesARadian = 57.29577951308232;
constexpr double kDegreesAQuarterTurn = 90;

constexpr Range kChoice{};
constexpr Range kSide{"pixels, or -1 for no limit", 0, std::numeric_limits<double>::max(), true};
constexpr Range kAngle{"degrees between 0 and 180", 0, 180};
constexpr Range kShare{"a number between 0 and 1", 0, 1};
constexpr Range kFrames{"frames, 1 or more", 1};

Range at_least_0(const char* wanted) {
  return {wanted, 0};
}

const std::vector<CaptureSetting> kSettings{
    {"mode",
     &Config::mode,
     kChoice,
     "when a capture is emitted: at intervals, by fast also at once, by auto also when the track is lost",
     {{}, 1, 3}},
    {"min_face",
     &Config::min_face,
     kSide,
     "smallest side of a face in pixels, -1: no limit",
     {{"thr_size_min", "Threshold_Size_Min"}}},
    {"max_face",
     &Config::max_face,
     kSide,
     "largest side of a face in pixels, -1: no limit",
     {{"thr_size_max", "Threshold_Size_Max"}}},
    {"max_yaw",
     &Config::max_yaw,
     kAngle,
     "largest turn to the side in degrees; what is measured ends at 57.3",
     {{"thr_yaw", "Threshold_Yaw"}, kDegreesARadian}},
    {"max_pitch",
     &Config::max_pitch,
     kAngle,
     "largest turn up or down in degrees; what is measured ends at 57.3",
     {{"thr_pitch", "Threshold_Pitch"}, kDegreesARadian}},
    {"max_roll",
     &Config::max_roll,
     kAngle,
     "largest tilt in degrees",
     {{"thr_roll", "Threshold_Roll"}, kDegreesAQuarterTurn}},
    {"quality_method",
     &Config::quality_method,
     kChoice,
     "what makes a shot good, before the landmarks are refined",
     {{"qa_method", "Quality_Assessment_Method"}, 1, 4}},
    {"min_quality",
     &Config::min_quality,
     {"a finite number"},
     "least score of a shot; for posture from about -0.2 to 1.5",
     {{"thr_quality", "Threshold_Quality"}}},
    {"min_eye_distance",
     &Config::min_eye_distance,
     at_least_0("pixels, 0 or more"),
     "least distance of the refined eyes in pixels; the detector's may be closer by a fifth",
     {{"eye_dist_thresh"}}},
    {"min_landmark_confidence",
     &Config::min_landmark_confidence,
     kShare,
     "least probability of a face as the refiner says, 0 to 1; without a refiner every face counts as 1",
     {{"landmark_score_thresh"}}},
    {"min_sharpness",
     &Config::min_sharpness,
     at_least_0("a variance, 0 or more"),
     "least variance of the Laplacian of a face, for posture_laplacian alone",
     {{"thr_laplacian"}}},
    {"interval",
     &Config::interval,
     at_least_0("frames, 0 or more"),
     "frames from one event of a track, or from its first shot, to the next",
     {{"m_interval", "FAST_Mode_Interval", "CYCLE_Mode_Interval", "fast_m_interval", "cycle_m_interval"}}},
    {"interval_seconds", &Config::interval_seconds, at_least_0("seconds, 0 or more"),
     "seconds instead of the frames of interval; frames must come with timestamps then"},
    {"max_captures",
     &Config::max_captures,
     at_least_0("a count, or 0 for no limit"),
     "captures of a track, 0: no limit",
     {{"m_capture_num", "FAST_Mode_Capture_Num", "fast_m_capture_num"}}},
    {"miss_limit",
     &Config::miss_limit,
     kFrames,
     "frames without a detection after which a track is lost",
     {{"miss_time_limit", "Miss_Time_Limit"}}},
    {"min_hits", &Config::min_hits, kFrames,
     "frames in a row with a detection until a track may be captured"},
    {"min_relative_quality", &Config::min_relative_quality, kShare,
     "share of the track's best score that a shot after an event must reach, 0 to 1"},
    {"early_first",
     &Config::early_first,
     kChoice,
     "auto emits the first shot of a track at once, as fast does",
     {{"auto_m_fast_cap", "AUTO_Mode_Fast_Cap"}}},
    {"classify_on", &Config::classify_on, kChoice,
     "whether the mask is asked for when a shot is stored or when it is emitted"},
    {"mask_threshold", &Config::mask_threshold, kShare,
     "P(mask) from which on the answer is mask, instead of the model's band with unknown in it"},
    {"crop_border", &Config::crop_border, at_least_0("a share of the box, 0 or more"),
     "share of the box that a crop adds on each side"},
};

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

const std::vector<CaptureSetting>& capture_settings() {
  return kSettings;
}

const CaptureSetting* find_capture_setting(const std::string& name) {
  for (const CaptureSetting& setting : kSettings)
    if (name == setting.name) return &setting;
  return nullptr;
}

void CaptureConfig::validate() const {
  CaptureConfig checked;
  for (const CaptureSetting& setting : kSettings) setting.set(checked, setting.get(*this));
  if (min_face >= 0 && max_face >= 0 && min_face > max_face)
    throw std::invalid_argument("max_face is " + shown(max_face) + ", wanted at least min_face");
}

}  // namespace facecap
