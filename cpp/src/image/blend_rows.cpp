#include "image/blend_rows.hpp"

#include <algorithm>
#include <vector>

#include "image/axis_taps.hpp"
#include "image/multiversion.hpp"

namespace facecap {
namespace {

FACECAP_MULTIVERSION void blend_first(const std::uint8_t* row, float weight, int count, float* out) {
  for (int i = 0; i < count; ++i) out[i] = weight * static_cast<float>(row[i]);
}

FACECAP_MULTIVERSION void blend_next(const std::uint8_t* row, float weight, int count, float* out) {
  for (int i = 0; i < count; ++i) out[i] += weight * static_cast<float>(row[i]);
}

}  // namespace

void blend_rows(const std::uint8_t* first, std::ptrdiff_t stride, const float* weights, int rows, int count,
                float* out) {
  blend_first(first, weights[0], count, out);
  for (int k = 1; k < std::min(rows, kTapsInOneSum); ++k)
    blend_next(first + k * stride, weights[k], count, out);
  if (rows <= kTapsInOneSum) return;
  std::vector<float> part(static_cast<std::size_t>(count));
  for (int begin = kTapsInOneSum; begin < rows; begin += kTapsInOneSum) {
    blend_first(first + begin * stride, weights[begin], count, part.data());
    for (int k = begin + 1; k < std::min(begin + kTapsInOneSum, rows); ++k)
      blend_next(first + k * stride, weights[k], count, part.data());
    for (int i = 0; i < count; ++i) out[i] += part[static_cast<std::size_t>(i)];
  }
}

}  // namespace facecap
