#include "pusher.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <iterator>
#include <new>
#include <thread>

#include "base64.hpp"
#include "errors.hpp"
#include "http_post.hpp"
#ifdef FACECAP_WITH_TLS
#include "tls.hpp"
#endif

namespace facecap::board {
namespace {

using Clock = std::chrono::steady_clock;

Clock::duration seconds(double count) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(count));
}

std::string read_key(const std::string& path) {
  if (path.empty()) return "";
  std::ifstream file(path);
  std::string key;
  if (!std::getline(file, key)) throw UsageError("push_key_file " + path + ": no first line");
  while (!key.empty() && (key.back() == '\r' || key.back() == ' ')) key.pop_back();
  for (const char c : key)
    if (c <= ' ' || c >= 0x7F)
      throw UsageError("push_key_file " + path + ": a key has no blanks and is ASCII");
  if (key.empty()) throw UsageError("push_key_file " + path + ": its first line is empty");
  return key;
}

#ifdef FACECAP_WITH_TLS
/// Connections to the service; what they believe is read once.
MakeWire wires_to(const HttpUrl& url, const PushSettings& settings) {
  if (!url.tls) return plain_wire;
  auto trust = std::make_shared<TlsTrust>(settings.ca_file, settings.fingerprint);
  return [trust, host = url.host](int socket) { return trust->wire(socket, host); };
}
#else
MakeWire wires_to(const HttpUrl& url, const PushSettings&) {
  if (url.tls)
    throw UsageError("push_url is https://, and this build has no TLS: Mbed TLS was not there for it");
  return plain_wire;
}
#endif

}  // namespace

Outcome outcome_of(int status) {
  if (status >= 200 && status < 300) return Outcome::taken;
  constexpr int kRetried[] = {401, 403, 404,
                              408, 425, 429};  // the first three: the key or the address is wrong
  const bool retried = std::find(std::begin(kRetried), std::end(kRetried), status) != std::end(kRetried);
  return status >= 400 && status < 500 && !retried ? Outcome::refused : Outcome::retry;
}

double back_off(int failures) {
  return failures > 5 ? 10.0 : 0.5 * static_cast<double>(1 << (failures - 1));
}

struct Pusher::State {
  explicit State(const PushSettings& given)
      : settings(given),
        url(parse_http_url(given.url)),
        make_wire(wires_to(url, given)),
        key(read_key(given.key_file)),
        queue(given.queue, static_cast<std::uint64_t>(given.queue_megabytes) * 1000000) {
    if (::pipe(cancel) != 0) throw_errno("pipe");
    for (const int end : cancel) ::fcntl(end, F_SETFD, FD_CLOEXEC);
  }
  ~State() {
    for (const int end : cancel) ::close(end);
  }

  void run() {
    PushItem item;
    for (;;) {
      bool found = true;
      Outcome outcome = Outcome::retry;
      try {
        found = queue.front(item);
        if (found) outcome = deliver(item);
      } catch (const std::bad_alloc&) {
        trouble = "out of memory";
      }
      if (!found) {
        std::unique_lock<std::mutex> lock(mutex);
        if (!ending) changed.wait(lock, [&] { return ending || queue.waiting() > 0; });
        if (ending && queue.waiting() == 0) break;
        continue;
      }
      if (outcome == Outcome::taken) queue.sent();
      if (outcome == Outcome::refused) queue.refuse();
      if (outcome == Outcome::retry) queue.later();
      if (!settle(outcome)) break;
    }
    const std::lock_guard<std::mutex> lock(mutex);
    ended = true;
    changed.notify_all();
  }

  Outcome deliver(const PushItem& item) {
    HttpRequest request;
    request.path = "/v1/cameras/" + item.camera + "/captures";
    request.headers = "Idempotency-Key: " + item.key + "\r\n";
    if (!key.empty()) request.headers += "Authorization: Bearer " + key + "\r\n";
    request.body = item.body.data();
    request.bytes = item.body.size();
    try {
      const int status = http_post(url, make_wire, request, cancel[0]);
      const Outcome outcome = outcome_of(status);
      trouble = url.host + ":" + url.port + " answers " + std::to_string(status);
      if (outcome == Outcome::refused && status != said_refusal) {
        say("push: " + trouble + "; " + item.key + " and others that it refuses go to " + settings.queue +
            "/refused");
        said_refusal = status;
      }
      return outcome;
    } catch (const Error& error) {
      trouble = error.what();
      return Outcome::retry;
    }
  }

