#include "facecap/config_text.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "runtime/json.hpp"
#include "runtime/utf8.hpp"

namespace facecap {
namespace {

constexpr const char* kBlanks = " \t\r\f\v";
constexpr const char* kIntervalsOfFast[] = {"FAST_Mode_Interval", "fast_m_interval"};
constexpr const char* kIntervalsOfCycle[] = {"CYCLE_Mode_Interval", "cycle_m_interval"};

/// Names of the vendor's tools that mean nothing here.
constexpr const char* kWithoutEffect[] = {
    "buffer_size",          "img_capture_flag",     "venc_channel_id",        "store_feature",
    "Store_Face_Feature",   "thr_quality_high",     "Threshold_Quality_High", "auto_m_time_limit",
    "AUTO_Mode_Time_Limit", "capture_aligned_face", "capture_extended_face",  "store_RGB888",
    "Store_RGB888"};

template <typename Names>
bool among(const Names& names, const std::string& name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

struct Entry {
  std::string name;
  SettingValue value;
  std::string text;   // the value as it stands there
  std::string place;  // "file:line", or the file
};

std::string trim(const std::string& text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string without_comment(const std::string& line) {
  for (std::size_t at = line.find('#'); at != std::string::npos; at = line.find('#', at + 1))
    if (at == 0 || std::string(kBlanks).find(line[at - 1]) != std::string::npos) return line.substr(0, at);
  return line;
}

std::vector<Entry> read_lines(const std::string& text, const std::string& file) {
  std::vector<Entry> entries;
  std::istringstream stream(text);
  std::string raw;
  for (int number = 1; std::getline(stream, raw); ++number) {
    const std::string line = trim(without_comment(raw));
    if (line.empty()) continue;
    const std::string place = file + ":" + std::to_string(number);
    const std::size_t end = line.find_first_of(std::string(kBlanks) + "=");
    const std::string name = line.substr(0, end);
    std::string value = end == std::string::npos ? "" : trim(line.substr(end));
    if (!value.empty() && value[0] == '=') value = trim(value.substr(1));
    if (name.empty() || value.empty())
      throw std::invalid_argument(place + ": found '" + line + "', wanted a name and a value");
    const auto earlier =
        std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.name == name; });
    if (earlier != entries.end())
      throw std::invalid_argument(place + ": " + name + " is given twice, first at " + earlier->place);
    entries.push_back({name, setting_word(value), value, place});
  }
  return entries;
}

/// A value of JSON as a line would give it; empty for null.
std::string text_in(const json::Value& value, const std::string& name, const std::string& file) {
  using Kind = json::Value::Kind;
  switch (value.kind) {
    case Kind::null:
      return "";
    case Kind::boolean:
      return value.boolean ? "true" : "false";
    case Kind::number: {
      std::ostringstream text;
      text.precision(17);
      text << value.number;
      return text.str();
    }
    case Kind::string:
      return value.text;
    case Kind::array:
    case Kind::object:
      break;
  }
  throw std::invalid_argument(file + ": " + name + " is " + json::to_string(value.kind) +
                              ", wanted one value");
}

std::vector<Entry> read_json(const std::string& text, const std::string& file) {
  json::Value object;
  try {
    object = json::parse(text);
  } catch (const json::ParseError& error) {
    throw std::invalid_argument(file + ": not JSON (" + error.what() + ")");
  }
  std::vector<Entry> entries;
  for (const auto& [name, value] : object.members) {
    const std::string found = text_in(value, name, file);
    const bool is_text = value.kind == json::Value::Kind::string;
    const bool is_null = value.kind == json::Value::Kind::null;
    entries.push_back({name, is_null ? SettingValue() : is_text ? found : setting_word(found), found, file});
  }
  return entries;
}

std::vector<Entry> read_entries(std::string text, const std::string& file) {
  if (text.size() > kLargestConfig)
    throw std::invalid_argument(file + ": no configuration, which has at most " +
                                std::to_string(kLargestConfig) + " bytes");
  if (text.compare(0, 3, "\xEF\xBB\xBF") == 0) text.erase(0, 3);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0 || text[at] == '\0')
      throw std::invalid_argument(file + ": not UTF-8 text (byte " + std::to_string(at) + ")");
    at += length;
  }
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string::npos && text[first] == '{' ? read_json(text, file) : read_lines(text, file);
}

