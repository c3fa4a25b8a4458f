#include "image/yuv_resampler.hpp"

#include <algorithm>

#include "image/blend_rows.hpp"
#include "image/yuv_color.hpp"

namespace facecap {
namespace {

/// The taps over chroma that weigh each chroma value as often as the luma taps meet its pixels. `origin` is
/// the picture's pixel that the luma taps count from.
AxisTaps chroma_taps(const AxisTaps& luma, int origin) {
  AxisTaps taps;
  taps.stride = luma.stride / 2 + 1;
  taps.first.resize(luma.first.size());
  taps.count.resize(luma.count.size());
  taps.weights.assign(luma.first.size() * static_cast<std::size_t>(taps.stride), 0.0f);
  for (int i = 0; i < luma.size(); ++i) {
    const int first = (origin + luma.first[i]) / 2;
    const int last = (origin + luma.first[i] + luma.count[i] - 1) / 2;
    float* weights = taps.weights.data() + static_cast<std::size_t>(i) * taps.stride;
    for (int k = 0; k < luma.count[i]; ++k)
      weights[(origin + luma.first[i] + k) / 2 - first] += luma.of(i)[k];
    taps.first[i] = first - origin / 2;
    taps.count[i] = last - first + 1;
  }
  return taps;
}

/// Of every output pixel the weighted sum of its taps; the values of the row lie `step` apart.
void blend_columns(const float* row, int step, const AxisTaps& taps, float* out) {
  for (int x = 0; x < taps.size(); ++x) {
    const float* value = row + static_cast<std::ptrdiff_t>(taps.first[x]) * step;
    const float* weights = taps.of(x);
    float sum = 0;
    for (int k = 0; k < taps.count[x]; ++k, value += step) sum += weights[k] * *value;
    out[x] = sum;
  }
}

}  // namespace

YuvResampler::YuvResampler(const YuvView& image, const Rect& source, Size target)
    : luma_(image.luma + source.y1 * image.luma_stride + source.x1),
      chroma_(image.chroma + (source.y1 / 2) * image.chroma_stride + 2 * (source.x1 / 2)),
      luma_stride_(image.luma_stride),
      chroma_stride_(image.chroma_stride),
      blue_(image.order == ChromaOrder::uv ? 0 : 1),
      columns_(make_axis_taps(source.width(), target.width)),
      rows_(make_axis_taps(source.height(), target.height)),
      chroma_columns_(chroma_taps(columns_, source.x1)),
      chroma_rows_(chroma_taps(rows_, source.y1)),
      luma_row_(static_cast<std::size_t>(source.width())),
      chroma_row_(2 * static_cast<std::size_t>((source.x2 + 1) / 2 - source.x1 / 2)),
      luma_out_(static_cast<std::size_t>(target.width)),
      u_out_(luma_out_.size()),
      v_out_(luma_out_.size()) {}

void YuvResampler::row(int y, std::uint8_t* out) {
  blend_rows(luma_ + rows_.first[y] * luma_stride_, luma_stride_, rows_.of(y), rows_.count[y],
             static_cast<int>(luma_row_.size()), luma_row_.data());
  blend_rows(chroma_ + chroma_rows_.first[y] * chroma_stride_, chroma_stride_, chroma_rows_.of(y),
             chroma_rows_.count[y], static_cast<int>(chroma_row_.size()), chroma_row_.data());
  blend_columns(luma_row_.data(), 1, columns_, luma_out_.data());
  blend_columns(chroma_row_.data() + blue_, 2, chroma_columns_, u_out_.data());
  blend_columns(chroma_row_.data() + 1 - blue_, 2, chroma_columns_, v_out_.data());
  for (std::size_t x = 0; x < luma_out_.size(); ++x)
    yuv_to_rgb(luma_out_[x], u_out_[x], v_out_[x], out + 3 * x);
}

}  // namespace facecap
