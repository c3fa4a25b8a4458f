#include "facecap/mask_classifier.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/crop_batch.hpp"

namespace facecap {

const char* to_string(MaskAnswer answer) {
  switch (answer) {
    case MaskAnswer::mask:
      return "mask";
    case MaskAnswer::no_mask:
      return "no_mask";
    case MaskAnswer::unknown:
      break;
  }
  return "unknown";
}

MaskAnswer answer_mask(float probability, const ClassifierSpec& spec, std::optional<float> threshold) {
  if (std::isnan(probability)) return MaskAnswer::unknown;
  if (threshold) return probability >= *threshold ? MaskAnswer::mask : MaskAnswer::no_mask;
  const float low = spec.unknown[0];
  const float high = spec.unknown[1];
  if (probability >= high) return MaskAnswer::mask;
  return probability > low ? MaskAnswer::unknown : MaskAnswer::no_mask;
}

float mask_probability(const float* row, const ClassifierSpec& spec) {
  // A softmax of two is the sigmoid of their difference; this form neither overflows nor cancels.
  const float logit = spec.output == ClassifierSpec::Output::sigmoid
                          ? (spec.mask_class == 1 ? row[0] : -row[0])
                          : row[spec.mask_class] - row[1 - spec.mask_class];
  return 1.0f / (1.0f + std::exp(-logit));
}

MaskClassifier::MaskClassifier(Model model)
    : model_(std::move(model)), output_(find_output(*model_.session, *model_.manifest, "logits")) {}

const std::vector<float>& MaskClassifier::predict(const std::vector<ImageView>& crops) {
  probabilities_.clear();
  const ClassifierSpec& spec = *model_.manifest->classifier;
  const int columns = spec.output == ClassifierSpec::Output::softmax ? 2 : 1;
  const auto take = [&](const std::vector<const float*>& rows, int count) {
    for (int i = 0; i < count; ++i) probabilities_.push_back(mask_probability(rows[0] + i * columns, spec));
  };
  run_in_batches(model_, crops, {{output_, columns}}, planes_, outputs_, take);
  return probabilities_;
}

}  // namespace facecap
