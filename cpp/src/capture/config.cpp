#include <cmath>
#include <sstream>
#include <stdexcept>

#include "facecap/capture_gate.hpp"

namespace facecap {
namespace {

void want(bool fulfilled, const char* key, double value, const char* range) {
  if (fulfilled) return;
  std::ostringstream message;
  message << key << " is " << value << ", wanted " << range;
  throw std::invalid_argument(message.str());
}

void want_side(float value, const char* key) {
  want(value == -1 || (value >= 0 && std::isfinite(value)), key, value, "pixels, or -1 for no limit");
}

void want_angle(float value, const char* key) {
  want(value >= 0 && value <= 180, key, value, "degrees between 0 and 180");
}

void want_share(float value, const char* key) {
  want(value >= 0 && value <= 1, key, value, "a number between 0 and 1");
}

void want_positive(float value, const char* key, const char* range) {
  want(value >= 0 && std::isfinite(value), key, value, range);
}

}  // namespace

void CaptureConfig::validate() const {
  want_side(min_face, "min_face");
  want_side(max_face, "max_face");
  want(min_face < 0 || max_face < 0 || min_face <= max_face, "max_face", max_face, "at least min_face");
  want_angle(max_yaw, "max_yaw");
  want_angle(max_pitch, "max_pitch");
  want_angle(max_roll, "max_roll");
  want(std::isfinite(min_quality), "min_quality", min_quality, "a finite number");
  want_positive(min_eye_distance, "min_eye_distance", "pixels, 0 or more");
  want_share(min_landmark_confidence, "min_landmark_confidence");
  want_positive(min_sharpness, "min_sharpness", "a variance, 0 or more");
  want(interval >= 0, "interval", interval, "frames, 0 or more");
  if (interval_seconds)
    want(*interval_seconds >= 0 && std::isfinite(*interval_seconds), "interval_seconds", *interval_seconds,
         "seconds, 0 or more");
  want(max_captures >= 0, "max_captures", max_captures, "a count, or 0 for no limit");
  want(miss_limit >= 1, "miss_limit", miss_limit, "frames, 1 or more");
  want(min_hits >= 1, "min_hits", min_hits, "frames, 1 or more");
  want_share(min_relative_quality, "min_relative_quality");
  if (mask_threshold) want_share(*mask_threshold, "mask_threshold");
  want_positive(crop_border, "crop_border", "a share of the box, 0 or more");
}

}  // namespace facecap
