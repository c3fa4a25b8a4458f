#pragma once

#include <cstddef>
#include <vector>

#include "detect/decode.hpp"
#include "facecap/session.hpp"

namespace facecap {

/// The numbers of one answer of a head: where cell, prior of the cell and component lie in memory.
struct HeadValues {
  const float* data = nullptr;
  std::ptrdiff_t cell = 0;
  std::ptrdiff_t prior = 0;
  std::ptrdiff_t component = 0;
  const float* at(int cell_index, int prior_index) const {
    return data + cell_index * cell + prior_index * prior;
  }
};

/// One stride of the network. Cells count row by row, priors of a cell in the manifest's order.
struct HeadLevel {
  int stride = 0;
  int columns = 0;
  int rows = 0;
  std::vector<float> min_sizes;
  int first_prior = 0;  // number of the level's first prior in the order level, row, column, size
  HeadValues scores, boxes, landmarks;
  int cells() const { return columns * rows; }
  int priors() const { return static_cast<int>(min_sizes.size()); }
  Prior prior(int cell, int index) const;
};

/// Finds the outputs of a detector by role and reads both forms of docs/manifest.md alike.
class Heads {
 public:
  /// Throws ModelError where the session lacks an output of the manifest.
  explicit Heads(const Model& model);
  /// The levels over `outputs` for an input of `size`; valid as long as the outputs are. Throws ModelError
  /// where a shape does not fit the input and the priors.
  const std::vector<HeadLevel>& read(const std::vector<Tensor>& outputs, Size size);
  /// Scores are logits rather than probabilities.
  bool logits() const { return form_ == DetectorSpec::Form::levels; }

 private:
  void lay_out(Size size);
  const float* values(const std::vector<Tensor>& outputs, int index,
                      const std::vector<std::int64_t>& shape) const;

  std::shared_ptr<const Manifest> manifest_;
  DetectorSpec::Form form_;
  std::vector<std::string> names_;  // of the session's outputs
  std::vector<int> outputs_;        // boxes, scores, landmarks; or one a level
  std::vector<HeadLevel> levels_;
  Size size_;
};

}  // namespace facecap
