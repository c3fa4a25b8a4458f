#pragma once

#include <optional>
#include <vector>

#include "facecap/frame_view.hpp"
#include "facecap/geometry.hpp"
#include "facecap/session.hpp"

namespace facecap {

/// Faces of one picture, as parallel arrays in order of descending score, in pixels of that picture.
struct Detections {
  std::vector<Box> boxes;  // clipped to the picture
  std::vector<float> scores;
  std::vector<Landmarks> landmarks;  // not clipped
  std::size_t size() const { return boxes.size(); }
  void clear();
};

struct DetectorOptions {
  std::optional<float> score_threshold;  // a score must be above it; none: the manifest's
  std::optional<float> nms_iou;
  int max_faces = 100;
  int top_k = 5000;                // best candidates that non-maximum suppression looks at
  std::optional<Size> input_size;  // none: the manifest's
  void validate() const;           // throws std::invalid_argument
};

/// Seconds of the last call.
struct DetectTimings {
  double preprocess = 0;
  double inference = 0;
  double postprocess = 0;
};

/// A detector of any family. One thread at a time; every object has its own buffers.
class Detector {
 public:
  /// Throws std::invalid_argument where an option is out of range or the network computes another input size.
  Detector(Model model, DetectorOptions options);
  ~Detector();
  /// The result is valid until the next call. Numbers that are not finite and boxes that show nothing of the
  /// picture are no faces.
  const Detections& detect(const FrameView& frame);
  const DetectTimings& timings() const { return timings_; }
  const Model& model() const { return model_; }
  const DetectorOptions& options() const { return options_; }
  Size input_size() const;  // the box that pictures are fitted into

 private:
  struct State;
  Model model_;
  DetectorOptions options_;
  DetectTimings timings_;
  std::unique_ptr<State> state_;
};

}  // namespace facecap
