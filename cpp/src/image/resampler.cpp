#include "image/resampler.hpp"

#include <algorithm>

#include "image/blend_rows.hpp"

namespace facecap {
namespace {

/// Four lanes at once, of which three are the pixel's: `row` has a spare value behind its last pixel.
void blend_columns(const float* row, const AxisTaps& taps, std::uint8_t* out) {
  for (int x = 0; x < taps.size(); ++x) {
    const float* const first = row + 3 * taps.first[x];
    const float* pixel = first;
    const float* weights = taps.of(x);
    float sum[4] = {0.5f, 0.5f, 0.5f, 0.5f};
    for (int k = 0; k < std::min(taps.count[x], kTapsInOneSum); ++k, pixel += 3)
      for (int lane = 0; lane < 4; ++lane) sum[lane] += weights[k] * pixel[lane];
    add_rest<3>(first, weights, taps.count[x], sum);
    for (int c = 0; c < 3; ++c) out[3 * x + c] = static_cast<std::uint8_t>(static_cast<int>(sum[c]));
  }
}

}  // namespace

Resampler::Resampler(const ImageView& image, const Rect& source, Size target)
    : origin_(image.data + source.y1 * image.stride + 3 * std::ptrdiff_t{source.x1}),
      stride_(image.stride),
      source_values_(3 * source.width()),
      columns_(make_axis_taps(source.width(), target.width)),
      rows_(make_axis_taps(source.height(), target.height)),
      blended_(static_cast<std::size_t>(source_values_) + 1) {}

void Resampler::row(int y, std::uint8_t* out) {
  blend_rows(origin_ + rows_.first[y] * stride_, stride_, rows_.of(y), rows_.count[y], source_values_,
             blended_.data());
  blend_columns(blended_.data(), columns_, out);
}

}  // namespace facecap
