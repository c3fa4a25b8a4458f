#include "http_post.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "errors.hpp"
#include "http_answer.hpp"

namespace facecap::board {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kConnectTime = std::chrono::seconds(5);
constexpr auto kStepTime = std::chrono::seconds(10);
constexpr auto kWholeTime = std::chrono::seconds(30);

struct Socket {
  explicit Socket(int descriptor) : file(descriptor) {}
  ~Socket() {
    if (file >= 0) ::close(file);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int file;
};

class Exchange {
 public:
  Exchange(const HttpUrl& url, int cancel) : url_(url), cancel_(cancel), end_(Clock::now() + kWholeTime) {}

  int connect() {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(url_.host.c_str(), url_.port.c_str(), &hints, &found);
    if (error != 0) throw Error(where() + ": " + ::gai_strerror(error));
    std::string reason = where() + ": no address";
    for (const addrinfo* each = found; each; each = each->ai_next) {
      try {
        const int file = connect_to(*each);
        ::freeaddrinfo(found);
        return file;
      } catch (const Error& failed) {
        reason = failed.what();
      }
    }
    ::freeaddrinfo(found);
    throw Error(reason);
  }

  void open(Wire& wire, int file) {
    if (!complete(file, "it does not agree on TLS", [&] { return wire.open(); }))
      throw Error(where() + ": closed the connection before TLS was agreed on");
  }

  /// False where the other side has closed: it may have answered before it had read all.
  bool send(Wire& wire, int file, const char* data, std::size_t bytes) {
    while (bytes > 0) {
      std::size_t sent = 0;
      if (!complete(file, "it takes nothing", [&] { return wire.send(data, bytes, sent); })) return false;
      data += sent;
      bytes -= sent;
    }
    return true;
  }

  int receive_status(Wire& wire, int file) {
    HttpAnswer answer;
    char bytes[1024];
    while (answer.state() == HttpAnswer::State::reading) {
      std::size_t got = 0;
      if (!complete(file, "it does not answer", [&] { return wire.receive(bytes, sizeof bytes, got); }))
        throw Error(where() + ": closed the connection without an answer");
      answer.feed(bytes, got);
    }
    if (answer.state() == HttpAnswer::State::broken) throw Error(where() + ": its answer is no HTTP");
    return answer.status();
  }

 private:
  std::string where() const { return url_.host + ":" + url_.port; }
  [[noreturn]] void fail() const { throw Error(errno_text(where())); }

  /// Repeats a step of a wire until it is done; false where the other side has closed.
  template <typename Call>
  bool complete(int file, const char* complaint, const Call& call) const {
    for (;;) {
      const Wire::Step step = attempt(call);
      if (step == Wire::Step::done || step == Wire::Step::closed) return step == Wire::Step::done;
      wait(file, step == Wire::Step::read ? POLLIN : POLLOUT, kStepTime, complaint);
    }
  }

  template <typename Call>
  Wire::Step attempt(const Call& call) const {
    try {
      return call();
    } catch (const Error& error) {
      throw Error(where() + ": " + error.what());
    }
  }

  int connect_to(const addrinfo& address) {
    Socket socket(
        ::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol));
    if (socket.file < 0) fail();
    if (::connect(socket.file, address.ai_addr, address.ai_addrlen) != 0) {
      if (errno != EINPROGRESS) fail();
      wait(socket.file, POLLOUT, kConnectTime, "no connection");
      int error = 0;
      socklen_t length = sizeof error;
      ::getsockopt(socket.file, SOL_SOCKET, SO_ERROR, &error, &length);
      if (error != 0) {
        errno = error;
        fail();
      }
    }
    return std::exchange(socket.file, -1);
  }

  void wait(int file, short event, Clock::duration limit, const char* complaint) const {
    const Clock::time_point until = std::min(Clock::now() + limit, end_);
    for (;;) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
      if (left <= 0)
        throw Error(where() + ": " + complaint + " in " +
                    std::to_string(std::chrono::duration_cast<std::chrono::seconds>(limit).count()) +
                    " seconds");
      pollfd watched[] = {{file, event, 0}, {cancel_, POLLIN, 0}};
      const int ready = ::poll(watched, 2, static_cast<int>(left));
      if (ready < 0 && errno != EINTR) fail();
      if (ready <= 0) continue;
      if (watched[1].revents != 0) throw Error(where() + ": given up, since the program ends");
      if (watched[0].revents != 0) return;
    }
  }

  const HttpUrl& url_;
  int cancel_;
  Clock::time_point end_;
};

}  // namespace

int http_post(const HttpUrl& url, const MakeWire& make_wire, const HttpRequest& request, int cancel) {
  Exchange exchange(url, cancel);
  const Socket socket(exchange.connect());
  const std::unique_ptr<Wire> wire = make_wire(socket.file);
  exchange.open(*wire, socket.file);
  const bool bracketed = url.host.find(':') != std::string::npos;
  const std::string host = bracketed ? "[" + url.host + "]" : url.host;
  const std::string head =
      "POST " + url.path + request.path + " HTTP/1.1\r\nHost: " + host +
      (url.port == default_port(url) ? "" : ":" + url.port) +
      "\r\nUser-Agent: facecap-board\r\nContent-Type: application/json\r\nContent-Length: " +
      std::to_string(request.bytes) + "\r\nConnection: close\r\n" + request.headers + "\r\n";
  if (exchange.send(*wire, socket.file, head.data(), head.size()))
    exchange.send(*wire, socket.file, request.body, request.bytes);
  return exchange.receive_status(*wire, socket.file);
}

}  // namespace facecap::board
