#pragma once

#include <cstdint>
#include <vector>

#include "facecap/frame_view.hpp"
#include "image/axis_taps.hpp"
#include "image/planes.hpp"

namespace facecap {

/// `Resampler` for a YUV picture: rows of RGB, of which no whole picture is ever made.
class YuvResampler {
 public:
  /// `source` lies inside the picture and is not empty.
  YuvResampler(const YuvView& image, const Rect& source, Size target);
  /// Writes output row `y`: 3 * target width bytes, RGB.
  void row(int y, std::uint8_t* out);
  /// Writes output row `y`, not rounded to bytes but normalized, into three planes that start at `planes`,
  /// `plane_size` apart. `plan` is that of an RGB picture.
  void row_to_planes(int y, const ChannelPlan& plan, float* planes, std::size_t plane_size);

 private:
  void blend(int y);

  const std::uint8_t* luma_;
  const std::uint8_t* chroma_;
  std::ptrdiff_t luma_stride_;
  std::ptrdiff_t chroma_stride_;
  int u_at_;  // which value of a chroma pair is U
  AxisTaps columns_, rows_;
  AxisTaps chroma_columns_, chroma_rows_;
  std::vector<float> luma_row_, chroma_row_;     // source rows of one output row, blended
  std::vector<float> luma_out_, u_out_, v_out_;  // values of the output row
  std::vector<float> red_, green_, blue_;        // the same as RGB, 0 to 255
};

}  // namespace facecap
