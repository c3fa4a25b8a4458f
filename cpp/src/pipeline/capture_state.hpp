#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "facecap/error.hpp"
#include "facecap/pipeline.hpp"
#include "pipeline/assess.hpp"
#include "pipeline/identities.hpp"
#include "pipeline/shots.hpp"

namespace facecap {

/// All that a FaceCapture remembers of the frames before.
struct CaptureMemory {
  CaptureMemory(const CaptureConfig& config, const FaceCaptureParts& parts, int slots);

  Tracker tracker;
  CaptureGate gate;
  Shots shots;
  StillFrames still_frames;
  struct Preview {
    std::int64_t frame;
    LumaBlocks blocks;
  };
  std::optional<Preview> preview;  // of the frame that comes next
  Identities identities;
  std::int64_t next_frame = 0;
  std::optional<double> last_timestamp;
};
static_assert(std::is_nothrow_move_assignable_v<CaptureMemory>, "reset() succeeds or changes nothing");

struct FaceCapture::State : CaptureMemory {
  State(const CaptureConfig& config, FaceCaptureParts given, int slots);

  // The order of the stages: face_capture.cpp.
  std::int64_t admit(std::optional<std::int64_t> frame_index, std::optional<double> timestamp) const;
  void process(const FrameView& frame, std::int64_t index, std::optional<double> timestamp,
               const Detections* detected, StageSeconds& seconds);
  /// A frame without detection: one without faces.
  void skip(std::int64_t index, std::optional<double> timestamp, StageSeconds& seconds);
  /// The faces of the frame through all stages but the detector.
  void follow(const FrameView& frame, std::int64_t index, std::optional<double> timestamp,
              StageSeconds& seconds);
  const FrameResult& done(const StageSeconds& seconds);
  void begin(std::int64_t index, std::optional<double> timestamp);

  // What the gate is asked, and what it asks: candidates.cpp.
  void assess_faces(const FrameView& frame);
  void note_failure(const Error& error);
  /// Asks once a track. A failure of the embedder costs the check, never the capture.
  bool duplicate(const FrameView& frame, std::size_t i);
  /// The second look at a face, or the detector's own where there is no refiner or it fails: that costs the
  /// look, never the capture.
  Refinement look_again(const FrameView& frame, std::size_t i, double& seconds);
  void refine(const FrameView& frame, std::size_t i, Candidate& candidate, double& seconds);
  DetectedFace face(const FrameView& frame, std::size_t i) const;
  Candidate candidate(const FrameView& frame, std::size_t i) const;
  const GateStep& pass_gate(const FrameView& frame, double& refine_seconds);
  const RefinerSpec* refiner_spec() const { return parts.refiner ? &parts.refiner->spec() : nullptr; }

  // What is kept of a shot, and what leaves: captured.cpp.
  void keep_shots(const FrameView& frame, const GateStep& step, std::optional<double> timestamp);
  /// Asks the classifier about the shots of these slots. Its failure costs the answer, never the capture.
  void classify(const std::vector<int>& slots_to_ask);
  void classify_stored(const GateStep& step);
  /// Of the shot that each face's track holds.
  void note_mask_answers();
  Capture capture_of(const CaptureEvent& event) const;
  std::vector<Capture> captures_of(const std::vector<CaptureEvent>& events);
  void remember(const std::vector<Capture>& captures) noexcept;

  FaceCaptureParts parts;
  Areas areas;
  std::vector<Assessment> assessments;
  std::vector<Landmarks> refined;  // the detector's where nobody asked for better
  std::vector<Candidate> candidates;
  FrameResult result;
  std::string stage_error;
};

}  // namespace facecap
