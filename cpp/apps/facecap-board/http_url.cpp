#include "http_url.hpp"

#include <algorithm>
#include <stdexcept>

#include "errors.hpp"
#include "runtime/values.hpp"

namespace facecap::board {
namespace {

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw UsageError("push_url is '" + text + "': " + why);
}

}  // namespace

std::string default_port(const HttpUrl& url) {
  return url.tls ? "443" : "80";
}

HttpUrl parse_http_url(const std::string& text) {
  HttpUrl url;
  url.tls = text.compare(0, 8, "https://") == 0;
  if (!url.tls && text.compare(0, 7, "http://") != 0)
    refuse(text, "wanted https://host[:port][/path], or http:// in clear text");
  // Nothing of the address may break the lines of a request.
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (!plain) refuse(text, "it has a character that no address has");
  const std::size_t begin = url.tls ? 8 : 7, slash = text.find('/', begin);
  std::string authority = text.substr(begin, slash == std::string::npos ? slash : slash - begin);
  if (slash != std::string::npos) url.path = text.substr(slash);
  if (url.path.find_first_of("?#") != std::string::npos) refuse(text, "it may not have ? or #");
  while (!url.path.empty() && url.path.back() == '/') url.path.pop_back();
  if (authority.find('@') != std::string::npos) refuse(text, "no name and password in it: use push_key_file");
  std::size_t colon = authority.rfind(':');
  if (!authority.empty() && authority[0] == '[') {
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string::npos) refuse(text, "a bracket is not closed");
    if (bracket + 1 != authority.size() && authority[bracket + 1] != ':')
      refuse(text, "wanted :port behind ]");
    url.host = authority.substr(1, bracket - 1);
    colon = bracket + 1 == authority.size() ? std::string::npos : bracket + 1;
  } else {
    url.host = authority.substr(0, colon);
    if (url.host.find(':') != std::string::npos) refuse(text, "an IPv6 address stands in brackets");
  }
  if (url.host.empty() || url.host.find_first_of("?#\\") != std::string::npos)
    refuse(text, "it names no host");
  url.port = colon == std::string::npos ? default_port(url) : authority.substr(colon + 1);
  try {
    url.port = std::to_string(read_whole(url.port, 1, 65535));
  } catch (const std::invalid_argument& error) {
    refuse(text, std::string("its port is ") + error.what());
  }
  return url;
}

}  // namespace facecap::board