bool is_cycle(const Entry& entry) {
  if (entry.name != "mode") return false;
  const SettingValue mode = find_capture_setting("mode")->read(entry.value, entry.place + ": mode");
  return std::get<std::string>(mode) == to_string(CaptureMode::cycle);
}

/// Older files give an interval for either mode and mean that of theirs: leaves that one, and gives the names
/// left out.
std::vector<std::string> drop_other_interval(std::vector<Entry>& entries) {
  const bool cycle = std::any_of(entries.begin(), entries.end(), is_cycle);
  const auto& kept = cycle ? kIntervalsOfCycle : kIntervalsOfFast;
  const auto& other = cycle ? kIntervalsOfFast : kIntervalsOfCycle;
  std::vector<std::string> dropped;
  if (std::none_of(entries.begin(), entries.end(), [&](const Entry& e) { return among(kept, e.name); }))
    return dropped;
  for (const Entry& entry : entries)
    if (among(other, entry.name)) dropped.push_back(entry.name);
  entries.erase(
      std::remove_if(entries.begin(), entries.end(), [&](const Entry& e) { return among(other, e.name); }),
      entries.end());
  return dropped;
}

/// For a message: the known name that shares the longest beginning with an unknown one, or all.
std::string nearest(const std::string& name, const std::vector<std::string>& others) {
  std::string best, all;
  std::size_t most = 2;
  const auto compare = [&](const std::string& known) {
    const auto [in_known, in_name] = std::mismatch(known.begin(), known.end(), name.begin(), name.end());
    const auto shared = static_cast<std::size_t>(in_known - known.begin());
    if (shared > most) most = shared, best = known;
  };
  for (const CaptureSetting& setting : capture_settings()) {
    compare(setting.name);
    all += (all.empty() ? "" : ", ") + std::string(setting.name);
    for (const std::string& theirs : setting.vendor.names) compare(theirs);
  }
  for (const std::string& other : others) compare(other), all += ", " + other;
  return best.empty() ? "; there are " + all : "; did you mean '" + best + "'?";
}

const CaptureSetting* find_vendor_name(const std::string& name) {
  for (const CaptureSetting& setting : capture_settings())
    if (among(setting.vendor.names, name)) return &setting;
  return nullptr;
}

ConfigSetting translate(const Entry& entry, const std::vector<std::string>& others, ConfigText& config) {
  const std::string given = entry.place + ": " + entry.name;
  if (among(others, entry.name)) return {entry.name, entry.text, given};
  const CaptureSetting* own = find_capture_setting(entry.name);
  const CaptureSetting* setting = own ? own : find_vendor_name(entry.name);
  if (!setting)
    throw std::invalid_argument(entry.place + ": no setting '" + entry.name + "'" +
                                nearest(entry.name, others));
  const SettingValue value = setting->read(entry.value, given, !own);
  CaptureConfig scratch;
  try {
    setting->set(scratch, value);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument((own ? entry.place : given) + ": " + error.what());
  }
  if (own && setting->kind() == CaptureSetting::Kind::choice &&
      std::holds_alternative<std::int64_t>(entry.value))
    config.warnings.push_back(given + " " + entry.text + " is read as '" + std::get<std::string>(value) +
                              "'; better say it");
  return {setting->name, value, given};
}

}  // namespace

ConfigText parse_config(const std::string& text, const std::string& file,
                        const std::vector<std::string>& others) {
  ConfigText config;
  std::vector<Entry> entries = read_entries(text, file);
  std::vector<std::string> unused = drop_other_interval(entries);
  for (const Entry& entry : entries) {
    if (among(kWithoutEffect, entry.name)) {
      unused.push_back(entry.name);
      continue;
    }
    ConfigSetting setting = translate(entry, others, config);
    const auto earlier = std::find_if(config.settings.begin(), config.settings.end(),
                                      [&](const ConfigSetting& other) { return other.name == setting.name; });
    if (earlier == config.settings.end())
      config.settings.push_back(std::move(setting));
    else if (earlier->value != setting.value)
      throw std::invalid_argument(setting.given + " and " + earlier->given + " mean the same and differ");
  }
  std::string list;
  for (const std::string& name : unused) list += (list.empty() ? "" : ", ") + name;
  if (!list.empty()) config.warnings.push_back(file + ": without effect here: " + list);
  return config;
}

}  // namespace facecap
