#pragma once

#include <string>

#include "facecap/config_text.hpp"

namespace facecap::board {

/// `facecap::parse_config` with the program's own keys. Throws UsageError.
ConfigText parse_config(const std::string& text, const std::string& file);

/// Throws UsageError where the file cannot be read, too.
ConfigText read_config(const std::string& path);

}  // namespace facecap::board
