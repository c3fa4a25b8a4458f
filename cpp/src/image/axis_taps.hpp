#pragma once

#include <vector>

namespace facecap {

/// Which source pixels make each output pixel of one axis, and with what weight. Weights of an output pixel
/// sum to 1.
struct AxisTaps {
  std::vector<int> first;      // source index of the first tap, an entry an output pixel
  std::vector<int> count;      // taps of that output pixel
  std::vector<float> weights;  // `stride` entries an output pixel
  int stride = 0;
  const float* of(int index) const { return weights.data() + static_cast<std::size_t>(index) * stride; }
  int size() const { return static_cast<int>(first.size()); }
};

/// Area coverage where `target` <= `source`, else linear between pixel centres; edge pixels are repeated.
AxisTaps make_axis_taps(int source, int target);

}  // namespace facecap
