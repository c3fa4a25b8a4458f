#include <vector>

#include "command_line.hpp"
#include "config_file.hpp"
#include "errors.hpp"
#include "fuzz.hpp"
#include "settings.hpp"

using namespace facecap::board;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = fuzz::text_of(data, size);
  fuzz::may_throw<UsageError>([&] {
    for (const facecap::ConfigSetting& setting : parse_config(text, "file").settings)
      fuzz::hold(find_key(setting.name) || facecap::find_capture_setting(setting.name),
                 "a setting has a public name");
  });
  // The same as flags, an argument a line; a file that it names is not read.
  if (text.find("config") != std::string::npos) return 0;
  std::vector<std::string> arguments(1);
  for (const char c : text)
    if (c == '\n')
      arguments.emplace_back();
    else
      arguments.back() += c;
  fuzz::may_throw<UsageError>([&] { parse_command_line(arguments).settings.validate(); });
  return 0;
}
