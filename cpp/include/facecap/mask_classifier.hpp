#pragma once

#include <optional>
#include <vector>

#include "facecap/image.hpp"
#include "facecap/session.hpp"

namespace facecap {

enum class MaskAnswer { mask, no_mask, unknown };

const char* to_string(MaskAnswer answer);

/// The answer for P(mask): with a threshold, at or above it is a mask; without, the manifest's band is
/// unknown. NaN is unknown.
MaskAnswer answer_mask(float probability, const ClassifierSpec& spec, std::optional<float> threshold);

/// P(mask) of one output row of the network.
float mask_probability(const float* row, const ClassifierSpec& spec);

/// One thread at a time.
class MaskClassifier {
 public:
  explicit MaskClassifier(Model model);
  /// Crops of the network's input size; one probability a crop.
  const std::vector<float>& predict(const std::vector<ImageView>& crops);
  const Model& model() const { return model_; }
  Size crop_size() const { return model_.manifest->input.size; }

 private:
  Model model_;
  int output_ = 0;
  std::vector<float> planes_;
  std::vector<Tensor> outputs_;
  std::vector<float> probabilities_;
};

}  // namespace facecap
