#pragma once

#include <string>

namespace facecap::board {

struct HttpUrl {
  bool tls = false;  // https://
  std::string host;  // a name or an address, IPv6 without brackets
  std::string port;
  std::string path;  // without the last slash; may be empty
};

/// The port that an address need not name.
std::string default_port(const HttpUrl& url);

/// "http://host[:port][/path]", or with https. Throws UsageError that says what is wrong.
HttpUrl parse_http_url(const std::string& text);

}  // namespace facecap::board
