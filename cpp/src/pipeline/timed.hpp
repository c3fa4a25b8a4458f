#pragma once

#include <chrono>
#include <utility>

namespace facecap {

/// What `work` gives; the time that it takes is added to `seconds`, also where it throws.
template <typename Work>
decltype(auto) timed(double& seconds, Work&& work) {
  using Clock = std::chrono::steady_clock;
  struct Timer {
    double& seconds;
    Clock::time_point start = Clock::now();
    ~Timer() { seconds += std::chrono::duration<double>(Clock::now() - start).count(); }
  };
  const Timer timer{seconds};
  return std::forward<Work>(work)();
}

}  // namespace facecap
