#include "facecap/refiner.hpp"

#include <algorithm>
#include <cmath>

#include "facecap/error.hpp"
#include "runtime/crop_batch.hpp"

namespace facecap {
namespace {

constexpr int kNumbers = 10;  // x and y of five points

float sigmoid(float logit) {
  return 1.0f / (1.0f + std::exp(-logit));
}

void check_finite(const float* values, int count, const std::string& role, const Manifest& manifest) {
  if (!std::all_of(values, values + count, [](float value) { return std::isfinite(value); }))
    throw ModelError(manifest.source + ": the network answers with numbers that are not finite in '" + role +
                     "'");
}

}  // namespace

Refiner::Refiner(Model model)
    : model_(std::move(model)),
      face_(find_output(*model_.session, *model_.manifest, "face")),
      points_(find_output(*model_.session, *model_.manifest, "points")),
      blur_(find_output(*model_.session, *model_.manifest, "blur")) {}

const std::vector<Refinement>& Refiner::refine(const FrameView& frame, const std::vector<Box>& boxes) {
  answers_.clear();
  rects_.clear();
  views_.clear();
  crops_.resize(std::max(crops_.size(), boxes.size()));
  const Size size = crop_size();
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    rects_.push_back(require_crop_rect(boxes[i], size_of(frame), spec().crop_border));
    Image& crop = crops_[i];
    crop.width = size.width;
    crop.height = size.height;
    crop.color = crop_color(frame);
    crop.pixels.resize(std::size_t{3} * size.width * size.height);
    const auto cut = [&](const auto& picture) {
      resize(picture, rects_[i], size.width, size.height, crop.pixels.data());
    };
    std::visit(cut, frame);
    views_.push_back(crop.view());
  }
  const auto take = [&](const std::vector<const float*>& rows, int count) {
    check_finite(rows[0], count, "face", *model_.manifest);
    check_finite(rows[1], kNumbers * count, "points", *model_.manifest);
    check_finite(rows[2], count, "blur", *model_.manifest);
    for (int i = 0; i < count; ++i) {
      const Rect& rect = rects_[answers_.size()];
      Refinement answer;
      answer.face_prob = sigmoid(rows[0][i]);
      answer.blur = sigmoid(rows[2][i]);
      const float* fraction = rows[1] + kNumbers * i;
      for (Point& point : answer.landmarks) {
        point.x = static_cast<float>(rect.x1) + *fraction++ * static_cast<float>(rect.width());
        point.y = static_cast<float>(rect.y1) + *fraction++ * static_cast<float>(rect.height());
      }
      answers_.push_back(answer);
    }
  };
  run_in_batches(model_, views_, {{face_, 1}, {points_, kNumbers}, {blur_, 1}}, planes_, outputs_, take);
  return answers_;
}

}  // namespace facecap
