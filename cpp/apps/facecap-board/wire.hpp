#pragma once

#include <cstddef>
#include <memory>

namespace facecap::board {

/// What carries the bytes of one connection, in clear text or in TLS. No call waits: `read` and `write` ask
/// for another call of the same kind when the socket is readable or writable. All throw Error.
class Wire {
 public:
  enum class Step { done, read, write, closed };
  virtual ~Wire() = default;
  /// Agrees with the other side; before anything else is called.
  virtual Step open() = 0;
  virtual Step send(const char* data, std::size_t bytes, std::size_t& sent) = 0;
  virtual Step receive(char* data, std::size_t bytes, std::size_t& got) = 0;
};

/// Clear text over a connected socket, which stays the caller's.
std::unique_ptr<Wire> plain_wire(int socket);

}  // namespace facecap::board
