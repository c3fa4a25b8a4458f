#pragma once

#include <algorithm>
#include <cstddef>
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

/// How many products a float adds up without an error that shows: rounding goes one way for long where they
/// are all alike.
constexpr int kTapsInOneSum = 1024;

/// Adds the weighted pixels of `channels` interleaved values from tap kTapsInOneSum on, each piece first by
/// itself.
template <int channels>
void add_rest(const float* values, const float* weights, int count, float* sums) {
  for (int begin = kTapsInOneSum; begin < count; begin += kTapsInOneSum) {
    float part[channels] = {};
    for (int k = begin; k < std::min(begin + kTapsInOneSum, count); ++k)
      for (int c = 0; c < channels; ++c) part[c] += weights[k] * values[channels * std::ptrdiff_t{k} + c];
    for (int c = 0; c < channels; ++c) sums[c] += part[c];
  }
}

/// Area coverage where `target` <= `source`, else linear between pixel centres; edge pixels are repeated.
AxisTaps make_axis_taps(int source, int target);

}  // namespace facecap
