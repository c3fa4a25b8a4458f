#include "wire.hpp"

#include <sys/socket.h>

#include <cerrno>

#include "errors.hpp"

namespace facecap::board {
namespace {

class PlainWire : public Wire {
 public:
  explicit PlainWire(int socket) : socket_(socket) {}

  Step open() override { return Step::done; }

  Step send(const char* data, std::size_t bytes, std::size_t& sent) override {
    return step(::send(socket_, data, bytes, MSG_NOSIGNAL), sent, Step::write);
  }

  Step receive(char* data, std::size_t bytes, std::size_t& got) override {
    const Step result = step(::recv(socket_, data, bytes, 0), got, Step::read);
    return result == Step::done && got == 0 ? Step::closed : result;
  }

 private:
  static Step step(ssize_t result, std::size_t& count, Step again) {
    if (result >= 0) {
      count = static_cast<std::size_t>(result);
      return Step::done;
    }
    if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK) return again;
    if (errno == EPIPE || errno == ECONNRESET) return Step::closed;
    throw_errno("connection");
  }

  int socket_;
};

}  // namespace

std::unique_ptr<Wire> plain_wire(int socket) {
  return std::make_unique<PlainWire>(socket);
}

}  // namespace facecap::board
