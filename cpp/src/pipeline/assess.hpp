#pragma once

#include <optional>

#include "facecap/areas.hpp"
#include "facecap/capture_gate.hpp"
#include "facecap/frame_view.hpp"
#include "facecap/mask_classifier.hpp"
#include "facecap/quality.hpp"
#include "facecap/refiner.hpp"
#include "facecap/tracker.hpp"

namespace facecap {

/// A face as it was detected.
struct DetectedFace {
  Box box;
  Landmarks landmarks{};
  Size frame;
  float laplacian = kNotKnown;  // variance of the Laplacian between eyes and mouth; NaN: not measured
};

/// What is known of a face before the gate: pose, the detector-stage score and why the face is out, if it is.
struct Assessment {
  Pose pose;
  float quality = 0;
  std::optional<Reason> rejection;
};

/// The face's `laplacian`, where the configured score looks at it and the points are some; NaN else.
float measure_laplacian(const FrameView& frame, const Box& box, const Landmarks& landmarks,
                        const CaptureConfig& config);

/// Limits of size and pose (docs/capture-flow.md, "Limits of size and pose"; those of pose always apply) and
/// the configured score, which is 0 where it needs a `laplacian` that was not measured.
Assessment assess(const DetectedFace& face, const CaptureConfig& config);

/// A face that asks to be captured. `refiner`: nullptr where there is none.
Candidate candidate_of(const DetectedFace& face, const Assessment& assessment, const Areas& areas,
                       const CaptureConfig& config, const RefinerSpec* refiner);

/// What a second look makes of the candidate (docs/capture-flow.md, "Second look"); where it is no face, its
/// rejection alone.
void take_look(Candidate& candidate, const DetectedFace& face, const Refinement& look,
               const RefinerSpec* refiner);

/// What the tracker is given of the configuration.
TrackerOptions tracker_options(const CaptureConfig& config);

}  // namespace facecap
