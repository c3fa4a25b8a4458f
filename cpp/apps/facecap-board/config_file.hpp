#pragma once

#include <string>
#include <vector>

namespace facecap::board {

/// A setting and where it stands.
struct Setting {
  std::string name;   // public
  std::string value;  // in the public name's unit
  std::string given;  // "file:line: name as written", for messages
};

struct ConfigText {
  std::vector<Setting> settings;
  std::vector<std::string> warnings;
};

/// Reads lines of "name value" or "name = value"; # begins a comment at the start of a line and behind a
/// blank. Names are the public ones or the vendor's; a vendor's name without effect is a warning. Throws
/// UsageError that names file and line for an unknown name, a name given twice, two names that mean the same
/// and differ.
ConfigText parse_config(const std::string& text, const std::string& file);

/// Throws UsageError where the file cannot be read, is larger than 1 MiB, no text, or JSON.
ConfigText read_config(const std::string& path);

}  // namespace facecap::board
