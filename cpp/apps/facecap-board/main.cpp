#include <cstdio>
#include <cstdlib>

#include "command_line.hpp"
#include "errors.hpp"
#include "facecap/error.hpp"
#include "job.hpp"

int main(int argc, char** argv) {
  using namespace facecap::board;
  constexpr int kFailed = 1, kUsage = 2;
  // ONNX Runtime 1.29 and newer else reports each model it opens to its maker.
  setenv("ORT_DISABLE_TELEMETRY", "1", 0);
  try {
    const CommandLine line = parse_command_line({argv + 1, argv + argc});
    switch (line.action) {
      case CommandLine::Action::help:
        std::fputs(help_text().c_str(), stdout);
        return 0;
      case CommandLine::Action::version:
        std::puts("facecap-board " FACECAP_VERSION);
        return 0;
      case CommandLine::Action::show_config:
      case CommandLine::Action::run:
        break;
    }
    for (const std::string& warning : line.warnings) say(warning);
    if (line.action == CommandLine::Action::show_config) {
      std::puts(capture_json(line.settings.capture).c_str());
      return 0;
    }
    line.settings.validate();
    return run_job(line.settings);
  } catch (const UsageError& error) {
    say(std::string("error: ") + error.what());
    return kUsage;
  } catch (const facecap::ModelError& error) {
    say(std::string("error: ") + error.what());
    if (!error.details().empty()) say(error.details());
    return kFailed;
  } catch (const std::exception& error) {
    say(std::string("error: ") + error.what());
    return kFailed;
  }
}
