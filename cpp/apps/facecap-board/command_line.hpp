#pragma once

#include <string>
#include <vector>

#include "settings.hpp"

namespace facecap::board {

struct CommandLine {
  enum class Action { run, help, version, show_config };
  Action action = Action::run;
  Settings settings;
  std::vector<std::string> warnings;
};

/// Flags, SOURCE and the file of --config; flags win. Throws UsageError.
CommandLine parse_command_line(const std::vector<std::string>& arguments);

std::string help_text();

}  // namespace facecap::board
