#pragma once

#include <vector>

#include "facecap/geometry.hpp"

namespace facecap {

/// Greedy non-maximum suppression. Keeps its buffers between calls.
class NonMaximumSuppression {
 public:
  /// Indices of the boxes that no kept box before them overlaps by more than `iou`, at most `most` of them.
  /// `boxes` are finite and in order of descending score. `edge` is added to every width and height, see
  /// DetectorHead::edge. The result is valid until the next call.
  const std::vector<int>& select(const std::vector<Box>& boxes, float iou, int most, float edge);

 private:
  std::vector<int> kept_;
  std::vector<float> x1_, y1_, x2_, y2_, area_;  // of the kept boxes
};

}  // namespace facecap
