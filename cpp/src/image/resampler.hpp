#pragma once

#include <cstdint>
#include <vector>

#include "facecap/image.hpp"
#include "image/axis_taps.hpp"

namespace facecap {

/// Resizes a rectangle of a picture row by row, so that a caller can take each row while it is in the cache.
class Resampler {
 public:
  /// `source` lies inside the picture and is not empty.
  Resampler(const ImageView& image, const Rect& source, Size target);
  /// Writes output row `y`: 3 * target width bytes.
  void row(int y, std::uint8_t* out);

 private:
  const std::uint8_t* origin_;
  std::ptrdiff_t stride_;
  int source_values_;  // channels counted
  AxisTaps columns_;
  AxisTaps rows_;
  std::vector<float> blended_;  // the source rows of one output row
};

}  // namespace facecap
