#pragma once

#include <cstddef>
#include <cstdint>

namespace facecap {

/// The weighted sum of `rows` rows of `count` values that start `stride` bytes apart.
void blend_rows(const std::uint8_t* first, std::ptrdiff_t stride, const float* weights, int rows, int count,
                float* out);

}  // namespace facecap
