#include "facecap/embedder.hpp"

#include <cmath>

#include "runtime/crop_batch.hpp"

namespace facecap {

Embedder::Embedder(Model model)
    : model_(std::move(model)), output_(find_output(*model_.session, *model_.manifest, "embedding")) {}

const std::vector<float>& Embedder::embed(const std::vector<ImageView>& aligned) {
  vectors_.clear();
  const int width = dimensions();
  run_in_batches(model_, aligned, {output_, width}, planes_, outputs_, [&](const float* rows, int count) {
    for (int i = 0; i < count; ++i, rows += width) {
      double squares = 0;
      for (int k = 0; k < width; ++k) squares += double{rows[k]} * rows[k];
      const float scale = squares > 0 ? static_cast<float>(1 / std::sqrt(squares)) : 0.0f;
      for (int k = 0; k < width; ++k) vectors_.push_back(rows[k] * scale);
    }
  });
  return vectors_;
}

}  // namespace facecap
