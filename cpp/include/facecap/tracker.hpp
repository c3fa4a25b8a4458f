#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "facecap/geometry.hpp"

namespace facecap {

struct TrackerOptions {
  int min_hits = 10;          // detections, the first counted, until a track is stable
  int max_unmatched = 40;     // frames without a match after which a stable track dies
  float iou_min = 0.3f;       // a match must overlap more
  int probation_gap = 0;      // frames that a track on probation may miss
  float new_track_score = 0;  // a detection below starts no track
  void validate() const;      // throws std::invalid_argument
};

/// What the tracker says of one frame: an entry a detection, and which tracks live, seen in this frame or
/// not.
struct Tracks {
  std::vector<std::int64_t> ids;  // from 1; 0 where a detection started no track
  std::vector<bool> stable;
  std::vector<std::int64_t> live_ids;  // ascending
};

/// Constant-velocity Kalman filter over (centre x, centre y, aspect, height) with one association a frame
/// (docs/capture-flow.md, "Tracking"). Deterministic.
class Tracker {
 public:
  explicit Tracker(TrackerOptions options = {});
  ~Tracker();
  Tracker(Tracker&&) noexcept;
  Tracker& operator=(Tracker&&) noexcept;
  /// Throws std::invalid_argument where there are not as many scores as boxes; nothing has changed then, nor
  /// where memory runs out.
  const Tracks& update(const std::vector<Box>& boxes, const std::vector<float>& scores);
  /// Takes back the last update, which did not throw: its owner could not use the frame.
  void undo() noexcept;
  /// Forgets all tracks; ids go on.
  void clear() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace facecap
