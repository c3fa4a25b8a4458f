#include "facecap/embedder.hpp"

#include <cmath>

#include "runtime/crop_batch.hpp"

namespace facecap {

Embedder::Embedder(Model model)
    : model_(std::move(model)), output_(find_output(*model_.session, *model_.manifest, "embedding")) {}

const std::vector<float>& Embedder::embed(const std::vector<ImageView>& aligned) {
  vectors_.clear();
  const int width = dimensions();
  const auto take = [&](const std::vector<const float*>& rows, int count) {
    const float* row = rows[0];
    for (int i = 0; i < count; ++i, row += width) {
      double squares = 0;
      for (int k = 0; k < width; ++k) squares += double{row[k]} * row[k];
      const float scale = squares > 0 ? static_cast<float>(1 / std::sqrt(squares)) : 0.0f;
      for (int k = 0; k < width; ++k) vectors_.push_back(row[k] * scale);
    }
  };
  run_in_batches(model_, aligned, {{output_, width}}, planes_, outputs_, take);
  return vectors_;
}

}  // namespace facecap
