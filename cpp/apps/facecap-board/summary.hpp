#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "facecap/pipeline.hpp"
#include "frame_source.hpp"
#include "models.hpp"
#include "pusher.hpp"

namespace facecap::board {

/// Counts while a run goes on, and summary.json with the keys of the Python package's and two more, `push`
/// and `memory`.
class Summary {
 public:
  Summary();
  void add_frame(const FrameResult& result);
  void add_failed_frame() { ++failed_frames_; }
  void add_capture(const Capture& capture);
  void add_seconds(const char* stage, double seconds) { seconds_[stage] += seconds; }
  void stop_clock();
  std::int64_t frames() const { return frames_; }

  struct Ending {
    std::string status;  // done, interrupted, failed
    std::string error;   // empty: none
    std::optional<PushCounts> push;
    std::size_t memory_ceiling = 0;  // bytes
    std::size_t memory_peak = 0;     // the same
  };
  std::string json(const Ending& ending, const FrameSource& source, const Models& models) const;
  std::string words(const Models& models) const;

 private:
  double elapsed() const { return end_ - start_; }

  double started_, start_, end_ = 0;
  std::int64_t frames_ = 0, frames_with_faces_ = 0, failed_frames_ = 0, faces_ = 0, captures_ = 0,
               skipped_ = 0, refined_ = 0, classified_ = 0;
  std::int64_t tracks_ = 0;
  std::set<std::int64_t> followed_;        // tracks that were counted and live
  std::array<std::int64_t, 4> answers_{};  // by MaskAnswer
  std::vector<std::pair<std::string, std::int64_t>> kinds_, reasons_;
  std::map<std::string, double> seconds_;
};

/// Seconds of a clock that never runs back.
double steady_seconds();

/// Most memory that the process has had, in bytes; 0 where the system does not say.
std::size_t peak_resident_bytes();

}  // namespace facecap::board
