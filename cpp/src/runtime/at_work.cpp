#include "runtime/at_work.hpp"

#include <pthread.h>

#include <condition_variable>
#include <mutex>
#include <new>

namespace facecap {
namespace {

struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  int inside = 0;  // threads
  bool forking = false;
};

thread_local int depth = 0;  // of this thread's calls

Gate& gate();

void before_fork() {
  std::unique_lock<std::mutex> lock(gate().mutex);
  const int own = depth > 0 ? 1 : 0;
  gate().changed.wait(lock, [own] { return !gate().forking && gate().inside == own; });
  gate().forking = true;
  lock.release();  // held over the fork
}

void open_again() {
  gate().forking = false;
  gate().mutex.unlock();
  gate().changed.notify_all();
}

void in_child() {
  // The threads that wait in the copy do not exist here, and no thread can tell it so.
  new (&gate().changed) std::condition_variable;
  open_again();
}

Gate& gate() {
  static Gate* const one = [] {
    auto* made = new Gate;  // threads may be at work while the process ends
    pthread_atfork(before_fork, open_again, in_child);
    return made;
  }();
  return *one;
}

}  // namespace

AtWork::AtWork() {
  if (depth++ > 0) return;
  std::unique_lock<std::mutex> lock(gate().mutex);
  gate().changed.wait(lock, [] { return !gate().forking; });
  ++gate().inside;
}

AtWork::~AtWork() {
  if (--depth > 0) return;
  const std::lock_guard<std::mutex> lock(gate().mutex);
  if (--gate().inside == 0) gate().changed.notify_all();
}

}  // namespace facecap
