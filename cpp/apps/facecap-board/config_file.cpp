#include "config_file.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "errors.hpp"
#include "runtime/utf8.hpp"
#include "settings.hpp"
#include "values.hpp"
#include "vendor_keys.hpp"

namespace facecap::board {
namespace {

constexpr std::size_t kLargestFile = 1 << 20;
constexpr const char* kBlanks = " \t\r\f\v";

struct Line {
  std::string name;
  std::string value;
  std::string place;  // "file:line"
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

std::vector<Line> split(const std::string& text, const std::string& file) {
  std::vector<Line> lines;
  std::map<std::string, std::string> seen;
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
      throw UsageError(place + ": found '" + line + "', wanted a name and a value");
    const auto [earlier, is_new] = seen.emplace(name, place);
    if (!is_new) throw UsageError(place + ": " + name + " is given twice, first at " + earlier->second);
    lines.push_back({name, value, place});
  }
  return lines;
}

/// Of the two intervals of older files leaves the one of the mode; gives the names left out.
std::vector<std::string> drop_other_interval(std::vector<Line>& lines) {
  const bool cycle = std::any_of(lines.begin(), lines.end(),
                                 [](const Line& l) { return l.name == "mode" && is_cycle(l.value); });
  const auto kept = cycle ? is_interval_of_cycle : is_interval_of_fast;
  const auto other = cycle ? is_interval_of_fast : is_interval_of_cycle;
  std::vector<std::string> dropped;
  if (std::none_of(lines.begin(), lines.end(), [&](const Line& l) { return kept(l.name); })) return dropped;
  for (const Line& line : lines)
    if (other(line.name)) dropped.push_back(line.name);
  lines.erase(std::remove_if(lines.begin(), lines.end(), [&](const Line& l) { return other(l.name); }),
              lines.end());
  return dropped;
}

bool same(const std::string& a, const std::string& b) {
  return is_number(a) && is_number(b) ? read_number(a) == read_number(b) : a == b;
}

/// Names that may be meant: they share the longest beginning.
std::string nearest(const std::string& name) {
  std::string best;
  std::size_t shared = 2;
  for (const Key& key : keys()) {
    const std::string known = key.name;
    const auto [in_known, in_name] = std::mismatch(known.begin(), known.end(), name.begin(), name.end());
    const auto length = static_cast<std::size_t>(in_known - known.begin());
    if (length > shared) shared = length, best = known;
  }
  return best.empty() ? "; --help lists all" : "; did you mean " + best + "?";
}

/// Lines under vendor names and modes as numbers become public settings.
Setting translate(const Line& line, ConfigText& config, std::string& without_effect) {
  const std::string given = line.place + ": " + line.name;
  try {
    if (line.name == "mode") {
      const std::string mode = from_vendor(VendorUnit::mode, line.value);
      if (is_number(line.value))
        config.warnings.push_back(line.place + ": mode " + line.value + " is read as " + mode +
                                  "; better say it");
      return {"mode", mode, given};
    }
    if (line.name == "quality_method") return {line.name, from_vendor(VendorUnit::method, line.value), given};
    if (find_key(line.name)) return {line.name, line.value, given};
    const VendorKey* vendor = find_vendor_key(line.name);
    if (!vendor) throw UsageError(line.place + ": no setting '" + line.name + "'" + nearest(line.name));
    if (vendor->means) return {vendor->means, from_vendor(vendor->unit, line.value), given};
  } catch (const std::invalid_argument& error) {
    throw UsageError(given + " is " + error.what());
  }
  without_effect += (without_effect.empty() ? "" : ", ") + line.name;
  return {};
}

}  // namespace

ConfigText parse_config(const std::string& text, const std::string& file) {
  ConfigText config;
  std::vector<Line> lines = split(text, file);
  std::string without_effect;
  for (const std::string& name : drop_other_interval(lines))
    without_effect += (without_effect.empty() ? "" : ", ") + name;
  for (const Line& line : lines) {
    Setting setting = translate(line, config, without_effect);
    if (setting.name.empty()) continue;
    const auto earlier = std::find_if(config.settings.begin(), config.settings.end(),
                                      [&](const Setting& other) { return other.name == setting.name; });
    if (earlier == config.settings.end())
      config.settings.push_back(std::move(setting));
    else if (!same(earlier->value, setting.value))
      throw UsageError(setting.given + " and " + earlier->given + " mean the same and differ");
  }
  if (!without_effect.empty()) config.warnings.push_back(file + ": without effect here: " + without_effect);
  return config;
}

ConfigText read_config(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw UsageError(errno_text(path));
  std::string text(kLargestFile + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad() || (stream.fail() && !stream.eof())) throw UsageError(path + ": cannot be read as a file");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kLargestFile)
    throw UsageError(path + ": no configuration, which has at most 1048576 bytes");
  if (text.compare(0, 3, "\xEF\xBB\xBF") == 0) text.erase(0, 3);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0 || text[at] == '\0')
      throw UsageError(path + ": not UTF-8 text (byte " + std::to_string(at) + ")");
    at += length;
  }
  if (!trim(text).empty() && trim(text)[0] == '{')
    throw UsageError(path + ": JSON, wanted lines of 'name value'");
  return parse_config(text, path);
}

}  // namespace facecap::board
