#include "command_line.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "config_file.hpp"
#include "errors.hpp"

namespace facecap::board {
namespace {

struct Flags {
  std::vector<ConfigSetting> settings;
  std::optional<std::string> config;
  CommandLine::Action action = CommandLine::Action::run;
};

void apply(Settings& settings, const ConfigSetting& setting) {
  try {
    if (const CaptureSetting* capture = find_capture_setting(setting.name))
      capture->set(settings.capture, setting.value);
    else
      find_key(setting.name)->set(settings, std::get<std::string>(setting.value));
  } catch (const std::invalid_argument& error) {
    const std::string reason = error.what();  // "'x', wanted y", or a whole sentence
    throw UsageError(setting.given + (reason[0] == '\'' ? " is " : ": ") + reason);
  }
}

/// A name that can be set, of the captures or the program's own.
struct Name {
  const Key* key = nullptr;
  const CaptureSetting* capture = nullptr;

  static Name find(const std::string& name) { return {find_key(name), find_capture_setting(name)}; }
  bool known() const { return key || capture; }
  bool is_switch() const {
    return key ? key->is_switch : capture && capture->kind() == CaptureSetting::Kind::on_off;
  }
};

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
    Name found = Name::find(name);
    if (!found.known() && name.compare(0, 3, "no_") == 0 && !value) {
      name.erase(0, 3);
      found = Name::find(name);
      if (!found.is_switch()) found = {};
      value = "false";
    }
    if (!found.known()) throw UsageError("no flag " + shown + "; --help lists all");
    if (!value) value = found.is_switch() ? "true" : following(shown);
    flags_.settings.push_back({name, value_of(found, *value, shown), shown});
  }

  static SettingValue value_of(const Name& name, const std::string& text, const std::string& shown) {
    if (!name.capture) return text;
    try {
      return name.capture->read(setting_word(text), shown);
    } catch (const std::invalid_argument& error) {
      throw UsageError(error.what());
    }
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
    for (const ConfigSetting& setting : config.settings) apply(line.settings, setting);
    line.warnings = std::move(config.warnings);
  }
  for (const ConfigSetting& setting : flags.settings) apply(line.settings, setting);
  return line;
}

std::string help_text() {
  std::string text =
      "usage: facecap-board SOURCE --out DIR [--config FILE] [flags]\n\n"
      "Finds, follows and captures the faces of camera frames and says who wears a mask.\n"
      "Every flag is also a line of the file of --config, \"name value\" with _ for -; flags win. The file "
      "takes the\n"
      "vendor's names too. Exit codes: 0 done, 1 the work failed, 2 wrong usage, 130 interrupted.\n\n";
  const auto add = [&text](std::string name, bool is_switch, const std::string& help) {
    std::replace(name.begin(), name.end(), '_', '-');
    name += is_switch ? "" : " X";
    name.resize(std::max<std::size_t>(name.size(), 28), ' ');
    text += "  --" + name + " " + help + "\n";
  };
  for (const Key& key : keys()) add(key.name, key.is_switch, key.help);
  for (const CaptureSetting& setting : capture_settings()) {
    std::string choices;
    for (const std::string& choice : setting.choices()) choices += (choices.empty() ? "" : ", ") + choice;
    add(setting.name, setting.kind() == CaptureSetting::Kind::on_off,
        choices.empty() ? setting.help : choices + ": " + setting.help);
  }
  return text +
         "  --show-config                  prints the settings of the captures and ends\n  --version, "
         "--help\n";
}

}  // namespace facecap::board
