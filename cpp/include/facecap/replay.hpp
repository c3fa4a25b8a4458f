#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "facecap/areas.hpp"
#include "facecap/capture_gate.hpp"
#include "facecap/mask_classifier.hpp"
#include "facecap/refiner.hpp"
#include "facecap/tracker.hpp"

namespace facecap {

/// What the stages that see pixels said of a face.
struct RecordedFace {
  Box box;
  float score = 0;
  Landmarks landmarks{};
  float laplacian = kNotKnown;     // NaN: not measured
  std::optional<Refinement> look;  // none: nobody asked for a second look
  std::optional<bool> duplicate;   // none: nobody asked whether the person was captured on another track
};

struct RecordedFrame {
  std::int64_t index = 0;
  std::optional<double> timestamp;  // seconds
  Size size;
  std::vector<RecordedFace> faces;  // in the detector's order
};

/// What surrounded the recorded frames.
struct Surroundings {
  std::optional<RefinerSpec> refiner;
  bool embedder = false;
};

/// What a frame comes to; an entry a face.
struct ReplayedFrame {
  Tracks tracks;
  GateStep step;
  std::vector<bool> assumed;  // asked for what was not recorded
};

/// The stages that see no pixels, from recorded faces on: with the settings of the recording they give its
/// captures. A second look that was not recorded is taken to find a face, at the detector's points and sharp;
/// a duplicate check that was not is taken to find a stranger.
class Replay {
 public:
  /// Throws std::invalid_argument where a setting is out of range.
  Replay(CaptureConfig config, int slots, Surroundings surroundings);
  ~Replay();
  /// As FaceCapture::process. Throws std::invalid_argument where a frame index or a time is not as there.
  const ReplayedFrame& step(const RecordedFrame& frame);
  /// As FaceCapture::flush.
  std::vector<CaptureEvent> flush();
  void set_areas(Areas areas) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace facecap
