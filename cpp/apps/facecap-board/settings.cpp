#include "settings.hpp"

#include <stdexcept>

#include "errors.hpp"
#include "http_url.hpp"
#include "json_text.hpp"

namespace facecap::board {

void Settings::validate() const {
  try {
    capture.validate();
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  }
  if (source.empty()) throw UsageError("source is missing: a folder, a device, a file of raw frames or -");
  if (out.empty()) throw UsageError("out is missing: the folder that captures are kept in");
  if (push.url.empty()) return;
  const bool tls = parse_http_url(push.url).tls;
  const bool pinned = !push.fingerprint.empty(), with_file = !push.ca_file.empty();
  if (pinned && with_file)
    throw UsageError("push_fingerprint and push_ca_file: give one, the fingerprint stands for itself");
  if (!tls && (pinned || with_file))
    throw UsageError(std::string(pinned ? "push_fingerprint" : "push_ca_file") +
                     " needs a push_url of https://");
}

std::string capture_json(const CaptureConfig& config) {
  std::string out = "{";
  const auto name = [&out](const char* key) {
    if (out.size() > 1) out += ", ";
    append_json(out, key);
    out += ": ";
  };
  const auto text = [&](const char* key, const char* value) { name(key), append_json(out, value); };
  const auto number = [&](const char* key, double value) { name(key), append_number(out, value); };
  const auto optional = [&](const char* key, std::optional<double> value) {
    name(key);
    value ? append_number(out, *value) : void(out += "null");
  };
  text("mode", to_string(config.mode));
  number("min_face", config.min_face);
  number("max_face", config.max_face);
  number("max_yaw", config.max_yaw);
  number("max_pitch", config.max_pitch);
  number("max_roll", config.max_roll);
  text("quality_method", to_string(config.quality_method));
  number("min_quality", config.min_quality);
  number("min_eye_distance", config.min_eye_distance);
  number("min_landmark_confidence", config.min_landmark_confidence);
  number("min_sharpness", config.min_sharpness);
  name("interval"), out += std::to_string(config.interval);
  optional("interval_seconds", config.interval_seconds);
  name("max_captures"), out += std::to_string(config.max_captures);
  name("miss_limit"), out += std::to_string(config.miss_limit);
  name("min_hits"), out += std::to_string(config.min_hits);
  number("min_relative_quality", config.min_relative_quality);
  name("early_first"), out += config.early_first ? "true" : "false";
  text("classify_on", to_string(config.classify_on));
  optional("mask_threshold", config.mask_threshold);
  number("crop_border", config.crop_border);
  return out + "}";
}

}  // namespace facecap::board
