#pragma once

#include <vector>

#include "facecap/image.hpp"
#include "facecap/session.hpp"

namespace facecap {

/// Identity vectors of aligned faces. One thread at a time.
class Embedder {
 public:
  explicit Embedder(Model model);
  /// Aligned crops of the network's input size; dimensions() floats a crop, of unit length.
  const std::vector<float>& embed(const std::vector<ImageView>& aligned);
  int dimensions() const { return model_.manifest->embedder->dimensions; }
  const Model& model() const { return model_; }
  Size crop_size() const { return model_.manifest->input.size; }

 private:
  Model model_;
  int output_ = 0;
  std::vector<float> planes_;
  std::vector<Tensor> outputs_;
  std::vector<float> vectors_;
};

}  // namespace facecap
