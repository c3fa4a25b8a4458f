#include "facecap/mask_classifier.hpp"

#include <algorithm>
#include <cmath>

#include "runtime/crop_batch.hpp"

namespace facecap {

namespace {

MaskAnswer answer_of_two(float mask, const ClassifierSpec& spec, std::optional<float> threshold) {
  if (threshold) return mask >= *threshold ? MaskAnswer::mask : MaskAnswer::no_mask;
  const float low = spec.unknown[0];
  const float high = spec.unknown[1];
  if (mask >= high) return MaskAnswer::mask;
  return mask > low ? MaskAnswer::unknown : MaskAnswer::no_mask;
}

MaskAnswer answer_of_three(const MaskProbabilities& said, const ClassifierSpec& spec,
                           std::optional<float> threshold) {
  const float no_mask = 1.0f - said.mask - said.incorrect;
  const MaskAnswer other = said.incorrect > no_mask ? MaskAnswer::incorrect : MaskAnswer::no_mask;
  if (threshold) return said.mask >= *threshold ? MaskAnswer::mask : other;
  const float likelier = std::max(no_mask, said.incorrect);
  if (std::max(said.mask, likelier) < spec.unknown[1]) return MaskAnswer::unknown;
  return said.mask >= likelier ? MaskAnswer::mask : other;
}

/// Of one class by softmax. Two classes make the sigmoid of their difference; this form neither overflows nor
/// cancels.
float probability(const float* row, std::size_t classes, int wanted) {
  float sum = 1.0f;
  for (std::size_t k = 0; k < classes; ++k)
    if (static_cast<int>(k) != wanted) sum += std::exp(row[k] - row[wanted]);
  return 1.0f / sum;
}

}  // namespace

const char* to_string(MaskAnswer answer) {
  switch (answer) {
    case MaskAnswer::mask:
      return "mask";
    case MaskAnswer::no_mask:
      return "no_mask";
    case MaskAnswer::incorrect:
      return "incorrect";
    case MaskAnswer::unknown:
      break;
  }
  return "unknown";
}

std::vector<MaskAnswer> answers_of(const ClassifierSpec& spec) {
  if (spec.incorrect_class < 0) return {MaskAnswer::mask, MaskAnswer::no_mask, MaskAnswer::unknown};
  return {MaskAnswer::mask, MaskAnswer::no_mask, MaskAnswer::incorrect, MaskAnswer::unknown};
}

MaskAnswer answer_mask(const MaskProbabilities& said, const ClassifierSpec& spec,
                       std::optional<float> threshold) {
  const bool three = spec.incorrect_class >= 0;
  if (std::isnan(said.mask) || (three && std::isnan(said.incorrect))) return MaskAnswer::unknown;
  return three ? answer_of_three(said, spec, threshold) : answer_of_two(said.mask, spec, threshold);
}

MaskProbabilities mask_probabilities(const float* row, const ClassifierSpec& spec) {
  if (spec.output == ClassifierSpec::Output::sigmoid)
    return {1.0f / (1.0f + std::exp(spec.mask_class == 1 ? -row[0] : row[0]))};
  MaskProbabilities said{probability(row, spec.classes.size(), spec.mask_class)};
  if (spec.incorrect_class >= 0) said.incorrect = probability(row, spec.classes.size(), spec.incorrect_class);
  return said;
}

MaskClassifier::MaskClassifier(Model model)
    : model_(std::move(model)), output_(find_output(*model_.session, *model_.manifest, "logits")) {}

const std::vector<MaskProbabilities>& MaskClassifier::predict(const std::vector<ImageView>& crops) {
  probabilities_.clear();
  const ClassifierSpec& spec = *model_.manifest->classifier;
  const int columns =
      spec.output == ClassifierSpec::Output::softmax ? static_cast<int>(spec.classes.size()) : 1;
  const auto take = [&](const std::vector<const float*>& rows, int count) {
    for (int i = 0; i < count; ++i) probabilities_.push_back(mask_probabilities(rows[0] + i * columns, spec));
  };
  run_in_batches(model_, crops, {{output_, columns}}, planes_, outputs_, take);
  return probabilities_;
}

}  // namespace facecap
