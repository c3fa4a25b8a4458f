#include "settings.hpp"

#include <stdexcept>

#include "errors.hpp"
#include "facecap/capture_settings.hpp"
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
  for (const CaptureSetting& setting : capture_settings()) {
    if (out.size() > 1) out += ", ";
    append_json(out, setting.name);
    out += ": ";
    const SettingValue value = setting.get(config);
    if (const auto* text = std::get_if<std::string>(&value))
      append_json(out, *text);
    else if (const auto* number = std::get_if<double>(&value))
      append_number(out, *number);
    else if (const auto* whole = std::get_if<std::int64_t>(&value))
      out += std::to_string(*whole);
    else if (const auto* on = std::get_if<bool>(&value))
      out += *on ? "true" : "false";
    else
      out += "null";
  }
  return out + "}";
}

}  // namespace facecap::board
