#pragma once

#include <vector>

#include "facecap/frame_view.hpp"
#include "facecap/session.hpp"

namespace facecap {

/// What a second look says of one face.
struct Refinement {
  Landmarks landmarks{};  // pixels of the frame, perhaps outside of it
  float face_prob = 1;    // that it is a face
  float blur = 0;         // 0 sharp .. 1 blurred
};

/// Looks again, and closer, at faces that were found. One thread at a time.
class Refiner {
 public:
  explicit Refiner(Model model);
  /// One answer a box. A face is cut as crop_face does with the manifest's crop_border; its points come back
  /// through the same rectangle: x = rect.x1 + fraction * rect.width(). Throws std::invalid_argument where a
  /// box covers no pixel of the frame, ModelError where the runtime fails or an answer is not finite.
  const std::vector<Refinement>& refine(const FrameView& frame, const std::vector<Box>& boxes);
  const RefinerSpec& spec() const { return *model_.manifest->refiner; }
  const Model& model() const { return model_; }
  Size crop_size() const { return model_.manifest->input.size; }

 private:
  Model model_;
  int face_ = 0;
  int points_ = 0;
  int blur_ = 0;
  std::vector<Rect> rects_;
  std::vector<Image> crops_;
  std::vector<ImageView> views_;
  std::vector<float> planes_;
  std::vector<Tensor> outputs_;
  std::vector<Refinement> answers_;
};

}  // namespace facecap
