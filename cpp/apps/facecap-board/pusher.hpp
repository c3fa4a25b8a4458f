#pragma once

#include <memory>
#include <string>

#include "push_queue.hpp"
#include "settings.hpp"

namespace facecap::board {

struct PushCounts {
  std::int64_t sent = 0;
  std::int64_t refused = 0;   // for good
  std::int64_t failures = 0;  // tries that are made again
  std::int64_t dropped = 0;   // never sent, since the queue was full
  std::size_t waiting = 0;
};

enum class Outcome { taken, refused, retry };

/// What an HTTP status means for a capture: 2xx taken; 401, 403, 404, 408, 425, 429 and all that is neither
/// 2xx nor 4xx try again; other 4xx refused for good.
Outcome outcome_of(int status);

/// Seconds before the next try after so many failures in a row: 0.5, 1, 2, 4, 8, then 10.
double back_off(int failures);

/// Sends captures to the service in order, from a thread of its own; what cannot be sent waits in the queue.
class Pusher {
 public:
  /// Begins with what an earlier run has left. Throws Error or UsageError.
  explicit Pusher(const PushSettings& settings);
  ~Pusher();
  Pusher(const Pusher&) = delete;
  Pusher& operator=(const Pusher&) = delete;

  /// Returns when the capture is on the disk, without waiting for the network. Throws Error.
  void push(const std::string& key_tail, const std::string& line, const std::vector<std::uint8_t>& png);
  /// Sends what waits for at most the settings' drain_seconds. False where the thread is stuck in the system
  /// (a name look-up): then only the end of the process ends it.
  bool finish();
  PushCounts counts() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the thread
};

}  // namespace facecap::board
