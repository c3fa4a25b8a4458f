#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "facecap/image.hpp"
#include "facecap/session.hpp"

namespace facecap {

enum class MaskAnswer { mask, no_mask, incorrect, unknown };  // incorrect: a mask that is worn wrongly

constexpr float kNotKnown = std::numeric_limits<float>::quiet_NaN();

/// What a network says of a crop, each kNotKnown where it does not.
struct MaskProbabilities {
  float mask = kNotKnown;       // a mask that is worn as it should be
  float incorrect = kNotKnown;  // a mask that is worn wrongly; of models with this class alone
};

const char* to_string(MaskAnswer answer);

/// The answers that a model can give, in the order of MaskAnswer.
std::vector<MaskAnswer> answers_of(const ClassifierSpec& spec);

/// The answer for what the network says. With a threshold, P(mask) at or above it is a mask, and below it the
/// likelier of the other classes is answered. Without, the manifest's band holds: of two classes what lies
/// strictly inside is unknown, of three the likeliest class is answered where it reaches the band's upper
/// end. A probability that the model should have and that is not known makes the answer unknown.
MaskAnswer answer_mask(const MaskProbabilities& said, const ClassifierSpec& spec,
                       std::optional<float> threshold);

/// Of one output row of the network.
MaskProbabilities mask_probabilities(const float* row, const ClassifierSpec& spec);

/// One thread at a time.
class MaskClassifier {
 public:
  explicit MaskClassifier(Model model);
  /// Crops of the network's input size; one entry a crop.
  const std::vector<MaskProbabilities>& predict(const std::vector<ImageView>& crops);
  const Model& model() const { return model_; }
  Size crop_size() const { return model_.manifest->input.size; }

 private:
  Model model_;
  int output_ = 0;
  std::vector<float> planes_;
  std::vector<Tensor> outputs_;
  std::vector<MaskProbabilities> probabilities_;
};

}  // namespace facecap
