#pragma once

#include <optional>

#include "facecap/capture_gate.hpp"
#include "facecap/frame_view.hpp"
#include "facecap/quality.hpp"

namespace facecap {

/// What is known of a face before the gate: pose, the detector-stage score and why the face is out, if it is.
struct Assessment {
  Pose pose;
  float quality = 0;
  std::optional<Reason> rejection;
};

/// Limits of size and pose (docs/capture-flow.md, "Limits of size and pose"; those of pose always apply) and
/// the configured score.
Assessment assess(const FrameView& frame, const Box& box, const Landmarks& landmarks,
                  const CaptureConfig& config);

}  // namespace facecap
