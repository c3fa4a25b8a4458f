#include "image/yuv_resampler.hpp"

#include <algorithm>

#include "image/blend_rows.hpp"
#include "image/multiversion.hpp"
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

void blend_luma(const float* row, const AxisTaps& taps, float* out) {
  for (int x = 0; x < taps.size(); ++x) {
    const float* value = row + taps.first[x];
    const float* weights = taps.of(x);
    float sum = 0;
    for (int k = 0; k < std::min(taps.count[x], kTapsInOneSum); ++k) sum += weights[k] * value[k];
    add_rest<1>(value, weights, taps.count[x], &sum);
    out[x] = sum;
  }
}

/// `row` has pairs.
void blend_chroma(const float* row, const AxisTaps& taps, float* first, float* second) {
  for (int x = 0; x < taps.size(); ++x) {
    const float* const begin = row + 2 * std::ptrdiff_t{taps.first[x]};
    const float* pair = begin;
    const float* weights = taps.of(x);
    float sums[2] = {0, 0};
    for (int k = 0; k < std::min(taps.count[x], kTapsInOneSum); ++k, pair += 2) {
      sums[0] += weights[k] * pair[0];
      sums[1] += weights[k] * pair[1];
    }
    add_rest<2>(begin, weights, taps.count[x], sums);
    first[x] = sums[0];
    second[x] = sums[1];
  }
}

FACECAP_MULTIVERSION void to_rgb(const float* y, const float* u, const float* v, int count,
                                 float* __restrict red, float* __restrict green, float* __restrict blue) {
  for (int i = 0; i < count; ++i) {
    red[i] = red_of(y[i], v[i]);
    green[i] = green_of(y[i], u[i], v[i]);
    blue[i] = blue_of(y[i], u[i]);
  }
}

FACECAP_MULTIVERSION void normalize(const float* values, int count, float mean, float scale,
                                    float* __restrict out) {
  for (int i = 0; i < count; ++i) out[i] = (values[i] - mean) * scale;
}

}  // namespace

YuvResampler::YuvResampler(const YuvView& image, const Rect& source, Size target)
    : luma_(image.luma + source.y1 * image.luma_stride + source.x1),
      chroma_(image.chroma + (source.y1 / 2) * image.chroma_stride + 2 * (source.x1 / 2)),
      luma_stride_(image.luma_stride),
      chroma_stride_(image.chroma_stride),
      u_at_(image.order == ChromaOrder::uv ? 0 : 1),
      columns_(make_axis_taps(source.width(), target.width)),
      rows_(make_axis_taps(source.height(), target.height)),
      chroma_columns_(chroma_taps(columns_, source.x1)),
      chroma_rows_(chroma_taps(rows_, source.y1)),
      luma_row_(static_cast<std::size_t>(source.width())),
      chroma_row_(2 * static_cast<std::size_t>((source.x2 + 1) / 2 - source.x1 / 2)),
      luma_out_(static_cast<std::size_t>(target.width)),
      u_out_(luma_out_.size()),
      v_out_(luma_out_.size()),
      red_(luma_out_.size()),
      green_(luma_out_.size()),
      blue_(luma_out_.size()) {}

void YuvResampler::blend(int y) {
  blend_rows(luma_ + rows_.first[y] * luma_stride_, luma_stride_, rows_.of(y), rows_.count[y],
             static_cast<int>(luma_row_.size()), luma_row_.data());
  blend_rows(chroma_ + chroma_rows_.first[y] * chroma_stride_, chroma_stride_, chroma_rows_.of(y),
             chroma_rows_.count[y], static_cast<int>(chroma_row_.size()), chroma_row_.data());
  blend_luma(luma_row_.data(), columns_, luma_out_.data());
  float* pair[] = {u_out_.data(), v_out_.data()};
  blend_chroma(chroma_row_.data(), chroma_columns_, pair[u_at_], pair[1 - u_at_]);
  to_rgb(luma_out_.data(), u_out_.data(), v_out_.data(), columns_.size(), red_.data(), green_.data(),
         blue_.data());
}

void YuvResampler::row(int y, std::uint8_t* out) {
  blend(y);
  for (std::size_t x = 0; x < red_.size(); ++x, out += 3) {
    out[0] = to_byte(red_[x]);
    out[1] = to_byte(green_[x]);
    out[2] = to_byte(blue_[x]);
  }
}

void YuvResampler::row_to_planes(int y, const ChannelPlan& plan, float* planes, std::size_t plane_size) {
  blend(y);
  const float* channels[] = {red_.data(), green_.data(), blue_.data()};
  for (std::size_t c = 0; c < 3; ++c)
    normalize(channels[c], columns_.size(), plan.mean[c], plan.scale[c], planes + plan.plane[c] * plane_size);
}

}  // namespace facecap
