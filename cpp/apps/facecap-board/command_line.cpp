#include "command_line.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "config_file.hpp"
#include "errors.hpp"
#include "vendor_keys.hpp"

namespace facecap::board {
namespace {

struct Flags {
  std::vector<Setting> settings;
  std::optional<std::string> config;
  CommandLine::Action action = CommandLine::Action::run;
};

/// `from_flag`: modes as the vendor numbers them are taken, as the file has translated its own already.
void apply(Settings& settings, const Setting& setting, bool from_flag) {
  try {
    const bool numbered = from_flag && setting.name == "mode";
    find_key(setting.name)
        ->set(settings, numbered ? from_vendor(VendorUnit::mode, setting.value) : setting.value);
  } catch (const std::invalid_argument& error) {
    const std::string reason = error.what();  // "'x', wanted y", or a whole sentence
    throw UsageError(setting.given + (reason[0] == '\'' ? " is " : ": ") + reason);
  }
}

class Reader {
 public:
  explicit Reader(const std::vector<std::string>& arguments) : arguments_(arguments) {}

  Flags read() {
    while (at_ < arguments_.size()) {
      const std::string& word = arguments_[at_++];
      if (word.size() > 2 && word.compare(0, 2, "--") == 0)
        flag(word);
      else if (word == "-h")
        flags_.action = CommandLine::Action::help;
      else if (word.size() > 1 && word[0] == '-')
        throw UsageError("no flag " + word + "; --help lists all");
      else
        flags_.settings.push_back({"source", word, "SOURCE"});
    }
    return std::move(flags_);
  }

 private:
  void flag(const std::string& word) {
    const std::size_t equals = word.find('=');
    std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    std::replace(name.begin(), name.end(), '-', '_');
    const std::string shown = word.substr(0, equals);
    std::optional<std::string> value;
    if (equals != std::string::npos) value = word.substr(equals + 1);
    if (!value && is_action(name)) return;
    if (name == "config") {
      flags_.config = value ? *value : following(shown);
      return;
    }
    const Key* key = find_key(name);
    if (!key && name.compare(0, 3, "no_") == 0 && !value) {
      key = find_key(name.substr(3));
      if (key && key->is_switch) {
        flags_.settings.push_back({key->name, "false", shown});
        return;
      }
      key = nullptr;
    }
    if (!key) throw UsageError("no flag " + shown + "; --help lists all");
    if (!value) value = key->is_switch ? "true" : following(shown);
    flags_.settings.push_back({key->name, *value, shown});
  }

  bool is_action(const std::string& name) {
    using Action = CommandLine::Action;
    const Action action = name == "help"          ? Action::help
                          : name == "version"     ? Action::version
                          : name == "show_config" ? Action::show_config
                                                  : Action::run;
    if (action == Action::run) return false;
    flags_.action = action;
    return true;
  }

  const std::string& following(const std::string& shown) {
    if (at_ == arguments_.size()) throw UsageError(shown + " needs a value");
    return arguments_[at_++];
  }

  const std::vector<std::string>& arguments_;
  std::size_t at_ = 0;
  Flags flags_;
};

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& arguments) {
  const Flags flags = Reader(arguments).read();
  CommandLine line;
  line.action = flags.action;
  if (line.action == CommandLine::Action::help || line.action == CommandLine::Action::version) return line;
  if (flags.config) {
    ConfigText config = read_config(*flags.config);
    for (const Setting& setting : config.settings) apply(line.settings, setting, false);
    line.warnings = std::move(config.warnings);
  }
  for (const Setting& setting : flags.settings) apply(line.settings, setting, true);
  return line;
}

std::string help_text() {
  std::string text =
      "usage: facecap-board SOURCE --out DIR [--config FILE] [flags]\n\n"
      "Finds, follows and captures the faces of camera frames and says who wears a mask.\n"
      "Every flag is also a line of the file of --config, \"name value\" with _ for -; flags win. The file "
      "takes the\n"
      "vendor's names too. Exit codes: 0 done, 1 the work failed, 2 wrong usage, 130 interrupted.\n\n";
  for (const Key& key : keys()) {
    std::string name = key.name;
    std::replace(name.begin(), name.end(), '_', '-');
    name += key.is_switch ? "" : " X";
    name.resize(std::max<std::size_t>(name.size(), 28), ' ');
    text += "  --" + name + " " + key.help + "\n";
  }
  return text +
         "  --show-config                prints the settings of the captures and ends\n  --version, --help\n";
}

}  // namespace facecap::board
