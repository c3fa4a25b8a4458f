#include "config_file.hpp"

#include <fstream>
#include <stdexcept>
#include <vector>

#include "errors.hpp"
#include "settings.hpp"

namespace facecap::board {

ConfigText parse_config(const std::string& text, const std::string& file) {
  std::vector<std::string> own;
  for (const Key& key : keys()) own.emplace_back(key.name);
  try {
    return facecap::parse_config(text, file, own);
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  }
}

ConfigText read_config(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw UsageError(errno_text(path));
  std::string text(kLargestConfig + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad() || (stream.fail() && !stream.eof())) throw UsageError(path + ": cannot be read as a file");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return parse_config(text, path);
}

}  // namespace facecap::board