  /// Counts, says what has changed and waits before the next try. False where the time is up.
  bool settle(Outcome outcome) {
    std::unique_lock<std::mutex> lock(mutex);
    counts.sent += outcome == Outcome::taken;
    counts.refused += outcome == Outcome::refused;
    if (outcome != Outcome::retry) {
      if (failures_in_a_row > 0 && !ending) say("push: the service answers again");
      failures_in_a_row = 0;
      return !ending || Clock::now() < deadline;
    }
    ++counts.failures;
    if (++failures_in_a_row == 1 && !ending) say("push: " + trouble + "; captures wait in " + settings.queue);
    const Clock::time_point again = Clock::now() + seconds(back_off(failures_in_a_row));
    const bool was_ending = ending;
    // The end of the program is a reason to try once more at once.
    changed.wait_until(lock, ending ? std::min(again, deadline) : again,
                       [&] { return ending != was_ending; });
    if (ending != was_ending) failures_in_a_row = 0;
    return !ending || Clock::now() < deadline;
  }

  const PushSettings settings;
  const HttpUrl url;
  const MakeWire make_wire;
  const std::string key;
  PushQueue queue;
  int cancel[2] = {-1, -1};
  std::string trouble;   // of the thread alone
  int said_refusal = 0;  // the same
  std::thread thread;

  std::mutex mutex;
  std::condition_variable changed;
  PushCounts counts;
  int failures_in_a_row = 0;
  bool ending = false, ended = false;
  Clock::time_point deadline;
};

Pusher::Pusher(const PushSettings& settings) : state_(std::make_shared<State>(settings)) {
  if (!state_->url.tls && !state_->key.empty())
    say("push: the key goes to " + state_->url.host +
        " in clear text, who sees the network can read it; https:// hides it");
  if (const std::size_t left = state_->queue.waiting())
    say("push: " + std::to_string(left) + " captures of an earlier run wait in " + settings.queue);
  state_->thread = std::thread([state = state_] { state->run(); });
}

Pusher::~Pusher() {
  if (state_->thread.joinable()) finish();
}

void Pusher::push(const std::string& key_tail, const std::string& line,
                  const std::vector<std::uint8_t>& png) {
  PushItem item;
  item.camera = state_->settings.camera;
  item.key = item.camera + "-" + key_tail;
  item.body.reserve(line.size() + 4 * png.size() / 3 + 64);
  item.body = "{\"capture\": " + line + ", \"crop\": \"";
  append_base64(item.body, png);
  item.body += "\"}";
  const std::int64_t dropped = state_->queue.dropped();
  state_->queue.add(item);
  if (dropped == 0 && state_->queue.dropped() > 0)
    say("push: the queue is full; its oldest captures are not sent any more, dropped.txt in " +
        state_->settings.queue + " names them");
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->changed.notify_all();
}

bool Pusher::finish() {
  State& s = *state_;
  std::unique_lock<std::mutex> lock(s.mutex);
  s.ending = true;
  s.deadline = Clock::now() + seconds(s.settings.drain_seconds);
  s.changed.notify_all();
  const auto has_ended = [&s] { return s.ended; };
  if (!s.changed.wait_until(lock, s.deadline, has_ended)) {
    [[maybe_unused]] const ssize_t written = ::write(s.cancel[1], "", 1);
    s.changed.wait_for(lock, std::chrono::seconds(1), has_ended);
  }
  const bool ended = s.ended;
  lock.unlock();
  ended ? s.thread.join() : s.thread.detach();
  if (const std::size_t left = s.queue.waiting())
    say("push: " + std::to_string(left) + " captures wait in " + s.settings.queue + " for the next run");
  return ended;
}

PushCounts Pusher::counts() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  PushCounts counts = state_->counts;
  counts.dropped = state_->queue.dropped();
  counts.waiting = state_->queue.waiting();
  return counts;
}

}  // namespace facecap::board
