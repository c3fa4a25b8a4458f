#include "vendor_keys.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <iterator>
#include <stdexcept>

#include "values.hpp"

namespace facecap::board {
namespace {

constexpr VendorKey kKeys[] = {
    {"thr_size_min", "min_face", VendorUnit::same},
    {"thr_size_max", "max_face", VendorUnit::same},
    {"qa_method", "quality_method", VendorUnit::method},
    {"thr_quality", "min_quality", VendorUnit::same},
    {"thr_yaw", "max_yaw", VendorUnit::radians},
    {"thr_pitch", "max_pitch", VendorUnit::radians},
    {"thr_roll", "max_roll", VendorUnit::quarter_turns},
    {"thr_laplacian", "min_sharpness", VendorUnit::same},
    {"miss_time_limit", "miss_limit", VendorUnit::same},
    {"m_interval", "interval", VendorUnit::same},
    {"m_capture_num", "max_captures", VendorUnit::same},
    {"auto_m_fast_cap", "early_first", VendorUnit::on_off},
    {"eye_dist_thresh", "min_eye_distance", VendorUnit::same},
    {"landmark_score_thresh", "min_landmark_confidence", VendorUnit::same},
    // Of the older tool's files.
    {"Miss_Time_Limit", "miss_limit", VendorUnit::same},
    {"Threshold_Size_Min", "min_face", VendorUnit::same},
    {"Threshold_Size_Max", "max_face", VendorUnit::same},
    {"Quality_Assessment_Method", "quality_method", VendorUnit::method},
    {"Threshold_Quality", "min_quality", VendorUnit::same},
    {"Threshold_Yaw", "max_yaw", VendorUnit::radians},
    {"Threshold_Pitch", "max_pitch", VendorUnit::radians},
    {"Threshold_Roll", "max_roll", VendorUnit::quarter_turns},
    {"FAST_Mode_Interval", "interval", VendorUnit::same},
    {"FAST_Mode_Capture_Num", "max_captures", VendorUnit::same},
    {"CYCLE_Mode_Interval", "interval", VendorUnit::same},
    {"AUTO_Mode_Fast_Cap", "early_first", VendorUnit::on_off},
    // Of the generation before.
    {"fast_m_interval", "interval", VendorUnit::same},
    {"fast_m_capture_num", "max_captures", VendorUnit::same},
    {"cycle_m_interval", "interval", VendorUnit::same},
    // Without effect here.
    {"buffer_size", nullptr, VendorUnit::same},
    {"img_capture_flag", nullptr, VendorUnit::same},
    {"venc_channel_id", nullptr, VendorUnit::same},
    {"store_feature", nullptr, VendorUnit::same},
    {"Store_Face_Feature", nullptr, VendorUnit::same},
    {"thr_quality_high", nullptr, VendorUnit::same},
    {"Threshold_Quality_High", nullptr, VendorUnit::same},
    {"auto_m_time_limit", nullptr, VendorUnit::same},
    {"AUTO_Mode_Time_Limit", nullptr, VendorUnit::same},
    {"capture_aligned_face", nullptr, VendorUnit::same},
    {"capture_extended_face", nullptr, VendorUnit::same},
    {"store_RGB888", nullptr, VendorUnit::same},
    {"Store_RGB888", nullptr, VendorUnit::same},
};

// In the order of the vendor's enumerations.
constexpr const char* kModes[] = {"auto", "fast", "cycle"};
constexpr const char* kMethods[] = {"posture", "eye_distance", "laplacian", "posture_laplacian"};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

template <std::size_t N>
std::string one_of(const char* const (&names)[N], const std::string& value) {
  return is_number(value) ? names[read_whole(value, 0, N - 1)] : lower(value);
}

std::string scaled(const std::string& value, double factor) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", read_number(value) * factor);
  return text;
}

}  // namespace

const VendorKey* find_vendor_key(const std::string& name) {
  const auto* found = std::find_if(std::begin(kKeys), std::end(kKeys),
                                   [&](const VendorKey& key) { return name == key.name; });
  return found == std::end(kKeys) ? nullptr : found;
}

std::string from_vendor(VendorUnit unit, const std::string& value) {
  constexpr double kDegreesARadian = 57.29577951308232;
  switch (unit) {
    case VendorUnit::radians:
      return scaled(value, kDegreesARadian);
    case VendorUnit::quarter_turns:
      return scaled(value, 90);
    case VendorUnit::mode:
      return one_of(kModes, value);
    case VendorUnit::method:
      return one_of(kMethods, value);
    case VendorUnit::on_off:
      return read_switch(value) ? "1" : "0";
    case VendorUnit::same:
      break;
  }
  return value;
}

bool is_cycle(const std::string& mode) {
  return lower(mode) == "cycle" || mode == "2";
}

bool is_interval_of_fast(const std::string& name) {
  return name == "FAST_Mode_Interval" || name == "fast_m_interval";
}

bool is_interval_of_cycle(const std::string& name) {
  return name == "CYCLE_Mode_Interval" || name == "cycle_m_interval";
}

}  // namespace facecap::board
