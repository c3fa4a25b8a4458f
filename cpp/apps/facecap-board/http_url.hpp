#pragma once

#include <string>

namespace facecap::board {

struct HttpUrl {
  std::string host;  // a name or an address, IPv6 without brackets
  std::string port;
  std::string path;  // without the last slash; may be empty
};

/// "http://host[:port][/path]". Throws UsageError that says what is wrong.
HttpUrl parse_http_url(const std::string& text);

}  // namespace facecap::board
