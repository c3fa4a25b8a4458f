#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "facecap/areas.hpp"
#include "facecap/capture_gate.hpp"
#include "facecap/detector.hpp"
#include "facecap/embedder.hpp"
#include "facecap/mask_classifier.hpp"
#include "facecap/motion.hpp"
#include "facecap/quality.hpp"
#include "facecap/refiner.hpp"
#include "facecap/tracker.hpp"

namespace facecap {

/// A shot that is emitted, with its picture.
struct Capture {
  CaptureEvent event;
  std::optional<double> timestamp;  // seconds, of the shot
  Box box;
  Landmarks landmarks{};  // refined
  float score = 0;
  Pose pose;                         // of the refined landmarks
  Image crop;                        // square, in the colour order of the frame that it was cut from
  float mask_prob = kNotKnown;       // NaN: not known
  float incorrect_prob = kNotKnown;  // a mask worn wrongly; NaN: not known, or no class of the model
  MaskAnswer mask = MaskAnswer::unknown;
};

struct StageSeconds {
  double motion = 0;
  double detect = 0;
  double track = 0;
  double quality = 0;
  double gate = 0;  // without what the refiner takes within it
  double refine = 0;
  double crop = 0;
  double classify = 0;
  double total = 0;
};

/// All that is known of one frame: parallel arrays, an entry a face, in the detector's order.
struct FrameResult {
  std::int64_t frame_index = 0;
  std::optional<double> timestamp;
  bool skipped = false;  // nothing moved: nothing was detected, and there are no faces
  Detections faces;
  Tracks tracks;
  std::vector<float> quality;
  std::vector<Pose> poses;
  std::vector<float> laplacian;                  // of docs/capture-flow.md, "Sharpness"; NaN: not measured
  std::vector<std::optional<Refinement>> looks;  // the second ones; none where nobody asked for it
  std::vector<bool> stored;                      // the shot of this face was stored in this frame
  std::vector<float> mask_prob;                  // NaN: not known
  std::vector<float> incorrect_prob;             // the same
  std::vector<std::optional<Reason>> reasons;    // why not captured; none where captured
  std::vector<Capture> captures;
  int refined = 0;     // faces that the refiner answered in this frame
  int classified = 0;  // crops that went through the classifier in this frame
  StageSeconds seconds;
};

/// The stages that a FaceCapture owns; what they load is shared between all that open the same model.
struct FaceCaptureParts {
  std::unique_ptr<Detector> detector;
  std::unique_ptr<Refiner> refiner;            // none: the detector's points, confidence 1, blur 0
  std::unique_ptr<MaskClassifier> classifier;  // none: every mask answer is unknown
  std::unique_ptr<Embedder> embedder;          // none: no duplicate check
};

/// The order of the stages (docs/capture-flow.md), nothing else.
class FaceCapture {
 public:
  FaceCapture(CaptureConfig config, FaceCaptureParts parts, int slots);
  ~FaceCapture();
  /// One frame. Without `frame_index` frames count from 0. The result is valid until the next call.
  /// Throws std::invalid_argument where frame_index does not grow. Whatever it throws, also where memory runs
  /// out, the frame leaves nothing behind: it may be given again, and no capture is lost or emitted twice.
  /// `detected`: the faces of this frame, where another Detector of the same model and options has found them
  /// already; throws std::invalid_argument where they cannot be of this frame. A frame that is skipped is
  /// skipped whatever they are.
  const FrameResult& process(const FrameView& frame, std::optional<std::int64_t> frame_index,
                             std::optional<double> timestamp, const Detections* detected = nullptr);
  /// The frame whose luma this is, in any size that is the same from frame to frame, where it needs no
  /// detection; nullptr where it does, and then `process` must get it next, in full. As `process` else.
  const FrameResult* skip(const LumaView& preview, std::optional<std::int64_t> frame_index,
                          std::optional<double> timestamp);
  /// Whether `skip` is worth a reduced picture of the next frame; where not, it gives nullptr for any.
  bool watching() const;
  /// Ends every visit: pending shots are emitted, tracks are forgotten, ids go on. Where it throws nothing
  /// has changed.
  std::vector<Capture> flush();
  /// As new: no tracks, no slots, frame 0, ids from 1. Where it throws nothing has changed.
  void reset();
  const CaptureConfig& config() const;
  /// Where faces are captured, from the next frame on; everywhere until it is set.
  void set_areas(Areas areas) noexcept;
  const Areas& areas() const;
  /// What the refiner, the classifier or the embedder failed with in the last call of process or flush; empty
  /// when all went well.
  const std::string& stage_error() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace facecap
