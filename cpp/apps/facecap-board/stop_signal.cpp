#include "stop_signal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "errors.hpp"

namespace facecap::board {
namespace {

volatile std::sig_atomic_t asked = 0;
int wake[2] = {-1, -1};  // becomes readable, and stays so, when an end is asked for

extern "C" void on_signal(int) {
  constexpr int kInterrupted = 130;
  if (asked) ::_exit(kInterrupted);
  asked = 1;
  const int error = errno;
  [[maybe_unused]] const ssize_t written = ::write(wake[1], "", 1);
  errno = error;
}

}  // namespace

StopSignal::StopSignal() {
  if (::pipe(wake) != 0) throw_errno("pipe");
  for (const int end : wake) ::fcntl(end, F_SETFD, FD_CLOEXEC);
  struct sigaction action{};
  action.sa_handler = on_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
}

StopSignal::~StopSignal() {
  for (const int number : {SIGINT, SIGTERM, SIGPIPE}) ::signal(number, SIG_DFL);
  for (int& end : wake) {
    ::close(end);
    end = -1;
  }
}

bool StopSignal::came() {
  return asked != 0;
}

bool wait_readable(int file, int timeout_ms) {
  // A negative descriptor is left out by poll, as where no StopSignal lives.
  pollfd watched[] = {{file, POLLIN, 0}, {wake[0], POLLIN, 0}};
  const int ready = ::poll(watched, 2, timeout_ms);
  return ready > 0 && watched[0].revents != 0 && watched[1].revents == 0;
}

}  // namespace facecap::board
