#pragma once

#include <functional>
#include <memory>
#include <string>

#include "http_url.hpp"
#include "wire.hpp"

namespace facecap::board {

struct HttpRequest {
  std::string path;     // behind the path of the address
  std::string headers;  // lines, each with its end
  const char* body = nullptr;
  std::size_t bytes = 0;
};

/// Makes what carries the bytes over a connected socket.
using MakeWire = std::function<std::unique_ptr<Wire>(int socket)>;

/// Posts over a connection of its own and gives the status of the answer. Connecting may take 5 seconds,
/// every other step 10, the whole 30; it ends early where `cancel` becomes readable (-1: never). Throws Error
/// with the reason.
int http_post(const HttpUrl& url, const MakeWire& make_wire, const HttpRequest& request, int cancel);

}  // namespace facecap::board
