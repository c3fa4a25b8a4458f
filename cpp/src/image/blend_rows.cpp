#include "image/blend_rows.hpp"

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
  for (int k = 1; k < rows; ++k) blend_next(first + k * stride, weights[k], count, out);
}

}  // namespace facecap
